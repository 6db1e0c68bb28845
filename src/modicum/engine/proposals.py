"""The detector's first look: every cell says whether it is the middle of an object, of which class, and how far that reaches."""

from functools import partial
from typing import NamedTuple

import numpy as np

from modicum.engine.arrays import F32, Ints
from modicum.engine.boxes import distinct, within
from modicum.engine.cells import CELL, around
from modicum.engine.perceptron import Layer, Training, forward, layers, sigmoid

REACH = 2  # cells from a cell to the eight others it sees
_HIDDEN = 128
_MIDDLE = 0.27  # a cell is inside an object's middle up to this squared distance, where 1 is the edge
_BLUR = 0.147  # of the score around an object's middle, in the same unit
_PER_OBJECT = 10  # cells in the middle of one object that are learned from
_BATCH = 512  # cells at once: what they see stays in the processor's cache
_STEEPEST = 3.0  # logarithm of how much larger or smaller than usual a box can be


class Scene(NamedTuple):
    """One labeled image as the detector learns from it: its map [h, w, k], boxes [m, 4] in network pixels, classes [m]."""

    cells: F32
    boxes: F32
    classes: Ints

    @property
    def size(self) -> tuple[int, int]:
        return self.cells.shape[1] * CELL, self.cells.shape[0] * CELL


class Goals(NamedTuple):
    """What the cells of one image should say: score [cells, classes], and the object each belongs to [cells], -1 for none."""

    score: F32
    object: Ints


class Effort(NamedTuple):
    """How much is learned from: cells of all images together, times they are gone through, how often hard ones are looked for."""

    cells: int = 24_000
    epochs: int = 6
    hunts: int = 1
    rate: float = 2e-3


def goals(scene: Scene, n_classes: int) -> Goals:
    """Scores fall with the distance from an object's middle, as in CenterNet (Zhou et al. 2019) but with the box's shape."""
    h, w = scene.cells.shape[:2]
    middle = np.stack(np.meshgrid(np.arange(w), np.arange(h)), axis=-1).reshape(-1, 2).astype(np.float32) * CELL + CELL / 2
    score = np.zeros((h * w, n_classes), np.float32)
    owner, nearest = np.full(h * w, -1), np.full(h * w, np.float32(_MIDDLE))
    for place, (box, kind) in enumerate(zip(scene.boxes, scene.classes, strict=True)):
        half = np.maximum(box[2:] - box[:2], 2 * CELL) / 2
        far = (((middle - (box[:2] + box[2:]) / 2) / half) ** 2).sum(axis=1)
        score[:, kind] = np.maximum(score[:, kind], np.exp(-far / _BLUR))
        mine = far < nearest
        owner[mine], nearest[mine] = place, far[mine]
    return Goals(score, owner)


def usual_size(scenes: list[Scene]) -> float:
    """The geometric mean of all sides of all boxes, network pixels."""
    sides = np.concatenate([scene.boxes[:, 2:] - scene.boxes[:, :2] for scene in scenes])
    return float(np.exp(np.log(np.maximum(sides, 1)).mean()))


