"""Batches: one arrival of data each, what it is compared with, and what people said of its items."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Row, case, func, insert, select, update

from modicum.errors import NotFoundError
from modicum.store import scores
from modicum.store.db import arrays
from modicum.store.labels import MEANT, STANDS, TRIAGE
from modicum.store.tables import annotation, batch, item, job, label, task
from modicum.types import Action, BatchState, Origin, Route, Status

NOISE = -1  # class id of items that people set aside: known, so that a later batch does not bring their like up again
SKIPPED, KNOWN, DISCARDED = -2, -3, -4  # what was said in place of a class

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Said:
    """What somebody, or the source, said of one item: a class id, or SKIPPED, KNOWN or DISCARDED; `asked`: by the triage."""

    item_id: int
    class_id: int
    asked: bool


@dataclass(frozen=True, eq=False)
class Contents:
    """The items of a batch, by row: ids and rows int64 [n]."""

    ids: Ints
    rows: Ints


# --- arriving ----------------------------------------------------------------------------------------------------------


def begin(conn: Connection, project_id: int, job_id: int, source: str, name: Any) -> None:
    """Record the import as a batch when there is a model, or when it has a name."""
    model = scores.newest_model(conn, project_id)
    if model is None and not name:
        return
    number = 1 + (conn.scalar(select(func.max(batch.c.number)).where(batch.c.project_id == project_id)) or 0)
    now = datetime.now(UTC)
    called = name or f"{PurePath(source).name[:80] or source[:80]}, {now:%Y-%m-%d}"
    values = {
        "project_id": project_id,
        "job_id": job_id,
        "number": number,
        "name": str(called)[:100],
        "source": source,
        "state": BatchState.ARRIVING,
        "round": model,
        "items": 0,
        "budget": 0,
        "classes": [],
        "message": "",
        "created": now,
    }
    conn.execute(insert(batch), values)


def arrived(conn: Connection, project_id: int) -> list[Row[Any]]:
    """Batches that wait for what follows on their import, with how it ended, the oldest first."""
    columns = (job.c.args, job.c.duplicates, job.c.rejected, job.c.state.label("ended"), job.c.message.label("said"))
    query = (
        select(batch, *columns)
        .join(job, job.c.id == batch.c.job_id)
        .where(
            batch.c.project_id == project_id,
            batch.c.state == BatchState.ARRIVING,
            job.c.state.in_(["done", "failed", "cancelled"]),
        )
    )
    return list(conn.execute(query.order_by(batch.c.number)))


def open_triage(conn: Connection, batch_id: int, *, items: int, budget: int, alarm: dict[str, Any] | None, message: str) -> None:
    """From now on its items are asked about."""
    values = {"items": items, "budget": budget, "alarm": alarm, "message": message, "state": BatchState.OPEN}
    conn.execute(update(batch).where(batch.c.id == batch_id, batch.c.state == BatchState.ARRIVING).values(values))


def stamp(conn: Connection, row: Row[Any]) -> Row[Any]:
    """The batch is all there: what is said from now on is no part of what it is compared with. Returns it as it is then."""
    if row.opened is None:
        others = item.join(label, label.c.item_id == item.c.id)
        known = (item.c.project_id == row.project_id, item.c.batch != row.job_id, _BY_PEOPLE)
        classes = sorted(conn.execute(select(label.c.class_id).select_from(others).where(*known).distinct()).scalars())
        conn.execute(update(batch).where(batch.c.id == row.id).values(opened=datetime.now(UTC), classes=classes))
    return get(conn, row.project_id, row.number)


def close(conn: Connection, batch_id: int, *, items: int, message: str) -> None:
    """There is nothing to triage, and why."""
    values = {"items": items, "message": message, "state": BatchState.DONE, "finished": datetime.now(UTC)}
    conn.execute(update(batch).where(batch.c.id == batch_id, batch.c.state == BatchState.ARRIVING).values(values))


def forget(conn: Connection, batch_id: int) -> None:
    """As if the import had been none: a known folder was looked through again and held nothing new."""
    conn.execute(batch.delete().where(batch.c.id == batch_id))


def finish(conn: Connection, batch_id: int, report: dict[str, Any], at: datetime) -> None:
    """End the triage with its report; again only replaces the report. Questions nobody has in hand are closed."""
    first = batch.c.finished.is_(None)
    conn.execute(update(batch).where(batch.c.id == batch_id).values(report=report))
    conn.execute(update(batch).where(batch.c.id == batch_id, first).values(state=BatchState.DONE, finished=at))
    of_batch = select(item.c.id).join(batch, (batch.c.project_id == item.c.project_id) & (batch.c.job_id == item.c.batch))
    waiting = (task.c.reason == TRIAGE, task.c.state == "open", task.c.item_id.in_(of_batch.where(batch.c.id == batch_id)))
    conn.execute(update(task).where(*waiting).values(state="superseded"))


# --- reading -----------------------------------------------------------------------------------------------------------


def list_all(conn: Connection, project_id: int) -> list[Row[Any]]:
    """Every batch, the newest first."""
    return list(conn.execute(select(batch).where(batch.c.project_id == project_id).order_by(batch.c.number.desc())))


def get(conn: Connection, project_id: int, number: int) -> Row[Any]:
    """Raises NotFoundError."""
    row = conn.execute(select(batch).where(batch.c.project_id == project_id, batch.c.number == number)).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no batch {number} in this project")
    return row


def contents(conn: Connection, project_id: int, job_id: int) -> Contents:
    """The items of a batch."""
    ids, rows = arrays(conn, item, (item.c.id, item.c.row), item.c.project_id == project_id, item.c.batch == job_id)
    order = np.argsort(rows)
    return Contents(ids[order], rows[order])


_BY_PEOPLE = label.c.origin.in_([Origin.HUMAN, Origin.IMPORT])
_class_said = case(
    (annotation.c.action == Action.SKIP, SKIPPED),
    (annotation.c.action == Action.KNOWN, KNOWN),
    (annotation.c.action == Action.DISCARD, DISCARDED),
    else_=annotation.c.value["class_id"].as_integer(),
)
_SPEAKING = annotation.c.action.in_([Action.ANSWER, Action.SKIP, Action.KNOWN, Action.DISCARD])


def reference(conn: Connection, row: Row[Any]) -> tuple[Ints, Ints]:
    """(row, class id) of everything that was known when this batch was all there, by row: labels that people and sources gave to
    other items, and as NOISE what people had set aside."""
    before = (item.c.project_id == row.project_id, item.c.batch != row.job_id)
    labeled = item.join(label, label.c.item_id == item.c.id)
    rows, classes = arrays(conn, labeled, (item.c.row, label.c.class_id), *before, _BY_PEOPLE, label.c.created <= row.opened)
    aside = item.join(annotation, annotation.c.item_id == item.c.id)
    discarded = (annotation.c.action == Action.DISCARD, annotation.c.created <= row.opened, STANDS)
    of_project = (annotation.c.project_id == row.project_id, item.c.status == Status.DISCARDED)
    (noise,) = arrays(conn, aside, (item.c.row,), *before, *of_project, *discarded)
    noise = np.unique(noise)
    rows, classes = np.concatenate([rows, noise]), np.concatenate([classes, np.full(len(noise), NOISE)])
    order = np.argsort(rows)
    return rows[order], classes[order]


def rows_before(conn: Connection, row: Row[Any]) -> Ints:
    """Rows of all items that were there when this batch was, its own apart."""
    there = (item.c.project_id == row.project_id, item.c.batch != row.job_id, item.c.created <= row.opened)
    (rows,) = arrays(conn, item, (item.c.row,), *there)
    return np.sort(rows)


def said(conn: Connection, row: Row[Any]) -> list[Said]:
    """What the source named, and then what people said of the items of a batch and stands, in the order it was said."""
    of_batch = (item.c.project_id == row.project_id, item.c.batch == row.job_id)
    given = select(item.c.id, item.c.given).where(*of_batch, item.c.given.is_not(None)).order_by(item.c.row)
    asked = case(((task.c.reason == TRIAGE) & (annotation.c.route == Route.ANNOTATE), 1), else_=0)
    people = (
        select(item.c.id, _class_said, asked)
        .select_from(item.join(annotation, annotation.c.item_id == item.c.id).outerjoin(task, task.c.id == annotation.c.task_id))
        .where(
            *of_batch, annotation.c.project_id == row.project_id, annotation.c.created >= row.created, _SPEAKING, STANDS, MEANT
        )
        .order_by(annotation.c.id)
    )
    named = [Said(item_id, class_id, False) for item_id, class_id in conn.execute(given)]
    return named + [Said(item_id, class_id, bool(by)) for item_id, class_id, by in conn.execute(people)]


def leased(conn: Connection, row: Row[Any]) -> int:
    """Questions of its triage that are in people's hands."""
    of_batch = select(item.c.id).where(item.c.project_id == row.project_id, item.c.batch == row.job_id)
    mine = (task.c.project_id == row.project_id, task.c.state == "leased", task.c.reason == TRIAGE)
    query = select(func.count()).where(*mine, task.c.route == Route.ANNOTATE, task.c.item_id.in_(of_batch))
    count: int = conn.execute(query).scalar_one()
    return count


