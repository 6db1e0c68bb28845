"""Any ONNX detector or segmenter with a small JSON beside it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from modicum.errors import ModelError
from modicum.geometry import Kind, Mask
from modicum.models import queries, yolo
from modicum.models.cut import turned_into
from modicum.models.description import Description, read
from modicum.models.frame import Floats, Frame, Preparation, preparation
from modicum.models.reply import Candidate, Photo, Reply

Decoder = Callable[[dict[str, Floats], Description, tuple[str, ...], Frame], list[Candidate]]
DECODERS: Mapping[str, Decoder] = {
    "yolo": yolo.candidates,
    "detr": queries.from_logits,
    "boxes": queries.from_boxes,
    "semantic": queries.from_pixels,
}
_ROLES: Mapping[str, tuple[str, ...]] = {  # those a family needs, and in this order when the JSON names no outputs
    "yolo": ("predictions", "protos"),
    "detr": ("logits", "boxes", "masks"),
    "boxes": ("boxes", "scores", "labels", "masks"),
    "semantic": ("predictions",),
}
_NEEDED: Mapping[str, int] = {"yolo": 1, "detr": 2, "boxes": 2, "semantic": 1}
_OTHER_NAMES = {  # of outputs, as well-known exporters call them
    "logits": ("logits", "pred_logits", "labels"),
    "boxes": ("boxes", "pred_boxes", "dets", "bboxes", "det_boxes"),
    "scores": ("scores", "det_scores"),
    "labels": ("labels", "classes", "det_classes"),
    "masks": ("masks", "pred_masks"),
}
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8, "tensor(double)": np.float64}


@dataclass(frozen=True)
class OnnxModel:
    """A loaded network; one picture at a time, with as many threads as there are cores."""

    name: str
    version: str
    classes: tuple[str, ...]
    said: Description
    session: onnxruntime.InferenceSession
    prepared: Preparation
    outputs: Mapping[str, str]  # role -> output
    batched: bool
    sized: str | None  # the input that wants the picture's size
    step: int = 1

    def __call__(self, photos: Sequence[Photo], /) -> list[Reply]:
        return [self.reply(photo.pixels) for photo in photos]

    def reply(self, picture: NDArray[np.uint8]) -> Reply:
        """What the network says of one picture uint8[h, w, 3]. Raises ModelError when the outputs do not fit the JSON."""
        pixels, frame = self.prepared.apply(picture)
        feed: dict[str, NDArray[Any]] = {self.session.get_inputs()[0].name: pixels[None] if self.batched else pixels}
        if self.sized is not None:  # asked in pixels of the input, so that boxes come back on the input like everybody's
            feed[self.sized] = np.array([[frame.input_width, frame.input_height]], np.int64)
        try:
            raw = self.session.run(list(self.outputs.values()), feed)
        except Exception as error:  # onnxruntime's exceptions have no common base of their own
            raise ModelError(
                f"{self.name} does not run on a picture ({_line(error)}); check size and layout in the JSON"
            ) from error
        outputs = _of_one(dict(zip(self.outputs, map(np.asarray, raw), strict=True)), self.said.family)
        broken = sum(int(not np.isfinite(value).all()) for value in outputs.values())
        finite = {role: np.nan_to_num(value, nan=-1e4, posinf=-1e4, neginf=-1e4) for role, value in outputs.items()}
        found = DECODERS[self.said.family](finite, self.said, self.classes, frame)
        notes = ("the network's answer holds numbers that are not finite: check mean, std and channels",) if broken else ()
        if self.said.masks == "polygon":
            found = [_outlined(entry, frame) for entry in found]
        return Reply(tuple(found), notes)


def load(path: Path, description: Path | None = None) -> OnnxModel:
    """The model in a file, with the JSON of the same name beside it. Raises ModelError."""
    path = path.expanduser().resolve()
    if path.suffix == ".json":
        path, description = path.with_suffix(".onnx"), path
    beside = description or path.with_suffix(".json")
    if not path.is_file():
        raise ModelError(f"there is no file {path}: give an ONNX file, or the JSON beside it")
    if not beside.is_file():
        raise ModelError(
            f'{path} has no description: write one to {beside}, such as {{"family": "yolo", "classes": ["cat", "dog"]}}'
        )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only; they arrive as exceptions as well
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(f"{path} is no ONNX model that can be run ({_line(error)})") from error
    said = read(beside, session.get_modelmeta().custom_metadata_map)
    if not said.classes:
        raise ModelError(f"{beside} names no classes, and neither does the file: add them in the order of the network's columns")
    version = sha256(path.read_bytes() + beside.read_bytes()).hexdigest()[:8]
    model = _assembled(session, said, path.name, version)
    width, height = model.prepared.size or (64, 64)
    model.reply(np.full((height, width, 3), 127, np.uint8))  # what does not fit together is told before the first picture
    return model


def _assembled(session: onnxruntime.InferenceSession, said: Description, name: str, version: str) -> OnnxModel:
    first, *others = session.get_inputs()
    if len(others) > 1 or first.type not in _TYPES:
        raise ModelError(
            f"{name} has the inputs {_told(session.get_inputs())}; one picture, float or uint8, and perhaps its size"
        )
    batched = len(first.shape) == 4
    if len(first.shape) not in (3, 4):
        raise ModelError(f"{name} takes {list(first.shape)}; a picture is [n, 3, height, width] or [3, height, width]")
    sides = first.shape[-2:] if said.layout == "nchw" else first.shape[-3:-1]
    height, width = (side if isinstance(side, int) else None for side in sides)
    prepared = preparation(said, (width, height), np.dtype(_TYPES[first.type]))
    if prepared.size is None and said.family in ("yolo", "detr"):
        raise ModelError(
            f'{name} takes pictures of any size: say in the JSON which one it was trained at, such as "size": [640, 640]'
        )
    roles = _roles(session, said, name)
    return OnnxModel(
        f"onnx:{name}", version, said.classes or (), said, session, prepared, roles, batched, others[0].name if others else None
    )


def _roles(session: onnxruntime.InferenceSession, said: Description, name: str) -> dict[str, str]:
    """Which output is what: as the JSON says, by its name, else in the order of the family. Raises ModelError."""
    there = [output.name for output in session.get_outputs()]
    roles = _ROLES[said.family]
    for role, output in said.outputs.items():
        if role not in roles or output not in there:
            raise ModelError(f"{name}: outputs has {role!r}: {output!r}; roles: {', '.join(roles)}; outputs: {', '.join(there)}")
    found = dict(said.outputs)
    if not found and said.family in ("detr", "boxes"):
        taken: set[str] = set()
        for role in roles:
            match = next((o for o in there if o.casefold() in _OTHER_NAMES[role] and o not in taken), None)
            if match is not None:
                found[role] = match
                taken.add(match)
    if not set(roles[: _NEEDED[said.family]]) <= set(found):
        if len(there) < _NEEDED[said.family] or said.outputs:
            needed = ", ".join(roles[: _NEEDED[said.family]])
            raise ModelError(f"{name} needs outputs for {needed}; it has {', '.join(there)}: say which is which in outputs")
        if said.family in ("detr", "boxes"):
            raise ModelError(f"{name} has the outputs {', '.join(there)}: say in outputs which are {' and '.join(roles[:2])}")
        found = dict(zip(roles, there, strict=False))
    if said.family == "yolo" and said.task != "segment":
        found.pop("protos", None)
    return found


def _of_one(raw: Mapping[str, NDArray[Any]], family: str) -> dict[str, Floats]:
    """The first picture's part of the outputs; exported with their postprocessing some models leave the batch out."""
    first = next(iter(raw.values()))
    batched = first.ndim == (4 if family == "semantic" else 3) or (family == "semantic" and first.ndim == 3 and len(first) == 1)
    return {role: np.asarray(value[0] if batched else value, np.float32) for role, value in raw.items()}


def _outlined(entry: Candidate, frame: Frame) -> Candidate:
    """The candidate with a polygon before its mask."""
    forms = []
    for form in entry.forms:
        if form.get("kind") == "mask":
            outline = turned_into(Mask.model_validate(form), (Kind.POLYGON,), frame.width, frame.height)
            if outline is not None:
                forms.append(outline.model_dump())
        forms.append(dict(form))
    return Candidate(entry.name, tuple(forms), entry.score, entry.attributes, entry.group, entry.path)


def _told(inputs: Sequence[Any]) -> str:
    return ", ".join(f"{entry.name} {entry.type} {list(entry.shape)}" for entry in inputs)


def _line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
