"""A Python object with `predict`: pictures in, for each of them a list of objects as plain dictionaries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modicum.errors import ModelError
from modicum.formats.losses import RefusedError
from modicum.formats.outline import mask_of
from modicum.models.own_code import called, found
from modicum.models.reply import Candidate, Photo, Reply

_SHORT = ("box", "polygon", "mask", "points", "geometry")


@dataclass(frozen=True)
class PythonModel:
    """`predict(images)` gets uint8[h, w, 3] arrays, RGB, upright, and returns one list an image.

    An object is {"class": name, "score": 0 to 1} with one of `box` (x, y, width, height), `polygon` [[x, y], ...], `points`,
    `mask` (bool[h, w] of the whole image) or `geometry` (fields of a geometry with its `kind`); with none of them it is a
    class of the image. `attributes` may be given. All in pixels of the image.
    """

    name: str
    version: str
    thing: Any
    classes: tuple[str, ...] = ()
    step: int = 4

    def __call__(self, photos: Sequence[Photo], /) -> list[Reply]:
        try:
            said = list(self.thing.predict([photo.pixels for photo in photos]))
        except Exception as error:  # of any kind: it is a stranger's code
            raise ModelError(
                f"{self.name}: predict failed ({type(error).__name__}: {' '.join(str(error).split()):.300})"
            ) from error
        if len(said) != len(photos):
            raise ModelError(f"{self.name}: predict returned {len(said)} lists for {len(photos)} images; it needs one for each")
        return [_reply(entry, photo) for entry, photo in zip(said, photos, strict=True)]


def load(place: str) -> PythonModel:
    """`module:object` or `file.py:object`; a class is called without arguments. Raises ModelError."""
    thing, version = found(place)
    made = called(thing, "predict")
    classes = getattr(made, "classes", ())
    return PythonModel(f"python:{place}", version, made, tuple(map(str, classes)) if isinstance(classes, list | tuple) else ())


def _reply(said: Any, photo: Photo) -> Reply:
    if isinstance(said, Mapping) or not isinstance(said, Iterable):
        return Reply((), (f"predict returned {type(said).__name__} for this image instead of a list of objects",))
    candidates, notes = [], []
    for place, entry in enumerate(said):
        try:
            candidates.append(_candidate(entry, photo, f"[{place}]"))
        except (KeyError, TypeError, ValueError, RefusedError) as error:
            notes.append(f"[{place}] was left out: {type(error).__name__}: {error!s:.150}")
    return Reply(tuple(candidates), tuple(notes))


def _candidate(entry: Any, photo: Photo, path: str) -> Candidate:
    if not isinstance(entry, Mapping):
        raise TypeError(f"an object is a dictionary, this one is {type(entry).__name__}")
    unknown = set(entry) - {*_SHORT, "class", "score", "attributes", "group"}
    if unknown:
        raise ValueError(
            f"it has {', '.join(map(repr, sorted(map(str, unknown))))}; known: class, score, attributes, {', '.join(_SHORT)}"
        )
    given = [name for name in _SHORT if entry.get(name) is not None]
    if len(given) > 1:
        raise ValueError(f"it has {' and '.join(given)}; one is enough")
    score = entry.get("score")
    form = _form(given[0], entry[given[0]], photo) if given else None
    return Candidate(
        str(entry["class"]),
        (form,) if form is not None else (),
        None if score is None else float(score),
        dict(entry.get("attributes") or {}),
        None if entry.get("group") is None else int(entry["group"]),
        path,
    )


def _form(kind: str, value: Any, photo: Photo) -> dict[str, Any]:
    if kind == "geometry":
        dump = getattr(value, "model_dump", None)
        return dict(dump() if dump else value)
    if kind == "mask":
        region = np.asarray(value)
        if region.shape != (photo.height, photo.width):
            raise ValueError(
                f"the mask has the shape {list(region.shape)}, the image has {photo.height} rows and {photo.width} columns"
            )
        return mask_of(region.astype(bool), 0, 0).model_dump()
    numbers = np.asarray(value, np.float64)
    if kind == "box":
        if numbers.shape != (4,):
            raise ValueError(f"a box is x, y, width, height; this one has the shape {list(numbers.shape)}")
        x, y, w, h = numbers.tolist()
        return {"kind": "box", "x": x, "y": y, "w": w, "h": h}
    if numbers.ndim != 2 or numbers.shape[1] != 2:
        raise ValueError(f"{kind} is a list of x, y; this one has the shape {list(numbers.shape)}")
    points = [tuple(point) for point in numbers.tolist()]
    return {"kind": "polygon", "rings": [points]} if kind == "polygon" else {"kind": "points", "points": points}
