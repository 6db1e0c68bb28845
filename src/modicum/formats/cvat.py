"""CVAT for images 1.1: one XML file with labels, and for every image its shapes: every kind of ours has one of theirs.

Source: the CVAT manual, "CVAT for image: exchange format". Polygons there have one ring and no holes. Ids and scores of shapes
are attributes of their own (`id`, `score`), which CVAT passes over.
"""

import io
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from xml.etree.ElementTree import Element

from modicum.errors import InputError, SourceError
from modicum.formats import markup
from modicum.formats.cvat_writer import write
from modicum.formats.losses import Losses, RefusedError
from modicum.formats.markup import counted, value
from modicum.formats.pictures import (
    Classes,
    Drawings,
    Fact,
    Gathering,
    Picture,
    ShapeFormat,
    number,
    parsed,
    parsed_each,
    size,
)
from modicum.formats.places import Source
from modicum.geometry import (
    Answer,
    Attribute,
    Bones,
    Box,
    Ellipse,
    Geometry,
    Mask,
    Point,
    Points,
    Polygon,
    Polyline,
    Rotated,
    Skeleton,
)
from modicum.types import Class

_KINDS = ("box", "ellipse", "polygon", "polyline", "points", "skeleton", "mask")
_IMAGE = {"id", "name", "width", "height"}


def detect(source: Source) -> bool:
    return bool(_files(source))


def _files(source: Source) -> list[str]:
    found = []
    for name in source.having(".xml"):
        with source.open(name) as file:
            if b"<annotations>" in file.read(2**12):
                found.append(name)
    return found


# --- reading -----------------------------------------------------------------------------------------------------------


def read(source: Source, losses: Losses) -> Drawings:
    """One XML file; a folder or zip must hold exactly one. Raises InputError, SourceError."""
    files = source.names if source.alone else _files(source)
    if len(files) != 1:
        raise InputError(f"{source.path} holds {len(files)} CVAT files; exactly one is read: name it")
    file = files[0]
    classes = Classes(file, losses)
    _collect(source, file, classes)
    return Drawings(classes.tuple(), _pictures(source, file, classes, losses))


def _collect(source: Source, file: str, classes: Classes) -> None:
    """Labels from the head of the file; when it has none, from all the shapes."""
    with source.open(file) as data:
        for place, node in markup.elements(data, file, ("labels", "image")):
            if node.tag == "labels":
                _labels(node, classes)
                continue
            if classes.made and not place:
                return
            for order, entry in counted(node):
                if entry.get("label"):
                    classes.of(entry.get("label"), f"$.image[{place}].{entry.tag}[{order}].label")


def _labels(node: Element, classes: Classes) -> None:
    inside: dict[str, list[str]] = {}
    for label in node.iterfind("label"):
        if value(label, "parent"):
            inside.setdefault(value(label, "parent"), []).append(value(label, "name"))
    for place, label in enumerate(node.iterfind("label")):
        name, path = value(label, "name"), f"$.meta.labels.label[{place}]"
        if value(label, "parent") or not name or name in classes.known:
            continue
        made = classes.add(name, f"{path}.name")
        classes.known[name] = made.id
        colour = value(label, "color").lower()
        valid = len(colour) == 7 and colour[0] == "#" and all(c in "0123456789abcdef" for c in colour[1:])
        update: dict[str, object] = {"colour": colour} if valid else {}
        given = enumerate(label.iterfind("attributes/attribute"))
        found = [_definition(entry, classes, f"{path}.attributes.attribute[{n}]") for n, entry in given]
        update["attributes"] = tuple({entry.name: entry for entry in found if entry}.values())
        if inside.get(name):
            update["skeleton"] = _bones(label, inside[name], classes, path)
        classes.change(made.model_copy(update=update))


