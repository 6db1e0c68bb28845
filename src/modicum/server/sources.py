"""What an import request names: a path on this machine, or an upload."""

import shutil
from pathlib import Path

from modicum.errors import SourceError
from modicum.home import Home
from modicum.server.uploads import upload_folder
from modicum.sources import listing
from modicum.sources.entries import Options

TABLES = (".zip", ".csv", ".jsonl", ".ndjson")


def import_args(home: Home, source: str, *, labels_from_folders: bool, batch: str | None = None) -> dict[str, str | bool | None]:
    """The arguments of an import job; `batch` names the batch it is to be.

    Raises SourceError or NotFoundError before anything is queued.
    """
    path = source_path(home, source)
    absolute = not path.is_relative_to(home.uploads)
    if next(listing.list_source(path, Options(labels_from_folders, absolute)), None) is None:
        listing.count(path, labels_from_folders=labels_from_folders, absolute=absolute)  # says what it looked for
    args: dict[str, str | bool | None] = {"source": str(path), "labels_from_folders": labels_from_folders, "batch": batch}
    if source.startswith("upload:") and path.is_dir():  # its own name is a random id, which tells people nothing
        held = list(path.iterdir())
        args["folder"] = held[0].name if len(held) == 1 and held[0].is_dir() else "upload"
    return args


def source_path(home: Home, source: str) -> Path:
    """The folder or file a source stands for; an upload of a single zip or table is that file."""
    if source.startswith("upload:"):
        folder = upload_folder(home.uploads, source.removeprefix("upload:"))
        held = list(folder.iterdir())
        alone = len(held) == 1 and held[0].is_file() and held[0].suffix.lower() in TABLES
        return held[0] if alone else folder
    try:
        path = Path(source).expanduser().absolute()
        if not path.exists():
            raise SourceError(
                f"there is no {source!r}: give a folder, a zip, a CSV or a JSONL file on this machine", path="$.source"
            )
    except (OSError, RuntimeError, ValueError) as error:
        raise SourceError(f"{source[:200]!r} is no path: {error}", path="$.source") from error
    return path


def drop_upload(folder: Path) -> None:
    """Removes what a broken upload has left."""
    shutil.rmtree(folder, ignore_errors=True)
