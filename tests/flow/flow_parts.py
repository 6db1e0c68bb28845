"""What the flow tests build from: small images of three kinds, and a real server process."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from modicum.server.client import Client

KINDS = ("stripes", "discs", "plain")


def draw(kind: str, rng: np.random.Generator, side: int = 96) -> Image.Image:
    """A noisy image of one kind in a random colour: a child tells them apart, and so does the encoder."""
    y, x = np.mgrid[:side, :side]
    colour = rng.integers(60, 220, 3)
    if kind == "stripes":
        mask = (np.sin((x * np.cos(a := rng.uniform(0, np.pi)) + y * np.sin(a)) * rng.uniform(0.4, 0.8)) > 0).astype(float)
    elif kind == "discs":
        mask = sum(
            ((x - rng.uniform(10, side - 10)) ** 2 + (y - rng.uniform(10, side - 10)) ** 2 < rng.uniform(6, 14) ** 2)
            for _ in range(6)
        ).clip(0, 1)
    else:
        mask = np.zeros((side, side)) + rng.uniform(0, 0.3)
    pixels = 255 - mask[..., None] * (255 - colour) + rng.normal(0, 6, (side, side, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def write_images(folder: Path, per_kind: int, seed: int = 0) -> dict[str, str]:
    """Images in one flat folder; name -> kind. The names say nothing."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    kinds = [kind for kind in KINDS for _ in range(per_kind)]
    truth = {}
    for number, kind in enumerate(rng.permutation(kinds)):
        name = f"{seed}-{number:03}.png"
        draw(str(kind), rng).save(folder / name)
        truth[name] = str(kind)
    return truth


class Server:
    """A server process on a home, as `modicum serve` starts it."""

    def __init__(self, home: Path, *more: str) -> None:
        command = [sys.executable, "-m", "modicum", "serve", "--home", str(home), "--port", "0", "--no-browser", "--json", *more]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.said = json.loads(self.process.stdout.readline())

    def client(self) -> Client:
        return Client(self.said["url"], self.said["token"])

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code
