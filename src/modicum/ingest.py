"""Files -> items -> vectors: one pass over a source that can be cut off at any moment and taken up again.

Identity is the sha256 of the bytes. A batch counts once its transaction is committed: its vectors are on the disk before,
and what a crash leaves behind the committed rows is cut off by the next append.
"""

import hashlib
import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import Connection

from modicum import images, run
from modicum.encoders.image import Encoder
from modicum.encoders.resolve import resolve
from modicum.engine import image_utility
from modicum.errors import InputError, MediaError, ModicumError, NotFoundError, StorageError
from modicum.geometry import Shapes
from modicum.given import Given, Taken, gather
from modicum.home import Home
from modicum.models.reply import FROM_OUTSIDE
from modicum.sources import uris
from modicum.sources.entries import Entry, Options, Refusal
from modicum.sources.listing import count, described, in_batches, list_source
from modicum.store import drawings, items, jobs, labels, projects, tasks
from modicum.store.db import Database
from modicum.store.drawings import Predicted
from modicum.store.items import Known, NewItem, Twin
from modicum.types import Job, JobState, Prediction, Rejection, Schema, Split
from modicum.vectors import Vectors

BATCH_FILES = 32
BATCH_BYTES = 16 * 2**20  # large photos come in smaller batches: a cancelled import ends soon and memory stays small
HOLDOUT_SHARE = 0.2
_AT_ONCE = 8  # pictures encoded between two looks at whether the import was cancelled
_log = structlog.get_logger(__name__)


def split_of(sha256: str) -> Split:
    """Train or holdout, drawn once from the hash: the same picture falls on the same side in every project."""
    return Split.HOLDOUT if int(sha256[:8], 16) / 2**32 < HOLDOUT_SHARE else Split.TRAIN


def read_uri(home: Home, uri: str) -> bytes:
    """The bytes of an item, for whoever shows or exports it. Raises NotFoundError, MediaError, SourceError."""
    return uris.read_uri(uri)


def run_import(db: Database, home: Home, job: Job, *, stop: Callable[[], bool] = lambda: False) -> None:
    """Run a started import job to its end and write into the job how it ended.

    Once `stop` says so the job goes back to the queue. What the source holds that cannot be imported is recorded and
    skipped; when the source itself, the encoder or the disk fails, the job fails with one line and can be run again.
    """
    try:
        state, message = _import(db, home, job, stop)
    except ModicumError as error:
        if _project_is_gone(db, job):
            home.remove_project(job.project_id)
            return
        _log.warning("import failed", job=job.id, error=error.message)
        state, message = JobState.FAILED, error.message
    except Exception as error:
        db.write(jobs.finish, job.id, JobState.FAILED, f"unexpected {type(error).__name__}: {error}; please report this")
        raise
    if state is JobState.QUEUED:
        db.write(jobs.requeue, job.id)
    else:
        db.write(jobs.finish, job.id, state, message)


def _project_is_gone(db: Database, job: Job) -> bool:
    try:
        with db.read() as conn:
            projects.get(conn, job.project_id)
    except NotFoundError:
        return True
    return False


def _import(db: Database, home: Home, job: Job, stop: Callable[[], bool]) -> tuple[JobState, str]:
    """How the job ended, and one line about it."""
    source = Path(str(job.args["source"]))
    labels = bool(job.args.get("labels_from_folders"))
    # A list that came through the browser names files that came with it, not any file of this machine.
    absolute = not source.absolute().is_relative_to(home.uploads)
    total, others = count(source, labels_from_folders=labels, absolute=absolute)
    with db.read() as conn:
        project = projects.get(conn, job.project_id)
        rows, _ = projects.shape(conn, project.id)
    given = _given(db, job, source)
    db.write(jobs.progress, job.id, total=total)
    encoder = resolve(project.encoder, home.cache)
    db.write(projects.set_dims, project.id, encoder.dims)
    db.write(projects.check_probe, project.id, encoder([probe_picture()])[0])
    look = _Look(db, home, project.id, encoder, threading.Event())
    batches = in_batches(list_source(source, Options(labels, absolute)), BATCH_FILES, BATCH_BYTES)
    seen = run.map(look, batches, _processors())
    tally = _Tally(job, rows, given=given)
    try:
        for batch in seen:
            tally, cancelled = _keep(db, Vectors(home.vectors_of(project.id), encoder.dims), batch, tally)
            if cancelled:
                return JobState.CANCELLED, "cancelled: what was imported so far is kept"
            if stop():
                return JobState.QUEUED, ""
    finally:
        look.ending.set()
        seen.close()
    if given is not None:
        given.finish()
        db.write(items.add_rejections, project.id, given.rejections(Path(str(job.args["annotations"])).name))
    return JobState.DONE, tally.told(others)


