"""A promptable segmenter of the SAM kind: an ONNX encoder, run once an image, and an ONNX decoder, run with every click.

What the encoder said of an image is kept on disk, so that an image is encoded once. The decoder's inputs are found by name, as
well-known exporters of SAM, MobileSAM, EfficientSAM and SAM 2 call them; what is called otherwise stands in the JSON.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError

from modicum.errors import ModelError
from modicum.frozen import Frozen

MOST_JSON = 100_000  # bytes
MOST_CACHE = 2_000_000_000  # bytes of embeddings on disk, of one model
INSIDE, OUTSIDE, CORNER, OTHER_CORNER, NOTHING = 1, 0, 2, 3, -1  # labels of points, as SAM counts
Arrays = dict[str, npt.NDArray[Any]]
_NAMES: Mapping[str, tuple[str, ...]] = {  # role of a decoder's input -> how exporters call it
    "points": ("point_coords", "batched_point_coords", "points", "coords", "input_points"),
    "labels": ("point_labels", "batched_point_labels", "labels", "input_labels"),
    "mask": ("mask_input", "input_mask"),
    "has_mask": ("has_mask_input", "has_input_mask"),
    "size": ("orig_im_size", "orig_size", "original_size"),
}
_MASKS, _SCORES = (
    ("masks", "pred_masks", "output_masks", "low_res_masks"),
    ("iou_predictions", "iou_pred", "scores", "iou_scores"),
)
_TYPES = {"tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(uint8)": np.uint8, "tensor(float16)": np.float16}


class SamDescription(Frozen):
    """The JSON that names both files. Mean and std count in pixel values from 0 to 255, red first."""

    encoder: str = Field(description="file, beside the JSON")
    decoder: str = Field(description="file, beside the JSON")
    size: int = Field(default=1024, ge=16, le=4096, description="side of the encoder's input; the image's longer side fills it")
    mean: tuple[float, float, float] = (123.675, 116.28, 103.53)
    std: tuple[float, float, float] = (58.395, 57.12, 57.375)
    stretch: bool = Field(default=False, description="both sides fill the input, as SAM 2 wants it")
    inputs: dict[str, str] = Field(default={}, description="role or encoder output -> name of the decoder's input")
    masks: str | None = Field(default=None, description="the decoder's output of logits")
    scores: str | None = Field(default=None, description="the decoder's output of predicted IoU")


class Prompt(NamedTuple):
    """Clicks in image pixels float64[n, 2] with whether each lies inside, and a box (left, top, right, bottom) or none."""

    points: npt.NDArray[np.float64]
    inside: Sequence[bool]
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Sam:
    """A loaded pair of networks. One image is encoded at a time: more would only share the same cores."""

    name: str
    said: SamDescription
    version: str
    encoder: Any
    decoder: Any
    kept: Path
    lock: Lock = field(default_factory=Lock)

    def embedding(self, key: str, pixels: npt.NDArray[np.uint8]) -> Arrays:
        """What the encoder says of an image uint8[h, w, 3], from disk when it was asked before. `key`: the content's hash."""
        path = self.kept / self.version / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz"
        found = _load(path)
        if found is not None:
            return found
        with self.lock:
            found = _load(path)
            if found is None:
                found = self._encoded(pixels)
                _keep(path, found)
        return found

    def has(self, key: str) -> bool:
        """Whether an image was encoded already."""
        return (self.kept / self.version / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz").is_file()

    def _encoded(self, pixels: npt.NDArray[np.uint8]) -> Arrays:
        import cv2

        height, width = pixels.shape[:2]
        x, y = _factors(self.said, width, height)
        shape = max(1, round(width * x)), max(1, round(height * y))
        method = cv2.INTER_AREA if x < 1 else cv2.INTER_LINEAR
        scaled = np.asarray(cv2.resize(pixels, shape, interpolation=method), np.float32)
        filled = np.zeros((self.said.size, self.said.size, 3), np.float32)
        normal = (scaled - np.array(self.said.mean, np.float32)) / np.array(self.said.std, np.float32)
        filled[: shape[1], : shape[0]] = normal
        names = [output.name for output in self.encoder.get_outputs()]
        feed = {self.encoder.get_inputs()[0].name: np.ascontiguousarray(filled.transpose(2, 0, 1))[None]}
        return dict(zip(names, map(np.asarray, _run(self.encoder, names, feed, self.name)), strict=True))

    def masks(self, embedding: Arrays, prompt: Prompt, width: int, height: int) -> list[npt.NDArray[np.float32]]:
        """Logits of the decoder's masks for an image of that size, the likeliest first; each covers the whole input or image.

        Raises ModelError when the decoder does not fit the JSON.
        """
        names = [output.name for output in self.decoder.get_outputs()]
        raw = _run(self.decoder, names, self._feed(embedding, prompt, width, height), self.name)
        outputs = dict(zip(names, map(np.asarray, raw), strict=True))
        logits = outputs[_chosen(names, self.said.masks, _MASKS, self.name)]
        logits = np.nan_to_num(logits.reshape(-1, *logits.shape[-2:]).astype(np.float32), nan=-1e4, posinf=1e4, neginf=-1e4)
        scored = [name for name in (self.said.scores, *_SCORES) if name in outputs]
        scores = outputs[scored[0]].ravel() if scored else np.zeros(len(logits))
        order = np.argsort(-np.nan_to_num(scores[: len(logits)]), kind="stable")
        return [logits[place] for place in order]

    def placed(self, logits: npt.NDArray[np.float32], width: int, height: int) -> npt.NDArray[np.float32]:
        """The part of a mask that belongs to the image: what lies on the encoder's padding is cut off."""
        rows, columns = logits.shape
        if (columns, rows) == (width, height):
            return logits
        x, y = _factors(self.said, width, height)
        used_rows, used_columns = rows * height * y / self.said.size, columns * width * x / self.said.size
        return logits[: max(1, round(used_rows)), : max(1, round(used_columns))]

    def _feed(self, embedding: Arrays, prompt: Prompt, width: int, height: int) -> Arrays:
        factors = np.array(_factors(self.said, width, height))
        points, labels = [prompt.points * factors], [INSIDE if inside else OUTSIDE for inside in prompt.inside]
        if prompt.box is not None:
            points.append(np.array(prompt.box).reshape(2, 2) * factors)
            labels += [CORNER, OTHER_CORNER]
        else:  # SAM's decoder was exported for a point that stands for no box
            points.append(np.zeros((1, 2)))
            labels.append(NOTHING)
        known: Arrays = {
            "points": np.concatenate(points)[None].astype(np.float32),
            "labels": np.array([labels], np.float32),
            "has_mask": np.zeros(1, np.float32),
            "size": np.array([height, width], np.float32),
        }
        feed: Arrays = {}
        roles = {name: role for role, names in _NAMES.items() for name in names}
        named = {name: role for role, name in self.said.inputs.items()}
        for wanted in self.decoder.get_inputs():
            role = named.get(wanted.name) or roles.get(wanted.name) or wanted.name
            if role in embedding:
                value = embedding[role]
            elif role == "mask":
                value = np.zeros([side if isinstance(side, int) else 1 for side in wanted.shape], np.float32)
            elif role in known:
                value = known[role]
                while value.ndim < len(wanted.shape):  # a batch of queries, as EfficientSAM has it
                    value = value[None]
            elif len(embedding) == 1 and "embed" in wanted.name:
                value = next(iter(embedding.values()))
            else:
                raise ModelError(
                    f"{self.name}: nothing fits the decoder's input {wanted.name!r}; name it under inputs in the JSON"
                )
            feed[wanted.name] = value.astype(_TYPES.get(wanted.type, np.float32))
        return feed


def load(description: Path, kept: Path) -> Sam:
    """The networks a JSON names. `kept` is a folder for embeddings. Raises ModelError, naming the field or the file."""
    said = _read(description)
    files = []
    for role in ("encoder", "decoder"):
        path = (description.parent / getattr(said, role)).resolve()
        if not path.is_file():
            raise ModelError(f"{description}: there is no file {path}, which it names as {role}")
        files.append(path)
    facts = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    version = hashlib.sha256(json.dumps([said.model_dump(mode="json"), facts]).encode()).hexdigest()[:16]
    encoder, decoder = (_session(path) for path in files)
    return Sam(files[0].stem, said, version, encoder, decoder, kept)


def _read(path: Path) -> SamDescription:
    try:
        if path.stat().st_size > MOST_JSON:
            raise ModelError(f"{path} is larger than {MOST_JSON:,} bytes; it should hold the description only")
        return SamDescription.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        example = '{"encoder": "encoder.onnx", "decoder": "decoder.onnx"}'
        raise ModelError(f"{path}: {place + ': ' if place else ''}{first['msg']}; the least is {example}") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error


def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only; they arrive as exceptions as well
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions have no common base of their own
        raise ModelError(f"{path} is no ONNX model that runs here ({str(error).splitlines()[0]})") from error


def _run(session: Any, names: list[str], feed: Arrays, name: str) -> list[Any]:
    try:
        return list(session.run(names, feed))
    except Exception as error:
        reason = (str(error).splitlines() or [""])[0]
        raise ModelError(f"{name} does not run ({reason}); check its size and its inputs in the JSON") from error


def _chosen(names: list[str], said: str | None, usual: tuple[str, ...], name: str) -> str:
    wanted = (said,) if said else usual
    found = next((each for each in wanted if each in names), None)
    if found is None:
        raise ModelError(f"{name}: the decoder's outputs are {', '.join(names)}; name the one with the masks in the JSON")
    return found


def _factors(said: SamDescription, width: int, height: int) -> tuple[float, float]:
    if said.stretch:
        return said.size / width, said.size / height
    return (said.size / max(width, height),) * 2


# --- embeddings on disk ------------------------------------------------------------------------------------------------


def _load(path: Path) -> Arrays | None:
    try:
        with np.load(path, allow_pickle=False) as parts:
            found = {str(name): parts[f"arr_{place + 1}"] for place, name in enumerate(parts["arr_0"])}
        path.touch()  # the oldest go first
        return found
    except (OSError, ValueError, KeyError, EOFError):
        return None


def _keep(path: Path, embedding: Arrays) -> None:
    """A full disk costs time at the next look and nothing else."""
    fresh = path.with_name(f"{path.stem}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as file:
            np.savez(file, np.array(list(embedding), np.str_), *embedding.values())
        fresh.replace(path)
        _thin(path.parent)
    except OSError:
        fresh.unlink(missing_ok=True)


def _thin(folder: Path) -> None:
    files = sorted(((f.stat().st_mtime, f.stat().st_size, f) for f in folder.glob("*.npz")), reverse=True)
    total = 0
    for _, size, path in files:
        total += size
        if total > MOST_CACHE:
            path.unlink(missing_ok=True)
