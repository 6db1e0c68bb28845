"""An export together with what proves it: the labels, and beside them the facts of every certificate they name."""

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from modicum import certificates, export
from modicum.errors import StorageError
from modicum.formats import folders
from modicum.formats.row import Format, Row
from modicum.store.db import Database
from modicum.types import Project

Files = Iterator[tuple[str, bytes]]


class Bundle:
    """The rows of a project, to be read once; `facts` then gives a file for each certificate that one of them names.

    What a raw threshold labeled names no certificate: nothing is proven of it.
    """

    def __init__(self, db: Database, project: Project, *, predictions: bool = False) -> None:
        self.db, self.project, self.predictions = db, project, predictions
        self.count = 0
        self.named: set[int] = set()

    def rows(self) -> Iterator[Row]:
        for row in export.rows(self.db, self.project, predictions=self.predictions):
            self.count += 1
            if row.kind == "label" and row.certificate is not None and row.certificate.isdecimal():
                self.named.add(int(row.certificate))
            yield row

    def facts(self, stem: str) -> Files:
        """(file name, bytes) of each, in the order of their numbers; `stem` is the name of the labels' file without its end."""
        for number in sorted(self.named):
            found = certificates.facts(self.db, self.project, number)
            yield f"{stem}.certificate-{number}.json", json.dumps(found).encode()


def zipped(bundle: Bundle, format_: Format, stem: str, read: Callable[[str], bytes]) -> Iterator[bytes]:
    """A zip of the labels in a format, and of the facts, streamed. Class folders are a zip already: they get them inside."""
    if format_ is folders.FORMAT:
        return folders.write(bundle.rows(), read, bundle.facts("labels"))
    return _zipped(bundle, format_, stem, read)


def _zipped(bundle: Bundle, format_: Format, stem: str, read: Callable[[str], bytes]) -> Iterator[bytes]:
    sink = folders.Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(folders.entry(f"{stem}{format_.suffix}"), "w", force_zip64=True) as file:
            for piece in format_.write(bundle.rows(), read):
                file.write(piece)
                yield sink.take()
        for name, data in bundle.facts(stem):
            archive.writestr(folders.entry(name), data)
            yield sink.take()
    yield sink.take()


def write(bundle: Bundle, format_: Format, out: Path, read: Callable[[str], bytes]) -> list[Path]:
    """Write the labels to a file, or class folders to a folder, and the facts beside them; returns the files of facts.

    A file appears under its name only when it is complete. Raises StorageError.
    """
    if format_ is folders.FORMAT:
        folders.write_folder(bundle.rows(), read, out)
        beside = [(out / name, data) for name, data in bundle.facts("labels")]
    else:
        _put(out, format_.write(bundle.rows(), read))
        beside = [(out.with_name(name), data) for name, data in bundle.facts(out.stem)]
    for path, data in beside:
        _put(path, [data])
    return [path for path, _ in beside]


def _put(path: Path, pieces: Iterable[bytes]) -> None:
    fresh = path.with_name(path.name + ".part")
    try:
        with fresh.open("wb") as file:
            file.writelines(pieces)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise StorageError(f"cannot write {path}: {error.strerror}; choose another place with --out") from error
