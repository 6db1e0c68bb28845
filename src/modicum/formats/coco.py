"""COCO: one JSON file with images, categories and annotations: boxes, polygons, masks and keypoints.

Source: the COCO data format, cocodataset.org. Beyond it, as CVAT and others do, an annotation may have `attributes`, `score`
and `group`, which programs that do not know them pass over. A skeleton with an outline or a box is two shapes of one group here.
"""

import shutil
import tempfile
from array import array
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from modicum.engine.measure import area, around, nested
from modicum.errors import InputError, SourceError
from modicum.formats import json_stream, run_length
from modicum.formats.losing import Keeper
from modicum.formats.losses import Losses, RefusedError
from modicum.formats.outline import bounds, one_ring, rings
from modicum.formats.pictures import Classes, Drawings, Gathering, Numbers, Picture, ShapeFormat, finite, is_made_up, size
from modicum.formats.places import Out, Source
from modicum.geometry import Bones, Box, Geometry, Mask, Points, Polygon, Polyline, Shape, Skeleton
from modicum.types import Class

OUTLINE = ".outline"  # what the id of an annotation's outline ends in, when it also has keypoints
_IMAGE = {"id", "file_name", "width", "height"}
_ANNOTATION = {
    *("id", "image_id", "category_id", "bbox", "segmentation", "area", "iscrowd"),
    *("keypoints", "num_keypoints", "attributes", "score", "group"),
}


def detect(source: Source) -> bool:
    return bool(_files(source))


def _files(source: Source) -> list[str]:
    """The files of a source that look like COCO from their beginning."""
    found = []
    for name in source.having(".json"):
        with source.open(name) as file:
            head = file.read(2**16)
        keys = sum(word in head for word in (b'"images"', b'"annotations"', b'"categories"', b'"image_id"', b'"file_name"'))
        if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and keys >= 2 and b'"shapes"' not in head:
            found.append(name)
    return found


def read(source: Source, losses: Losses) -> Drawings:
    """One file; a folder or zip must hold exactly one. Raises InputError, SourceError."""
    files = source.names if source.alone else _files(source)
    if len(files) != 1:
        listed = ", ".join(files[:5])
        problem = f"holds {len(files)} COCO files: name one of {listed}" if files else "holds no COCO file"
        raise InputError(f"{source.path} {problem}")
    index = _Index(files[0], losses)
    with source.seekable(files[0]) as file:
        index.fill(json_stream.elements(file, files[0]))
    return Drawings(index.classes.tuple(), index.pictures(source), tuple(index.numbers))


