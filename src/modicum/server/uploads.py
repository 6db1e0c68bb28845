"""Dropped files, streamed part by part into the home: nothing is held in memory, and no name leads out of the folder."""

import re
import secrets
import shutil
from pathlib import Path
from typing import IO

from python_multipart.multipart import MultipartParser, parse_options_header

from modicum.errors import InputError, NotFoundError, StorageError
from modicum.names import safe_name

MAX_FILES = 200_000
MAX_BYTES = 100 * 2**30
MAX_DEPTH = 20
KEEP_FREE = 500 * 2**20  # bytes left on the disk for the database and the vectors


def safe_path(name: str) -> Path:
    """The relative path a browser sent, made harmless; `..` and drive letters lead nowhere."""
    parts = [
        part for part in re.split(r"[/\\]", name) if part.strip() not in ("", ".", "..") and not re.fullmatch(r"[A-Za-z]:", part)
    ]
    if len(parts) > MAX_DEPTH:
        raise InputError(f"the path {name[:80]!r} is {len(parts)} folders deep; up to {MAX_DEPTH} are allowed")
    return Path(*[safe_name(part) for part in parts]) if parts else Path("_")


def upload_folder(uploads: Path, upload_id: str) -> Path:
    """The folder of an upload. Raises NotFoundError for an id that was never given out."""
    folder = uploads / upload_id
    if not re.fullmatch(r"[0-9a-f]{16}", upload_id) or not folder.is_dir():
        raise NotFoundError(f"there is no upload {upload_id[:40]!r}: send the files to /api/uploads first")
    return folder


class Receiving:
    """Writes the file parts of one multipart body below a folder. Call `write` with the bytes as they come, then `close`."""

    def __init__(self, folder: Path, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or b"boundary" not in options:
            raise InputError(f"received {content_type[:80]!r}; files are sent as multipart/form-data, one part a file")
        self.folder = folder
        self.files = 0
        self.bytes = 0
        self.headers: dict[bytes, bytes] = {}
        self.name = self.value = b""
        self.out: IO[bytes] | None = None
        self.parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self.on_part_begin,
                "on_header_field": self.on_header_field,
                "on_header_value": self.on_header_value,
                "on_header_end": self.on_header_end,
                "on_headers_finished": self.on_headers_finished,
                "on_part_data": self.on_part_data,
                "on_part_end": self.on_part_end,
            },
        )

    def write(self, chunk: bytes) -> None:
        """Raises InputError for a broken body or too much of it, StorageError when the disk is full."""
        self.bytes += len(chunk)
        if shutil.disk_usage(self.folder).free < KEEP_FREE:
            raise StorageError(
                f"less than {KEEP_FREE >> 20} MB are left on the disk of {self.folder}: make room, then send again"
            )
        try:
            self.parser.write(chunk)
        except OSError as error:
            raise StorageError(f"cannot write the upload: {error.strerror}; make room, then send again") from error
        except ValueError as error:
            raise InputError(f"the multipart body is broken: {error}") from error

    def close(self) -> None:
        if self.out is not None:  # the body ended in the middle of a file
            self.out.close()
            Path(self.out.name).unlink(missing_ok=True)
            self.out = None

    def on_part_begin(self) -> None:
        self.headers = {}

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self.name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def on_header_end(self) -> None:
        self.headers[self.name.lower()] = self.value
        self.name = self.value = b""

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self.headers.get(b"content-disposition", b""))
        if b"filename" not in options:
            return  # a form field that is no file
        self.files += 1
        if self.files > MAX_FILES:
            raise InputError(f"more than {MAX_FILES:,} files in one upload: send them in a zip, or give the path of the folder")
        path = self.folder / safe_path(options[b"filename"].decode("utf-8", "replace"))
        self.out = create_beside(path)

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self.out is not None:
            self.out.write(data[start:end])

    def on_part_end(self) -> None:
        if self.out is not None:
            self.out.close()
            self.out = None


def create_beside(path: Path) -> IO[bytes]:
    """Opens a new file; a taken name gets a number, and a folder of the same name as an earlier file gets an underscore."""
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            break
        except (FileExistsError, NotADirectoryError):
            path = path.parent.with_name(path.parent.name + "_") / path.name
    for number in range(1, 1_000_000):
        candidate = path if number == 1 else path.with_name(f"{path.stem} ({number}){path.suffix}")
        try:
            return candidate.open("xb")
        except FileExistsError:
            continue
    raise InputError(f"too many files with the name {path.name!r}")


def new_upload(uploads: Path) -> tuple[str, Path]:
    """A fresh upload: its id and its folder."""
    upload_id = secrets.token_hex(8)
    folder = uploads / upload_id
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise StorageError(f"cannot create {folder}: {error.strerror}; is the home folder writable?") from error
    return upload_id, folder
