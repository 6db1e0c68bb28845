"""CVAT for images 1.1: one XML file with labels, and for every image its shapes: every kind of ours has one of theirs.

Source: the CVAT manual, "CVAT for image: exchange format". Polygons there have one ring and no holes. Ids and scores of shapes
are attributes of their own (`id`, `score`), which CVAT passes over.
"""

import io
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from xml.etree.ElementTree import Element

from modicum.errors import InputError, SourceError
from modicum.formats import markup
from modicum.formats.losing import Keeper
from modicum.formats.losses import Losses, RefusedError
from modicum.formats.markup import attribute, counted, value
from modicum.formats.outline import one_ring, rings
from modicum.formats.pictures import (
    Classes,
    Drawings,
    Fact,
    Gathering,
    Picture,
    ShapeFormat,
    is_made_up,
    number,
    parsed,
    parsed_each,
    size,
)
from modicum.formats.places import Out, Source
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
    Shape,
    Skeleton,
)
from modicum.types import Class

_KINDS = ("box", "ellipse", "polygon", "polyline", "points", "skeleton", "mask")
_INPUTS = {"choice": "select", "text": "text", "number": "number", "flag": "checkbox"}
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


# --- writing -----------------------------------------------------------------------------------------------------------


def write(drawings: Drawings, out: Out, losses: Losses) -> None:
    """CVAT for images 1.1: one XML file with every kind of shape, attributes and image tags, for CVAT."""
    holds = {"id", "image id", "attributes", "score", "group", "tags", "colour", "skeleton", "definitions"}
    keeper = Keeper("CVAT", losses, holds)
    keeper.schema(drawings)
    used: list[dict[str, str]] = [{known.name: known.kind for known in entry.attributes} for entry in drawings.classes]
    with out.file(out.main) as file, tempfile.TemporaryFile() as later:
        for place, picture in enumerate(drawings.pictures):
            keeper.picture(picture)
            later.write(_image(picture, place, drawings.classes, used, keeper).encode())
        file.write(_head(drawings.classes, used).encode())
        later.seek(0)
        shutil.copyfileobj(later, file, 2**20)
        file.write(b"</annotations>\n")


def _head(classes: tuple[Class, ...], used: list[dict[str, str]]) -> str:
    labels = "".join(_label(entry, used[entry.id]) for entry in classes)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n'
        f"<meta><task><labels>\n{labels}</labels></task></meta>\n"
    )


def _label(entry: Class, used: Mapping[str, str]) -> str:
    text = markup.text
    lines = []
    known = {attribute_.name: attribute_ for attribute_ in entry.attributes}
    for name, kind in used.items():
        given = known.get(name)
        default = "" if given is None or given.default is None else _told(given.default)
        values = "\n".join(given.choices) if given else "false" if kind == "flag" else ""
        lines.append(
            f"<attribute><name>{text(name)}</name><mutable>False</mutable><input_type>{_INPUTS[kind]}</input_type>"
            f"<default_value>{text(default)}</default_value><values>{text(values)}</values></attribute>"
        )
    head = f"<label><name>{text(entry.name)}</name><color>{entry.colour or ''}</color>"
    inside = f"<attributes>{''.join(lines)}</attributes>"
    if entry.skeleton is None:
        return f"{head}<type>any</type>{inside}</label>\n"
    nodes = entry.skeleton.nodes
    circles = "".join(
        f'<circle data-type="element node" data-element-id="{n + 1}" data-node-id="{n + 1}" data-label-name={attribute(name)} '
        f'cx="{5 + 90 * n / len(nodes):g}" cy="50" r="0.75"/>'
        for n, name in enumerate(nodes)
    )
    edges = "".join(f'<line data-type="edge" data-node-from="{a + 1}" data-node-to="{b + 1}"/>' for a, b in entry.skeleton.edges)
    parts = "".join(
        f"<label><name>{text(name)}</name><color></color><type>points</type><attributes></attributes>"
        f"<parent>{text(entry.name)}</parent></label>\n"
        for name in nodes
    )
    return f"{head}<type>skeleton</type>{inside}<svg>{text(circles + edges)}</svg></label>\n{parts}"


