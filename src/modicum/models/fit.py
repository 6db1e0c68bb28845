"""A model's reply -> shapes of the project, with a note for whatever could not be taken as the model said it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from math import isfinite
from typing import Any

from pydantic import TypeAdapter, ValidationError

from modicum.geometry import MOST_SHAPES, Attribute, Geometry, Kind, Shape, Shapes, Skeleton
from modicum.models.cut import cut, turned_into
from modicum.models.reply import Candidate, Reply
from modicum.models.words import Words
from modicum.types import Class

MOST_NOTES = 50  # lines kept of one image
_GEOMETRY: TypeAdapter[Geometry] = TypeAdapter(Geometry)


@dataclass
class Notes:
    """Lines about one image, each once with how often it applied."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, line: str) -> None:
        self.counts[line] += 1

    def lines(self) -> tuple[str, ...]:
        told = [line if count == 1 else f"{line} ({count} times)" for line, count in self.counts.items()]
        more = len(told) - MOST_NOTES
        return tuple(told) if more <= 0 else (*told[:MOST_NOTES], f"and {more} further notes of other kinds")


@dataclass(frozen=True)
class Fitted:
    """Shapes as the schema allows them, and what had to be left out or changed."""

    shapes: Shapes
    notes: tuple[str, ...]


def fitted(reply: Reply, width: int, height: int, words: Words, model: str, *, above: float = 0.0) -> Fitted:
    """What a model replied about an image of `width` x `height` pixels; shapes with a score below `above` are left out.

    Every shape carries its score and `model`. Nothing is left out without a note.
    """
    notes = Notes()
    for line in reply.notes:
        notes.add(line)
    prefix = sha256(model.encode()).hexdigest()[:8]
    shapes: list[Shape] = []
    tags: list[int] = []
    for number, candidate in enumerate(reply.candidates):
        score = _score(candidate, notes)
        if score is not None and score < above:
            notes.add(f"a shape with a score below {above:g} was left out")
            continue
        entry = words.find(candidate.name)
        if entry is None:
            notes.add(words.why_not(candidate.name))
            continue
        if not candidate.forms:
            tags.append(entry.id)
            continue
        geometry = _geometry(candidate, entry, width, height, notes)
        if geometry is not None:
            shapes.append(
                Shape(
                    id=f"{prefix}-{number}",
                    class_id=entry.id,
                    geometry=geometry,
                    attributes=_attributes(candidate, entry, notes),
                    group=candidate.group,
                    score=score,
                    model=model[:200],
                )
            )
    return Fitted(Shapes(shapes=_most(shapes, notes), tags=tuple(dict.fromkeys(tags))), notes.lines())


def _score(candidate: Candidate, notes: Notes) -> float | None:
    if candidate.score is None:
        return None
    if not isfinite(candidate.score):
        notes.add(f"{_at(candidate)}a score is not a number and was left out, the shape stays")
        return None
    if not 0 <= candidate.score <= 1:
        notes.add("a score was outside 0 to 1 and was taken as the nearer of the two")
    return min(max(candidate.score, 0.0), 1.0)


def _geometry(candidate: Candidate, entry: Class, width: int, height: int, notes: Notes) -> Geometry | None:
    """The best of the candidate's forms the class allows, on the image; none after a note."""
    readable = [form for form in (_read(candidate, form, notes) for form in candidate.forms) if form is not None]
    for geometry in readable:
        if entry.shapes and Kind(geometry.kind) not in entry.shapes:
            continue
        if isinstance(geometry, Skeleton) and (problem := _no_skeleton(geometry, entry)):
            notes.add(problem)
            continue
        return _on_image(geometry, entry, width, height, notes)
    for geometry in readable:
        allowed = [kind for kind in entry.shapes or tuple(Kind) if kind != geometry.kind]
        other = turned_into(geometry, allowed, width, height)
        if other is not None:
            notes.add(f"a {geometry.kind} of {entry.name!r} became a {other.kind}: the class allows no {geometry.kind}")
            return _on_image(other, entry, width, height, notes)
    if readable:
        allowed_kinds = ", ".join(entry.shapes) or "all but skeletons of other keypoints"
        notes.add(f"a {readable[0].kind} of {entry.name!r} was left out: the class allows {allowed_kinds}")
    return None


def _read(candidate: Candidate, form: Mapping[str, Any], notes: Notes) -> Geometry | None:
    try:
        return _GEOMETRY.validate_python(form)
    except ValidationError as error:
        first = error.errors()[0]
        field_name = ".".join(str(part) for part in first["loc"][1:])
        reason = first["msg"].removeprefix("Value error, ")
        kind = str(form.get("kind", "shape"))[:20]
        where = f"{field_name}: " if field_name else ""
        notes.add(f"{_at(candidate)}a {kind} of {candidate.name!r} was left out: {where}{reason}")
        return None


def _no_skeleton(skeleton: Skeleton, entry: Class) -> str | None:
    """Why the class cannot have this skeleton."""
    if entry.skeleton is None:
        return f"{entry.name!r} has no skeleton: give the class its keypoints in Settings to get the model's"
    have, want = len(skeleton.nodes), len(entry.skeleton.nodes)
    return None if have == want else f"the model's {entry.name!r} has {have} keypoints, the class has {want}"


def _on_image(geometry: Geometry, entry: Class, width: int, height: int, notes: Notes) -> Geometry | None:
    kept, spilled = cut(geometry, width, height)
    if kept is None:
        notes.add(f"a {geometry.kind} of {entry.name!r} was left out: nothing of it lies on the image of {width} x {height}")
    elif spilled:
        notes.add(f"a {geometry.kind} of {entry.name!r} reached over the edge of the image and was cut there")
    return kept


def _attributes(candidate: Candidate, entry: Class, notes: Notes) -> dict[str, Any]:
    known: dict[str, Attribute] = {attribute.name.casefold(): attribute for attribute in entry.attributes}
    found: dict[str, Any] = {}
    for name, answer in candidate.attributes.items():
        attribute = known.get(str(name).casefold())
        if attribute is None:
            notes.add(f"the attribute {name!r} was left out: {entry.name!r} has none of that name")
        elif problem := attribute.refuses(taken := _answer(answer, attribute)):
            notes.add(f"the attribute {name!r} of {entry.name!r} was left out: it {problem}")
        else:
            found[attribute.name] = taken
    return found


def _answer(answer: Any, attribute: Attribute) -> Any:
    """Text, as some protocols send everything, as what the attribute is."""
    if attribute.kind == "flag" and answer in ("true", "false"):
        return answer == "true"
    if attribute.kind == "number" and isinstance(answer, str):
        try:
            number = float(answer)
        except ValueError:
            return answer
        return number if isfinite(number) else answer
    return answer if isinstance(answer, bool | int | float | str) else str(answer)


def _most(shapes: list[Shape], notes: Notes) -> tuple[Shape, ...]:
    """As many as an image can hold, those with the highest scores."""
    if len(shapes) <= MOST_SHAPES:
        return tuple(shapes)
    notes.add(f"{len(shapes) - MOST_SHAPES:,} shapes were left out: an image holds {MOST_SHAPES:,}; raise --above")
    best = sorted(range(len(shapes)), key=lambda place: -(shapes[place].score or 0.0))[:MOST_SHAPES]
    return tuple(shapes[place] for place in sorted(best))


def _at(candidate: Candidate) -> str:
    return f"{candidate.path}: " if candidate.path else ""