class _Index:
    """What one pass over the file finds: categories and images as they are, annotations by where they stand."""

    def __init__(self, file: str, losses: Losses) -> None:
        self.file, self.losses = file, losses
        self.classes = Classes(file, losses)
        self.numbers: list[int] = []
        self.by_number: dict[Any, Class] = {}
        self.images: list[tuple[int, dict[str, Any]]] = []
        self.image_ids: dict[Any, int] = {}
        self.asked: list[Any] = []  # the image each annotation names
        self.at = array("q")  # start, end, place in the file; of each annotation
        self.seen: set[str] = set()

    def fill(self, found: Iterator[json_stream.Element]) -> None:
        for element in found:
            self.seen.add(element.key)
            path = f"$.{element.key}[{element.place}]"
            if element.key == "annotations" and element.place >= 0:
                if not isinstance(element.value, dict):
                    self.losses.left_out(self.file, path, "an annotation that is no object")
                    continue
                asked = element.value.get("image_id")
                self.asked.append(asked if isinstance(asked, int | str) else repr(asked))
                self.at.extend((element.start, element.end, element.place))
            elif element.key == "images" and element.place >= 0:
                self._image(element.value, element.place, path)
            elif element.key == "categories" and element.place >= 0:
                self._category(element.value, path)
            elif element.key in ("images", "annotations", "categories") and element.value != []:
                raise SourceError(f"{self.file}: $.{element.key} is no list")
            elif element.place > 0 or element.value in (None, "", {}, []):
                pass  # one line a section is enough
            else:
                known = element.key in ("info", "licenses")
                what = f"{element.key} of the whole file" if known else "a part COCO does not define"
                self.losses.left_out(self.file, f"$.{element.key}", what)
        if not {"images", "annotations"} & self.seen:
            raise SourceError(f"{self.file} has neither images nor annotations: it is no COCO file")

    def _image(self, entry: Any, index: int, path: str) -> None:
        if not isinstance(entry, dict) or not isinstance(entry.get("file_name"), str) or not entry["file_name"]:
            self.losses.left_out(self.file, path, "an image without a file_name")
            return
        key = entry.get("id")
        if not isinstance(key, int | str) or key in self.image_ids:
            problem = "another image has its id" if isinstance(key, int | str) else "its id is no number"
            self.losses.left_out(self.file, f"{path}.id", f"an image: {problem}", f"{entry['file_name']!r:.100}, id {key!r:.40}")
            return
        self.image_ids[key] = len(self.images)
        self.images.append((index, entry))

    def _category(self, entry: Any, path: str) -> None:
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), int) or entry["id"] in self.by_number:
            self.losses.left_out(self.file, path, "a category without an id of its own")
            return
        made = self.classes.add(entry.get("name"), f"{path}.name")
        nodes = entry.get("keypoints")
        if isinstance(nodes, list) and nodes:
            try:
                edges = tuple((int(a) - 1, int(b) - 1) for a, b in entry.get("skeleton") or ())
                made = made.model_copy(update={"skeleton": Bones(nodes=tuple(map(str, nodes)), edges=edges)})
                self.classes.change(made)
            except (TypeError, ValueError) as error:
                self.losses.left_out(self.file, f"{path}.skeleton", "a skeleton that cannot be", f"{error}"[:200])
        if entry.get("supercategory"):
            self.losses.left_out(self.file, f"{path}.supercategory", "a supercategory", str(entry["supercategory"])[:100])
        self.by_number[entry["id"]] = made
        self.numbers.append(entry["id"])

    def pictures(self, source: Source) -> Iterator[Picture]:
        """Image by image, each with the annotations that name it, which are read again from where they stand."""
        at = np.array(self.at, dtype=np.int64).reshape(-1, 3)
        image = np.fromiter((self.image_ids.get(asked, -1) for asked in self.asked), np.int64, len(self.asked))
        for lost in np.flatnonzero(image < 0).tolist():
            path = f"$.annotations[{at[lost, 2]}].image_id"
            self.losses.left_out(self.file, path, "an annotation of an image that is not listed", f"{self.asked[lost]!r:.60}")
        order = np.argsort(image, kind="stable")
        bounds_ = np.searchsorted(image[order], np.arange(len(self.images) + 1))
        self.asked.clear()
        with source.seekable(self.file) as file:
            for place, (index, entry) in enumerate(self.images):
                gathering = Gathering(self.file, self.losses)
                facts = _facts(entry, self.file, f"$.images[{index}]", self.losses)
                picture = self._sized(entry, f"$.images[{index}]")
                for start, end, at_index in at[order[bounds_[place] : bounds_[place + 1]]].tolist():
                    file.seek(start)
                    self._annotation(json_stream.load(file.read(end - start)), picture, f"$.annotations[{at_index}]", gathering)
                name, width, height = picture
                yield Picture(
                    name, width, height, gathering.drawn(), (), str(entry["id"]), facts, self.file, f"$.images[{index}]",
                    tuple(gathering.places),
                )  # fmt: skip

    def _sized(self, entry: dict[str, Any], path: str) -> tuple[str, int, int]:
        """Name, width and height; a size of 0 is looked up in the image itself further on."""
        try:
            return entry["file_name"], size(entry.get("width"), ".width"), size(entry.get("height"), ".height")
        except RefusedError as error:
            self.losses.changed(self.file, path + error.path, error.what, error.detail)
            return entry["file_name"], 0, 0

    def _annotation(self, entry: dict[str, Any], picture: tuple[str, int, int], path: str, gathering: Gathering) -> None:
        asked = entry.get("category_id")
        found = self.by_number.get(asked) if isinstance(asked, int) else None
        if found is None:
            self.losses.left_out(self.file, f"{path}.category_id", "an annotation of an unknown class", f"{asked!r:.60}")
            return
        attributes = dict(entry["attributes"]) if isinstance(entry.get("attributes"), dict) else {}
        if not _ANNOTATION.issuperset(entry):
            attributes.update((key, value) for key, value in entry.items() if key not in _ANNOTATION)
        if entry.get("iscrowd") in (1, True):
            attributes["iscrowd"] = True
        group, id, score = entry.get("group"), entry.get("id"), entry.get("score")
        own = group if isinstance(group, int) and not isinstance(group, bool) and group >= 0 else None
        keypoints = entry.get("keypoints")
        if not (isinstance(keypoints, list) and any(keypoints[2::3])):
            make = partial(self._area, entry, picture, path)
            gathering.add(path, found.id, make, id=id, group=own, attributes=attributes, score=score)
            return
        if entry.get("segmentation") or _says_more(entry.get("bbox"), keypoints):
            own = len(gathering.shapes) if own is None else own
            outline = None if id is None else f"{id}{OUTLINE}"
            gathering.add(path, found.id, partial(self._area, entry, picture, path), id=outline, group=own)
        nodes = partial(_skeleton, keypoints, found)
        gathering.add(path, found.id, nodes, id=id, group=own, attributes=attributes, score=score)

    def _area(self, entry: dict[str, Any], picture: tuple[str, int, int], path: str) -> Geometry:
        segmentation = entry.get("segmentation")
        if isinstance(segmentation, dict):
            return self._mask(segmentation, picture, path)
        if isinstance(segmentation, list) and segmentation:
            found = []
            for place, flat in enumerate(segmentation):
                where = f".segmentation[{place}]"
                if not isinstance(flat, list) or len(flat) % 2 or len(flat) < 6:
                    if len(segmentation) == 1:
                        raise RefusedError("an outline of fewer than three points, or with half a point", path=where)
                    self.losses.left_out(self.file, path + where, "a part of an outline with fewer than three points")
                    continue
                values = finite(flat, where)
                found.append(tuple(zip(values[::2], values[1::2], strict=True)))
            if not found:
                raise RefusedError("an outline of fewer than three points, or with half a point", path=".segmentation")
            return Polygon(rings=tuple(found))
        if segmentation not in (None, [], ""):
            raise RefusedError("a segmentation that is neither a list nor run lengths", path=".segmentation")
        return _box(entry.get("bbox"))

    def _mask(self, segmentation: dict[str, Any], picture: tuple[str, int, int], path: str) -> Mask:
        counts, stated = segmentation.get("counts"), segmentation.get("size")
        if not isinstance(stated, list) or len(stated) != 2:
            raise RefusedError("run lengths without a size", path=".segmentation.size")
        height, width = size(stated[0], ".segmentation.size"), size(stated[1], ".segmentation.size")
        if picture[1] and (width, height) != picture[1:]:
            told = f"{width} x {height}, the image has {picture[1]} x {picture[2]}"
            self.losses.changed(self.file, f"{path}.segmentation.size", "a mask whose size contradicts its image", told)
        try:
            lengths = run_length.unpacked(counts) if isinstance(counts, str) else counts
            return run_length.mask_from(lengths if lengths is not None else [], height, width)
        except (RefusedError, ValueError, OverflowError) as error:
            what = error.what if isinstance(error, RefusedError) else "run lengths that are no whole numbers from 0 up"
            raise RefusedError(what, getattr(error, "detail", ""), ".segmentation.counts") from error


