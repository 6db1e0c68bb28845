"""Assisted drawing: a few clicks on an item's image in, a geometry out. Each tool works on a crop around the clicks, scaled to
a bounded size, so that its answer takes as long on a large image as on a small one.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from modicum.crops import PICTURES, Colours, Crop, crop
from modicum.engine import cutting, fitting, outlines, superpixels, wire
from modicum.engine.outlines import Pixels, Ring
from modicum.errors import InputError, ModicumError
from modicum.frozen import Frozen
from modicum.geometry import Box, Geometry, Length, Mask, Point, Polygon, Polyline
from modicum.home import Home
from modicum.models import sam
from modicum.models.sam import Sam

TOLERANCE = 0.5  # of simplified outlines, in pixels of the crop
SIDE = 160  # pixels of a crop's object side for cutting
WIRE_SIDE = 320
WAND_SIDE = 192
FINE = 512  # pixels a model's mask of an object is enlarged to
SUPERPIXELS = 300  # of a crop
FEW = 5  # points up to which an outline is fitted to the image; from more of them straight lines are as good or better
DETOUR = 1.15  # how much longer the way through clicks in their order may be than the shortest found
SLACK = 0.05  # of the extent: how far beyond the outermost clicks a later one may lie

Tool = Literal["extreme", "scribbles", "scissors", "wand", "model"]
Kind = Literal["polygon", "mask", "box", "polyline"]


class Stroke(Frozen):
    """A scribble: where the pointer went, and whether that lies inside the object."""

    points: tuple[Point, ...] = Field(min_length=1, max_length=2000)
    inside: bool = True


class Ask(Frozen):
    """What a tool gets. Points are clicks in image pixels; `labels` says of each whether it lies inside (1) or outside (0).

    extreme: four points or more on the outline; the outermost ones first and in any order, or all of them going round.
    scribbles: strokes, points as dots, a box or none.
    scissors: points on the outline in their order.
    wand: points inside and outside; a box of what is in view, or none; `reach` is how much the colour may change.
    model: points inside and outside, a box or both, for the segmenter in the home folder.
    """

    tool: Tool
    points: tuple[Point, ...] = Field(default=(), max_length=200)
    labels: tuple[Literal[0, 1], ...] = Field(default=(), max_length=200)
    scribbles: tuple[Stroke, ...] = Field(default=(), max_length=50)
    box: Box | None = None
    into: Kind = Field(default="polygon", alias="as")
    reach: Annotated[Length, Field(le=200)] = 10.0
    width: Annotated[Length, Field(le=500)] = 6.0


class Assisted(Frozen):
    """What a tool proposes, the likeliest first; none when it found nothing. `seconds` is what the answer took."""

    proposals: tuple[Geometry, ...]
    seconds: float


def assist(key: str, read: Callable[[], bytes], ask: Ask, home: Home | None = None) -> Assisted:
    """What the asked tool makes of the clicks on an image. Raises InputError for clicks it can do nothing with.

    `key` names the image's content, `read` gives its bytes; the tool `model` needs a home.
    """
    began = time.perf_counter()
    checked(ask)
    if ask.tool == "model":
        found = _segmented(segmenter(home), key, PICTURES.get(key, read), ask)
    else:
        found = propose(PICTURES.get(key, read), ask)
    return Assisted(proposals=tuple(found), seconds=round(time.perf_counter() - began, 4))


def checked(ask: Ask) -> None:
    """Raises InputError when a tool lacks what it needs."""
    if ask.labels and len(ask.labels) != len(ask.points):
        raise InputError(f"{len(ask.labels)} labels for {len(ask.points)} points: send one a point, or none", path="$.labels")
    if ask.tool == "extreme" and len(ask.points) < 4:
        raise InputError(f"extreme clicking needs 4 points, these are {len(ask.points)}", path="$.points")
    if ask.tool == "scissors" and len(ask.points) < 2:
        raise InputError(f"the scissors need 2 points, these are {len(ask.points)}", path="$.points")
    if ask.tool == "wand" and not any(inside for _, inside in clicks(ask)):
        raise InputError("the wand needs a point inside the object", path="$.points")
    if ask.tool == "model" and ask.box is None and not any(inside for _, inside in clicks(ask)):
        raise InputError("the model needs a point inside the object, or a box", path="$.points")
    if ask.tool == "scribbles" and ask.box is None and not any(inside for _, inside in strokes(ask)):
        raise InputError("GrabCut needs a box, or a stroke inside the object", path="$.scribbles")


def clicks(ask: Ask) -> list[tuple[Ring, bool]]:
    """Points with whether they lie inside; without labels all do."""
    labels = ask.labels or (1,) * len(ask.points)
    return [(np.array(point, np.float64), bool(label)) for point, label in zip(ask.points, labels, strict=True)]


def strokes(ask: Ask) -> list[tuple[Ring, bool]]:
    """Scribbles, and points as scribbles of one point, last."""
    drawn = [(np.array(stroke.points, np.float64), stroke.inside) for stroke in ask.scribbles]
    return drawn + [(point[None], inside) for point, inside in clicks(ask)]


def propose(pixels: Colours, ask: Ask) -> list[Geometry]:
    """The tool's answers on the image uint8[h, w, 3], the likeliest first; clicks beside the image count as on its edge."""
    ask = _within(ask, pixels.shape[1], pixels.shape[0])
    match ask.tool:
        case "extreme":
            return _extreme(pixels, ask)
        case "scribbles":
            return _scribbles(pixels, ask)
        case "scissors":
            return _scissors(pixels, ask)
        case "wand":
            return _wand(pixels, ask)
        case "model":
            raise InputError("the model works on a home's images: call assist", path="$.tool")


