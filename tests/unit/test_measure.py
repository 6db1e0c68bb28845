"""Measures of shapes: areas by formula, IoU of every pair of kinds against a fine grid, masks there and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.engine import measure
from modicum.geometry import Box, Ellipse, Geometry, Mask, Points, Polygon, Polyline, Rotated, Skeleton

side = st.floats(2, 40)
place = st.floats(0, 50)
boxes = st.builds(Box, x=place, y=place, w=side, h=side)
turned = st.builds(Rotated, cx=place, cy=place, w=side, h=side, angle=st.floats(-180, 180))
ellipses = st.builds(Ellipse, cx=place, cy=place, rx=side, ry=side, angle=st.floats(-180, 180))


@st.composite
def stars(draw: st.DrawFn) -> Polygon:
    """A polygon around a centre, with a hole half its size now and then."""
    cx, cy, corners = draw(place), draw(place), draw(st.integers(3, 9))
    radii = draw(st.lists(st.floats(4, 30), min_size=corners, max_size=corners))
    angles = np.arange(corners) * 2 * np.pi / corners
    outer = tuple((cx + r * float(np.cos(a)), cy + r * float(np.sin(a))) for r, a in zip(radii, angles, strict=True))
    inner = tuple((cx + (x - cx) / 2, cy + (y - cy) / 2) for x, y in outer)
    return Polygon(rings=(outer, inner) if draw(st.booleans()) else (outer,))


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    found = measure.packed(rng.random((draw(st.integers(1, 30)), draw(st.integers(1, 30)))) < 0.7, 5, 9)
    return found or Mask(x=0, y=0, w=1, h=1, counts=(0, 1))


areas = st.one_of(boxes, turned, ellipses, stars(), masks())


def inside(shape: Geometry, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which points lie in a shape, by definition: slow, and written another way."""
    if isinstance(shape, Box):
        return (x >= shape.x) & (x < shape.x + shape.w) & (y >= shape.y) & (y < shape.y + shape.h)
    if isinstance(shape, (Rotated, Ellipse)):
        turn = np.radians(shape.angle)
        u = (x - shape.cx) * np.cos(turn) + (y - shape.cy) * np.sin(turn)
        v = (y - shape.cy) * np.cos(turn) - (x - shape.cx) * np.sin(turn)
        if isinstance(shape, Ellipse):
            return (u / shape.rx) ** 2 + (v / shape.ry) ** 2 <= 1
        return (abs(u) <= shape.w / 2) & (abs(v) <= shape.h / 2)
    if isinstance(shape, Mask):
        flat = np.concatenate([np.full(n, k % 2 == 1) for k, n in enumerate(shape.counts)]).reshape(shape.h, shape.w)
        i, j = np.floor(y - shape.y).astype(int), np.floor(x - shape.x).astype(int)
        there = (i >= 0) & (i < shape.h) & (j >= 0) & (j < shape.w)
        found = np.zeros(x.shape, dtype=bool)
        found[there] = flat[i[there], j[there]]
        return found
    odd = np.zeros(x.shape, dtype=bool)
    for ring in shape.rings:
        for (ax, ay), (bx, by) in zip(ring, (*ring[1:], ring[0]), strict=True):
            crosses = (ay > y) != (by > y)
            odd ^= crosses & (x < (bx - ax) * (y - ay) / np.where(by == ay, 1, by - ay) + ax)
    return odd


@settings(max_examples=60)
@given(areas, areas)
def test_iou_is_what_a_fine_grid_counts(a: Geometry, b: Geometry) -> None:
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = measure.bounds(a), measure.bounds(b)
    x, y = np.meshgrid(np.linspace(min(ax0, bx0), max(ax1, bx1), 700), np.linspace(min(ay0, by0), max(ay1, by1), 700))
    one, two = inside(a, x, y), inside(b, x, y)
    expected = (one & two).sum() / max((one | two).sum(), 1)
    assert measure.iou(a, b) == pytest.approx(expected, abs=0.02)
    assert measure.iou(b, a) == pytest.approx(measure.iou(a, b), abs=1e-9)
    assert measure.iou(a, a) == 1


@settings(max_examples=40)
@given(areas)
def test_area_and_bounds_are_those_of_the_points_inside(shape: Geometry) -> None:
    x0, y0, x1, y1 = measure.bounds(shape)
    margin = 3.0
    xs, ys = np.linspace(x0 - margin, x1 + margin, 900), np.linspace(y0 - margin, y1 + margin, 900)
    x, y = np.meshgrid(xs, ys)
    found = inside(shape, x, y)
    cell = (xs[1] - xs[0]) * (ys[1] - ys[0])
    assert measure.area(shape) == pytest.approx(found.sum() * cell, rel=0.05, abs=3)
    assert not found[(x < x0 - 0.01) | (x > x1 + 0.01) | (y < y0 - 0.01) | (y > y1 + 0.01)].any()


@given(masks())
def test_masks_come_back_as_they_were(mask: Mask) -> None:
    assert measure.packed(measure.unpacked(mask), mask.x, mask.y) == mask


def test_an_empty_patch_is_no_mask() -> None:
    assert measure.packed(np.zeros((4, 5), dtype=bool)) is None


def test_shapes_without_area_are_compared_by_the_boxes_around_them() -> None:
    line = Polyline(points=((0, 0), (10, 10)))
    assert measure.iou(line, line) == 1
    assert measure.iou(line, Polyline(points=((0, 10), (10, 0)))) == 1
    assert measure.iou(line, Points(points=((50, 50), (60, 60)))) == 0
    assert measure.area(line) == 0


def test_a_skeleton_is_as_large_as_its_marked_keypoints() -> None:
    assert measure.bounds(Skeleton(nodes=((0, 0, 0), (4, 5, 2), (8, 7, 1)))) == (4, 5, 8, 7)
