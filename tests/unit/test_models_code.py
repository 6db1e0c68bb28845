"""Models that are Python code: objects with `predict`, and auto-annotation functions as cvat-sdk defines them."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from modicum.errors import ModelError
from modicum.models import cvat_function, own_code, python_object
from modicum.models.fit import Fitted, fitted
from modicum.models.reply import Reply
from modicum.models.resolve import resolve
from modicum.models.words import words
from unit.model_parts import photo, schema

PREDICTS = """
import numpy as np

class Finder:
    classes = ["cat"]

    def predict(self, images):
        return [self.one(image) for image in images]

    def one(self, image):
        mask = np.zeros(image.shape[:2], bool)
        mask[2:4, 5:9] = True
        return [
            {"class": "cat", "score": 0.5, "box": np.array([1, 2, 30, 40])},
            {"class": "cat", "mask": mask},
            {"class": "cat", "score": 0.5, "polygon": [[0, 0], [9, 0], [9, 9]], "attributes": {"fur": "red"}},
            {"class": "cat", "geometry": {"kind": "ellipse", "cx": 9, "cy": 9, "rx": 3, "ry": 2}},
            {"class": "cat"},
        ]

ready = Finder()
"""


def written(folder: Path, text: str, name: str = "finder_of_a_test.py") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def one(model: Any, width: int = 128, height: int = 64) -> Reply:
    (reply,) = model([photo(width, height)])
    assert isinstance(reply, Reply)
    return reply


def fit(reply: Reply, *classes: Any) -> Fitted:
    return fitted(reply, 128, 64, words(schema(*classes), {}), "m@1")


@pytest.mark.parametrize("name", ["ready", "Finder"])
def test_an_object_or_a_class_with_predict(tmp_path: Path, name: str) -> None:
    model = python_object.load(f"{written(tmp_path, PREDICTS)}:{name}")
    assert model.classes == ("cat",)
    reply = one(model)
    assert reply.notes == ()
    assert [form["kind"] for entry in reply.candidates for form in entry.forms] == ["box", "mask", "polygon", "ellipse"]
    assert reply.candidates[1].forms[0] == {"kind": "mask", "x": 5, "y": 2, "w": 4, "h": 2, "counts": (0, 8)}
    found = fit(reply, {"name": "cat", "attributes": [{"name": "fur", "kind": "text"}]})
    assert [shape.score for shape in found.shapes.shapes] == [0.5, None, 0.5, None]
    assert found.shapes.tags == (0,)
    assert found.notes == ()


def test_a_module_beside_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, PREDICTS, "finder_in_this_folder.py")
    monkeypatch.chdir(tmp_path)
    model, said = resolve("python:finder_in_this_folder:ready", schema("cat"))
    assert (model.name, said) == ("python:finder_in_this_folder:ready", {})
    first = model.version
    assert len(first) == 8


def test_a_version_of_its_own_goes_before_the_files(tmp_path: Path) -> None:
    place = written(tmp_path, PREDICTS + "\nready.version = '3.1'\n", "finder_with_version.py")
    assert python_object.load(f"{place}:ready").version == "3.1"


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("5", "returned int for this image"),
        ("{}", "returned dict for this image"),
        ("[5]", "an object is a dictionary, this one is int"),
        ("[{'box': [1, 2, 3, 4]}]", "KeyError: 'class'"),
        ("[{'class': 'cat', 'box': [1, 2, 3]}]", r"x, y, width, height; this one has the shape \[3\]"),
        ("[{'class': 'cat', 'bbox': [1, 2, 3, 4]}]", "it has 'bbox'; known: class"),
        ("[{'class': 'cat', 'mask': [[True]]}]", r"the mask has the shape \[1, 1\], the image has 64 rows and 128 columns"),
        ("[{'class': 'cat', 'score': 'high', 'box': [1, 2, 3, 4]}]", "could not convert"),
        ("[{'class': 'cat', 'box': [1, 2, 3, 4], 'points': [[1, 2]]}]", "one is enough"),
    ],
)
def test_what_is_no_object_is_told(tmp_path: Path, entry: str, told: str) -> None:
    place = written(tmp_path, f"class Odd:\n    def predict(self, images):\n        return [{entry}]\n", "odd_finder.py")
    reply = one(python_object.load(f"{place}:Odd"))
    assert reply.candidates == ()
    assert re.search(told, reply.notes[0]), reply.notes


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("import nothing_of_that_name", ":x", "No module named 'nothing_of_that_name'"),
        ("x = 5", ":y", "has no 'y'; it has x"),
        ("x = 5", ":x", "needs predict"),
        ("def x(): raise ValueError('no weights')", ":x", "no weights"),
        ("class x:\n    def predict(self, images): return []", ":x", "returned 0 lists for 1 images"),
        (
            "class x:\n    def predict(self, images): raise RuntimeError('no memory')",
            ":x",
            "predict failed .RuntimeError: no memory",
        ),
    ],
)
def test_code_that_does_not_work_is_told(tmp_path: Path, text: str, place: str, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        one(python_object.load(written(tmp_path, text, "broken_finder.py") + place))


def test_sources_that_are_none_are_told(tmp_path: Path) -> None:
    for name in ("", "onnx:", "file:x", "cat", "python"):
        with pytest.raises(ModelError, match="allowed are onnx:"):
            resolve(name, schema("cat"))
    with pytest.raises(ModelError, match="there is no file"):
        resolve(f"python:{tmp_path}/none.py:x", schema("cat"))


# --- functions of cvat-sdk, looked at by their members -----------------------------------------------------------------


def shape(kind: str, points: list[float], label_id: int = 1, **more: Any) -> SimpleNamespace:
    return SimpleNamespace(type=SimpleNamespace(value=kind), points=points, label_id=label_id, frame=0, **more)


def function(*shapes: Any, **spec: Any) -> Any:
    """A detection function without a single import of cvat-sdk."""
    attributes = [SimpleNamespace(id=7, name="fur")]
    labels = [
        SimpleNamespace(id=1, name="cat", attributes=attributes),
        SimpleNamespace(
            id=2, name="person", type="skeleton", sublabels=[SimpleNamespace(id=5, name="a"), SimpleNamespace(id=6, name="b")]
        ),
    ]
    return SimpleNamespace(spec=SimpleNamespace(**{"labels": labels, **spec}), detect=lambda context, image: list(shapes))


def loaded(made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, above: float | None = None) -> cvat_function.CvatModel:
    place = written(tmp_path, "def create(): return made()", "cvat_function_of_a_test.py")
    real = own_code.found

    def found(name: str) -> tuple[Any, str]:
        thing, version = real(name)
        thing.made = lambda: made
        return thing, version

    monkeypatch.setattr(cvat_function, "found", found)
    return cvat_function.load(place, above)


def test_every_shape_of_a_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keypoints = [shape("points", [3, 4], 6), shape("points", [1, 2], 5, occluded=True)]
    made = function(
        shape("rectangle", [1, 2, 11, 22], score=0.7),
        shape("rectangle", [1, 2, 11, 22], rotation=370.0),
        shape("ellipse", [50, 30, 60, 25]),
        shape("polygon", [0, 0, 9, 0, 9, 9], attributes=[SimpleNamespace(spec_id=7, value="red")], group=3),
        shape("polyline", [0, 0, 9, 9], group=0),
        shape("points", [5, 5]),
        shape("mask", [1, 2, 1, 10, 20, 11, 21]),
        shape("skeleton", [], 2, elements=keypoints),
        SimpleNamespace(label_id=1, frame=0),
    )
    model = loaded(made, tmp_path, monkeypatch)
    assert model.classes == ("cat", "person")
    reply = one(model)
    assert reply.notes == ()
    box, turned, ellipse, polygon, line, points, mask, skeleton, tag = reply.candidates
    assert (box.forms[0], box.score) == ({"kind": "box", "x": 1, "y": 2, "w": 10, "h": 20}, 0.7)
    assert turned.forms[0] == {"kind": "rotated", "cx": 6, "cy": 12, "w": 10, "h": 20, "angle": 10}
    assert ellipse.forms[0] == {"kind": "ellipse", "cx": 50, "cy": 30, "rx": 10, "ry": 5, "angle": 0}
    assert (polygon.attributes, polygon.group, line.group) == ({"fur": "red"}, 3, None)
    assert points.forms[0] == {"kind": "points", "points": [(5, 5)]}
    assert mask.forms[0] == {"kind": "mask", "x": 10, "y": 20, "w": 2, "h": 2, "counts": [1, 2, 1]}
    assert skeleton.forms[0] == {"kind": "skeleton", "nodes": [(1, 2, 1), (3, 4, 2)]}
    assert tag.forms == ()
    bones = {"nodes": ["a", "b"], "edges": []}
    found = fit(reply, {"name": "cat", "attributes": [{"name": "fur", "kind": "text"}]}, {"name": "person", "skeleton": bones})
    assert (len(found.shapes.shapes), found.shapes.tags, found.notes) == (8, (0,), ())


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (shape("rectangle", [1, 2, 3, 4], 9), "its label_id 9 is none of the spec's: 1, 2"),
        (shape("rectangle", [1, 2, 3]), "not enough values"),
        (shape("cuboid", [1.0] * 16), "a cuboid is no shape of an image here"),
        (shape("mask", [1.5, 2, 0, 0, 1]), "whole numbers"),
        (shape("skeleton", [], 2, elements=[shape("points", [1, 2], 9)]), "its element 9 is no sublabel of 'person'"),
    ],
)
def test_what_is_no_shape_of_a_function_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: Any, told: str) -> None:
    reply = one(loaded(function(entry), tmp_path, monkeypatch))
    assert reply.candidates == ()
    assert told in reply.notes[0]


def test_a_function_is_told_name_picture_and_threshold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    made = function()
    made.detect = lambda context, image: asked.append((context, image)) or []
    one(loaded(made, tmp_path, monkeypatch, 0.4))
    ((context, image),) = asked
    assert (context.frame_name, context.conf_threshold, context.conv_mask_to_poly) == ("1.png", 0.4, False)
    assert (image.mode, image.size) == ("RGB", (128, 64))
    assert np.asarray(image)[0, 0].tolist() == [200, 30, 30]


def test_functions_that_do_not_work_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="has no labels"):
        loaded(function(labels=[]), tmp_path, monkeypatch)
    with pytest.raises(ModelError, match="has no id"):
        loaded(function(labels=[SimpleNamespace(name="cat")]), tmp_path, monkeypatch)
    made = function()
    made.detect = lambda context, image: 1 / 0
    with pytest.raises(ModelError, match=r"detect failed on 1\.png \(ZeroDivisionError"):
        one(loaded(made, tmp_path, monkeypatch))


def test_a_function_made_of_cvat_sdks_own_types(tmp_path: Path) -> None:
    pytest.importorskip("cvat_sdk.auto_annotation", reason="cvat-sdk is not installed")
    text = """
