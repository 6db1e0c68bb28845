"""Decoded images that are looked at again and again, and parts of them at another scale."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from modicum import images
from modicum.engine.outlines import Ring

KEPT_BYTES = 200_000_000  # of decoded images; the newest stays in any case
_SMALLEST = 16  # pixels of a crop's side

Colours = npt.NDArray[np.uint8]


class Crop(NamedTuple):
    """A part of the image at another scale: crop pixel = (image pixel - corner) * scale."""

    pixels: Colours
    corner: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]
    size: tuple[int, int]  # width and height of the image

    def place(self, points: Ring) -> Ring:
        return (points - self.corner) * self.scale

    def back(self, points: Ring) -> Ring:
        """Into image pixels, within the image."""
        return np.clip(points / self.scale + self.corner, 0, self.size)


def crop(pixels: Colours, points: Ring, side: int, margin: float, most: float = 2.0) -> Crop:
    """The part around points, with `margin` of their extent on each side, scaled so that they span about `side` pixels."""
    import cv2

    height, width = pixels.shape[:2]
    size = np.array([width, height])
    points = np.clip(points, 0, size)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = max(float((high - low).max()), 1.0)
    pad = max(extent * margin, _SMALLEST / 2)
    x0, y0 = np.clip(np.floor(low - pad), 0, size - 1).astype(int)
    x1, y1 = np.minimum(np.ceil(high + pad), size).astype(int)
    factor = min(side / extent, most)
    shape = max(2, round((x1 - x0) * factor)), max(2, round((y1 - y0) * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    scaled = np.asarray(cv2.resize(pixels[y0:y1, x0:x1], shape, interpolation=method), np.uint8)
    return Crop(scaled, np.array([x0, y0], np.float64), np.array(shape) / [x1 - x0, y1 - y0], (width, height))


class Pictures:
    """Decoded images, the last ones used: what a tool looks at again with the next click."""

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self._most = most
        self._kept: OrderedDict[str, Colours] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, read: Callable[[], bytes]) -> Colours:
        """uint8[h, w, 3]; `read` gives the encoded bytes when they are needed."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        pixels = images.decode(read())
        with self._lock:
            self._kept[key] = pixels
            while len(self._kept) > 1 and sum(kept.nbytes for kept in self._kept.values()) > self._most:
                self._kept.popitem(last=False)
        return pixels


PICTURES = Pictures()
