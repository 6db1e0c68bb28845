"""What listing a source yields: entries to read and refusals with their reasons; nothing is ever written to a source."""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from modicum.errors import MediaError
from modicum.frozen import normal_name
from modicum.sources.uris import MAX_FILE_BYTES, file_uri, read_regular

SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".dib", ".gif")


@dataclass(frozen=True)
class Entry:
    """One file to import. `name` is what people see, `size` its bytes; `read` raises MediaError."""

    uri: str
    name: str
    label: str | None
    size: int
    read: Callable[[], bytes] = field(repr=False)


@dataclass(frozen=True)
class Refusal:
    """One file or line that cannot be imported, and why."""

    uri: str
    reason: str


Listing = Iterator[Entry | Refusal]


@dataclass
class Options:
    """How a source is listed. `absolute`: a list may name files outside its own folder by absolute paths.

    `others` counts, by suffix, the files passed over because their names are not those of pictures.
    """

    labels_from_folders: bool = False
    absolute: bool = True
    others: Counter[str] = field(default_factory=Counter)


def wanted(name: str, others: Counter[str]) -> bool:
    """Whether a file of this name may be a picture; those without a suffix are looked into. Hidden files are not counted."""
    suffix = PurePath(name).suffix.lower()
    if name.startswith(".") or name.lower() in ("thumbs.db", "desktop.ini"):
        return False
    if suffix in ("", *SUFFIXES):
        return True
    others[shown(suffix)] += 1
    return False


def shown(name: str) -> str:
    """A name as text, even when the file system holds bytes that are no UTF-8."""
    return os.fsencode(name).decode("utf-8", "replace")


def checked_label(label: str | None) -> str | None:
    """The label as a class is named. Raises ValueError."""
    return None if label is None or not label.strip() else normal_name(label)


def file_entry(path: Path, name: str, label: str | None, where: str = "") -> Entry | Refusal:
    """An entry for a file of this machine, or why there is none; `where` stands before the reason."""
    uri = file_uri(path)
    try:
        facts = path.stat()
        label = checked_label(label)
    except OSError as error:
        return Refusal(uri, f"{where}the file cannot be read: {error.strerror}")
    except ValueError as error:
        return Refusal(uri, f"{where}its label cannot be a class: {error}")
    if not stat.S_ISREG(facts.st_mode):
        return Refusal(uri, f"{where}this is no ordinary file")
    if facts.st_size > MAX_FILE_BYTES:
        return Refusal(uri, where + too_large(facts.st_size))

    def read() -> bytes:
        try:
            return read_regular(path)
        except OSError as error:
            raise MediaError(f"the file cannot be read: {error.strerror}; check that it is there and yours to read") from error

    return Entry(uri, name, label, facts.st_size, read)


def too_large(size: int) -> str:
    return f"the file has {size / 1e6:,.0f} MB, at most {MAX_FILE_BYTES / 1e6:,.0f} are read; scale the picture down"
