"""Detectors whose boxes come apart from their scores: DETR and its kin, torchvision, RT-DETR; and a class for every pixel."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from modicum.errors import ModelError
from modicum.models.description import Description
from modicum.models.frame import Floats, Frame
from modicum.models.overlaps import surest
from modicum.models.reply import Candidate

_SMALLEST = 16  # pixels a region of a semantic class needs on the picture


def from_logits(outputs: dict[str, Floats], said: Description, classes: tuple[str, ...], frame: Frame) -> list[Candidate]:
    """DETR: logits [q, c] and relative boxes [q, 4]. With one column more than classes the last one stands for nothing
    (Carion et al. 2020); otherwise every class has a probability of its own (Zhu et al. 2021)."""
    logits, boxes = outputs["logits"], outputs["boxes"]
    if logits.ndim != 2 or boxes.shape != (len(logits), 4):
        raise ModelError(
            f"detr needs logits [q, c] and boxes [q, 4] a picture; received {list(logits.shape)}, {list(boxes.shape)}"
        )
    softmax = said.activation == "softmax" or (said.activation is None and logits.shape[1] == len(classes) + 1)
    if logits.shape[1] < len(classes):
        raise ModelError(f"the logits have {logits.shape[1]} columns, the JSON names {len(classes)} classes")
    if softmax:
        scores = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores /= scores.sum(axis=1, keepdims=True)
        if logits.shape[1] == len(classes) + 1:
            scores = scores[:, :-1]
    else:
        scores = logits if said.activation == "none" else expit(logits)
    if said.background is not None and 0 <= said.background < scores.shape[1]:
        scores = np.delete(scores, said.background, axis=1)
        numbers = np.delete(np.arange(logits.shape[1]), said.background)
    else:
        numbers = np.arange(scores.shape[1])
    kinds = numbers[scores.argmax(axis=1)]
    corners = boxes if said.corners else _cornered(boxes)
    if said.relative is not False:
        corners = corners * np.array([frame.input_width, frame.input_height] * 2, np.float32)
    masks = outputs.get("masks")
    if masks is not None:
        masks = expit(masks)
    return _candidates(corners, scores.max(axis=1), kinds, masks, said, classes, frame, said.overlap)


def from_boxes(outputs: dict[str, Floats], said: Description, classes: tuple[str, ...], frame: Frame) -> list[Candidate]:
    """boxes [n, 4] with scores [n] and labels [n], or with scores [n, c]; those are suppressed where they overlap."""
    boxes, scores, labels = outputs["boxes"], outputs["scores"], outputs.get("labels")
    if boxes.ndim != 2 or boxes.shape[1] != 4 or len(scores) != len(boxes):
        raise ModelError(
            f"needs boxes [n, 4] and scores for them a picture; received {list(boxes.shape)} and {list(scores.shape)}"
        )
    overlap = said.overlap
    if said.activation == "sigmoid":
        scores = expit(scores)
    if scores.ndim == 2:
        kinds = scores.argmax(axis=1)
        scores = scores.max(axis=1)
        overlap = 0.6 if overlap is None else overlap
    elif labels is None or labels.shape != scores.shape:
        raise ModelError("scores [n] need labels [n] beside them: name that output in outputs, as labels")
    else:
        kinds = np.rint(labels).astype(np.int64)
    corners = _cornered(boxes) if said.corners is False else boxes
    if said.relative:
        corners = corners * np.array([frame.input_width, frame.input_height] * 2, np.float32)
    masks = outputs.get("masks")
    if masks is not None and masks.ndim == 4:
        masks = masks[:, 0]
    return _candidates(corners, scores, kinds, masks, said, classes, frame, overlap)


def from_pixels(outputs: dict[str, Floats], said: Description, classes: tuple[str, ...], frame: Frame) -> list[Candidate]:
    """A class for every pixel: scores [c, h, w], or class numbers [h, w]. One mask for each class and connected region."""
    from scipy.ndimage import find_objects, label

    raw = outputs["predictions"]
    if raw.ndim == 3 and raw.shape[0] == 1:
        raw = raw[0]
    if raw.ndim not in (2, 3):
        raise ModelError(f"semantic needs scores [c, h, w] or classes [h, w] a picture; received {list(raw.shape)}")
    best = raw.argmax(axis=0) if raw.ndim == 3 else np.rint(raw).astype(np.int64)
    sure = _shares(raw, said).max(axis=0) if raw.ndim == 3 else np.ones(best.shape, np.float32)
    found: list[Candidate] = []
    for number in np.unique(best).tolist():
        if number == (0 if said.background is None else said.background):
            continue
        regions, _ = label(best == number)
        for place, where in enumerate(find_objects(regions), 1):
            inside = regions[where] == place
            score = float(sure[where][inside].mean())
            mask = _region(regions == place, where, frame)
            if mask is not None and score >= said.above:
                found.append(Candidate(_name(classes, number - said.first_class), (mask,), score, path=f"region {len(found)}"))
    return sorted(found, key=lambda entry: -(entry.score or 0))[: said.most]


def _region(region: NDArray[np.bool_], where: tuple[slice, ...], frame: Frame) -> dict[str, object] | None:
    rows, columns = region.shape
    down, across = frame.input_height / rows, frame.input_width / columns
    places = np.array(
        [[where[1].start * across, where[0].start * down], [where[1].stop * across, where[0].stop * down]], np.float32
    )
    mask = frame.patch(region.astype(np.float32), frame.back(places).ravel())
    return mask if mask is not None and _pixels(mask) >= _SMALLEST else None


def _pixels(mask: dict[str, object]) -> int:
    counts = mask["counts"]
    return sum(counts[1::2]) if isinstance(counts, tuple) else 0


def _shares(raw: Floats, said: Description) -> Floats:
    """Scores of classes [c, h, w] as probabilities."""
    if said.activation == "none":
        return raw
    if said.activation == "sigmoid":
        return np.asarray(expit(raw), np.float32)
    powers = np.exp(raw - raw.max(axis=0, keepdims=True))
    return np.asarray(powers / powers.sum(axis=0, keepdims=True), np.float32)


def _candidates(
    corners: Floats,
    scores: Floats,
    kinds: NDArray[np.int64],
    masks: Floats | None,
    said: Description,
    classes: tuple[str, ...],
    frame: Frame,
    overlap: float | None,
) -> list[Candidate]:
    rows = np.flatnonzero((scores >= said.above) & (kinds != (-1 if said.background is None else said.background)))
    kept = rows[surest(corners[rows], scores[rows], kinds[rows], overlap, said.most)]
    result = []
    for row in kept.tolist():
        box = frame.back(corners[row].reshape(2, 2)).ravel()
        x0, y0, x1, y1 = (float(value) for value in box)
        forms: list[dict[str, object]] = [{"kind": "box", "x": x0, "y": y0, "w": x1 - x0, "h": y1 - y0}]
        if masks is not None and (mask := frame.patch(masks[row], box)) is not None:
            forms.insert(0, mask)
        name = _name(classes, int(kinds[row]) - said.first_class)
        result.append(Candidate(name, tuple(forms), float(scores[row]), path=f"detection {row}"))
    return result


def _name(classes: tuple[str, ...], number: int) -> str:
    return classes[number] if 0 <= number < len(classes) else f"class {number}"


def _cornered(boxes: Floats) -> Floats:
    half = boxes[:, 2:4] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)
