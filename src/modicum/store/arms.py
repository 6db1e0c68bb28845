"""What the two arms found: questions whose pre-label was wrong on purpose or kept back, and planted items on pages."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from modicum.store.db import arrays
from modicum.store.labels import STANDS
from modicum.store.tables import annotation, item, label, task
from modicum.types import Action, Arm, Origin, Route, Split, Status

RECENT = 2_000  # decisions by which pages are sized, and a person's pace is told

_class_said = annotation.c.value[("class_id",)].as_integer()
_class_shown = annotation.c.shown[("value", "class_id")].as_integer()


@dataclass(frozen=True)
class Counted:
    """Decisions that stand, and how many of them fell on the class in question."""

    n: int = 0
    k: int = 0


@dataclass(frozen=True)
class Tally:
    """On Annotate, answers under a planted pre-label and without one, and how many name the planted class. On pages, planted
    items decided on, and how many were confirmed."""

    seeded: Counted = Counted()
    blind: Counted = Counted()
    pages: Counted = Counted()


def tally(conn: Connection, project_id: int, annotator: str | None = None) -> Tally:
    """What was said under either arm, by one person or by all."""
    decided = annotation.c.action.in_([Action.ANSWER, Action.REJECT])  # on pages some are called wrong
    fell = and_(annotation.c.action == Action.ANSWER, _class_said == task.c.alternative)
    query = (
        select(task.c.arm, task.c.route, func.count().label("n"), func.sum(case((fell, 1), else_=0)).label("k"))
        .select_from(task)
        .join(annotation, and_(annotation.c.item_id == task.c.item_id, annotation.c.task_id == task.c.id))  # by an index
        .where(task.c.project_id == project_id, task.c.arm.is_not(None), decided, STANDS, *_by(annotator))
        .group_by(task.c.arm, task.c.route)
    )
    found = {(row.arm, row.route): Counted(row.n, row.k) for row in conn.execute(query)}
    return Tally(
        seeded=found.get((Arm.SEEDED, Route.ANNOTATE), Counted()),
        blind=found.get((Arm.BLIND, Route.ANNOTATE), Counted()),
        pages=found.get((Arm.SEEDED, Route.VALIDATE), Counted()),
    )


def _by(annotator: str | None) -> tuple[ColumnElement[bool], ...]:
    return () if annotator is None else (annotation.c.annotator == annotator,)


# --- planting ----------------------------------------------------------------------------------------------------------


def known_wrong(conn: Connection, project_id: int, class_id: int) -> npt.NDArray[np.int64]:
    """Rows of train items that people settled as another class than this, never planted on a page before."""
    planted = select(task.c.item_id).where(
        task.c.project_id == project_id, task.c.arm == Arm.SEEDED, task.c.route == Route.VALIDATE, task.c.state == "done"
    )
    (rows,) = arrays(
        conn,
        item.join(label, label.c.item_id == item.c.id),
        (item.c.row,),
        item.c.project_id == project_id,
        item.c.split == Split.TRAIN,
        item.c.status == Status.LABELED,
        item.c.flagged.is_(False),
        label.c.origin == Origin.HUMAN,
        label.c.class_id != class_id,
        item.c.id.not_in(planted),
    )
    return np.sort(rows)


# --- one person, and the pages of everybody ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Pace:
    """One person's answers, items decided on pages, and seconds of the newest answers that were timed, newest first."""

    answers: int
    on_pages: int
    seconds: tuple[float, ...]


def pace(conn: Connection, project_id: int, annotator: str) -> Pace:
    """How much one person decided, what was taken back left out, and how long the newest answers took."""
    mine = (annotation.c.project_id == project_id, annotation.c.annotator == annotator)
    stands = (*mine, annotation.c.action.in_([Action.ANSWER, Action.REJECT]), STANDS)
    query = select(annotation.c.route, func.count().label("n")).where(*stands).group_by(annotation.c.route)
    by_route = {row.route: row.n for row in conn.execute(query)}
    timed = (
        select(annotation.c.seconds)
        .where(*mine, annotation.c.action == Action.ANSWER, annotation.c.page.is_(None), annotation.c.seconds.is_not(None))
        .order_by(annotation.c.id.desc())
        .limit(RECENT)
    )
    on_pages = by_route.pop(Route.VALIDATE, 0)
    return Pace(answers=sum(by_route.values()), on_pages=on_pages, seconds=tuple(conn.execute(timed).scalars()))


def page_errors(conn: Connection, project_id: int) -> dict[int, Counted]:
    """Of the newest items decided on pages, by class of the page: how many there were, and how many were found wrong.

    Planted items are left out: they were wrong on purpose.
    """
    newest = (
        select(annotation.c.action, annotation.c.value, annotation.c.shown, annotation.c.task_id, annotation.c.id)
        .where(
            annotation.c.project_id == project_id,
            annotation.c.page.is_not(None),
            annotation.c.shown.is_not(None),  # stacks of a new batch show no prediction
            annotation.c.action.in_([Action.ANSWER, Action.REJECT]),
            STANDS,
        )
        .order_by(annotation.c.id.desc())
        .limit(RECENT)
        .subquery()
    )
    shown = newest.c.shown[("value", "class_id")].as_integer()
    wrong = (newest.c.action == Action.REJECT) | (newest.c.value[("class_id",)].as_integer() != shown)
    query: Any = (
        select(shown.label("of"), func.count().label("n"), func.sum(case((wrong, 1), else_=0)).label("k"))
        .select_from(newest.outerjoin(task, task.c.id == newest.c.task_id))
        .where(task.c.arm.is_(None))
        .group_by(shown)
    )
    return {row.of: Counted(row.n, row.k) for row in conn.execute(query)}
