"""A watched folder: which pictures have come since the last look, once nothing moves in it any more."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from modicum.home import Home
from modicum.sources.entries import SUFFIXES

_Facts = tuple[int, int]  # size in bytes, time of the last change in nanoseconds


class Watch:
    """One folder with its subfolders. Nothing is taken before two looks in a row have seen it as it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._taken: dict[Path, _Facts] = {}
        self._before: dict[Path, _Facts] | None = None

    def look(self) -> list[Path]:
        """The pictures that are new or have changed, none while files still come or grow."""
        now = _pictures(self.folder)
        quiet, self._before = now == self._before, now
        return sorted(path for path, facts in now.items() if self._taken.get(path) != facts) if quiet else []

    def take(self, paths: Sequence[Path]) -> None:
        """These were imported, as they were at the last look."""
        now = self._before or {}
        self._taken |= {path: now[path] for path in paths if path in now}


def _pictures(folder: Path) -> dict[Path, _Facts]:
    """What there is, hidden files apart; nothing while the folder cannot be listed, as when its disk is not mounted."""
    found: dict[Path, _Facts] = {}
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.startswith(".") or not name.lower().endswith(SUFFIXES):
                continue
            path = Path(root, name)
            try:
                facts = path.stat()
            except OSError:  # gone again, or a link to nothing
                continue
            found[path] = (facts.st_size, facts.st_mtime_ns)
    return found


def listed(home: Home, paths: Sequence[Path]) -> Path:
    """A list of these files that an import can read; whoever imports it removes it."""
    folder = home.path / "watched"
    folder.mkdir(exist_ok=True)
    file = folder / f"{uuid4().hex}.jsonl"
    file.write_text("".join(json.dumps({"path": str(path)}) + "\n" for path in paths), encoding="ascii")
    return file
