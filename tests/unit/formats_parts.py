"""What the tests of formats share: drawings of every kind, a way there and back, and what may differ."""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from modicum import converting
from modicum.formats import places
from modicum.formats.losses import Losses
from modicum.formats.outline import mask_of
from modicum.formats.pictures import Drawings, Picture
from modicum.geometry import (
    Bones,
    Box,
    Ellipse,
    Geometry,
    Kind,
    Points,
    Polygon,
    Polyline,
    Rotated,
    Shape,
    Shapes,
    Skeleton,
)
from modicum.types import Class

NAMES = ("Zelle", "人", "כלב", "a b & <c>", "ünïcode: x", '"quoted", =1+1')
CLASSES = tuple(
    Class(id=n, name=name, skeleton=Bones(nodes=("left", "middle", "rechts ö"), edges=((0, 1), (1, 2))))
    for n, name in enumerate(NAMES)
)
number = st.floats(0, 1, allow_nan=False).map(lambda share: round(share, 6))


@st.composite
def geometries(draw: Any, kinds: tuple[Kind, ...], width: int, height: int) -> Geometry:
    """A shape inside an image, none of it degenerate."""

    def at(low: float = 0.0, high: float = 1.0) -> tuple[float, float]:
        x, y = draw(number), draw(number)
        return (low + (high - low) * x) * width, (low + (high - low) * y) * height

    kind = draw(st.sampled_from(kinds))
    x, y = at(0, 0.5)
    w, h = (1 + draw(number)) * width * 0.24, (1 + draw(number)) * height * 0.24
    angle = draw(st.floats(-179, 179).map(lambda value: round(value, 3)))
    match kind:
        case Kind.BOX:
            return Box(x=x, y=y, w=w, h=h)
        case Kind.ROTATED:
            return Rotated(cx=x + w / 2, cy=y + h / 2, w=w / 2, h=h / 2, angle=angle or 10.0)
        case Kind.ELLIPSE:
            return Ellipse(cx=x + w / 2, cy=y + h / 2, rx=w / 2, ry=h / 2, angle=angle)
        case Kind.POLYGON:
            count = draw(st.integers(3, 12))
            turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
            far = [0.5 + 0.5 * draw(number) for _ in range(count)]
            ring = [
                (x + w / 2 + w / 2 * f * np.cos(t), y + h / 2 + h / 2 * f * np.sin(t)) for f, t in zip(far, turn, strict=True)
            ]
            return Polygon(rings=(tuple((float(a), float(b)) for a, b in ring),))
        case Kind.POLYLINE:
            return Polyline(points=tuple(at() for _ in range(draw(st.integers(2, 6)))))
        case Kind.POINTS:
            return Points(points=tuple(at() for _ in range(draw(st.integers(1, 4)))))
        case Kind.SKELETON:
            nodes = [(*at(0.1, 0.9), draw(st.sampled_from((1, 2)))), (*at(0.1, 0.9), 2), (0.0, 0.0, 0)]
            return Skeleton(nodes=tuple(nodes))
        case Kind.MASK:
            rows, columns = draw(st.integers(1, height)), draw(st.integers(1, width))
            region = np.random.default_rng(draw(st.integers(0, 99))).random((rows, columns)) < draw(st.floats(0.1, 0.9))
            region[0, 0] = True
            return mask_of(region, draw(st.integers(0, width - columns)), draw(st.integers(0, height - rows)))


ANSWERS: dict[str, st.SearchStrategy[object]] = {
    "blurred": st.booleans(),
    "größe": number.map(lambda value: value + 0.5),
    "note": st.text("aä人 <&\"'", min_size=1, max_size=8),
}


