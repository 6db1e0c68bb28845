"""Shapes in other kinds' terms, and what is wrong with them; what formats need when they cannot hold a shape as it is."""

import math
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from modicum.engine import measure
from modicum.engine.measure import Bounds, corners
from modicum.engine.outlines import filled, trace
from modicum.formats.losses import RefusedError
from modicum.geometry import Geometry, Mask, Point, Rotated, Skeleton

MOST_PIXELS = 100_000_000


def bounds(geometry: Geometry) -> Bounds:
    """The smallest box around a shape; of a mask, around its pixels. RefusedError: nothing of it is there."""
    if isinstance(geometry, Mask):
        cut = mask_of(bitmap(geometry), geometry.x, geometry.y)
        return measure.bounds(cut)
    if isinstance(geometry, Skeleton) and not any(seen for *_, seen in geometry.nodes):
        raise RefusedError("a shape with nothing in it")
    return measure.bounds(geometry)


def rings(geometry: Geometry) -> tuple[tuple[Point, ...], ...]:
    """The outline of what fills an area, of masks as well. RefusedError for what has none: lines, points, skeletons."""
    if isinstance(geometry, Mask):
        traced = trace(bitmap(geometry))
        if not traced:
            raise RefusedError("a mask without a pixel")
        return tuple(tuple(map(tuple, (ring + np.array([geometry.x, geometry.y])).tolist())) for ring in traced)
    found = measure.rings(geometry)
    if not found:
        raise RefusedError("a shape without an area")
    return found


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


# --- masks -------------------------------------------------------------------------------------------------------------


def bitmap(mask: Mask) -> npt.NDArray[np.bool_]:
    """The patch of a mask, bool[h, w]. RefusedError when it is absurdly large."""
    if mask.w * mask.h > MOST_PIXELS:
        raise RefusedError(f"a mask of more than {MOST_PIXELS // 10**6} megapixels", f"{mask.w} x {mask.h}")
    return measure.unpacked(mask)


def mask_of(region: npt.NDArray[np.bool_], x: int, y: int) -> Mask:
    """The mask of a region whose top left pixel is (x, y), cut to what is in it. RefusedError when nothing is."""
    found = measure.packed(region, x, y)
    if found is None:
        raise RefusedError("a mask without a pixel")
    return found


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