def _facts(entry: dict[str, Any], file: str, path: str, losses: Losses) -> dict[str, Any]:
    """What else is said of an image: license, date_captured, addresses."""
    facts = {}
    for key in entry.keys() - _IMAGE:
        if entry[key] is None or isinstance(entry[key], str | int | float):
            facts[key] = entry[key]
        else:
            losses.left_out(file, f"{path}.{key}", "a part of an image COCO does not define")
    return facts


def _says_more(box: Any, keypoints: list[Any]) -> bool:
    """Whether a box is another than the one around its keypoints, as we write when there is no other."""
    if not isinstance(box, list) or len(box) != 4 or not all(isinstance(part, int | float) for part in box) or not box[2]:
        return False
    marked = [(x, y) for x, y, v in zip(*[iter(keypoints)] * 3, strict=False) if v and isinstance(x + y, int | float)]
    if not marked:
        return True
    left, top, right, bottom = around(marked)
    return any(abs(a - b) > 1e-6 for a, b in zip(box, (left, top, right - left, bottom - top), strict=True))


def _box(value: Any) -> Box:
    if not isinstance(value, list) or len(value) != 4:
        raise RefusedError("an annotation without a box or an outline", f"bbox is {value!r:.60}", ".bbox")
    x, y, w, h = finite(value, ".bbox")
    if w <= 0 or h <= 0:
        raise RefusedError("a shape of zero area", f"{w:g} x {h:g}", ".bbox")
    return Box(x=x, y=y, w=w, h=h)


