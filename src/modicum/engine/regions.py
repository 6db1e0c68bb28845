"""The detector's second look: what lies inside a proposed box, of which class it is, and where its edges really are."""

from functools import partial
from typing import NamedTuple

import numpy as np

from modicum.engine.arrays import F32
from modicum.engine.boxes import change, changed, overlaps, within
from modicum.engine.cells import inside
from modicum.engine.perceptron import Layer, Training, forward, layers, sigmoid
from modicum.engine.proposals import Scene

_CHANNELS = 48  # of the map, the widest axes
_SIDE = 5  # samples along a box
_WIDER = 1.3  # a box is looked at with this much around it
_HIDDEN = 128
_UNIT = np.array([0.15, 0.15, 0.25, 0.25], np.float32)  # of changes, so that they are about one
_LOW, _HIGH = 0.35, 0.65  # overlap from which a box is no longer wrong, and from which it is right
_TEACHABLE = 0.3  # overlap from which a box learns where its object lies
_BATCH = 256


def inputs(k: int) -> int:
    """How many values are read of a box on a map of k axes."""
    return _SIDE * _SIDE * min(k, _CHANNELS) + 5


class Effort(NamedTuple):
    """How much is learned from: boxes beside each labeled one, proposals an image, boxes altogether, times gone through."""

    beside: int = 6
    proposals: int = 60
    boxes: int = 9_000
    epochs: int = 15
    rate: float = 1.5e-3


def learn(
    scenes: list[Scene],
    proposed: list[F32],
    n_classes: int,
    size: float,
    rng: np.random.Generator,
    effort: Effort,
    start: list[Layer] | None,
) -> list[Layer]:
    """The layers that read a box and give a score for every class, before the sigmoid, and what changes the box.

    With the layers of the round before to `start` from, half the work is enough.
    """
    x, score, goal = (
        np.concatenate(parts)
        for parts in zip(
            *(
                _examples(s, p, n_classes, size, effort.boxes // len(scenes), effort.beside, rng)
                for s, p in zip(scenes, proposed, strict=True)
            ),
            strict=True,
        )
    )
    mean, spread = x.mean(axis=0), x.std(axis=0) + np.float32(1e-3)
    x -= mean
    x /= spread
    net = _shifted(start, mean, spread) if start else layers([x.shape[1], _HIDDEN, n_classes + 4], rng)
    weight = np.clip(np.sqrt(score.sum() / np.maximum(score.sum(axis=0), 1) / n_classes), 0.3, 6).astype(np.float32)
    steps = max(1, len(x) * effort.epochs // _BATCH // (2 if start else 1))
    training = Training(net, steps, rng, rate=effort.rate, decay=0.02, drop=0.2)
    for _ in range(steps):
        at = rng.integers(len(x), size=_BATCH)
        training.step(x[at], partial(_slope, score[at], goal[at], weight))
    first, *rest = net
    weights = first.weights / spread[:, None]
    return [Layer(weights, first.bias - mean @ weights), *rest]


def look(scene: Scene, boxes: F32, net: list[Layer], size: float, *, times: int = 2) -> tuple[F32, F32]:
    """Scores [n, classes] and better boxes [n, 4]; what was found is looked at again, `times` in all (Cascade R-CNN, 2018)."""
    for _ in range(times):
        z = forward(_seen(scene, boxes, size), net)
        boxes = within(changed(boxes, z[:, -4:] * _UNIT), scene.size, 4)
    return sigmoid(z[:, :-4]), boxes


def _slope(score: F32, goal: F32, weight: F32, z: F32) -> F32:
    slope = np.empty_like(z)
    slope[:, :-4] = (sigmoid(z[:, :-4]) - score) * weight
    slope[:, -4:] = np.clip(z[:, -4:] - goal[:, :4], -1, 1) * goal[:, 4:] * np.float32(0.5)
    return slope / np.float32(len(z))


def _examples(
    scene: Scene, proposed: F32, n_classes: int, size: float, most: int, beside: int, rng: np.random.Generator
) -> tuple[F32, F32, F32]:
    """Proposals of one image and boxes beside its labeled ones: what is inside, right scores, and changes with a weight."""
    boxes = np.concatenate([proposed, _beside(np.repeat(scene.boxes, beside, axis=0), rng)])
    boxes = within(boxes[rng.permutation(len(boxes))[:most]], scene.size, 4)
    score, goal = np.zeros((len(boxes), n_classes), np.float32), np.zeros((len(boxes), 5), np.float32)
    if len(scene.boxes):
        shared = overlaps(boxes, scene.boxes)
        for kind in np.unique(scene.classes):
            best = shared[:, scene.classes == kind].max(axis=1)
            score[:, kind] = np.clip((best - _LOW) / (_HIGH - _LOW), 0, 1)
        goal[:, :4] = change(boxes, scene.boxes[shared.argmax(axis=1)]) / _UNIT
        goal[:, 4] = shared.max(axis=1) > _TEACHABLE
    return _seen(scene, boxes, size), score, goal


def _beside(boxes: F32, rng: np.random.Generator) -> F32:
    sides = boxes[:, 2:] - boxes[:, :2]
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2 + sides * rng.normal(0, 0.15, sides.shape)
    half = sides * np.exp(rng.normal(0, 0.2, sides.shape)) / 2
    return np.concatenate([middle - half, middle + half], axis=1).astype(np.float32)


def _seen(scene: Scene, boxes: F32, size: float) -> F32:
    """Samples inside each box and its shape."""
    samples = inside(scene.cells[..., :_CHANNELS], boxes, _SIDE, _WIDER)
    sides = np.log(np.maximum(boxes[:, 2:] - boxes[:, :2], 1) / np.float32(size))
    flat = samples.reshape(len(boxes), _SIDE * _SIDE * samples.shape[-1])
    return np.concatenate([flat, sides, sides**2, np.abs(sides[:, :1] - sides[:, 1:])], axis=1)


def _shifted(start: list[Layer], mean: F32, spread: F32) -> list[Layer]:
    """Layers for inputs from which `mean` was taken and that were divided by `spread`."""
    first, *rest = start
    return [Layer(first.weights * spread[:, None], first.bias + mean @ first.weights), *rest]
