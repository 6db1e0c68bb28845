"""What CVAT for images 1.1 is written by; see `cvat`."""

import shutil
import tempfile
from collections.abc import Mapping

from modicum.formats import markup
from modicum.formats.losing import Keeper
from modicum.formats.losses import Losses
from modicum.formats.markup import attribute
from modicum.formats.outline import one_ring, rings
from modicum.formats.pictures import (
    Drawings,
    Picture,
    is_made_up,
)
from modicum.formats.places import Out
from modicum.geometry import (
    Answer,
    Box,
    Ellipse,
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

_INPUTS = {"choice": "select", "text": "text", "number": "number", "flag": "checkbox"}


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
