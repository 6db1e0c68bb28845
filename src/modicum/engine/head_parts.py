"""What heads do alike: become bytes and come back, and go through many vectors to predict."""

import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from modicum.engine.arrays import CHUNK, F32, Floats, Ints, widen
from modicum.engine.cores import in_stretches
from modicum.errors import InputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# RuntimeError: an encrypted archive, or a compression nobody knows.
_BROKEN = (
    ValueError,
    KeyError,
    OSError,
    EOFError,
    TypeError,
    AttributeError,
    OverflowError,
    RuntimeError,
    BadZipFile,
    zlib.error,
)


def pack(head: "DataclassInstance") -> bytes:
    """A dataclass of arrays and numbers as an .npz, without pickle."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{f.name: np.asarray(getattr(head, f.name)) for f in fields(head)})
    return buffer.getvalue()


@contextmanager
def unpacked(data: bytes, what: str) -> Iterator[Mapping[str, npt.NDArray[Any]]]:
    """The arrays `pack` wrote, for a `with` block; nothing is unpickled.

    Raises InputError, naming `what` was expected, when these are other bytes or the block cannot make sense of them.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as parts:
            yield parts
    except _BROKEN as error:
        raise InputError(f"{len(data)} bytes received that are no {what} of modicum: train a new round") from error


def misfit() -> InputError:
    """The error for parts that were read but do not belong together."""
    return InputError("the parts of this head do not fit each other: train a new round")


def through(vectors: Floats, dims: int, rows: Ints | None, work: Callable[[slice, F32], None]) -> None:
    """Call work(part of the answer, vectors [k, dims] as float32) until every vector, or each of these rows, was seen.

    `vectors` may be a float16 memmap: 256 rows are in memory at a time. The array may be the caller's own: `work` only reads it.
    Raises InputError when the vectors have other dims or one of them holds NaN.
    """
    if vectors.ndim != 2 or vectors.shape[1] != dims:
        raise InputError(f"the head was trained on {dims} dims, received vectors {list(vectors.shape)}: train a new round")

    def stretch(first: int, last: int) -> None:
        buffer = np.empty((CHUNK, dims), dtype=np.float32)
        for start in range(first, last, CHUNK):
            part = slice(start, min(start + CHUNK, last))
            numbers = range(part.start, part.stop) if rows is None else rows[part]
            work(part, widen(vectors[part] if rows is None else vectors[rows[part]], buffer, numbers))

    in_stretches(stretch, len(vectors) if rows is None else len(rows))