def _skeleton(flat: list[Any], entry: Class) -> Skeleton:
    if len(flat) % 3:
        raise RefusedError("keypoints that are not triples", path=".keypoints")
    if entry.skeleton and len(flat) != 3 * len(entry.skeleton.nodes):
        told = f"{len(flat) // 3} instead of {len(entry.skeleton.nodes)}"
        raise RefusedError("another number of keypoints than its class has", told, ".keypoints")
    values = finite(flat, ".keypoints")
    if any(v not in (0, 1, 2) for v in values[2::3]):
        raise RefusedError("a visibility other than 0, 1 and 2", path=".keypoints")
    return Skeleton.model_validate({"nodes": tuple(zip(values[::3], values[1::3], map(int, values[2::3]), strict=True))})


# --- writing -----------------------------------------------------------------------------------------------------------


def write(drawings: Drawings, out: Out, losses: Losses) -> None:
    """COCO JSON: boxes, polygons, masks (run lengths) and keypoints, for most training code."""
    keeper = Keeper("COCO", losses, holds={"id", "image id", "facts", "attributes", "score", "group", "skeleton"})
    keeper.schema(drawings)
    own = drawings.numbers if len(set(drawings.numbers)) == len(drawings.classes) else ()
    numbers = {entry.id: own[entry.id] if own else entry.id + 1 for entry in drawings.classes}
    images, annotations = Numbers(), Numbers()
    with out.file(out.main) as file, tempfile.TemporaryFile() as later:
        file.write(b'{"images": [')
        first = True
        for place, picture in enumerate(drawings.pictures):
            image_id = images.of(picture.id)
            if picture.id and str(image_id) != picture.id:
                losses.changed(picture.where, picture.path, "COCO numbers images: an id was replaced", f"{picture.id!r:.60}")
            entry = {"id": image_id, "file_name": picture.name, "width": picture.width, "height": picture.height}
            entry.update((key, value) for key, value in picture.facts.items() if key not in entry)
            file.write((",\n" if place else "\n").encode() + json_stream.dump(entry))
            keeper.picture(picture)
            for line in _annotations(picture, image_id, numbers, annotations, keeper):
                later.write((b"\n" if first else b",\n") + line)
                first = False
        file.write(b'\n],\n"annotations": [')
        later.seek(0)
        shutil.copyfileobj(later, file, 2**20)
        categories = b",\n".join(json_stream.dump(_category(entry, numbers)) for entry in drawings.classes)
        file.write(b'\n],\n"categories": [\n' + categories + b"\n]}\n")


