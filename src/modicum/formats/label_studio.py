"""Label Studio JSON: tasks with annotations and predictions, in percent of the image.

Source: Label Studio's documentation of its raw JSON format and of each control tag. A rectangle turns around its top left
corner there. Regions of one point each stand for points and keypoints. Beside the tasks stands the labeling configuration.
"""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import IO, Any
from urllib.parse import parse_qs, unquote, urlparse

from modicum.errors import ModicumError, SourceError
from modicum.formats import brush, json_stream
from modicum.formats.label_studio_writer import TAGS, TYPES, write
from modicum.formats.losses import Losses, RefusedError
from modicum.formats.pictures import (
    Classes,
    Drawings,
    Fact,
    Gathering,
    Picture,
    ShapeFormat,
    finite,
    number,
    pairs,
    size,
)
from modicum.formats.places import IMAGES, Source
from modicum.geometry import (
    Answer,
    Box,
    Ellipse,
    Geometry,
    Points,
    Polygon,
    Rotated,
    Shapes,
)

_BARE = {"rectangle": "rectanglelabels", "polygon": "polygonlabels", "ellipse": "ellipselabels", "keypoint": "keypointlabels"}
_BARE["brush"] = "brushlabels"
_ANSWERS = ("choices", "textarea", "number", "rating")


def detect(source: Source) -> bool:
    return any(_is_tasks(source, name) for name in source.having(".json")[:3])


def _is_tasks(source: Source, name: str) -> bool:
    with source.open(name) as file:
        head = file.read(2**16).lstrip(b"\xef\xbb\xbf \t\r\n")
    return head[:1] in b"[{" and b'"data"' in head and (b'"annotations"' in head or b'"predictions"' in head)


# --- reading -----------------------------------------------------------------------------------------------------------


def read(source: Source, losses: Losses) -> Drawings:
    """One JSON file of tasks; a folder or zip must hold exactly one. Raises SourceError."""
    files = source.names if source.alone else [name for name in source.having(".json") if _is_tasks(source, name)]
    if len(files) != 1:
        raise SourceError(f"{source.path} holds {len(files)} files of Label Studio tasks; exactly one is read: name it")
    file = files[0]
    classes = Classes(file, losses)
    with source.open(file) as data:  # classes are known before the first picture: names are collected first
        for task in _tasks(data, file):
            for path, result in _results(task.value):
                for label in _labels(result):
                    if label not in classes.known:
                        classes.of(label, f"$[{task.place}].{path[0]}[{path[1]}].result[{path[2]}]")
    return Drawings(classes.tuple(), _pictures(source, file, classes, losses))


def _tasks(data: IO[bytes], file: str) -> Iterator[json_stream.Element]:
    return (element for element in json_stream.elements(data, file) if element.key == "" and element.place >= 0)


def _results(task: Any) -> Iterator[tuple[tuple[str, int, int], dict[str, Any]]]:
    """Every result of a task, with the part it stands in and its two places there."""
    if not isinstance(task, dict):
        return
    for part in ("annotations", "completions", "predictions"):
        for n, said in enumerate(task.get(part) or ()):
            for m, result in enumerate((said.get("result") if isinstance(said, dict) else None) or ()):
                if isinstance(result, dict):
                    yield (part, n, m), result


def _labels(result: dict[str, Any]) -> list[str]:
    """The classes a result names: of a region, or of the whole image."""
    kind, value = result.get("type"), result.get("value")
    if not isinstance(value, dict) or not isinstance(kind, str):
        return []
    whole = kind == "choices" and (result.get("from_name") == TAGS or not _is_region(value))
    if kind in TYPES or kind == "labels" or (whole and _is_tag(result)):
        found = value.get(kind)
        return [label for label in found if isinstance(label, str)] if isinstance(found, list) else []
    return []


def _is_region(value: dict[str, Any]) -> bool:
    return "x" in value or "points" in value or "rle" in value


def _is_tag(result: dict[str, Any]) -> bool:
    """Whether choices are of the whole image: those of a region carry its geometry or say whose answer they are."""
    return not _is_region(result.get("value") or {}) and not (result.get("meta") or {}).get("region")


