"""What writers say of the things their format has no place for, in the same words everywhere."""

from collections.abc import Collection

from modicum.formats.losses import Losses
from modicum.formats.pictures import Drawings, Picture, is_made_up
from modicum.geometry import Kind, Shape

_NAMES = {
    Kind.BOX: "boxes",
    Kind.ROTATED: "rotated boxes",
    Kind.ELLIPSE: "ellipses",
    Kind.POLYGON: "polygons",
    Kind.POLYLINE: "lines",
    Kind.POINTS: "points",
    Kind.SKELETON: "skeletons",
    Kind.MASK: "masks",
}


class Keeper:
    """Reports what a format cannot hold.

    `holds` names what it can, of: id, image id, attributes, score, model, group, tags, predictions, facts, colour, skeleton,
    definitions (of attributes), kinds (allowed for a class), empty (images without a shape).
    """

    def __init__(self, name: str, losses: Losses, holds: Collection[str]) -> None:
        self.name, self.losses, self.holds = name, losses, frozenset(holds)

    def schema(self, drawings: Drawings) -> None:
        """Of every class, what is said beyond its name."""
        for entry in drawings.classes:
            path = f"$.classes[{entry.id}]"
            for part, there in (
                ("colour", entry.colour),
                ("skeleton", entry.skeleton),
                ("definitions", entry.attributes),
                ("kinds", entry.shapes),
            ):
                if there and part not in self.holds:
                    what = {"definitions": "which attributes a class has", "kinds": "which shapes a class allows"}
                    told = what.get(part, f"the {part} of a class")
                    self.losses.left_out("classes", path, f"{self.name} does not hold {told}", entry.name)

    def picture(self, picture: Picture) -> None:
        """Of an image and its shapes, whatever is not a shape itself."""
        holds, losses, file = self.holds, self.losses, picture.where
        if picture.shapes.tags and "tags" not in holds:
            count = len(picture.shapes.tags)
            losses.left_out(file, f"{picture.path}.tags", f"{self.name} holds no classes of whole images", count=count)
        if picture.predictions and "predictions" not in holds:
            count = sum(len(said.shapes) for said in picture.predictions)
            what = f"{self.name} holds no predictions beside labels"
            losses.left_out(file, f"{picture.path}.predictions", what, count=max(count, 1))
        if picture.facts and "facts" not in holds:
            told = ", ".join(list(picture.facts)[:10])
            losses.left_out(file, picture.path, f"{self.name} holds nothing of where a label comes from", told)
        if picture.id and "image id" not in holds and picture.id != picture.name:
            losses.left_out(file, picture.path, f"{self.name} holds no ids of images", picture.id[:60])
        for place, shape in enumerate(picture.shapes.shapes):
            self.shape(picture, place, shape)

    def shape(self, picture: Picture, place: int, shape: Shape) -> None:
        holds, losses, file = self.holds, self.losses, picture.where
        if "id" not in holds and not is_made_up(shape.id):
            losses.left_out(file, f"{picture.place(place)}.id", f"{self.name} holds no ids of shapes", shape.id)
        if shape.attributes and "attributes" not in holds:
            told = ", ".join(list(shape.attributes)[:10])
            where = f"{picture.place(place)}.attributes"
            losses.left_out(file, where, f"{self.name} holds no attributes", told, len(shape.attributes))
        if shape.group is not None and "group" not in holds:
            losses.left_out(file, f"{picture.place(place)}.group", f"{self.name} holds no groups of shapes")
        if shape.score is not None and "score" not in holds:
            losses.left_out(file, f"{picture.place(place)}.score", f"{self.name} holds no scores")
        if (shape.model is not None or shape.iou is not None) and "model" not in holds:
            losses.left_out(file, picture.place(place), f"{self.name} does not hold which model a shape came from")

    def became(self, picture: Picture, place: int, shape: Shape, other: str) -> None:
        """A shape is written as another kind."""
        kind = _NAMES[Kind(shape.geometry.kind)]
        self.losses.changed(picture.where, picture.place(place), f"{self.name}: {kind} became {other}")

    def dropped(self, picture: Picture, place: int, shape: Shape) -> None:
        """A shape is not written at all."""
        kind = _NAMES[Kind(shape.geometry.kind)]
        self.losses.left_out(picture.where, picture.place(place), f"{self.name} holds no {kind}")

    def sizeless(self, picture: Picture) -> None:
        """An image whose size nobody knows, for a format that counts in parts of it."""
        what = f"{self.name} counts in parts of the image, whose size is unknown: give the folder of the images"
        self.losses.left_out(picture.where, picture.path, what, picture.name[:100])
