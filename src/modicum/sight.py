"""What the project's own detector sees: images as dense features, drawings as examples, and boxes as suggestions."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import overload

import numpy as np
import numpy.typing as npt
import structlog

from modicum import images
from modicum.encoders import dense
from modicum.engine import image_utility, measure, outlines
from modicum.engine.boxes import distinct
from modicum.engine.cells import Features
from modicum.engine.detector import Detector, Example, Found
from modicum.engine.outlines import Ring
from modicum.errors import ModicumError
from modicum.geometry import Box, Ellipse, Geometry, Kind, Mask, Points, Polygon, Polyline, Rotated, Shape, Shapes
from modicum.home import Home
from modicum.sources.uris import read_uri
from modicum.store.drawings import Drawn, Predicted
from modicum.types import Item, Prediction, Schema

ONE_OBJECT = 0.7  # two boxes that overlap more are one object, whatever their classes
SUGGESTED = (Kind.BOX, Kind.POLYGON, Kind.ROTATED, Kind.ELLIPSE)  # kinds a box can become
_log = structlog.get_logger(__name__)

Ints = npt.NDArray[np.int64]
Kinds = dict[int, Kind | None]  # by class id


# --- images and drawings -----------------------------------------------------------------------------------------------


class Eye:
    """Sees the features of an item; of those somebody has drawn on they are kept, since every round learns from them again."""

    def __init__(self, home: Home, project_id: int, stop: Callable[[], bool] = lambda: False) -> None:
        self._stop = stop
        self._folder = home.dense_of(project_id)
        self._network = dense.load(home.cache)

    def look(self, item: Item) -> Features:
        """Raises ModicumError when the image cannot be read, RuntimeError once the program wants to end."""
        if self._stop():  # a process that ends while the network runs does not end well
            raise RuntimeError("stopped while looking at images")
        return self._network(images.decode(read_uri(item.uri)))

    def kept(self, item: Item) -> Features:
        """The same, from the disk where it was seen before."""
        path = self._folder / f"{item.sha256}.npz"
        if path.exists() and (found := _read(path)) is not None:
            return found
        found = self.look(item)
        self._folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, *found.levels, size=np.array(found.size), inner=np.array(found.inner))
        part.replace(path)
        return found


def _read(path: Path) -> Features | None:
    """None for a file that is broken: it is seen anew."""
    try:
        with np.load(path, allow_pickle=False) as parts:
            levels = tuple(parts[f"arr_{k}"] for k in range(len(parts.files) - 2))
            w, h, inner_w, inner_h = (int(side) for side in (*parts["size"], *parts["inner"]))
            return Features(levels, (w, h), (inner_w, inner_h))
    except (OSError, ValueError, KeyError, EOFError):
        return None


def seen_at(look: Callable[[Item], Features], item: Item) -> Features | None:
    """None, and a line in the log, for an image that cannot be read any more: the others are learned from all the same."""
    try:
        return look(item)
    except ModicumError as error:
        _log.warning("image left out", item=item.id, error=error.message)
        return None


class Examples(Sequence[Example]):
    """Drawn images as examples, read when somebody asks for one."""

    def __init__(self, drawn: Sequence[Drawn], eye: Eye) -> None:
        self._drawn, self._eye = drawn, eye

    def __len__(self) -> int:
        return len(self._drawn)

    @overload
    def __getitem__(self, place: int) -> Example: ...
    @overload
    def __getitem__(self, place: slice) -> "Examples": ...
    def __getitem__(self, place: int | slice) -> "Example | Examples":
        if isinstance(place, slice):
            return Examples(self._drawn[place], self._eye)
        entry = self._drawn[place]
        return Example(self._eye.kept(entry.item), *boxes_of(entry), _outlines(entry))


def boxes_of(drawn: Drawn) -> tuple[npt.NDArray[np.float32], Ints]:
    """Boxes [m, 4] (left, top, right, bottom, in the image) and classes [m] of everything drawn that has an extent."""
    shapes = _extended(drawn)
    boxes = np.array([_within(drawn, shape) for shape in shapes], dtype=np.float32).reshape(-1, 4)
    return boxes, np.array([shape.class_id for shape in shapes], dtype=np.int64)


def _extended(drawn: Drawn) -> list[Shape]:
    """The shapes that cover a pixel or more of the image across and down, lines and points left out."""
    found = []
    for shape in drawn.shapes.shapes:
        if not isinstance(shape.geometry, (Points, Polyline)):
            x0, y0, x1, y1 = _within(drawn, shape)
            if x1 - x0 >= 1 and y1 - y0 >= 1:
                found.append(shape)
    return found


def _within(drawn: Drawn, shape: Shape) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = measure.bounds(shape.geometry)
    return max(x0, 0.0), max(y0, 0.0), min(x1, float(drawn.item.width)), min(y1, float(drawn.item.height))


def _outlines(drawn: Drawn) -> list[list[Ring] | None]:
    """What is known of each shape's outline: nothing where just a box was drawn."""
    found: list[list[Ring] | None] = []
    for shape in _extended(drawn):
        geometry = shape.geometry
        if isinstance(geometry, Mask):
            found.append([ring + np.array((geometry.x, geometry.y)) for ring in outlines.trace(measure.unpacked(geometry))])
        elif isinstance(geometry, (Polygon, Ellipse)):
            found.append([np.array(ring) for ring in measure.rings(geometry)])
        else:
            found.append(None)
    return found


