"""Shapes that exist already come in with their images and go out again, from the command line."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from modicum.home import Home
from modicum.store import drawings, items, labels, projects
from modicum.store.db import Database


def modicum(*arguments: object, home: Path | None = None, fails: bool = False) -> dict[str, Any]:
    command = [sys.executable, "-m", "modicum", *map(str, arguments), "--json"]
    done = subprocess.run(command + (["--home", str(home)] if home else []), capture_output=True, text=True, timeout=300)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return json.loads(done.stdout)


def picture(path: Path, colour: int, size: tuple[int, int] = (96, 64)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (colour, 255 - colour, 128)).save(path)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for number, name in enumerate(("a.png", "sub/ü 人.png", "c.png", "leer.png")):
        picture(folder / name, 40 * number)
    return folder


def coco(folder: Path, annotations: list[dict[str, Any]]) -> Path:
    names = ("a.png", "sub/ü 人.png", "c.png", "leer.png", "gone.png")
    file = folder / "coco.json"
    file.write_text(
        json.dumps(
            {
                "images": [
                    {"id": n, "file_name": name, "width": 96 if name != "c.png" else 50, "height": 64}
                    for n, name in enumerate(names)
                ],
                "categories": [
                    {"id": 7, "name": "Zelle"},
                    {"id": 9, "name": "人", "keypoints": ["l", "r"], "skeleton": [[1, 2]]},
                ],
                "annotations": [{"id": n, "category_id": 7, **entry} for n, entry in enumerate(annotations)],
            },
            ensure_ascii=False,
        )
    )
    return file


ANNOTATIONS: list[dict[str, Any]] = [
    {"image_id": 0, "bbox": [1, 2, 30, 40], "attributes": {"blurred": True}},
    {"image_id": 1, "segmentation": [[1, 1, 60, 1, 60, 50.5, 1, 50]], "bbox": [1, 1, 59, 49.5]},
    {"image_id": 1, "category_id": 9, "keypoints": [5, 6, 2, 7, 8, 1], "bbox": [5, 6, 2, 2]},
    {"image_id": 2, "bbox": [60, 10, 20, 20]},
    {"image_id": 0, "bbox": [10, 10, 0, 5]},
    {"image_id": 4, "bbox": [1, 1, 5, 5]},
    {"image_id": 0, "bbox": [500, 10, 5, 5]},
]


def project(home: Path, task: str = "draw") -> int:
    db = Database(Home(home).database_url)
    try:
        return db.write(lambda conn: projects.create(conn, "Cells", ["zelle"], source="", task=task)).id
    finally:
        db.close()


def test_shapes_come_in_with_their_images_and_go_out_as_they_came(tmp_path: Path, photos: Path) -> None:
    home = tmp_path / "home"
    id = project(home)
    done = modicum("import", photos, "--annotations", coco(tmp_path, ANNOTATIONS), home=home)
    assert done["added"] == 4
    assert "4 shapes given to 4 images (coco)" in done["message"]
    db = Database(Home(home).database_url)
    with db.read() as conn:
        known = {item.name: item for item in items.by_rows(conn, id, range(4))}
        drawn = {name: labels.of_item(conn, item.id) for name, item in known.items()}
        schema = projects.get(conn, id).task_schema
    db.close()
    assert [entry.name for entry in schema.classes] == ["zelle", "人"]
    assert [entry.name for entry in schema.classes[0].attributes] == ["blurred"]
    assert [shape.id for shape in drawn["sub/ü 人.png"].value.shapes] == ["1", "2"]
    assert drawn["a.png"].origin == "import"
    assert drawn["a.png"].value.shapes[0].attributes == {"blurred": True}
    assert drawn["leer.png"].value.shapes == (), "an image the file knows to be empty is labeled"

    told = modicum("status", "--rejections", home=home)["projects"][0]["rejections"]
    reasons = "\n".join(f"{entry['uri']} {entry['reason']}" for entry in told)
    for part in ("$.annotations[4].bbox", "zero area", "$.annotations[6]", "outside its image", "gone.png", "50 x 64"):
        assert part in reasons

    out = tmp_path / "out.json"
    written = modicum("export", "--format", "coco", "--out", out, home=home)
    assert written["rows"] == 4
    found = json.loads(out.read_text())
    assert sorted(entry["file_name"] for entry in found["images"]) == sorted(known)
    assert {entry["id"]: entry["bbox"] for entry in found["annotations"]} == {
        0: [1, 2, 30, 40],
        1: [1, 1, 59, 49.5],
        2: [5, 6, 2, 2],
        3: [60, 10, 20, 20],
    }
    packed = tmp_path / "out.zip"
    modicum("export", "--format", "yolo", "--out", packed, "--copy-images", home=home)
    with zipfile.ZipFile(packed) as archive:
        assert {"data.yaml", "labels/sub/ü 人.txt", "images/sub/ü 人.png", "labels/leer.txt"} <= set(archive.namelist())
        assert archive.read("labels/c.txt").decode().split()[0] == "0"


def test_annotations_find_images_that_are_there_already_and_people_go_before_them(tmp_path: Path, photos: Path) -> None:
    home = tmp_path / "home"
    id = project(home)
    modicum("import", photos, home=home)
    done = modicum("import", photos, "--annotations", coco(tmp_path, ANNOTATIONS), home=home)
    assert (done["added"], done["duplicates"]) == (0, 4)
    again = modicum("import", photos, "--annotations", coco(tmp_path, ANNOTATIONS[:1]), "--from", "coco", home=home)
    assert "1 shapes given to 4 images" in again["message"]
    db = Database(Home(home).database_url)
    with db.read() as conn:
        drawn = [labels.of_item(conn, item.id) for item in items.by_rows(conn, id, range(4))]
    db.close()
    assert sorted(len(entry.value.shapes) for entry in drawn if entry) == [0, 0, 0, 1]


def test_what_models_say_in_the_file_becomes_prelabels(tmp_path: Path, photos: Path) -> None:
    """A person's annotation is the label; predictions are pre-labels with score and model, also of images nobody has drawn on."""
    home = tmp_path / "home"
    id = project(home)

    def box(x: float, label: str, score: float | None = None) -> dict[str, Any]:
        value = {"x": x, "y": 10, "width": 20, "height": 50, "rectanglelabels": [label]}
        told = {"type": "rectanglelabels", "id": f"r{x}", "original_width": 96, "original_height": 64, "value": value}
        return told | ({} if score is None else {"score": score})

    guess = {"model_version": "yolo v7", "result": [box(25, "zelle", 0.75), box(50, "Kern", 0.25), box(60, "zelle")]}
    tasks: list[dict[str, Any]] = [
        {"data": {"image": "a.png"}, "annotations": [{"result": [box(0, "zelle")]}], "predictions": [guess]},
        {"data": {"image": "c.png"}, "predictions": [guess | {"model_version": "other"}, guess]},
        {"data": {"image": "gone.png"}, "predictions": [guess]},
    ]
    file = tmp_path / "tasks.json"
    file.write_text(json.dumps(tasks))
    done = modicum("import", photos, "--annotations", file, home=home)
    assert "1 shapes given to 1 images (label-studio), 9 pre-labels" in done["message"]
    db = Database(Home(home).database_url)
    with db.read() as conn:
        known = {item.name: item.id for item in items.by_rows(conn, id, range(4))}
        sources = drawings.sources(conn, id)
        said = drawings.predictions(conn, known.values())
        settled = {name: labels.of_item(conn, item_id) for name, item_id in known.items()}
        schema = projects.get(conn, id).task_schema
        utilities = drawings.utilities(conn, id)
        told = items.rejections(conn, id)[1]
    db.close()
    assert sources == {"other (label-studio)": 1, "yolo v7 (label-studio)": 2}
    assert [name for name, label in settled.items() if label] == ["a.png"]
    assert settled["a.png"].value.shapes[0].model is None
    assert said.keys() == utilities.keys() == {known["a.png"], known["c.png"]}
    found = said[known["c.png"]]
    assert (found.model, found.confidence) == (0, 0.5)
    assert [shape.score for shape in found.value.shapes] == [0.75, 0.25, None]
    assert {shape.model for shape in found.value.shapes} == {"yolo v7"}
    assert [schema.classes[shape.class_id].name for shape in found.value.shapes] == ["zelle", "Kern", "zelle"]
    assert any("gone.png" in entry.reason and "(3 times" in entry.reason for entry in told)