def learn(
    scenes: list[Scene], n_classes: int, size: float, rng: np.random.Generator, effort: Effort, start: list[Layer] | None
) -> list[Layer]:
    """The layers that read `around` a cell and give a score for every class, before the sigmoid, and a box.

    With the layers of the round before to `start` from, which this changes, hard cells are looked for at once.
    """
    k = scenes[0].cells.shape[-1]
    aims = [goals(scene, n_classes) for scene in scenes]
    net = start or layers([9 * k, _HIDDEN, n_classes + 4], rng)
    if start is None:
        net[-1].bias[:n_classes] = -3
    rows = max(1, effort.cells // len(scenes))
    cells = sum(min(rows, len(aim.object)) for aim in aims)
    each = max(1, cells * effort.epochs // _BATCH)
    turns = range(effort.hunts + 1) if start is None else range(1, 2)
    training = Training(net, each * len(turns), rng, rate=effort.rate, decay=0.01)
    for hunt in turns:
        x, score, box = (
            np.concatenate(parts)
            for parts in zip(
                *(_sample(s, a, size, net if hunt else None, rows, rng) for s, a in zip(scenes, aims, strict=True)), strict=True
            )
        )
        weight = np.clip(np.sqrt(score.sum() / np.maximum(score.sum(axis=0), 1) / n_classes), 0.3, 6).astype(np.float32)
        for _ in range(each):
            at = rng.integers(len(x), size=_BATCH)
            training.step(x[at], partial(_slope, score[at], box[at], weight))
    return net


def _slope(score: F32, box: F32, weight: F32, z: F32) -> F32:
    """Gradient of the quality focal loss (Li et al. 2020) for scores and a clipped one for boxes, weighed by the last column."""
    slope = np.empty_like(z)
    wrong = sigmoid(z[:, : score.shape[1]]) - score
    slope[:, : score.shape[1]] = wrong * np.abs(wrong) * weight * 4
    slope[:, score.shape[1] :] = np.clip((z[:, score.shape[1] :] - box[:, :4]) * 4, -1, 1) * box[:, 4:] * 2
    return slope / np.float32(len(z))


def _sample(
    scene: Scene, aims: Goals, size: float, net: list[Layer] | None, rows: int, rng: np.random.Generator
) -> tuple[F32, F32, F32]:
    """Cells of one image: what they see, their score, and their box with a weight; half of those outside are hard ones."""
    mixed = rng.permutation(len(aims.object))
    owner = aims.object[mixed]
    inside = np.flatnonzero(owner >= 0)
    order = inside[np.argsort(owner[inside], kind="stable")]
    turn = np.arange(len(order)) - np.searchsorted(owner[order], owner[order])
    chosen = mixed[order[turn < _PER_OBJECT]]
    others = mixed[owner < 0]
    n = max(rows - len(chosen), rows // 3)
    if net is not None:
        looked = others[: 4 * n]
        wrong = np.abs(sigmoid(_read(scene, looked, net)[:, : aims.score.shape[1]]) - aims.score[looked]).max(axis=1)
        others = np.concatenate([looked[np.argsort(-wrong)[: n // 2]], others[: n - n // 2]])
    chosen = np.concatenate([chosen, others[:n]])
    return _seen(scene, chosen), aims.score[chosen], _box_goals(scene, chosen, aims.object[chosen], size)


def _box_goals(scene: Scene, places: Ints, owner: Ints, size: float) -> F32:
    goal = np.zeros((len(places), 5), np.float32)
    mine = owner >= 0
    boxes = scene.boxes[owner[mine]]
    goal[mine, :2] = ((boxes[:, :2] + boxes[:, 2:]) / 2 - _middles(scene, places[mine])) / size
    goal[mine, 2:4] = np.log(np.maximum(boxes[:, 2:] - boxes[:, :2], 1) / size)
    goal[mine, 4] = 1
    return goal


def look(scene: Scene, net: list[Layer], size: float) -> tuple[F32, F32]:
    """Scores [cells, classes] and boxes [cells, 4] in network pixels, of every cell."""
    places = np.arange(scene.cells.shape[0] * scene.cells.shape[1])
    z = _read(scene, places, net)
    n_classes = z.shape[1] - 4
    middle = _middles(scene, places) + z[:, n_classes : n_classes + 2] * np.float32(size)
    half = np.float32(size / 2) * np.exp(np.clip(z[:, n_classes + 2 :], -_STEEPEST, _STEEPEST))
    return sigmoid(z[:, :n_classes]), within(np.concatenate([middle - half, middle + half], axis=1), scene.size)


def propose(scene: Scene, net: list[Layer], size: float, n: int, *, least: float = 0.02, most_overlap: float = 0.6) -> F32:
    """At most n boxes that may hold an object, class by class, the best first."""
    scores, boxes = look(scene, net, size)
    found, sure = [], []
    for column in scores.T:
        likely = np.flatnonzero(column > least)
        kept = likely[distinct(boxes[likely], column[likely], most_overlap, n)]
        found.append(boxes[kept])
        sure.append(column[kept])
    best = np.argsort(-np.concatenate(sure), kind="stable")[:n]
    return np.concatenate(found)[best]


def _seen(scene: Scene, places: Ints) -> F32:
    h, w, k = scene.cells.shape
    return around(scene.cells.reshape(h * w, k), places, (h, w), REACH)


def _read(scene: Scene, places: Ints, net: list[Layer]) -> F32:
    parts = [forward(_seen(scene, places[start : start + _BATCH]), net) for start in range(0, len(places), _BATCH)]
    return np.concatenate(parts) if parts else np.empty((0, len(net[-1].bias)), np.float32)


def _middles(scene: Scene, places: Ints) -> F32:
    down, right = np.divmod(places, scene.cells.shape[1])
    return np.stack([right, down], axis=1).astype(np.float32) * CELL + CELL / 2
