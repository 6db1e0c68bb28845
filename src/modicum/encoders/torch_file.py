"""Reads the tensors of a legacy torch file without torch and without trusting it: nothing but tensors can come out."""

import io
import math
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modicum.errors import EncoderError

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_STORAGES: dict[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "DoubleStorage": np.dtype("<f8"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
}


class _StorageType(NamedTuple):
    """Stands for `torch.FloatStorage` and its kin: an inert value, so that calling it from the file fails."""

    name: str


class _Storage(NamedTuple):
    key: str
    dtype: np.dtype[Any]
    size: int


class _Tensor(NamedTuple):
    """A tensor before its bytes are known: they come after the pickle."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def _rebuild_tensor(storage: Any, offset: Any, shape: Any, stride: Any, *_: object) -> _Tensor:
    if not isinstance(storage, _Storage) or not isinstance(offset, int):
        raise pickle.UnpicklingError("a tensor without a storage")
    if not isinstance(shape, tuple) or not isinstance(stride, tuple) or len(shape) != len(stride):
        raise pickle.UnpicklingError("a tensor without a shape")
    if not all(isinstance(n, int) and n >= 0 for n in (offset, *shape, *stride)):
        raise pickle.UnpicklingError("a tensor with a negative extent")
    return _Tensor(storage, offset, shape, stride)


class _TensorsOnly(pickle.Unpickler):  # the class that makes pickle safe: every name but those below is refused
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch._utils" and name in ("_rebuild_tensor", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in _STORAGES:
            return _StorageType(name)
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a file of weights")

    def persistent_load(self, pid: Any) -> _Storage:
        if not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage":
            raise pickle.UnpicklingError("an unknown kind of reference")
        _, kind, key, _, count, *_ = pid
        if not isinstance(kind, _StorageType) or not isinstance(count, int) or not 0 <= count < 1 << 40:
            raise pickle.UnpicklingError("a storage of an unknown type")
        return _Storage(str(key), _STORAGES[kind.name], count)


def read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors of the state dict in `path` (format of `torch.save` before torch 1.6), by name.

    Raises EncoderError for anything that is not a plain dictionary of dense tensors.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EncoderError(f"the weights {path} cannot be read: {error.strerror}") from error
    try:
        return _read(io.BytesIO(data))
    except EncoderError:
        raise
    # Hostile bytes make the pickle machine fail in many ways; whatever it is, these are not weights we can use.
    except Exception as error:
        raise EncoderError(f"{path.name} is not a torch file of tensors only ({error}); install the weights again") from error


def _read(stream: io.BytesIO) -> dict[str, NDArray[Any]]:
    def load() -> Any:
        return _TensorsOnly(stream).load()

    if load() != _MAGIC or load() != _PROTOCOL:
        raise pickle.UnpicklingError("the header of a legacy torch file is missing")
    load()  # byte order and sizes of the writer; always little-endian in practice, and the shapes below are checked
    state, keys = load(), load()
    if not isinstance(state, dict) or not isinstance(keys, list):
        raise pickle.UnpicklingError("there is no state dict inside")
    kinds = {t.storage.key: t.storage for t in state.values() if isinstance(t, _Tensor)}
    storages: dict[str, NDArray[Any]] = {}
    for key in keys:
        storage = kinds[key]
        if int.from_bytes(stream.read(8), "little") != storage.size:
            raise pickle.UnpicklingError(f"storage {key} has another size than announced")
        size = storage.size * storage.dtype.itemsize
        raw = stream.read(size)
        if len(raw) != size:
            raise pickle.UnpicklingError("the file is cut short")
        storages[key] = np.frombuffer(raw, storage.dtype)
    return {str(name): _view(storages, tensor) for name, tensor in state.items()}


def _view(storages: dict[str, NDArray[Any]], tensor: object) -> NDArray[Any]:
    if not isinstance(tensor, _Tensor):
        raise pickle.UnpicklingError("the state dict holds something that is not a tensor")
    flat = storages[tensor.storage.key]
    count = math.prod(tensor.shape)
    last = tensor.offset + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride, strict=True))
    if count and (last >= flat.size or count > flat.size):
        raise pickle.UnpicklingError("a tensor larger than its storage")
    # The strides come from the file (transposed kernels have unusual ones); the bounds were checked just above.
    strides = tuple(step * flat.itemsize for step in tensor.stride)
    if count == 0:
        return np.empty(tensor.shape, flat.dtype)
    return np.lib.stride_tricks.as_strided(flat[tensor.offset :], tensor.shape, strides).copy()
