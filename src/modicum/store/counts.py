"""What dashboards show: facts, counted when somebody looks. No count is stored anywhere."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, select

from modicum.store.db import Database
from modicum.store.tables import annotation, item, label, rejection, task
from modicum.store.tasks import IN_POOL, LIVE, OPEN
from modicum.types import Action, Origin, Route, Split, Status
from modicum.views import Counts

EXACT_BELOW = 1000
_POOL = select(func.count()).select_from(item).where(item.c.project_id == bindparam("project"), item.c.status == Status.POOL)
_SETTLED = select(func.count()).select_from(label).where(label.c.project_id == bindparam("project"))


def counts(conn: Connection, project_id: int) -> Counts:
    """The project in numbers."""
    groups = conn.execute(
        select(item.c.status, item.c.split, item.c.skipped, item.c.flagged, func.count().label("n"))
        .where(item.c.project_id == project_id)
        .group_by(item.c.status, item.c.split, item.c.skipped, item.c.flagged)
    ).all()

    def items(**facts: Any) -> int:
        return sum(row.n for row in groups if all(getattr(row, name) == value for name, value in facts.items()))

    human = conn.execute(
        select(func.count()).select_from(label).where(label.c.project_id == project_id, label.c.origin == Origin.HUMAN)
    ).scalar_one()
    kind_counts = select(rejection.c.kind, func.count()).where(rejection.c.project_id == project_id).group_by(rejection.c.kind)
    kinds = _by_key(conn, kind_counts)
    return Counts(
        items=items(),
        labeled=items(status=Status.LABELED),
        human=human,
        holdout=items(status=Status.LABELED, split=Split.HOLDOUT),
        holdout_items=items(split=Split.HOLDOUT),
        pool=items(status=Status.POOL),
        auto=items(status=Status.AUTO),
        discarded=items(status=Status.DISCARDED),
        skipped=items(status=Status.POOL, skipped=True),
        flagged=items(flagged=True),
        rejected=kinds.get("rejected", 0),
        duplicates=kinds.get("duplicate", 0),
    )


def left(db: Database, conn: Connection, project_id: int) -> int:
    """Unlabeled items; above 1,000 the number may be a second old, since every claim asks."""
    lately = db.remember_for(("left", project_id), 1.0, lambda: pool(conn, project_id))
    return lately if lately > EXACT_BELOW else pool(conn, project_id)


def _by_key(conn: Connection, query: Select[Any, int]) -> dict[Any, int]:
    return {key: count for key, count in conn.execute(query)}  # noqa: C416, dict() does not know rows


def pool(conn: Connection, project_id: int) -> int:
    """Unlabeled items."""
    count: int = conn.execute(_POOL, {"project": project_id}).scalar_one()
    return count


def settled(conn: Connection, project_id: int) -> int:
    """Labels of any origin."""
    count: int = conn.execute(_SETTLED, {"project": project_id}).scalar_one()
    return count


def asked(conn: Connection, project_id: int) -> int:
    """Labels people gave on Annotate: what a budget counts. Confirming what the model is sure of costs next to nothing."""
    count: int = conn.execute(
        select(func.count())
        .select_from(label)
        .where(label.c.project_id == project_id, label.c.origin == Origin.HUMAN, label.c.route == Route.ANNOTATE)
    ).scalar_one()
    return count


def open_tasks(conn: Connection, project_id: int) -> int:
    """Tasks that wait for somebody."""
    count: int = conn.execute(select(func.count()).select_from(task).where(task.c.project_id == project_id, OPEN)).scalar_one()
    return count


def queued(conn: Connection, project_id: int) -> int:
    """Unlabeled items with an Annotate task that waits for somebody or is in somebody's hands."""
    count: int = conn.execute(
        select(func.count())
        .select_from(task.join(item, item.c.id == task.c.item_id))
        .where(task.c.project_id == project_id, LIVE, task.c.route == Route.ANNOTATE, IN_POOL)
    ).scalar_one()
    return count


def annotations(conn: Connection, project_id: int) -> int:
    """Everything people said, what was taken back included."""
    count: int = conn.execute(
        select(func.count()).select_from(annotation).where(annotation.c.project_id == project_id)
    ).scalar_one()
    return count


def classes(conn: Connection, project_id: int) -> dict[int, int]:
    """class id -> items labeled with it as a whole."""
    of_items = (label.c.project_id == project_id, label.c.class_id.is_not(None))
    return _by_key(conn, select(label.c.class_id, func.count()).where(*of_items).group_by(label.c.class_id))


def confirmed(conn: Connection, project_id: int) -> dict[int, int]:
    """class id -> labels that came from Validate pages."""
    query = (
        select(label.c.class_id, func.count())
        .where(label.c.project_id == project_id, label.c.origin == Origin.HUMAN, label.c.route == Route.VALIDATE)
        .group_by(label.c.class_id)
    )
    return _by_key(conn, query)


def decisions(conn: Connection, project_id: int, limit: int) -> Sequence[Row[datetime, str, str, float | None]]:
    """(created, annotator, route, seconds) of the newest answers, newest first."""
    return conn.execute(
        select(annotation.c.created, annotation.c.annotator, annotation.c.route, annotation.c.seconds)
        .where(annotation.c.project_id == project_id, annotation.c.action == Action.ANSWER)
        .order_by(annotation.c.created.desc())
        .limit(limit)
    ).all()
