"""Measures of drawn shapes: bounds, area, the pixels they cover, and the IoU of two of any kind."""

import math
from collections.abc import Sequence
from itertools import compress

import numpy as np
import numpy.typing as npt

from modicum.engine import outlines
from modicum.geometry import Box, Ellipse, Geometry, Mask, Point, Points, Polygon, Polyline, Rotated, Skeleton

SIDE = 512  # pixels of the longer side on which two shapes are compared
CORNERS = 64  # of the polygon that stands for an ellipse: its area is .2% too small
Bounds = tuple[float, float, float, float]


def bounds(geometry: Geometry) -> Bounds:
    """(x0, y0, x1, y1) of the smallest box around a shape, in pixels; of a skeleton, around its marked keypoints."""
    match geometry:
        case Box(x=x, y=y, w=w, h=h) | Mask(x=x, y=y, w=w, h=h):
            return x, y, x + w, y + h
        case Ellipse(cx=cx, cy=cy, rx=rx, ry=ry, angle=angle):
            cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            across, down = math.hypot(rx * cos, ry * sin), math.hypot(rx * sin, ry * cos)
            return cx - across, cy - down, cx + across, cy + down
        case Rotated():
            return around(corners(geometry))
        case Polygon(rings=rings):
            return around(rings[0] if len(rings) == 1 else [point for ring in rings for point in ring])
        case Polyline(points=points) | Points(points=points):
            return around(points)
        case Skeleton(nodes=nodes):
            xs, ys, seen = zip(*nodes, strict=True)
            if not all(seen) and any(seen):
                xs, ys = tuple(compress(xs, seen)), tuple(compress(ys, seen))
            return min(xs), min(ys), max(xs), max(ys)


def around(points: Sequence[Point]) -> Bounds:
    """The smallest box around some points."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def corners(box: Rotated) -> tuple[Point, Point, Point, Point]:
    """Top left, top right, bottom right, bottom left, as seen before turning."""
    cos, sin = math.cos(math.radians(box.angle)), math.sin(math.radians(box.angle))
    ax, ay, bx, by = box.w / 2 * cos, box.w / 2 * sin, -box.h / 2 * sin, box.h / 2 * cos
    x, y = box.cx, box.cy
    return (
        (x - ax - bx, y - ay - by),
        (x + ax - bx, y + ay - by),
        (x + ax + bx, y + ay + by),
        (x - ax + bx, y - ay + by),
    )


def ellipse_ring(ellipse: Ellipse) -> tuple[Point, ...]:
    """Points of an ellipse, evenly spread by angle."""
    cos, sin = math.cos(math.radians(ellipse.angle)), math.sin(math.radians(ellipse.angle))
    ring = []
    for step in range(CORNERS):
        turn = 2 * math.pi * step / CORNERS
        x, y = ellipse.rx * math.cos(turn), ellipse.ry * math.sin(turn)
        ring.append((ellipse.cx + x * cos - y * sin, ellipse.cy + x * sin + y * cos))
    return tuple(ring)


def rings(geometry: Geometry) -> tuple[tuple[Point, ...], ...]:
    """The outline as rings, filled by the even-odd rule; none for what covers no area, and for masks."""
    match geometry:
        case Polygon(rings=found):
            return found
        case Box(x=x, y=y, w=w, h=h):
            return (((x, y), (x + w, y), (x + w, y + h), (x, y + h)),)
        case Rotated():
            return (corners(geometry),)
        case Ellipse():
            return (ellipse_ring(geometry),)
    return ()


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
    """Square pixels; 0 for what has no area. Rings that lie in each other count as holes."""
    match geometry:
        case Box(w=w, h=h) | Rotated(w=w, h=h):
            return w * h
        case Ellipse(rx=rx, ry=ry):
            return math.pi * rx * ry
        case Mask(counts=counts):
            return float(sum(counts[1::2]))
        case Polygon(rings=found):
            if len(found) == 1:
                return abs(ring_area(found[0]))
            total = 0.0
            for group in nested(found):
                outer, *holes = (abs(ring_area(ring)) for ring in group)
                total += outer - sum(holes)
            return total
    return 0.0


def ring_area(ring: Sequence[Point]) -> float:
    """Signed, positive clockwise as one sees it; by the shoelace formula."""
    x0, y0 = ring[-1]
    total = 0.0
    for x, y in ring:
        total += x0 * y - x * y0
        x0, y0 = x, y
    return total / 2


def nested(found: Sequence[tuple[Point, ...]]) -> list[list[tuple[Point, ...]]]:
    """Rings in groups: each outer one, followed by the holes that lie in it."""
    arrays = [np.array(ring) for ring in found]
    inside = [[i for i, other in enumerate(arrays) if i != j and _contains(other, ring)] for j, ring in enumerate(arrays)]
    groups = {j: [found[j]] for j, around_it in enumerate(inside) if len(around_it) % 2 == 0}
    for j, around_it in enumerate(inside):
        if len(around_it) % 2:
            outer = min((i for i in around_it if i in groups), key=lambda i: abs(outlines.area(arrays[i])), default=None)
            groups.setdefault(j if outer is None else outer, []).append(found[j])
    return list(groups.values())


def _contains(outer: npt.NDArray[np.float64], ring: npt.NDArray[np.float64]) -> bool:
    """Whether a ring lies in another, judged by most of its corners."""
    if (ring.min(axis=0) < outer.min(axis=0)).any() or (ring.max(axis=0) > outer.max(axis=0)).any():
        return False
    sample = ring[:: max(1, len(ring) // 16)]
    ax, ay = outer.T
    bx, by = np.roll(outer, -1, axis=0).T
    x, y = sample[:, :1], sample[:, 1:]
    crosses = (ay > y) != (by > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = x < (bx - ax) * (y - ay) / (by - ay) + ax
    return bool((crosses & left).sum(axis=1).__mod__(2).mean() > 0.5)


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
    return outlines.filled([(np.array(ring) - (x0, y0)) * scale for ring in rings(geometry)], height, width)
