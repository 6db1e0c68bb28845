"""Fine-tunes a detector step by step; every step follows from (seed, number), so that it can stop and go on anywhere.

This module imports torch: nothing imports it unless somebody trains.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from modicum.models import fcos

CHECKPOINT_S = 60.0  # seconds between two checkpoints
_WARM = 100  # steps until the full rate
_RATE = 1e-4
_RATE_ANEW = 5e-4  # of a network that starts from nothing
_DECAY = 1e-4
_LONGEST_STEP = 1.0  # norm of a gradient
Boxes = NDArray[np.float32]


@dataclass(frozen=True)
class Settings:
    """What a training follows from, beside its pictures; a checkpoint of other settings is not continued."""

    network: str
    weights: str
    classes: tuple[str, ...]
    size: int
    epochs: int
    batch: int
    seed: int


class Pictures(Protocol):
    """Labeled pictures by number: uint8[h, w, 3] with boxes [k, 4] (corners in pixels) and classes [k] of the settings' list."""

    def __len__(self) -> int: ...
    def __getitem__(self, place: int) -> tuple[NDArray[np.uint8], Boxes, NDArray[np.int64]]: ...


Tell = Callable[[int, int, str], None]  # steps done, steps in all, a line


def train(pictures: Pictures, settings: Settings, checkpoint: Path, tell: Tell, *, device: str = "auto") -> Any:
    """The network after all its steps. Writes the checkpoint every minute, when it is interrupted and at its end; when it
    finds one of the same settings it goes on there. Raises ModelError.
    """
    place = _device(device)
    steps = settings.epochs * -(-len(pictures) // settings.batch)
    found = _resumed(checkpoint, settings, lambda line: tell(0, steps, line))
    torch.manual_seed(settings.seed)
    pretrained = settings.weights != "none"
    model = fcos.build(settings.network, len(settings.classes), settings.size, pretrained=pretrained)
    if pretrained and found is None:
        tell(0, steps, fcos.start(model, fcos.given(settings.network, settings.weights)))
    model = model.to(place)
    chosen = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(chosen, lr=_RATE, weight_decay=_DECAY)
    done = 0
    if found is not None:
        model.load_state_dict(found["model"])
        optimizer.load_state_dict(found["optimizer"])
        done = min(int(found["done"]), steps)
        tell(done, steps, f"going on at step {done:,}")
    model.train()
    saved = time.monotonic()
    try:
        while done < steps:
            loss = _step(model, optimizer, pictures, settings, done, steps, place)
            done += 1
            tell(done, steps, f"loss {loss:.3f}")
            if time.monotonic() - saved > CHECKPOINT_S:
                _save(checkpoint, model, optimizer, settings, done)
                saved = time.monotonic()
    finally:
        _save(checkpoint, model, optimizer, settings, done)
    return model


def _step(model: Any, optimizer: Any, pictures: Pictures, settings: Settings, number: int, steps: int, place: Any) -> float:
    """One step down; the rate rises, then falls along a cosine."""
    rising = min(1.0, (number + 1) / min(_WARM, max(1, steps // 10)))
    rate = _RATE_ANEW if settings.weights == "none" else _RATE
    for group in optimizer.param_groups:
        group["lr"] = rate * rising * (0.01 + 0.99 * (1 + math.cos(math.pi * number / steps)) / 2)
    rng = np.random.default_rng([settings.seed, 1, number])
    images, targets = [], []
    for chosen in _chosen(len(pictures), settings, number):
        pixels, boxes, classes = augmented(*pictures[chosen], settings.size, rng)
        images.append(torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32) / 255).to(place))
        targets.append({"boxes": torch.from_numpy(boxes).to(place), "labels": torch.from_numpy(classes).to(place)})
    loss = fcos.losses(model, images, targets)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), _LONGEST_STEP)
    optimizer.step()
    return float(loss.detach())


def _chosen(n: int, settings: Settings, number: int) -> Sequence[int]:
    """The pictures of a step: each epoch goes through all of them in an order of its own."""
    steps = -(-n // settings.batch)
    order = np.random.default_rng([settings.seed, 0, number // steps]).permutation(n)
    at = number % steps * settings.batch
    return [int(place) for place in order[at : at + settings.batch]]


def augmented(
    picture: NDArray[np.uint8], boxes: Boxes, classes: NDArray[np.int64], size: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Boxes, NDArray[np.int64]]:
    """The picture on a grey square of `size` pixels, nearer or farther, shifted, mirrored, brighter or darker, with its boxes.

    Boxes of which less than a third is left are dropped.
    """
    height, width = picture.shape[:2]
    share = size / max(width, height) * rng.uniform(0.6, 1.3)
    across, down = max(1, round(width * share)), max(1, round(height * share))
    left, top = (int(rng.integers(min(0, size - side), max(0, size - side) + 1)) for side in (across, down))
    scaled = np.asarray(Image.fromarray(picture).resize((across, down), Image.Resampling.BILINEAR))
    canvas = np.full((size, size, 3), 114, np.uint8)
    x0, y0, x1, y1 = max(0, left), max(0, top), min(size, left + across), min(size, top + down)
    canvas[y0:y1, x0:x1] = scaled[y0 - top : y1 - top, x0 - left : x1 - left]
    moved = boxes * np.array([across / width, down / height] * 2, np.float32) + np.array([left, top] * 2, np.float32)
    if rng.random() < 0.5:
        canvas = np.ascontiguousarray(canvas[:, ::-1])
        moved = np.stack([size - moved[:, 2], moved[:, 1], size - moved[:, 0], moved[:, 3]], axis=1)
    lit = np.clip((canvas.astype(np.float32) - 127) * rng.uniform(0.8, 1.2) + 127 * rng.uniform(0.85, 1.15), 0, 255)
    cut = np.clip(moved, 0, size)
    area, whole = ((part[:, 2:] - part[:, :2]).prod(axis=1) for part in (cut, moved))
    kept = (area >= whole / 3) & ((cut[:, 2:] - cut[:, :2]) >= 1).all(axis=1)
    return lit.astype(np.uint8), cut[kept].astype(np.float32), classes[kept]


# --- checkpoints -------------------------------------------------------------------------------------------------------


def _save(path: Path, model: Any, optimizer: Any, settings: Settings, done: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    kept = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "settings": _plain(settings), "done": done}
    torch.save(kept, part)
    part.replace(path)


def _resumed(path: Path, settings: Settings, tell: Callable[[str], None]) -> dict[str, Any] | None:
    """A checkpoint of the same settings; one that is broken is told and not continued."""
    if not path.is_file():
        return None
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the file holds, nothing of it is run
        reason = " ".join(str(error).split())[:100]
        tell(f"{path} cannot be read ({reason}): starting anew")
        return None
    fits = isinstance(found, dict) and found.get("settings") == _plain(settings)
    return found if fits else None


def _plain(settings: Settings) -> dict[str, Any]:
    return {**asdict(settings), "classes": list(settings.classes)}


def _device(name: str) -> Any:
    if name != "auto":
        return torch.device(name)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
