"""Every format of shapes: what it holds comes back as it was, what it does not hold is told."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modicum import converting
from modicum.formats.losses import Losses
from modicum.formats.outline import drawn as pixels
from modicum.formats.pictures import Drawings, Picture
from modicum.formats.places import Source
from modicum.geometry import Box, Ellipse, Kind, Mask, Points, Polygon, Polyline, Rotated, Shape, Shapes, Skeleton
from unit.formats_parts import CLASSES, drawings, same, there_and_back, written

EVERY = tuple(Kind)
FULL = frozenset({"id", "image id", "attributes", "group", "score", "tags", "predictions"})
# format: kinds it holds as they are, what else it holds, pixels that a number may be off
HELD = {
    "jsonl": (EVERY, FULL, 0.0),
    "csv": (EVERY, FULL, 0.0),
    "cvat": (EVERY, FULL - {"predictions"}, 1e-8),
    "coco": ((Kind.BOX, Kind.POLYGON, Kind.SKELETON, Kind.MASK), FULL - {"predictions", "tags"}, 1e-9),
    "label-studio": (
        (Kind.BOX, Kind.ROTATED, Kind.ELLIPSE, Kind.POLYGON, Kind.MASK),
        (FULL | {"texts only"}) - {"group"},
        1e-9,
    ),
    "labelme": ((Kind.BOX, Kind.POLYGON, Kind.POLYLINE, Kind.POINTS, Kind.MASK), FULL - {"predictions"}, 1e-9),
    "voc": ((Kind.BOX,), (FULL | {"texts only"}) - {"group", "tags", "predictions"}, 1e-8),
    "yolo": ((Kind.BOX,), frozenset(), 1e-6),
    "yolo-segment": ((Kind.POLYGON,), frozenset(), 1e-6),
    "yolo-obb": ((Kind.ROTATED,), frozenset(), 1e-5),
    "yolo-pose": ((Kind.SKELETON,), frozenset({"score"}), 1e-6),
}
careful = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.mark.parametrize("name", HELD)
@careful
@given(data=st.data())
def test_what_a_format_holds_comes_back_as_it_was(name: str, data: st.DataObject) -> None:
    kinds, holds, tolerance = HELD[name]
    before = data.draw(drawings(kinds, holds))
    found, after, lost, missed = there_and_back(name, before)
    doubts = ("crosses itself", "beyond its image")  # told, and kept as it is
    assert not [kind.what for kind in missed if not any(part in kind.what for part in doubts)]
    fine = ("a class", "holds no class that", "which attributes")
    assert not [kind.what for kind in lost if not any(part in kind.what for part in fine)]
    assert [(p.name, p.width, p.height) for p in after] == [(p.name, p.width, p.height) for p in before.pictures]
    if "image id" in holds:
        assert [p.id for p in after] == [p.id for p in before.pictures]
    for old, new in zip(before.pictures, after, strict=True):
        assert names(old.shapes.tags, before) == names(new.shapes.tags, found)
        assert len(old.predictions) == len(new.predictions)
        for a, b in zip((old.shapes, *old.predictions), (new.shapes, *new.predictions), strict=True):
            agree(a, b, before, found, tolerance)


def names(ids: tuple[int, ...], of: Drawings) -> list[str]:
    return [of.classes[id].name for id in ids]


def agree(old: Shapes, new: Shapes, before: Drawings, found: Drawings, tolerance: float) -> None:
    assert [shape.id for shape in old.shapes] == [shape.id for shape in new.shapes]
    for a, b in zip(old.shapes, new.shapes, strict=True):
        assert before.classes[a.class_id].name == found.classes[b.class_id].name
        assert same(a.geometry, b.geometry, tolerance), (a.geometry, b.geometry)
        assert (a.attributes, a.group, a.score, a.model) == (b.attributes, b.group, b.score, b.model)


@pytest.mark.parametrize("name", ["jsonl", "cvat", "coco", "yolo", "yolo-segment", "yolo-obb", "yolo-pose", "voc", "labelme"])
def test_classes_keep_their_order_also_those_nothing_was_drawn_with(name: str) -> None:
    found, _, _, _ = there_and_back(name, Drawings(CLASSES, [Picture("a.jpg", 10, 10)]))
    assert [entry.name for entry in found.classes] == [entry.name for entry in CLASSES]
    if name in ("jsonl", "cvat", "coco"):
        assert [entry.skeleton for entry in found.classes] == [entry.skeleton for entry in CLASSES]


def test_coco_keeps_the_numbers_of_categories_with_gaps() -> None:
    before = Drawings(CLASSES[:3], [Picture("a.jpg", 10, 10, Shapes(shapes=(shape(Kind.BOX, class_id=2),)))], (1, 7, 90))
    found, after, _, _ = there_and_back("coco", before)
    assert found.numbers == (1, 7, 90)
    assert after[0].shapes.shapes[0].class_id == 2


def shape(kind: Kind, id: str = "17", class_id: int = 0) -> Shape:
    geometry = {
        Kind.BOX: Box(x=1, y=2, w=30, h=20),
        Kind.ROTATED: Rotated(cx=40, cy=40, w=20, h=10, angle=30),
        Kind.ELLIPSE: Ellipse(cx=40, cy=40, rx=20, ry=10, angle=30),
        Kind.POLYGON: Polygon(rings=(((1, 1), (50, 1), (50, 50), (1, 50)), ((10, 10), (20, 10), (20, 20), (10, 20)))),
        Kind.POLYLINE: Polyline(points=((1, 1), (20, 30), (40, 2))),
        Kind.POINTS: Points(points=((1, 1), (20, 30))),
        Kind.SKELETON: Skeleton(nodes=((1, 1, 2), (20, 30, 1), (0, 0, 0))),
        Kind.MASK: Mask(x=3, y=4, w=3, h=2, counts=(0, 2, 2, 2)),
    }[kind]
    return Shape(id=id, class_id=class_id, geometry=geometry, attributes={"flag": True, "n": 2.5}, group=3, score=0.5, model="m")


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("name", [*HELD, "folders"])
def test_nothing_is_dropped_in_silence(name: str, kind: Kind) -> None:
    """A shape is there as it was, or there is a line about it; so is everything that was said of it."""
    drawn = shape(kind)
    before = Drawings(
        CLASSES, [Picture("ü.jpg", 64, 64, Shapes(shapes=(drawn,), tags=(1,)), (Shapes(shapes=(shape(kind),)),), "5")]
    )
    _, after, lost, _ = there_and_back(name, before)
    told = [(place.file, place.path, entry.left_out) for entry in lost for place in entry.places]
    shapes = after[0].shapes.shapes if after else ()
    about = [entry for entry in lost for place in entry.places if place.path == "$.shapes[0]"]
    if not shapes:
        assert ("ü.jpg", "$.shapes[0]", True) in told
        return
    kept = shapes[-1]
    if not same(kept.geometry, drawn.geometry, 1e-5):
        assert about, f"{drawn.geometry} became {kept.geometry} without a word"
    for part in ("id", "group", "score", "model"):
        if getattr(kept, part) != getattr(drawn, part):
            assert any(path.startswith("$.shapes[0]") for _, path, _ in told), part
    if kept.attributes != drawn.attributes:
        assert any(path.startswith("$.shapes[0].attributes") for _, path, _ in told)
    if not after[0].shapes.tags:
        assert ("ü.jpg", "$.tags", True) in told
    if not after[0].predictions:
        assert ("ü.jpg", "$.predictions", True) in told


@pytest.mark.parametrize("name", ["coco", "yolo-segment", "cvat", "labelme", "label-studio"])
def test_an_outline_with_a_hole_encloses_the_same_pixels_where_there_are_no_holes(name: str) -> None:
    given = shape(Kind.POLYGON)
    _, [after], _, _ = there_and_back(name, Drawings(CLASSES, [Picture("a.jpg", 64, 64, Shapes(shapes=(given,)))]))
    kept = after.shapes.shapes[0].geometry
    assert isinstance(kept, Polygon)
    assert len(kept.rings) == 1
    assert pixels(kept, 64, 64) == pixels(given.geometry, 64, 64)


@pytest.mark.parametrize("name", ["coco", "yolo-segment"])
def test_a_mask_as_an_outline_or_run_lengths_covers_the_same_pixels(name: str) -> None:
    given = shape(Kind.MASK)
    _, [after], _, _ = there_and_back(name, Drawings(CLASSES, [Picture("a.jpg", 64, 64, Shapes(shapes=(given,)))]))
    assert pixels(after.shapes.shapes[0].geometry, 64, 64) == given.geometry


@pytest.mark.parametrize("name", HELD)
def test_the_format_is_found_out(name: str) -> None:
    kind = HELD[name][0][0]
    tagged = Shapes(shapes=(shape(kind),), tags=(0,))
    before = Drawings(CLASSES, [Picture("leer.jpg", 64, 64), Picture("a.jpg", 64, 64, tagged)])
    with written(name, before, Losses()) as target:
        found = converting.detected(Source(target, Losses()))
    assert found == ("yolo" if name.startswith("yolo") else name)


def test_every_installed_format_says_what_it_is_in_a_line() -> None:
    for name in converting.names():
        assert len(converting.format_named(name).text) > 20, name
