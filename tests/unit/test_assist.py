"""Outlines of regions, and the tools that make a geometry of a few clicks."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pydantic import ValidationError

from modicum.assist import Ask, checked, in_order, propose
from modicum.engine import outlines, superpixels
from modicum.errors import InputError
from modicum.geometry import Box, Mask, Polygon, Polyline

SIDE = 240
Y, X = np.mgrid[0:SIDE, 0:SIDE] + 0.5
DISC = (X - 120) ** 2 + (Y - 110) ** 2 < 60**2
RING = DISC & ((X - 120) ** 2 + (Y - 110) ** 2 > 25**2)
EXTREMES = ((60, 110), (120, 50), (180, 110), (120, 170))


def painted(region: np.ndarray, seed: int = 0) -> np.ndarray:
    """A red region on green grass, both grainy."""
    colours = np.where(region[..., None], [200, 60, 50], [60, 140, 70])
    return np.clip(colours + np.random.default_rng(seed).normal(0, 12, (*region.shape, 3)), 0, 255).astype(np.uint8)


def overlap(geometry: object, region: np.ndarray) -> float:
    assert isinstance(geometry, Polygon | Mask)
    found = np.zeros_like(region)
    if isinstance(geometry, Polygon):
        found = outlines.filled([np.array(ring) for ring in geometry.rings], *region.shape)
    else:
        values = np.arange(len(geometry.counts)) % 2 == 1
        patch = np.repeat(values, geometry.counts).reshape(geometry.h, geometry.w)
        found[geometry.y : geometry.y + geometry.h, geometry.x : geometry.x + geometry.w] = patch
    return float((found & region).sum() / (found | region).sum())


# --- outlines ----------------------------------------------------------------------------------------------------------


@given(arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_rings_of_a_region_enclose_just_its_pixels(region: np.ndarray) -> None:
    rings = outlines.trace(region)
    assert np.array_equal(outlines.filled(rings, *region.shape), region)
    assert sum(map(outlines.area, rings)) == region.sum()  # holes count negative


def test_a_hole_stays_a_ring_of_its_own() -> None:
    rings = [outlines.simplified(ring, 0.75) for ring in outlines.trace(RING)]
    assert [outlines.area(ring) > 0 for ring in rings] == [True, False]
    assert all(len(ring) < 40 for ring in rings)
    again = outlines.filled(rings, SIDE, SIDE)
    assert (again & RING).sum() / (again | RING).sum() > 0.97


def test_a_rectangle_of_pixels_has_four_corners() -> None:
    region = np.zeros((30, 40), bool)
    region[5:20, 8:33] = True
    [ring] = outlines.trace(region)
    assert sorted(map(tuple, outlines.simplified(ring, 0.5))) == [(8, 5), (8, 20), (33, 5), (33, 20)]


@given(arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_runs_tell_every_pixel(region: np.ndarray) -> None:
    counts = outlines.runs(region)
    assert np.array_equal(np.repeat(np.arange(len(counts)) % 2 == 1, counts), region.ravel())


# --- tools -------------------------------------------------------------------------------------------------------------


def test_four_extreme_clicks_give_the_tight_box() -> None:
    [box] = propose(painted(DISC), Ask(tool="extreme", points=EXTREMES, **{"as": "box"}))
    assert box == Box(x=60, y=50, w=120, h=120)


def test_four_extreme_clicks_give_an_outline_better_than_their_polygon() -> None:
    fitted, straight, grabbed = propose(painted(DISC), Ask(tool="extreme", points=EXTREMES))
    assert overlap(fitted, DISC) > 0.9
    assert overlap(grabbed, DISC) > 0.9
    assert overlap(straight, DISC) < 0.7


def test_clicks_on_the_outline_may_come_in_any_order() -> None:
    points = np.array([(120, 50), (60, 110), (120, 170), (180, 110), (162, 152), (78, 68)], float)
    ring = in_order(points)
    assert abs(outlines.area(ring)) == pytest.approx(8640)  # their convex hull


def test_points_clicked_going_round_keep_their_order() -> None:
    star = np.array([(0, 0), (50, 40), (100, 0), (60, 50), (100, 100), (50, 60), (0, 100), (40, 50)], float)
    assert np.array_equal(in_order(star), star)


def test_grabcut_follows_scribbles_and_keeps_the_hole() -> None:
    pixels = painted(RING)
    box = Box(x=55, y=45, w=130, h=130)
    [polygon] = propose(pixels, Ask(tool="scribbles", box=box))
    assert overlap(polygon, RING) > 0.93
    assert isinstance(polygon, Polygon)
    assert len(polygon.rings) == 2
    [mask] = propose(pixels, Ask(tool="scribbles", box=box, **{"as": "mask"}))
    assert overlap(mask, RING) > 0.93


def test_a_stroke_inside_is_enough_for_grabcut() -> None:
    strokes = ({"points": ((90, 110), (150, 110)), "inside": True}, {"points": ((30, 30), (210, 30)), "inside": False})
    [polygon] = propose(painted(DISC), Ask(tool="scribbles", scribbles=strokes))
    assert overlap(polygon, DISC) > 0.9


def test_a_stroke_outside_cuts_off_what_it_crosses() -> None:
    both = DISC | ((X > 175) & (X < 225) & (Y > 100) & (Y < 120))
    box = Box(x=50, y=40, w=185, h=140)
    away = {"points": ((200, 103), (200, 117)), "inside": False}
    [polygon] = propose(painted(both), Ask(tool="scribbles", box=box, scribbles=(away,), width=8))
    region = outlines.filled([np.array(ring) for ring in polygon.rings], SIDE, SIDE)
    assert not region[104:116, 199:201].any()
    assert region[DISC].mean() > 0.95


def test_scissors_follow_the_edge_between_clicks() -> None:
    follows, straight = propose(painted(DISC), Ask(tool="scissors", points=EXTREMES))
    assert overlap(follows, DISC) > 0.95
    assert overlap(straight, DISC) < 0.7
    line, _ = propose(painted(DISC), Ask(tool="scissors", points=EXTREMES[:2], **{"as": "polyline"}))
    assert isinstance(line, Polyline)
    assert line.points[0] == EXTREMES[0]
    assert line.points[-1] == EXTREMES[1]
    radii = np.hypot(*(np.array(line.points) - [120, 110]).T)
    assert np.abs(radii - 60).max() < 3


def test_the_wand_takes_what_looks_alike_and_clicks_extend_it() -> None:
    two = DISC.copy()
    two[:, 120:126] = False  # a gap through the disc
    pixels = painted(two)
    [one] = propose(pixels, Ask(tool="wand", points=((90, 110),)))
    assert 0.4 < overlap(one, two) < 0.6
    [both] = propose(pixels, Ask(tool="wand", points=((90, 110), (150, 110))))
    assert overlap(both, two) > 0.9
    [less] = propose(pixels, Ask(tool="wand", points=((90, 110), (150, 110)), labels=(1, 0)))
    assert overlap(less, two) == pytest.approx(overlap(one, two), abs=0.05)


def test_superpixels_are_connected_and_about_as_many_as_asked_for() -> None:
    from scipy.ndimage import label

    labels = superpixels.slic(painted(DISC), 200)
    numbers = np.unique(labels)
    assert np.array_equal(numbers, np.arange(len(numbers)))
    assert 100 <= len(numbers) <= 300
    assert all(label(labels == number)[1] == 1 for number in numbers)


# --- hostile input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ask",
    [
        {"tool": "extreme", "points": ((1, 1), (2, 2), (3, 3))},
        {"tool": "scissors", "points": ((1, 1),)},
        {"tool": "wand", "points": ((1, 1),), "labels": (0,)},
        {"tool": "wand", "points": ((1, 1),), "labels": (1, 1)},
        {"tool": "scribbles"},
    ],
)
def test_clicks_a_tool_can_do_nothing_with_are_refused(ask: dict[str, object]) -> None:
    with pytest.raises(InputError):
        checked(Ask.model_validate(ask))


@pytest.mark.parametrize(
    "ask",
    [
        {"tool": "wand", "points": [[0, 0]] * 201},
        {"tool": "wand", "points": [["nan", 0]]},
        {"tool": "wand", "points": [[1e9, 0]]},
        {"tool": "scribbles", "scribbles": [{"points": [[0, 0]] * 2001}]},
        {"tool": "unknown", "points": [[0, 0]]},
    ],
)
def test_absurd_requests_do_not_validate(ask: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Ask.model_validate(ask)


places = st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)) | st.tuples(st.floats(0, 40), st.floats(0, 30))


@settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(st.lists(places, min_size=4, max_size=6), st.sampled_from(["extreme", "scissors", "wand", "scribbles"]))
def test_clicks_anywhere_give_a_geometry_within_the_image_or_none(points: list[tuple[float, float]], tool: str) -> None:
    pixels = painted(DISC[60:90, 40:80])
    for into in ("polygon", "mask", "box"):
        for shape in propose(pixels, Ask.model_validate({"tool": tool, "points": points, "as": into})):
            if isinstance(shape, Polygon):
                every = np.concatenate([np.array(ring) for ring in shape.rings])
                assert (every >= 0).all()
                assert (every <= [40, 30]).all()
            elif isinstance(shape, Mask | Box):
                assert shape.x + shape.w <= 40 + 1e-6
                assert shape.y + shape.h <= 30 + 1e-6
