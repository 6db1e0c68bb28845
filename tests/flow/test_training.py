"""Fine-tuning a detector on what was drawn: refused clearly without torch or labels; with torch, from labels to pre-labels."""

import importlib.util
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from flow.ingest_parts import Bench
from modicum import cli, desk, prelabels, training
from modicum.errors import InputError, MissingExtraError
from modicum.geometry import Box, Shape, Shapes
from modicum.models.onnx_file import load
from modicum.store import projects
from modicum.training import Options

HAS_TORCH = importlib.util.find_spec("torch") is not None and importlib.util.find_spec("torchvision") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="torch and torchvision are not installed")
TINY = Options("fcos-resnet18", "none", epochs=1, size=64, batch=4, device="cpu")
WIDTH, HEIGHT = 60, 40


def picture(number: int) -> tuple[bytes, Shapes]:
    """A red or blue square on grey, and the shapes a person would draw."""
    rng = np.random.default_rng(number)
    side, class_id = int(rng.integers(12, 24)), number % 2
    x, y = int(rng.integers(0, WIDTH - side)), int(rng.integers(0, HEIGHT - side))
    pixels = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    pixels[y : y + side, x : x + side] = [220, 40, 40] if class_id == 0 else [40, 40, 220]
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    shape = Shape(id="one", class_id=class_id, geometry=Box(x=x, y=y, w=side, h=side))
    return file.getvalue(), Shapes(shapes=(shape,))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    made.project = made.db.write(projects.create, "drawn", ("red", "blue"), encoder=made.encoder, task="draw", seed=3)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:03}.png").write_bytes(picture(number)[0])
    made.take(folder)
    yield made
    made.db.close()


def draw_on(bench: Bench, count: int) -> None:
    """A person draws on this many images, of the train side and the holdout as they come."""
    for n in range(count):
        (task,) = desk.claim(bench.db, bench.project.id, "ann", "tab", 1).tasks
        value = picture(int(Path(task.item.name).stem))[1]
        submission: dict[str, Any] = {"key": f"key {n}", "seconds": 3.0}
        desk.submit(bench.db, bench.project.id, "ann", task_id=task.id, lease_token=task.lease_token, value=value, **submission)


def run(bench: Bench, out: Path, options: Options = TINY, tell: Any = lambda *_: None) -> training.Trained:
    return training.run(bench.db, bench.home, bench.project, out, options, tell)


@pytest.mark.skipif(HAS_TORCH, reason="torch is installed")
def test_without_torch_the_extra_is_named(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError, match=r"pip install 'modicum\[torch\]'"):
        run(bench, tmp_path / "out.onnx")


def test_projects_and_networks_that_cannot_be_trained_are_refused(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no network 'yolo'; networks: fcos-resnet50, fcos-resnet18"):
        run(bench, tmp_path / "out.onnx", Options("yolo"))
    bench.project = bench.db.write(projects.create, "whole", ("red",), encoder=bench.encoder)
    with pytest.raises(InputError, match="a project of whole images"):
        run(bench, tmp_path / "out.onnx")


def test_a_side_that_does_not_fit_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["modicum", "train", "drawn", "--size", "100", "--home", str(bench.home.path)])
    assert cli.run() == 2
    assert "96 and 128 are the nearest" in capsys.readouterr().err


@needs_torch
def test_too_few_drawings_are_told(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="0 drawn images with 0 boxes are too few to train on: draw on 10 images at least"):
        run(bench, tmp_path / "out.onnx")


@needs_torch
def test_from_labels_to_a_file_that_draws(bench: Bench, tmp_path: Path) -> None:
    draw_on(bench, 24)
    told: list[tuple[int, int, str]] = []
    out = tmp_path / "made" / "detector.onnx"
    done = run(bench, out, tell=lambda *entry: told.append(entry))
    assert done.classes == ("red", "blue")
    assert done.images == done.boxes == 24 - done.holdout
    assert (done.precision is None) == (done.holdout == 0)
    assert told[-1][0] == told[-1][1] == -(-done.images // 4)
    assert json.loads(out.with_suffix(".json").read_text())["classes"] == ["red", "blue"]
    assert not list(bench.home.training_of(bench.project.id).glob("*"))  # a finished training leaves nothing behind
    looked = prelabels.run(bench.db, bench.project, load(out), {})
    assert looked.looked == 16


@needs_torch
def test_an_interrupted_training_goes_on_and_ends_in_the_same_network(bench: Bench, tmp_path: Path) -> None:
    draw_on(bench, 20)
    options = Options("fcos-resnet18", "none", epochs=1, size=64, batch=4, device="cpu")
    whole = run(bench, tmp_path / "whole.onnx", options)

    def stop(done: int, total: int, line: str) -> None:
        if done == 2 and line.startswith("loss"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(bench, tmp_path / "parts.onnx", options, stop)
    (checkpoint,) = bench.home.training_of(bench.project.id).glob("*.pt")
    told: list[str] = []
    run(bench, tmp_path / "parts.onnx", options, lambda done, total, line: told.append(f"{done} {line}"))
    assert told[0] == "2 going on at step 2"
    grey = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    one, other = (load(path).reply(grey).candidates for path in (whole.path, tmp_path / "parts.onnx"))
    assert [entry.score for entry in one] == pytest.approx([entry.score for entry in other], abs=1e-3)
    assert not checkpoint.exists()


@needs_torch
def test_a_checkpoint_that_is_no_checkpoint_is_not_run(bench: Bench, tmp_path: Path) -> None:
    import pickle

    class Bomb:
        def __reduce__(self) -> tuple[Any, tuple[Path]]:
            return Path.touch, (tmp_path / "went off",)

    draw_on(bench, 20)

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(bench, tmp_path / "out.onnx", tell=stop)
    (checkpoint,) = bench.home.training_of(bench.project.id).glob("*.pt")
    checkpoint.write_bytes(pickle.dumps(Bomb()))
    told: list[str] = []
    assert run(bench, tmp_path / "out.onnx", tell=lambda done, total, line: told.append(line)).images > 9
    assert "cannot be read" in told[0]
    assert not (tmp_path / "went off").exists()


@needs_torch
def test_weights_from_a_file_and_from_none(bench: Bench, tmp_path: Path) -> None:
    import torch

    from modicum.errors import ModelError
    from modicum.models import fcos

    draw_on(bench, 20)
    weights = tmp_path / "weights.pt"
    torch.save(fcos.build("fcos-resnet18", 5, 64, pretrained=True).state_dict(), weights)
    told: list[str] = []
    options = Options("fcos-resnet18", str(weights), 1, 64, 8, "cpu")
    run(bench, tmp_path / "out.onnx", options, lambda done, total, line: told.append(line))
    assert "the others start anew" in told[0]
    with pytest.raises(ModelError, match="cannot be loaded"):
        run(bench, tmp_path / "out.onnx", Options("fcos-resnet18", str(tmp_path / "none.pt"), 1, 64, 8, "cpu"))
    torch.save({"other": torch.zeros(3)}, weights)
    with pytest.raises(ModelError, match="none of the weights fit"):
        run(bench, tmp_path / "out.onnx", Options("fcos-resnet18", str(weights), 2, 64, 8, "cpu"))