def _given(db: Database, job: Job, source: Path) -> Given | None:
    """The shapes that a file of annotations gives these images; the project gets the classes it lacks."""
    if not job.args.get("annotations"):
        return None
    named = job.args.get("from")
    given = gather(Path(str(job.args["annotations"])), None if named is None else str(named), source)

    def fit(conn: Connection) -> None:
        project = projects.locked(conn, job.project_id)
        if project.task_schema.task != "draw":
            raise InputError(f"project {project.slug} is not for drawing: start another one for these annotations")
        projects.store_schema(conn, project.id, given.fit(project.task_schema))

    db.write(fit)
    return given


def probe_picture() -> NDArray[np.uint8]:
    """uint8[192, 256, 3], the same for ever: what an encoder makes of it tells whether it is still the same encoder.

    Coloured, not square and full of rings of every width, so that colours, crop and scaling show in it. A hash of the model's
    file would see less (no preprocessing, no weights outside the file) and refuse more (the same weights, saved once again).
    """
    y, x = np.mgrid[:192, :256]
    return np.stack([x, 3 * y % 256, (x * x + y * y) // 97 % 256], axis=-1).astype(np.uint8)


def _processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# --- looking: in several threads, changing nothing ---------------------------------------------------------------------


class _Found(NamedTuple):
    """What is known of bytes: facts and vector, or the reason why there are none."""

    facts: images.Facts | None = None
    vector: NDArray[np.floating] | None = None
    reason: str = ""


@dataclass(frozen=True)
class _Seen:
    """An entry after it was looked at: with facts and vector it may become an item, with a reason it may not."""

    entry: Entry | Refusal
    sha256: str = ""
    facts: images.Facts | None = None
    vector: NDArray[np.floating] | None = None
    reason: str = ""


@dataclass(frozen=True)
class _Look:
    """Reads and hashes a batch; decodes and encodes what no project has. `ending` makes it give up."""

    db: Database
    home: Home
    project_id: int
    encoder: Encoder
    ending: threading.Event

    def __call__(self, batch: Sequence[Entry | Refusal]) -> list[_Seen]:
        contents: dict[str, bytes] = {}
        seen = [self._read(entry, contents) for entry in batch]
        with self.db.read() as conn:
            known = items.known_hashes(conn, self.project_id, contents)
            twins = items.twins(conn, self.project_id, contents.keys() - known.keys())
        found = self._copied(twins)
        found |= self._encoded({sha256: data for sha256, data in contents.items() if sha256 not in known | found})
        if self.ending.is_set():
            return []
        return [replace(each, **found[each.sha256]._asdict()) if each.sha256 in found else each for each in seen]

    def _read(self, entry: Entry | Refusal, contents: dict[str, bytes]) -> _Seen:
        if isinstance(entry, Refusal) or self.ending.is_set():
            return _Seen(entry, reason=entry.reason if isinstance(entry, Refusal) else "")
        try:
            data = entry.read()
        except MediaError as error:
            return _Seen(entry, reason=error.message)
        sha256 = hashlib.sha256(data).hexdigest()
        contents[sha256] = data
        return _Seen(entry, sha256)

    def _copied(self, twins: Mapping[str, Twin]) -> dict[str, _Found]:
        """Facts and vectors of what another project has encoded already. One that goes away meanwhile is encoded again."""
        found: dict[str, _Found] = {}
        for sha256, twin in twins.items():
            with suppress(StorageError):
                vectors = Vectors(self.home.vectors_of(twin.project_id), self.encoder.dims).read(twin.row + 1)
                facts = images.Facts(twin.media, twin.width, twin.height)
                found[sha256] = _Found(facts, np.asarray(vectors[twin.row]))
        return found

    def _encoded(self, new: Mapping[str, bytes]) -> dict[str, _Found]:
        """Facts and vectors of what nobody has encoded yet, or the reason why there are none."""
        found: dict[str, _Found] = {}
        pixels: dict[str, NDArray[np.uint8]] = {}
        for sha256, data in new.items():
            if self.ending.is_set():
                return {}
            try:
                found[sha256], pixels[sha256] = _Found(images.probe(data)), images.decode(data, self.encoder.size)
            except MediaError as error:
                found[sha256] = _Found(reason=error.message)
        waiting = list(pixels)
        for start in range(0, len(waiting), _AT_ONCE):
            if self.ending.is_set():
                return {}
            part = waiting[start : start + _AT_ONCE]
            for sha256, vector in zip(part, self.encoder([pixels[sha256] for sha256 in part]), strict=True):
                found[sha256] = found[sha256]._replace(vector=vector)
        return found


# --- keeping: in one thread, in the order of the source ----------------------------------------------------------------


@dataclass(frozen=True)
class _Tally:
    """The job's figures, counted from the start of the source also when it is taken up again, at `rows` vectors."""

    job: Job
    rows: int
    done: int = 0
    added: int = 0
    duplicates: int = 0
    rejected: int = 0
    conflicts: int = 0
    given: Given | None = None

    def told(self, others: Counter[str]) -> str:
        """What the figures of the job do not say."""
        parts = [] if self.given is None else [self.given.told()]
        if self.conflicts:
            parts.append(f"{self.conflicts:,} duplicates carry another label than the first, whose label counts")
        if others:
            parts.append(f"files of other kinds were passed over: {described(others)}")
        return "; ".join(parts)


def _keep(db: Database, vectors: Vectors, batch: Sequence[_Seen], before: _Tally) -> tuple[_Tally, bool]:
    """Commit one batch. Returns the figures after it and whether somebody asked the job to stop."""
    with db.read() as conn:
        rows, _ = projects.shape(conn, before.job.project_id)
        known = items.known_hashes(conn, before.job.project_id, {each.sha256 for each in batch})
    new: dict[str, _Seen] = {}
    rest: list[_Seen] = []
    for each in batch:
        if each.vector is None or each.sha256 in known or each.sha256 in new:
            rest.append(each)
        else:
            new[each.sha256] = each
    if new:
        vectors.append(np.stack([each.vector for each in new.values() if each.vector is not None]), rows)
    taken: dict[str, Taken] = {}
    for each in batch if before.given is not None else ():
        if isinstance(each.entry, Entry) and (each.sha256 in known or each.sha256 in new):
            found = before.given.take(each.entry.name) if before.given else None
            if found is not None:
                taken[each.entry.uri] = found
    return db.write(_commit, rows, list(new.values()), rest, before, taken)


def _commit(
    conn: Connection, rows: int, new: Sequence[_Seen], rest: Sequence[_Seen], before: _Tally, taken: Mapping[str, Taken]
) -> tuple[_Tally, bool]:
    """One transaction: items, labels, rejections and progress of a batch. May run twice, as every write may."""
    project_id = before.job.project_id
    drawn = {uri: found.shapes for uri, found in taken.items() if found.shapes is not None}
    named = [each.entry.label for each in new if isinstance(each.entry, Entry) and each.entry.label]
    schema = projects.ensure_classes(conn, project_id, dict.fromkeys(named))
    made = [_new_item(each, schema, drawn.get(each.entry.uri)) for each in new]
    items.add_items(conn, project_id, made, rows, batch=before.job.id)
    known = items.known_hashes(conn, project_id, {each.sha256 for each in rest})
    tally = replace(before, done=before.done + len(new) + len(rest), added=before.added + len(new))
    rejections: list[Rejection] = []
    for each in rest:
        there = known.get(each.sha256)
        tally, rejection = _left_out(each, there, schema, tally)
        if there is not None and each.entry.uri in drawn:
            given = _give(conn, there, each.entry.uri, drawn[each.entry.uri])
            if not given and rejection:
                reason = f"{rejection.reason}; its shapes were not taken: the item has others"
                rejection = rejection.model_copy(update={"reason": reason})
        if rejection:
            rejections.append(rejection)
    items.add_rejections(conn, project_id, rejections)
    _predict(conn, project_id, {each.sha256: taken[each.entry.uri] for each in (*new, *rest) if each.entry.uri in taken})
    stop = jobs.progress(
        conn, tally.job.id, done=tally.done, added=tally.added, duplicates=tally.duplicates, rejected=tally.rejected
    )
    return tally, stop


def _predict(conn: Connection, project_id: int, taken: Mapping[str, Taken]) -> None:
    """Keep what models say of items, by sha256, and show it with questions that are open already."""
    there = items.known_hashes(conn, project_id, [sha256 for sha256, found in taken.items() if found.predictions])
    for sha256, known in there.items():
        for source, shapes in taken[sha256].predictions:
            scores = [shape.score for shape in shapes.shapes if shape.score is not None]
            said = Prediction(model=FROM_OUTSIDE, value=shapes, confidence=round(float(np.mean(scores)), 4) if scores else 0.0)
            utility = image_utility.utility(np.array(scores)) if scores else None
            drawings.store(conn, project_id, source, [Predicted(known.id, said, utility)])
    tasks.suggest(conn, drawings.predictions(conn, [known.id for known in there.values()]))


def _give(conn: Connection, there: Known, uri: str, shapes: Shapes) -> bool:
    """The shapes of an item that is there already, unless another file of the same bytes has given it some; what people said
    goes before them. False: they were not taken."""
    taken = items.give_shapes(conn, there.id, shapes, replace=there.uri == uri)
    if taken:
        labels.settle(conn, labels.lock_items(conn, [there.id]))
    return taken


def _new_item(seen: _Seen, schema: Schema, shapes: Shapes | None) -> NewItem:
    if not isinstance(seen.entry, Entry) or seen.facts is None:
        raise ValueError("only what was decoded becomes an item")
    entry, facts = seen.entry, seen.facts
    class_id = _class_of(entry.label, schema)
    split = split_of(seen.sha256)
    return NewItem(entry.uri, entry.name, seen.sha256, facts.media, facts.width, facts.height, split, class_id, shapes)


def _class_of(label: str | None, schema: Schema) -> int | None:
    if label is None:
        return None
    folded = label.casefold()
    return next((entry.id for entry in schema.classes if not entry.archived and entry.name.casefold() == folded), None)


def _left_out(seen: _Seen, there: Known | None, schema: Schema, tally: _Tally) -> tuple[_Tally, Rejection | None]:
    """Count an entry that became no item; the second part says why, unless it simply is an item already."""
    entry, now = seen.entry, datetime.now(UTC)
    if there is None or isinstance(entry, Refusal):
        rejection = Rejection(uri=entry.uri, kind="rejected", reason=seen.reason, created=now)
        return replace(tally, rejected=tally.rejected + 1), rejection
    if there.uri == entry.uri and there.batch == tally.job.id and there.row < tally.rows:
        return replace(tally, added=tally.added + 1), None  # this very job had it before it was interrupted
    tally = replace(tally, duplicates=tally.duplicates + 1)
    conflict = entry.label is not None and (there.class_id is None or _class_of(entry.label, schema) != there.class_id)
    reasons = [] if there.uri == entry.uri else [f"the same bytes as {there.name}"]
    if conflict:
        has = "no label" if there.class_id is None else f"the label {schema.classes[there.class_id].name!r}"
        reasons.append(f"its label {entry.label!r} was not taken: the item has {has} from its first import")
        tally = replace(tally, conflicts=tally.conflicts + 1)
    if not reasons:
        return tally, None
    return tally, Rejection(uri=entry.uri, kind="duplicate", reason="; ".join(reasons), created=now)
