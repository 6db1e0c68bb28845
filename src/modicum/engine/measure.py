"""Measures of drawn shapes: bounds, area, the pixels they cover, and the IoU of two of any kind."""

import numpy as np
import numpy.typing as npt

from modicum.engine import outlines
from modicum.engine.outlines import Ring
from modicum.geometry import Box, Ellipse, Geometry, Mask, Points, Polygon, Polyline, Rotated, Skeleton

SIDE = 512  # pixels of the longer side on which two shapes are compared
CORNERS = 64  # of the polygon that stands for an ellipse: its area is .2% too small
Bounds = tuple[float, float, float, float]


def bounds(geometry: Geometry) -> Bounds:
    """(x0, y0, x1, y1) of the smallest box around a shape, in pixels; of a skeleton, around its marked keypoints."""
    if isinstance(geometry, Box):
        return geometry.x, geometry.y, geometry.x + geometry.w, geometry.y + geometry.h
    if isinstance(geometry, Mask):
        return geometry.x, geometry.y, geometry.x + geometry.w, geometry.y + geometry.h
    if isinstance(geometry, Ellipse):
        turn = np.radians(geometry.angle)
        half_w = float(np.hypot(geometry.rx * np.cos(turn), geometry.ry * np.sin(turn)))
        half_h = float(np.hypot(geometry.rx * np.sin(turn), geometry.ry * np.cos(turn)))
        return geometry.cx - half_w, geometry.cy - half_h, geometry.cx + half_w, geometry.cy + half_h
    points = _points(geometry)
    (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return x0, y0, x1, y1


def _points(geometry: Polygon | Polyline | Points | Skeleton | Rotated) -> Ring:
    if isinstance(geometry, Skeleton):
        marked = [(x, y) for x, y, seen in geometry.nodes if seen]
        return np.array(marked or [(x, y) for x, y, _ in geometry.nodes])
    if isinstance(geometry, (Polyline, Points)):
        return np.array(geometry.points)
    return np.concatenate(rings(geometry))


def rings(geometry: Geometry) -> list[Ring]:
    """The outline as rings float64[k, 2], filled by the even-odd rule; none for what covers no area, and for masks."""
    if isinstance(geometry, Polygon):
        return [np.array(ring) for ring in geometry.rings]
    if isinstance(geometry, Box):
        x0, y0, x1, y1 = bounds(geometry)
        return [np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])]
    if isinstance(geometry, Rotated):
        w, h = geometry.w / 2, geometry.h / 2
        return [_turned(np.array([(-w, -h), (w, -h), (w, h), (-w, h)]), geometry.angle) + np.array((geometry.cx, geometry.cy))]
    if isinstance(geometry, Ellipse):
        turn = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
        around = np.stack([geometry.rx * np.cos(turn), geometry.ry * np.sin(turn)], axis=1)
        return [_turned(around, geometry.angle) + np.array((geometry.cx, geometry.cy))]
    return []


def _turned(points: Ring, angle: float) -> Ring:
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turned: Ring = points @ np.array([[cos, sin], [-sin, cos]])
    return turned


def unpacked(mask: Mask) -> npt.NDArray[np.bool_]:
    """bool[h, w]: the patch of a mask."""
    runs = np.array(mask.counts, dtype=np.int64)
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(mask.h, mask.w)


def packed(patch: npt.NDArray[np.bool_], x: int = 0, y: int = 0) -> Mask | None:
    """The mask of a patch [h, w] whose top left pixel is (x, y), cut to what is covered; none when nothing is."""
    rows, columns = np.flatnonzero(patch.any(axis=1)), np.flatnonzero(patch.any(axis=0))
    if not len(rows):
        return None
    part = patch[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    h, w = part.shape
    return Mask(x=x + int(columns[0]), y=y + int(rows[0]), w=w, h=h, counts=outlines.runs(part))


def area(geometry: Geometry) -> float:
    """Square pixels a shape covers; rings of a polygon that lie in others are holes. 0 for lines, points and skeletons."""
    if isinstance(geometry, (Box, Rotated)):
        return geometry.w * geometry.h
    if isinstance(geometry, Ellipse):
        return float(np.pi * geometry.rx * geometry.ry)
    if isinstance(geometry, Mask):
        return float(sum(geometry.counts[1::2]))
    if not isinstance(geometry, Polygon):
        return 0.0
    if len(geometry.rings) == 1:
        x, y = np.array(geometry.rings[0]).T
        return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)
    box = bounds(geometry)
    scale = _scale(box)
    return float(_covered(geometry, box, scale).sum() / scale**2)


def iou(a: Geometry, b: Geometry) -> float:
    """Intersection over union of two shapes of any kind, 0 to 1: exact for boxes, on pixels for other areas.

    Shapes without area are compared as what they are: 1 when they are the same, else by the boxes around them.
    """
    if a == b:
        return 1.0
    boxes = bounds(a), bounds(b)
    flat = not rings(a) and not isinstance(a, Mask), not rings(b) and not isinstance(b, Mask)
    if any(flat) or (isinstance(a, Box) and isinstance(b, Box)):
        return _boxes(*boxes)
    around = (
        min(boxes[0][0], boxes[1][0]),
        min(boxes[0][1], boxes[1][1]),
        max(boxes[0][2], boxes[1][2]),
        max(boxes[0][3], boxes[1][3]),
    )
    if _boxes(*boxes) == 0:
        return 0.0
    scale = _scale(around)
    one, two = _covered(a, around, scale), _covered(b, around, scale)
    either = np.count_nonzero(one | two)
    return float(np.count_nonzero(one & two) / either) if either else 0.0


def _boxes(a: Bounds, b: Bounds) -> float:
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    both = wide * high
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def _scale(around: Bounds) -> float:
    """Pixels of the comparison to one of the image: small shapes are looked at closely, large ones from afar."""
    return SIDE / max(around[2] - around[0], around[3] - around[1], 1e-9)


def _covered(geometry: Geometry, around: Bounds, scale: float) -> npt.NDArray[np.bool_]:
    """The pixels of the comparison that a shape covers."""
    x0, y0, x1, y1 = around
    width, height = max(int(np.ceil((x1 - x0) * scale)), 1), max(int(np.ceil((y1 - y0) * scale)), 1)
    if isinstance(geometry, Mask):
        patch = unpacked(geometry)
        columns = np.floor((np.arange(width) + 0.5) / scale + x0).astype(np.int64) - geometry.x
        rows = np.floor((np.arange(height) + 0.5) / scale + y0).astype(np.int64) - geometry.y
        inside_x, inside_y = (columns >= 0) & (columns < geometry.w), (rows >= 0) & (rows < geometry.h)
        found = np.zeros((height, width), dtype=np.bool_)
        found[np.ix_(inside_y, inside_x)] = patch[np.ix_(rows[inside_y], columns[inside_x])]
        return found
    return outlines.filled([(ring - (x0, y0)) * scale for ring in rings(geometry)], height, width)
