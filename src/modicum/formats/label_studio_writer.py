"""What Label Studio JSON is written by: tasks, and the labeling configuration that shows them; see `label_studio`."""

import math
from collections.abc import Iterator
from typing import Any

from modicum.formats import brush, json_stream, markup
from modicum.formats.losing import Keeper
from modicum.formats.losses import Losses, RefusedError
from modicum.formats.outline import one_ring, rings
from modicum.formats.pictures import (
    Drawings,
    Numbers,
    Picture,
)
from modicum.formats.places import Out
from modicum.geometry import (
    Answer,
    Box,
    Ellipse,
    Mask,
    Points,
    Polygon,
    Polyline,
    Rotated,
    Shape,
    Shapes,
    Skeleton,
)
from modicum.types import Class

TYPES = ("rectanglelabels", "polygonlabels", "ellipselabels", "keypointlabels", "brushlabels")
TAGS = "tags"


def write(drawings: Drawings, out: Out, losses: Losses) -> None:
    """Label Studio JSON: tasks with annotations and predictions, and the labeling configuration beside it."""
    holds = {"id", "image id", "attributes", "score", "model", "tags", "predictions", "facts", "colour"}
    keeper = Keeper("Label Studio", losses, holds)
    keeper.schema(drawings)
    ids = Numbers()
    seen: dict[str, str] = {}
    used: set[str] = set()
    with out.file(out.main) as file:
        for place, picture in enumerate(drawings.pictures):
            keeper.picture(picture)
            writer = _Writer(picture, drawings.classes, keeper, seen, used)
            task = writer.task(ids.of(picture.id))
            file.write((b",\n" if place else b"[\n") + json_stream.dump(task))
        file.write(b"\n]\n" if ids.taken else b"[]\n")
    stem = out.main.rpartition(".")[0] or out.main
    out.put(f"{stem}.config.xml", config(drawings.classes, used, seen))


