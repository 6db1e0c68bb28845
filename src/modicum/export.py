"""Labels with their provenance, row by row or picture by picture, out of the store and into a format."""

import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from modicum import plugins
from modicum.errors import InputError, ModicumError
from modicum.formats import places
from modicum.formats.losses import Losses
from modicum.formats.pictures import Drawings, Picture, ShapeFormat
from modicum.formats.row import Format, Row
from modicum.geometry import Shapes
from modicum.store import drawings as drawn
from modicum.store import exports, scores
from modicum.store.db import Database
from modicum.types import Origin, Project, class_of

GROUP = "modicum.formats"
PAGE = 5000  # items a read transaction: a slow download must not hold the database's log back


def rows(db: Database, project: Project, *, predictions: bool = False) -> Iterator[Row]:
    """Every label of a project; with `predictions` also the unlabeled items the model has an opinion of, marked as such.

    A prediction never stands in the column `label`. Labels given while the export runs may or may not be in it.
    """
    names = [entry.name for entry in project.task_schema.classes]
    current = scores.predictions(db, project.id)
    after = -1
    while True:
        with db.read() as conn:
            page = exports.page(conn, project.id, after, PAGE, unlabeled=predictions and current is not None)
        for found in page:
            model = None if current is None else current.of_row(found.row)
            predicted = None if model is None else class_of(model.value)
            said = (None, None) if model is None else (model.confidence, model.model)
            if found.origin == Origin.MODEL:  # what settled it, not what the model would say now
                predicted, said = found.class_id, (found.confidence, found.model)
            if found.class_id is None and predicted is None:
                continue
            yield Row(
                name=found.name,
                uri=found.uri,
                sha256=found.sha256,
                kind="prediction" if found.class_id is None else "label",
                label=None if found.class_id is None else names[found.class_id],
                origin=found.origin,
                annotator=found.annotator,
                time=found.created,
                prediction=None if predicted is None else names[predicted],
                confidence=said[0],
                model=said[1],
                agrees=None if found.class_id is None or predicted is None else found.class_id == predicted,
                shown=None if not found.shown else names[found.shown["value"]["class_id"]],
                split=found.split,
                flagged=found.flagged,
                certificate=_certificate(found) if found.origin == Origin.MODEL else None,
            )
        if len(page) < PAGE:
            return
        after = page[-1].row


def _certificate(found: Any) -> str | None:
    return None if found.number is None else f"{found.number}{'' if found.threshold is None else ', not certified'}"


# --- drawings ----------------------------------------------------------------------------------------------------------


def drawings(db: Database, project: Project, *, predictions: bool = False) -> Drawings:
    """Every labeled image with its shapes and where they come from; with `predictions` also what models say of the others."""
    return Drawings(project.task_schema.classes, _pictures(db, project, predictions))


def _pictures(db: Database, project: Project, predictions: bool) -> Iterator[Picture]:
    after = -1
    while True:
        with db.read() as conn:
            page = exports.page(conn, project.id, after, PAGE, unlabeled=predictions)
            waiting = [found.id for found in page if found.shapes is None]
            said = drawn.predictions(conn, waiting) if predictions else {}
        for found in page:
            guess = said.get(found.id)
            if found.shapes is None and guess is None:
                continue
            shapes = Shapes() if found.shapes is None else Shapes.model_validate(found.shapes)
            models = (guess.value,) if guess is not None and isinstance(guess.value, Shapes) else ()
            facts = {
                "uri": found.uri,
                "sha256": found.sha256,
                "kind": "prediction" if found.shapes is None else "label",
                "origin": found.origin,
                "annotator": found.annotator,
                "time": None if found.created is None else found.created.isoformat(timespec="seconds"),
                "split": str(found.split),
                "flagged": bool(found.flagged),
            }
            yield Picture(found.name, found.width, found.height, shapes, models, str(found.id), facts)
        if len(page) < PAGE:
            return
        after = page[-1].row


def write_drawings(
    drawings: Drawings,
    format_: ShapeFormat,
    target: Path,
    losses: Losses,
    *,
    read: Callable[[str], bytes] | None = None,
) -> int:
    """Writes a file, or a folder or zip of files; returns the number of images in it. `read(uri)` gives their bytes, for
    formats that hold copies; one that cannot be read is a line of the losses. Raises InputError, StorageError."""
    uris: dict[str, str] = {}
    count = 0

    def passing() -> Iterator[Picture]:
        nonlocal count
        for picture in drawings.pictures:
            count += 1
            uris.clear()
            uris[picture.name] = str(picture.facts.get("uri", ""))
            yield picture

    def image(name: str) -> bytes | None:
        if read is None:
            return None
        try:
            return read(uris[name])
        except ModicumError as error:
            losses.left_out(name, "", "an image that can no longer be read", error.message)
            return None

    with places.opened(target, format_.suffix, image) as out:
        format_.write(replace(drawings, pictures=passing()), out, losses)
    return count


@contextmanager
def drawn_zip(
    db: Database, project: Project, format_: ShapeFormat, name: str, *, predictions: bool, read: Callable[[str], bytes] | None
) -> Iterator[Path]:
    """A zip with the drawings in a format, and `left-out.txt` when it could not hold everything; gone after the block.

    Raises InputError, StorageError.
    """
    with tempfile.TemporaryDirectory() as room:
        losses = Losses()
        written = Path(room) / f"{name}{format_.suffix}"
        write_drawings(drawings(db, project, predictions=predictions), format_, written, losses, read=read)
        whole = written
        if format_.suffix != ".zip":
            whole = written.with_suffix(".zip")
            with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.write(written, written.name)
        if losses:
            with zipfile.ZipFile(whole, "a", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("left-out.txt", "\n".join(losses.lines()) + "\n")
        yield whole


# --- formats -----------------------------------------------------------------------------------------------------------


def formats() -> dict[str, Format]:
    """Every format that is installed and can be loaded, by its name."""
    found = {}
    for name in plugins.names(GROUP):
        try:
            found[name] = format_named(name)
        except ModicumError:  # a broken package of a stranger's; whoever asks for its format is told what is wrong
            continue
    return found


def format_named(name: str, *, path: str | None = None) -> Format:
    """A format by its name, as packages register it under `modicum.formats`.

    Raises InputError, with `path` for where the name was received, when there is no such format or it is none; ModicumError
    when its package cannot be loaded.
    """
    if name not in plugins.names(GROUP):
        raise InputError(f"there is no format {name!r}; installed: {', '.join(plugins.names(GROUP))}", path=path)
    found = plugins.get(GROUP, name)
    if not isinstance(found, Format):
        raise InputError(f"the package that registers the format {name!r} gives {type(found).__name__}, not a Format")
    return found