def _within(ask: Ask, width: int, height: int) -> Ask:
    def near(points: tuple[Point, ...]) -> tuple[Point, ...]:
        return tuple((min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))) for x, y in points)

    scribbles = tuple(Stroke(points=near(stroke.points), inside=stroke.inside) for stroke in ask.scribbles)
    box = ask.box
    if box is not None:
        (x0, y0), (x1, y1) = near(((box.x, box.y), (box.x + box.w, box.y + box.h)))
        if x0 >= x1 or y0 >= y1:
            raise InputError(f"the box lies outside the image of {width} x {height} pixels", path="$.box")
        box = Box(x=x0, y=y0, w=x1 - x0, h=y1 - y0)
    return ask.model_copy(update={"points": near(ask.points), "scribbles": scribbles, "box": box})


# --- the tools ---------------------------------------------------------------------------------------------------------


def _extreme(pixels: Colours, ask: Ask) -> list[Geometry]:
    """Extreme clicking (Papadopoulos et al. 2017): an outline fitted through the clicks, their polygon, GrabCut."""
    points = in_order(np.array(ask.points, np.float64))
    if ask.into == "box":
        return _shown([points], ask.into, pixels)
    near = crop(pixels, points, fitting.SIDE, 0.35)
    ring = near.back(fitting.fitted(near.pixels, near.place(points)))
    fit, straight = [_simple(ring, near)], [points]
    if len(points) > FEW:
        return [shape for rings in (straight, fit) for shape in _shown(rings, ask.into, pixels)]
    around = crop(pixels, points, SIDE, 0.3)
    hints = cutting.hints_of_ring(around.pixels.shape[:2], around.place(ring), 0.2)
    grabbed = _outline(cutting.cut(around.pixels, hints), around)
    return [shape for rings in (fit, straight, grabbed) for shape in _shown(rings, ask.into, pixels)]


def in_order(points: Ring) -> Ring:
    """Points on an outline in the order in which one meets them going round.

    When the first four span all of them, they are the outermost ones in any order, and each later one goes into the gap that it
    lengthens least. Otherwise somebody went round the outline, and the order stays.
    """
    first = points[:4]
    extent = np.ptp(points, axis=0)
    if ((extent - np.ptp(first, axis=0)) > SLACK * extent.max()).any():
        return points
    middle = (first.min(axis=0) + first.max(axis=0)) / 2
    angles = np.arctan2(first[:, 1] - middle[1], first[:, 0] - middle[0])
    ring = first if not outlines.crossed(first) else first[np.argsort(angles)]
    for point in points[4:]:
        after = np.roll(ring, -1, axis=0)
        longer = np.hypot(*(ring - point).T) + np.hypot(*(after - point).T) - np.hypot(*(after - ring).T)
        rings = [np.insert(ring, place + 1, point, axis=0) for place in np.argsort(longer)]
        ring = next((one for one in rings if not outlines.crossed(one)), rings[0])
    given_is_fine = _around(points) <= DETOUR * _around(ring) and not outlines.crossed(points)
    return points if given_is_fine else ring


def _around(ring: Ring) -> float:
    return float(np.hypot(*(np.roll(ring, -1, axis=0) - ring).T).sum())