class _Writer:
    def __init__(
        self, picture: Picture, classes: tuple[Class, ...], keeper: Keeper, answers: dict[str, str], used: set[str]
    ) -> None:
        self.picture, self.classes, self.keeper, self.answers, self.used = picture, classes, keeper, answers, used
        self.file = picture.where

    def task(self, id: int) -> dict[str, Any]:
        picture = self.picture
        if picture.id and str(id) != picture.id:
            self.keeper.losses.changed(self.file, picture.path, "Label Studio numbers tasks: an id was replaced", picture.id[:60])
        data = {"image": picture.name, "width": picture.width, "height": picture.height}
        data.update((key, value) for key, value in picture.facts.items() if key not in data)
        predictions = []
        for said in picture.predictions:
            model = next((shape.model for shape in said.shapes if shape.model), None)
            scores = [shape.score for shape in said.shapes if shape.score is not None]
            predictions.append(
                {
                    "model_version": model or "",
                    "score": sum(scores) / len(scores) if scores else None,
                    "result": self.results(said, "predictions"),
                }
            )
        annotation = {"result": self.results(picture.shapes, ""), "was_cancelled": False, "ground_truth": False}
        return {"id": id, "data": data, "annotations": [annotation], "predictions": predictions}

    def results(self, said: Shapes, part: str) -> list[dict[str, Any]]:
        picture = self.picture
        if said.shapes and not (picture.width and picture.height):
            self.keeper.sizeless(picture)
            return []
        found: list[dict[str, Any]] = []
        for place, shape in enumerate(said.shapes):
            try:
                found += self.region(shape, place)
            except RefusedError as error:
                self.keeper.losses.left_out(self.file, picture.place(place), error.what, error.detail)
        if said.tags:
            names = [self.classes[tag].name for tag in said.tags]
            self.used.add("choices")
            found.append({"type": "choices", "from_name": TAGS, "to_name": "image", "value": {"choices": names}})
        return found

    def region(self, shape: Shape, place: int) -> Iterator[dict[str, Any]]:
        name = self.classes[shape.class_id].name
        wanted = self.geometry(shape, place)
        common: dict[str, Any] = {
            "to_name": "image",
            "original_width": self.picture.width,
            "original_height": self.picture.height,
            "image_rotation": 0,
        }
        for n, (kind, value) in enumerate(wanted):
            self.used.add(kind)
            id = shape.id if n == 0 else f"{shape.id[:30]}.{n}"
            entry = {"id": id, "type": kind, "from_name": kind.removesuffix("labels"), **common}
            entry["value"] = {**value, kind: [name]}
            if shape.score is not None:
                entry["score"] = shape.score
            yield entry
            for key, answer in shape.attributes.items():
                yield {"id": id, **common, **self.answer(key, answer, place), "meta": {"region": True}}

    def answer(self, key: str, answer: Answer, place: int) -> dict[str, Any]:
        value: dict[str, Any]
        if isinstance(answer, bool):
            what = "Label Studio: flags became the choices true and false"
            self.keeper.losses.changed(self.file, f"{self.picture.place(place)}.attributes.{key}", what)
            kind, value = "choices", {"choices": ["true" if answer else "false"]}
        elif isinstance(answer, str):
            kind, value = "textarea", {"text": [answer]}
        else:
            kind, value = "number", {"number": answer}
        self.answers.setdefault(key, kind)
        return {"type": kind, "from_name": key, "value": value}

    def geometry(self, shape: Shape, place: int) -> list[tuple[str, dict[str, Any]]]:
        across, down = 100 / self.picture.width, 100 / self.picture.height
        match shape.geometry:
            case Box(x=x, y=y, w=w, h=h):
                box = {"x": x * across, "y": y * down, "width": w * across, "height": h * down, "rotation": 0}
                return [("rectanglelabels", box)]
            case Rotated(cx=cx, cy=cy, w=w, h=h, angle=angle):
                cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
                x, y = cx - w / 2 * cos + h / 2 * sin, cy - w / 2 * sin - h / 2 * cos
                box = {"x": x * across, "y": y * down, "width": w * across, "height": h * down, "rotation": angle}
                return [("rectanglelabels", box)]
            case Ellipse(cx=cx, cy=cy, rx=rx, ry=ry, angle=angle):
                value = {"x": cx * across, "y": cy * down, "radiusX": rx * across, "radiusY": ry * down, "rotation": angle}
                return [("ellipselabels", value)]
            case Polygon(rings=found) as polygon:
                if len(found) > 1:
                    self.keeper.became(self.picture, place, shape, "one outline each, their parts and holes joined by cuts")
                ring = one_ring(rings(polygon))
                return [("polygonlabels", {"points": [[x * across, y * down] for x, y in ring], "closed": True})]
            case Mask() as mask:
                return [("brushlabels", {"format": "rle", "rle": brush.encoded(mask, self.picture.width, self.picture.height)})]
            case Points(points=points):
                if len(points) > 1:
                    self.keeper.became(self.picture, place, shape, "one region a point")
                return [self._point(x, y) for x, y in points]
            case Skeleton(nodes=nodes):
                self.keeper.became(self.picture, place, shape, "one region a keypoint, without their names and visibility")
                return [self._point(x, y) for x, y, v in nodes if v]
            case Polyline():
                self.keeper.dropped(self.picture, place, shape)
        return []

    def _point(self, x: float, y: float) -> tuple[str, dict[str, Any]]:
        return "keypointlabels", {"x": x * 100 / self.picture.width, "y": y * 100 / self.picture.height, "width": 0.5}


def config(classes: tuple[Class, ...], used: set[str], answers: dict[str, str]) -> str:
    """The labeling configuration that shows these tasks."""
    attribute = markup.attribute
    labels = "".join(
        f"    <Label value={attribute(entry.name)}" + (f' background="{entry.colour}"' if entry.colour else "") + "/>\n"
        for entry in classes
    )
    tags = {kind: kind.removesuffix("labels").capitalize() + "Labels" for kind in TYPES}
    tags["keypointlabels"] = "KeyPointLabels"
    lines = ["<View>", '  <Image name="image" value="$image"/>']
    for kind in (kind for kind in TYPES if kind in used or (kind == "rectanglelabels" and not used)):
        lines.append(f'  <{tags[kind]} name="{kind.removesuffix("labels")}" toName="image">\n{labels}  </{tags[kind]}>')
    if "choices" in used:
        choices = "".join(f"    <Choice value={attribute(entry.name)}/>\n" for entry in classes)
        lines.append(f'  <Choices name="{TAGS}" toName="image" choice="multiple">\n{choices}  </Choices>')
    for key, kind in answers.items():
        given = f'name={attribute(key)} toName="image" perRegion="true"'
        if kind == "choices":
            lines.append(f'  <Choices {given}><Choice value="true"/><Choice value="false"/></Choices>')
        else:
            lines.append(f"  <{'Number' if kind == 'number' else 'TextArea'} {given}/>")
    return "\n".join([*lines, "</View>\n"])
