"""Pictures -> dense features: what the packaged network sees in every part of a picture, at four strides, for a detector."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from modicum.encoders import efficientnet, package
from modicum.encoders.onnx_model import one_thread
from modicum.engine.cells import Features

LONGER_SIDE = 640  # pixels a picture is scaled to, unless told otherwise
_COARSEST = efficientnet.STRIDES[-1]


@dataclass(frozen=True)
class Dense:
    """The packaged network without its last layers; safe to call from several threads.

    `side` is what the longer side of a picture is scaled to, pixels; both sides are then filled up to multiples of 32.
    """

    session: onnxruntime.InferenceSession
    side: int = LONGER_SIDE

    def __call__(self, image: NDArray[np.uint8]) -> Features:
        """The features of a picture uint8[h, w, 3], RGB, of any size."""
        height, width = image.shape[:2]
        scale = self.side / max(height, width)
        inner = max(1, round(width * scale)), max(1, round(height * scale))
        pixels = np.full((_filled(inner[1]), _filled(inner[0]), 3), efficientnet.MIDDLE, np.uint8)
        if inner != (width, height):
            image = np.asarray(Image.fromarray(image).resize(inner, Image.Resampling.BILINEAR))
        pixels[: inner[1], : inner[0]] = image
        levels = self.session.run(None, {"pixels": pixels[None]})
        return Features(tuple(np.asarray(level)[0] for level in levels), (width, height), inner)


def load(cache: Path, side: int = LONGER_SIDE) -> Dense:
    """The dense form of `package:efficientnet-lite0`; the first call takes about a second. Raises EncoderError, StorageError."""
    model = package.converted(cache, f"{package.NAME}-dense", efficientnet.build_dense)
    return Dense(onnxruntime.InferenceSession(model, one_thread(), providers=["CPUExecutionProvider"]), side)


def _filled(side: int) -> int:
    return -(-side // _COARSEST) * _COARSEST
