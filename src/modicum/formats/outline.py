"""Shapes in other kinds' terms: bounds, corners, rings, pixels; what formats need when they cannot hold a shape as it is."""

import math
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from modicum.engine.outlines import area, filled, runs, trace
from modicum.formats.losses import RefusedError
from modicum.geometry import Box, Ellipse, Geometry, Mask, Point, Points, Polygon, Polyline, Rotated, Skeleton

Bounds = tuple[float, float, float, float]  # left, top, right, bottom
ELLIPSE_POINTS = 64
MOST_PIXELS = 100_000_000


def bounds(geometry: Geometry) -> Bounds:
    """The smallest box along the axes around a shape; of a skeleton, around what is marked. RefusedError: nothing is."""
    match geometry:
        case Box(x=x, y=y, w=w, h=h):
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
            return around([(x, y) for x, y, v in nodes if v])
        case Mask():
            return mask_bounds(geometry)


def around(points: Sequence[Point]) -> Bounds:
    if not points:
        raise RefusedError("a shape with nothing in it")
    xs, ys = [x for x, _ in points], [y for _, y in points]
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


def rotated_from(points: Sequence[Point], tolerance: float) -> Rotated | None:
    """The rectangle whose corners these four points are, within `tolerance` pixels; none when they are no rectangle."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
    mx, my = (ax + bx + cx + dx) / 4, (ay + by + cy + dy) / 4
    ux, uy = (bx + cx - ax - dx) / 2, (by + cy - ay - dy) / 2  # along the width
    vx, vy = (cx + dx - ax - bx) / 2, (cy + dy - ay - by) / 2
    w, h = math.hypot(ux, uy), math.hypot(vx, vy)
    if w <= 0 or h <= 0:
        return None
    if ux * vy - uy * vx < 0:  # the corners run the other way round
        return rotated_from([points[1], points[0], points[3], points[2]], tolerance)
    found = Rotated(cx=mx, cy=my, w=w, h=h, angle=math.degrees(math.atan2(uy, ux)))
    off = max(math.dist(a, b) for a, b in zip(corners(found), points, strict=True))
    return found if off <= tolerance else None


def ellipse_ring(ellipse: Ellipse) -> tuple[Point, ...]:
    """Points of an ellipse, evenly spread by angle."""
    cos, sin = math.cos(math.radians(ellipse.angle)), math.sin(math.radians(ellipse.angle))
    ring = []
    for step in range(ELLIPSE_POINTS):
        turn = 2 * math.pi * step / ELLIPSE_POINTS
        x, y = ellipse.rx * math.cos(turn), ellipse.ry * math.sin(turn)
        ring.append((ellipse.cx + x * cos - y * sin, ellipse.cy + x * sin + y * cos))
    return tuple(ring)


def rings(geometry: Geometry) -> tuple[tuple[Point, ...], ...]:
    """The outline of what fills an area. RefusedError for what has none: lines, points, skeletons."""
    match geometry:
        case Polygon(rings=found):
            return found
        case Box(x=x, y=y, w=w, h=h):
            return (((x, y), (x + w, y), (x + w, y + h), (x, y + h)),)
        case Rotated():
            return (corners(geometry),)
        case Ellipse():
            return (ellipse_ring(geometry),)
        case Mask():
            traced = trace(bitmap(geometry))
            if not traced:
                raise RefusedError("a mask without a pixel")
            return tuple(tuple(map(tuple, (ring + np.array([geometry.x, geometry.y])).tolist())) for ring in traced)
    raise RefusedError("a shape without an area")


def one_ring(found: Sequence[tuple[Point, ...]]) -> tuple[Point, ...]:
    """Several rings as one that fills the same area: each is reached by a line that is walked there and back."""
    joined = list(found[0])
    for ring in found[1:]:
        at = np.array(joined)
        other = np.array(ring)
        # from the nearest of the points so far to the new ring's nearest, found in two steps to stay linear
        near = int(np.argmin(((at - other[0]) ** 2).sum(axis=1)))
        start = int(np.argmin(((other - at[near]) ** 2).sum(axis=1)))
        walk = [*ring[start:], *ring[: start + 1]]
        joined[near : near + 1] = [joined[near], *walk, joined[near]]
    return tuple(joined)


def nested(found: Sequence[tuple[Point, ...]]) -> list[list[tuple[Point, ...]]]:
    """Rings in groups: each outer one, followed by the holes that lie in it."""
    arrays = [np.array(ring) for ring in found]
    inside = [[i for i, other in enumerate(arrays) if i != j and _contains(other, ring)] for j, ring in enumerate(arrays)]
    groups = {j: [found[j]] for j, around_it in enumerate(inside) if len(around_it) % 2 == 0}
    for j, around_it in enumerate(inside):
        if len(around_it) % 2:
            outer = min((i for i in around_it if i in groups), key=lambda i: abs(area(arrays[i])), default=None)
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


# --- masks -------------------------------------------------------------------------------------------------------------


def bitmap(mask: Mask) -> npt.NDArray[np.bool_]:
    """The patch of a mask, bool[h, w]. RefusedError when it is absurdly large."""
    if mask.w * mask.h > MOST_PIXELS:
        raise RefusedError(f"a mask of more than {MOST_PIXELS // 10**6} megapixels", f"{mask.w} x {mask.h}")
    values = np.zeros(len(mask.counts), np.bool_)
    values[1::2] = True
    return np.repeat(values, mask.counts).reshape(mask.h, mask.w)


def mask_of(region: npt.NDArray[np.bool_], x: int, y: int) -> Mask:
    """The mask of a region whose top left pixel is (x, y), cut to what is in it. RefusedError when nothing is."""
    columns, rows = np.flatnonzero(region.any(axis=0)), np.flatnonzero(region.any(axis=1))
    if not len(rows):
        raise RefusedError("a mask without a pixel")
    left, right, top, bottom = int(columns[0]), int(columns[-1]) + 1, int(rows[0]), int(rows[-1]) + 1
    cut = region[top:bottom, left:right]
    return Mask(x=x + left, y=y + top, w=right - left, h=bottom - top, counts=runs(cut))


def mask_bounds(mask: Mask) -> Bounds:
    """Around the pixels of a mask. RefusedError when there is none."""
    if sum(mask.counts[1::2]) == 0:
        raise RefusedError("a mask without a pixel")
    region = bitmap(mask)
    columns, rows = np.flatnonzero(region.any(axis=0)), np.flatnonzero(region.any(axis=1))
    return mask.x + columns[0].item(), mask.y + rows[0].item(), mask.x + columns[-1].item() + 1, mask.y + rows[-1].item() + 1


def drawn(geometry: Geometry, width: int, height: int) -> Mask:
    """A shape with an area as pixels of an image of this size, cut at its edges."""
    if isinstance(geometry, Mask):
        return geometry
    left, top, right, bottom = bounds(geometry)
    x0, y0 = max(0, math.floor(left)), max(0, math.floor(top))
    x1, y1 = min(width, math.ceil(right)), min(height, math.ceil(bottom))
    if x1 <= x0 or y1 <= y0:
        raise RefusedError("a shape outside its image")
    if (x1 - x0) * (y1 - y0) > MOST_PIXELS:
        raise RefusedError(f"a mask of more than {MOST_PIXELS // 10**6} megapixels", f"{x1 - x0} x {y1 - y0}")
    moved = [np.array(ring) - (x0, y0) for ring in rings(geometry)]
    return mask_of(filled(moved, y1 - y0, x1 - x0), x0, y0)


def area_of(geometry: Geometry) -> float:
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


class Survey(NamedTuple):
    """Of each of several rings: whether two of its edges cross, its area (from 0 up), and the box around it."""

    crosses: list[bool]
    areas: list[float]
    bounds: list[Bounds]

    def part(self, rings: slice) -> "Survey":
        """Of some of the rings."""
        return Survey(self.crosses[rings], self.areas[rings], self.bounds[rings])


def survey(found: Sequence[Sequence[Point]], most_pairs: int = 2_000_000) -> Survey:
    """Looks at all rings at once, side by side, for numpy's calls cost more than the comparing.

    Touches are no crossings. Only edges that overlap from left to right are compared; a ring of more than `most_pairs` such
    pairs counts as crossing itself.
    """
    if not found:
        return Survey([], [], [])
    sizes = np.fromiter(map(len, found), np.int64, len(found))
    begin = np.fromiter(chain.from_iterable(chain.from_iterable(found)), np.float64, 2 * int(sizes.sum())).reshape(-1, 2)
    starts = np.cumsum(sizes) - sizes
    after = np.arange(1, len(begin) + 1)
    after[starts + sizes - 1] = starts
    end = begin[after]
    of = np.repeat(np.arange(len(sizes)), sizes)
    least, most = np.minimum.reduceat(begin, starts), np.maximum.reduceat(begin, starts)
    (ax, ay), (bx, by) = (begin - begin[starts][of]).T, (end - begin[starts][of]).T  # from the first corner: small numbers
    areas = np.abs(np.add.reduceat(ax * by - bx * ay, starts)) / 2
    aside = np.concatenate([[0.0], np.cumsum(most[:, 0] - least[:, 0] + 1)[:-1]]) - least[:, 0]
    low, high = np.minimum(begin[:, 0], end[:, 0]) + aside[of], np.maximum(begin[:, 0], end[:, 0]) + aside[of]
    order = np.argsort(low, kind="stable")
    low, high, begin, end, of = low[order], high[order], begin[order], end[order], of[order]
    counts = np.maximum(np.searchsorted(low, high, side="left") - np.arange(len(low)) - 1, 0)
    tangled = np.bincount(of, counts, len(sizes)) > most_pairs
    counts[tangled[of]] = 0
    first = np.repeat(np.arange(len(low)), counts)
    second = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts) + first + 1
    p, q, r, s = begin[first], end[first], begin[second], end[second]
    cross = (_side(p, q, r) * _side(p, q, s) < 0) & (_side(r, s, p) * _side(r, s, q) < 0)
    tangled[of[first[cross]]] = True
    boxes = [(left, top, right, bottom) for left, top, right, bottom in np.hstack([least, most]).tolist()]
    return Survey(tangled.tolist(), areas.tolist(), boxes)


def _side(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], c: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The sign of which side of the line from a to b the point c is on."""
    return np.sign((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))