def _pictures(source: Source, file: str, classes: Classes, losses: Losses) -> Iterator[Picture]:
    with source.open(file) as data:
        for element in _tasks(data, file):
            path = f"$[{element.place}]"
            task = element.value
            if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
                losses.left_out(file, path, "a task that is no object with data")
                continue
            name = _name(task["data"])
            if not name:
                losses.left_out(file, f"{path}.data", "a task without an image", ", ".join(map(str, task["data"]))[:100])
                continue
            yield _picture(task, name, path, source, file, classes, losses)


def _name(data: dict[str, Any]) -> str:
    """The image of a task: what `image` says, else the first text that ends like an image. Uploads lose the prefix they got."""
    texts = [data[key] for key in ("image", "img", "picture") if isinstance(data.get(key), str)]
    texts += [text for text in data.values() if isinstance(text, str) and text.partition("?")[0].lower().endswith(IMAGES)]
    if not texts:
        return ""
    address = urlparse(texts[0]) if "://" in texts[0] or texts[0].startswith("/data/") else None
    if address is None:
        return str(texts[0])
    if address.path.startswith("/data/local-files"):
        return unquote(parse_qs(address.query).get("d", [""])[0])
    last = unquote(address.path.rpartition("/")[2])
    prefix, dash, rest = last.partition("-")
    uploaded = (
        address.path.startswith("/data/upload") and dash and len(prefix) == 8 and all(c in "0123456789abcdef" for c in prefix)
    )
    if uploaded:
        return rest
    return unquote(address.path.lstrip("/")) if address.scheme not in ("http", "https") else last


def _picture(task: dict[str, Any], name: str, path: str, source: Source, file: str, classes: Classes, losses: Losses) -> Picture:
    width, height = _size(task, name, path, source, file, losses)
    said = task.get("annotations") or task.get("completions") or []
    valid = [(n, a) for n, a in enumerate(said) if isinstance(a, dict) and not a.get("was_cancelled")]
    valid.sort(key=lambda pair: not pair[1].get("ground_truth"))
    for n, other in valid[1:]:
        what = "a further annotation of the same task: the first counts, or the one marked as ground truth"
        losses.left_out(file, f"{path}.annotations[{n}]", what, count=max(1, len(other.get("result") or ())))
    for n, other in enumerate(said):
        if isinstance(other, dict) and other.get("was_cancelled"):
            losses.left_out(file, f"{path}.annotations[{n}]", "an annotation that was cancelled")
    shapes = Shapes()
    places: tuple[str, ...] = ()
    if valid:
        n, chosen = valid[0]
        gathering = Gathering(file, losses)
        tags = _gather(chosen.get("result"), f"{path}.annotations[{n}]", (width, height), classes, gathering, None)
        shapes, places = gathering.drawn(tags), tuple(gathering.places)
    predictions = []
    for n, guess in enumerate(task.get("predictions") or ()):
        if isinstance(guess, dict):
            gathering = Gathering(file, losses)
            model = guess.get("model_version")
            where = f"{path}.predictions[{n}]"
            tags = _gather(guess.get("result"), where, (width, height), classes, gathering, str(model) if model else None)
            predictions.append(gathering.drawn(tags))
        else:
            what = "a prediction that is only a number: export a snapshot that holds predictions whole"
            losses.left_out(file, f"{path}.predictions[{n}]", what, f"{guess!r:.40}")
    told = ((key, value) for key, value in task["data"].items() if key not in ("image", "width", "height") and value != name)
    facts: dict[str, Fact] = {key: value for key, value in told if value is None or isinstance(value, str | int | float)}
    id = task.get("id")
    return Picture(
        name, width, height, shapes, tuple(predictions), str(id) if isinstance(id, int | str) else "", facts, file, path, places
    )


def _size(task: dict[str, Any], name: str, path: str, source: Source, file: str, losses: Losses) -> tuple[int, int]:
    """What the results or the data say; they are percentages of what the results say. Else the image itself."""
    found: set[tuple[int, int]] = set()
    for (part, n, m), result in _results(task):
        width, height = result.get("original_width"), result.get("original_height")
        if width is None or (type(width) is type(height) is int and (width, height) in found):
            continue
        try:
            found.add((size(width, ".original_width"), size(height, ".original_height")))
        except RefusedError as error:
            losses.changed(file, f"{path}.{part}[{n}].result[{m}]{error.path}", error.what, error.detail)
    if len(found) > 1:
        told = ", ".join(f"{w} x {h}" for w, h in sorted(found))
        losses.changed(file, path, "results of one task that name different sizes; the largest counts", told)
    if found:
        return max(found)
    data = task["data"]
    if isinstance(data.get("width"), int) and isinstance(data.get("height"), int) and data["width"] > 0 and data["height"] > 0:
        return data["width"], data["height"]
    try:
        return (source.image_size(name) if source.has_images else None) or (0, 0)
    except ModicumError:
        return 0, 0


