"""An auto-annotation function as cvat-sdk defines it, in this process: `spec` and `detect(context, image)`.

Only the members are looked at, so cvat-sdk has to be installed only where the function itself imports it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from modicum.errors import ModelError
from modicum.models.own_code import called, found
from modicum.models.reply import Candidate, Photo, Reply


@dataclass(frozen=True)
class Context:
    """What a function is told of an image; the members of cvat-sdk's DetectionFunctionContext."""

    frame_name: str
    conf_threshold: float | None = None
    conv_mask_to_poly: bool = False


@dataclass(frozen=True)
class Label:
    """A label of the spec: its name, its keypoints (sublabel id -> place) and its attributes (id -> name)."""

    name: str
    nodes: Mapping[int, int]
    attributes: Mapping[int, str]


@dataclass(frozen=True)
class CvatModel:
    """A detection function; `above` is handed on as its confidence threshold."""

    name: str
    version: str
    function: Any
    labels: Mapping[int, Label]
    above: float | None = None
    step: int = 1

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.labels.values())

    def __call__(self, photos: Sequence[Photo], /) -> list[Reply]:
        return [self._one(photo) for photo in photos]

    def _one(self, photo: Photo) -> Reply:
        try:
            said = list(self.function.detect(Context(photo.name, self.above), Image.fromarray(photo.pixels)))
        except Exception as error:  # of any kind: it is a stranger's code
            reason = " ".join(str(error).split())[:300]
            raise ModelError(f"{self.name}: detect failed on {photo.name} ({type(error).__name__}: {reason})") from error
        candidates, notes = [], []
        for place, entry in enumerate(said):
            try:
                candidates.append(_candidate(entry, self.labels, f"[{place}]"))
            except (AttributeError, IndexError, TypeError, ValueError) as error:
                notes.append(f"[{place}] was left out: {error!s:.200}")
        return Reply(tuple(candidates), tuple(notes))


def load(place: str, above: float | None = None) -> CvatModel:
    """`module`, `module:object` or `file.py:object`; without an object the module itself or its `create`, as cvat-cli does.

    Raises ModelError when there is no `spec` with labels or no `detect`.
    """
    thing, version = found(place)
    if not hasattr(thing, "spec") and hasattr(thing, "create"):
        thing = thing.create
    function = called(thing, "spec", "detect")
    labels: dict[int, Label] = {}
    for entry in getattr(function.spec, "labels", None) or ():
        number = _member(entry, "id")
        if number is None or number in labels:
            raise ModelError(f"{place}: the label {_member(entry, 'name')!r} has no id, or one that another label has")
        labels[int(number)] = _label(entry)
    if not labels:
        raise ModelError(f"{place}: its spec has no labels; a detection function names what it can find")
    return CvatModel(f"cvat:{place}", version, function, labels, above)


def _label(entry: Any) -> Label:
    nodes = {int(_member(part, "id")): place for place, part in enumerate(_member(entry, "sublabels") or ())}
    attributes = {int(_member(part, "id")): str(_member(part, "name")) for part in _member(entry, "attributes") or ()}
    return Label(str(_member(entry, "name")), nodes, attributes)


def _candidate(entry: Any, labels: Mapping[int, Label], path: str) -> Candidate:
    label = labels.get(int(_member(entry, "label_id")))
    if label is None:
        raise ValueError(f"its label_id {_member(entry, 'label_id')} is none of the spec's: {', '.join(map(str, labels))}")
    score = _member(entry, "score")
    answers = {_attribute(label, part): _member(part, "value") for part in _member(entry, "attributes") or ()}
    group = _member(entry, "group") or None  # CVAT's 0 stands for none
    forms = () if _member(entry, "type") is None else (_form(entry, label),)
    return Candidate(label.name, forms, None if score is None else float(score), answers, group, path)


def _attribute(label: Label, part: Any) -> str:
    number = int(_member(part, "spec_id"))
    return label.attributes.get(number, f"attribute {number}")


def _form(entry: Any, label: Label) -> dict[str, Any]:
    """Fields of our geometry; points are in pixels, angles in degrees clockwise, as in CVAT."""
    kind = str(_value(_member(entry, "type")))
    numbers = [float(number) for number in _member(entry, "points") or ()]
    angle = float(_member(entry, "rotation") or 0.0)
    if kind == "rectangle":
        x0, y0, x1, y1 = numbers
        if angle:
            return {"kind": "rotated", "cx": (x0 + x1) / 2, "cy": (y0 + y1) / 2, "w": x1 - x0, "h": y1 - y0, "angle": angle % 360}
        return {"kind": "box", "x": x0, "y": y0, "w": x1 - x0, "h": y1 - y0}
    if kind == "ellipse":
        cx, cy, right, top = numbers
        return {"kind": "ellipse", "cx": cx, "cy": cy, "rx": right - cx, "ry": cy - top, "angle": angle % 360}
    if kind == "mask":
        return _mask(numbers)
    if kind == "skeleton":
        return _skeleton(entry, label)
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    if kind == "polygon":
        return {"kind": "polygon", "rings": [points]}
    if kind in ("polyline", "points"):
        return {"kind": kind, "points": points}
    raise ValueError(f"a {kind} is no shape of an image here; rectangle, ellipse, polygon, polyline, points, mask, skeleton are")


def _mask(numbers: list[float]) -> dict[str, Any]:
    """Run lengths row by row, background first, then left, top, right and bottom of the patch, the last two inside it."""
    if len(numbers) < 5 or not all(np.isfinite(number) and number == int(number) for number in numbers):
        raise ValueError("a mask is whole numbers: run lengths, then left, top, right, bottom")
    *counts, x0, y0, x1, y1 = (int(number) for number in numbers)
    return {"kind": "mask", "x": x0, "y": y0, "w": x1 - x0 + 1, "h": y1 - y0 + 1, "counts": counts}


def _skeleton(entry: Any, label: Label) -> dict[str, Any]:
    """Elements in the order of the spec's sublabels; those left out or outside are not marked."""
    nodes: list[tuple[float, float, int]] = [(0.0, 0.0, 0)] * len(label.nodes)
    for part in _member(entry, "elements") or ():
        number = int(_member(part, "label_id"))
        if number not in label.nodes:
            raise ValueError(f"its element {number} is no sublabel of {label.name!r}")
        x, y = (float(value) for value in _member(part, "points"))
        seen = 0 if _member(part, "outside") else 1 if _member(part, "occluded") else 2
        nodes[label.nodes[number]] = (x, y, seen)
    return {"kind": "skeleton", "nodes": nodes}


def _member(entry: Any, name: str) -> Any:
    """A member or, of a dictionary, an entry; none when it is not set."""
    return entry.get(name) if isinstance(entry, Mapping) else getattr(entry, name, None)


def _value(kind: Any) -> Any:
    return getattr(kind, "value", kind)