import cvat_sdk.auto_annotation as cvataa
import cvat_sdk.masks
import numpy as np

spec = cvataa.DetectionFunctionSpec(labels=[
    cvataa.label_spec("cat", 1, type="rectangle", attributes=[cvataa.text_attribute_spec("fur", 3)]),
    cvataa.skeleton_label_spec("person", 2, [cvataa.keypoint_spec("a", 5), cvataa.keypoint_spec("b", 6)]),
    cvataa.label_spec("dog", 4, type="mask"),
])

def detect(context, image):
    region = np.zeros((image.height, image.width), bool)
    region[10:20, 30:50] = True
    region[12, 31] = False
    found = cvataa.rectangle(1, [1, 2, 11, 22], rotation=10.0, attributes=[])
    found.score = 0.7
    return [
        found,
        cvataa.polygon(1, [0, 0, 9, 0, 9, 9]),
        cvataa.mask(4, cvat_sdk.masks.encode_mask(region)),
        cvataa.skeleton(2, [cvataa.keypoint(6, [3.0, 4.0]), cvataa.keypoint(5, [1.0, 2.0], outside=True)]),
        cvataa.tag(4),
    ]
"""
    reply = one(cvat_function.load(written(tmp_path, text, "real_cvat_function.py")))
    assert reply.notes == ()
    bones = {"nodes": ["a", "b"], "edges": []}
    found = fit(
        reply, {"name": "cat", "attributes": [{"name": "fur", "kind": "text"}]}, {"name": "person", "skeleton": bones}, "dog"
    )
    assert [shape.geometry.kind for shape in found.shapes.shapes] == ["rotated", "polygon", "mask", "skeleton"]
    assert found.shapes.shapes[0].score == 0.7
    mask, skeleton = (shape.geometry.model_dump() for shape in found.shapes.shapes[2:])
    assert [mask[key] for key in ("x", "y", "w", "h")] == [30, 10, 20, 10]
    assert sum(mask["counts"][1::2]) == 199
    assert skeleton["nodes"] == ((1, 2, 0), (3, 4, 2))
    assert (found.shapes.tags, found.notes) == ((2,), ())
