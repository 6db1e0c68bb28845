"""YOLO: a text file an image, a line a shape, in parts of the image: boxes, outlines, rotated boxes or keypoints.

Source: the dataset formats of Ultralytics (detect, segment, obb, pose). `data.yaml` names the classes. YOLO has no place for
sizes and true names of images; we add `images.csv`, which other programs pass over, so that what we write can be read
without the images and in its order.
"""

import csv
import io
from collections.abc import Callable
from functools import partial
from itertools import compress
from typing import Any, NamedTuple

import yaml

from modicum.errors import ModicumError, SourceError
from modicum.formats.losses import Losses, RefusedError
from modicum.formats.outline import rotated_from
from modicum.formats.pictures import Classes, Drawings, Gathering, Picture, ShapeFormat, parsed, parsed_each, size
from modicum.formats.places import Out, Source
from modicum.formats.yolo_writer import HEADER, TABLE, TASKS, write_detect, write_obb, write_pose, write_segment
from modicum.geometry import Bones, Box, Geometry, Point, Polygon, Skeleton

_SAME = 1e-7  # of an image's side
_OTHER_TEXTS = ("classes.txt", "train.txt", "val.txt", "test.txt", "labelmap.txt", "obj.names", "requirements.txt")


class _Known(NamedTuple):
    """What is known of an image before its labels are read."""

    labels: str
    image: str
    width: int = 0
    height: int = 0


def detect(source: Source, task: str = "detect") -> bool:
    if source.alone:
        return False
    texts = _label_files(source)
    if not texts:
        return False
    for name in texts[:20]:
        first = source.text(name).strip().partition("\n")[0].split()
        if first:
            try:
                return len(first) >= 5 and all(abs(float(value)) < 1e6 for value in first)
            except ValueError:
                return False
    return any(name.endswith((".yaml", ".yml", "classes.txt")) for name in source.names)


def _label_files(source: Source) -> list[str]:
    found = [name for name in source.having(".txt") if name.rpartition("/")[2].lower() not in _OTHER_TEXTS]
    inside = [name for name in found if "labels" in name.split("/")[:-1]]
    return inside or [name for name in found if "ImageSets" not in name.split("/")]


# --- reading -----------------------------------------------------------------------------------------------------------


def read(source: Source, losses: Losses, task: str = "detect") -> Drawings:
    """A folder or zip. Lines of five numbers are boxes, of nine rotated boxes or outlines, longer ones outlines or keypoints.

    `task` is what a line of nine numbers means: "obb" or, with any other, an outline, and whether longer ones are keypoints;
    `kpt_shape` in data.yaml says that by itself. Raises SourceError.
    """
    if source.alone:
        raise SourceError(f"{source.path} is one file; YOLO is a folder of text files with data.yaml or classes.txt beside them")
    facts = _yaml(source, losses)
    classes, named = _classes(source, facts, losses)
    shape = facts.get("kpt_shape")
    per_node = 0
    if isinstance(shape, list) and len(shape) == 2 and shape[1] in (2, 3) and isinstance(shape[0], int) and 0 < shape[0] <= 1000:
        per_node = shape[1]
        _bones(classes, shape[0], facts)
    elif task == "pose":
        raise SourceError("poses need kpt_shape in data.yaml: the number of keypoints, and 2 or 3 numbers for each")
    table = _table(source, losses)
    texts = _label_files(source)
    entries = [*(entry for entry in table if entry.labels in source.known or not entry.labels)]
    seen = {entry.labels for entry in entries}
    images = _images(source)
    entries += [_Known(name, images.get(_stem(name), "")) for name in texts if name not in seen]
    if not table:  # images without a text file are images without a shape
        with_labels = {entry.image for entry in entries}
        entries += [_Known("", name) for name in source.image_names() if name not in with_labels]
        entries.sort(key=lambda entry: _stem(entry.labels or entry.image))
    if not named:
        _numbered_classes(source, texts, classes)
    if task == "detect" and facts.get("task") in TASKS:
        task = facts["task"]
    reader = _Reader(source, losses, classes, per_node, task)
    return Drawings(classes.tuple(), map(reader.picture, entries))


def _yaml(source: Source, losses: Losses) -> dict[str, Any]:
    """data.yaml, by whatever name: the first that names classes."""
    for name in source.having(".yaml", ".yml"):
        try:
            found = yaml.safe_load(source.text(name, 2**22))
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
            losses.left_out(name, f"line {line}", "YAML that cannot be read", str(getattr(error, "problem", error))[:200])
            continue
        if isinstance(found, dict) and "names" in found:
            return {**found, "*": name}
    return {}


