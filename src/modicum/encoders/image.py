"""Pictures -> vectors: the preprocessing a network was trained with, then the network, a few pictures at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field, model_validator

from modicum.frozen import Frozen

Three = tuple[float, float, float]
Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]
_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


class Encoder(Protocol):
    """Turns pictures into vectors; safe to call from several threads.

    `size` is the shortest side, in pixels, it makes use of: decoding need not be finer. `name` says what to give to
    `resolve` to get the same encoder again.
    """

    @property
    def name(self) -> str: ...
    @property
    def dims(self) -> int: ...
    @property
    def size(self) -> int: ...
    def __call__(self, images: Sequence[NDArray[np.uint8]], /) -> NDArray[np.float32]:
        """float32[n, dims] of n pictures uint8[h, w, 3], RGB."""
        ...


class Preprocessing(Frozen):
    """How a picture is made ready: `model.json` beside a model holds these fields.

    The shorter side is scaled to size / crop pixels and the central size x size pixels are kept. `mean` and `std` are
    in pixel values from 0 to 255, red first. Wrong values go unnoticed and cost ten points of accuracy.
    """

    size: int = Field(ge=16, le=1024)
    mean: Three
    std: Three
    channels: Literal["rgb", "bgr"] = "rgb"
    layout: Literal["nchw", "nhwc"] = "nchw"
    crop: float = Field(default=1.0, ge=0.5, le=1)
    resize: Literal["bilinear", "bicubic"] = "bilinear"

    @model_validator(mode="after")
    def _in_pixel_values(self) -> Self:
        if any(value <= 0 for value in self.std):
            raise ValueError(f"std must be greater than 0, it is {list(self.std)}")
        if any(0 < value < 1 for value in self.mean):
            raise ValueError(f"mean and std count in pixel values from 0 to 255; multiply mean {list(self.mean)} and std by 255")
        return self

    @property
    def shorter_side(self) -> int:
        """Pixels of the shorter side before the centre is cut out."""
        return round(self.size / self.crop)

    def apply(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """The input of the network, float32, in `layout`."""
        pixels = np.stack([self._framed(image) for image in images]).astype(np.float32)
        pixels -= np.asarray(self.mean, np.float32)
        pixels /= np.asarray(self.std, np.float32)
        if self.channels == "bgr":
            pixels = pixels[..., ::-1]
        if self.layout == "nchw":
            pixels = pixels.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(pixels)

    def _framed(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The central square, scaled to `size`. Cutting before scaling gives the same and spares the margins' work."""
        height, width = image.shape[:2]
        side = min(height, width) * self.size / self.shorter_side
        left, top = (width - side) / 2, (height - side) / 2
        if (height, width) == (self.size, self.size) and side == self.size:
            return image
        box = (left, top, left + side, top + side)
        return np.asarray(Image.fromarray(image).resize((self.size, self.size), _FILTERS[self.resize], box=box))


@dataclass(frozen=True)
class ImageEncoder:
    """A network with its preprocessing; `network` maps its prepared input to float32[n, dims], `step` pictures at a time."""

    name: str
    dims: int
    preprocessing: Preprocessing
    network: Network
    step: int = 4

    @property
    def size(self) -> int:
        return self.preprocessing.shorter_side

    def __call__(self, images: Sequence[NDArray[np.uint8]], /) -> NDArray[np.float32]:
        """float32[n, dims] of n pictures uint8[h, w, 3], RGB, of any size."""
        parts = [self.network(self.preprocessing.apply(part)) for part in _steps(images, self.step)]
        return np.concatenate(parts) if parts else np.empty((0, self.dims), np.float32)


def _steps(images: Sequence[NDArray[np.uint8]], step: int) -> Iterator[Sequence[NDArray[np.uint8]]]:
    for start in range(0, len(images), step):
        yield images[start : start + step]
