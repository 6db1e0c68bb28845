"""LabelMe: a JSON file an image, beside it, with outlines, rectangles, circles, lines, points and masks.

Source: labelme's label_file.py. `id`, `score` and `attributes` of a shape are entries of our own; LabelMe keeps what it does
not know.
"""

import base64
import io
import math
import posixpath
from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from PIL import Image

from modicum.errors import SourceError
from modicum.formats import json_stream
from modicum.formats.losing import Keeper
from modicum.formats.losses import Losses, Place, RefusedError
from modicum.formats.outline import MOST_PIXELS, bitmap, mask_of, one_ring, rings
from modicum.formats.pictures import Classes, Drawings, Gathering, Picture, ShapeFormat, is_made_up, pairs, size
from modicum.formats.places import Out, Source, Stems
from modicum.geometry import Box, Ellipse, Geometry, Mask, Point, Points, Polygon, Polyline, Shape, Skeleton
from modicum.types import Class

CLASSES = "labels.txt"
ORDER = "images.txt"
_SHAPE = {"label", "points", "group_id", "shape_type", "flags", "mask", "description", "id", "score", "attributes", "other_data"}
_FILE = {"version", "flags", "shapes", "imagePath", "imageData", "imageHeight", "imageWidth", "id"}


def detect(source: Source) -> bool:
    names = source.having(".json")
    return bool(names) and any(_is_labelme(source, name) for name in names[:3])


def _is_labelme(source: Source, name: str) -> bool:
    with source.open(name) as file:
        head = file.read(2**16)
        if b'"shapes"' not in head:
            return False
        return b'"imagePath"' in head or b'"imagePath"' in file.read(2**26)


def read(source: Source, losses: Losses) -> Drawings:
    """A folder or zip of JSON files, or one of them; in the order of our list of images when it is there, else of names."""
    files = source.names if source.alone else source.having(".json")
    if not files and ORDER not in source.known:
        raise SourceError(f"{source.path} holds no JSON files")
    if ORDER in source.known:
        place = {name: number for number, name in enumerate(source.text(ORDER).splitlines())}
        files.sort(key=lambda name: place.get(name.removesuffix(".json"), len(place)))
    classes = Classes(str(source.path.name), losses)
    if CLASSES in source.known:
        for line, name in enumerate(source.text(CLASSES).splitlines()):
            if name.strip() and name not in ("__ignore__", "_background_"):
                classes.add(name, f"line {line + 1}")
    for file in files:  # classes are known before the first picture: names are collected first
        entry = _loaded(source, file, None)
        for shape in (entry or {}).get("shapes") or ():
            if isinstance(shape, dict) and isinstance(shape.get("label"), str) and shape["label"]:
                classes.of(shape["label"], "$.shapes.label")
        flags = (entry or {}).get("flags")
        for name, answer in flags.items() if isinstance(flags, dict) else ():
            if answer is True:
                classes.of(name, "$.flags")
    return Drawings(classes.tuple(), _pictures(source, files, classes, losses))


def _loaded(source: Source, file: str, losses: Losses | None) -> dict[str, Any] | None:
    problem = "it is no object with shapes"
    try:
        entry = json_stream.load(source.text(file))
        if isinstance(entry, dict) and isinstance(entry.get("shapes"), list):
            return entry
    except (ValueError, RecursionError, SourceError) as error:
        problem = str(error)
    if losses is not None:
        losses.left_out(file, "$", "a file that cannot be read", problem[:200])
    return None


def _pictures(source: Source, files: list[str], classes: Classes, losses: Losses) -> Iterator[Picture]:
    for file in files:
        entry = _loaded(source, file, losses)
        if entry is not None:
            yield _picture(entry, file, classes, losses)