def _classes(source: Source, facts: dict[str, Any], losses: Losses) -> tuple[Classes, bool]:
    """The classes by their numbers, and whether anything named them."""
    names = facts.get("names")
    if isinstance(names, list):
        names = dict(enumerate(names))
    if isinstance(names, dict) and all(isinstance(key, int) and 0 <= key < 100_000 for key in names):
        classes = Classes(str(facts["*"]), losses)
        for place in range(max(names, default=-1) + 1):
            entry = classes.add(names.get(place, f"class {place}"), f"$.names[{place}]")
            if place not in names:
                classes.change(entry.model_copy(update={"archived": True}))
        return classes, True
    for name in source.names:
        if name.rpartition("/")[2] in ("classes.txt", "obj.names"):
            classes = Classes(name, losses)
            for place, line in enumerate(source.text(name).splitlines()):
                if line.strip():
                    classes.add(line, f"line {place + 1}")
            return classes, True
    return Classes(str(source.path.name), losses), False


def _numbered_classes(source: Source, texts: list[str], classes: Classes) -> None:
    """When nothing names the classes: as many as the largest number needs."""
    most = -1
    for name in texts:
        for line in source.text(name).splitlines():
            first = line.partition(" ")[0]
            if first.isdecimal() and len(first) < 5:
                most = max(most, int(first))
    for place in range(most + 1):
        classes.add(f"class {place}", "$")


def _bones(classes: Classes, count: int, facts: dict[str, Any]) -> None:
    names = facts.get("kpt_names")
    for entry in classes.made:
        given = names.get(entry.id) if isinstance(names, dict) else None
        nodes = tuple(map(str, given)) if isinstance(given, list) and len(set(given)) == count else None
        edges = [tuple(edge) for edge in facts.get("skeleton") or () if isinstance(edge, list)]
        try:
            bones = Bones.model_validate({"nodes": nodes or tuple(str(n + 1) for n in range(count)), "edges": tuple(edges)})
        except ValueError:
            bones = Bones(nodes=tuple(str(n + 1) for n in range(count)))
        classes.change(entry.model_copy(update={"skeleton": bones}))


def _table(source: Source, losses: Losses) -> list[_Known]:
    """What we wrote beside the labels: every image with its size, in order."""
    if TABLE not in source.known:
        return []
    found = []
    for place, row in enumerate(csv.reader(io.StringIO(source.text(TABLE)))):
        if place == 0 and tuple(row) != HEADER:
            return []
        if place:
            try:
                labels, image, width, height = row
                found.append(_Known(labels, image, size(width) if width != "0" else 0, size(height) if height != "0" else 0))
            except (ValueError, RefusedError) as error:
                losses.left_out(TABLE, f"line {place + 1}", "a line about an image that cannot be read", str(error)[:200])
    return found


def _images(source: Source) -> dict[str, str]:
    """Image files by their path without suffix and without the folder `images` that stands for `labels`."""
    return {_stem(name): name for name in reversed(source.image_names())}


def _stem(name: str) -> str:
    parts = [part for part in name.split("/") if part not in ("labels", "images")]
    return "/".join(parts).rpartition(".")[0]


