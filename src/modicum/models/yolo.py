"""The YOLO family: v5 to v12 and its end-to-end kin; boxes, masks from prototypes, keypoints, turned boxes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from modicum.errors import ModelError
from modicum.models.description import Description
from modicum.models.frame import Floats, Frame
from modicum.models.overlaps import surest
from modicum.models.reply import Candidate

OVERLAP = 0.6
MOST_END_TO_END = 1_000  # rows; before suppression there are thousands
_SEEN = 0.5  # confidence from which a keypoint is there


@dataclass(frozen=True)
class Detections:
    """Rows of an output taken apart; boxes [n, 4] are corners on the input, `extra` what follows: coefficients, keypoints, an
    angle in radians."""

    boxes: Floats
    scores: Floats
    classes: np.typing.NDArray[np.int64]
    extra: Floats
    finished: bool  # suppressed already


def candidates(outputs: dict[str, Floats], said: Description, classes: tuple[str, ...], frame: Frame) -> list[Candidate]:
    """What one picture's outputs say. Raises ModelError when their shapes do not fit the classes."""
    raw = outputs["predictions"]
    protos = outputs.get("protos")
    extras = _extras(said, protos)
    found = take_apart(raw, said, len(classes), extras)
    sure = found.scores >= said.above
    boxes, scores, kinds, extra = found.boxes[sure], found.scores[sure], found.classes[sure], found.extra[sure]
    if said.relative:
        boxes = boxes * np.array([frame.input_width, frame.input_height] * 2, np.float32)
    turned = said.task == "obb"
    judged = np.concatenate([_centred(boxes), extra[:, :1]], axis=1) if turned else boxes
    overlap = said.overlap if said.overlap is not None else None if found.finished else OVERLAP
    kept = surest(judged, scores, kinds, overlap, said.most)
    result = []
    for row in kept.tolist():
        on_picture = frame.back(boxes[row].reshape(2, 2)).ravel()
        forms = _forms(said, on_picture, judged[row], extra[row], protos, frame)
        number = int(kinds[row])
        name = classes[number] if 0 <= number < len(classes) else f"class {number}"
        result.append(Candidate(name, tuple(forms), float(scores[row]), path=f"detection {row}"))
    return result


def take_apart(raw: Floats, said: Description, n_classes: int, extras: int) -> Detections:
    """One output [rows, columns] or [columns, rows], whatever the generation. Raises ModelError."""
    if raw.ndim != 2:
        raise ModelError(f"the output has the shape {list(raw.shape)} for one picture; a yolo model gives [rows, columns]")
    form, rows = _form(raw, said, n_classes, extras)
    if form == "end-to-end":
        boxes, scores, kinds = rows[:, :4], rows[:, 4], np.rint(rows[:, 5]).astype(np.int64)
        corners = said.task != "obb" if said.corners is None else said.corners
        return Detections(boxes if corners else _cornered(boxes), scores, kinds, rows[:, 6:], True)
    start = 5 if form == "objectness" else 4
    by_class = rows[:, start : start + n_classes]
    if said.activation == "sigmoid":
        by_class = expit(by_class)
    kinds = by_class.argmax(axis=1)
    scores = by_class[np.arange(len(rows)), kinds]
    if form == "objectness":
        scores = scores * rows[:, 4]
    boxes = rows[:, :4] if said.corners else _cornered(rows[:, :4])
    return Detections(boxes, scores, kinds, rows[:, start + n_classes :], False)


def _form(raw: Floats, said: Description, n_classes: int, extras: int) -> tuple[str, Floats]:
    """Which generation it is, from the number of columns, and its rows."""
    columns = {"plain": 4 + n_classes + extras, "objectness": 5 + n_classes + extras, "end-to-end": 6 + extras}
    first, last = raw.shape
    if said.form is not None:
        wanted = columns[said.form]
        if last == wanted:
            return said.form, raw
        if first == wanted:
            return said.form, raw.T
    elif first == columns["plain"] and last > first:
        return "plain", raw.T
    elif last == columns["end-to-end"] and first <= MOST_END_TO_END:
        return "end-to-end", raw
    elif last == columns["objectness"]:
        return "objectness", raw
    elif last == columns["plain"]:
        return "plain", raw
    told = ", ".join(f"{count} ({name})" for name, count in columns.items() if said.form in (None, name))
    raise ModelError(
        f"the output has the shape [{first}, {last}] for one picture; {n_classes} classes and {extras} further numbers a box "
        f"make {told} columns: check classes, task and form in the JSON"
    )


def _extras(said: Description, protos: Floats | None) -> int:
    if said.task == "segment":
        if protos is None:
            raise ModelError("a model that segments has a second output with its prototypes; set task to detect if it has none")
        return int(protos.shape[0])
    if said.task == "pose":
        if said.keypoints is None:
            raise ModelError('a model with poses needs "keypoints": [how many, 2 or 3] in the JSON')
        return said.keypoints[0] * said.keypoints[1]
    return 1 if said.task == "obb" else 0


def _forms(said: Description, box: Floats, judged: Floats, extra: Floats, protos: Floats | None, frame: Frame) -> list[Any]:
    """Geometries of one detection on the picture, the best first."""
    x0, y0, x1, y1 = (float(value) for value in box)
    plain = {"kind": "box", "x": x0, "y": y0, "w": x1 - x0, "h": y1 - y0}
    if said.task == "obb":
        return [_turned(judged, frame)]
    if said.task == "pose" and said.keypoints is not None:
        count, numbers = said.keypoints
        points = extra[: count * numbers].reshape(count, numbers)
        places = frame.back(points[:, :2])
        seen = points[:, 2] >= _SEEN if numbers == 3 else np.ones(count, bool)
        nodes = [(float(x), float(y), 2 if there else 0) for (x, y), there in zip(places, seen, strict=True)]
        return [{"kind": "skeleton", "nodes": nodes}, plain]
    if said.task == "segment" and protos is not None:
        shares = np.tensordot(extra[: protos.shape[0]], protos, axes=1)
        mask = frame.patch(expit(shares), box)
        return [mask, plain] if mask is not None else [plain]
    return [plain]


def _turned(row: Floats, frame: Frame) -> dict[str, Any]:
    """centre, size and radians on the input as a rotated box on the picture; a stretched input makes it approximate."""
    cx, cy, w, h, angle = (float(value) for value in row)
    along = np.array([np.cos(angle) / frame.scale_x, np.sin(angle) / frame.scale_y])
    across = np.array([-np.sin(angle) / frame.scale_x, np.cos(angle) / frame.scale_y])
    centre = frame.back(np.array([cx, cy], np.float32))
    return {
        "kind": "rotated",
        "cx": float(centre[0]),
        "cy": float(centre[1]),
        "w": w * float(np.linalg.norm(along)),
        "h": h * float(np.linalg.norm(across)),
        "angle": float(np.degrees(np.arctan2(along[1], along[0]))),
    }


def _cornered(boxes: Floats) -> Floats:
    half = boxes[:, 2:4] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def _centred(boxes: Floats) -> Floats:
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)