def _definition(entry: Element, classes: Classes, path: str) -> Attribute | None:
    values = tuple(dict.fromkeys(line.strip() for line in value(entry, "values").splitlines() if line.strip()))
    kind = {"select": "choice", "radio": "choice", "checkbox": "flag", "number": "number"}.get(value(entry, "input_type"), "text")
    default: Answer | None = _answer(value(entry, "default_value"), kind) if value(entry, "default_value") else None
    if kind == "choice" and len(values) < 2:
        kind, values = "text", ()
    try:
        return Attribute.model_validate(
            {"name": value(entry, "name"), "kind": kind, "choices": values if kind == "choice" else (), "default": default}
        )
    except ValueError as error:
        classes.losses.left_out(classes.file, path, "the definition of an attribute that cannot be", str(error)[:200])
        return None


def _bones(label: Element, nodes: list[str], classes: Classes, path: str) -> Bones | None:
    edges = []
    places: dict[str, int] = {}
    try:
        if value(label, "svg"):
            drawing = io.BytesIO(f"<svg>{value(label, 'svg')}</svg>".encode())
            for _, node in markup.elements(drawing, f"{classes.file} {path}.svg", ("circle", "line")):
                given = node.attrib
                if given.get("data-label-name") in nodes:
                    places[given.get("data-node-id", "")] = nodes.index(given["data-label-name"])
                elif "data-node-from" in given:
                    edges.append((places[given["data-node-from"]], places[given["data-node-to"]]))
        return Bones(nodes=tuple(nodes), edges=tuple(edges))
    except (SourceError, KeyError, ValueError) as error:
        classes.losses.left_out(classes.file, f"{path}.svg", "the edges of a skeleton that cannot be read", str(error)[:200])
    try:
        return Bones(nodes=tuple(nodes))
    except ValueError:
        return None


def _pictures(source: Source, file: str, classes: Classes, losses: Losses) -> Iterator[Picture]:
    with source.open(file) as data:
        for number, node in markup.elements(data, file, ("image", "track")):
            if node.tag == "track":
                losses.left_out(file, f"$.track[{number}]", "a track of a video: only CVAT for images is read")
            elif picture := _picture(node, f"$.image[{number}]", file, classes, losses):
                yield picture


def _picture(node: Element, path: str, file: str, classes: Classes, losses: Losses) -> Picture | None:
    given = node.attrib
    if not given.get("name"):
        losses.left_out(file, f"{path}.name", "an image without a name", f"id {given.get('id', '')!r:.40}")
        return None
    try:
        width, height = size(given.get("width", ""), ".width"), size(given.get("height", ""), ".height")
    except RefusedError as error:
        losses.changed(file, path + error.path, error.what, error.detail)
        width = height = 0
    gathering, tags = Gathering(file, losses), []
    for place, entry in sorted(counted(node), key=_height):
        where = f"{path}.{entry.tag}[{place}]"
        class_id = classes.find(entry.get("label", ""))
        if class_id is None:
            losses.left_out(file, f"{where}.label", "a shape of an unknown class", f"{entry.get('label', '')!r:.80}")
        elif entry.tag == "tag":
            tags.append(class_id)
            if len(entry):
                losses.left_out(file, where, "attributes of the class of a whole image", count=len(entry))
        elif entry.tag in _KINDS:
            _shape(entry, where, classes.made[class_id], gathering)
        else:
            losses.left_out(file, where, f"a shape of a kind CVAT for images 1.1 does not have: {entry.tag[:40]}")
    facts: dict[str, Fact] = {key: value for key, value in given.items() if key not in _IMAGE and value}
    return Picture(
        given["name"], width, height, gathering.drawn(tags), (), given.get("id", ""), facts, file, path, tuple(gathering.places)
    )


def _height(numbered: tuple[int, Element]) -> int:
    order = numbered[1].get("z_order", "0")
    return int(order) if order.lstrip("-").isdecimal() and len(order) < 10 else 0


def _shape(entry: Element, path: str, of: Class, gathering: Gathering) -> None:
    given = entry.attrib
    kinds = {known.name: known.kind for known in of.attributes}
    attributes: dict[str, str | float | bool] = {"occluded": True} if given.get("occluded") == "1" else {}
    for node in entry.iterfind("attribute"):
        name = node.get("name", "")
        attributes[name] = _answer(node.text or "", kinds.get(name, "text"))
    group = given.get("group_id", "")
    make = partial(_geometry, entry, of)
    gathering.add(
        path,
        of.id,
        make,
        id=given.get("id"),
        attributes=attributes,
        group=int(group) if group.isdecimal() and len(group) < 15 else None,
        score=_score(given["score"]) if "score" in given else None,
    )


