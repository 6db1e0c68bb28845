"""Shapes that exist already, for the images of an import: found by name, fitted to the project's classes, the rest reported.

What is settled in a file becomes labels; what it says models predict becomes pre-labels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path, PurePosixPath

from modicum import converting
from modicum.errors import InputError
from modicum.formats.losses import Losses
from modicum.formats.pictures import Drawings
from modicum.geometry import Answer, Attribute, Kind, Shape, Shapes, Skeleton
from modicum.types import Class, Rejection, Schema


@dataclass(frozen=True)
class Taken:
    """What a file says of one image: shapes that are settled, none when only models speak, and pre-labels by their source."""

    shapes: Shapes | None
    predictions: tuple[tuple[str, Shapes], ...] = ()


@dataclass(slots=True)
class _Waiting:
    """The annotations of one picture, packed, until its image comes; `settled` is none when only models speak."""

    settled: str | None
    predictions: tuple[str, ...]
    shapes: int
    file: str
    path: str
    places: tuple[str, ...]
    taken: str = ""


@dataclass
class Given:
    """What a file of annotations says, by the names of images. `classes` are the file's; `fit` makes them the project's."""

    format: str
    classes: tuple[Class, ...]
    losses: Losses
    pictures: dict[str, _Waiting] = field(default_factory=dict)
    by_last: dict[str, list[str]] = field(default_factory=dict)
    used: list[dict[str, str]] = field(default_factory=list)  # of every class: the attributes that shapes have, and their kinds
    schema: Schema = field(default_factory=Schema)
    becomes: tuple[int, ...] = ()
    images: int = 0
    shapes: int = 0
    prelabels: int = 0

    def fit(self, schema: Schema) -> Schema:
        """The schema with the file's classes, attributes and skeletons added where it has none; shapes are fitted to it."""
        classes, becomes = list(schema.classes), []
        for entry in self.classes:
            folded = entry.name.casefold()
            found = next((known for known in classes if not known.archived and known.name.casefold() == folded), None)
            if found is None and entry.archived and not self.used[entry.id]:
                becomes.append(-1)
                continue
            if found is None:
                found = Class(id=len(classes), name=entry.name, colour=entry.colour, skeleton=entry.skeleton)
                classes.append(found)
            known = {attribute.name for attribute in found.attributes}
            more = [attribute for attribute in entry.attributes if attribute.name not in known]
            defined = known | {attribute.name for attribute in more}
            other = {name: kind for name, kind in self.used[entry.id].items() if name not in defined}
            more += [made for name, kind in other.items() if (made := _attribute(name, kind))]
            update = {"attributes": (*found.attributes, *more)[:100], "skeleton": found.skeleton or entry.skeleton}
            classes[found.id] = found.model_copy(update=update)
            becomes.append(found.id)
        self.becomes = tuple(becomes)
        self.schema = schema.model_copy(update={"classes": tuple(classes)})
        return self.schema

    def take(self, name: str) -> Taken | None:
        """What was said of the image of this name, in the project's terms; none when nothing was. Each is given once."""
        waiting = self._waiting(name)
        if waiting is None:
            return None
        if waiting.taken not in ("", name):
            what = "annotations that fit several images: the first took them"
            self.losses.changed(waiting.file, waiting.path, what, f"{waiting.taken!r} and {name!r}"[:200])
            return None
        waiting.taken = name
        shapes = None
        if waiting.settled is not None:
            shapes = self._all_fitted(waiting.settled, waiting.file, [*waiting.places], "$.shapes")
            # a label that is given has no pre-label behind it: what a score says of it has no place
            none = {"score": None, "model": None, "iou": None}
            shapes = shapes.model_copy(update={"shapes": tuple(shape.model_copy(update=none) for shape in shapes.shapes)})
            self.images += 1
            self.shapes += len(shapes.shapes)
        predictions: dict[str, Shapes] = {}
        for number, packed in enumerate(waiting.predictions):
            where = f"{waiting.path}.predictions[{number}]"
            said = self._all_fitted(packed, waiting.file, [], f"{where}.result")
            named = next((shape.model for shape in said.shapes if shape.model), self.format)
            shapes_of = tuple(shape.model_copy(update={"model": named, "iou": None}) for shape in said.shapes)
            source = f"{named[:150]} ({self.format})"
            if source in predictions:
                self.losses.left_out(waiting.file, where, "a further prediction of the same model: the last counts", named[:60])
            predictions[source] = said.model_copy(update={"shapes": shapes_of})
        self.prelabels += sum(len(said.shapes) for said in predictions.values())
        return Taken(shapes, tuple(predictions.items()))

    def _all_fitted(self, packed: str, file: str, places: Sequence[str], part: str) -> Shapes:
        said = Shapes.model_validate_json(packed)
        where = [*places, *(f"{part}[{n}]" for n in range(len(places), len(said.shapes)))]
        fitted = (self._fitted(shape, file, path) for shape, path in zip(said.shapes, where, strict=False))
        shapes = tuple(shape for shape in fitted if shape is not None)
        return Shapes(shapes=shapes, tags=tuple(dict.fromkeys(self.becomes[tag] for tag in said.tags)))

    def _waiting(self, name: str) -> _Waiting | None:
        found = self.pictures.get(name)
        if found is not None:
            return found
        alike = self.by_last.get(PurePosixPath(name).name, [])
        tails = [other for other in alike if name.endswith("/" + other) or other.endswith("/" + name)]
        chosen = tails if len(tails) == 1 else alike
        return self.pictures[chosen[0]] if len(chosen) == 1 else None

    def _fitted(self, shape: Shape, file: str, path: str) -> Shape | None:
        entry = self.schema.classes[self.becomes[shape.class_id]]
        kind = Kind(shape.geometry.kind)
        if entry.shapes and kind not in entry.shapes:
            told = f"{entry.name!r} is not drawn as {kind}"
            self.losses.left_out(file, path, "a shape of a kind its class does not allow", told)
            return None
        nodes = len(shape.geometry.nodes) if isinstance(shape.geometry, Skeleton) else 0
        if nodes > (0 if entry.skeleton is None else len(entry.skeleton.nodes)):
            self.losses.left_out(file, path, "a skeleton with more keypoints than its class has", f"{entry.name!r}, {nodes}")
            return None
        known = {attribute.name: attribute for attribute in entry.attributes}
        kept: dict[str, Answer] = {}
        for name, answer in shape.attributes.items():
            problem = known[name].refuses(answer) if name in known else "is too much for its class"
            if problem:
                where = f"{path}.attributes.{name}"
                self.losses.left_out(file, where, "an answer its attribute does not allow", f"{entry.name!r}: it {problem}"[:200])
            else:
                kept[name] = answer
        return shape.model_copy(update={"class_id": entry.id, "attributes": kept})

    def finish(self) -> None:
        """Reports the annotations no image came for."""
        for name, waiting in self.pictures.items():
            if not waiting.taken:
                what = "annotations of an image that is not there"
                self.losses.left_out(waiting.file, waiting.path, what, name[:200], max(1, waiting.shapes))

    def told(self) -> str:
        """What came of it, in one line."""
        left, rest = self.losses.left, sum(kind.count for kind in self.losses if not kind.left_out)
        line = f"{self.shapes:,} shapes given to {self.images:,} images ({self.format})"
        line += f", {self.prelabels:,} pre-labels" if self.prelabels else ""
        parts = ([f"{left:,} things left out"] if left else []) + ([f"{rest:,} changed or doubtful"] if rest else [])
        return line + (f"; {' and '.join(parts)}: modicum status --rejections lists them" if parts else "")

    def rejections(self, source: str) -> list[Rejection]:
        """The losses as an import lists what it left out: the first places of each kind."""
        now = datetime.now(UTC)
        found = []
        for kind in self.losses:
            for number, place in enumerate(kind.places):
                more = f" ({kind.count:,} times in all)" if number == 0 and kind.count > len(kind.places) else ""
                reason = f"{kind.what}{f': {place.detail}' if place.detail else ''}{more}"
                uri = f"{source}: {place.file} {place.path} {'' if kind.left_out else '(kept)'}".rstrip()
                found.append(Rejection(uri=uri, kind="rejected", reason=reason, created=now))
        return found


