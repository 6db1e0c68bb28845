"""A model's reply made to fit the project: classes by name, kinds that are allowed, the edge of the image, and notes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.errors import InputError
from modicum.geometry import Box, Ellipse, Kind, Mask, Points, Polygon, Polyline, Rotated, Shapes, Skeleton
from modicum.models.cut import cut, turned_into
from modicum.models.fit import MOST_NOTES, Fitted, fitted
from modicum.models.reply import Candidate, Reply
from modicum.models.words import words
from unit.model_parts import schema

BOX = {"kind": "box", "x": 10, "y": 10, "w": 20, "h": 20}


def fit(
    *candidates: Candidate, classes: tuple[Any, ...] = ("cat", "dog"), said: dict[str, str] | None = None, above: float = 0
) -> Fitted:
    known = words(schema(*classes), said or {})
    return fitted(Reply(candidates), 100, 50, known, "onnx:m@1", above=above)


def test_classes_are_found_by_name_whatever_the_case() -> None:
    found = fit(Candidate("DOG ", (BOX,), 0.5))
    (shape,) = found.shapes.shapes
    assert (shape.class_id, shape.score, shape.model) == (1, 0.5, "onnx:m@1")
    assert found.notes == ()


def test_a_class_nobody_has_is_told_once_with_its_number() -> None:
    found = fit(*[Candidate("dogs", (BOX,), 0.5)] * 3, Candidate("cat", (BOX,), 0.5))
    assert len(found.shapes.shapes) == 1
    (note,) = found.notes
    assert "'dogs' was left out: the project has no class of that name" in note
    assert "--map 'dogs'='dog'" in note
    assert note.endswith("(3 times)")


def test_a_map_goes_before_names_and_can_leave_out() -> None:
    found = fit(Candidate("automobile", (BOX,), 0.5), Candidate("dog", (BOX,), 0.5), said={"Automobile": "cat", "dog": ""})
    assert [shape.class_id for shape in found.shapes.shapes] == [0]
    assert found.notes == ("'dog' was left out as asked",)
    with pytest.raises(InputError, match=r"'a' is mapped to 'b', which is no class of the project; classes: cat"):
        words(schema("cat"), {"a": "b"})


def test_an_archived_class_is_not_revived() -> None:
    found = fit(Candidate("cat", (BOX,), 0.5), classes=({"name": "cat", "archived": True}, "dog"))
    assert found.shapes == Shapes()
    assert "archived" in found.notes[0]


def test_tags_are_classes_of_the_image() -> None:
    assert fit(Candidate("dog", ()), Candidate("dog", ())).shapes.tags == (1,)


def test_what_reaches_over_the_edge_is_cut_and_told() -> None:
    found = fit(
        Candidate("cat", ({"kind": "box", "x": -10, "y": 40, "w": 30, "h": 30},), 0.5),
        Candidate("cat", ({**BOX, "x": 300},), 0.5),
    )
    assert [shape.geometry for shape in found.shapes.shapes] == [Box(x=0, y=40, w=20, h=10)]
    assert "reached over the edge" in found.notes[0]
    assert "nothing of it lies on the image of 100 x 50" in found.notes[1]


def test_rounding_at_the_edge_is_not_worth_a_note() -> None:
    assert fit(Candidate("cat", ({"kind": "box", "x": -0.4, "y": 0, "w": 20, "h": 50.6},), 0.5)).notes == ()


@pytest.mark.parametrize(
    "form",
    [
        {"kind": "box", "x": float("nan"), "y": 0, "w": 1, "h": 1},
        {"kind": "box", "x": 0, "y": 0, "w": 0, "h": 1},
        {"kind": "polygon", "rings": [[(0, 0), (1, 1)]]},
        {"kind": "mask", "x": 0, "y": 0, "w": 2, "h": 2, "counts": [5]},
        {"kind": "polygon", "rings": [[(float(i), 0.0) for i in range(100_000)]]},
        {"kind": "cube"},
        {},
    ],
)
def test_what_is_no_geometry_is_told_with_its_place(form: dict[str, object]) -> None:
    found = fit(Candidate("cat", (form,), 0.5, path="$.results[0].result[2]"), Candidate("dog", (BOX,), 0.5))
    assert [shape.class_id for shape in found.shapes.shapes] == [1]
    assert found.notes[0].startswith("$.results[0].result[2]: a ")


def test_scores_that_are_none() -> None:
    found = fit(
        Candidate("cat", (BOX,), float("nan")),
        Candidate("cat", (BOX,), 7.0),
        Candidate("cat", (BOX,)),
        Candidate("cat", (BOX,), 0.1),
        above=0.2,
    )
    assert [shape.score for shape in found.shapes.shapes] == [None, 1.0, None]
    assert any("below 0.2" in note for note in found.notes)
    assert len(found.notes) == 3


def test_the_best_form_the_class_allows_is_taken() -> None:
    mask = {"kind": "mask", "x": 10, "y": 10, "w": 2, "h": 1, "counts": [0, 2]}
    two = Candidate("cat", (mask, BOX), 0.5)
    assert isinstance(fit(two).shapes.shapes[0].geometry, Mask)
    only_boxes = fit(two, classes=({"name": "cat", "shapes": ["box"]},))
    assert isinstance(only_boxes.shapes.shapes[0].geometry, Box)
    assert only_boxes.notes == ()  # the model knows the box itself


def test_a_kind_the_class_does_not_allow_becomes_one_it_allows() -> None:
    found = fit(Candidate("cat", (BOX,), 0.5), classes=({"name": "cat", "shapes": ["polygon"]},))
    assert found.shapes.shapes[0].geometry == Polygon(rings=(((10, 10), (30, 10), (30, 30), (10, 30)),))
    assert "a box of 'cat' became a polygon" in found.notes[0]
    found = fit(Candidate("cat", (BOX,), 0.5), classes=({"name": "cat", "shapes": ["polyline"]},))
    assert found.shapes == Shapes()
    assert "the class allows polyline" in found.notes[0]


def test_skeletons_need_the_classes_keypoints() -> None:
    candidate = Candidate("cat", ({"kind": "skeleton", "nodes": [(1, 2, 2), (5, 6, 2), (200, 6, 2)]},), 0.5)
    bones = {"nodes": ["a", "b", "c"], "edges": []}
    found = fit(candidate, classes=({"name": "cat", "skeleton": bones},))
    assert found.shapes.shapes[0].geometry == Skeleton(nodes=((1, 2, 2), (5, 6, 2), (100, 6, 0)))
    assert "reached over the edge" in found.notes[0]
    found = fit(candidate, classes=({"name": "cat", "skeleton": {"nodes": ["a"], "edges": []}},))
    assert not isinstance(found.shapes.shapes[0].geometry, Skeleton)
    assert "has 3 keypoints, the class has 1" in found.notes[0]


def test_attributes_are_taken_where_the_class_has_them() -> None:
    classes = (
        {
            "name": "cat",
            "attributes": [
                {"name": "Fur", "kind": "choice", "choices": ["red", "grey"]},
                {"name": "tame", "kind": "flag"},
                {"name": "age", "kind": "number"},
            ],
        },
    )
    found = fit(
        Candidate("cat", (BOX,), 0.5, {"fur": "red", "tame": "true", "age": "3", "tail": "long"}),
        Candidate("cat", (BOX,), 0.5, {"fur": "blue"}),
        classes=classes,
    )
    assert found.shapes.shapes[0].attributes == {"Fur": "red", "tame": True, "age": 3.0}
    assert any("'tail' was left out" in note for note in found.notes)
    assert any("'blue'" in note for note in found.notes)


def test_ids_differ_between_models_and_stay_the_same_for_one() -> None:
    known = words(schema("cat"), {})
    reply = Reply((Candidate("cat", (BOX,), 0.5),))
    first, again, other = (fitted(reply, 100, 50, known, name).shapes.shapes[0].id for name in ("a@1", "a@1", "a@2"))
    assert first == again != other


def test_notes_do_not_pile_up() -> None:
    found = fit(*[Candidate(f"thing {n}", (BOX,), 0.5) for n in range(1000)])
    assert len(found.notes) == MOST_NOTES + 1
    assert found.notes[-1].startswith("and 950 further")


# --- cutting -----------------------------------------------------------------------------------------------------------

COORDINATE = st.floats(-200, 300)


@given(st.lists(st.tuples(COORDINATE, COORDINATE), min_size=3, max_size=12))
def test_a_cut_polygon_lies_on_the_image_and_covers_the_same_there(ring: list[tuple[float, float]]) -> None:
    from modicum.engine.outlines import filled

    whole = filled([np.array(ring)], 50, 100)
    kept, _ = cut(Polygon(rings=(tuple(ring),)), 100, 50)
    if kept is None:
        assert whole.mean() < 0.02
        return
    assert isinstance(kept, Polygon)
    for x, y in kept.rings[0]:
        assert -1e-6 <= x <= 100 + 1e-6
        assert -1e-6 <= y <= 50 + 1e-6
    assert np.mean(filled([np.array(part) for part in kept.rings], 50, 100) != whole) < 0.02


@given(st.integers(0, 120), st.integers(0, 60), st.integers(1, 30), st.integers(1, 30), st.integers(0, 2**31))
def test_a_cut_mask_keeps_the_pixels_on_the_image(x: int, y: int, w: int, h: int, seed: int) -> None:
    from modicum.engine.outlines import runs
    from modicum.formats.outline import bitmap

    region = np.random.default_rng(seed).random((h, w)) < 0.3
    kept, spilled = cut(Mask(x=x, y=y, w=w, h=h, counts=runs(region)), 100, 50)
    assert spilled == (x + w > 100 or y + h > 50 or x >= 100 or y >= 50)
    there = np.zeros((50, 100), bool)
    part = region[: max(0, 50 - y), : max(0, 100 - x)]
    there[y : y + h, x : x + w] = part
    again = np.zeros_like(there)
    if isinstance(kept, Mask):
        again[kept.y : kept.y + kept.h, kept.x : kept.x + kept.w] = bitmap(kept)
    assert (again == there).all()


def test_other_kinds_are_cut_in_their_own_way() -> None:
    assert cut(Rotated(cx=99, cy=10, w=20, h=5, angle=30), 100, 50)[0] is not None
    assert cut(Ellipse(cx=120, cy=10, rx=5, ry=5), 100, 50) == (None, True)
    assert cut(Points(points=((5, 5), (500, 5))), 100, 50) == (Points(points=((5, 5),)), True)
    assert cut(Polyline(points=((5, 5), (500, 5))), 100, 50) == (Polyline(points=((5, 5), (100, 5))), True)
    assert cut(Polyline(points=((500, 5), (600, 5))), 100, 50)[0] is None


def test_kinds_change_to_what_loses_least() -> None:
    mask = turned_into(Ellipse(cx=20, cy=20, rx=10, ry=5), (Kind.MASK, Kind.BOX), 100, 50)
    assert isinstance(mask, Mask)
    polygon = turned_into(mask, (Kind.POLYGON, Kind.BOX), 100, 50)
    assert isinstance(polygon, Polygon)
    box = turned_into(polygon, (Kind.BOX,), 100, 50)
    assert isinstance(box, Box)
    assert [box.x, box.y, box.w, box.h] == pytest.approx([10, 15, 20, 10], abs=1.1)
    assert turned_into(Skeleton(nodes=((1, 1, 2), (5, 6, 0))), (Kind.POINTS,), 100, 50) == Points(points=((1, 1),))
    assert turned_into(Polyline(points=((1, 1), (5, 6))), (Kind.POLYGON, Kind.MASK), 100, 50) is None
