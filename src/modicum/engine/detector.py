"""A detector that learns from the first labeled images within seconds: two looks at frozen dense features, in numpy."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from modicum.engine import perceptron, proposals, regions, silhouettes
from modicum.engine.arrays import F32, Ints
from modicum.engine.boxes import distinct, hits, within
from modicum.engine.cells import Axes, Features, axes, stacked
from modicum.engine.head_parts import misfit, pack, unpacked
from modicum.engine.outlines import Ring
from modicum.engine.perceptron import Layer, sigmoid
from modicum.engine.proposals import Scene
from modicum.errors import InputError

MOST_IMAGES = 200  # that are learned from; more are drawn at random
_OUTGROWN = 6  # times as many images as the axes are from: then everything is learned anew (measured up to here)
_AXES = 96
_AXES_FROM, _FOR_AXES = 40, 24_000  # images and cells
_PROPOSALS = 120  # an image
_FOUND = 300  # boxes an image at most
_LEAST = 0.01  # score of a box worth telling
_OVERLAP = 0.45  # of two boxes of one class at most


class Example(NamedTuple):
    """One labeled image: its features, boxes [m, 4] left, top, right, bottom in image pixels, and their classes [m].

    An image without objects has no boxes, and teaches as well. `outlines` is empty or holds, for every box, the rings
    float64 [n, 2] of its object in image pixels, filled by the even-odd rule, or none where just a box was drawn.
    """

    features: Features
    boxes: npt.NDArray[np.floating]
    classes: npt.NDArray[np.integer]
    outlines: Sequence[Sequence[Ring] | None] = ()


class Found(NamedTuple):
    """Boxes float32 [k, 4], left, top, right, bottom in image pixels, classes int64 [k], scores float32 [k], best first."""

    boxes: F32
    classes: Ints
    scores: F32


@dataclass(frozen=True, eq=False)
class Detector:
    """What `fit` learned.

    classes: ids of those seen in labels; images: how many the axes are from; size: of a usual box, network pixels; slope and
    offset turn a score into a probability; mean and turn are the axes; the rest are layers, those for outlines empty where none
    were drawn.
    """

    classes: Ints
    images: int
    size: float
    slope: float
    offset: float
    mean: F32
    turn: F32
    cell_weights: F32
    cell_bias: F32
    cell_out: F32
    cell_out_bias: F32
    box_weights: F32
    box_bias: F32
    box_out: F32
    box_out_bias: F32
    place_weights: F32
    place_bias: F32
    place_out: F32
    place_out_bias: F32

    def predict(self, features: Features) -> Found:
        """Every object the detector makes out, with the probability that it is one. Raises InputError for other features."""
        scene = _unlabeled(self.axes(features))
        boxes = proposals.propose(scene, self.cell_layers, self.size, _PROPOSALS)
        found = _best(*regions.look(scene, boxes, self.box_layers, self.size)[::-1])
        z = np.float32(self.slope) * _logit(found.scores) + np.float32(self.offset)
        return Found(within(found.boxes / features.scale, features.size), self.classes[found.classes], sigmoid(z))

    @property
    def draws(self) -> bool:
        """Whether it has learned outlines."""
        return bool(self.place_weights.size)

    def outlines(self, features: Features, boxes: F32) -> list[list[Ring]]:
        """The outline of the object in each box [n, 4], image pixels: rings float64 [n, 2].

        Raises InputError when it has not learned any: see `draws`.
        """
        if not self.draws:
            raise InputError("this detector draws boxes only: it was trained on fewer than three outlines")
        scene, scale = _unlabeled(self.axes(features)), features.scale
        limit = np.array(features.size, np.float64)
        drawn = silhouettes.draw(scene, (boxes * scale).astype(np.float32), self.place_layers)
        return [[np.clip(ring / scale[:2], 0, limit) for ring in rings] for rings in drawn]

    def to_bytes(self) -> bytes:
        """The detector as an .npz, without pickle."""
        return pack(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Detector":
        """The detector `to_bytes` wrote. Raises InputError for anything else; nothing is unpickled."""
        with unpacked(data, "detector") as parts:
            numbers = size, slope, offset = tuple(float(parts[name]) for name in ("size", "slope", "offset"))
            names = [field.name for field in fields(cls)[5:]]
            arrays = {name: parts[name].astype(np.float32) for name in names}
            found = cls(parts["classes"].astype(np.int64), int(parts["images"]), size, slope, offset, **arrays)
        if found.classes.ndim != 1 or found.turn.ndim != 2 or found.mean.shape != found.turn.shape[:1] or not found.size > 0:
            raise misfit()
        if not all(np.isfinite(part).all() for part in (found.mean, found.turn, np.array(numbers))):
            raise misfit()
        k, outputs = found.turn.shape[1], len(found.classes) + 4
        perceptron.check_fit(found.cell_layers, 9 * k, outputs)
        perceptron.check_fit(found.box_layers, regions.inputs(k), outputs)
        if found.draws:
            perceptron.check_fit(found.place_layers, silhouettes.inputs(k), 1)
        return found

    @property
    def axes(self) -> Axes:
        return Axes(self.mean, self.turn)

    @property
    def cell_layers(self) -> list[Layer]:
        return [Layer(self.cell_weights, self.cell_bias), Layer(self.cell_out, self.cell_out_bias)]

    @property
    def box_layers(self) -> list[Layer]:
        return [Layer(self.box_weights, self.box_bias), Layer(self.box_out, self.box_out_bias)]

    @property
    def place_layers(self) -> list[Layer]:
        return [Layer(self.place_weights, self.place_bias), Layer(self.place_out, self.place_out_bias)]


def fit(images: Sequence[Example], n_classes: int, rng: np.random.Generator, *, warm: Detector | None = None) -> Detector:
    """Learn from labeled images; `warm`, the detector of the round before, makes it faster.

    `images` may read an example from a file each time it is asked for one. Raises InputError when there is no box at all, for
    boxes that are empty or not finite, and for classes that are not 0 .. n_classes - 1.
    """
    chosen = [int(place) for place in rng.permutation(len(images))[:MOST_IMAGES]]
    kinds: set[int] = set()
    channels = 0
    for example in (images[place] for place in chosen):
        _check(example, n_classes)
        kinds.update(np.asarray(example.classes).tolist())
        channels = 4 * example.features.levels[0].shape[-1] + sum(level.shape[-1] for level in example.features.levels[1:])
    classes = np.array(sorted(kinds), dtype=np.int64)
    if not len(classes):
        raise InputError("there is no box to learn from yet: draw some first")
    if warm is not None and not (
        np.array_equal(warm.classes, classes) and len(warm.mean) == channels and len(chosen) <= _OUTGROWN * warm.images
    ):
        warm = None
    turn = warm.axes if warm else _axes([images[place] for place in chosen[:_AXES_FROM]], rng)
    scenes, drawn = [], []
    for example in (images[place] for place in chosen):  # read again, so that the features of all are never in memory at once
        boxes = (example.boxes * example.features.scale).astype(np.float32)
        scenes.append(Scene(turn(example.features), boxes, np.searchsorted(classes, example.classes)))
        drawn.append(_rings(example))
    size = warm.size if warm else proposals.usual_size(scenes)
    before = _copied(warm.cell_layers) if warm else None
    first = proposals.learn(scenes, len(classes), size, rng, proposals.Effort(), before)
    before = _copied(warm.box_layers) if warm else None
    second = regions.learn(scenes, _proposed(scenes, first, size), len(classes), size, rng, regions.Effort(), before)
    slope, offset = _calibrated(scenes, len(classes), size, rng)
    start = _copied(warm.place_layers) if warm and warm.draws else None
    third = silhouettes.learn(scenes, drawn, rng, start) or _NOTHING
    layers = (*first, *second, *third)
    return Detector(
        classes, warm.images if warm else len(chosen), size, slope, offset, *turn, *(part for layer in layers for part in layer)
    )


_NOTHING = [Layer(np.empty((0, 0), np.float32), np.empty(0, np.float32))] * 2


def _unlabeled(cells: F32) -> Scene:
    return Scene(cells, np.empty((0, 4), np.float32), np.empty(0, np.int64))


def _rings(example: Example) -> list[list[Ring] | None]:
    """In network pixels, none of a box that has no outline."""
    scale = example.features.scale[:2].astype(np.float64)
    return [[np.asarray(ring) * scale for ring in rings] if rings else None for rings in example.outlines]


def _logit(p: F32) -> F32:
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(p / (1 - p)), dtype=np.float32)


def _proposed(scenes: list[Scene], first: list[Layer], size: float) -> list[F32]:
    return [proposals.propose(scene, first, size, regions.Effort().proposals) for scene in scenes]


def _calibrated(scenes: list[Scene], n_classes: int, size: float, rng: np.random.Generator) -> tuple[float, float]:
    """Slope and offset that make probabilities of scores (Platt 1999): fitted on images that a shorter training left out.

    A quarter of the images, 40 at most; a box counts as right when it is one of an object that no better box found.
    """
    apart = min(len(scenes) // 4, 40)
    known, others = scenes[apart:], scenes[:apart]
    if not apart or not any(len(scene.boxes) for scene in known):
        return 1.0, 0.0
    first = proposals.learn(known, n_classes, size, rng, proposals.Effort(cells=12_000, epochs=4), None)
    effort = regions.Effort(boxes=6_000, epochs=8)
    second = regions.learn(known, _proposed(known, first, size), n_classes, size, rng, effort, None)
    scores, right = [], []
    for scene in others:
        boxes = proposals.propose(scene, first, size, _PROPOSALS)
        found = _best(*regions.look(scene, boxes, second, size)[::-1])
        scores.append(found.scores)
        right.append(hits(found.boxes, found.classes, scene.boxes, scene.classes))
    return _platt(_logit(np.concatenate(scores)), np.concatenate(right))


def _platt(z: F32, right: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """By Newton's method, drawn a little towards leaving scores as they are; the order of scores is never turned around."""
    x = np.stack([z.astype(np.float64), np.ones(len(z))], axis=1)
    prior = w = np.array([1.0, 0.0])
    for _ in range(20):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        curve = (x * (p * (1 - p))[:, None]).T @ x + np.eye(2)
        w = w - np.linalg.solve(curve, x.T @ (p - right) + (w - prior))
    slope, offset = w.tolist()
    return (slope, offset) if slope > 0 and np.isfinite(w).all() else (1.0, 0.0)


