"""Files that are wrong or mean harm: one line names the file and the place inside it, and the rest is read."""

import json
import math
import zipfile
from pathlib import Path
from typing import Any

import pytest

from modicum import converting
from modicum.errors import SourceError
from modicum.formats.losses import Losses
from modicum.formats.pictures import Picture


def read(path: Path, name: str | None = None, images: Path | None = None) -> tuple[list[Picture], dict[str, tuple[str, int]]]:
    """The pictures, and (what, how often) by `file place`."""
    losses = Losses()
    _, _, found = converting.reading(path, name, losses, pictures=images)
    pictures = list(found.pictures)
    return pictures, {f"{place.file} {place.path}": (kind.what, kind.count) for kind in losses for place in kind.places}


def coco(path: Path, annotations: list[dict[str, Any]], images: int = 1) -> Path:
    file = path / "a.json"
    listed = [{"id": n, "file_name": "ü.jpg", "width": 100, "height": 80} for n in range(images)]
    given = [{"id": n, "image_id": 0, "category_id": 1, **entry} for n, entry in enumerate(annotations)]
    file.write_text(json.dumps({"images": listed, "categories": [{"id": 1, "name": "x"}], "annotations": given}))
    return file


def ring(count: int) -> list[float]:
    turns = [2 * math.pi * n / count for n in range(count)]
    return [value for turn in turns for value in (50 + 30 * math.cos(turn), 40 + 30 * math.sin(turn))]


def test_every_bad_shape_is_told_by_its_place_and_the_rest_is_read(tmp_path: Path) -> None:
    bad: list[tuple[dict[str, Any], str, str]] = [
        ({"bbox": [200, 1, 5, 5]}, "", "outside"),
        ({"bbox": [1, 1, 0, 5]}, ".bbox", "zero area"),
        ({"segmentation": [[1, 1, 2, 2, 3, 3]]}, "", "zero area"),
        ({"bbox": [1, math.nan, 5, 5]}, ".bbox", "NaN"),
        ({"bbox": [1, math.inf, 5, 5]}, ".bbox", "infinite"),
        ({"bbox": "no"}, ".bbox", "without a box"),
        ({"bbox": [1, 1, "5", 5]}, ".bbox", "number"),
        ({"segmentation": [ring(100_000)]}, "", "no shape can have"),
        ({"segmentation": [[1, 2, 3]]}, ".segmentation[0]", "fewer than three"),
        ({"segmentation": {"size": [80, 100], "counts": [1, 2]}}, ".segmentation.counts", "do not fill"),
        ({"segmentation": {"size": [80, 100], "counts": "\x7f~"}}, ".segmentation.counts", "damaged"),
        ({"segmentation": {"size": [80, 100], "counts": [10**30, -1]}}, ".segmentation.counts", "run lengths"),
        ({"category_id": 2, "bbox": [1, 1, 5, 5]}, ".category_id", "unknown class"),
        ({"image_id": 9, "bbox": [1, 1, 5, 5]}, ".image_id", "not listed"),
    ]
    good = [{"bbox": [1, 1, 5, 5]}, {"segmentation": [[1, 1, 60, 60, 60, 1, 1, 60]]}, {"bbox": [90, 1, 50, 5]}]
    [picture], told = read(coco(tmp_path, [entry for entry, _, _ in bad] + good))
    for n, (_, path, words) in enumerate(bad):
        assert words in told[f"a.json $.annotations[{n}]{path}"][0], (n, path)
    assert [shape.id for shape in picture.shapes.shapes] == ["14", "15", "16"]
    assert "crosses itself" in told["a.json $.annotations[15]"][0]
    assert "beyond its image" in told["a.json $.annotations[16]"][0]


def test_two_images_of_the_same_name_are_both_kept_and_told(tmp_path: Path) -> None:
    pictures, told = read(coco(tmp_path, [{"bbox": [1, 1, 5, 5]}], images=2))
    assert len(pictures) == 2
    assert "same name" in told["a.json $.images[1]"][0]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("head", [BOMB, OUTSIDE, '<!DOCTYPE x SYSTEM "http://example.org/x.dtd">'])
