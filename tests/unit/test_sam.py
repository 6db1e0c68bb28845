"""A segmenter of the SAM kind, built here of a few ONNX operators: a red pixel is the object."""

import io
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from modicum import assist
from modicum.engine import outlines
from modicum.errors import InputError, ModelError
from modicum.geometry import Polygon
from modicum.home import Home
from modicum.models import sam

SIZE = 64
FLOAT = TensorProto.FLOAT


def saved(path: Path, nodes: list[onnx.NodeProto], inputs: dict[str, list[object]], outputs: dict[str, list[object]]) -> None:
    def values(named: dict[str, list[object]]) -> list[onnx.ValueInfoProto]:
        return [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in named.items()]

    graph = helper.make_graph(nodes, "tiny", values(inputs), values(outputs))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def constant(name: str, value: object, dtype: type = np.float32) -> onnx.NodeProto:
    return helper.make_node("Constant", [], [name], value=onnx.numpy_helper.from_array(np.array(value, dtype)))


@pytest.fixture
def files(home: Home) -> Path:
    """The JSON of an encoder that passes red minus green on and a decoder that shows it, and its opposite as less likely."""
    folder = home.path / "assist"
    folder.mkdir()
    encoder = [
        constant("zero", [0], np.int64),
        constant("one", [1], np.int64),
        constant("two", [2], np.int64),
        constant("axis", [1], np.int64),
        helper.make_node("Slice", ["image", "zero", "one", "axis"], ["red"]),
        helper.make_node("Slice", ["image", "one", "two", "axis"], ["green"]),
        helper.make_node("Sub", ["red", "green"], ["image_embeddings"]),
    ]
    saved(folder / "encoder.onnx", encoder, {"image": [1, 3, SIZE, SIZE]}, {"image_embeddings": [1, 1, SIZE, SIZE]})
    decoder = [
        helper.make_node("ReduceMax", ["point_labels"], ["most"], keepdims=0),
        helper.make_node("Mul", ["image_embeddings", "most"], ["mask"]),
        helper.make_node("Neg", ["mask"], ["opposite"]),
        helper.make_node("Concat", ["opposite", "mask"], ["masks"], axis=1),
        constant("iou_predictions", [[0.2, 0.9]]),
    ]
    inputs: dict[str, list[object]] = {
        "image_embeddings": [1, 1, SIZE, SIZE],
        "point_coords": [1, "n", 2],
        "point_labels": [1, "n"],
        "mask_input": [1, 1, 16, 16],
        "has_mask_input": [1],
        "orig_im_size": [2],
    }
    saved(folder / "decoder.onnx", decoder, inputs, {"masks": [1, 2, SIZE, SIZE], "iou_predictions": [1, 2]})
    path = folder / "sam.json"
    path.write_text(json.dumps({"encoder": "encoder.onnx", "decoder": "decoder.onnx", "size": SIZE}))
    return path


def photo(width: int = 200, height: int = 120) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[0:height, 0:width] + 0.5
    region = (x - 90) ** 2 + (y - 60) ** 2 < 40**2
    return np.where(region[..., None], [220, 40, 40], [40, 160, 60]).astype(np.uint8), region


def png(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def test_a_click_gives_the_object_the_model_sees(home: Home, files: Path) -> None:
    pixels, region = photo()
    ask = assist.Ask(tool="model", points=((90, 60),))
    polygon = assist.assist("a photo", lambda: png(pixels), ask, home).proposals[0]
    assert isinstance(polygon, Polygon)
    found = outlines.filled([np.array(ring) for ring in polygon.rings], *region.shape)
    assert (found & region).sum() / (found | region).sum() > 0.93


def test_an_image_is_encoded_once_and_kept_over_a_restart(home: Home, files: Path) -> None:
    pixels, _ = photo()
    first = sam.load(files, home.cache / "embeddings")
    assert not first.has("a photo")
    before = first.embedding("a photo", pixels)
    again = sam.load(files, home.cache / "embeddings")
    assert again.has("a photo")
    after = again.embedding("a photo", np.zeros_like(pixels))
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_damaged_embedding_is_made_again(home: Home, files: Path) -> None:
    pixels, _ = photo()
    model = sam.load(files, home.cache / "embeddings")
    before = model.embedding("a photo", pixels)
    [kept] = (home.cache / "embeddings").rglob("*.npz")
    kept.write_bytes(b"cut short")
    after = model.embedding("a photo", pixels)
    assert np.array_equal(before["image_embeddings"], after["image_embeddings"])


def test_images_that_come_next_are_encoded_ahead_and_unreadable_ones_left(home: Home, files: Path) -> None:
    pixels, _ = photo()
    assist.prepare(home, [("broken", lambda: b"no picture"), ("next", lambda: png(pixels))])
    assert assist.segmenter(home).has("next")
    assert not assist.segmenter(home).has("broken")


def test_a_home_without_a_segmenter_says_where_to_describe_one(home: Home) -> None:
    with pytest.raises(InputError, match=r"sam\.json"):
        assist.assist("a photo", lambda: b"", assist.Ask(tool="model", points=((1, 1),)), home)


def test_a_click_outside_alone_is_refused(home: Home, files: Path) -> None:
    with pytest.raises(InputError, match="inside"):
        assist.assist("a photo", lambda: b"", assist.Ask(tool="model", points=((1, 1),), labels=(0,)), home)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"encoder": "missing.onnx"}, "no file"),
        ({"encoder": "sam.json"}, "no ONNX model"),
        ({"size": 3}, "size"),
        ({"size": SIZE * 2}, "does not run"),
        ({"inputs": {"nothing": "point_coords"}}, "point_coords"),
        ({"masks": "other"}, "masks"),
    ],
)
def test_files_that_do_not_fit_are_explained(home: Home, files: Path, changed: dict[str, object], said: str) -> None:
    files.write_text(json.dumps({**json.loads(files.read_text()), **changed}))
    with pytest.raises(ModelError, match=said):
        assist.assist("a photo", lambda: png(photo()[0]), assist.Ask(tool="model", points=((90, 60),)), home)
