"""What people's work amounted to: decisions and their seconds by purpose, counted from the annotations.

Annotations are only ever added, so a count that was made once grows by what came since and is never made again.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import numpy as np
from sqlalchemy import BigInteger, Connection, Integer, and_, bindparam, case, cast, func, select

from modicum.engine.costs import CLASSIFY, CONFIRM, Times, spent, together
from modicum.store.db import Database
from modicum.store.labels import TRIAGE
from modicum.store.tables import annotation, item, project, task
from modicum.types import Action, Interval, Purpose, Route, Split

REASONS = {
    "calibration": Purpose.CALIBRATION,
    "audit": Purpose.AUDIT,
    "second-look": Purpose.SECOND_LOOK,
    TRIAGE: Purpose.TRIAGE,
}
BY_PAGE = (Purpose.VALIDATION, Purpose.STACKS)  # many items a gesture, each in its own way
EXACT_WITHIN_S = 600.0
DAY = timedelta(days=1) // timedelta(microseconds=1)

_retracts = case((annotation.c.action == Action.RETRACT, 1), else_=0)
# the holdout teaches nothing, whichever way its items came up, but for those a triage looks for as for all others
_purpose = case(
    (and_(annotation.c.route == Route.VALIDATE, task.c.reason == TRIAGE), Purpose.STACKS),
    (annotation.c.route == Route.VALIDATE, Purpose.VALIDATION),
    *((task.c.reason == reason, purpose) for reason, purpose in REASONS.items()),
    (item.c.split == Split.HOLDOUT, Purpose.HOLDOUT),
    else_=Purpose.LEARNING,
).label("purpose")
_milliseconds = cast(func.round(annotation.c.seconds * 1000), Integer).label("milliseconds")


_NEWEST = select(
    select(project.c.created).where(project.c.id == bindparam("project")).scalar_subquery(),
    select(func.max(annotation.c.id)).where(annotation.c.project_id == bindparam("project")).scalar_subquery(),
)
_SINCE = (
    select(_purpose, _milliseconds, func.sum(1 - _retracts), func.sum(_retracts))
    .select_from(annotation.join(item, item.c.id == annotation.c.item_id).outerjoin(task, task.c.id == annotation.c.task_id))
    .where(
        annotation.c.project_id == bindparam("project"),
        annotation.c.id > bindparam("after"),
        annotation.c.id <= bindparam("upto"),
    )
    .group_by("purpose", "milliseconds")
)


class Spending:
    """Everything people did in a project so far, by purpose. What was taken back was done all the same."""

    def __init__(self, found: dict[Purpose, Counter[int | None]], taken_back: dict[Purpose, int]) -> None:
        self.times = {purpose: _times(counted) for purpose, counted in found.items() if counted}
        self.taken_back = taken_back

    def alike(self, purpose: Purpose) -> Times:
        """All decisions made the same way: one by one, by the page, or by the stack."""
        same = [purpose] if purpose in BY_PAGE else [other for other in self.times if other not in BY_PAGE]
        return together(self.times[other] for other in same if other in self.times)

    def seconds(self, purpose: Purpose) -> Interval:
        """What these decisions took, with a band where times are missing."""
        literature = CONFIRM if purpose in BY_PAGE else CLASSIFY
        return spent(self.times[purpose], self.alike(purpose), literature)

    def worked(self) -> float:
        """Seconds of everything, with the others' median for what came without a time."""
        return sum(self.seconds(purpose).mean for purpose in self.times)


class _Ledger:
    """The count of one project so far."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.newest = 0
        self.found: dict[Purpose, Counter[int | None]] = {purpose: Counter() for purpose in Purpose}
        self.taken_back: Counter[Purpose] = Counter()
        self.milliseconds = 0

    def grow(self, conn: Connection, project_id: int, newest: int) -> None:
        """Add what was said up to this annotation; the lock must be held."""
        if newest <= self.newest:
            return
        since = conn.execute(_SINCE, {"project": project_id, "after": self.newest, "upto": newest})
        for purpose, milliseconds, decisions, retracted in since:
            if decisions:
                self.found[Purpose(purpose)][milliseconds] += decisions
            self.taken_back[Purpose(purpose)] += retracted
            self.milliseconds += (milliseconds or 0) * decisions
        self.newest = newest

    def spending(self) -> Spending:
        return Spending(self.found, dict(self.taken_back))

    def worked(self) -> float:
        untimed = any(None in counted for counted in self.found.values())
        return self.spending().worked() if untimed else self.milliseconds / 1000


@contextmanager
def _ledger(db: Database, project_id: int) -> Iterator[_Ledger]:
    """The project's ledger, grown by every annotation that is committed, and nobody else's meanwhile."""
    with db.read() as conn:
        # another project may get the id of one that was deleted: it was made at another time
        created, newest = conn.execute(_NEWEST, {"project": project_id}).one()
        ledger = db.remember(("spending", project_id), created, _Ledger)
        with ledger.lock:
            ledger.grow(conn, project_id, newest or 0)
            yield ledger


def spending(db: Database, project_id: int) -> Spending:
    """What all that people did amounts to."""
    with _ledger(db, project_id) as ledger:
        return ledger.spending()


def worked(db: Database, project_id: int, until: float) -> float:
    """Seconds of everything, as a budget counts them; far from `until` they may be a second old, since every claim asks."""

    def exactly() -> float:
        with _ledger(db, project_id) as ledger:
            return ledger.worked()

    lately = db.remember_for(("worked", project_id), 1.0, exactly)
    return lately if until - lately > EXACT_WITHIN_S else exactly()


def _times(counted: Counter[int | None]) -> Times:
    timed = sorted((value, n) for value, n in counted.items() if value is not None)
    return Times(
        np.array([value for value, _ in timed], dtype=np.float64) / 1000,
        np.array([n for _, n in timed], dtype=np.int64),
        counted[None],
    )


def by_day(conn: Connection, project_id: int, days: int) -> list[float]:
    """Measured seconds of each of the last so many days (UTC) on which anybody worked, the newest first."""
    day = cast(annotation.c.created, BigInteger) // DAY
    query = (
        select(func.sum(annotation.c.seconds))
        .where(annotation.c.project_id == project_id, annotation.c.seconds.is_not(None))
        .group_by(day)
        .order_by(day.desc())
        .limit(days)
    )
    return [float(seconds) for seconds in conn.execute(query).scalars()]
