"""The detector's third look, where people draw outlines: which places inside a box belong to the object, and its outline."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from modicum.engine import outlines
from modicum.engine.arrays import F32
from modicum.engine.cells import inside
from modicum.engine.outlines import Ring
from modicum.engine.perceptron import Layer, Training, forward, layers, sigmoid
from modicum.engine.proposals import Scene

LEAST = 3  # outlines from which there is something to learn
_CHANNELS = 48
_SIDE = 24  # places along a box
_WIDER = 1.1  # a box is looked at with this much around it
_FINER = 4  # pixels of the traced outline to a place
_HIDDEN = 48
_MOST = 1_500  # outlines that are learned from
_BATCH, _STEPS, _RATE = 1_024, 500, 3e-3
_INSIDE = 0.35  # probability from which a place is inside: below a half, because IoU forgives what is drawn in excess sooner
_TOLERANCE = 1.0  # of the outline, in pixels of the tracing


def inputs(k: int) -> int:
    """How many values are read at a place of a map of k axes."""
    return 2 * min(k, _CHANNELS) + 6


def learn(
    scenes: Sequence[Scene], drawn: Sequence[Sequence[Sequence[Ring] | None]], rng: np.random.Generator, start: list[Layer] | None
) -> list[Layer] | None:
    """The layers that read a place inside a box; `drawn` holds rings in network pixels, or none, of every box of every scene.

    None when fewer than three boxes have an outline.
    """
    known = [(k, place) for k, rows in enumerate(drawn) for place, rings in enumerate(rows) if rings]
    if len(known) < LEAST:
        return None
    x, y = [], []
    for k, place in (known[int(at)] for at in rng.permutation(len(known))[:_MOST]):
        rings, box = drawn[k][place], scenes[k].boxes[place : place + 1]
        x.append(_seen(scenes[k], box)[0])
        y.append(_filled(rings or (), box[0]).ravel())
    places, covered = np.concatenate(x), np.concatenate(y).astype(np.float32)[:, None]
    net = start or layers([places.shape[1], _HIDDEN, 1], rng)
    training = Training(net, _STEPS, rng, rate=_RATE, decay=0.1, drop=0.3)
    for _ in range(_STEPS):
        at = rng.integers(len(places), size=_BATCH)
        training.step(places[at], partial(_slope, covered[at]))
    return net


def draw(scene: Scene, boxes: F32, net: list[Layer]) -> list[list[Ring]]:
    """The outline of the object in each box [n, 4]: its largest part, in network pixels; the box itself where none is seen."""
    found = []
    for box in boxes:
        covered = sigmoid(forward(_seen(scene, box[None])[0], net)).reshape(_SIDE, _SIDE)
        rings = outlines.trace(_enlarged(covered) > _INSIDE)
        largest = max(rings, key=outlines.area, default=None)
        found.append([_corners(box) if largest is None else _placed(outlines.simplified(largest, _TOLERANCE), box)])
    return found


def _slope(covered: F32, z: F32) -> F32:
    return (sigmoid(z) - covered) / np.float32(len(z))


def _seen(scene: Scene, boxes: F32) -> F32:
    """What is read at every place of each box, [n, places, values]: the place, what the box holds altogether, and where it is."""
    samples = inside(scene.cells[..., :_CHANNELS], boxes, _SIDE, _WIDER).reshape(len(boxes), _SIDE * _SIDE, -1)
    line = (np.arange(_SIDE, dtype=np.float32) + 0.5) / _SIDE * 2 - 1
    down, right = (part.ravel() for part in np.meshgrid(line, line, indexing="ij"))
    where = np.stack([right, down, right**2, down**2, right * down, np.maximum(abs(right), abs(down))], axis=1)
    whole = np.broadcast_to(samples.mean(axis=1, keepdims=True), samples.shape)
    return np.concatenate([samples, whole, np.broadcast_to(where, (len(boxes), *where.shape))], axis=2, dtype=np.float32)


def _filled(rings: Sequence[Ring], box: F32) -> npt.NDArray[np.bool_]:
    """The places of a box that rings enclose, bool [side, side]."""
    corner, step = _grid(box)
    return outlines.filled([(ring - corner) / step for ring in rings], _SIDE, _SIDE)


def _placed(ring: Ring, box: F32) -> Ring:
    """From pixels of the tracing to network pixels, held inside the box as it is looked at."""
    corner, step = _grid(box)
    return corner + ring / _FINER * step


def _grid(box: F32) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Corner of the first place of a box, and the size of a place."""
    low, high = box[:2].astype(np.float64), box[2:].astype(np.float64)
    sides = np.maximum(high - low, 1e-3) * _WIDER
    return (low + high - sides) / 2, sides / _SIDE


def _corners(box: F32) -> Ring:
    x0, y0, x1, y1 = box.astype(np.float64)
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def _enlarged(covered: F32) -> F32:
    """Interpolated to the pixels of the tracing."""
    at = np.clip((np.arange(_SIDE * _FINER) + 0.5) / _FINER - 0.5, 0, _SIDE - 1)
    spread = np.maximum(1 - abs(at[:, None] - np.arange(_SIDE)), 0).astype(np.float32)
    return np.asarray(spread @ covered @ spread.T, dtype=np.float32)