def test_what_cannot_be_meant_is_refused_before_anything_is_imported(tmp_path: Path, photos: Path) -> None:
    home = tmp_path / "home"
    project(home, "classify")
    file = coco(tmp_path, ANNOTATIONS)
    assert "not for drawing" in modicum("import", photos, "--annotations", file, home=home, fails=True)["message"]
    assert "--annotations" in modicum("import", photos, "--from", "coco", home=home, fails=True)["message"]
    named = modicum("import", photos, "--annotations", file, "--from", "x", home=home, fails=True)
    assert "there is no format 'x'" in named["message"]
    other = tmp_path / "notes.json"
    other.write_text("{}")
    assert "looks like none" in modicum("import", photos, "--annotations", other, home=home, fails=True)["message"]


def test_class_folders_hold_the_classes_of_images_and_tell_of_shapes(tmp_path: Path, photos: Path) -> None:
    """An image is copied into the folder of each of its classes; names no file system takes come back from the table."""
    lines: list[dict[str, Any]] = [
        {"modicum": "drawings 1", "classes": [{"id": 0, "name": "a/b: ü"}, {"id": 1, "name": "人"}]},
        {"name": "a.png", "width": 96, "height": 64, "shapes": [], "tags": [0, 1]},
        {"name": "c.png", "width": 96, "height": 64, "shapes": [], "tags": [1]},
        {"name": "leer.png", "width": 96, "height": 64, "shapes": []},
        {"name": "gone.png", "width": 96, "height": 64, "shapes": [], "tags": [0]},
    ]
    lines[2]["shapes"] = [{"id": "1", "class_id": 0, "geometry": {"kind": "box", "x": 1, "y": 1, "w": 9, "h": 9}}]
    file = tmp_path / "a.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = modicum("convert", file, tmp_path / "out", "--to", "folders", "--images", photos)
    told = {loss["what"]: loss["count"] for loss in done["losses"] if loss["left_out"]}
    assert told["a class folder holds no boxes"] == 1
    assert told["a class folder holds no image without a class"] == 1
    assert told["an image that cannot be copied"] == 1
    images = sorted(path.relative_to(tmp_path / "out") for path in (tmp_path / "out" / "images").rglob("*.png"))
    assert [path.name for path in images] == ["a.png", "a.png", "c.png"]
    assert (tmp_path / "out" / images[0]).read_bytes() == (photos / "a.png").read_bytes()
    back = modicum("convert", tmp_path / "out", tmp_path / "back.jsonl", "--to", "jsonl")
    assert (back["source"], back["pictures"], back["tags"]) == ("folders", 3, 3)
    head, *rest = map(json.loads, (tmp_path / "back.jsonl").read_text().splitlines())
    names = [entry["name"] for entry in head["classes"]]
    assert sorted((Path(entry["name"]).name, names[entry["tags"][0]]) for entry in rest) == [
        ("a.png", "a/b: ü"),
        ("a.png", "人"),
        ("c.png", "人"),
    ]


def test_convert_from_the_command_line(tmp_path: Path, photos: Path) -> None:
    file = coco(tmp_path, ANNOTATIONS)
    report = tmp_path / "losses.jsonl"
    done = modicum("convert", file, tmp_path / "yolo", "--to", "yolo", "--images", photos, "--report", report)
    assert (done["source"], done["target"], done["pictures"], done["shapes"]) == ("coco", "yolo", 5, 5)
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert sum(line["count"] for line in lines) == sum(loss["count"] for loss in done["losses"])
    zero = next(line for line in lines if line["what"] == "a shape of zero area")
    assert (zero["file"], zero["path"], zero["left_out"]) == ("coco.json", "$.annotations[4].bbox", True)
    assert any("contradicts" in line["what"] and "50 x 64" in line["detail"] for line in lines)
    assert any("not there" in line["what"] and "gone.png" in line["detail"] for line in lines)
    back = modicum("convert", tmp_path / "yolo", tmp_path / "back.json", "--to", "coco")
    assert (back["source"], back["pictures"], back["shapes"]) == ("yolo", 5, 5)
    refused = modicum("convert", file, tmp_path / "yolo", "--to", "yolo", fails=True)
    assert "not empty" in refused["message"]
