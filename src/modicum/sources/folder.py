"""Lists the pictures in a folder and its subfolders."""

import os
from pathlib import Path

from modicum.errors import SourceError
from modicum.sources.entries import Listing, Options, Refusal, file_entry, shown, wanted
from modicum.sources.uris import file_uri


def list_folder(root: Path, options: Options) -> Listing:
    """The pictures below `root`, an absolute path. Raises SourceError when it cannot be listed."""
    try:
        os.scandir(root).close()
    except OSError as error:
        raise SourceError(f"the folder {shown(str(root))} cannot be listed: {error.strerror}") from error
    seen: set[tuple[int, int]] = set()
    pending: list[tuple[Path, str]] = [(root, "")]
    while pending:
        path, name = pending.pop()
        if _is_folder(path):
            try:
                inside = _names(path, seen)
            except OSError as error:
                yield Refusal(file_uri(path), f"the folder cannot be listed: {error.strerror}")
                continue
            pending.extend((path / entry, f"{name}/{entry}" if name else entry) for entry in reversed(inside))
        elif wanted(path.name, options.others):
            label = shown(path.parent.name) if options.labels_from_folders and "/" in name else None
            yield file_entry(path, shown(name), label)


def _names(folder: Path, seen: set[tuple[int, int]]) -> list[str]:
    """What is not hidden in a folder, in order of the names' bytes; nothing when a link has led here before."""
    facts = folder.stat()
    if (facts.st_dev, facts.st_ino) in seen:
        return []
    seen.add((facts.st_dev, facts.st_ino))
    return sorted((path.name for path in folder.iterdir() if not path.name.startswith(".")), key=os.fsencode)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a link that leads to itself; reading it will say so
        return False
