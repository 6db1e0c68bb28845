"""Arithmetic on vectors that head, strategies and graph share: reading rows, float16 to float32, unit length, components."""

from typing import Any

import numpy as np
import numpy.typing as npt

from modicum.errors import InputError

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

CHUNK = 512  # rows; enough for a product to pay, few enough to stay in the cache through all steps

# The 15 bits below the sign move from half to single precision by a shift; the exponent's offset differs by 112.
_MASK = np.array([0x8FFFE000], dtype=np.uint32).view(np.int32)[0]
_SCALE = np.float32(2.0**112)
_LIMIT = np.float32(2.0**32)  # NaN and infinity of half precision end up at 65,536 or more; finite halves stay below


def widen(chunk: Floats, out: F32, numbers: Ints | range) -> F32:
    """`chunk` [k, d] as float32 to read from: the first k rows of `out` with its values, or the chunk itself if it is float32.

    Raises InputError when a value is NaN or infinite; `numbers` [k] are what its message calls the rows.
    """
    x = single(chunk, out)
    squares(x, chunk, numbers)
    return x


def single(chunk: Floats, out: F32) -> F32:
    """`widen` for a caller who asks for `squares` next: what is not finite in half precision is some large number here.

    Eight times faster than numpy's cast of float16.
    """
    if chunk.dtype == np.float32:
        return chunk.view(np.ndarray)
    out = out[: len(chunk)]
    if chunk.dtype == np.float16:
        bits = out.view(np.int32)
        np.copyto(bits, np.ascontiguousarray(chunk).view(np.int16))
        np.left_shift(bits, 13, out=bits)
        np.bitwise_and(bits, _MASK, out=bits)
        np.multiply(out, _SCALE, out=out)
    else:
        with np.errstate(over="ignore"):  # what single precision cannot hold becomes infinite, and is found as such
            np.copyto(out, chunk, casting="same_kind")
    return out


def squares(x: F32, chunk: Floats, numbers: Ints | range) -> F32:
    """Squared length [k] of each row of x [k, d], which `single` made of `chunk`. Raises InputError as `widen` does.

    Lengths are wanted in most places, and they tell whether a row is worth a look: a pass of its own for that is saved.
    """
    with np.errstate(over="ignore"):
        found = np.vecdot(x, x)
    if not (found < _LIMIT).all():
        good = np.isfinite(chunk).all(axis=1) & np.isfinite(x).all(axis=1)
        if not good.all():
            bad = numbers[int(np.flatnonzero(~good)[0])]
            raise InputError(f"vector {bad} holds NaN or infinity: embed this item again or leave it out")
    return np.asarray(found, dtype=np.float32)


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
