"""What readers give and writers take: pictures with their shapes, one at a time; what a format for shapes is."""

import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import isfinite
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from modicum.formats.losses import Losses, RefusedError, refused
from modicum.frozen import normal_name
from modicum.geometry import MOST_SHAPES, Geometry, Point, Shape, Shapes
from modicum.types import Class

if TYPE_CHECKING:
    from modicum.formats.places import Out, Source

LONGEST_ID = 40
LONGEST_TEXT = 10_000
MOST_ATTRIBUTES = 200
MOST = 1e9  # of a number, before it is looked at closely
_NUMBERS, _LISTS, _TWO = frozenset((int, float)), frozenset((list,)), frozenset((2,))
Fact = str | int | float | bool | None
NOTHING = Shapes()


@dataclass(frozen=True, slots=True)
class Picture:
    """One image and what was said of it.

    `name` is its path as the source gives it, with slashes; `width` and `height` are pixels, upright. `id` is the source's
    own, empty when it gives none. `predictions` are what models say, beside `shapes`, which is settled. `facts` are where the
    label comes from (uri, sha256, annotator, ...). `file`, `path` and `places` (one a shape) say where it stood, for reports.
    """

    name: str
    width: int
    height: int
    shapes: Shapes = NOTHING
    predictions: tuple[Shapes, ...] = ()
    id: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    file: str = ""
    path: str = "$"
    places: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The file it stood in, or, when it comes from no file, its name."""
        return self.file or self.name

    def place(self, shape: int) -> str:
        """Where the shape of this number stood."""
        return self.places[shape] if shape < len(self.places) else f"$.shapes[{shape}]"


@dataclass(frozen=True)
class Drawings:
    """Classes and pictures; the pictures are read while they are asked for, once.

    `numbers` are what the source calls its classes, by class id; empty when it counts them like us or not at all.
    """

    classes: tuple[Class, ...]
    pictures: Iterable[Picture]
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class ShapeFormat:
    """`detect` says whether a source looks like this format; `read` and `write` add what they cannot keep to the losses.

    A suffix of .zip stands for a folder, or a zip of one; any other for a single file. The first line of what is written
    about `write` explains the format to people.
    """

    suffix: str
    media: str
    detect: "Callable[[Source], bool]"
    read: "Callable[[Source, Losses], Drawings]"
    write: "Callable[[Drawings, Out, Losses], None]"

    @property
    def text(self) -> str:
        """One line about the format."""
        return (inspect.getdoc(self.write) or "").partition("\n")[0]


# --- what every reader needs -------------------------------------------------------------------------------------------


class Classes:
    """The classes of a source in the making: ids count up from 0, names become distinct and such as can be stored."""

    def __init__(self, file: str, losses: Losses) -> None:
        self.file, self.losses = file, losses
        self.made: list[Class] = []
        self.folded: dict[str, int] = {}
        self.known: dict[str, int] = {}

    def add(self, name: object, path: str) -> Class:
        """A new class, whatever its name."""
        given = name if isinstance(name, str) else "" if name is None else str(name)
        try:
            stored = normal_name(given)
        except ValueError as error:
            kept = "".join(c for c in given if c.isprintable())[:80].strip()
            stored = kept or f"class {len(self.made)}"
            self.losses.changed(self.file, path, "a class was renamed, its name cannot be stored", f"{error}; now {stored!r}")
        else:
            if stored != given:
                self.losses.changed(self.file, path, "a class name was put into its normal form", f"{given!r} is now {stored!r}")
        number, base = 1, stored[:90]
        while stored.casefold() in self.folded:
            number += 1
            stored = f"{base} ({number})"
        if number > 1:
            self.losses.changed(self.file, path, "a class was renamed, another has its name", f"{base!r} is now {stored!r}")
        entry = Class(id=len(self.made), name=stored)
        self.folded[stored.casefold()] = entry.id
        self.made.append(entry)
        return entry

    def of(self, name: object, path: str) -> int:
        """The id of the class of this name, made when the name is new."""
        given = name if isinstance(name, str) else str(name)
        found = self.known.get(given)
        if found is None:
            try:
                found = self.folded.get(normal_name(given).casefold())
            except ValueError:
                found = None
            found = self.add(given, path).id if found is None else found
            self.known[given] = found
        return found

    def find(self, name: str) -> int | None:
        """The id of the class of this name, if there is one."""
        if name in self.known:
            return self.known[name]
        try:
            return self.folded.get(normal_name(name).casefold())
        except ValueError:
            return None

    def change(self, entry: Class) -> None:
        """Puts what is known of a class in its place."""
        self.made[entry.id] = entry

    def tuple(self) -> tuple[Class, ...]:
        return tuple(self.made)


class Gathering:
    """The shapes of one picture in the making: ids become distinct, refusals become lines of the loss report."""

    def __init__(self, file: str, losses: Losses) -> None:
        self.file, self.losses = file, losses
        self.shapes: list[Shape] = []
        self.places: list[str] = []
        self.ids: set[str] = set()

    def add(
        self,
        path: str,
        class_id: int,
        geometry: Callable[[], Geometry],
        *,
        id: object = None,
        attributes: Mapping[str, str | float | bool] | None = None,
        group: int | None = None,
        score: object = None,
        model: str | None = None,
        iou: float | None = None,
    ) -> None:
        """One more shape, or a line about why not."""
        try:
            made = geometry()
            if len(self.shapes) >= MOST_SHAPES:
                raise RefusedError(f"an image has at most {MOST_SHAPES:,} shapes, this one has more")
            shape = Shape(
                id=self._id(id, path),
                class_id=class_id,
                geometry=made,
                attributes={} if not attributes else self._attributes(attributes, path),
                group=group,
                score=None if score is None else self._score(score, path),
                model=None if model is None else model[:200],
                iou=iou,
            )
        except ValidationError as error:
            self.refuse(path, refused(error))
        except RefusedError as error:
            self.refuse(path, error)
        else:
            self.shapes.append(shape)
            self.places.append(path)

    def take(self, path: str, shape: Shape, classes: int) -> None:
        """One more shape as it is, of one of so many classes."""
        if shape.class_id >= classes:
            self.refuse(path, RefusedError("a shape of an unknown class", f"{shape.class_id}, there are {classes}", ".class_id"))
        elif len(self.shapes) >= MOST_SHAPES:
            self.refuse(path, RefusedError(f"an image has at most {MOST_SHAPES:,} shapes, this one has more"))
        else:
            id = self._id(shape.id, path)
            self.shapes.append(shape if id == shape.id else shape.model_copy(update={"id": id}))
            self.places.append(path)

    def refuse(self, path: str, error: RefusedError) -> None:
        self.losses.left_out(self.file, path + error.path, error.what, error.detail)

    def _id(self, given: object, path: str) -> str:
        if given is None or given == "":
            number = len(self.shapes) + 1
            while (text := made_up(number)) in self.ids:
                number += 1
        else:
            text = str(given)
            if len(text) > LONGEST_ID or text in self.ids:
                problem = (
                    "another shape of its image has it" if text in self.ids else f"it is longer than {LONGEST_ID} characters"
                )
                number = len(self.shapes) + 1
                while (fresh := made_up(number)) in self.ids:
                    number += 1
                self.losses.changed(self.file, path, f"a shape got a new id, {problem}", f"{text[:60]!r} is now {fresh!r}")
                text = fresh
        self.ids.add(text)
        return text

    def _score(self, given: object, path: str) -> float | None:
        if isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given <= 1:
            return float(given)
        self.losses.changed(self.file, path, "a score that is no number from 0 to 1 was taken away", f"received {given!r:.60}")
        return None

    def _attributes(self, given: Mapping[str, object], path: str) -> dict[str, bool | float | str]:
        kept: dict[str, bool | float | str] = {}
        for name, answer in given.items():
            if len(kept) == MOST_ATTRIBUTES or (isinstance(answer, str) and len(answer) > LONGEST_TEXT):
                self.losses.left_out(self.file, f"{path}.attributes.{name}", "an attribute too many or too long")
            elif isinstance(answer, str | bool | int) or (isinstance(answer, float) and answer - answer == 0):
                kept[str(name)] = answer if isinstance(answer, str | bool) else float(answer)
            elif answer is not None:
                told = json.dumps(answer, ensure_ascii=False, default=str)[:LONGEST_TEXT]
                self.losses.changed(self.file, f"{path}.attributes.{name}", "an attribute that is no text, number or flag", told)
                kept[str(name)] = told
        return kept

    def drawn(self, tags: Iterable[int] = ()) -> Shapes:
        """What was gathered; every part of it was checked when it came."""
        return Shapes(shapes=tuple(self.shapes), tags=tuple(dict.fromkeys(tags))[:1000])


def made_up(number: int) -> str:
    """The id of a shape whose source gives none."""
    return f"s{number}"


def is_made_up(id: str) -> bool:
    """Whether an id says nothing: losing it loses nothing."""
    return id[:1] == "s" and id[1:].isdecimal()


def number(value: object, path: str = "") -> float:
    """A finite number, or RefusedError with the path inside the piece that is read."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedError("a value that should be a number", f"received {value!r:.60}", path)
    if value - value != 0 or abs(value) > MOST:
        raise RefusedError("a number that is infinite, far too large or not a number (NaN)", f"received {value!r:.60}", path)
    return float(value)


