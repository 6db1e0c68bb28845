"""ONNX detectors and segmenters with a JSON beside them: every family's outputs, on tiny networks with known answers."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from modicum.errors import ModelError
from modicum.models.description import Description
from modicum.models.onnx_file import load
from modicum.models.overlaps import surest
from modicum.models.reply import Candidate
from unit.model_parts import network, photo, write

NAN = float("nan")
CLASSES = ["cat", "dog"]


def replied(path: Path, width: int = 128, height: int = 64) -> tuple[Candidate, ...]:
    (reply,) = load(path)([photo(width, height)])
    return reply.candidates


def box_of(candidate: Candidate) -> list[float]:
    form = candidate.forms[-1]
    assert form["kind"] == "box"
    return [form["x"], form["y"], form["w"], form["h"]]


# A picture of 128 x 64 on an input of 64 x 64: half the size, 16 grey rows above and below.
# The same object everywhere: on the picture x 20 to 60, y 10 to 40; on the input x 10 to 30, y 21 to 36.
CENTRED = [20, 28.5, 20, 15]
ON_PICTURE = pytest.approx([20, 10, 40, 30])


def plain(*rows: list[float]) -> np.ndarray:
    """[1, columns, 40]: rows of v8 and later, the rest is nothing."""
    filler = [[5.0, 5, 2, 2] + [0.0] * (len(rows[0]) - 4)] * (40 - len(rows))
    return np.array([*rows, *filler], np.float32).T[None]


def test_yolo_v8_comes_back_through_the_letterbox(tmp_path: Path) -> None:
    raw = plain([*CENTRED, 0.1, 0.9], [*CENTRED[:2], 19, 15, 0.2, 0.8], [*CENTRED, 0.7, 0.1])
    found = replied(write(tmp_path, network({"out": raw}), family="yolo", classes=CLASSES))
    assert [(entry.name, round(entry.score or 0, 3)) for entry in found] == [
        ("dog", 0.9),
        ("cat", 0.7),
    ]  # the second dog is the first
    assert box_of(found[0]) == ON_PICTURE


def test_yolo_v5_multiplies_objectness(tmp_path: Path) -> None:
    raw = np.zeros((1, 50, 7), np.float32)
    raw[0, 3] = [*CENTRED, 0.5, 0.2, 0.8]
    (found,) = replied(write(tmp_path, network({"out": raw}), family="yolo", classes=CLASSES))
    assert (found.name, found.score) == ("dog", pytest.approx(0.4))
    assert box_of(found) == ON_PICTURE


def test_yolo_end_to_end_needs_no_suppression(tmp_path: Path) -> None:
    raw = np.zeros((1, 30, 6), np.float32)
    raw[0, 0], raw[0, 1] = [10, 21, 30, 36, 0.9, 1], [10, 21, 30, 36, 0.6, 1]
    found = replied(write(tmp_path, network({"out": raw}), family="yolo", classes=CLASSES))
    assert [entry.score for entry in found] == pytest.approx([0.9, 0.6])  # both: the network has suppressed already
    assert box_of(found[0]) == ON_PICTURE


def test_yolo_segments_with_prototypes(tmp_path: Path) -> None:
    protos = np.full((1, 2, 16, 16), -5.0, np.float32)
    protos[0, 0, 5:9, 2:5] = 5.0  # on the input x 8 to 20, y 20 to 36: on the picture x 16 to 40, y 8 to 40
    raw = plain([*CENTRED, 0.1, 0.9, 1.0, 0.0])
    path = write(tmp_path, network({"out": raw, "protos": protos}), family="yolo", classes=CLASSES, task="segment")
    (found,) = replied(path)
    mask, box = found.forms
    assert (mask["kind"], box["kind"]) == ("mask", "box")
    assert (mask["x"], mask["y"], mask["h"]) == (20, 10, 30)  # cut to the box on the left, as YOLO does
    assert 18 <= mask["w"] <= 22
    path.with_suffix(".json").write_text(path.with_suffix(".json").read_text()[:-1] + ', "masks": "polygon"}')
    (found,) = replied(path)
    assert [form["kind"] for form in found.forms] == ["polygon", "mask", "box"]


def test_yolo_pose_gives_a_skeleton_and_a_box(tmp_path: Path) -> None:
    raw = plain([*CENTRED, 0.9, 20, 28.5, 0.9, 10, 21, 0.1])
    path = write(tmp_path, network({"out": raw}), family="yolo", classes=["cat"], task="pose", keypoints=[2, 3])
    (found,) = replied(path)
    skeleton, _ = found.forms
    assert skeleton["nodes"] == [(pytest.approx(40), pytest.approx(25), 2), (pytest.approx(20), pytest.approx(10), 0)]
    assert box_of(found) == ON_PICTURE


def test_yolo_turned_boxes(tmp_path: Path) -> None:
    turn = np.pi / 6
    one, other, across = [20, 28.5, 30, 6, 0.1, 0.9, turn], [20, 28.5, 30, 7, 0.1, 0.8, turn], [20, 28.5, 6, 30, 0.1, 0.7, turn]
    raw = plain(one, other, across)
    found = replied(write(tmp_path, network({"out": raw}), family="yolo", classes=CLASSES, task="obb"))
    form = found[0].forms[0]
    assert [form[key] for key in ("cx", "cy", "w", "h", "angle")] == pytest.approx([40, 25, 60, 12, 30], abs=1e-3)
    assert [round(entry.score or 0, 1) for entry in found] == [0.9, 0.7]  # the one that lies across is another object


def test_a_stretched_input_turns_back(tmp_path: Path) -> None:
    raw = plain([20, 28, 20, 16, 0.1, 0.9])
    (found,) = replied(write(tmp_path, network({"out": raw}), family="yolo", classes=CLASSES, resize="stretch"))
    assert box_of(found) == pytest.approx([20, 20, 40, 16])


@pytest.mark.parametrize(("logits", "name"), [([-9, 4, 0], "dog"), ([-9, 4], "dog")], ids=["softmax", "sigmoid"])
def test_detr_with_and_without_a_column_for_nothing(tmp_path: Path, logits: list[float], name: str) -> None:
    """A further column stands for nothing, and takes its share of the probability."""
    rows = [logits, [-9, -9, 9][: len(logits)]]
    boxes = [[0.25, 0.5, 0.5, 0.5], [0.5, 0.5, 1, 1]]
    path = write(tmp_path, network({"pred_boxes": [boxes], "logits": [rows]}), family="detr", classes=CLASSES)
    (found,) = replied(path)
    assert (found.name, found.score) == (name, pytest.approx(1 / (1 + np.exp(-4)), abs=1e-3))
    assert box_of(found) == pytest.approx([0, 16, 64, 32])


def test_boxes_as_torchvision_exports_them(tmp_path: Path) -> None:
    """No batch in the outputs, class numbers from 1, boxes in pixels of the input, masks as large as the input."""
    masks = np.zeros((2, 1, 64, 128), np.float32)
    masks[0, 0, 10:20, 20:30] = 1
    outputs = {"boxes": [[20, 10, 60, 40], [0, 0, 9, 9]], "labels": [2, 1], "scores": [0.9, 0.1], "masks": masks}
    model = network(outputs, (3, "h", "w"))
    (found,) = replied(write(tmp_path, model, family="boxes", classes=CLASSES, first_class=1, resize="none"))
    assert found.name == "dog"
    mask, _ = found.forms
    assert [mask[key] for key in ("x", "y", "w", "h")] == [20, 10, 10, 10]
    assert box_of(found) == ON_PICTURE


def test_boxes_with_a_score_for_each_class_are_suppressed(tmp_path: Path) -> None:
    boxes = [[[10, 20, 30, 40], [10, 20, 30, 41], [40, 40, 50, 50]]]
    scores = [[[0.1, 0.9], [0.1, 0.8], [0.3, 0.0]]]
    found = replied(write(tmp_path, network({"boxes": boxes, "scores": scores}), family="boxes", classes=CLASSES))
    assert [(entry.name, round(entry.score or 0, 1)) for entry in found] == [("dog", 0.9), ("cat", 0.3)]


def test_a_class_for_every_pixel_becomes_a_mask_for_each_region(tmp_path: Path) -> None:
    raw = np.zeros((1, 3, 32, 32), np.float32)
    raw[0, 0] = 1
    raw[0, 1, 4:12, 4:12], raw[0, 2, 20:30, 4:12], raw[0, 2, 20:30, 20:28] = 9, 9, 9
    path = write(tmp_path, network({"out": raw}), family="semantic", classes=["nothing", "cat", "dog"])
    found = replied(path)
    assert sorted(entry.name for entry in found) == ["cat", "dog", "dog"]
    cat = next(entry.forms[0] for entry in found if entry.name == "cat")
    assert [cat[key] for key in ("x", "y", "w", "h")] == [16, 8, 32, 16]


def test_pixels_arrive_scaled_and_in_order(tmp_path: Path) -> None:
    """The score is the mean of the input: of a red picture's three channels, scaled by mean and std."""
    rows = np.zeros((1, 30, 6), np.float32)
    rows[0, 0] = [10, 21, 30, 36, NAN, 1]
    description: dict[str, Any] = {"family": "yolo", "classes": CLASSES, "resize": "stretch"}
    (found,) = replied(write(tmp_path, network({"out": rows}), **description))
    assert found.score == pytest.approx((200 + 30 + 30) / 3 / 255, abs=1e-3)
    path = write(tmp_path, network({"out": rows}), **description, mean=[100, 10, 10], std=[200, 100, 100], channels="bgr")
    (found,) = replied(path)
    assert found.score == pytest.approx((0.5 + 0.2 + 0.2) / 3, abs=1e-3)


