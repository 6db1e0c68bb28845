"""Pascal VOC: an XML file an image with boxes.

Source: the PASCAL VOC development kit. Its own files count pixels from 1 and include the last one; those of every labeling
program since (LabelImg, CVAT, Roboflow, the libraries that read them) hold the edges as they are. So do we; files that name
one of the VOC databases as their source are read as the development kit means them.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element

from modicum.errors import SourceError
from modicum.formats import markup
from modicum.formats.losing import Keeper
from modicum.formats.losses import Losses, Place, RefusedError
from modicum.formats.markup import value
from modicum.formats.outline import bounds
from modicum.formats.pictures import Classes, Drawings, Gathering, Picture, ShapeFormat, parsed, size
from modicum.formats.places import Out, Source, Stems
from modicum.geometry import Box, Point, Polygon
from modicum.types import Class

ORDER = "ImageSets/Main/default.txt"
LABELS = "labelmap.txt"
_EMPTY = {"pose": "Unspecified", "truncated": "0", "difficult": "0", "occluded": "0"}


def detect(source: Source) -> bool:
    return any(_is_voc(source, name) for name in source.having(".xml")[:5])


def _is_voc(source: Source, name: str) -> bool:
    with source.open(name) as file:
        head = file.read(2**12)
    return b"<annotation>" in head or b"<annotation " in head


def read(source: Source, losses: Losses) -> Drawings:
    """A folder or zip of XML files, or one of them; in the order of our ImageSets file when it is there, else of names."""
    files = source.names if source.alone else source.having(".xml")
    if not files and ORDER not in source.known:
        raise SourceError(f"{source.path} holds no XML files")
    if ORDER in source.known:
        place = {name: number for number, name in enumerate(source.text(ORDER).splitlines())}
        files.sort(key=lambda name: place.get(_stem(name), len(place)))
    classes = Classes(str(source.path.name), losses)
    if LABELS in source.known:
        for number, line in enumerate(source.text(LABELS).splitlines()):
            name = line.rsplit(":", 3)[0].strip()
            if name and not line.startswith("#") and not (number == 1 and name == "background"):
                _with_colour(classes, classes.add(name, f"line {number + 1}"), line)
    seen: set[str] = set()
    for file in files:  # classes are known before the first picture: names are collected first
        for node in _annotations(source, file, None):
            for entry in node.iterfind("object"):
                name = value(entry, "name")
                if name and name not in seen:
                    seen.add(name)
                    classes.of(name, "$.object.name")
    found = (picture for file in files for picture in _pictures(source, file, classes, losses))
    return Drawings(classes.tuple(), found)


def _with_colour(classes: Classes, entry: Class, line: str) -> None:
    parts = line.rsplit(":", 3)[1:2]
    values = [part.strip() for part in parts[0].split(",")] if parts else []
    if len(values) == 3 and all(value.isdecimal() and int(value) < 256 for value in values):
        classes.change(entry.model_copy(update={"colour": "#" + "".join(f"{int(value):02x}" for value in values)}))


def _stem(name: str) -> str:
    return name.removeprefix("Annotations/").removesuffix(".xml")


def _annotations(source: Source, file: str, losses: Losses | None) -> Iterator[Element]:
    """The annotation a file holds; a file that cannot be read is a line of the report and nothing more."""
    try:
        with source.open(file) as data:
            yield from (node for _, node in markup.elements(data, file, ("annotation",)))
    except SourceError as error:
        if source.alone:
            raise
        if losses is not None:
            losses.left_out(file, "$", "a file that cannot be read", error.message.removeprefix(file).strip())


def _pictures(source: Source, file: str, classes: Classes, losses: Losses) -> Iterator[Picture]:
    for node in _annotations(source, file, losses):
        gathering = Gathering(file, losses)
        name = value(node, "filename")
        if not name:
            name = PurePosixPath(file).stem + ".jpg"
            losses.changed(file, "$.filename", "an annotation without the name of its image", f"taken to be {name!r}")
        try:
            width, height = size(value(node, "size", "width"), ".size.width"), size(value(node, "size", "height"), ".size.height")
        except RefusedError as error:
            losses.changed(file, "$" + error.path, error.what, error.detail)
            width = height = 0
        first = 1 if value(node, "source", "database").startswith("The VOC") else 0
        for number, entry in enumerate(node.iterfind("object")):
            _object(entry, f"$.object[{number}]", classes, first, gathering)
        yield Picture(
            name, width, height, gathering.drawn(), file=file, places=tuple(gathering.places), id=value(node, "id")
        )  # fmt: skip


def _object(entry: Element, path: str, classes: Classes, first: int, gathering: Gathering) -> None:
    said = {node.tag: (node.text or "").strip() for node in reversed(entry)}  # of several of a name the first counts
    class_id = classes.find(said.get("name", ""))
    if class_id is None:
        gathering.refuse(path, RefusedError("an object without a class", path=".name"))
        return
    attributes: dict[str, str | float | bool] = {}
    for name, usual in _EMPTY.items():
        told = said.get(name)
        if told and told != usual:
            attributes[name] = told if name == "pose" else told == "1"
    more = entry.find("attributes")
    for node in (entry if more is None else more).iterfind("attribute"):
        if value(node, "name"):
            answer = node.find("value")
            attributes[value(node, "name")] = "" if answer is None else answer.text or ""  # spaces around it are part of it
    id, score = said.get("id") or None, said.get("score") or said.get("confidence", "")
    box, outline = entry.find("bndbox"), entry.find("polygon")
    if box is None and outline is not None:
        gathering.add(path, class_id, partial(_polygon, outline), id=id, attributes=attributes)
        return
    if "part" in said:
        gathering.losses.left_out(gathering.file, f"{path}.part", "parts of an object", count=len(entry.findall("part")))
    gathering.add(path, class_id, partial(_box, box, first), id=id, attributes=attributes, score=_score(score))


def _score(given: str) -> float | str | None:
    try:
        return parsed(given) if given else None
    except RefusedError:
        return given  # is reported as no number


def _box(box: Element | None, first: int) -> Box:
    said = {node.tag: (node.text or "").strip() for node in reversed(box)} if box is not None else {}
    left, top, right, bottom = (parsed(said.get(side, ""), f".bndbox.{side}") for side in ("xmin", "ymin", "xmax", "ymax"))
    left, top = left - first, top - first
    if right <= left or bottom <= top:
        raise RefusedError("a shape of zero area", f"{right - left:g} x {bottom - top:g}", ".bndbox")
    return Box(x=left, y=top, w=right - left, h=bottom - top)


def _polygon(outline: Element) -> Polygon:
    """As some programs write it: x1, y1, x2, y2, ..."""
    values = {node.tag: parsed((node.text or "").strip(), ".polygon") for node in outline}
    points: list[Point] = []
    while f"x{len(points) + 1}" in values and f"y{len(points) + 1}" in values:
        points.append((values[f"x{len(points) + 1}"], values[f"y{len(points) + 1}"]))
    return Polygon(rings=(tuple(points),))


# --- writing -----------------------------------------------------------------------------------------------------------


def write(drawings: Drawings, out: Out, losses: Losses) -> None:
    """Pascal VOC: an XML file an image with boxes, and lists of images and classes, for older training code."""
    keeper = Keeper("Pascal VOC", losses, {"id", "image id", "attributes", "score", "colour"})
    keeper.schema(drawings)
    stems = Stems(losses, "VOC files are called like their images: a file got another name")
    listed = []
    for picture in drawings.pictures:
        keeper.picture(picture)
        stem = stems(picture.name, Place(picture.where, picture.path))
        listed.append(stem)
        out.put(f"Annotations/{stem}.xml", _document(picture, drawings.classes, keeper))
        data = out.image(picture.name)
        if data is not None:
            out.put(f"JPEGImages/{stem}{PurePosixPath(picture.name).suffix or '.jpg'}", data)
    out.put(ORDER, "".join(f"{stem}\n" for stem in listed))
    lines = [f"{entry.name}:{_rgb(entry.colour)}::" for entry in drawings.classes]
    out.put(LABELS, "\n".join(["# label:color_rgb:parts:actions", *lines]) + "\n")


def _rgb(colour: str | None) -> str:
    return "" if colour is None else ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))


def _document(picture: Picture, classes: tuple[Class, ...], keeper: Keeper) -> str:
    text = markup.text
    lines = [
        "<annotation>",
        f"  <filename>{text(picture.name)}</filename>",
        *([f"  <id>{text(picture.id)}</id>"] if picture.id else []),
        "  <source><database>Unknown</database></source>",
        f"  <size><width>{picture.width}</width><height>{picture.height}</height><depth>3</depth></size>",
        "  <segmented>0</segmented>",
    ]
    for place, shape in enumerate(picture.shapes.shapes):
        try:
            left, top, right, bottom = bounds(shape.geometry)
        except RefusedError as error:
            keeper.losses.left_out(picture.where, picture.place(place), error.what, error.detail)
            continue
        if right <= left or bottom <= top:
            keeper.dropped(picture, place, shape)
            continue
        if not isinstance(shape.geometry, Box):
            keeper.became(picture, place, shape, "boxes around them")
        known, other = dict(_EMPTY), []
        for name, answer in shape.attributes.items():
            if name == "pose" and isinstance(answer, str) and answer:
                known[name] = answer
            elif name in _EMPTY and name != "pose" and isinstance(answer, bool):
                known[name] = "1" if answer else "0"
            else:
                if not isinstance(answer, str):
                    keeper.losses.changed(
                        picture.where, f"{picture.place(place)}.attributes.{name}",
                        "Pascal VOC holds answers as text: a number or flag became one",
                    )  # fmt: skip
                other.append((name, _answer(answer)))
        lines.append("  <object>")
        if shape.id[0] != "s" or not shape.id[1:].isdecimal():
            lines.append(f"    <id>{text(shape.id)}</id>")
        lines.append(f"    <name>{text(classes[shape.class_id].name)}</name>")
        lines += [f"    <{name}>{text(value)}</{name}>" for name, value in known.items()]
        sides = zip(("xmin", "ymin", "xmax", "ymax"), (left, top, right, bottom), strict=True)
        lines.append("    <bndbox>" + "".join(f"<{side}>{value:.12g}</{side}>" for side, value in sides) + "</bndbox>")
        if shape.score is not None:
            lines.append(f"    <score>{shape.score!r}</score>")
        if other:
            told = (f"<attribute><name>{text(name)}</name><value>{text(value)}</value></attribute>" for name, value in other)
            lines.append(f"    <attributes>{''.join(told)}</attributes>")
        lines.append("  </object>")
    return "\n".join([*lines, "</annotation>\n"])


def _answer(answer: str | float | bool) -> str:
    return ("true" if answer else "false") if isinstance(answer, bool) else str(answer)


FORMAT = ShapeFormat(suffix=".zip", media="application/zip", detect=detect, read=read, write=write)