def _category(entry: Class, numbers: dict[int, int]) -> dict[str, Any]:
    found: dict[str, Any] = {"id": numbers[entry.id], "name": entry.name, "supercategory": ""}
    if entry.skeleton:
        found["keypoints"] = list(entry.skeleton.nodes)
        found["skeleton"] = [[a + 1, b + 1] for a, b in entry.skeleton.edges]
    return found


def _annotations(picture: Picture, image_id: int, numbers: dict[int, int], ids: Numbers, keeper: Keeper) -> Iterator[bytes]:
    shapes = picture.shapes.shapes
    skeletons = {shape.id for shape in shapes if isinstance(shape.geometry, Skeleton)}
    ending = {shape.id.removesuffix(OUTLINE): shape for shape in shapes if shape.id.endswith(OUTLINE)} if skeletons else {}
    outlines = {id: shape for id, shape in ending.items() if id in skeletons}
    for place, shape in enumerate(shapes):
        if outlines.get(shape.id.removesuffix(OUTLINE)) is shape:
            continue
        try:
            parts = _parts(shape, outlines.get(shape.id), picture, place, keeper)
        except RefusedError as error:
            keeper.losses.left_out(picture.where, picture.place(place), error.what, error.detail)
            continue
        if not parts:
            keeper.dropped(picture, place, shape)
            continue
        chosen = ids.of(shape.id)
        if str(chosen) != shape.id and not is_made_up(shape.id):
            what = "COCO numbers annotations: an id was replaced"
            keeper.losses.changed(picture.where, picture.place(place), what, f"{shape.id!r} is now {chosen}")
        attributes = {name: answer for name, answer in shape.attributes.items() if name != "iscrowd"}
        crowd = int(shape.attributes.get("iscrowd") is True)
        entry = {"id": chosen, "image_id": image_id, "category_id": numbers[shape.class_id], **parts, "iscrowd": crowd}
        if attributes:
            entry["attributes"] = attributes
        if shape.score is not None:
            entry["score"] = shape.score
        if shape.group is not None and shape.id not in outlines:
            entry["group"] = shape.group
        yield json_stream.dump(entry)


def _parts(shape: Shape, outline: Shape | None, picture: Picture, place: int, keeper: Keeper) -> dict[str, Any]:
    """bbox, area, segmentation and keypoints of one annotation."""
    geometry = shape.geometry
    if isinstance(geometry, Skeleton):
        flat = [value for node in geometry.nodes for value in node]
        nodes = {"keypoints": flat, "num_keypoints": sum(visible > 0 for visible in flat[2::3])}
        if outline is None:
            left, top, right, bottom = bounds(geometry)
            return {"bbox": [left, top, right - left, bottom - top], "area": (right - left) * (bottom - top)} | nodes
        return _parts(outline, None, picture, place, keeper) | nodes
    if isinstance(geometry, Box):
        box = [geometry.x, geometry.y, geometry.w, geometry.h]
        return {"bbox": box, "area": geometry.w * geometry.h, "segmentation": []}
    left, top, right, bottom = bounds(geometry)
    common = {"bbox": [left, top, right - left, bottom - top], "area": area(geometry)}
    if isinstance(geometry, Mask):
        counts = run_length.counts_of(geometry, picture.height, picture.width)
        stated = [picture.height, picture.width]
        packed = counts if shape.attributes.get("iscrowd") is True else run_length.packed(counts)
        return common | {"segmentation": {"size": stated, "counts": packed}}
    if isinstance(geometry, Polyline | Points):
        return {}
    found = rings(geometry)
    if not isinstance(geometry, Polygon):
        keeper.became(picture, place, shape, "polygons")
    elif len(found) > 1:
        groups = nested(found)
        if len(groups) < len(found):
            keeper.became(picture, place, shape, "outlines with a cut to each hole, which COCO has not")
            found = tuple(one_ring(group) for group in groups)
    return common | {"segmentation": [[value for point in ring for value in point] for ring in found]}


FORMAT = ShapeFormat(suffix=".json", media="application/json", detect=detect, read=read, write=write)
