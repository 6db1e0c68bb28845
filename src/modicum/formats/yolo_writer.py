"""What YOLO is written by: a text file an image, data.yaml, and a list of the images with their sizes; see `yolo`."""

import csv
import io
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import yaml

from modicum.engine.measure import corners
from modicum.formats.losing import Keeper
from modicum.formats.losses import Losses, Place, RefusedError
from modicum.formats.outline import bounds, one_ring, rings
from modicum.formats.pictures import Drawings, Picture
from modicum.formats.places import IMAGES, Out, Stems, safe_path
from modicum.geometry import Box, Geometry, Polygon, Rotated, Shape, Skeleton
from modicum.types import Class

TABLE = "images.csv"
HEADER = ("labels", "image", "width", "height")


def write_as(task: str, drawings: Drawings, out: Out, losses: Losses) -> None:
    keeper = Keeper("YOLO", losses, {"score", "skeleton"} if task == "pose" else ())
    keeper.schema(drawings)
    stems = Stems(losses, "YOLO finds labels by the image's name: rename the image as the labels are called")
    table = io.StringIO(newline="")
    rows = csv.writer(table)
    rows.writerow(HEADER)
    listed: list[str] = []
    bones = [entry.skeleton for entry in drawings.classes if entry.skeleton]
    nodes = max((len(skeleton.nodes) for skeleton in bones), default=0)
    for picture in drawings.pictures:
        keeper.picture(picture)
        stem = stems(picture.name, Place(picture.where, picture.path))
        lines = list(_lines(task, picture, nodes, keeper))
        name = f"labels/{stem}.txt"
        out.put(name, "".join(f"{line}\n" for line in lines))
        suffix = PurePosixPath(picture.name).suffix
        image = f"images/{stem}{suffix if suffix.lower() in IMAGES else '.jpg'}"
        rows.writerow((name, picture.name, picture.width, picture.height))
        listed.append(image)
        data = out.image(picture.name)
        if data is not None:
            out.put(image, data)
    out.put(TABLE, table.getvalue())
    out.put("train.txt", "".join(f"./{safe_path(name)}\n" for name in listed))
    out.put("data.yaml", _data(task, drawings.classes, nodes))


def _data(task: str, classes: tuple[Class, ...], nodes: int) -> str:
    facts: dict[str, Any] = {"path": ".", "train": "train.txt", "val": "train.txt"}
    facts["task"] = task
    facts["names"] = {entry.id: entry.name for entry in classes}
    if task == "pose":
        facts["kpt_shape"] = [nodes, 3]
        facts["kpt_names"] = {entry.id: list(entry.skeleton.nodes) for entry in classes if entry.skeleton}
        facts["skeleton"] = next(([list(edge) for edge in entry.skeleton.edges] for entry in classes if entry.skeleton), [])
    return str(yaml.safe_dump(facts, allow_unicode=True, sort_keys=False, width=1000))


def _lines(task: str, picture: Picture, nodes: int, keeper: Keeper) -> Iterator[str]:
    shapes = picture.shapes.shapes
    if shapes and not (picture.width and picture.height):
        keeper.sizeless(picture)
        return
    skeletons = {shape.id for shape in shapes if isinstance(shape.geometry, Skeleton)}
    boxes = {shape.id.rpartition(".")[0]: shape for shape in shapes if shape.id.rpartition(".")[0] in skeletons}
    for place, shape in enumerate(shapes):
        if task == "pose" and boxes.get(shape.id.rpartition(".")[0]) is shape:
            continue
        try:
            values = TASKS[task](shape, picture, place, keeper, boxes.get(shape.id), nodes)
        except RefusedError as error:
            keeper.losses.left_out(picture.where, picture.place(place), error.what, error.detail)
            continue
        if values is not None:
            yield f"{shape.class_id}" + " %.9g" * len(values) % tuple(values)


def _scaled(points: Any, picture: Picture) -> list[float]:
    return [value for x, y in points for value in (x / picture.width, y / picture.height)]


def _centred(geometry: Geometry, picture: Picture) -> list[float]:
    left, top, right, bottom = bounds(geometry)
    across, down = 2 * picture.width, 2 * picture.height
    return [(left + right) / across, (top + bottom) / down, (right - left) / picture.width, (bottom - top) / picture.height]


def _as_box(shape: Shape, picture: Picture, place: int, keeper: Keeper, box: Shape | None, nodes: int) -> list[float] | None:
    if not isinstance(shape.geometry, Box):
        left, top, right, bottom = bounds(shape.geometry)
        if right <= left or bottom <= top:
            keeper.dropped(picture, place, shape)
            return None
        keeper.became(picture, place, shape, "boxes around them")
    return _centred(shape.geometry, picture)


def _as_outline(shape: Shape, picture: Picture, place: int, keeper: Keeper, box: Shape | None, nodes: int) -> list[float] | None:
    try:
        found = rings(shape.geometry)
    except RefusedError:
        keeper.dropped(picture, place, shape)
        return None
    if not isinstance(shape.geometry, Polygon):
        keeper.became(picture, place, shape, "outlines")
    elif len(found) > 1:
        keeper.became(picture, place, shape, "one outline each, their parts and holes joined by cuts")
    return _scaled(one_ring(found), picture)


def _as_rotated(shape: Shape, picture: Picture, place: int, keeper: Keeper, box: Shape | None, nodes: int) -> list[float] | None:
    geometry = shape.geometry
    if isinstance(geometry, Rotated):
        return _scaled(corners(geometry), picture)
    if isinstance(geometry, Box):
        return _scaled(rings(geometry)[0], picture)
    return _around(shape, picture, place, keeper)


def _around(shape: Shape, picture: Picture, place: int, keeper: Keeper) -> list[float] | None:
    left, top, right, bottom = bounds(shape.geometry)
    if right <= left or bottom <= top:
        keeper.dropped(picture, place, shape)
        return None
    keeper.became(picture, place, shape, "boxes around them, not turned")
    return _scaled(((left, top), (right, top), (right, bottom), (left, bottom)), picture)


def _as_pose(shape: Shape, picture: Picture, place: int, keeper: Keeper, box: Shape | None, nodes: int) -> list[float] | None:
    if not isinstance(shape.geometry, Skeleton):
        keeper.dropped(picture, place, shape)
        return None
    values = _centred(shape.geometry if box is None else box.geometry, picture)
    for x, y, visible in shape.geometry.nodes:
        values += [x / picture.width, y / picture.height, visible]
    values += [0, 0, 0] * (nodes - len(shape.geometry.nodes))
    return [*values, shape.score] if shape.score is not None else values


TASKS = {"detect": _as_box, "segment": _as_outline, "obb": _as_rotated, "pose": _as_pose}


def write_detect(drawings: Drawings, out: Out, losses: Losses) -> None:
    """YOLO detect: a text file an image with boxes in parts of the image, and data.yaml, for Ultralytics and darknet."""
    write_as("detect", drawings, out, losses)


def write_segment(drawings: Drawings, out: Out, losses: Losses) -> None:
    """YOLO segment: a text file an image with outlines in parts of the image, and data.yaml."""
    write_as("segment", drawings, out, losses)


def write_obb(drawings: Drawings, out: Out, losses: Losses) -> None:
    """YOLO OBB: a text file an image with the corners of rotated boxes, and data.yaml."""
    write_as("obb", drawings, out, losses)


def write_pose(drawings: Drawings, out: Out, losses: Losses) -> None:
    """YOLO pose: a text file an image with boxes and keypoints, and data.yaml."""
    write_as("pose", drawings, out, losses)