def _gather(
    results: Any, path: str, image: tuple[int, int], classes: Classes, gathering: Gathering, model: str | None
) -> list[int]:
    """Adds the regions of one annotation or prediction; returns the classes of the whole image."""
    answers: dict[str, dict[str, Answer]] = {}
    named: dict[str, list[str]] = {}
    tags: list[int] = []
    regions: list[tuple[str, dict[str, Any]]] = []
    for place, result in enumerate(results if isinstance(results, list) else ()):
        where = f"{path}.result[{place}]"
        kind = result.get("type") if isinstance(result, dict) else None
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(kind, str) or not isinstance(value, dict):
            gathering.refuse(where, RefusedError("a result without type and value", str(kind)[:40]))
        elif kind in TYPES or kind in _BARE:
            regions.append((where, result))
        elif kind == "labels":
            named.setdefault(str(result.get("id")), []).extend(_labels(result))
        elif kind == "choices" and _is_tag(result):
            tags += [classes.of(label, where) for label in _labels(result)]
        elif kind in _ANSWERS:
            given = value.get("text" if kind == "textarea" else kind)
            answer = given[0] if isinstance(given, list) and len(given) == 1 else given
            if answer is not None:
                answers.setdefault(str(result.get("id")), {})[str(result.get("from_name"))] = answer
        else:
            gathering.refuse(where, RefusedError(f"a result that is no shape on an image: {kind[:40]}"))
    for where, result in regions:
        id = result.get("id")
        labels = _labels(result) or named.get(str(id), [])
        if not labels:
            gathering.refuse(where, RefusedError("a region without a class", path=".value"))
            continue
        if len(labels) > 1:
            gathering.losses.left_out(
                gathering.file, f"{where}.value", "a further class of a region: the first counts", ", ".join(labels[1:])[:100]
            )
        kind = _BARE.get(result["type"], result["type"])
        make = partial(geometry_of, kind, result["value"], image, result.get("image_rotation"))
        score = result.get("score")
        own: dict[str, Answer] = answers.get(str(id), {})
        gathering.add(where, classes.of(labels[0], where), make, id=id, attributes=own, score=score, model=model)
    return tags


def geometry_of(kind: str, value: dict[str, Any], image: tuple[int, int], turned: object) -> Geometry:
    width, height = image
    if not width:
        raise RefusedError("Label Studio counts in percent of the image, whose size is unknown: give the folder of the images")

    def at(*keys: str) -> Sequence[float]:
        """Two or four numbers in percent of width, height, width, height, as pixels."""
        try:
            found = finite([value.get(key) for key in keys])
        except RefusedError:
            found = [number(value.get(key), f".value.{key}") for key in keys]
        return [part * of / 100 for part, of in zip(found, (width, height) * 2, strict=False)]

    angle = math.fmod(number(value.get("rotation") or 0, ".value.rotation"), 360)
    if kind == "brushlabels":
        return brush.decoded(value, width, height)
    if kind == "polygonlabels":
        ring = pairs(value.get("points"), ".value.points")
        return Polygon(rings=(tuple([(x * width / 100, y * height / 100) for x, y in ring]),))
    if kind == "keypointlabels":
        x, y = at("x", "y")
        return Points(points=((x, y),))
    if kind == "ellipselabels":
        x, y, rx, ry = at("x", "y", "radiusX", "radiusY")
        if rx <= 0 or ry <= 0:
            raise RefusedError("a shape of zero area", f"{rx:g} x {ry:g}", ".value")
        return Ellipse(cx=x, cy=y, rx=rx, ry=ry, angle=angle)
    x, y, w, h = at("x", "y", "width", "height")
    if w <= 0 or h <= 0:
        raise RefusedError("a shape of zero area", f"{w:g} x {h:g}", ".value")
    if not angle:
        return Box(x=x, y=y, w=w, h=h)
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return Rotated(cx=x + w / 2 * cos - h / 2 * sin, cy=y + w / 2 * sin + h / 2 * cos, w=w, h=h, angle=angle)


FORMAT = ShapeFormat(suffix=".json", media="application/json", detect=detect, read=read, write=write)