def gather(path: Path, format_: str | None, images: Path) -> Given:
    """Everything a file of annotations says, for the images below a folder or in a zip. Raises InputError, SourceError."""
    losses = Losses()
    pictures = images if images.is_dir() or images.suffix.lower() == ".zip" else None
    name, _, drawings = converting.reading(path, format_, losses, pictures=pictures)
    given = Given(name, drawings.classes, losses, used=[{} for _ in drawings.classes])
    _fill(given, drawings)
    if not given.pictures:
        raise InputError(f"{path} says nothing of any image")
    return given


def _fill(given: Given, drawings: Drawings) -> None:
    for picture in drawings.pictures:
        name = picture.name.replace("\\", "/").lstrip("/").removeprefix("./")
        if name in given.pictures:
            given.losses.left_out(picture.where, picture.path, "annotations of a second image of the same name", name[:200])
            continue
        for shape in chain(picture.shapes.shapes, *(said.shapes for said in picture.predictions)):
            for key, answer in shape.attributes.items():
                kind = "flag" if isinstance(answer, bool) else "text" if isinstance(answer, str) else "number"
                given.used[shape.class_id].setdefault(key, kind)
        only_models = picture.predictions and not picture.shapes.shapes and not picture.shapes.tags
        settled = None if only_models else picture.shapes.model_dump_json()
        predictions = tuple(said.model_dump_json() for said in picture.predictions)
        count = len(picture.shapes.shapes) + sum(len(said.shapes) for said in picture.predictions)
        given.pictures[name] = _Waiting(settled, predictions, count, picture.where, picture.path, picture.places)
        given.by_last.setdefault(PurePosixPath(name).name, []).append(name)


def _attribute(name: str, kind: str) -> Attribute | None:
    try:
        return Attribute.model_validate({"name": name, "kind": kind})
    except ValueError:
        return None


def check(path: Path, format_: str | None) -> Mapping[str, str]:
    """The arguments of an import that name a file of annotations. Raises InputError before anything is queued."""
    from modicum.formats.places import Source

    absolute = path.expanduser().absolute()
    source = Source(absolute, Losses())
    name = format_ or converting.detected(source)
    converting.format_named(name, path="--from")
    return {"annotations": str(absolute), "from": name}