def _scribbles(pixels: Colours, ask: Ask) -> list[Geometry]:
    """GrabCut with strokes; without a box the object is looked for around the strokes inside."""
    drawn = strokes(ask)
    if ask.box is not None:
        x, y, w, h = ask.box.x, ask.box.y, ask.box.w, ask.box.h
        corners, margin = np.array([[x, y], [x + w, y + h]]), 0.3
    else:
        own = np.concatenate([points for points, inside in drawn if inside])
        grown = max(float(np.ptp(own, axis=0).max()), ask.width * 8)
        middle = (own.min(axis=0) + own.max(axis=0)) / 2
        corners, margin = middle + np.array([[-1.25, -1.25], [1.25, 1.25]]) * grown, 0.0
    around = crop(pixels, corners, SIDE, margin)
    box = around.place(corners)
    hints = cutting.hints_of_box(around.pixels.shape[:2], (*box[0].tolist(), *box[1].tolist()))
    if ask.box is None:  # colours inside are those of the strokes alone
        hints[:] = cutting.MAYBE_OUTSIDE
    width = max(1.0, ask.width * float(around.scale.mean()))
    hints = cutting.scribbled(hints, [(around.place(points), inside) for points, inside in drawn], width)
    return _shown(_outline(cutting.cut(around.pixels, hints), around), ask.into, pixels)


def _scissors(pixels: Colours, ask: Ask) -> list[Geometry]:
    """The line along edges through all points, closed unless a line is asked for; the straight one beside it."""
    points = np.array(ask.points, np.float64)
    closed = ask.into != "polyline" and len(points) > 2
    around = crop(pixels, points, WIRE_SIDE, 0.2, most=1.0)
    visited = around.place(np.concatenate([points, points[:1]]) if closed else points)
    way = around.back(wire.wire(around.pixels, visited))
    if not closed:
        line = outlines.straightened(way, TOLERANCE / float(around.scale.mean()), closed=False)
        return [Polyline(points=_points(line)), Polyline(points=_points(points))]
    return [shape for ring in (_simple(way[:-1], around), points) for shape in _shown([ring], ask.into, pixels)]


def _wand(pixels: Colours, ask: Ask) -> list[Geometry]:
    """Superpixels as far as colour leads, in the box (what is in view), or else in a window around the clicks."""
    placed = clicks(ask)
    points = np.array([point for point, _ in placed])
    height, width = pixels.shape[:2]
    if ask.box is not None:
        window = np.array([[ask.box.x, ask.box.y], [ask.box.x + ask.box.w, ask.box.y + ask.box.h]])
    else:
        extent = max(float(np.ptp(points, axis=0).max()) * 2, min(height, width) / 2, 64.0)
        window = (points.min(axis=0) + points.max(axis=0)) / 2 + np.array([[-0.5, -0.5], [0.5, 0.5]]) * extent
    around = crop(pixels, window, WAND_SIDE, 0, most=1.0)
    labels = superpixels.slic(around.pixels, SUPERPIXELS)
    most = np.array(labels.shape[::-1]) - 1
    x, y = np.clip(np.floor(around.place(points)), 0, most).astype(int).T
    inside = np.array([chosen for _, chosen in placed])
    seeds = labels[y, x]
    region = superpixels.wand(around.pixels, labels, seeds[inside], seeds[~inside], ask.reach)
    marked = np.zeros_like(region)
    marked[y[inside], x[inside]] = True
    return _shown(_outline(cutting.large_parts(region, marked), around), ask.into, pixels)


# --- a model -----------------------------------------------------------------------------------------------------------

_LOADED: dict[Path, tuple[int, Sam]] = {}  # by the JSON, with when it was changed
_LOADING = threading.Lock()


def described(home: Home) -> Path:
    """Where a home's segmenter is described; a person puts it there, never the network."""
    return home.path / "assist" / "sam.json"


def segmenter(home: Home | None) -> Sam:
    """The home's segmenter, loaded once. Raises InputError when there is none, ModelError when it cannot be used."""
    if home is None or not described(home).is_file():
        where = described(home) if home else "the home folder"
        raise InputError(f"no segmenter is set up: describe its two ONNX files in {where}", path="$.tool")
    path = described(home)
    changed = path.stat().st_mtime_ns
    with _LOADING:
        if path not in _LOADED or _LOADED[path][0] != changed:
            _LOADED[path] = changed, sam.load(path, home.cache / "embeddings")
        return _LOADED[path][1]