def test_the_file_may_say_its_own_names(tmp_path: Path) -> None:
    raw = plain([*CENTRED, 0.1, 0.9])
    metadata = {"names": "{0: 'cat', 1: 'dog'}", "task": "detect", "imgsz": "[64, 64]"}
    model = network({"out": raw}, (1, 3, "h", "w"), metadata)
    (found,) = replied(write(tmp_path, model, family="yolo"))
    assert found.name == "dog"
    assert box_of(found) == ON_PICTURE


def test_names_in_the_file_are_read_not_run(tmp_path: Path) -> None:
    model = network({"out": plain([*CENTRED, 0.1, 0.9])}, metadata={"names": f"open({str(tmp_path / 'made')!r}, 'w')"})
    with pytest.raises(ModelError, match="names no classes"):
        load(write(tmp_path, model, family="yolo"))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("description", "told"),
    [
        ({"family": "yolo", "classes": ["a", "b", "c"]}, r"shape \[6, 40\].*3 classes.*7 \(plain\)"),
        ({"family": "yolo", "classes": CLASSES, "task": "segment"}, "prototypes"),
        ({"family": "detr", "classes": CLASSES}, "needs outputs for logits, boxes; it has out"),
        ({"family": "yolo", "classes": CLASSES, "mean": [0.5, 0.5, 0.5]}, "multiply"),
        ({"family": "ssd", "classes": CLASSES}, r"\$\.family"),
        ({"family": "yolo", "classes": CLASSES, "colour": 1}, r"\$\.colour"),
        ({"family": "yolo", "classes": CLASSES, "outputs": {"predictions": "no"}}, "outputs: out"),
    ],
)  # fmt: skip
def test_a_description_that_does_not_fit_is_told(tmp_path: Path, description: dict[str, Any], told: str) -> None:
    with pytest.raises(ModelError) as caught:
        load(write(tmp_path, network({"out": plain([*CENTRED, 0.1, 0.9])}), **description))
    assert re.search(told, str(caught.value)), str(caught.value)


