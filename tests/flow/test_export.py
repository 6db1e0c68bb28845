"""Exports: provenance on every row, hostile names, predictions that are never labels."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from modicum.errors import MediaError, StorageError
from modicum.formats import csv as csv_format
from modicum.formats import folders, jsonl
from modicum.formats.row import COLUMNS, Row

HOSTILE = ["..", "con", "a/b", "A/B", "🐕", "כלב", "=cmd()", "a:b", ".", "x" * 100, "a_b", "trailing.", "../../etc"]


def row(name: str = "a.jpg", label: str | None = "cat", kind: str = "label", **more: object) -> Row:
    values: dict[str, object] = {
        "name": name,
        "uri": f"file:///photos/{name}",
        "sha256": "0" * 64,
        "kind": kind,
        "label": label,
        "origin": "human" if label else None,
        "annotator": "ada" if label else None,
        "time": datetime(2026, 11, 22, 13, 0, tzinfo=UTC) if label else None,
        "prediction": "dog",
        "confidence": 0.75,
        "model": 3,
        "agrees": False if label else None,
        "shown": None,
        "split": "train",
        "flagged": False,
        "certificate": None,
    }
    return Row(**{**values, **more})  # the fields are those of Row


def read(uri: str) -> bytes:
    return uri.encode()


def test_csv_has_every_column_and_reads_back() -> None:
    text = b"".join(csv_format.write([row('ü,\n".jpg', "🐕")], read)).decode()
    [found] = csv.DictReader(io.StringIO(text, newline=""))
    assert tuple(found) == COLUMNS
    assert found["name"] == 'ü,\n".jpg'
    assert found["label"] == "🐕"
    assert found["origin"] == "human"
    assert found["time"] == "2026-11-22T13:00:00+00:00"
    assert found["agrees"] == "false"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_never_begins_a_cell_with_a_formula(start: str) -> None:
    text = b"".join(csv_format.write([row(start + "cmd|' /C calc'!A0", start + "1+1")], read)).decode()
    [found] = csv.DictReader(io.StringIO(text, newline=""))
    assert found["name"].startswith("'")
    assert found["label"].startswith("'")


def test_jsonl_keeps_everything_as_it_is() -> None:
    [line] = b"".join(jsonl.write([row("=1.jpg", "-a")], read)).decode().splitlines()
    found = json.loads(line)
    assert found["name"] == "=1.jpg"
    assert found["label"] == "-a"
    assert found["confidence"] == 0.75
    assert found["agrees"] is False


def test_an_export_of_nothing_is_a_header_or_nothing() -> None:
    assert b"".join(csv_format.write([], read)).decode().strip() == ",".join(COLUMNS)
    assert b"".join(jsonl.write([], read)) == b""


def zipped(rows: list[Row]) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(folders.write(rows, read))))


def test_class_folders_take_any_class_name_and_say_which_folder_is_which() -> None:
    rows = [row(f"{position}.jpg", name) for position, name in enumerate(HOSTILE)]
    archive = zipped(rows)
    names = [name for name in archive.namelist() if name.startswith("images/")]
    assert len(names) == len(HOSTILE)
    for name in names:
        assert len(PurePosixPath(name).parts) == 3
        assert ".." not in PurePosixPath(name).parts
    table = list(csv.DictReader(io.StringIO(archive.read("folders.csv").decode(), newline="")))
    assert [entry["class"].removeprefix("'") for entry in table] == HOSTILE
    assert len({entry["folder"].casefold() for entry in table}) == len(HOSTILE)
    assert archive.testzip() is None


def test_class_folders_keep_files_of_one_name_apart_and_list_all_of_them() -> None:
    archive = zipped([row("x/a.jpg"), row("y/a.jpg"), row("z/A.JPG")])
    table = list(csv.DictReader(io.StringIO(archive.read("labels.csv").decode(), newline="")))
    assert [entry["file"] for entry in table] == ["images/cat/a.jpg", "images/cat/a (2).jpg", "images/cat/A (3).JPG"]
    for entry in table:
        assert archive.read(entry["file"]).decode() == entry["uri"]


def test_predictions_stand_apart_from_labels() -> None:
    archive = zipped([row("a.jpg"), row("b.jpg", None, "prediction")])
    assert archive.read("predictions/dog/b.jpg") == b"file:///photos/b.jpg"
    assert [name for name in archive.namelist() if name.startswith("images/")] == ["images/cat/a.jpg"]


def test_an_image_that_is_gone_is_listed_and_the_rest_goes_on() -> None:
    def broken(uri: str) -> bytes:
        if "gone" in uri:
            raise MediaError("the file is gone")
        return b"x"

    archive = zipfile.ZipFile(io.BytesIO(b"".join(folders.write([row("gone.jpg"), row("here.jpg")], broken))))
    assert "images/cat/here.jpg" in archive.namelist()
    assert b"the file is gone" in archive.read("missing.csv")
    assert b"gone.jpg" in archive.read("labels.csv")


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(StorageError, match="--out"):
        folders.write_folder([row()], read, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_folders_on_disk_hold_what_the_zip_holds(tmp_path: Path) -> None:
    rows = [row("a.jpg"), row("b.jpg", "dog")]
    assert folders.write_folder(rows, read, tmp_path / "out") == 2
    below = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert below == set(zipped(rows).namelist())