def _picture(entry: dict[str, Any], file: str, classes: Classes, losses: Losses) -> Picture:
    gathering = Gathering(file, losses)
    name = entry.get("imagePath")
    if not isinstance(name, str) or not name:
        name = PurePosixPath(file).stem + ".jpg"
        losses.changed(file, "$.imagePath", "an annotation without the name of its image", f"taken to be {name!r}")
    try:
        width, height = size(entry.get("imageWidth"), ".imageWidth"), size(entry.get("imageHeight"), ".imageHeight")
    except RefusedError as error:
        losses.changed(file, "$" + error.path, error.what, error.detail)
        width = height = 0
    for key in entry.keys() - _FILE:
        losses.left_out(file, f"$.{key}", "a part LabelMe does not define")
    if entry.get("imageData"):
        losses.left_out(file, "$.imageData", "the image itself, which the annotation holds a copy of")
    for place, shape in enumerate(entry["shapes"]):
        path = f"$.shapes[{place}]"
        if not isinstance(shape, dict) or not isinstance(shape.get("label"), str) or classes.find(shape["label"]) is None:
            gathering.refuse(path, RefusedError("a shape without a class", path=".label"))
            continue
        _shape(shape, path, classes.find(shape["label"]) or 0, gathering)
    flags = entry.get("flags")
    given = flags.items() if isinstance(flags, dict) else ()
    tags = [classes.find(flag) or 0 for flag, answer in given if answer is True]
    clean = posixpath.normpath(posixpath.join(posixpath.dirname(file), name.replace("\\", "/")))
    if clean.startswith(("../", "/")):  # the image lies elsewhere; its name is what can be kept
        clean = posixpath.basename(clean)
    id = entry.get("id")
    return Picture(
        clean, width, height, gathering.drawn(tags), id=str(id) if isinstance(id, str | int) else "", file=file,
        places=tuple(gathering.places),
    )  # fmt: skip


def _shape(shape: dict[str, Any], path: str, class_id: int, gathering: Gathering) -> None:
    attributes = dict(shape["attributes"]) if isinstance(shape.get("attributes"), dict) else {}
    if isinstance(shape.get("flags"), dict):
        attributes.update(shape["flags"])
    if shape.get("description"):
        attributes["description"] = shape["description"]
    if not _SHAPE.issuperset(shape):
        attributes.update((key, value) for key, value in shape.items() if key not in _SHAPE and value is not None)
    group = shape.get("group_id")
    gathering.add(
        path,
        class_id,
        partial(_geometry, shape),
        id=shape.get("id"),
        attributes=attributes,
        group=group if isinstance(group, int) and not isinstance(group, bool) and group >= 0 else None,
        score=shape.get("score"),
    )


def _geometry(shape: dict[str, Any]) -> Geometry:
    points = pairs(shape.get("points"), ".points")
    kind = shape.get("shape_type") or "polygon"
    match kind:
        case "rectangle" if len(points) in (2, 4):
            xs, ys = [x for x, _ in points], [y for _, y in points]
            if max(xs) <= min(xs) or max(ys) <= min(ys):
                raise RefusedError("a shape of zero area", path=".points")
            return Box(x=min(xs), y=min(ys), w=max(xs) - min(xs), h=max(ys) - min(ys))
        case "circle" if len(points) == 2:
            radius = math.dist(points[0], points[1])
            if radius <= 0:
                raise RefusedError("a shape of zero area", path=".points")
            return Ellipse(cx=points[0][0], cy=points[0][1], rx=radius, ry=radius)
        case "polygon":
            return Polygon(rings=(points,))
        case "line" | "linestrip":
            return Polyline(points=points)
        case "point" | "points":
            return Points(points=points)
        case "mask" if points:
            return _mask(shape.get("mask"), points[0])
    raise RefusedError(f"a shape of a kind LabelMe does not have, or with another number of points: {str(kind)[:40]}")


def _mask(given: object, corner: Point) -> Mask:
    try:
        data = base64.b64decode(str(given), validate=True)
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise RefusedError(f"a mask of more than {MOST_PIXELS // 10**6} megapixels", path=".mask")
            region = np.asarray(image.convert("L")) > 0
    except RefusedError:
        raise
    except Exception as error:  # decoders meet hostile bytes with a dozen exception types
        raise RefusedError("a mask that is no PNG in base64", str(error)[:100], ".mask") from error
    x, y = round(corner[0]), round(corner[1])
    if x < 0 or y < 0:
        region, x, y = region[max(0, -y) :, max(0, -x) :], max(0, x), max(0, y)
    return mask_of(region, x, y)


# --- writing -----------------------------------------------------------------------------------------------------------