# --- suggestions ------------------------------------------------------------------------------------------------------


def predict(detector: Detector, number: int, wanted: Sequence[Item], eye: Eye, kinds: Kinds) -> list[Predicted]:
    """What the detector of round `number` says of these items; those that cannot be read are left out.

    `kinds` gives the kind of shape of each class. A box that two classes claim is suggested as the likelier one.
    """
    told = []
    for item in wanted:
        features = seen_at(eye.look, item)
        if features is None:
            continue
        found = detector.predict(features)
        likely = np.flatnonzero(found.scores >= image_utility.TOLD)
        places = likely[distinct(found.boxes[likely], found.scores[likely], ONE_OBJECT, len(likely))]
        drawn, notes = _drawn(detector, features, found, places, kinds)
        shapes = tuple(
            Shape(
                id=f"{number}-{k}",
                class_id=int(found.classes[place]),
                geometry=geometry,
                score=round(min(float(found.scores[place]), 1.0), 4),
                model=str(number),
            )
            for k, (place, geometry) in enumerate(drawn)
        )
        sure = float(np.mean([shape.score for shape in shapes])) if shapes else 0.0
        said = Prediction(model=number, value=Shapes(shapes=shapes), confidence=round(sure, 4))
        told.append(Predicted(item.id, said, image_utility.utility(found.scores), notes))
    return told


def _drawn(
    detector: Detector, features: Features, found: Found, places: Ints, kinds: Kinds
) -> tuple[list[tuple[int, Geometry]], tuple[str, ...]]:
    """(place, shape) of all that can be drawn as its class is drawn, and a note for every class of which nothing can be."""
    wished = [kinds.get(int(found.classes[place])) for place in places]
    rings: dict[int, list[Ring]] = {}
    if detector.draws:
        outlined = [int(place) for place, kind in zip(places, wished, strict=True) if kind is Kind.POLYGON]
        rings = dict(zip(outlined, detector.outlines(features, found.boxes[outlined]), strict=True)) if outlined else {}
    drawn: list[tuple[int, Geometry]] = []
    left_out = {int(found.classes[place]) for place, kind in zip(places, wished, strict=True) if kind is None}
    for place, kind in zip(places.tolist(), wished, strict=True):
        if kind is not None:
            drawn.append((place, _geometry(kind, found.boxes[place].tolist(), rings.get(place, []))))
    return drawn, tuple(f"class {k} allows no shape that a box can become: nothing is suggested for it" for k in sorted(left_out))


def _geometry(kind: Kind, corners: list[float], rings: list[Ring]) -> Geometry:
    x0, y0, x1, y1 = corners
    w, h = max(round(x1 - x0, 1), 1.0), max(round(y1 - y0, 1), 1.0)
    x, y = round(x0, 1), round(y0, 1)
    if kind is Kind.ROTATED:
        return Rotated(cx=x + w / 2, cy=y + h / 2, w=w, h=h)
    if kind is Kind.ELLIPSE:
        return Ellipse(cx=x + w / 2, cy=y + h / 2, rx=w / 2, ry=h / 2)
    if kind is Kind.POLYGON:
        outline = [tuple((px, py) for px, py in ring.round(1).tolist()) for ring in rings if len(ring) >= 3]
        return Polygon(rings=tuple(outline) or (((x, y), (x + w, y), (x + w, y + h), (x, y + h)),))
    return Box(x=x, y=y, w=w, h=h)


def kinds_of(schema: Schema, drawn: Iterable[Drawn]) -> Kinds:
    """The kind of shape the detector suggests for each class: what people mostly draw it as, as far as the class allows it.

    Masks are suggested as polygons. None for a class that allows nothing a box can become, such as keypoints alone.
    """
    counted: dict[int, Counter[Kind]] = {entry.id: Counter() for entry in schema.classes}
    for entry in drawn:
        for shape in entry.shapes.shapes:
            kind = Kind(shape.geometry.kind)
            counted[shape.class_id][Kind.POLYGON if kind is Kind.MASK else kind] += 1
    kinds: Kinds = {}
    for one in schema.classes:
        usual = [kind for kind, _ in counted[one.id].most_common() if kind in SUGGESTED]
        kinds[one.id] = next((kind for kind in (*usual, *SUGGESTED) if not one.shapes or kind in one.shapes), None)
    return kinds
