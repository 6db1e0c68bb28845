"""A picture -> the input of a network, and places on that input -> places on the picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from modicum.formats.losses import RefusedError
from modicum.formats.outline import mask_of
from modicum.models.description import Description

Floats = NDArray[np.float32]
IMAGENET = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))


@dataclass(frozen=True)
class Frame:
    """How a picture of `width` x `height` lies on an input of `input_width` x `input_height` pixels."""

    width: int
    height: int
    input_width: int
    input_height: int
    scale_x: float
    scale_y: float
    left: float
    top: float

    def back(self, places: Floats) -> Floats:
        """[..., 2] places on the input as places on the picture."""
        shift, scale = np.array([self.left, self.top], np.float32), np.array([self.scale_x, self.scale_y], np.float32)
        return np.asarray((places - shift) / scale, np.float32)

    def patch(self, shares: Floats, box: Floats, threshold: float = 0.5) -> dict[str, object] | None:
        """A mask geometry of where `shares` [h, w], spread over the whole input, exceed the threshold inside `box`
        (x0, y0, x1, y1 on the picture); none when that is nowhere."""
        x0, y0 = max(0, int(np.floor(box[0]))), max(0, int(np.floor(box[1])))
        x1, y1 = min(self.width, int(np.ceil(box[2]))), min(self.height, int(np.ceil(box[3])))
        if x1 <= x0 or y1 <= y0:
            return None
        rows, columns = shares.shape
        fine_x, fine_y = columns / self.input_width, rows / self.input_height
        area = (
            max(0.0, (x0 * self.scale_x + self.left) * fine_x),
            max(0.0, (y0 * self.scale_y + self.top) * fine_y),
            min(float(columns), (x1 * self.scale_x + self.left) * fine_x),
            min(float(rows), (y1 * self.scale_y + self.top) * fine_y),
        )
        if area[2] <= area[0] or area[3] <= area[1]:
            return None
        fitted = Image.fromarray(np.ascontiguousarray(shares, np.float32)).resize((x1 - x0, y1 - y0), _BILINEAR, box=area)
        try:
            return mask_of(np.asarray(fitted) > threshold, x0, y0).model_dump()
        except RefusedError:  # not a pixel is in it
            return None


_BILINEAR = Image.Resampling.BILINEAR


@dataclass(frozen=True)
class Preparation:
    """Everything about the input that is settled once the model is loaded; no `size`: pictures go in as large as they are."""

    size: tuple[int, int] | None
    resize: str
    pad: str
    fill: int
    mean: NDArray[np.float32]
    std: NDArray[np.float32]
    channels: str
    layout: str
    dtype: np.dtype[np.generic]

    def apply(self, picture: NDArray[np.uint8]) -> tuple[NDArray[np.generic], Frame]:
        """uint8[h, w, 3] -> the input without a batch, in `layout`, and how the picture lies on it."""
        height, width = picture.shape[:2]
        canvas, frame = self._placed(picture, width, height)
        bytes_in = self.dtype.kind == "u"
        pixels: NDArray[np.generic] = canvas if bytes_in else ((canvas - self.mean) / self.std).astype(self.dtype)
        if self.channels == "bgr":
            pixels = pixels[..., ::-1]
        return np.ascontiguousarray(pixels.transpose(2, 0, 1) if self.layout == "nchw" else pixels), frame

    def _placed(self, picture: NDArray[np.uint8], width: int, height: int) -> tuple[NDArray[np.uint8], Frame]:
        if self.size is None or self.resize == "none":
            return picture, Frame(width, height, width, height, 1.0, 1.0, 0.0, 0.0)
        across, down = self.size
        if self.resize == "stretch":
            return _scaled(picture, across, down), Frame(width, height, across, down, across / width, down / height, 0.0, 0.0)
        share = min(across / width, down / height)
        inner_w, inner_h = max(1, round(width * share)), max(1, round(height * share))
        left, top = ((across - inner_w) // 2, (down - inner_h) // 2) if self.pad == "centre" else (0, 0)
        canvas = np.full((down, across, 3), self.fill, np.uint8)
        canvas[top : top + inner_h, left : left + inner_w] = _scaled(picture, inner_w, inner_h)
        return canvas, Frame(width, height, across, down, inner_w / width, inner_h / height, float(left), float(top))


def _scaled(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    if picture.shape[:2] == (height, width):
        return picture
    return np.asarray(Image.fromarray(picture).resize((width, height), _BILINEAR))


def preparation(said: Description, shape: tuple[int | None, int | None], dtype: np.dtype[np.generic]) -> Preparation:
    """What a description and the model's own input (width, height where it is fixed, and type) say together."""
    plain = ((0.0, 0.0, 0.0), (255.0, 255.0, 255.0))
    mean, std = IMAGENET if said.family in ("detr", "semantic") else plain
    width, height = shape
    fixed = (width, height) if width is not None and height is not None else None
    return Preparation(
        size=fixed or said.size,
        resize=said.resize or ("letterbox" if said.family == "yolo" else "stretch"),
        pad=said.pad,
        fill=said.fill,
        mean=np.asarray(said.mean or mean, np.float32),
        std=np.asarray(said.std or std, np.float32),
        channels=said.channels,
        layout=said.layout,
        dtype=dtype,
    )