def finite(values: Sequence[Any], path: str = "") -> Sequence[float]:
    """Many finite numbers, looked at all at once; RefusedError as `number`, about the first that is none."""
    fine = _NUMBERS.issuperset(map(type, values))
    if not (fine and (not values or (min(values) >= -MOST and max(values) <= MOST and isfinite(sum(values))))):
        for value in values:
            number(value, path)
    return values


def pairs(given: object, path: str = "") -> tuple[Point, ...]:
    """A list of pairs of numbers; RefusedError for anything else."""
    if not isinstance(given, list) or not _LISTS.issuperset(map(type, given)) or not _TWO.issuperset(map(len, given)):
        raise RefusedError("points that are no list of pairs", path=path)
    finite([*chain.from_iterable(given)], path)
    return tuple([(x, y) for x, y in given])


def parsed_each(texts: Sequence[str], path: str = "") -> Sequence[float]:
    """Many numbers written as text; RefusedError as `parsed`, about the first that is none."""
    try:
        return finite([*map(float, texts)], path)
    except ValueError:  # a RefusedError is one as well
        return [parsed(text, path) for text in texts]


def parsed(text: object, path: str = "") -> float:
    """A number written as text, as XML and CSV hold it; RefusedError as `number`."""
    try:
        value = float(str(text))
    except ValueError:
        raise RefusedError("a value that should be a number", f"received {text!r:.60}", path) from None
    return number(value, path)


