"""The JSON beside an ONNX file: what goes into the network, what comes out of it, and what its classes are called."""

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from modicum.errors import ModelError
from modicum.frozen import Frozen

MOST_JSON = 1_000_000  # bytes
Three = tuple[float, float, float]
Share = Annotated[float, Field(ge=0, le=1)]
Side = Annotated[int, Field(ge=16, le=8192)]


class Description(Frozen):
    """One detector or segmenter. Fields left out are taken from the file where it says them, else as the family has them.

    yolo: one output of boxes with class scores, with or without objectness, before or after NMS, and prototypes for masks.
    detr: `logits` and `boxes` of queries, boxes as relative centre and size. boxes: `boxes`, `scores` and perhaps `labels` and
    `masks`, as torchvision, RT-DETR and others export them. semantic: a class for every pixel.
    """

    family: Literal["yolo", "detr", "boxes", "semantic"]
    task: Literal["detect", "segment", "pose", "obb"] | None = None
    classes: tuple[str, ...] | None = Field(default=None, description="names in the order of the network's columns")
    map: dict[str, str] = Field(default={}, description="its name of a class -> the project's; empty: not wanted")
    # what goes in
    size: tuple[Side, Side] | None = Field(default=None, description="width and height of the input in pixels")
    resize: Literal["letterbox", "stretch", "none"] | None = None
    pad: Literal["centre", "corner"] = Field(default="centre", description="where a letterbox puts the picture")
    fill: int = Field(default=114, ge=0, le=255, description="grey of a letterbox's edges")
    mean: Three | None = Field(default=None, description="in pixel values from 0 to 255, red first")
    std: Three | None = None
    channels: Literal["rgb", "bgr"] = "rgb"
    layout: Literal["nchw", "nhwc"] = "nchw"
    # what comes out
    outputs: dict[str, str] = Field(default={}, description="role -> the name of the output")
    form: Literal["objectness", "plain", "end-to-end"] | None = Field(default=None, description="of a yolo output")
    activation: Literal["none", "sigmoid", "softmax"] | None = None
    corners: bool | None = Field(default=None, description="boxes are corners, not centre and size")
    relative: bool | None = Field(default=None, description="boxes are shares of the input, not its pixels")
    background: int | None = Field(default=None, description="the class that stands for nothing")
    first_class: int = Field(default=0, ge=0, le=1, description="the number of the first name in `classes`")
    keypoints: tuple[int, Literal[2, 3]] | None = Field(default=None, description="how many, and numbers each, for pose")
    masks: Literal["mask", "polygon"] = "mask"
    # what is kept
    above: Share = 0.25
    overlap: Share | None = Field(default=None, description="boxes of a class that overlap more (IoU) are one")
    most: int = Field(default=300, ge=1, le=10_000)

    @model_validator(mode="after")
    def _in_pixel_values(self) -> Self:
        if self.std is not None and any(value <= 0 for value in self.std):
            raise ValueError(f"std must be greater than 0, it is {list(self.std)}")
        if self.mean is not None and any(0 < value < 1 for value in self.mean):
            raise ValueError(f"mean and std count in pixel values from 0 to 255; multiply mean {list(self.mean)} and std by 255")
        if self.task == "pose" and self.family != "yolo":
            raise ValueError("only the family yolo has pose; leave task out")
        return self


def read(path: Path, metadata: Mapping[str, str]) -> Description:
    """The description in a JSON file, completed from what the ONNX file says of itself. Raises ModelError, naming the field."""
    try:
        if path.stat().st_size > MOST_JSON:
            raise ModelError(f"{path} is larger than {MOST_JSON:,} bytes; it should hold the description only")
        raw = json.loads(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is no JSON: {error}") from error
    if not isinstance(raw, dict):
        raise ModelError(f'{path} holds no JSON object; the least is {{"family": "yolo"}}')
    try:
        return Description.model_validate({**said_by_file(metadata), **raw})
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f".{part}" if isinstance(part, str) else f"[{part}]" for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        allowed = ", ".join(Description.model_fields)
        raise ModelError(f"{path}: {reason}; fields: {allowed}", path=f"${where}") from error


def said_by_file(metadata: Mapping[str, str]) -> dict[str, Any]:
    """What exporters of the YOLO family write into the file: names, imgsz, task, kpt_shape. What cannot be read is left out."""
    found: dict[str, Any] = {}
    names = _literal(metadata.get("names", ""))
    if isinstance(names, dict) and sorted(names) == list(range(len(names))):
        names = [names[number] for number in range(len(names))]
    if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
        found["classes"] = names
    size = _literal(metadata.get("imgsz", ""))
    if isinstance(size, list) and len(size) == 2 and all(isinstance(side, int) and 16 <= side <= 8192 for side in size):
        found["size"] = (size[1], size[0])
    if metadata.get("task") in ("detect", "segment", "pose", "obb"):
        found["task"] = metadata["task"]
    points = _literal(metadata.get("kpt_shape", ""))
    if isinstance(points, list) and len(points) == 2:
        found["keypoints"] = points
    return found


def _literal(text: str) -> Any:
    """A literal as Python writes it; nothing is evaluated."""
    try:
        return ast.literal_eval(text) if len(text) < MOST_JSON else None
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None