def prepare(home: Home, images: list[tuple[str, Callable[[], bytes]]]) -> None:
    """Encode images ahead of the clicks, (key, bytes) each; one that cannot be read is left for when it is opened."""
    model = segmenter(home)
    for key, read in images:
        if model.has(key):
            continue
        try:
            model.embedding(key, PICTURES.get(key, read))
        except ModicumError:
            continue


def _segmented(model: Sam, key: str, pixels: Colours, ask: Ask) -> list[Geometry]:
    """Masks of the model at the decoder's resolution, enlarged around the object only."""
    height, width = pixels.shape[:2]
    ask = _within(ask, width, height)
    placed = clicks(ask)
    box = None if ask.box is None else (ask.box.x, ask.box.y, ask.box.x + ask.box.w, ask.box.y + ask.box.h)
    points = np.array([point for point, _ in placed]).reshape(-1, 2)
    prompt = sam.Prompt(points, [inside for _, inside in placed], box)
    found: list[Geometry] = []
    for logits in model.masks(model.embedding(key, pixels), prompt, width, height):
        found += _shown(_contours(model.placed(logits, width, height), width, height), ask.into, pixels)
    return found


def _contours(logits: npt.NDArray[np.float32], width: int, height: int) -> list[Ring]:
    """The rings where logits are above 0, in image pixels; coarse masks are enlarged to FINE pixels around the object first."""
    import cv2

    rows, columns = np.nonzero(logits > 0)
    if not len(rows):
        return []
    per = np.array([logits.shape[1] / width, logits.shape[0] / height])  # mask pixels an image pixel
    top, left = max(0, rows.min() - 2), max(0, columns.min() - 2)
    part = logits[top : rows.max() + 3, left : columns.max() + 3]
    factor = float(min(max(FINE / max(part.shape), 1.0), max(1.0, 1 / per.min())))
    shape = max(2, round(part.shape[1] * factor)), max(2, round(part.shape[0] * factor))
    fine = np.asarray(cv2.resize(np.ascontiguousarray(part), shape, interpolation=cv2.INTER_LINEAR))
    grown = np.array(shape) / [part.shape[1], part.shape[0]]
    rings = [ring for ring in outlines.trace(fine > 0) if abs(outlines.area(ring)) >= 4]
    return [(outlines.simplified(ring, TOLERANCE) / grown + [left, top]) / per for ring in rings]


# --- what goes out -----------------------------------------------------------------------------------------------------


def _outline(region: Pixels, around: Crop) -> list[Ring]:
    """The rings of a region of a crop, holes among them, in image pixels; tiny ones are left out."""
    rings = [ring for ring in outlines.trace(region) if abs(outlines.area(ring)) >= 4]
    return [around.back(outlines.simplified(ring, TOLERANCE)) for ring in rings]


def _simple(ring: Ring, around: Crop) -> Ring:
    return outlines.straightened(ring, TOLERANCE / float(around.scale.mean()), closed=True)


def _shown(rings: list[Ring], into: Kind, pixels: Colours) -> list[Geometry]:
    """The rings as one geometry of the kind asked for; nothing when they enclose nothing."""
    height, width = pixels.shape[:2]
    rings = [np.clip(ring, 0, [width, height]) for ring in rings]
    rings = [ring for ring in rings if abs(outlines.area(ring)) >= 0.5]
    if not rings:
        return []
    every = np.concatenate(rings)
    low, high = every.min(axis=0), every.max(axis=0)
    if into == "box":
        (x, y), (w, h) = np.round(low, 2).tolist(), np.round(high - low, 2).tolist()
        return [Box(x=x, y=y, w=w, h=h)] if w > 0 and h > 0 else []
    if into == "mask":
        return _mask(rings, np.floor(low).astype(int), np.ceil(high).astype(int))
    return [Polygon(rings=tuple(_points(ring) for ring in rings))]


def _mask(rings: list[Ring], low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]) -> list[Geometry]:
    (x, y), (w, h) = low.tolist(), (high - low).tolist()
    region = outlines.filled([ring - low for ring in rings], h, w)
    return [Mask(x=x, y=y, w=w, h=h, counts=outlines.runs(region))] if region.any() else []


def _points(ring: Ring) -> tuple[Point, ...]:
    return tuple((x, y) for x, y in np.round(ring, 2).tolist())
