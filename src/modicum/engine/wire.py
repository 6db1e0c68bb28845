"""Intelligent scissors (Mortensen and Barrett 1995): between two clicked points the cheapest way along edges."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from modicum.engine.outlines import Ring

REACH = 0.35  # of the chord's length: how far beside it the way may go
_LEAST = 6  # pixels beside the chord in any case


def wire(pixels: npt.NDArray[np.uint8], points: Ring) -> Ring:
    """The way through all points, open, in the coordinates of the crop, uint8[h, w, 3].

    A way that leaves the neighbourhood of the chord is lost on a stronger edge nearby: there the chord is taken instead.
    """
    return np.concatenate([*(_between(pixels, a, b) for a, b in pairwise(points)), points[-1:]])


def _between(pixels: npt.NDArray[np.uint8], a: Ring, b: Ring) -> Ring:
    """From a to b without its end."""
    import cv2

    height, width = pixels.shape[:2]
    length = float(np.hypot(*(b - a)))
    if length < 3:
        return a[None]
    beside = REACH * length + _LEAST
    x0, y0 = np.maximum(np.floor(np.minimum(a, b) - beside), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(np.maximum(a, b) + beside), [width, height]).astype(int)
    patch = np.ascontiguousarray(pixels[y0:y1, x0:x1])
    if min(patch.shape[:2]) < 4:
        return a[None]
    corner = np.array([x0, y0])
    most = np.array([x1 - x0 - 1, y1 - y0 - 1])
    begin, end = (np.clip(np.floor(point - corner), 0, most).astype(int).tolist() for point in (a, b))
    scissors = cv2.segmentation.IntelligentScissorsMB()
    scissors.setEdgeFeatureCannyParameters(32, 100)
    scissors.setGradientMagnitudeMaxLimit(200)
    scissors.applyImage(patch)
    scissors.buildMap(begin)
    way = np.asarray(scissors.getContour(end), np.float64).reshape(-1, 2) + corner + 0.5
    along = (b - a) / length
    aside = np.abs((way - a) @ np.array([along[1], -along[0]]))
    if len(way) < 3 or aside.max() > beside:
        return a[None]
    return np.concatenate([a[None], way[1:-1]])
