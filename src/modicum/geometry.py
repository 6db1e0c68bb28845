"""The nouns of drawing: what one shape on an image is, and what a class allows. Coordinates are pixels of the upright image,
x to the right and y down, from the outer corner of the top left pixel; angles are degrees, clockwise as one sees them.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from modicum.frozen import Frozen, Name

MOST_POINTS = 20_000  # of one shape
MOST_SHAPES = 10_000  # of one image
Coordinate = Annotated[FiniteFloat, Field(ge=-1e6, le=1e6)]
Length = Annotated[FiniteFloat, Field(gt=0, le=1e6)]
Point = tuple[Coordinate, Coordinate]


class Kind(StrEnum):
    """Every kind of shape."""

    BOX = "box"
    ROTATED = "rotated"
    ELLIPSE = "ellipse"
    POLYGON = "polygon"
    POLYLINE = "polyline"
    POINTS = "points"
    SKELETON = "skeleton"
    MASK = "mask"


class Box(Frozen):
    """A rectangle along the axes; x and y are its top left corner."""

    kind: Literal["box"] = "box"
    x: Coordinate
    y: Coordinate
    w: Length
    h: Length


class Rotated(Frozen):
    """A rectangle of any direction, turned by `angle` around its centre."""

    kind: Literal["rotated"] = "rotated"
    cx: Coordinate
    cy: Coordinate
    w: Length
    h: Length
    angle: Annotated[FiniteFloat, Field(ge=-360, le=360)] = 0.0


class Ellipse(Frozen):
    """An ellipse with half axes rx and ry, turned by `angle` around its centre."""

    kind: Literal["ellipse"] = "ellipse"
    cx: Coordinate
    cy: Coordinate
    rx: Length
    ry: Length
    angle: Annotated[FiniteFloat, Field(ge=-360, le=360)] = 0.0


class Polygon(Frozen):
    """Rings of three points or more, closed without repeating the first, filled by the even-odd rule.

    A ring inside another is a hole; rings beside each other are parts of one object.
    """

    kind: Literal["polygon"] = "polygon"
    rings: tuple[Annotated[tuple[Point, ...], Field(min_length=3)], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _few_enough(self) -> Self:
        _few(sum(map(len, self.rings)))
        return self


class Polyline(Frozen):
    """An open line through two points or more."""

    kind: Literal["polyline"] = "polyline"
    points: tuple[Point, ...] = Field(min_length=2, max_length=MOST_POINTS)


class Points(Frozen):
    """One point or several that are one object."""

    kind: Literal["points"] = "points"
    points: tuple[Point, ...] = Field(min_length=1, max_length=MOST_POINTS)


class Skeleton(Frozen):
    """Keypoints in the order of the class's skeleton: (x, y, visibility), where 0 is not marked, 1 hidden, 2 visible."""

    kind: Literal["skeleton"] = "skeleton"
    nodes: tuple[tuple[Coordinate, Coordinate, Literal[0, 1, 2]], ...] = Field(min_length=1, max_length=1000)


class Mask(Frozen):
    """Pixels of a patch whose top left pixel is (x, y): run lengths row by row, the first run counts pixels left out."""

    kind: Literal["mask"] = "mask"
    x: int = Field(ge=0, le=1_000_000)
    y: int = Field(ge=0, le=1_000_000)
    w: int = Field(ge=1, le=100_000)
    h: int = Field(ge=1, le=100_000)
    counts: tuple[Annotated[int, Field(ge=0)], ...] = Field(max_length=2_000_000)

    @model_validator(mode="after")
    def _fills(self) -> Self:
        if sum(self.counts) != self.w * self.h:
            raise ValueError(
                f"the runs of a mask add up to {sum(self.counts)} pixels, its patch of {self.w} x {self.h} has others"
            )
        return self


Geometry = Annotated[
    Box | Rotated | Ellipse | Polygon | Polyline | Points | Skeleton | Mask,
    Field(discriminator="kind"),
]
Answer = bool | FiniteFloat | Annotated[str, Field(max_length=10_000)]  # to an attribute


class Shape(Frozen):
    """One object on an image. Later shapes of an image lie above earlier ones.

    `id` is unique on its image and stays with the shape: a pre-label that is accepted or corrected keeps it, which tells one
    from the other. `score` and `model` are those of the pre-label it came from; `iou` is how far that one was right, 1 when
    it was accepted as it was.
    """

    id: str = Field(min_length=1, max_length=40)
    class_id: int = Field(ge=0)
    geometry: Geometry
    attributes: dict[str, Answer] = Field(default={}, max_length=200)
    group: int | None = Field(default=None, ge=0, description="shapes of one image with the same number belong together")
    score: float | None = Field(default=None, ge=0, le=1)
    model: str | None = Field(default=None, max_length=200, description="a round's number, or the name of another model")
    iou: float | None = Field(default=None, ge=0, le=1)


class Shapes(Frozen):
    """Everything drawn on one image, and the classes of the image as a whole."""

    type: Literal["shapes"] = "shapes"
    shapes: tuple[Shape, ...] = Field(default=(), max_length=MOST_SHAPES)
    tags: tuple[Annotated[int, Field(ge=0)], ...] = Field(default=(), max_length=1000)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        seen: dict[str, int] = {}
        for position, shape in enumerate(self.shapes):
            if shape.id in seen:
                raise ValueError(f"shapes {seen[shape.id]} and {position} have the same id {shape.id!r}")
            seen[shape.id] = position
        return self


def _few(points: int) -> None:
    if points > MOST_POINTS:
        raise ValueError(f"a shape has at most {MOST_POINTS} points, this one has {points}: simplify it")


# --- what a class allows -----------------------------------------------------------------------------------------------


class Attribute(Frozen):
    """Something said of every shape of a class, or of its image: a choice, a text, a number or a flag."""

    name: Name
    kind: Literal["choice", "text", "number", "flag"]
    choices: tuple[Name, ...] = ()
    default: Answer | None = None
    required: bool = False

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.kind == "choice" and len(self.choices) < 2:
            raise ValueError(f"the attribute {self.name!r} is a choice and needs two choices or more")
        if len(set(self.choices)) < len(self.choices):
            raise ValueError(f"the attribute {self.name!r} names a choice twice")
        if self.default is not None and (problem := self.refuses(self.default)):
            raise ValueError(f"the default of the attribute {self.name!r} {problem}")
        return self

    def refuses(self, answer: Answer) -> str | None:
        """What is wrong with an answer, none when it is one this attribute allows."""
        if self.kind == "choice":
            return None if answer in self.choices else f"is {answer!r}; allowed: {', '.join(self.choices)}"
        given = "flag" if isinstance(answer, bool) else "text" if isinstance(answer, str) else "number"
        return None if given == self.kind else f"is {answer!r}, a {given}; allowed: a {self.kind}"


class Bones(Frozen):
    """The skeleton of a class: the names of its keypoints and the pairs of them, by place, that are joined."""

    nodes: tuple[Name, ...] = Field(min_length=1, max_length=1000)
    edges: tuple[tuple[int, int], ...] = Field(default=(), max_length=10_000)

    @model_validator(mode="after")
    def _joined(self) -> Self:
        if len(set(self.nodes)) < len(self.nodes):
            raise ValueError("two keypoints of a skeleton have the same name")
        for a, b in self.edges:
            if not (0 <= a < len(self.nodes) and 0 <= b < len(self.nodes) and a != b):
                raise ValueError(f"an edge of a skeleton joins {a} and {b}; its keypoints are 0 to {len(self.nodes) - 1}")
        return self
