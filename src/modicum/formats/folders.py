"""Class folders: a copy of every image in the folder of its class, what training scripts read.

images/<class>/<file>        labels
predictions/<class>/<file>   what only the model says, when asked for
labels.csv                   one line an image, with its provenance
folders.csv                  folder -> class: names no file system takes are changed
missing.csv                  images that could not be read any more, and why

The same of drawings: the classes of whole images; shapes have no place in folders.
"""

import csv
import io
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from modicum.errors import ModicumError, NotFoundError, StorageError
from modicum.formats.csv import cell, record
from modicum.formats.losing import Keeper
from modicum.formats.losses import Losses
from modicum.formats.pictures import Classes, Drawings, Picture, ShapeFormat
from modicum.formats.places import Out, Source
from modicum.formats.row import COLUMNS, Format, Row
from modicum.geometry import Shapes
from modicum.names import Distinct, safe_name

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

SPOOL = 8 * 2**20  # bytes of the table held in memory
EPOCH = (1980, 1, 1, 0, 0, 0)


def entries(rows: Iterable[Row], read: Callable[[str], bytes]) -> Iterator[tuple[str, bytes]]:
    """Every file of the export: its path inside the folder and its bytes; the tables come last."""
    folders: dict[str, str] = {}
    distinct_folder = Distinct()
    distinct_file: dict[str, Distinct] = {}
    missing: list[tuple[str, str]] = []
    with tempfile.SpooledTemporaryFile(max_size=SPOOL, mode="w+", encoding="utf-8", newline="") as spool:
        table = csv.writer(spool)
        table.writerow(("file", *COLUMNS))
        for row in rows:
            name = row.label if row.kind == "label" else row.prediction
            if name is None:
                continue
            if name not in folders:
                folders[name] = distinct_folder(safe_name(name))
            folder = f"{'images' if row.kind == 'label' else 'predictions'}/{folders[name]}"
            file = safe_name(row.name.rstrip("/").rpartition("/")[2])
            path = f"{folder}/{distinct_file.setdefault(folder, Distinct())(file)}"
            try:
                data = read(row.uri)
            except ModicumError as error:
                missing.append((row.uri, error.message))
                table.writerow(("", *record(row)))
                continue
            table.writerow((path, *record(row)))
            yield path, data
        spool.seek(0)
        yield "labels.csv", spool.read().encode()
    yield "folders.csv", small_table(("folder", "class"), [(folder, name) for name, folder in folders.items()])
    if missing:
        yield "missing.csv", small_table(("uri", "reason"), missing)


def small_table(header: tuple[str, str], rows: list[tuple[str, str]]) -> bytes:
    buffer = io.StringIO(newline="")
    out = csv.writer(buffer)
    out.writerow(header)
    out.writerows([cell(value) for value in row] for row in rows)
    return buffer.getvalue().encode()


class Sink(io.RawIOBase):
    """Takes what ZipFile writes and gives it away in pieces: the zip is never whole in memory."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: "ReadableBuffer") -> int:
        piece = bytes(data)
        self.waiting += piece
        return len(piece)

    def take(self) -> bytes:
        piece = bytes(self.waiting)
        self.waiting.clear()
        return piece


def entry(name: str) -> zipfile.ZipInfo:
    """A file in a zip whose time says nothing: the same labels give the same zip."""
    info = zipfile.ZipInfo(name, EPOCH)
    info.external_attr = 0o644 << 16
    return info


def write(rows: Iterable[Row], read: Callable[[str], bytes], more: Iterable[tuple[str, bytes]] = ()) -> Iterator[bytes]:
    """A zip, streamed; images are stored as they are, they do not compress.

    `more` are further files, names and bytes; they are asked for when all rows are read.
    """
    sink = Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for path, data in chain(entries(rows, read), more):
            archive.writestr(entry(path), data)
            yield sink.take()
    yield sink.take()


def write_folder(rows: Iterable[Row], read: Callable[[str], bytes], target: Path) -> int:
    """The same files below a folder that must be empty or absent; returns how many images. Raises StorageError."""
    images = 0
    try:
        target.mkdir(parents=True, exist_ok=True)
        if any(target.iterdir()):
            raise StorageError(f"the folder {target} is not empty: choose another with --out, so that nothing is mixed up")
        for path, data in entries(rows, read):
            file = target / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            images += "/" in path
    except OSError as error:
        raise StorageError(
            f"cannot write {error.filename or target}: {error.strerror}; choose another folder with --out"
        ) from error
    return images


FORMAT = Format(suffix=".zip", media="application/zip", write=write)


# --- drawings: the classes of whole images -----------------------------------------------------------------------------


def detect(source: Source) -> bool:
    return not source.alone and any("/" in name for name in source.image_names())


def read_shapes(source: Source, losses: Losses) -> Drawings:
    """Images in folders named like their classes; an image in no folder has no class."""
    classes = Classes(str(source.path.name), losses)
    told: dict[str, str] = {}
    if "folders.csv" in source.known:
        told = {row[0]: row[1].removeprefix("'") for row in csv.reader(io.StringIO(source.text("folders.csv"))) if len(row) == 2}
    whole: dict[str | None, Shapes] = {None: Shapes()}  # one for all images of a class
    found: list[tuple[str, Shapes]] = []
    for name in source.image_names():
        parts = name.split("/")
        label = told.get(parts[-2], parts[-2]) if len(parts) > 1 else None
        if parts[0] == "predictions" and "folders.csv" in source.known:
            losses.left_out(name, "$", "what only a model says")
            continue
        if label not in whole:
            whole[label] = Shapes(tags=(classes.of(label, name),)) if label else Shapes()
        found.append((name, whole[label]))
    return Drawings(classes.tuple(), (Picture(name, 0, 0, shapes, file=name) for name, shapes in found))


def write_shapes(drawings: Drawings, out: Out, losses: Losses) -> None:
    """Class folders: a copy of every image in the folder of each of its classes; shapes are not held."""
    for path, data in entries(_rows(drawings, losses), lambda uri: _image(out, uri)):
        if path == "missing.csv":
            for row in list(csv.reader(io.StringIO(data.decode())))[1:]:
                losses.left_out(row[0], "$", "an image that cannot be copied", row[1])
        out.put(path, data)


def _image(out: Out, name: str) -> bytes:
    found = out.image(name)
    if found is None:
        raise NotFoundError("there is no image of this name: give the folder of the images")
    return found


def _rows(drawings: Drawings, losses: Losses) -> Iterator[Row]:
    keeper = Keeper("a class folder", losses, {"tags"})
    keeper.schema(drawings)
    for picture in drawings.pictures:
        keeper.picture(picture)
        for place, shape in enumerate(picture.shapes.shapes):
            keeper.dropped(picture, place, shape)
        if not picture.shapes.tags:
            what = "a class folder holds no image without a class"
            losses.left_out(picture.where, picture.path, what, picture.name[:100])
        for tag in picture.shapes.tags:
            yield Row(
                name=picture.name,
                uri=picture.name,
                sha256=str(picture.facts.get("sha256", "")),
                kind="label",
                label=drawings.classes[tag].name,
                origin=None,
                annotator=None,
                time=None,
                prediction=None,
                confidence=None,
                model=None,
                agrees=None,
                shown=None,
                split=str(picture.facts.get("split", "")),
                flagged=False,
                certificate=None,
            )


SHAPES = ShapeFormat(".zip", "application/zip", detect, read_shapes, write_shapes)