def by_stack(conn: Connection, row: Row[Any]) -> int:
    """Items whose label came with a stack."""
    of_batch = (item.c.project_id == row.project_id, item.c.batch == row.job_id)
    joined = (
        item.join(label, label.c.item_id == item.c.id)
        .join(annotation, annotation.c.id == label.c.annotation_id)
        .join(task, task.c.id == annotation.c.task_id)
    )
    query = select(func.count()).select_from(joined).where(*of_batch, task.c.reason == TRIAGE, annotation.c.page.is_not(None))
    count: int = conn.execute(query).scalar_one()
    return count


def last_said(conn: Connection, row: Row[Any]) -> int:
    """Id of the newest annotation of an item of this batch, 0 without any."""
    of_batch = (item.c.project_id == row.project_id, item.c.batch == row.job_id)
    joined = item.join(annotation, annotation.c.item_id == item.c.id)
    found: int | None = conn.execute(select(func.max(annotation.c.id)).select_from(joined).where(*of_batch)).scalar_one()
    return found or 0


def report_waits(conn: Connection, project_id: int, annotation_id: int) -> bool:
    """Whether the report of a batch waits for a model that knows more than what was said up to this annotation."""
    query = select(batch).where(batch.c.project_id == project_id, batch.c.report["pending"].as_boolean())
    return any(last_said(conn, row) > annotation_id for row in conn.execute(query))


def stack_since(conn: Connection, project_id: int, annotation_id: int) -> bool:
    """Whether a stack was named, or taken back, after this annotation."""
    since = (annotation.c.project_id == project_id, annotation.c.id > annotation_id, annotation.c.page.is_not(None))
    joined = annotation.join(task, task.c.id == annotation.c.task_id)
    query = select(annotation.c.id).select_from(joined).where(*since, task.c.reason == TRIAGE).limit(1)
    return conn.execute(query).first() is not None