@pytest.mark.parametrize("name", ["cvat", "voc"])
def test_xml_with_a_document_type_is_refused(tmp_path: Path, head: str, name: str) -> None:
    inner = "<annotation><filename>&e;&b;</filename></annotation>"
    body = "<annotations><image name='&e;&b;' width='1' height='1'/></annotations>" if name == "cvat" else inner
    file = tmp_path / "a.xml"
    file.write_text(head + body)
    with pytest.raises(SourceError, match="document type"):
        read(file, name)


def test_one_hostile_file_of_many_costs_only_itself(tmp_path: Path) -> None:
    inside = "<filename>a.jpg</filename><size><width>9</width><height>9</height></size>"
    (tmp_path / "a.xml").write_text(f"<annotation>{inside}</annotation>")
    (tmp_path / "b.xml").write_text(BOMB + "<annotation/>")
    (tmp_path / "c.xml").write_text("<annotation><object>")
    (tmp_path / "d.xml").write_text("<annotation>" + "<a>" * 10_000)
    pictures, told = read(tmp_path, "voc")
    assert [picture.name for picture in pictures] == ["a.jpg"]
    assert {"b.xml $", "c.xml $", "d.xml $"} <= told.keys()


def test_a_zip_is_read_in_place_and_names_that_lead_out_of_it_are_refused(tmp_path: Path) -> None:
    inside = "<annotation><filename>a.jpg</filename><size><width>9</width><height>9</height></size></annotation>"
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("Annotations/a.xml", "../b.xml", "/c.xml", "d/../../e.xml", "f\\..\\g.xml"):
            archive.writestr(name, inside)
    pictures, told = read(file)
    assert len(pictures) == 1
    assert sum("leads out of the zip" in what for what, _ in told.values()) >= 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip"]


@pytest.mark.parametrize(
    "text", ["", "[", "{", '{"images": [', "[" * 100_000, '{"images": [}]', "nonsense", '{"a": 1}', '{"images": 3}', "\x00" * 9]
)
def test_broken_json_is_one_clear_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(text)
    with pytest.raises(SourceError, match=r"a\.json"):
        read(file, "coco")


def test_yolo_lines_that_cannot_be_are_told_by_their_number(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text("names: [x, 'ü y']\n")
    (tmp_path / "images.csv").write_text("labels,image,width,height\nlabels/a.txt,a.jpg,100,80\n")
    (tmp_path / "labels").mkdir()
    lines = ["0 .5 .5 .1 .1", "7 .5 .5 .1 .1", "0 nan .5 .1 .1", "0 .5 .5 0 .1", "x .5 .5 .1 .1", "1 .5", "1 .4 .5 .1 .1"]
    (tmp_path / "labels/a.txt").write_text("\n".join(lines))
    [picture], told = read(tmp_path)
    assert [shape.class_id for shape in picture.shapes.shapes] == [0, 1]
    assert {f"labels/a.txt line {n}" for n in (2, 3, 4, 5, 6)} <= told.keys()


def test_names_of_images_never_lead_out_of_what_is_written(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    names = ["../../up.jpg", "/abs.jpg", "a/../../b.jpg", "..\\win.jpg", "con.jpg", "a.jpg", "a.png"]
    listed = [{"id": n, "file_name": name, "width": 9, "height": 9} for n, name in enumerate(names)]
    file.write_text(json.dumps({"images": listed, "categories": [], "annotations": []}))
    room = tmp_path / "room"
    for to in ("yolo", "voc", "labelme"):
        done, losses = converting.convert(file, room / to / "out", to=to)
        assert done.pictures == len(names)
        assert sum(kind.count for kind in losses if "a" in kind.what) >= 6
        assert {path.name for path in (room / to).iterdir()} == {"out"}
    assert {path.name for path in tmp_path.iterdir()} == {"a.json", "room"}
