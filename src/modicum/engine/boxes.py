"""Boxes as arrays: overlap, the best among many that mean the same object, and how one box is changed into another.

Boxes are float32 [n, 4]: left, top, right, bottom in pixels.
"""

import numpy as np
import numpy.typing as npt

from modicum.engine.arrays import F32, Ints

_MOST = 2_000  # boxes, the best ones, among which there is a choice


def overlaps(a: F32, b: F32) -> F32:
    """Intersection over union of every box of a [n, 4] with every box of b [m, 4], float32 [n, m]; 0 where both are empty."""
    first, second = a[:, None], b[None]
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    common = np.prod(np.maximum(sides, 0), axis=-1)
    union = areas(a)[:, None] + areas(b)[None] - common
    return np.asarray(np.divide(common, union, out=np.zeros_like(common), where=union > 0), dtype=np.float32)


def areas(boxes: F32) -> F32:
    """Square pixels of each box."""
    return np.asarray(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1), dtype=np.float32)


def distinct(boxes: F32, scores: F32, most_overlap: float, n: int) -> Ints:
    """Places of at most n boxes, the best first, of which no two overlap more than that: greedy non-maximum suppression."""
    left = np.argsort(-scores, kind="stable")[:_MOST]
    kept: list[int] = []
    while len(left) and len(kept) < n:
        kept.append(int(left[0]))
        left = left[1:]
        left = left[overlaps(boxes[kept[-1:]], boxes[left])[0] <= most_overlap]
    return np.array(kept, dtype=np.int64)


def hits(
    boxes: F32, classes: npt.NDArray[np.integer], true: F32, true_classes: npt.NDArray[np.integer], least: float = 0.5
) -> npt.NDArray[np.bool_]:
    """Which boxes [n], the best first, overlap a true box of their class that no better one has taken (PASCAL VOC, 2010)."""
    right, free = np.zeros(len(boxes), dtype=np.bool_), np.ones(len(true), dtype=np.bool_)
    if not len(true):
        return right
    shared = np.where(classes[:, None] == true_classes[None], overlaps(boxes, true), -1.0)
    for place in range(len(boxes)):
        best = int(np.argmax(np.where(free, shared[place], -1.0)))
        if free[best] and shared[place, best] >= least:
            right[place], free[best] = True, False
    return right


def change(boxes: F32, goals: F32) -> F32:
    """What makes each goal of its box: shift of the centre in widths and heights, logarithms of both ratios (R-CNN, 2014)."""
    size, goal = _sizes(boxes), _sizes(goals)
    shift = (goals[:, :2] + goals[:, 2:] - boxes[:, :2] - boxes[:, 2:]) / 2 / size
    return np.asarray(np.concatenate([shift, np.log(goal / size)], axis=1), dtype=np.float32)


def changed(boxes: F32, changes: F32, most: float = 1.5) -> F32:
    """The boxes that `change` describes; logarithms of ratios stay within `most`."""
    size = _sizes(boxes)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2 + changes[:, :2] * size
    half = size * np.exp(np.clip(changes[:, 2:], -most, most)) / 2
    return np.asarray(np.concatenate([middle - half, middle + half], axis=1), dtype=np.float32)


def within(boxes: F32, size: tuple[int, int], least: float = 1.0) -> F32:
    """The boxes cut to an image of that width and height; none is narrower or lower than `least` pixels."""
    limit = np.array(size, np.float32)
    low = np.clip(boxes[:, :2], 0, np.maximum(limit - least, 0))
    high = np.clip(boxes[:, 2:], np.minimum(low + least, limit), limit)
    return np.asarray(np.concatenate([low, high], axis=1), dtype=np.float32)


def _sizes(boxes: F32) -> F32:
    return np.asarray(np.maximum(boxes[:, 2:] - boxes[:, :2], 1), dtype=np.float32)
