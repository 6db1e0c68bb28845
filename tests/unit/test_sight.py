"""As what the detector's boxes are suggested: as people draw each class, as far as the class allows it."""

from modicum import sight
from modicum.geometry import Box, Geometry, Kind, Mask, Polygon, Shape, Shapes
from modicum.store.drawings import Drawn
from modicum.types import Class, Item, Schema, Split, Status

SQUARE = ((1.0, 1.0), (9.0, 1.0), (9.0, 9.0), (1.0, 9.0))


def drawn(*geometries: Geometry) -> Drawn:
    shapes = tuple(Shape(id=str(k), class_id=0, geometry=geometry) for k, geometry in enumerate(geometries))
    item = Item(
        id=1, project_id=1, uri="", name="", sha256="", media="image/png", width=20, height=10, row=0, batch=0,
        split=Split.TRAIN, status=Status.LABELED, flagged=False,
    )  # fmt: skip
    return Drawn(item, Shapes(shapes=shapes))


def kind_of(entry: Drawn | None = None, *allowed: Kind) -> Kind | None:
    schema = Schema(task="draw", classes=(Class(id=0, name="cat", shapes=allowed),))
    return sight.kinds_of(schema, [entry] if entry else [])[0]


def test_a_class_is_suggested_as_it_is_drawn() -> None:
    polygon, mask, box = Polygon(rings=(SQUARE,)), Mask(x=0, y=0, w=2, h=1, counts=(0, 2)), Box(x=0, y=0, w=5, h=5)
    assert kind_of() is Kind.BOX
    assert kind_of(drawn(polygon, mask, box)) is Kind.POLYGON
    assert kind_of(drawn(polygon, box, box)) is Kind.BOX


def test_only_what_the_class_allows_is_suggested() -> None:
    assert kind_of(None, Kind.ELLIPSE, Kind.POINTS) is Kind.ELLIPSE
    assert kind_of(drawn(Box(x=0, y=0, w=5, h=5)), Kind.POLYGON) is Kind.POLYGON
    assert kind_of(None, Kind.POINTS) is None


def test_boxes_to_learn_from_end_where_the_image_ends() -> None:
    boxes, classes = sight.boxes_of(drawn(Box(x=-5, y=2, w=60, h=4), Box(x=19.5, y=0, w=9, h=9), Polygon(rings=(SQUARE,))))
    assert boxes.tolist() == [[0, 2, 20, 6], [1, 1, 9, 9]]
    assert classes.tolist() == [0, 0]
