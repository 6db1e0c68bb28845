"""Cuts a geometry at the edge of its image, and turns one kind into another that its class allows."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from modicum.engine import outlines
from modicum.formats import outline
from modicum.formats.losses import RefusedError
from modicum.geometry import Box, Ellipse, Geometry, Kind, Mask, Point, Points, Polygon, Polyline, Rotated, Skeleton

Line = tuple[Point, ...]
SPILL = 1.0  # pixels over the edge that are rounding, and not told
_TOLERANCE = 0.5  # pixels an outline may be away from the pixels it stands for


def cut(geometry: Geometry, width: int, height: int) -> tuple[Geometry | None, bool]:
    """What lies on the image, none when nothing does, and whether more than rounding was cut away.

    Turned boxes and ellipses stay whole while their centre is on the image: cut, they would be something else.
    """
    if isinstance(geometry, Rotated | Ellipse):
        inside = 0 <= geometry.cx <= width and 0 <= geometry.cy <= height
        return (geometry if inside else None), not inside
    if isinstance(geometry, Mask):
        return _cut_mask(geometry, width, height)
    if isinstance(geometry, Skeleton):
        return _cut_skeleton(geometry, width, height)
    if isinstance(geometry, Box):
        return _cut_box(geometry, width, height)
    if isinstance(geometry, Polygon):
        rings = tuple(ring for ring in (_clipped(ring, width, height) for ring in geometry.rings) if len(ring) >= 3)
        spilled = any(_spills(ring, width, height) for ring in geometry.rings)
        solid = [ring for ring in rings if abs(outlines.area(np.asarray(ring))) > 0]
        return (Polygon(rings=rings) if solid else None), spilled
    points = geometry.points
    spilled = _spills(points, width, height)
    kept = tuple(point for point in points if _near(point, width, height)) if isinstance(geometry, Points) else points
    clamped = tuple((min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))) for x, y in kept)
    if isinstance(geometry, Points):
        return (Points(points=clamped) if clamped else None), spilled
    return (Polyline(points=clamped) if len(set(clamped)) > 1 else None), spilled


def _cut_box(box: Box, width: int, height: int) -> tuple[Geometry | None, bool]:
    x0, y0 = max(box.x, 0.0), max(box.y, 0.0)
    x1, y1 = min(box.x + box.w, float(width)), min(box.y + box.h, float(height))
    spilled = _spills(((box.x, box.y), (box.x + box.w, box.y + box.h)), width, height)
    return (Box(x=x0, y=y0, w=x1 - x0, h=y1 - y0) if x1 > x0 and y1 > y0 else None), spilled


def _cut_mask(mask: Mask, width: int, height: int) -> tuple[Geometry | None, bool]:
    inside = mask.x + mask.w <= width and mask.y + mask.h <= height
    if mask.x >= width or mask.y >= height:
        return None, True
    try:
        region = outline.bitmap(mask)[: height - mask.y, : width - mask.x]
        return outline.mask_of(region, mask.x, mask.y), not inside
    except RefusedError:  # not a pixel is in it
        return None, not inside


def _cut_skeleton(skeleton: Skeleton, width: int, height: int) -> tuple[Geometry | None, bool]:
    nodes = tuple((x, y, v) if v == 0 or _near((x, y), width, height) else (x, y, 0) for x, y, v in skeleton.nodes)
    marked = any(v for _, _, v in nodes)
    clamped = tuple((min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height)), v) for x, y, v in nodes)
    spilled = any(v and not _near((x, y), width, height) for x, y, v in skeleton.nodes)
    return (Skeleton.model_validate({"nodes": clamped}) if marked else None), spilled


def _near(point: Point, width: int, height: int) -> bool:
    return -SPILL <= point[0] <= width + SPILL and -SPILL <= point[1] <= height + SPILL


def _spills(points: Iterable[Point], width: int, height: int) -> bool:
    return not all(_near(point, width, height) for point in points)


def _clipped(ring: Line, width: int, height: int) -> Line:
    """The ring cut by the four edges in turn (Sutherland and Hodgman 1974)."""
    for axis, limit, sign in ((0, 0.0, 1), (1, 0.0, 1), (0, float(width), -1), (1, float(height), -1)):
        kept: list[Point] = []
        for before, point in zip((ring[-1:] + ring[:-1]), ring, strict=True):
            was, now = (before[axis] - limit) * sign >= 0, (point[axis] - limit) * sign >= 0
            if was != now:
                share = (limit - before[axis]) / (point[axis] - before[axis])
                along = tuple(a + share * (b - a) for a, b in zip(before, point, strict=True))
                kept.append((limit, along[1]) if axis == 0 else (along[0], limit))
            if now:
                kept.append(point)
        ring = tuple(kept)
        if len(ring) < 3:
            return ()
    return ring


# --- one kind for another ----------------------------------------------------------------------------------------------


def turned_into(geometry: Geometry, allowed: Sequence[Kind], width: int, height: int) -> Geometry | None:
    """The same thing as the first of the kinds it can become, those that lose least first; none when it can be none of them."""
    for kind, change in _CHANGES:
        if kind in allowed:
            try:
                found = change(geometry, width, height)
            except RefusedError:  # nothing of it is on the image, or it has no area
                continue
            if found is not None:
                return found
    return None


def _as_rotated(geometry: Geometry, width: int, height: int) -> Geometry | None:
    if not isinstance(geometry, Box):
        return None
    return Rotated(cx=geometry.x + geometry.w / 2, cy=geometry.y + geometry.h / 2, w=geometry.w, h=geometry.h)


def _as_polygon(geometry: Geometry, width: int, height: int) -> Geometry | None:
    if not isinstance(geometry, Mask):
        return Polygon(rings=outline.rings(geometry))
    traced = [outlines.simplified(ring, _TOLERANCE) for ring in outlines.trace(outline.bitmap(geometry))]
    return Polygon(rings=tuple(tuple((x + geometry.x, y + geometry.y) for x, y in ring.tolist()) for ring in traced))


def _as_mask(geometry: Geometry, width: int, height: int) -> Geometry | None:
    return outline.drawn(geometry, width, height)


def _as_points(geometry: Geometry, width: int, height: int) -> Geometry | None:
    if not isinstance(geometry, Skeleton):
        return None
    marked = tuple((x, y) for x, y, v in geometry.nodes if v)
    return Points(points=marked) if marked else None


def _as_box(geometry: Geometry, width: int, height: int) -> Geometry | None:
    """The box around it, cut at the image's edge."""
    x0, y0, x1, y1 = outline.bounds(geometry)
    return _cut_box(Box(x=x0, y=y0, w=x1 - x0, h=y1 - y0), width, height)[0] if x1 > x0 and y1 > y0 else None


_CHANGES: tuple[tuple[Kind, Callable[[Geometry, int, int], Geometry | None]], ...] = (
    (Kind.ROTATED, _as_rotated),
    (Kind.POLYGON, _as_polygon),
    (Kind.MASK, _as_mask),
    (Kind.POINTS, _as_points),
    (Kind.BOX, _as_box),
)
