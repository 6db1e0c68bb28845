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

from modicum.engine.arrays import CHUNK, F32, Floats, Ints, single, squares, widen
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


_AT_ONCE = 4  # columns
_SPAN = 4_096  # rows whose products are finished together
_CELLS = 262_144  # products at most, while that is not fewer rows than a chunk: they stay in the cache


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

    `vectors` may be a float16 memmap: 512 rows are in memory at a time. The array may be the caller's own: `work` only reads it.
    Raises InputError when the vectors have other dims or one of them holds NaN.
    """
    _check_dims(vectors, dims)

    def stretch(first: int, last: int) -> None:
        buffer = np.empty((CHUNK, dims), dtype=np.float32)
        for part, chunk, numbers in _chunks(vectors, rows, first, last):
            work(part, widen(chunk, buffer, numbers))

    in_stretches(stretch, len(vectors) if rows is None else len(rows))


def products(vectors: Floats, columns: F32, rows: Ints | None, finish: Callable[[slice, F32, F32], None]) -> None:
    """Call finish(part of the answer, product [c, k], squares [k]) until every vector, or each of these rows, was seen.

    `product` holds the products of k vectors with `columns` [dims, c], `squares` their squared lengths; both are `finish`'s to
    change. They come thousands at a time and class by class, because numpy goes through short rows slowly: with ten classes the
    softmax of single rows takes longer than the product. Otherwise like `through`.
    """
    dims, c = columns.shape
    _check_dims(vectors, dims)
    # BLAS takes four columns at once; what is left over takes longer one by one than four do.
    turned = np.zeros((-(-c // _AT_ONCE) * _AT_ONCE, dims), dtype=np.float32)
    turned[:c] = columns.T
    most = int(np.clip(_CELLS // len(turned), CHUNK, _SPAN))

    def stretch(first: int, last: int) -> None:
        buffer = np.empty((CHUNK, dims), dtype=np.float32)
        product, lengths = np.empty((len(turned), most), dtype=np.float32), np.empty(most, dtype=np.float32)
        for start in range(first, last, most):
            end = min(start + most, last)
            for part, chunk, numbers in _chunks(vectors, rows, start, end):
                place = slice(part.start - start, part.stop - start)
                x = single(chunk, buffer)
                lengths[place] = squares(x, chunk, numbers)
                np.matmul(turned, x.T, out=product[:, place])
            finish(slice(start, end), product[:c, : end - start], lengths[: end - start])

    in_stretches(stretch, len(vectors) if rows is None else len(rows))


def _check_dims(vectors: Floats, dims: int) -> None:
    if vectors.ndim != 2 or vectors.shape[1] != dims:
        raise InputError(f"the head was trained on {dims} dims, received vectors {list(vectors.shape)}: train a new round")


def _chunks(vectors: Floats, rows: Ints | None, first: int, last: int) -> Iterator[tuple[slice, Floats, Ints | range]]:
    """Places first..last of the answer in steps: the slice, its vectors as they are stored, and their row numbers."""
    for start in range(first, last, CHUNK):
        part = slice(start, min(start + CHUNK, last))
        if rows is None:
            yield part, vectors[part], range(part.start, part.stop)
        else:
            yield part, vectors[rows[part]], rows[part]