def _score(given: str) -> float | str:
    try:
        return parsed(given)
    except RefusedError:
        return given  # is reported as no number


def _answer(text: str, kind: str) -> Answer:
    if kind == "flag" and text.strip().lower() in ("true", "false"):
        return text.strip().lower() == "true"
    if kind == "number":
        try:
            return parsed(text)
        except RefusedError:
            return text
    return text


def _geometry(entry: Element, of: Class) -> Geometry:
    given = entry.attrib
    angle = parsed(given.get("rotation", "0"), ".rotation")
    match entry.tag:
        case "box":
            left, top, right, bottom = (parsed(given.get(side), f".{side}") for side in ("xtl", "ytl", "xbr", "ybr"))
            if right <= left or bottom <= top:
                raise RefusedError("a shape of zero area", f"{right - left:g} x {bottom - top:g}")
            if angle:
                middle = (left + right) / 2, (top + bottom) / 2
                return Rotated(cx=middle[0], cy=middle[1], w=right - left, h=bottom - top, angle=_turn(angle))
            return Box(x=left, y=top, w=right - left, h=bottom - top)
        case "ellipse":
            cx, cy, rx, ry = (parsed(given.get(part), f".{part}") for part in ("cx", "cy", "rx", "ry"))
            if rx <= 0 or ry <= 0:
                raise RefusedError("a shape of zero area", f"{rx:g} x {ry:g}")
            return Ellipse(cx=cx, cy=cy, rx=rx, ry=ry, angle=_turn(angle))
        case "polygon":
            return Polygon(rings=(_points(given),))
        case "polyline":
            return Polyline(points=_points(given))
        case "points":
            return Points(points=_points(given))
        case "skeleton":
            return _skeleton(entry, of)
        case _:
            left, top, w, h = (_whole(given, part) for part in ("left", "top", "width", "height"))
            counts = tuple(int(number(parsed(part, ".rle"), ".rle")) for part in given.get("rle", "").split(",") if part.strip())
            return Mask(x=left, y=top, w=w, h=h, counts=counts)


def _turn(angle: float) -> float:
    return angle if -360 <= angle <= 360 else angle % 360


def _whole(given: Mapping[str, str], part: str) -> int:
    found = parsed(given.get(part), f".{part}")
    if found != int(found):
        raise RefusedError("a mask that does not lie on whole pixels", f"{found:g}", f".{part}")
    return int(found)


def _points(given: Mapping[str, str]) -> tuple[Point, ...]:
    listed = given.get("points", "").split(";")
    halves = [pair.split(",") for pair in listed]
    for place, half in enumerate(halves):
        if len(half) != 2:
            raise RefusedError("a point that is no pair of numbers", f"point {place}: {listed[place][:40]!r}", ".points")
    flat = parsed_each([*chain.from_iterable(halves)], ".points")
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def _skeleton(entry: Element, of: Class) -> Skeleton:
    if of.skeleton is None:
        raise RefusedError("a skeleton of a class that has none", of.name)
    found: dict[str, tuple[float, float, int]] = {}
    for node in entry.iterfind("points"):
        (x, y), *_ = _points(node.attrib)
        hidden = node.get("occluded") == "1"
        found[node.get("label", "")] = (x, y, 0 if node.get("outside") == "1" else 1 if hidden else 2)
    if strangers := found.keys() - set(of.skeleton.nodes):
        raise RefusedError("a skeleton with keypoints its class has not", ", ".join(sorted(strangers))[:100])
    return Skeleton.model_validate({"nodes": tuple(found.get(name, (0.0, 0.0, 0)) for name in of.skeleton.nodes)})


FORMAT = ShapeFormat(suffix=".xml", media="application/xml", detect=detect, read=read, write=write)