def _image(picture: Picture, place: int, classes: tuple[Class, ...], used: list[dict[str, str]], keeper: Keeper) -> str:
    id = picture.id or str(place)
    more = f" subset={attribute(picture.facts['subset'])}" if isinstance(picture.facts.get("subset"), str) else ""
    lines = [
        f'<image id={attribute(id)} name={attribute(picture.name)}{more} width="{picture.width}" height="{picture.height}">\n'
    ]
    lines += [f'<tag label={attribute(classes[tag].name)} source="manual"></tag>\n' for tag in picture.shapes.tags]
    for order, shape in enumerate(picture.shapes.shapes):
        name, given, inside = _written(shape, picture, order, classes[shape.class_id], keeper)
        occluded = shape.attributes.get("occluded") is True
        extra = f" id={attribute(shape.id)}" if not is_made_up(shape.id) else ""
        extra += f' group_id="{shape.group}"' if shape.group is not None else ""
        extra += f' score="{shape.score!r}"' if shape.score is not None else ""
        answers = []
        for key, answer in shape.attributes.items():
            if key == "occluded" and isinstance(answer, bool):
                continue
            kind = "flag" if isinstance(answer, bool) else "text" if isinstance(answer, str) else "number"
            defined = used[shape.class_id].setdefault(key, kind)
            if defined != kind and not (defined == "choice" and kind == "text"):
                what = "CVAT: an answer that is of another kind than its attribute became text"
                keeper.losses.changed(picture.where, f"{picture.place(order)}.attributes.{key}", what)
            answers.append(f"<attribute name={attribute(key)}>{markup.text(_told(answer))}</attribute>")
        label = attribute(classes[shape.class_id].name)
        lines.append(
            f'<{name} label={label} source="manual" occluded="{int(occluded)}"{given} z_order="{order}"{extra}>'
            f"{inside}{''.join(answers)}</{name}>\n"
        )
    return "".join([*lines, "</image>\n"])


def _told(answer: Answer) -> str:
    return ("true" if answer else "false") if isinstance(answer, bool) else str(answer)


def _written(shape: Shape, picture: Picture, place: int, of: Class, keeper: Keeper) -> tuple[str, str, str]:
    """Element name, attributes and inner elements of one shape."""
    match shape.geometry:
        case Box(x=x, y=y, w=w, h=h):
            return "box", _sides(x, y, x + w, y + h), ""
        case Rotated(cx=cx, cy=cy, w=w, h=h, angle=angle):
            return "box", f'{_sides(cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)} rotation="{angle:.12g}"', ""
        case Ellipse(cx=cx, cy=cy, rx=rx, ry=ry, angle=angle):
            turned = f' rotation="{angle:.12g}"' if angle else ""
            return "ellipse", f' cx="{cx:.12g}" cy="{cy:.12g}" rx="{rx:.12g}" ry="{ry:.12g}"{turned}', ""
        case Polygon(rings=found):
            if len(found) > 1:
                keeper.became(picture, place, shape, "one outline each, their parts and holes joined by cuts")
            return "polygon", f' points="{_pairs(one_ring(rings(shape.geometry)))}"', ""
        case Polyline(points=points):
            return "polyline", f' points="{_pairs(points)}"', ""
        case Points(points=points):
            return "points", f' points="{_pairs(points)}"', ""
        case Mask(x=left, y=top, w=w, h=h, counts=counts):
            rle = ", ".join(map(str, counts))
            return "mask", f' rle="{rle}" left="{left}" top="{top}" width="{w}" height="{h}"', ""
        case Skeleton(nodes=nodes):
            names = of.skeleton.nodes if of.skeleton else ()
            inner = "".join(
                f'<points label={attribute(names[n] if n < len(names) else str(n + 1))} outside="{int(v == 0)}" '
                f'occluded="{int(v == 1)}" points="{x:.12g},{y:.12g}"></points>'
                for n, (x, y, v) in enumerate(nodes)
            )
            return "skeleton", "", inner


def _sides(left: float, top: float, right: float, bottom: float) -> str:
    return f' xtl="{left:.12g}" ytl="{top:.12g}" xbr="{right:.12g}" ybr="{bottom:.12g}"'


def _pairs(points: tuple[Point, ...]) -> str:
    return ";".join([f"{x:.12g},{y:.12g}" for x, y in points])


FORMAT = ShapeFormat(suffix=".xml", media="application/xml", detect=detect, read=read, write=write)
