"""What a person has drawn, checked against schema and image, and set beside the pre-labels it came from."""

from collections.abc import Mapping
from typing import Any

from modicum.engine import measure
from modicum.errors import InputError
from modicum.geometry import Kind, Shape, Shapes, Skeleton
from modicum.types import Class, Prediction, Schema

DIGITS = 4  # of an IoU


def checked(schema: Schema, value: Shapes, width: int, height: int, shown: Prediction | None) -> Shapes:
    """The drawing as it is stored: with the IoU of every shape that came from a pre-label, 1 when it was accepted as it was.

    What a shape says of a pre-label counts only where that pre-label was shown. Raises InputError with the path of the first
    thing the schema does not allow, or that lies outside the image.
    """
    for place, class_id in enumerate(value.tags):
        _class(schema, class_id, f"$.value.tags[{place}]")
    before = _suggested(shown)
    kept = []
    for place, shape in enumerate(value.shapes):
        _check(schema, shape, width, height, f"$.value.shapes[{place}]")
        kept.append(_beside(shape, before.get(shape.id)))
    return value.model_copy(update={"shapes": tuple(kept), "tags": tuple(dict.fromkeys(value.tags))})


def _suggested(shown: Prediction | None) -> dict[str, Shape]:
    if shown is None or not isinstance(shown.value, Shapes):
        return {}
    return {shape.id: shape for shape in shown.value.shapes}


def _beside(shape: Shape, suggested: Shape | None) -> Shape:
    if suggested is None:
        return shape.model_copy(update={"score": None, "model": None, "iou": None})
    same = shape.geometry == suggested.geometry
    iou = 1.0 if same else measure.iou(shape.geometry, suggested.geometry)
    return shape.model_copy(update={"score": suggested.score, "model": suggested.model, "iou": round(iou, DIGITS)})


# --- one shape ---------------------------------------------------------------------------------------------------------


def _check(schema: Schema, shape: Shape, width: int, height: int, path: str) -> None:
    entry = _class(schema, shape.class_id, f"{path}.class_id")
    kind = Kind(shape.geometry.kind)
    if entry.shapes and kind not in entry.shapes:
        allowed = ", ".join(entry.shapes)
        raise InputError(f"the class {entry.name!r} is not drawn as a {kind}; allowed: {allowed}", path=f"{path}.geometry.kind")
    if isinstance(shape.geometry, Skeleton):
        _check_nodes(entry, shape.geometry, path)
    x0, y0, x1, y1 = measure.bounds(shape.geometry)
    if x1 < 0 or y1 < 0 or x0 > width or y0 > height:
        raise InputError(
            f"the {kind} lies outside the image: it spans {x0:g} to {x1:g} and {y0:g} to {y1:g}, the image is {width} x {height}",
            path=f"{path}.geometry",
        )
    _check_attributes(entry, shape.attributes, f"{path}.attributes")


def _class(schema: Schema, class_id: int, path: str) -> Class:
    if not 0 <= class_id < len(schema.classes):
        raise InputError(f"there is no class {class_id}; the schema has {len(schema.classes)}: reload the page", path=path)
    entry = schema.classes[class_id]
    if entry.archived:
        raise InputError(f"the class {entry.name!r} is archived: choose another one", path=path)
    return entry


def _check_nodes(entry: Class, skeleton: Skeleton, path: str) -> None:
    """Fewer nodes are fine: keypoints that were added to the class since are not marked."""
    known = 0 if entry.skeleton is None else len(entry.skeleton.nodes)
    if len(skeleton.nodes) > known:
        raise InputError(
            f"the skeleton has {len(skeleton.nodes)} keypoints, the class {entry.name!r} has {known}",
            path=f"{path}.geometry.nodes",
        )


def _check_attributes(entry: Class, answers: Mapping[str, Any], path: str) -> None:
    known = {attribute.name: attribute for attribute in entry.attributes}
    for name, answer in answers.items():
        if name not in known:
            allowed = ", ".join(known) or "none"
            raise InputError(f"the class {entry.name!r} has no attribute {name!r}; it has: {allowed}", path=f"{path}.{name}")
        problem = known[name].refuses(answer)
        if problem:
            raise InputError(f"the attribute {name!r} {problem}", path=f"{path}.{name}")
    missing = [name for name, attribute in known.items() if attribute.required and name not in answers]
    if missing:
        raise InputError(f"the class {entry.name!r} needs an answer to {missing[0]!r}", path=f"{path}.{missing[0]}")
