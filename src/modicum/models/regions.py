"""Results of a Label Studio prediction, in percent of the image -> candidates, with a note for each that is none."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from modicum.formats import brush
from modicum.formats.label_studio import geometry_of
from modicum.formats.losses import RefusedError
from modicum.formats.outline import bitmap, mask_of
from modicum.geometry import Geometry
from modicum.models.reply import Candidate

_KINDS = {
    name: f"{name.removesuffix('labels')}labels"
    for kind in ("rectangle", "polygon", "ellipse", "keypoint", "brush")
    for name in (kind, f"{kind}labels")
}
_ANSWERS = {"choices": "choices", "textarea": "text", "number": "number", "rating": "rating"}  # type -> field of its value
_SKEWED = 0.01  # difference of the sides' ratios from which the model saw another picture


def candidates(said: Mapping[str, Any], width: int, height: int, path: str) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    """What one prediction `{"result": [...], "score": ...}` says of an image of this size in pixels."""
    results = [entry if isinstance(entry, Mapping) else {} for entry in said["result"]]
    regions = {str(result["id"]) for result in results if "id" in result and result.get("type") in _KINDS}
    named, answers = _named(results), _answers(results, regions)
    score = said.get("score")
    found: list[Candidate] = []
    notes: list[str] = []
    for place, result in enumerate(results):
        where = f"{path}.result[{place}]"
        kind, value = result.get("type"), result.get("value")
        if not isinstance(kind, str) or not isinstance(value, Mapping):
            notes.append(f"{where} was left out: it has no type and value")
        elif kind in _KINDS:
            try:
                found += _region(result, _KINDS[kind], named, answers, score, (width, height), where, notes)
            except (RefusedError, ValueError, TypeError, OverflowError) as error:
                notes.append(f"{where}{getattr(error, 'path', '')} was left out: {error!s:.200}")
        elif kind in _ANSWERS and str(result.get("id")) in regions:
            continue  # an answer about a region, which has it
        elif kind == "choices":
            found += [Candidate(name, (), _score(result, score), path=where) for name in _texts(value.get("choices"))]
        elif kind != "labels":
            notes.append(f"{where} was left out: {kind!r:.40} is no shape on an image")
    return tuple(found), tuple(notes)


def _region(
    result: Mapping[str, Any],
    kind: str,
    named: Mapping[str, Sequence[str]],
    answers: Mapping[str, Mapping[str, Any]],
    score: Any,
    image: tuple[int, int],
    where: str,
    notes: list[str],
) -> list[Candidate]:
    value, own = result["value"], str(result.get("id"))
    names = _texts(value.get(str(result["type"]))) or _texts(value.get(kind)) or _texts(value.get("labels")) or named.get(own, ())
    if not names:
        notes.append(f"{where}.value was left out: the region names no class")
        return []
    if len(names) > 1:
        notes.append(f"{where}.value: the first of the classes {', '.join(map(repr, names))} counts")
    geometry = _geometry(kind, value, result, image, notes)
    return [Candidate(names[0], (geometry.model_dump(),), _score(result, score), answers.get(own, {}), path=where)]


def _geometry(
    kind: str, value: Mapping[str, Any], result: Mapping[str, Any], image: tuple[int, int], notes: list[str]
) -> Geometry:
    """Percent count of the image as it is; a mask has the size the model saw and is scaled."""
    seen = (result.get("original_width"), result.get("original_height"))
    if not all(type(side) is int and 0 < side <= 100_000 for side in seen):
        return geometry_of(kind, dict(value), image, result.get("image_rotation"))
    across, down = int(str(seen[0])), int(str(seen[1]))
    if abs(across * image[1] / (down * image[0]) - 1) > _SKEWED:
        notes.append(f"the model saw {across} x {down} pixels, this image has {image[0]} x {image[1]}: its shapes may be off")
    elif (across, down) != image:
        notes.append(
            f"the model saw {across} x {down} pixels, its shapes were scaled to the {image[0]} x {image[1]} of this image"
        )
    if kind != "brushlabels" or (across, down) == image:
        return geometry_of(kind, dict(value), image, result.get("image_rotation"))
    mask = brush.decoded(dict(value), across, down)
    whole = np.zeros((down, across), np.uint8)
    whole[mask.y : mask.y + mask.h, mask.x : mask.x + mask.w] = bitmap(mask)
    return mask_of(np.asarray(Image.fromarray(whole).resize(image, Image.Resampling.NEAREST)) > 0, 0, 0)


def _named(results: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Classes that stand in a result of their own, by the region's id."""
    found: dict[str, list[str]] = {}
    for result in results:
        value = result.get("value")
        if result.get("type") == "labels" and isinstance(value, Mapping):
            found.setdefault(str(result.get("id")), []).extend(_texts(value.get("labels")))
    return found


def _answers(results: Sequence[Mapping[str, Any]], regions: set[str]) -> dict[str, dict[str, Any]]:
    """Answers to questions about regions, by the region's id and the question's name."""
    found: dict[str, dict[str, Any]] = {}
    for result in results:
        value, kind = result.get("value"), result.get("type")
        if isinstance(kind, str) and kind in _ANSWERS and isinstance(value, Mapping) and str(result.get("id")) in regions:
            given = value.get(_ANSWERS[kind])
            answer = given[0] if isinstance(given, list) and len(given) == 1 else given
            found.setdefault(str(result.get("id")), {})[str(result.get("from_name"))] = answer
    return found


def _texts(given: Any) -> list[str]:
    return [text for text in given if isinstance(text, str)] if isinstance(given, list) else []


def _score(result: Mapping[str, Any], score: Any) -> float | None:
    """The region's own score, else the prediction's."""
    for given in (result.get("score"), score):
        if isinstance(given, int | float) and not isinstance(given, bool):
            return float(given)
    return None