class _Reader:
    def __init__(self, source: Source, losses: Losses, classes: Classes, per_node: int, task: str) -> None:
        self.source, self.losses, self.classes, self.per_node, self.task = source, losses, classes, per_node, task

    def picture(self, known: _Known) -> Picture:
        file = known.labels or known.image
        gathering = Gathering(file, self.losses)
        name = known.image or (known.labels.removeprefix("labels/").removesuffix(".txt") + ".jpg")
        width, height = known.width, known.height
        if not width and known.image:
            try:
                width, height = self.source.image_size(known.image) or (0, 0)
            except ModicumError as error:
                self.losses.changed(file, "$", "an image whose size cannot be read", error.message)
        try:
            lines = self.source.text(known.labels).splitlines() if known.labels else []
        except SourceError as error:
            self.losses.left_out(file, "$", "a file of labels that cannot be read", error.message)
            lines = []
        if not width and any(lines):
            what = "YOLO counts in parts of the image, whose size is unknown: give the folder of the images"
            self.losses.left_out(file, "$", what, "no image of this name" if not known.image else known.image, len(lines))
            lines = []
        for place, line in enumerate(lines):
            if line.strip():
                self._line(line.split(), width, height, f"line {place + 1}", gathering)
        short = name.partition("images/")[2] if name.startswith("images/") else name
        return Picture(short, width, height, gathering.drawn(), file=file, places=tuple(gathering.places))

    def _line(self, parts: list[str], width: int, height: int, path: str, gathering: Gathering) -> None:
        try:
            class_id = parsed(parts[0])
            if not (class_id == int(class_id) and 0 <= class_id < len(self.classes.made)):
                raise RefusedError("a shape of an unknown class", f"class {parts[0][:20]}, there are {len(self.classes.made)}")
            values = [*parsed_each(parts[1:])]
        except RefusedError as error:
            gathering.refuse(path, error)
            return
        entry = self.classes.made[int(class_id)]
        nodes = len(entry.skeleton.nodes) * self.per_node if entry.skeleton and self.per_node else 0
        score = None
        if nodes and len(values) in (4 + nodes, 5 + nodes):
            score = values.pop() if len(values) == 5 + nodes else None
            make: Callable[[], Geometry] = partial(_pose, values, width, height, self.per_node)
            if not _around_nodes(values, self.per_node):
                group, id = len(gathering.shapes), f"s{len(gathering.shapes) + 2}"
                gathering.add(path, entry.id, partial(_box, values, width, height), id=f"{id}.box", group=group)
                gathering.add(path, entry.id, make, id=id, group=group, score=score)
            else:
                gathering.add(path, entry.id, make, score=score)
            return
        if len(values) == 5 or (len(values) > 5 and len(values) % 2):
            score = values.pop()
        if len(values) == 4:
            make = partial(_box, values, width, height)
        elif len(values) == 8 and self.task == "obb":
            make = partial(_rotated, values, width, height)
        elif len(values) >= 6:
            make = partial(_polygon, values, width, height)
        else:
            gathering.refuse(path, RefusedError("a line with too few numbers", f"{len(parts)} numbers"))
            return
        gathering.add(path, entry.id, make, score=score)


def _around_nodes(values: list[float], per_node: int) -> bool:
    """Whether a box is the one around its marked keypoints, as we write when there is no other."""
    across, down = values[4::per_node], values[5::per_node]
    seen = values[6::3] if per_node == 3 else [x or y for x, y in zip(across, down, strict=True)]
    if not all(seen):
        across, down = [*compress(across, seen)], [*compress(down, seen)]
    if not across:
        return False
    left, right, top, bottom = min(across), max(across), min(down), max(down)
    x, y, w, h = values[:4]
    return (
        abs(x - (left + right) / 2) < _SAME
        and abs(y - (top + bottom) / 2) < _SAME
        and abs(w - right + left) < _SAME
        and abs(h - bottom + top) < _SAME
    )


def _points(values: list[float], width: int, height: int) -> tuple[Point, ...]:
    return tuple([(x * width, y * height) for x, y in zip(values[::2], values[1::2], strict=True)])


def _box(values: list[float], width: int, height: int) -> Box:
    cx, cy, w, h = values[:4]
    if w <= 0 or h <= 0:
        raise RefusedError("a shape of zero area", f"{w:g} x {h:g}")
    return Box(x=(cx - w / 2) * width, y=(cy - h / 2) * height, w=w * width, h=h * height)


def _rotated(values: list[float], width: int, height: int) -> Geometry:
    points = _points(values, width, height)
    found = rotated_from(points, tolerance=max(0.5, max(width, height) * 1e-4))
    return found or Polygon(rings=(points,))


def _polygon(values: list[float], width: int, height: int) -> Polygon:
    return Polygon(rings=(_points(values, width, height),))


_MARKS: dict[float, int] = {0: 0, 1: 1, 2: 2}  # the visibility nearly every keypoint has


def _pose(values: list[float], width: int, height: int, per_node: int) -> Skeleton:
    across, down = [x * width for x in values[4::per_node]], [y * height for y in values[5::per_node]]
    seen = values[6::3] if per_node == 3 else [2 if x or y else 0 for x, y in zip(across, down, strict=True)]
    marks = [_MARKS[mark] if mark in _MARKS else min(2, max(0, int(mark))) for mark in seen]
    if not any(marks):
        raise RefusedError("a skeleton without a keypoint")
    nodes = tuple(zip(across, down, marks, strict=True))
    return Skeleton.model_validate({"nodes": nodes})


def _format(task: str, write: Callable[[Drawings, Out, Losses], None]) -> ShapeFormat:
    return ShapeFormat(".zip", "application/zip", partial(detect, task=task), partial(read, task=task), write)


DETECT = _format("detect", write_detect)
SEGMENT = _format("segment", write_segment)
OBB = _format("obb", write_obb)
POSE = _format("pose", write_pose)
