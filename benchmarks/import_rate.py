"""Claim: an import runs at 80% or more of the bare rate of decoding and onnxruntime on the same images.

    python benchmarks/import_rate.py [--images N] [--repeats R]

The floor decodes and encodes the same files with the same threads and batches, and does nothing else: no hashes, no database,
no vectors on disk. Both are run by turns. `ratio` compares the clock, `cpu_ratio` the processor time, which holds on a
busy machine too. Uses ../shared/data/dogs10 or, where that is absent, pictures made of noise. Prints one line of JSON.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import simplejpeg
from PIL import Image

from modicum import images, ingest, run
from modicum.encoders.image import Encoder
from modicum.encoders.resolve import resolve
from modicum.home import Home
from modicum.store import jobs, projects
from modicum.store.db import Database

DOGS = Path(__file__).parents[2] / "shared" / "data" / "dogs10" / "dogs10_224.zip"


def write_images(folder: Path, count: int) -> str:
    """Puts `count` JPEGs there and says what they are."""
    if DOGS.is_file():
        with zipfile.ZipFile(DOGS) as archive:
            names = [name for name in archive.namelist() if name.endswith(".jpg")]
            for name in names[:: max(1, len(names) // count)][:count]:
                (folder / name.replace("/", "_")).write_bytes(archive.read(name))
        return "dogs10"
    rng = np.random.default_rng(0)
    for number in range(count):
        small = Image.fromarray(rng.integers(0, 255, (60, 80, 3), dtype=np.uint8))
        pixels = np.asarray(small.resize((640, 480), Image.Resampling.BICUBIC))
        (folder / f"{number}.jpg").write_bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality=90))
    return "generated 640 x 480"


class Clock(NamedTuple):
    """Seconds on the wall and of processor time in all threads."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> "Clock":
        return cls(time.perf_counter(), time.process_time())

    def until_now(self) -> "Clock":
        now = self.now()
        return Clock(now.wall - self.wall, now.cpu - self.cpu)


def bare(folder: Path, encoder: Encoder) -> Clock:
    """What it takes to read, decode and encode, and nothing else."""
    paths = sorted(folder.iterdir())
    batches = [paths[k : k + ingest.BATCH_FILES] for k in range(0, len(paths), ingest.BATCH_FILES)]
    start = Clock.now()
    for _ in run.map(lambda batch: encoder([images.decode(p.read_bytes(), encoder.size) for p in batch]), batches, processors()):
        pass
    return start.until_now()


def imported(folder: Path, count: int) -> Clock:
    """What a whole import takes into a new home, loading the encoder included."""
    with tempfile.TemporaryDirectory() as path:
        home = Home(path)
        resolve(projects.DEFAULT_ENCODER, home.cache)  # converted once in the life of a home
        db = Database(home.database_url)
        project = db.write(projects.create, "bench")
        db.write(jobs.enqueue, project.id, {"source": str(folder), "labels_from_folders": False})
        job = db.write(jobs.take)
        if job is None:
            raise SystemExit("the job was not there")
        start = Clock.now()
        ingest.run_import(db, home, job)
        taken = start.until_now()
        with db.read() as conn:
            ended = jobs.get(conn, job.id)
        db.close()
        if ended.added + ended.duplicates != count:
            raise SystemExit(f"{ended.added} of {count} images were imported: {ended.message}")
        return taken


def processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path) / "images"
        folder.mkdir()
        data = write_images(folder, options.images)
        count = len(list(folder.iterdir()))
        encoder = resolve(projects.DEFAULT_ENCODER, Path(path) / "cache")
        bare(folder, encoder)  # warm
        floors, ours = [], []
        for _ in range(options.repeats):
            floors.append(bare(folder, encoder))
            ours.append(imported(folder, count))
    ratios = [floor.wall / own.wall for floor, own in zip(floors, ours, strict=True)]
    cpu_ratios = [floor.cpu / own.cpu for floor, own in zip(floors, ours, strict=True)]
    report = {
        "benchmark": "import_rate",
        "data": data,
        "images": count,
        "bare_images_per_s": round(count / statistics.median(clock.wall for clock in floors), 1),
        "import_images_per_s": round(count / statistics.median(clock.wall for clock in ours), 1),
        "ratio": round(statistics.median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "cpu_ratio": round(statistics.median(cpu_ratios), 3),
        "target": 0.8,
        "machine": {"processors": processors(), "system": platform.platform(), "python": platform.python_version()},
        "versions": {name: version(name) for name in ("modicum", "numpy", "onnxruntime", "pillow", "simplejpeg", "sqlalchemy")},
    }
    json.dump(report, sys.stdout)
    print()


if __name__ == "__main__":
    main()