@st.composite
def drawings(draw: Any, kinds: tuple[Kind, ...], holds: frozenset[str] = frozenset()) -> Drawings:
    """A few pictures, some of them empty, with what the format is said to hold."""
    stems = draw(
        st.lists(st.text("abcäöß人ك -", min_size=1, max_size=8).map(str.strip).filter(bool), max_size=4, unique_by=str.casefold)
    )
    pictures = []
    serial = itertools.count(draw(st.integers(1, 10**6)), draw(st.sampled_from((1, 7))))
    for stem in stems:
        width, height = draw(st.integers(20, 60)), draw(st.integers(20, 60))
        folder = draw(st.sampled_from(("", "sub/", "Ordner ü/")))

        def said(model: str | None, width: int = width, height: int = height) -> Shapes:
            shapes = []
            for _ in range(draw(st.integers(0, 3))):
                geometry = draw(geometries(kinds, width, height))
                attributes = draw(st.fixed_dictionaries({}, optional=ANSWERS)) if "attributes" in holds else {}
                shapes.append(
                    Shape(
                        id=str(next(serial)) if "id" in holds else f"s{len(shapes) + 1}",
                        class_id=draw(st.integers(0, len(CLASSES) - 1)),
                        geometry=geometry,
                        attributes={key: answer for key, answer in attributes.items() if _held(answer, holds)},
                        group=draw(st.none() | st.integers(0, 9)) if "group" in holds else None,
                        score=draw(number) if "score" in holds or model else None,
                        model=model,
                    )
                )
            tags = draw(st.lists(st.integers(0, len(CLASSES) - 1), max_size=2, unique=True)) if "tags" in holds else []
            return Shapes(shapes=tuple(shapes), tags=tuple(tags))

        predictions = ()
        if "predictions" in holds:
            predictions = tuple(
                found for name in draw(st.sampled_from(((), ("m 1",), ("m", "n")))) if (found := said(name)).shapes
            )
        name = f"{folder}{stem}.{draw(st.sampled_from(('jpg', 'PNG')))}"
        id = str(next(serial)) if "image id" in holds else ""
        pictures.append(Picture(name, width, height, said(None), predictions, id))
    return Drawings(CLASSES, pictures)


def _held(answer: object, holds: frozenset[str]) -> bool:
    return "texts only" not in holds or isinstance(answer, str)


@contextmanager
def written(name: str, given: Drawings, losses: Losses) -> Iterator[Path]:
    """The drawings in a format, in a place of their own."""
    room = Path(tempfile.mkdtemp(prefix="formats"))
    try:
        format_ = converting.format_named(name)
        target = room / ("drawings" if format_.suffix == ".zip" else f"drawings{format_.suffix}")
        with places.opened(target, format_.suffix) as out:
            format_.write(Drawings(given.classes, iter(given.pictures), given.numbers), out, losses)
        yield target
    finally:
        shutil.rmtree(room)


def there_and_back(name: str, given: Drawings) -> tuple[Drawings, list[Picture], Losses, Losses]:
    """Written and read: the drawings, their pictures, what writing lost and what reading lost."""
    lost, missed = Losses(), Losses()
    with written(name, given, lost) as target:
        _, _, found = converting.reading(target, name, missed)
        return found, list(found.pictures), lost, missed


def numbers_of(geometry: Geometry) -> list[float]:
    """Every number of a geometry, in order."""
    found: list[float] = []

    def walk(value: Any) -> None:
        if isinstance(value, int | float):
            found.append(float(value))
        elif isinstance(value, tuple | list):
            for part in value:
                walk(part)

    for value in geometry.model_dump().values():
        walk(value)
    return found


def same(a: Geometry, b: Geometry, tolerance: float) -> bool:
    """Whether two geometries are one, to a tolerance in pixels."""
    if a.kind != b.kind:
        return False
    if isinstance(a, Rotated | Ellipse) and isinstance(b, Rotated | Ellipse):
        turned = abs((a.angle - b.angle + 180) % 360 - 180)
        a, b = a.model_copy(update={"angle": 0.0}), b.model_copy(update={"angle": 0.0})
        if turned > 1e-4 + tolerance:
            return False
    left, right = numbers_of(a), numbers_of(b)
    return len(left) == len(right) and all(abs(x - y) <= tolerance for x, y in zip(left, right, strict=True))
