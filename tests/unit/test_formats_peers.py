"""What we write, read by the programs it is for; what they write, read by us. Each test needs its program and is skipped without.

A running Label Studio is named by the environment: MODICUM_LABEL_STUDIO (its address) and MODICUM_LABEL_STUDIO_TOKEN.
"""

import json
import os
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from modicum import converting
from modicum.formats import brush, places
from modicum.formats.losses import Losses
from modicum.formats.outline import bounds, mask_of
from modicum.formats.pictures import Drawings, Picture
from modicum.geometry import Box, Ellipse, Mask, Points, Polygon, Rotated, Shape, Shapes
from modicum.types import Class
from unit.formats_parts import same

CLASSES = (Class(id=0, name="Zelle", colour="#ff0000"), Class(id=1, name="人 & <b>"), Class(id=2, name="third"))
BOXES = (Box(x=1, y=2, w=30, h=20), Box(x=10.25, y=5.5, w=12.125, h=30.0625))


def drawn(*geometries: Any) -> Drawings:
    """Two pictures: one with these shapes, the other empty."""
    shapes = tuple(Shape(id=str(7 + n), class_id=n % 3, geometry=geometry) for n, geometry in enumerate(geometries))
    return Drawings(CLASSES, [Picture("a.jpg", 64, 48, Shapes(shapes=shapes), (), "5"), Picture("leer.jpg", 64, 48, id="9")])


def write(name: str, given: Drawings, target: Path) -> Path:
    format_ = converting.format_named(name)
    with places.opened(target, format_.suffix) as out:
        format_.write(given, out, Losses())
    return target


def read(path: Path, name: str | None = None) -> tuple[Drawings, list[Picture]]:
    _, _, found = converting.reading(path, name, Losses())
    return found, list(found.pictures)


@pytest.mark.parametrize("name", ["coco", "voc", "cvat", "labelme", "yolo"])
def test_globox_reads_the_boxes_we_write(name: str, tmp_path: Path) -> None:
    peer = pytest.importorskip("globox")
    target = write(name, drawn(*BOXES), tmp_path / {"coco": "a.json", "cvat": "a.xml"}.get(name, "a"))
    if name == "yolo":
        for stem in ("a", "leer"):
            Image.new("RGB", (64, 48)).save(tmp_path / "a" / f"{stem}.jpg")
        found = peer.AnnotationSet.from_yolo_v5(target / "labels", image_folder=tmp_path / "a", image_extension=".jpg")
        wanted = {"0", "1"}
    else:
        reader = {"coco": "coco", "voc": "pascal_voc", "cvat": "cvat", "labelme": "labelme"}[name]
        found = getattr(peer.AnnotationSet, f"from_{reader}")(target / "Annotations" if name == "voc" else target)
        wanted = {"Zelle", "人 & <b>"}
    boxes = sorted(found["a.jpg"].boxes, key=lambda box: box.xmin)
    assert {box.label for box in boxes} == wanted
    for box, given in zip(boxes, BOXES, strict=True):
        assert np.allclose((box.xmin, box.ymin, box.xmax, box.ymax), bounds(given), atol=1e-5)
    if name in ("coco", "cvat", "voc"):
        assert len(found["leer.jpg"].boxes) == 0


@pytest.mark.parametrize("name", ["coco", "voc", "cvat", "labelme"])
def test_boxes_globox_writes_are_read_as_they_are(name: str, tmp_path: Path) -> None:
    peer = pytest.importorskip("globox")
    box = peer.BoundingBox(label="人 & b", xmin=1.5, ymin=2, xmax=31, ymax=22.25)
    given = peer.AnnotationSet([peer.Annotation("a.jpg", image_size=(64, 48), boxes=[box])])
    target = tmp_path / {"coco": "a.json", "cvat": "a.xml"}.get(name, "a")
    save = {"coco": "coco", "voc": "pascal_voc", "cvat": "cvat", "labelme": "labelme"}[name]
    getattr(given, f"save_{save}")(target, **({"auto_ids": True} if name == "coco" else {}))
    found, [picture] = read(target, name)
    assert (picture.name, picture.width, picture.height) == ("a.jpg", 64, 48)
    [shape] = picture.shapes.shapes
    assert found.classes[shape.class_id].name == "人 & b"
    assert same(shape.geometry, Box(x=1.5, y=2, w=29.5, h=20.25), 1e-9)


def test_brush_strokes_are_those_of_label_studio() -> None:
    peer = pytest.importorskip("label_studio_sdk.converter.brush")
    rng = np.random.default_rng(0)
    for height, width in rng.integers(2, 40, (20, 2)).tolist():
        pixels = rng.random((height, width)) < rng.uniform(0.1, 0.9)
        pixels[0, 0] = True
        mask = mask_of(pixels, 0, 0)
        theirs = peer.mask2rle(pixels.astype(np.uint8) * 255)
        assert brush.decoded({"format": "rle", "rle": theirs}, width, height) == mask
        back = np.reshape(peer.decode_rle(brush.encoded(mask, width, height)), (height, width, 4))[:, :, 3]
        assert np.array_equal(back > 0, pixels)