def test_files_that_are_none_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no file"):
        load(tmp_path / "none.onnx")
    path = write(tmp_path, network({"out": plain([*CENTRED, 0.1, 0.9])}), family="yolo", classes=CLASSES)
    path.with_suffix(".json").write_text("[1")
    with pytest.raises(ModelError, match="is no JSON"):
        load(path)
    path.with_suffix(".json").unlink()
    with pytest.raises(ModelError, match="has no description"):
        load(path)
    path.with_suffix(".json").write_text("{}")
    path.write_bytes(b"not a network")
    with pytest.raises(ModelError, match="no ONNX model"):
        load(path)


def test_another_description_is_another_version(tmp_path: Path) -> None:
    model = network({"out": plain([*CENTRED, 0.1, 0.9])})
    first = load(write(tmp_path, model, family="yolo", classes=CLASSES))
    second = load(write(tmp_path, model, family="yolo", classes=CLASSES, above=0.5))
    assert first.name == second.name == "onnx:found.onnx"
    assert first.version != second.version


def test_numbers_that_are_none_are_told(tmp_path: Path) -> None:
    raw = plain([*CENTRED, 0.1, 0.9])
    raw[0, 4, 1] = np.inf
    model = network({"out": raw})
    (reply,) = load(write(tmp_path, model, family="yolo", classes=CLASSES))([photo()])
    assert "not finite" in reply.notes[0]


def test_a_model_with_two_pictures_is_refused(tmp_path: Path) -> None:
    model = network({"out": plain([*CENTRED, 0.1, 0.9])})
    for name in ("second", "third"):
        model.graph.input.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, (1, 3)))
    with pytest.raises(ModelError, match="one picture"):
        load(write(tmp_path, model, family="yolo", classes=CLASSES))


def test_the_surest_of_what_overlaps_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 10], [20, 20, 30, 30]], np.float32)
    scores, classes = np.array([0.5, 0.9, 0.8, 0.1], np.float32), np.array([0, 0, 1, 0])
    assert surest(boxes, scores, classes, 0.5, 10).tolist() == [1, 2, 3]
    assert surest(boxes, scores, classes, None, 2).tolist() == [1, 2]
    assert surest(boxes[:0], scores[:0], classes[:0], 0.5, 10).tolist() == []


def test_the_descriptions_in_the_documentation_are_some() -> None:
    text = (Path(__file__).parents[2] / "docs/how-to/prelabel-with-a-model.md").read_text("utf-8")
    blocks = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert [Description.model_validate_json(block).family for block in blocks] == ["yolo", "yolo"]
    told = {name for row in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", text, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert set(Description.model_fields) - told == {"family", "map"}