def size(value: object, path: str = "") -> int:
    """The width or height of an image in pixels, 1 to 1,000,000; RefusedError."""
    found = parsed(value, path) if isinstance(value, str) else number(value, path)
    if not (1 <= found <= 1_000_000 and found == int(found)):
        raise RefusedError("an image size that is no whole number from 1 to 1,000,000", f"received {value!r:.60}", path)
    return int(found)


def numbered(drawings: Drawings) -> Iterator[tuple[int, Picture]]:
    """Pictures with the number their id gives when it is a plain one that is still free, else the next above all so far."""
    taken = Numbers()
    for picture in drawings.pictures:
        yield taken.of(picture.id), picture


class Numbers:
    """Whole numbers for ids, each once: the id's own when it is one, else the next above all so far."""

    def __init__(self) -> None:
        self.taken: set[int] = set()
        self.highest = 0

    def of(self, id: str) -> int:
        own = int(id) if plain(id) else -1
        if own < 0 or own in self.taken:
            own = self.highest + 1
        self.taken.add(own)
        self.highest = max(self.highest, own)
        return own


def plain(id: str) -> bool:
    """Whether an id is a whole number, written as a computer would."""
    return id.isdecimal() and id.isascii() and len(id) <= 18 and (id == "0" or id[0] != "0")
