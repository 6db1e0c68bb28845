"""CSV for shapes: a line a shape, a line for every class of a whole image and for every image without either.

What other programs write is read as well: a column for the image, one for the class, and xmin, ymin, xmax, ymax or x, y, w, h.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from pydantic import TypeAdapter, ValidationError

from modicum.errors import SourceError
from modicum.formats import json_stream
from modicum.formats.csv import FORMULA
from modicum.formats.losing import Keeper
from modicum.formats.losses import Losses, RefusedError, refused
from modicum.formats.outline import bounds
from modicum.formats.pictures import Classes, Drawings, Gathering, Picture, ShapeFormat, is_made_up, parsed, size
from modicum.formats.places import Out, Source
from modicum.geometry import Box, Geometry, Shape
from modicum.types import Class

COLUMNS = (
    *("number", "image", "width", "height", "image_id", "said", "class", "kind", "x", "y", "w", "h", "geometry"),
    *("id", "group", "score", "model", "iou", "attributes", "facts"),
)
_IMAGES = ("image", "filename", "file_name", "image_name", "path", "file", "name", "img")
_CLASSES = ("class", "label", "class_name", "category", "name")
_SIDES = (("xmin", "ymin", "xmax", "ymax"), ("x1", "y1", "x2", "y2"), ("left", "top", "right", "bottom"))
_BOX = (("x", "y", "w", "h"), ("bbox_x", "bbox_y", "bbox_width", "bbox_height"))
_GEOMETRY: TypeAdapter[Geometry] = TypeAdapter(Geometry)
Row = dict[str, str]


def detect(source: Source) -> bool:
    return any(_columns(source, name) is not None for name in source.having(".csv")[:3])


def _columns(source: Source, name: str) -> tuple[str, ...] | None:
    """The columns of a table that can hold shapes, none for another."""
    with source.open(name) as file:
        line = file.readline(2**16).decode("utf-8-sig", "replace")
    found = tuple(part.strip() for part in next(csv.reader([line], delimiter=max(",;\t", key=line.count)), []))
    if found == COLUMNS:
        return found
    folded = {column.lower() for column in found}
    corners = any(set(four) <= folded for four in (*_SIDES, *_BOX))
    return found if corners and folded & set(_IMAGES) and folded & set(_CLASSES) else None


# --- reading -----------------------------------------------------------------------------------------------------------


def read(source: Source, losses: Losses) -> Drawings:
    """One table. Raises SourceError when it has no columns for image, class and box."""
    files = source.names if source.alone else [name for name in source.having(".csv") if _columns(source, name)]
    columns = _columns(source, files[0]) if len(files) == 1 else None
    if columns is None:
        wanted = "columns such as image, class, xmin, ymin, xmax, ymax"
        raise SourceError(f"{source.path} is no table of shapes, or holds several: give one with {wanted}")
    file = files[0]
    classes = Classes(file, losses)
    own = columns == COLUMNS
    named = "class" if own else next(c for c in columns if c.lower() in _CLASSES and (c.lower() != "name" or not _other(columns)))
    column = columns.index(named)
    for number, _, values in _lines(source, file):
        name = values[column] if column < len(values) else ""
        if name and name not in classes.known:
            classes.of(_unguarded(name) if own else name, f"line {number}")
    pictures = _ours(source, file, classes, losses) if own else _theirs(source, file, columns, named, classes, losses)
    return Drawings(classes.tuple(), pictures)


def _other(columns: Sequence[str]) -> bool:
    return any(column.lower() in _CLASSES[:-1] for column in columns)


def _rows(source: Source, file: str, own: bool) -> Iterator[tuple[int, Row]]:
    """Lines by column; what guards against formulas is taken off again in tables of ours."""
    for number, columns, values in _lines(source, file):
        if own:
            values = [text[1:] if text[:1] == "'" else text for text in values]
        yield number, dict(zip(columns, values, strict=False))


def _lines(source: Source, file: str) -> Iterator[tuple[int, list[str], list[str]]]:
    """The number of each line, the columns, and what the line holds. Raises SourceError."""
    with source.open(file) as data:
        text = io.TextIOWrapper(data, encoding="utf-8-sig", errors="replace", newline="")
        first = text.readline()
        delimiter = max(",;\t", key=first.count)
        columns = [part.strip() for part in next(csv.reader([first], delimiter=delimiter))]
        reader = csv.reader(text, delimiter=delimiter)
        try:
            for values in reader:
                if values:
                    yield reader.line_num + 1, columns, values
        except csv.Error as error:
            raise SourceError(f"line {reader.line_num + 1} of {file} cannot be read: {error}") from error


def _ours(source: Source, file: str, classes: Classes, losses: Losses) -> Iterator[Picture]:
    held: list[tuple[int, Row]] = []
    for number, row in _rows(source, file, True):
        if held and held[0][1].get("number") != row.get("number"):
            yield _picture(held, file, classes, losses)
            held = []
        held.append((number, row))
    if held:
        yield _picture(held, file, classes, losses)


def _picture(rows: list[tuple[int, Row]], file: str, classes: Classes, losses: Losses) -> Picture:
    first, path = rows[0][1], f"line {rows[0][0]}"
    said: dict[int, tuple[Gathering, list[int]]] = {0: (Gathering(file, losses), [])}
    for number, row in rows:
        place = int(row["said"]) if row.get("said", "").isdecimal() and int(row["said"]) < 1000 else 0
        gathering, tags = said.setdefault(place, (Gathering(file, losses), []))
        class_id = classes.of(row["class"], f"line {number}") if row.get("class") else None
        if row.get("kind") == "tag" and class_id is not None:
            tags.append(class_id)
        elif row.get("kind") and class_id is not None:
            _shape(row, class_id, f"line {number}", gathering)
        elif row.get("kind"):
            losses.left_out(file, f"line {number}", "a shape without a class")
    drawn = {place: gathering.drawn(tags) for place, (gathering, tags) in sorted(said.items())}
    predictions = tuple(shapes for place, shapes in drawn.items() if place)
    facts = _json(first.get("facts", ""), file, path, losses)
    width, height = _size(first, "width", "height", file, path, losses)
    places = tuple(said[0][0].places)
    return Picture(
        first.get("image", ""), width, height, drawn[0], predictions, first.get("image_id", ""), facts, file, path, places
    )


def _size(row: Row, across: str, down: str, file: str, path: str, losses: Losses) -> tuple[int, int]:
    try:
        return size(row.get(across) or "", f" {across}"), size(row.get(down) or "", f" {down}")
    except RefusedError as error:
        if row.get(across) not in ("", "0", None):
            losses.changed(file, path + error.path, error.what, error.detail)
        return 0, 0


def _json(text: str, file: str, path: str, losses: Losses) -> dict[str, Any]:
    if not text:
        return {}
    try:
        found = json_stream.load(text)
        if isinstance(found, dict):
            return found
    except (ValueError, RecursionError):
        pass
    losses.left_out(file, path, "a cell that should hold a JSON object", text[:60])
    return {}


def _shape(row: Row, class_id: int, path: str, gathering: Gathering) -> None:
    group = row.get("group", "")
    gathering.add(
        path,
        class_id,
        partial(_geometry, row),
        id=row.get("id"),
        attributes=_json(row.get("attributes", ""), gathering.file, path, gathering.losses),
        group=int(group) if group.isdecimal() and len(group) < 15 else None,
        score=_number(row.get("score", "")),
        model=row.get("model") or None,
        iou=_share(row.get("iou", "")),
    )


def _number(text: str) -> float | str | None:
    try:
        return float(text) if text else None
    except ValueError:
        return text


def _share(text: str) -> float | None:
    found = _number(text)
    return found if isinstance(found, float) and 0 <= found <= 1 else None


def _geometry(row: Row) -> Geometry:
    if row.get("kind") == "box":
        return _box(row, ("x", "y", "w", "h"), corners=False)
    try:
        return _GEOMETRY.validate_json(row.get("geometry", ""))
    except ValidationError as error:
        raise refused(error) from error


def _box(row: Row, four: Sequence[str], *, corners: bool) -> Box:
    a, b, c, d = (parsed(row.get(column), f" {column}") for column in four)
    w, h = (c - a, d - b) if corners else (c, d)
    if w <= 0 or h <= 0:
        raise RefusedError("a shape of zero area", f"{w:g} x {h:g}")
    return Box(x=a, y=b, w=w, h=h)


def _theirs(source: Source, file: str, columns: Sequence[str], named: str, classes: Classes, losses: Losses) -> Iterator[Picture]:
    """Lines of one image need not stand together: they are gathered first, as numbers and texts."""
    folded = {column.lower(): column for column in columns}
    image = next(folded[name] for name in _IMAGES if name in folded and folded[name] != named)
    corners = next(((four, True) for four in _SIDES if set(four) <= folded.keys()), None)
    four, edges = corners or next((four, False) for four in _BOX if set(four) <= folded.keys())
    held: dict[str, list[tuple[int, Row]]] = {}
    for number, row in _rows(source, file, False):
        if row.get(image):
            held.setdefault(row[image], []).append((number, row))
        else:
            losses.left_out(file, f"line {number}", "a line without an image")
    for name, rows in held.items():
        gathering = Gathering(file, losses)
        for number, row in rows:
            path = f"line {number}"
            if not any(row.get(folded[side]) for side in four):
                continue  # an image without a shape
            if not row.get(named):
                losses.left_out(file, path, "a shape without a class")
                continue
            given = {side: row.get(folded[side], "") for side in four}
            score = _number(row.get(folded.get("score", ""), "") or row.get(folded.get("confidence", ""), ""))
            gathering.add(path, classes.of(row[named], path), partial(_box, given, four, corners=edges), score=score)
        path = f"line {rows[0][0]}"
        width, height = _size(rows[0][1], folded.get("width", ""), folded.get("height", ""), file, path, losses)
        yield Picture(name, width, height, gathering.drawn(), file=file, path=path, places=tuple(gathering.places))


# --- writing -----------------------------------------------------------------------------------------------------------


def write(drawings: Drawings, out: Out, losses: Losses) -> None:
    """CSV: one line a shape with its class, the box around it and its geometry as JSON, for spreadsheets."""
    holds = {"id", "image id", "attributes", "score", "model", "group", "tags", "predictions", "facts"}
    keeper = Keeper("CSV", losses, holds)
    keeper.schema(drawings)
    used: set[int] = set()
    with out.file(out.main) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="", write_through=False)
        table = csv.writer(text)
        table.writerow(COLUMNS)
        for number, picture in enumerate(drawings.pictures, 1):
            head = [number, _guarded(picture.name), picture.width, picture.height, _guarded(picture.id)]
            facts = json.dumps(dict(picture.facts), ensure_ascii=False) if picture.facts else ""
            lines = 0
            for place, said in enumerate((picture.shapes, *picture.predictions)):
                for tag in said.tags:
                    used.add(tag)
                    table.writerow([*head, place, _guarded(drawings.classes[tag].name), "tag", *[""] * 11, facts])
                for shape in said.shapes:
                    used.add(shape.class_id)
                    table.writerow([*head, place, *_cells(shape, drawings.classes[shape.class_id]), facts])
                lines += len(said.tags) + len(said.shapes)
            if not lines:
                table.writerow([*head, 0, *[""] * 13, facts])
        text.flush()
        text.detach()
    for entry in drawings.classes:
        if entry.id not in used:
            losses.left_out("classes", f"$.classes[{entry.id}]", "CSV holds no class that nothing was given", entry.name)


def _cells(shape: Shape, of: Class) -> list[object]:
    geometry = shape.geometry
    if isinstance(geometry, Box):
        box: tuple[object, ...] = (geometry.x, geometry.y, geometry.w, geometry.h)
        told = ""
    else:
        told = geometry.model_dump_json()
        try:
            left, top, right, bottom = bounds(geometry)
            box = (left, top, right - left, bottom - top)
        except RefusedError:
            box = ("", "", "", "")
    id = "" if is_made_up(shape.id) else _guarded(shape.id)
    model = "" if shape.model is None else _guarded(shape.model)
    attributes = json.dumps(shape.attributes, ensure_ascii=False) if shape.attributes else ""
    none = "" if shape.group is None else shape.group
    score, iou = ("" if value is None else value for value in (shape.score, shape.iou))
    return [_guarded(of.name), geometry.kind, *box, told, id, none, score, model, iou, attributes]


def _guarded(text: str) -> str:
    return "'" + text if text.startswith((*FORMULA, "'")) else text


def _unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") else text


FORMAT = ShapeFormat(suffix=".csv", media="text/csv; charset=utf-8", detect=detect, read=read, write=write)
