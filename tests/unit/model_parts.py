"""Tiny ONNX networks with answers known beforehand, and photos for them."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from modicum.models.reply import Photo
from modicum.types import Schema

RED = (200, 30, 30)


def network(
    outputs: Mapping[str, Any], shape: tuple[Any, ...] = (1, 3, 64, 64), metadata: Mapping[str, str] | None = None
) -> onnx.ModelProto:
    """A model that answers these arrays whatever it is shown; where a number is NaN stands the mean of the input."""
    pixels = helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
    ]
    constants, infos = [], []
    for name, values in outputs.items():
        array = np.asarray(values, np.float32)
        kind = TensorProto.FLOAT
        measured = np.isnan(array)
        constants += [
            numpy_helper.from_array(np.where(measured, 0, array).astype(np.float32), f"{name}_rest"),
            numpy_helper.from_array(measured.astype(np.float32), f"{name}_measured"),
        ]
        nodes += [
            helper.make_node("Mul", [f"{name}_measured", "mean"], [f"{name}_mean"]),
            helper.make_node("Add", [f"{name}_rest", f"{name}_mean"], [name]),
        ]
        infos.append(helper.make_tensor_value_info(name, kind, array.shape))
    graph = helper.make_graph(nodes, "known", [pixels], infos, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, dict(metadata or {}))
    return model


def write(folder: Path, model: onnx.ModelProto, **description: object) -> Path:
    path = folder / "found.onnx"
    onnx.save(model, path)
    path.with_suffix(".json").write_text(json.dumps(description))
    return path


def photo(width: int = 128, height: int = 64, colour: tuple[int, int, int] = RED, number: int = 1) -> Photo:
    """A picture of one colour, as PNG."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "PNG")
    return Photo(number, f"{number}.png", file.getvalue(), "image/png", width, height)


def schema(*classes: Mapping[str, Any] | str) -> Schema:
    """A schema for drawing with these classes, as names or as fields."""
    entries = [{"name": entry} if isinstance(entry, str) else entry for entry in classes]
    return Schema.model_validate({"task": "draw", "classes": [{"id": place, **entry} for place, entry in enumerate(entries)]})
