"""A detector that learns from the first labeled images within seconds: two looks at frozen dense features, in numpy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from modicum.engine import perceptron, proposals, regions
from modicum.engine.arrays import F32, Ints
from modicum.engine.boxes import distinct, within
from modicum.engine.cells import Axes, Features, axes, stacked
from modicum.engine.head_parts import misfit, pack, unpacked
from modicum.engine.perceptron import Layer
from modicum.engine.proposals import Scene
from modicum.errors import InputError

MOST_IMAGES = 300  # that are learned from; more are drawn at random
_AXES = 96
_FOR_AXES = 24_000  # cells
_PROPOSALS = 120  # an image
_FOUND = 300  # boxes an image at most
_LEAST = 0.01  # score of a box worth telling
_OVERLAP = 0.45  # of two boxes of one class at most


class Example(NamedTuple):
    """One labeled image: its features, boxes [m, 4] left, top, right, bottom in image pixels, and their classes [m].

    An image without objects has no boxes, and teaches as well.
    """

    features: Features
    boxes: npt.NDArray[np.floating]
    classes: npt.NDArray[np.integer]


class Found(NamedTuple):
    """Boxes float32 [k, 4], left, top, right, bottom in image pixels, classes int64 [k], scores float32 [k], best first."""

    boxes: F32
    classes: Ints
    scores: F32


@dataclass(frozen=True, eq=False)
class Detector:
    """What `fit` learned. classes: ids of those seen in labels; size: of a usual box, network pixels; the rest are layers."""

    classes: Ints
    size: float
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

    def predict(self, features: Features) -> Found:
        """Every object the detector makes out, with the probability that it is one. Raises InputError for other features."""
        scene = Scene(self.axes(features), np.empty((0, 4), np.float32), np.empty(0, np.int64))
        boxes = proposals.propose(scene, self.cell_layers, self.size, _PROPOSALS)
        if not len(boxes):
            return Found(boxes, np.empty(0, np.int64), np.empty(0, np.float32))
        scores, boxes = regions.look(scene, boxes, self.box_layers, self.size)
        boxes = within(boxes / features.scale, features.size)
        return _best(boxes, scores, self.classes)

    def to_bytes(self) -> bytes:
        """The detector as an .npz, without pickle."""
        return pack(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Detector":
        """The detector `to_bytes` wrote. Raises InputError for anything else; nothing is unpickled."""
        with unpacked(data, "detector") as parts:
            arrays = {name: parts[name].astype(np.float32) for name in cls.__annotations__ if name not in ("classes", "size")}
            found = cls(classes=parts["classes"].astype(np.int64), size=float(parts["size"]), **arrays)
        if found.classes.ndim != 1 or found.turn.ndim != 2 or found.mean.shape != found.turn.shape[:1] or not found.size > 0:
            raise misfit()
        if not all(np.isfinite(part).all() for part in (found.mean, found.turn, found.size)):
            raise misfit()
        k, outputs = found.turn.shape[1], len(found.classes) + 4
        perceptron.check_fit(found.cell_layers, 9 * k, outputs)
        perceptron.check_fit(found.box_layers, regions.inputs(k), outputs)
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


def fit(images: Sequence[Example], n_classes: int, rng: np.random.Generator, *, warm: Detector | None = None) -> Detector:
    """Learn from labeled images; `warm`, the detector of the round before, makes it faster.

    `images` may read an example from a file each time it is asked for one. Raises InputError when there is no box at all, for
    boxes that are empty or not finite, and for classes that are not 0 .. n_classes - 1.
    """
    chosen = rng.permutation(len(images))[:MOST_IMAGES]
    examples = [images[int(place)] for place in chosen]
    for example in examples:
        _check(example, n_classes)
    classes = np.array(sorted({int(kind) for example in examples for kind in example.classes}), dtype=np.int64)
    if not len(classes):
        raise InputError("there is no box to learn from yet: draw some first")
    if warm is not None and not np.array_equal(warm.classes, classes):
        warm = None
    turn = warm.axes if warm else _axes(examples, rng)
    scenes = [
        Scene(turn(e.features), (e.boxes * e.features.scale).astype(np.float32), np.searchsorted(classes, e.classes))
        for e in examples
    ]
    size = warm.size if warm else proposals.usual_size(scenes)
    first = proposals.learn(scenes, len(classes), size, rng, proposals.Effort(), _copied(warm.cell_layers) if warm else None)
    proposed = [proposals.propose(scene, first, size, regions.Effort().proposals) for scene in scenes]
    second = regions.learn(
        scenes, proposed, len(classes), size, rng, regions.Effort(), _copied(warm.box_layers) if warm else None
    )
    return Detector(classes, size, *turn, *first[0], *first[1], *second[0], *second[1])


def _best(boxes: F32, scores: F32, classes: Ints) -> Found:
    """Each class by itself: a box may be told as two classes, when neither is sure."""
    rows, columns = [], []
    for column in range(len(classes)):
        likely = np.flatnonzero(scores[:, column] >= _LEAST)
        kept = likely[distinct(boxes[likely], scores[likely, column], _OVERLAP, _FOUND)]
        rows.append(kept)
        columns.append(np.full(len(kept), column))
    row, at = np.concatenate(rows), np.concatenate(columns)
    order = np.argsort(-scores[row, at], kind="stable")[:_FOUND]
    row, at = row[order], at[order]
    return Found(boxes[row], classes[at], scores[row, at])


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
    good = np.isfinite(boxes).all(axis=1) & (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    if not good.all():
        bad = boxes[~good][0].tolist()
        raise InputError(f"box {bad} is empty or not finite; a box is left, top, right, bottom in pixels")
    if len(classes) and not (classes.min() >= 0 and classes.max() < n_classes):
        raise InputError(f"classes are 0 to {n_classes - 1}, received {int(classes.min())} to {int(classes.max())}")
