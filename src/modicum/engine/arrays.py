"""Arithmetic on vectors that head, strategies and graph share: reading rows, float16 to float32, unit length, components."""

from typing import Any

import numpy as np
import numpy.typing as npt

from modicum.errors import InputError

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

CHUNK = 256  # rows; 256 x 1,280 floats stay in a core's cache through all steps

# The 15 bits below the sign move from half to single precision by a shift; the exponent's offset differs by 112.
_MASK = np.array([0x8FFFE000], dtype=np.uint32).view(np.int32)[0]
_SCALE = np.float32(2.0**112)
_LIMIT = np.float32(65_536)  # where NaN and infinity of half precision end up; finite halves stay below


def widen(chunk: Floats, out: F32, numbers: Ints | range) -> F32:
    """`chunk` [k, d] as float32 to read from: the first k rows of `out` with its values, or the chunk itself if it is float32.

    Five times faster than numpy's cast of float16. Raises InputError when a value is NaN or infinite; `numbers` [k] are what
    its message calls the rows.
    """
    out = out[: len(chunk)]
    if chunk.dtype == np.float32 and bool(np.isfinite(np.vecdot(chunk, chunk)).all()):
        return chunk.view(np.ndarray)  # one pass tells; where only the square overflows, the exact way below tells again
    if chunk.dtype == np.float16:
        bits = out.view(np.int32)
        np.copyto(bits, np.ascontiguousarray(chunk).view(np.int16))
        np.left_shift(bits, 13, out=bits)
        np.bitwise_and(bits, _MASK, out=bits)
        np.multiply(out, _SCALE, out=out)
        good = bool(out.size == 0 or (out.max() < _LIMIT and out.min() > -_LIMIT))
    else:
        np.copyto(out, chunk, casting="same_kind")
        good = bool(np.isfinite(out).all())
    if not good:
        bad = numbers[int(np.flatnonzero(~np.isfinite(chunk).all(axis=1))[0])]
        raise InputError(f"vector {bad} holds NaN or infinity: embed this item again or leave it out")
    return out


def gather(vectors: Floats, rows: Ints | None = None) -> F32:
    """These rows, or all, as float32 [k, d], a copy. Raises InputError naming the first row that is not finite."""
    numbers = np.arange(len(vectors)) if rows is None else rows
    # A memmap is read in the order of the disk; asking for rows in random order reads every page many times.
    order = np.argsort(numbers, kind="stable")
    picked, buffer = np.empty((len(numbers), vectors.shape[1]), np.float32), np.empty((CHUNK, vectors.shape[1]), np.float32)
    for start in range(0, len(order), CHUNK):
        part = order[start : start + CHUNK]
        picked[part] = widen(vectors[numbers[part]], buffer, numbers[part])
    return picked


def unit(x: F32) -> F32:
    """Every row at length one; rows of zeros stay."""
    length = np.sqrt(np.einsum("ij,ij->i", x, x))
    length[length == 0] = 1
    scaled: F32 = x / length[:, None]
    return scaled


def principal_axes(x: F32, dims: int) -> F32:
    """Orthonormal columns [d, k], k <= dims, along which centred rows [n, d] spread most, the widest first.

    A randomized range finder (Halko, Martinsson & Tropp 2011) with one power iteration. Its start is the same in every call, so
    that equal rows have equal axes. Exact when the rows span no more than `dims` dims.
    """
    width = min(dims + 16, *x.shape)
    start = np.random.default_rng(0).standard_normal((x.shape[1], width), dtype=np.float32)
    basis = np.linalg.qr(x.T @ (x @ start))[0]
    small = x @ basis
    turn = np.linalg.eigh(small.T @ small)[1][:, ::-1][:, :dims]
    return np.asarray(basis @ turn, dtype=np.float32)
