"""JSONL: one object an item, for programs; every field exactly as it is.

Of shapes it is the one format that loses nothing: a line with the classes, then a line an image, all as geometry.py has it.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from modicum.errors import SourceError
from modicum.formats import json_stream
from modicum.formats.losses import Losses, RefusedError, refused
from modicum.formats.pictures import NOTHING, Drawings, Gathering, Picture, ShapeFormat, size
from modicum.formats.places import Out, Source
from modicum.formats.row import COLUMNS, Format, Row
from modicum.geometry import Shape, Shapes
from modicum.types import Class, Schema

BATCH = 500  # rows


def line(row: Row) -> str:
    values = {column: getattr(row, column) for column in COLUMNS}
    values["time"] = row.time.isoformat() if row.time else None
    return json.dumps(values, ensure_ascii=False)


def write(rows: Iterable[Row], read: Callable[[str], bytes]) -> Iterator[bytes]:
    """UTF-8, streamed; times are ISO 8601 with their offset."""
    lines: list[str] = []
    for row in rows:
        lines.append(line(row))
        if len(lines) == BATCH:
            yield ("\n".join(lines) + "\n").encode()
            lines.clear()
    if lines:
        yield ("\n".join(lines) + "\n").encode()


FORMAT = Format(suffix=".jsonl", media="application/x-ndjson", write=write)


# --- shapes ------------------------------------------------------------------------------------------------------------

_MARK = "drawings 1"  # what the first line says it is
_LONGEST = 2**28  # bytes of one line
_PICTURE = {"name", "width", "height", "id", "shapes", "tags", "predictions", "facts"}


def detect(source: Source) -> bool:
    return bool(_files(source))


def _files(source: Source) -> list[str]:
    found = []
    for name in source.having(".jsonl", ".ndjson"):
        with source.open(name) as file:
            if b'"modicum": "drawings' in file.read(200):
                found.append(name)
    return found


def read_shapes(source: Source, losses: Losses) -> Drawings:
    """One file of ours. Raises SourceError when its first line is not what it has to be."""
    files = source.names if source.alone else _files(source)
    if len(files) != 1:
        raise SourceError(f"{source.path} holds {len(files)} JSONL files of drawings; exactly one is read: name it")
    with source.open(files[0]) as file:
        try:
            head = json.loads(file.readline(_LONGEST))
            if head.get("modicum") != _MARK:
                raise ValueError(f"expected 'modicum': {_MARK!r}")
            classes = Schema(task="draw", classes=tuple(Class.model_validate(entry) for entry in head["classes"])).classes
            numbers = tuple(map(int, head.get("numbers", ())))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise SourceError(f"the first line of {files[0]} is not that of drawings: {str(error)[:300]}") from error
    return Drawings(classes, _pictures(source, files[0], len(classes), losses), numbers)


def _pictures(source: Source, name: str, classes: int, losses: Losses) -> Iterator[Picture]:
    with source.open(name) as file:
        file.readline(_LONGEST)
        number = 1
        while text := file.readline(_LONGEST):
            number += 1
            if text.strip():
                try:
                    entry = json_stream.load(text)
                    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
                        raise ValueError("it is no object with a name")
                    yield _picture(entry, name, f"line {number} $", classes, losses)
                except (ValueError, RecursionError) as error:
                    told = error.detail or error.what if isinstance(error, RefusedError) else str(error)
                    losses.left_out(name, f"line {number}", "a line that is no image", told[:200])


def _picture(entry: dict[str, Any], file: str, path: str, classes: int, losses: Losses) -> Picture:
    width, height = (0 if not entry.get(side) else size(entry[side]) for side in ("width", "height"))
    shapes, places = _drawn(entry, file, f"{path}", classes, losses)
    predictions = tuple(
        _drawn(said, file, f"{path}.predictions[{n}]", classes, losses)[0]
        for n, said in enumerate(entry.get("predictions") or ())
        if isinstance(said, dict)
    )
    facts = {
        key: value for key, value in (entry.get("facts") or {}).items() if value is None or isinstance(value, str | int | float)
    }
    for key in entry.keys() - _PICTURE:
        losses.left_out(file, f"{path}.{key}", "a part of an image that is not defined")
    return Picture(entry["name"], width, height, shapes, predictions, str(entry.get("id", "")), facts, file, path, places)


def _drawn(entry: dict[str, Any], file: str, path: str, classes: int, losses: Losses) -> tuple[Shapes, tuple[str, ...]]:
    shapes, tags = entry.get("shapes") or [], entry.get("tags") or []
    if not shapes and not tags:
        return NOTHING, ()
    gathering = Gathering(file, losses)
    for place, given in enumerate(shapes):
        where = f"{path}.shapes[{place}]"
        try:
            shape = Shape.model_validate(given)
        except ValidationError as error:
            gathering.refuse(where, refused(error))
            continue
        gathering.take(where, shape, classes)
    known = [tag for tag in tags if type(tag) is int and 0 <= tag < classes]
    if len(known) < len(tags):
        losses.left_out(file, f"{path}.tags", "an unknown class of an image", count=len(tags) - len(known))
    return gathering.drawn(known), tuple(gathering.places)


def write_shapes(drawings: Drawings, out: Out, losses: Losses) -> None:
    """JSONL: classes, then a line an image, everything exactly as it is; nothing is lost."""
    head = {"modicum": _MARK, "classes": [_plain(entry) for entry in drawings.classes], "numbers": list(drawings.numbers)}
    with out.file(out.main) as file:
        file.write((json.dumps(head, ensure_ascii=False) + "\n").encode())
        for picture in drawings.pictures:
            entry: dict[str, Any] = {"name": picture.name, "width": picture.width, "height": picture.height}
            if picture.id:
                entry["id"] = picture.id
            entry.update(_said(picture.shapes))
            if picture.predictions:
                entry["predictions"] = [_said(said) for said in picture.predictions]
            if picture.facts:
                entry["facts"] = dict(picture.facts)
            file.write(json_stream.dump(entry) + b"\n")


def _plain(entry: Class) -> dict[str, Any]:
    return entry.model_dump(mode="json", exclude_defaults=True) | {"id": entry.id, "name": entry.name}


def _said(said: Shapes) -> dict[str, Any]:
    shapes = [shape.model_dump(exclude_defaults=True) | {"geometry": shape.geometry.model_dump()} for shape in said.shapes]
    return {"shapes": shapes} | ({"tags": list(said.tags)} if said.tags else {})


SHAPES = ShapeFormat(".jsonl", "application/x-ndjson", detect, read_shapes, write_shapes)
