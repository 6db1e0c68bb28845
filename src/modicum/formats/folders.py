"""Class folders: a copy of every image in the folder of its class, what training scripts read.

images/<class>/<file>        labels
predictions/<class>/<file>   what only the model says, when asked for
labels.csv                   one line an image, with its provenance
folders.csv                  folder -> class: names no file system takes are changed
missing.csv                  images that could not be read any more, and why
"""

import csv
import io
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from modicum.errors import ModicumError, StorageError
from modicum.formats.csv import cell, record
from modicum.formats.row import COLUMNS, Format, Row
from modicum.names import Distinct, safe_name

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

SPOOL = 8 * 2**20  # bytes of the table held in memory
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same labels give the same zip


def entries(rows: Iterable[Row], read: Callable[[str], bytes]) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Every file of the export: its path inside the folder and its bytes; the tables come last."""
    folders: dict[str, str] = {}
    distinct_folder = Distinct()
    distinct_file: dict[PurePosixPath, Distinct] = {}
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
            folder = PurePosixPath("images" if row.kind == "label" else "predictions") / folders[name]
            path = folder / distinct_file.setdefault(folder, Distinct())(safe_name(PurePosixPath(row.name).name))
            try:
                data = read(row.uri)
            except ModicumError as error:
                missing.append((row.uri, error.message))
                table.writerow(("", *record(row)))
                continue
            table.writerow((str(path), *record(row)))
            yield path, data
        spool.seek(0)
        yield PurePosixPath("labels.csv"), spool.read().encode()
    yield PurePosixPath("folders.csv"), small_table(("folder", "class"), [(folder, name) for name, folder in folders.items()])
    if missing:
        yield PurePosixPath("missing.csv"), small_table(("uri", "reason"), missing)


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


def write(rows: Iterable[Row], read: Callable[[str], bytes]) -> Iterator[bytes]:
    """A zip, streamed; images are stored as they are, they do not compress."""
    sink = Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for path, data in entries(rows, read):
            info = zipfile.ZipInfo(str(path), EPOCH)
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
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
            images += len(path.parts) > 1
    except OSError as error:
        raise StorageError(
            f"cannot write {error.filename or target}: {error.strerror}; choose another folder with --out"
        ) from error
    return images


FORMAT = Format(suffix=".zip", media="application/zip", write=write)
