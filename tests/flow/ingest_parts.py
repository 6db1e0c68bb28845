"""What the import tests share: a tiny encoder, so that an import takes milliseconds, and a project to import into."""

import io
import json
from copy import copy
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper
from PIL import Image

from modicum.home import Home
from modicum.ingest import run_import
from modicum.store import items, jobs, projects
from modicum.store.db import Database
from modicum.types import Item, Job, Rejection

SIDE = 16


def write_encoder(folder: Path, name: str = "model") -> str:
    """A model whose vector is the mean colour; the name to resolve it by."""
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])
    vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, None)
    nodes = [helper.make_node("GlobalAveragePool", ["pixels"], ["vectors"])]
    if name == "wide":  # every pixel is a dimension
        nodes = [helper.make_node("Flatten", ["pixels"], ["vectors"])]
    if name == "brightest":  # as many dimensions, and they mean something else
        nodes = [helper.make_node("GlobalMaxPool", ["pixels"], ["vectors"])]
    graph = helper.make_graph(nodes, "tiny", [pixels], [vectors])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / f"{name}.onnx")
    description = {"size": SIDE, "mean": [0, 0, 0], "std": [1, 1, 1]}
    (folder / f"{name}.json").write_text(json.dumps(description))
    return f"file:{folder / name}.onnx"


def picture(colour: int, format: str = "PNG") -> bytes:
    """A small picture that differs from those of other numbers."""
    image = Image.new("RGB", (20, 18), (colour % 256, colour // 256 % 256, 99))
    stream = io.BytesIO()
    image.save(stream, format)
    return stream.getvalue()


def write_pictures(folder: Path, numbers: range | list[int], prefix: str = "") -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{prefix}{number:04}.png" for number in numbers]
    for number, path in zip(numbers, paths, strict=True):
        path.write_bytes(picture(number))
    return paths


class Bench:
    """A home, a database and one project."""

    def __init__(self, path: Path, classes: tuple[str, ...] = ()) -> None:
        self.home = Home(path / "home")
        self.db = Database(self.home.database_url)
        self.encoder = write_encoder(self.home.path)
        self.project = self.db.write(projects.create, "pictures", classes, encoder=self.encoder)

    def another(self, name: str) -> "Bench":
        """Another project of the same home."""
        other = copy(self)
        other.project = self.db.write(projects.create, name, encoder=self.encoder)
        return other

    def queue(self, source: Path, *, labels: bool = False) -> Job:
        self.db.write(jobs.enqueue, self.project.id, {"source": str(source), "labels_from_folders": labels})
        job = self.db.write(jobs.take)
        assert job is not None
        return job

    def take(self, source: Path, *, labels: bool = False) -> Job:
        """Import and return the job as it ended."""
        job = self.queue(source, labels=labels)
        run_import(self.db, self.home, job)
        return self.job(job)

    def job(self, job: Job) -> Job:
        with self.db.read() as conn:
            return jobs.get(conn, job.id)

    def items(self) -> list[Item]:
        """In the order of their vectors."""
        with self.db.read() as conn:
            rows, _ = projects.shape(conn, self.project.id)
            return items.by_rows(conn, self.project.id, range(rows))

    def vectors(self) -> np.ndarray:
        from modicum.vectors import Vectors

        with self.db.read() as conn:
            rows, dims = projects.shape(conn, self.project.id)
        return np.array(Vectors(self.home.vectors_of(self.project.id), dims or 0).read(rows))

    def rejections(self) -> dict[str, Rejection]:
        """By the last part of the uri."""
        with self.db.read() as conn:
            return {entry.uri.rpartition("/")[2]: entry for entry in items.rejections(conn, self.project.id)[1]}

    def labels(self) -> dict[str, str]:
        """Name of the item -> class."""
        from sqlalchemy import select

        from modicum.store.tables import label

        with self.db.read() as conn:
            names = [entry.name for entry in projects.get(conn, self.project.id).task_schema.classes]
            given = {row.item_id: names[row.class_id] for row in conn.execute(select(label))}
        return {item.name: given[item.id] for item in self.items() if item.id in given}
