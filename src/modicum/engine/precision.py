"""How good a detector is: matched boxes, average precision at IoU .5, and its interval over images."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from modicum.engine.boxes import overlaps
from modicum.engine.detector import Found
from modicum.types import Interval

BOOTSTRAPS = 200
ENOUGH = 5  # images from which resampling them says anything
Floats = npt.NDArray[np.float64]
Truth = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]  # boxes [m, 4] and classes [m] of one image
Pair = tuple[Found, Truth]


def mean_average_precision(pairs: Sequence[Pair], n_classes: int, *, least: float = 0.5) -> float | None:
    """The mean over classes of the average precision at IoU `least`, 0 to 1; none when there is no true box at all.

    A box is right when it overlaps a true one of its class that no better box has taken (PASCAL VOC, Everingham et al. 2010);
    precision is interpolated at 101 recalls (COCO, Lin et al. 2014).
    """
    return _mean([_judged(pair, n_classes, least) for pair in pairs], n_classes)


def interval(pairs: Sequence[Pair], n_classes: int, rng: np.random.Generator, *, least: float = 0.5) -> Interval | None:
    """The same with its 95% interval from resampled images; none for fewer than five images, and when there is no true box."""
    if len(pairs) < ENOUGH:
        return None
    judged = [_judged(pair, n_classes, least) for pair in pairs]
    mean = _mean(judged, n_classes)
    if mean is None:
        return None
    again = [_mean([judged[k] for k in rng.integers(len(judged), size=len(judged))], n_classes) for _ in range(BOOTSTRAPS)]
    low, high = np.quantile([value for value in again if value is not None], [0.025, 0.975]).tolist()
    return Interval(mean=mean, low=min(low, mean), high=max(high, mean), n=len(pairs))


def _judged(pair: Pair, n_classes: int, least: float) -> list[tuple[Floats, npt.NDArray[np.bool_], int]]:
    """Of each class: the scores of its boxes, whether each is right, and the number of true ones."""
    found, (boxes, classes) = pair
    judged = []
    for k in range(n_classes):
        mine = np.flatnonzero(found.classes == k)
        order = mine[np.argsort(-found.scores[mine], kind="stable")]
        true = boxes[classes == k]
        judged.append((found.scores[order].astype(np.float64), _matched(found.boxes[order], true, least), len(true)))
    return judged


def _matched(boxes: npt.NDArray[np.float32], true: npt.NDArray[np.float32], least: float) -> npt.NDArray[np.bool_]:
    right = np.zeros(len(boxes), dtype=np.bool_)
    if not len(true) or not len(boxes):
        return right
    shared = overlaps(boxes, true)
    free = np.ones(len(true), dtype=np.bool_)
    for place in range(len(boxes)):
        best = int(np.argmax(np.where(free, shared[place], -1.0)))
        if free[best] and shared[place, best] >= least:
            right[place], free[best] = True, False
    return right


def _mean(judged: Sequence[list[tuple[Floats, npt.NDArray[np.bool_], int]]], n_classes: int) -> float | None:
    found = []
    for k in range(n_classes):
        total = sum(image[k][2] for image in judged)
        if total:
            scores = np.concatenate([image[k][0] for image in judged])
            right = np.concatenate([image[k][1] for image in judged])
            found.append(_average(scores, right, total))
    return float(np.mean(found)) if found else None


def _average(scores: Floats, right: npt.NDArray[np.bool_], total: int) -> float:
    hits = np.cumsum(right[np.argsort(-scores, kind="stable")])
    precision = hits / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(hits / total, np.linspace(0, 1, 101), side="left")
    return float(np.where(at < len(best), np.append(best, 0.0)[np.minimum(at, len(best))], 0.0).mean())