def _best(boxes: F32, scores: F32) -> Found:
    """Each class by itself, as columns of `scores`: a box may be told as two classes, when neither is sure."""
    rows, columns = [], []
    for column in range(scores.shape[1]):
        likely = np.flatnonzero(scores[:, column] >= _LEAST)
        kept = likely[distinct(boxes[likely], scores[likely, column], _OVERLAP, _FOUND)]
        rows.append(kept)
        columns.append(np.full(len(kept), column))
    row, at = np.concatenate(rows), np.concatenate(columns)
    order = np.argsort(-scores[row, at], kind="stable")[:_FOUND]
    row, at = row[order], at[order]
    return Found(boxes[row], at, scores[row, at])


def _axes(examples: list[Example], rng: np.random.Generator) -> Axes:
    each = max(1, _FOR_AXES // len(examples))
    sample = []
    for example in examples:
        channels = stacked(example.features)
        flat = channels.reshape(-1, channels.shape[-1])
        sample.append(flat[rng.permutation(len(flat))[:each]])
    fine, *rest = (level.shape[-1] for level in examples[0].features.levels)
    return axes(np.concatenate(sample), [4 * fine, *rest], _AXES)


def _copied(net: list[Layer]) -> list[Layer]:
    return [Layer(weights.copy(), bias.copy()) for weights, bias in net]


def _check(example: Example, n_classes: int) -> None:
    boxes, classes = np.asarray(example.boxes), np.asarray(example.classes)
    if boxes.ndim != 2 or boxes.shape[1:] != (4,) or classes.shape != boxes.shape[:1]:
        raise InputError(f"boxes are [m, 4] with a class each, received {list(boxes.shape)} with classes {list(classes.shape)}")
    if len(example.outlines) not in (0, len(boxes)):
        raise InputError(f"outlines are given for every box or for none, received {len(example.outlines)} for {len(boxes)} boxes")
    good = np.isfinite(boxes).all(axis=1) & (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    if not good.all():
        bad = boxes[~good][0].tolist()
        raise InputError(f"box {bad} is empty or not finite; a box is left, top, right, bottom in pixels")
    if len(classes) and not (classes.min() >= 0 and classes.max() < n_classes):
        raise InputError(f"classes are 0 to {n_classes - 1}, received {int(classes.min())} to {int(classes.max())}")
