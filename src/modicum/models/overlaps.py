"""Of detections that mean the same object, the surest: greedy non-maximum suppression, class by class."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
CONSIDERED = 3_000  # boxes at most, the surest


def surest(boxes: Floats, scores: Floats, classes: NDArray[np.int64], overlap: float | None, most: int) -> NDArray[np.int64]:
    """Rows to keep, the surest first; boxes [n, 4] are corners, or [n, 5] centre, size and radians for turned ones.

    A row goes when a surer one of its class overlaps it by more than `overlap` (IoU; for turned boxes that of the Gaussians
    that stand for them: Llerena et al. 2021). None keeps all but limits their number.
    """
    order = np.argsort(-scores, kind="stable")[:CONSIDERED]
    if overlap is None:
        return order[:most]
    measure = _turned_overlap if boxes.shape[1] == 5 else _overlap
    kept: list[int] = []
    while len(order) and len(kept) < most:
        first, rest = int(order[0]), order[1:]
        kept.append(first)
        same = classes[rest] == classes[first]
        gone = np.zeros(len(rest), bool)
        gone[same] = measure(boxes[first], boxes[rest[same]]) > overlap
        order = rest[~gone]
    return np.array(kept, np.int64)


def _overlap(one: Floats, others: Floats) -> Floats:
    low, high = np.maximum(one[:2], others[:, :2]), np.minimum(one[2:], others[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1) + (one[2:] - one[:2]).prod()
    return np.asarray(shared / np.maximum(areas - shared, 1e-9), np.float32)


def _turned_overlap(one: Floats, others: Floats) -> Floats:
    """1 - the Hellinger distance of the Gaussians with the same centre and spread as the boxes."""
    a1, b1, c1 = _spread(one[None])
    a2, b2, c2 = _spread(others)
    dx, dy = others[:, 0] - one[0], others[:, 1] - one[1]
    a, b, c = a1 + a2, b1 + b2, c1 + c2
    det = np.maximum(a * b - c * c, 1e-9)
    apart = (a * dy * dy + b * dx * dx - 2 * c * dx * dy) / det / 4
    dets = np.sqrt(np.maximum(a1 * b1 - c1 * c1, 0) * np.maximum(a2 * b2 - c2 * c2, 0))
    shapes = 0.5 * np.log(np.maximum(det / np.maximum(4 * dets, 1e-9), 1e-9))
    closeness = np.exp(-np.clip(apart + shapes, 1e-7, 100))
    return np.asarray(1 - np.sqrt(np.maximum(1 - closeness, 0)), np.float32)


def _spread(boxes: Floats) -> tuple[Floats, Floats, Floats]:
    """Variances along x and y, and their covariance."""
    w, h, angle = boxes[:, 2] ** 2 / 12, boxes[:, 3] ** 2 / 12, boxes[:, 4]
    c, s = np.cos(angle), np.sin(angle)
    wide, high, both = w * c * c + h * s * s, w * s * s + h * c * c, (w - h) * c * s
    return np.asarray(wide, np.float32), np.asarray(high, np.float32), np.asarray(both, np.float32)