def write(drawings: Drawings, out: Out, losses: Losses) -> None:
    """LabelMe: a JSON file an image, with outlines, rectangles, circles, lines, points and masks."""
    keeper = Keeper("LabelMe", losses, {"id", "image id", "attributes", "score", "group", "tags"})
    keeper.schema(drawings)
    stems = Stems(losses, "LabelMe files are called like their images: a file got another name")
    listed = []
    for picture in drawings.pictures:
        keeper.picture(picture)
        stem = stems(picture.name, Place(picture.where, picture.path))
        listed.append(stem)
        entry: dict[str, Any] = {
            "version": "5.5.0",
            "flags": {drawings.classes[tag].name: True for tag in picture.shapes.tags},
            "shapes": [
                found for place in range(len(picture.shapes.shapes)) for found in _written(picture, place, drawings, keeper)
            ],
            "imagePath": _beside(picture.name, stem),
            "imageData": None,
            "imageHeight": picture.height,
            "imageWidth": picture.width,
        }
        if picture.id:
            entry["id"] = picture.id
        out.put(f"{stem}.json", json_stream.dump(entry))
        data = out.image(picture.name)
        if data is not None:
            out.put(f"{stem}{PurePosixPath(picture.name).suffix or '.jpg'}", data)
    out.put(ORDER, "".join(f"{stem}\n" for stem in listed))
    out.put(CLASSES, "".join(f"{entry.name}\n" for entry in drawings.classes))


def _beside(name: str, stem: str) -> str:
    """The image as seen from where its JSON lies."""
    return name if posixpath.isabs(name) else posixpath.relpath(name, posixpath.dirname(stem) or ".")


def _written(picture: Picture, place: int, drawings: Drawings, keeper: Keeper) -> Iterator[dict[str, Any]]:
    shape: Shape = picture.shapes.shapes[place]
    of: Class = drawings.classes[shape.class_id]
    try:
        kind, points, mask = _drawn(picture, place, shape, keeper)
    except RefusedError as error:
        keeper.losses.left_out(picture.where, picture.place(place), error.what, error.detail)
        return
    entry: dict[str, Any] = {
        "label": of.name,
        "points": [list(point) for point in points],
        "group_id": shape.group,
        "description": shape.attributes.get("description", ""),
        "shape_type": kind,
        "flags": {name: answer for name, answer in shape.attributes.items() if isinstance(answer, bool)},
        "mask": mask,
    }
    rest = {k: v for k, v in shape.attributes.items() if not isinstance(v, bool) and k != "description"}
    if rest:
        entry["attributes"] = rest
    if not is_made_up(shape.id):
        entry["id"] = shape.id
    if shape.score is not None:
        entry["score"] = shape.score
    yield entry


def _drawn(picture: Picture, place: int, shape: Shape, keeper: Keeper) -> tuple[str, tuple[Point, ...], str | None]:
    match shape.geometry:
        case Box(x=x, y=y, w=w, h=h):
            return "rectangle", ((x, y), (x + w, y + h)), None
        case Ellipse(cx=cx, cy=cy, rx=rx, ry=ry) if rx == ry:
            return "circle", ((cx, cy), (cx + rx, cy)), None
        case Polyline(points=points):
            return "linestrip", points, None
        case Points(points=points):
            return ("point" if len(points) == 1 else "points"), points, None
        case Mask(x=x, y=y, w=w, h=h) as mask:
            buffer = io.BytesIO()
            Image.fromarray(bitmap(mask)).save(buffer, "PNG")
            ends = ((float(x), float(y)), (float(x + w - 1), float(y + h - 1)))
            return "mask", ends, base64.b64encode(buffer.getvalue()).decode()
        case Skeleton(nodes=nodes):
            keeper.became(picture, place, shape, "points, without the names and the visibility of their keypoints")
            return "points", tuple((x, y) for x, y, v in nodes if v), None
        case Polygon(rings=found) as polygon:
            if len(found) > 1:
                keeper.became(picture, place, shape, "one outline each, their parts and holes joined by cuts")
            return "polygon", one_ring(rings(polygon)), None
        case other:
            keeper.became(picture, place, shape, "polygons")
            return "polygon", one_ring(rings(other)), None


FORMAT = ShapeFormat(suffix=".zip", media="application/zip", detect=detect, read=read, write=write)
