"""Dense features of an image as cells of eight pixels: what a detector reads at a place, around it, and inside a box."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from modicum.engine.arrays import F32, Ints
from modicum.errors import InputError

CELL = 8  # pixels of the network's input from cell to cell
_STRIDES = (4, 8, 16, 32)
_SAMPLE = 30_000  # cells the axes are found on
_AROUND = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]

Maps = tuple[npt.NDArray[np.floating[Any]], ...]


class Features(NamedTuple):
    """What a network saw of one image.

    levels: maps [h, w, channels], float16, of strides 4, 8, 16 and 32; size: width and height of the image, pixels; inner: of the
    part of the network's input that the image filled, from its top left corner on.
    """

    levels: Maps
    size: tuple[int, int]
    inner: tuple[int, int]

    @property
    def scale(self) -> F32:
        """Network pixels per image pixel, for x, y, x, y of a box."""
        across, down = self.inner[0] / self.size[0], self.inner[1] / self.size[1]
        return np.array([across, down, across, down], np.float32)


class Axes(NamedTuple):
    """Turns the channels of all strides into fewer: (channels - mean [c]) @ turn [c, k]."""

    mean: F32
    turn: F32

    def __call__(self, features: Features) -> F32:
        """The map of an image, float32 [h, w, k], one vector a cell. Raises InputError for features of another network."""
        parts = _at_cells(features)
        h, w = parts[0].shape[:2]
        channels = sum(part.shape[-1] for part in parts)
        if channels != len(self.mean):
            raise InputError(
                f"the detector reads {len(self.mean)} channels, received {channels}: the encoder changed, train anew"
            )
        found = np.zeros((h, w, self.turn.shape[1]), np.float32)
        start = 0
        for part in parts:  # turned before it is enlarged, which gives the same for less work
            end = start + part.shape[-1]
            found += _enlarged((part - self.mean[start:end]) @ self.turn[start:end], h, w)
            start = end
        return found


def stacked(features: Features) -> F32:
    """All channels of all strides at the cells [h, w, c]: finer ones side by side, coarser ones interpolated.

    Raises InputError when the maps do not fit each other.
    """
    parts = _at_cells(features)
    return np.concatenate([_enlarged(part, *parts[0].shape[:2]) for part in parts], axis=-1)


def _at_cells(features: Features) -> list[F32]:
    """The maps, the finest with four cells put into one. Raises InputError when they do not fit each other."""
    fine, middle, *coarse = (level.astype(np.float32) for level in features.levels)
    h, w = middle.shape[:2]
    fits = len(features.levels) == len(_STRIDES) and fine.shape[:2] == (2 * h, 2 * w)
    if not fits or any(level.shape[:2] != (h >> n, w >> n) for n, level in enumerate(coarse, 1)):
        shapes = [list(level.shape) for level in features.levels]
        raise InputError(f"features come at strides {_STRIDES}, each map half as large as the one before; received {shapes}")
    beside = fine.reshape(h, 2, w, 2, -1).transpose(0, 2, 1, 3, 4).reshape(h, w, -1)
    return [beside, middle, *coarse]


def axes(sample: F32, channels: list[int], k: int) -> Axes:
    """The k axes that matter most in vectors [n, c], whose strides have these numbers of `channels` and weigh the same.

    Principal axes, half whitened: every axis is divided by the fourth root of its variance.
    """
    mean = sample.mean(axis=0)
    weight = np.concatenate([np.full(n, n**-0.5) for n in channels]) / (sample.std(axis=0) + 1e-3)
    z = (sample - mean) * weight
    values, vectors = np.linalg.eigh(z.T @ z / len(z))
    values, vectors = np.maximum(values[::-1][:k], 1e-12), vectors[:, ::-1][:, :k]
    turn = weight[:, None] * vectors / values**0.25
    size = np.sqrt((((sample - mean) @ turn) ** 2).mean())
    return Axes(mean.astype(np.float32), (turn / max(size, 1e-12)).astype(np.float32))


def around(flat: F32, places: Ints, shape: tuple[int, int], reach: int, start: Ints | int = 0) -> F32:
    """What nine places see, [n, 9 k]: the cell itself and eight that are `reach` cells away, held inside the map.

    `flat` [cells, k] holds the map's rows one after the other, from row `start` on; `places` [n] count within the map.
    """
    h, w = shape
    down, right = np.divmod(places, w)
    index = np.stack(
        [np.clip(down + a * reach, 0, h - 1) * w + np.clip(right + b * reach, 0, w - 1) + start for a, b in _AROUND], axis=1
    )
    return np.asarray(flat[index].reshape(len(places), len(_AROUND) * flat.shape[1]), dtype=np.float32)


def inside(cells: F32, boxes: F32, side: int, wider: float) -> F32:
    """Bilinear samples [n, side, side, k] of a map [h, w, k], spread over each box [n, 4], made `wider` times as large.

    Boxes are left, top, right, bottom in network pixels. RoIAlign (He et al. 2017) with one sample a bin.
    """
    h, w, k = cells.shape
    spread = (((np.arange(side) + 0.5) / side - 0.5) * wider).astype(np.float32)
    ix, tx = _between(boxes[:, 0], boxes[:, 2], spread, w)
    iy, ty = _between(boxes[:, 1], boxes[:, 3], spread, h)
    at = iy[:, :, None] * w + ix[:, None, :]
    tx, ty = tx[:, None, :, None], ty[:, :, None, None]
    flat = cells.reshape(h * w, k)
    right, down = int(w > 1), w if h > 1 else 0
    found = flat[at] * ((1 - ty) * (1 - tx))
    found += flat[at + right] * ((1 - ty) * tx)
    found += flat[at + down] * (ty * (1 - tx))
    found += flat[at + down + right] * (ty * tx)
    return np.asarray(found, dtype=np.float32)


def _between(low: F32, high: F32, spread: F32, cells: int) -> tuple[Ints, F32]:
    """The cell before each sample and how far the sample lies towards the next."""
    at = ((low + high)[:, None] / 2 + (high - low)[:, None] * spread) / CELL - 0.5
    at = np.clip(at, 0, cells - 1)
    before = np.minimum(at.astype(np.int64), max(cells - 2, 0))
    return before, (at - before).astype(np.float32)


def _enlarged(level: npt.NDArray[Any], h: int, w: int) -> F32:
    """Interpolated to h x w cells."""
    for axis, cells in ((0, h), (1, w)):
        n = level.shape[axis]
        if n == cells:
            continue
        at = np.clip((np.arange(cells) + 0.5) * n / cells - 0.5, 0, n - 1)
        before = at.astype(np.int64)
        share = (at - before).astype(np.float32).reshape(-1, *(1,) * (2 - axis))
        level = level.take(before, axis) * (1 - share) + level.take(np.minimum(before + 1, n - 1), axis) * share
    return np.asarray(level, dtype=np.float32)
