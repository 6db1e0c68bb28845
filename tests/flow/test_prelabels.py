"""A model from outside draws on the images of a project: resumable, shown with questions that are open, notes for the rest."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flow.ingest_parts import Bench, write_pictures
from modicum import cli, desk, prelabels
from modicum.errors import InputError, ModelError
from modicum.geometry import Box, Shapes
from modicum.models.reply import Candidate, Photo, Reply
from modicum.store import drawings, projects
from modicum.types import Class, Item, Prediction
from unit.model_parts import network, write

BOX = {"kind": "box", "x": 2, "y": 3, "w": 10, "h": 8}


class Known:
    """Says a box of every image, a class nobody has of the first, and fails when it is told to."""

    name, classes, step = "python:known", ("cat",), 2

    def __init__(self, version: str = "1", fail_after: int = 1000) -> None:
        self.version, self.fail_after = version, fail_after
        self.seen: list[int] = []

    def __call__(self, photos: Sequence[Photo], /) -> list[Reply]:
        if len(self.seen) >= self.fail_after:
            raise ModelError("no memory left")
        self.seen += [photo.id for photo in photos]
        assert all(photo.pixels.shape == (18, 20, 3) for photo in photos)
        first = (Candidate("zebra", (BOX,), 0.9),)
        return [Reply((Candidate("cat", (BOX,), 0.8), *(first if photo.name.endswith("0000.png") else ()))) for photo in photos]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    made.project = made.db.write(projects.create, "drawn", ("cat", "dog"), encoder=made.encoder, task="draw")
    write_pictures(tmp_path / "pictures", range(40))
    made.take(tmp_path / "pictures")
    yield made
    made.db.close()


def run(bench: Bench, model: Any, said: dict[str, str] | None = None, **more: Any) -> prelabels.Done:
    return prelabels.run(bench.db, bench.project, model, said or {}, **more)


def predictions(bench: Bench) -> dict[int, Prediction]:
    with bench.db.read() as conn:
        return drawings.predictions(conn, [item.id for item in bench.items()])


def item_named(bench: Bench, name: str) -> Item:
    return next(item for item in bench.items() if item.name.endswith(name))


def test_every_image_gets_what_the_model_drew(bench: Bench) -> None:
    told: list[tuple[int, int]] = []
    done = run(bench, Known(), tell=lambda *pair: told.append(pair))
    assert (done.looked, done.left, done.shapes) == (40, 0, 40)
    assert (told[0], told[-1]) == ((0, 40), (40, 40))
    found = predictions(bench)
    assert len(found) == 40
    value = found[item_named(bench, "0005.png").id].value
    assert isinstance(value, Shapes)
    (shape,) = value.shapes
    assert (shape.geometry, shape.score, shape.model) == (Box(x=2, y=3, w=10, h=8), 0.8, "python:known@1")
    ((note, images),) = done.notes
    assert "'zebra' was left out" in note
    assert images == 1
    with bench.db.read() as conn:
        assert drawings.notes_of(conn, item_named(bench, "0000.png").id) == (note,)


def test_an_interrupted_run_goes_on_where_it_stopped(bench: Bench) -> None:
    with pytest.raises(ModelError, match="no memory"):
        run(bench, Known(fail_after=20))
    assert len(predictions(bench)) == prelabels.AT_ONCE
    rest = Known()
    done = run(bench, rest)
    assert (done.looked, done.left) == (40 - prelabels.AT_ONCE, prelabels.AT_ONCE)
    assert len(rest.seen) == len(set(rest.seen)) == 40 - prelabels.AT_ONCE
    again = Known()
    assert run(bench, again).looked == 0
    assert again.seen == []


def test_a_new_version_map_threshold_or_class_looks_again_and_replaces(bench: Bench) -> None:
    run(bench, Known())
    assert run(bench, Known("2")).looked == 40
    assert run(bench, Known("2"), {"zebra": "dog"}).looked == 40
    assert run(bench, Known("2"), {"zebra": "dog"}, above=0.85).shapes == 1
    bench.db.write(projects.add_class, bench.project.id, "zebra")
    with bench.db.read() as conn:
        bench.project = projects.get(conn, bench.project.id)
    done = run(bench, Known("2"))
    assert (done.looked, done.notes) == (40, ())
    with bench.db.read() as conn:
        assert list(drawings.sources(conn, bench.project.id)) == [done.source]  # one state of a model at a time


def test_questions_that_are_open_show_it_and_drawn_images_are_left_alone(bench: Bench) -> None:
    first = desk.claim(bench.db, bench.project.id, "ann", "tab", 1).tasks[0]
    assert first.prediction is None
    done = run(bench, Known())
    assert done.looked == 39  # the one in somebody's hands is not touched
    tasks = desk.claim(bench.db, bench.project.id, "ann", "tab", 30).tasks
    shown = [task for task in tasks if task.id != first.id]
    assert {task.prediction is None for task in shown if task.blind} <= {True}
    assert {task.prediction is None for task in shown if not task.blind} == {False}


def test_an_image_that_is_gone_is_a_note(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "pictures" / "0003.png").unlink()
    (tmp_path / "pictures" / "0004.png").write_bytes(b"no picture")
    done = run(bench, Known())
    assert (done.looked, done.shapes) == (40, 38)
    assert sum("cannot be read" in note for note, _ in done.notes) == 2


def test_a_project_of_whole_images_is_refused(bench: Bench) -> None:
    bench.project = bench.db.write(projects.create, "whole", ("cat",), encoder=bench.encoder)
    with pytest.raises(InputError, match="a project of whole images"):
        run(bench, Known())


# --- the command -------------------------------------------------------------------------------------------------------


def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["modicum", *words])
    code = cli.run()
    out = capsys.readouterr()
    return code, out.out + out.err


def test_the_command_with_an_onnx_file(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = np.zeros((1, 30, 6), np.float32)
    rows[0, 0], rows[0, 1] = [16, 16, 48, 48, 0.9, 0], [0, 0, 20, 20, 0.8, 1]
    path = write(tmp_path, network({"out": rows}), family="yolo", classes=["chat", "car"], map={"chat": "cat"})
    home = ["--home", str(bench.home.path)]
    code, out = typed(monkeypatch, capsys, "prelabel", "drawn", "--model", f"onnx:{path}", "--json", *home)
    assert code == 0, out
    said = json.loads(out)
    assert (said["looked"], said["shapes"]) == (40, 40)
    assert said["notes"][0]["images"] == 40
    assert "'car' was left out" in said["notes"][0]["note"]
    code, out = typed(monkeypatch, capsys, "prelabel", "drawn", "--model", f"onnx:{path}", "--map", "car=dog", *home)
    assert code == 0, out
    assert "40 images looked at, 80 shapes drawn by onnx:found.onnx@" in out
    value = predictions(bench)[bench.items()[0].id].value
    assert isinstance(value, Shapes)
    assert [shape.class_id for shape in value.shapes] == [0, 1]
    assert Class(id=0, name="cat") == bench.project.task_schema.classes[0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "say which model with --model: onnx:"),
        (["--model", "yolo"], "allowed are onnx:"),
        (["--model", "onnx:none.onnx"], "there is no file"),
        (["--model", "python:none", "--map", "car"], "write the model's word"),
        (["--model", "python:no_such_module_here:x"], "cannot be imported"),
    ],
)
def test_what_cannot_be_run_is_one_line(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    code, out = typed(monkeypatch, capsys, "prelabel", "drawn", *words, "--home", str(bench.home.path))
    assert code == 2
    assert told in out
    assert "Traceback" not in out
