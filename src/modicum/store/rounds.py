"""Rounds: what the machine decided, written in one short transaction."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from modicum.store import scores, tasks
from modicum.store.scores import Scores
from modicum.store.tables import item, round_, task
from modicum.store.tasks import ASKABLE, OPEN, NewTask
from modicum.types import Interval, Round, Route


@dataclass(frozen=True)
class NewRound:
    """A round about to be opened. `rows`, `settled` and `annotations` say what it knew: the project's rows, labels and
    newest annotation when it began. `started` is time.monotonic() then; `head` is none when the seed strategy chose."""

    number: int
    strategy: str
    labels: int
    holdout: int
    accuracy: Interval | None
    temperature: float | None
    rows: int
    settled: int
    annotations: int
    head: bytes | None
    started: float


def open_round(conn: Connection, project_id: int, new: NewRound, found: Scores | None, picks: Sequence[NewTask]) -> int:
    """Store the round with its head and predictions and replace the queue; returns how many tasks it opened.

    Tasks in people's hands stay, and those no round decides about: sent back from Validate, or drawn for a certificate.
    Picks are opened only for items that are still in the pool, or holdout, and that nobody has taken up since the round began
    to think: a person's decision is never overwritten.
    """
    if found is not None:
        scores.store(conn, project_id, found)
    conn.execute(
        update(task)
        .where(
            task.c.project_id == project_id,
            OPEN,
            task.c.route == Route.ANNOTATE,
            task.c.reason.not_in(tasks.KEPT),
        )
        .values(state="superseded")
    )
    still = select(item.c.id).where(
        item.c.project_id == project_id,
        item.c.id.in_([pick.item_id for pick in picks]),
        ASKABLE,
        item.c.skipped.is_(False),
    )
    free = set(conn.execute(still.order_by(item.c.id).with_for_update()).scalars())
    free -= tasks.live(conn, free).keys()
    opened = tasks.open_tasks(conn, project_id, new.number, [pick for pick in picks if pick.item_id in free])
    conn.execute(insert(round_), _values(project_id, new))
    return len(opened)


def _values(project_id: int, new: NewRound) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "number": new.number,
        "strategy": new.strategy,
        "labels": new.labels,
        "holdout": new.holdout,
        "accuracy": None if new.accuracy is None else new.accuracy.model_dump(mode="json"),
        "temperature": new.temperature,
        "seconds": time.monotonic() - new.started,
        "rows": new.rows,
        "settled": new.settled,
        "annotations": new.annotations,
        "head": new.head,
        "created": datetime.now(UTC),
    }


@dataclass(frozen=True)
class Known:
    """What the newest round knew when it began."""

    number: int
    rows: int
    settled: int
    annotations: int


def newest(conn: Connection, project_id: int) -> Known | None:
    """What the newest round knew, none before the first."""
    query = (
        select(round_.c.number, round_.c.rows, round_.c.settled, round_.c.annotations)
        .where(round_.c.project_id == project_id)
        .order_by(round_.c.number.desc())
        .limit(1)
    )
    row = conn.execute(query).one_or_none()
    return None if row is None else Known(*row)


def latest(conn: Connection, project_id: int) -> Round | None:
    """The newest round."""
    query = _COLUMNS.where(round_.c.project_id == project_id).order_by(round_.c.number.desc()).limit(1)
    row = conn.execute(query).one_or_none()
    return None if row is None else _round(row)


def list_all(conn: Connection, project_id: int) -> list[Round]:
    """Every round, the first first."""
    query = _COLUMNS.where(round_.c.project_id == project_id).order_by(round_.c.number)
    return [_round(row) for row in conn.execute(query)]


def newest_head(conn: Connection, project_id: int) -> tuple[int, bytes] | None:
    """(number, head) of the newest round that trained one."""
    query = (
        select(round_.c.number, round_.c.head)
        .where(round_.c.project_id == project_id, round_.c.head.is_not(None))
        .order_by(round_.c.number.desc())
        .limit(1)
    )
    row = conn.execute(query).one_or_none()
    return None if row is None else (row.number, row.head)


def head_of(conn: Connection, project_id: int, number: int | None) -> bytes | None:
    """The head that round `number` trained, if it did."""
    query = select(round_.c.head).where(round_.c.project_id == project_id, round_.c.number == number)
    found: bytes | None = conn.execute(query).scalar_one_or_none()
    return found


def newest_heads(conn: Connection, project_id: int, n: int) -> list[tuple[int, bytes]]:
    """(labels of the project when it began, head) of the last n rounds that trained one, the oldest first."""
    query = (
        select(round_.c.settled, round_.c.head)
        .where(round_.c.project_id == project_id, round_.c.head.is_not(None))
        .order_by(round_.c.number.desc())
        .limit(n)
    )
    return [(row.settled, row.head) for row in conn.execute(query)][::-1]


_COLUMNS = select(*(column for column in round_.c if column.name != "head"))


def _round(row: Row[Any]) -> Round:
    return Round(
        number=row.number,
        strategy=row.strategy,
        labels=row.labels,
        holdout=row.holdout,
        accuracy=None if row.accuracy is None else Interval.model_validate(row.accuracy),
        temperature=row.temperature,
        seconds=row.seconds,
        created=row.created,
    )