def test_label_studios_converter_finds_the_same_boxes_and_outlines(tmp_path: Path) -> None:
    peer = pytest.importorskip("label_studio_sdk.converter")
    ring = ((1.0, 1.0), (50.0, 2.5), (40.25, 45.0))
    target = write("label-studio", drawn(*BOXES, Polygon(rings=(ring,))), tmp_path / "a.json")
    config = (tmp_path / "a.config.xml").read_text()
    (tmp_path / "a.jpg").write_bytes(b"")
    converter = peer.Converter(config=config, project_dir=str(tmp_path), download_resources=False)
    converter.convert_to_coco(str(target), str(tmp_path / "coco"), is_dir=False)
    found = json.loads((tmp_path / "coco" / "result.json").read_text())
    names = {entry["id"]: entry["name"] for entry in found["categories"]}
    assert [names[entry["category_id"]] for entry in found["annotations"]] == ["Zelle", "人 & <b>", "third"]
    for entry, given in zip(found["annotations"], (*BOXES, Polygon(rings=(ring,))), strict=True):
        left, top, right, bottom = bounds(given)
        assert np.allclose(entry["bbox"], (left, top, right - left, bottom - top), atol=1e-6)
    assert np.allclose(np.reshape(found["annotations"][2]["segmentation"], (-1, 2)), ring, atol=1e-6)


def test_a_running_label_studio_takes_our_file_and_gives_it_back(tmp_path: Path) -> None:
    if "MODICUM_LABEL_STUDIO" not in os.environ:
        pytest.skip("no running Label Studio is named by MODICUM_LABEL_STUDIO")
    answers: dict[str, str | float | bool] = {"note": "a b", "n": 2.5}
    shapes = (
        Shape(id="b1", class_id=0, geometry=BOXES[0], attributes=answers),
        Shape(id="r1", class_id=1, geometry=Rotated(cx=30, cy=24, w=20, h=10, angle=30)),
        Shape(id="e1", class_id=2, geometry=Ellipse(cx=30, cy=24, rx=20, ry=10, angle=30)),
        Shape(id="p1", class_id=1, geometry=Polygon(rings=(((1, 1), (50, 1), (50, 40)),)), score=0.5),
        Shape(id="m1", class_id=0, geometry=Mask(x=3, y=4, w=3, h=2, counts=(0, 2, 2, 2))),
        Shape(id="k1", class_id=0, geometry=Points(points=((5, 6),))),
    )
    said = Shapes(shapes=(Shape(id="q1", class_id=1, geometry=BOXES[1], score=0.75, model="v7"),), tags=(1,))
    pictures = [Picture("ü/a.jpg", 64, 48, Shapes(shapes=shapes, tags=(0, 2)), (said,)), Picture("leer.jpg", 64, 48)]
    target = write("label-studio", Drawings(CLASSES, pictures), tmp_path / "a.json")
    project = _asked("/api/projects", {"title": "modicum", "label_config": (tmp_path / "a.config.xml").read_text()})["id"]
    taken = _asked(f"/api/projects/{project}/import", json.loads(target.read_text()))
    assert (taken["task_count"], taken["annotation_count"], taken["prediction_count"]) == (2, 2, 1)
    export = _asked(f"/api/projects/{project}/exports", {"serialization_options": {"predictions": {"only_id": False}}})
    returned = _asked(f"/api/projects/{project}/exports/{export['id']}/download?exportType=JSON")
    (tmp_path / "back.json").write_text(json.dumps(returned))
    found, after = read(tmp_path / "back.json")
    for old, new in zip(pictures, after, strict=True):
        assert (old.name, old.width, old.height) == (new.name, new.width, new.height)
        for before, back in zip((old.shapes, *old.predictions), (new.shapes, *new.predictions), strict=True):
            assert [CLASSES[tag].name for tag in before.tags] == [found.classes[tag].name for tag in back.tags]
            for a, b in zip(before.shapes, back.shapes, strict=True):
                assert same(a.geometry, b.geometry, 1e-9)
                assert (a.id, CLASSES[a.class_id].name) == (b.id, found.classes[b.class_id].name)
                assert (a.attributes, a.score, a.model) == (b.attributes, b.score, b.model)


def _asked(path: str, body: object = None) -> Any:
    headers = {"Authorization": f"Token {os.environ['MODICUM_LABEL_STUDIO_TOKEN']}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ["MODICUM_LABEL_STUDIO"] + path, data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)


def test_predictions_label_studio_gives_by_number_only_are_told(tmp_path: Path) -> None:
    """Its plain export lists only the numbers of predictions; a snapshot of an export holds them whole."""
    file = tmp_path / "a.json"
    file.write_text(json.dumps([{"data": {"image": "a.jpg"}, "annotations": [], "predictions": [1, 2]}]))
    losses = Losses()
    _, _, found = converting.reading(file, None, losses)
    assert [picture.predictions for picture in found.pictures] == [()]
    assert [(kind.left_out, kind.count, kind.places[0].path) for kind in losses] == [(True, 2, "$[0].predictions[0]")]
