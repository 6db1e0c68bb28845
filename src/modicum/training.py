"""Fine-tunes a real detector on what people drew, and measures the exported file on drawings made blind."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import structlog
from numpy.typing import NDArray

from modicum import images
from modicum.engine import precision
from modicum.engine.detector import Found
from modicum.errors import InputError, MissingExtraError, ModelError, ModicumError
from modicum.home import Home
from modicum.models.onnx_file import load
from modicum.sight import boxes_of
from modicum.sources.uris import read_uri
from modicum.store import drawings
from modicum.store.db import Database
from modicum.store.drawings import Drawn
from modicum.types import Interval, Project, Split

if TYPE_CHECKING:
    from modicum.models.finetune import Settings

NETWORKS = ("fcos-resnet50", "fcos-resnet18")
LEAST = 10  # drawn images; with fewer the detector in the background is better
Tell = Callable[[int, int, str], None]
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Options:
    """What may be chosen; `weights`: default, none or a file."""

    network: str = NETWORKS[0]
    weights: str = "default"
    epochs: int = 40
    size: int = 640
    batch: int = 4
    device: str = "auto"


@dataclass(frozen=True)
class Trained:
    """The file, what it learned from, and its mean average precision at IoU .5 on the blind holdout, where there is one."""

    path: Path
    images: int
    boxes: int
    classes: tuple[str, ...]
    holdout: int
    precision: Interval | None


def run(db: Database, home: Home, project: Project, out: Path, options: Options, tell: Tell) -> Trained:
    """Train on the settled drawings of the train side and write `out` with its JSON.

    What was interrupted goes on with the same options. Raises InputError, ModelError, and MissingExtraError without torch.
    """
    if project.task_schema.task != "draw":
        raise InputError(f"{project.name!r} is a project of whole images: a detector is trained in one that was made for drawing")
    if options.network not in NETWORKS:
        raise InputError(f"there is no network {options.network!r}; networks: {', '.join(NETWORKS)}")
    try:
        from modicum.models import fcos, finetune
    except ImportError as error:
        raise MissingExtraError("modicum train", "torch") from error
    except RuntimeError as error:  # how torchvision says that it was built for another torch
        reason = " ".join(str(error).split())[:150]
        raise ModelError(f"torch and torchvision do not fit each other ({reason}): install both anew, together") from error
    with db.read() as conn:
        train = drawings.labeled(conn, project.id, Split.TRAIN)
        holdout = drawings.labeled(conn, project.id, Split.HOLDOUT)
    examples = Examples.of(train, project)
    count = sum(map(len, examples.boxes))
    if len(examples) < LEAST or not count:
        told = f"{len(examples)} drawn images with {count} boxes"
        raise InputError(f"{told} are too few to train on: draw on {LEAST} images at least")
    names = tuple(project.task_schema.classes[number].name for number in examples.class_ids)
    settings = finetune.Settings(
        options.network, options.weights, names, options.size, options.epochs, options.batch, project.seed
    )
    checkpoint = home.training_of(project.id) / f"{_digest(settings)}.pt"
    model = finetune.train(examples, settings, checkpoint, tell, device=options.device)
    fcos.export(model, options.size, names, out)
    checkpoint.unlink(missing_ok=True)
    measured = _precision(out, holdout, examples.class_ids, project)
    return Trained(out, len(examples), count, names, len(holdout), measured)


def _digest(settings: "Settings") -> str:
    return sha256(repr(settings).encode()).hexdigest()[:16]


class Examples:
    """Drawn images that can still be read, with the boxes around what is drawn on them; classes are numbered as they occur."""

    def __init__(self, drawn: list[Drawn], class_ids: tuple[int, ...]) -> None:
        self.drawn, self.class_ids = drawn, class_ids
        self.boxes = [boxes_of(entry)[0] for entry in drawn]

    @classmethod
    def of(cls, drawn: list[Drawn], project: Project) -> "Examples":
        readable = [entry for entry in drawn if _can_be_read(entry)]
        used = {int(number) for entry in readable for number in boxes_of(entry)[1]}
        wanted = tuple(entry.id for entry in project.task_schema.classes if entry.id in used and not entry.archived)
        return cls(readable, wanted)

    def __len__(self) -> int:
        return len(self.drawn)

    def __getitem__(self, place: int) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]:
        boxes, classes = boxes_of(self.drawn[place])
        numbers = {class_id: number for number, class_id in enumerate(self.class_ids)}
        known = np.array([int(entry) in numbers for entry in classes], bool)
        kept = np.array([numbers[int(entry)] for entry in classes[known]], np.int64)
        return images.decode(read_uri(self.drawn[place].item.uri)), boxes[known], kept


def _can_be_read(entry: Drawn) -> bool:
    try:
        images.probe(read_uri(entry.item.uri))
    except ModicumError as error:
        _log.warning("image left out", item=entry.item.id, error=error.message)
        return False
    return True


def _precision(out: Path, holdout: list[Drawn], class_ids: tuple[int, ...], project: Project) -> Interval | None:
    """Of the file as it was written, on drawings made without a pre-label."""
    model = load(out)
    numbers = {name: class_ids[place] for place, name in enumerate(model.classes)}
    pairs = []
    for entry in holdout:
        if _can_be_read(entry):
            reply = model.reply(images.decode(read_uri(entry.item.uri)))
            pairs.append((_found(reply.candidates, numbers), boxes_of(entry)))
    return precision.interval(pairs, len(project.task_schema.classes), np.random.default_rng([project.seed, 0]))


def _found(candidates: Any, numbers: dict[str, int]) -> Found:
    forms = [entry.forms[-1] for entry in candidates]
    boxes = np.array([[f["x"], f["y"], f["x"] + f["w"], f["y"] + f["h"]] for f in forms], np.float32).reshape(-1, 4)
    scores = np.array([entry.score for entry in candidates], np.float32)
    return Found(boxes, np.array([numbers[entry.name] for entry in candidates], np.int64), scores)
