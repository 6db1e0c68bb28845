"""Tasks and their leases: one person's unit of work, in one person's hands at a time."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, case, func, insert, literal_column, or_, select, update

from modicum.errors import ConflictError, LeaseLostError, NotFoundError
from modicum.store import items
from modicum.store.tables import annotation, item, project, task
from modicum.types import Action, Arm, Policy, Prediction, Reason, Route, Split, Status, Task

RETURNED_PRIORITY = 1e6  # goes before everything a round opens
DRAWN = ("calibration", "audit")  # at random, to be answered blind
KEPT = ("returned", *DRAWN)  # open tasks that outlive a round, and that no page of Validate takes away
# written out, not bound: a database uses a partial index only when it sees the condition
OPEN, LEASED = task.c.state == literal_column("'open'"), task.c.state == literal_column("'leased'")
IN_POOL = item.c.status == literal_column("'pool'")
UNCOVERED = or_(item.c.certificate_id.is_(None), item.c.split == Split.HOLDOUT)
ASKABLE = and_(UNCOVERED, or_(IN_POOL, item.c.status.in_([Status.AUTO, Status.DISCARDED])))
LIVE = task.c.state.in_([literal_column("'open'"), literal_column("'leased'")])

_of_project = task.c.project_id == bindparam("project")
_mine = (task.c.client == bindparam("tab"), task.c.annotator == bindparam("who"))
_lease = {
    "state": "leased",
    "annotator": bindparam("who"),
    "client": bindparam("tab"),
    "lease_token": bindparam("token"),
    "lease_until": bindparam("until"),
}
# a person's policy and the tasks they hold, in one statement: every claim begins with it
_HELD = (
    select(project.c.policy, task, item)
    .select_from(
        project.outerjoin(task, and_(_of_project, LEASED, *_mine, task.c.route == Route.ANNOTATE)).outerjoin(
            item, item.c.id == task.c.item_id
        )
    )
    .where(project.c.id == bindparam("project"))
    .order_by(task.c.id)  # as they were prefetched: what is shown next does not jump when a round opens
)
_RENEW = update(task).where(_of_project, LEASED, *_mine, task.c.route == Route.ANNOTATE).values(lease_until=bindparam("until"))
_CLAIMED = (
    select(task, item)
    .join(item, item.c.id == task.c.item_id)
    .where(_of_project, LEASED, *_mine, task.c.lease_token == bindparam("token"))
    .order_by(task.c.priority.desc(), task.c.id)
)
# an expired page of Validate is over; other work goes back into the queue. The token stays, so that its holder can still
# hand in what nobody else has taken up meanwhile
_SWEEP = (
    update(task)
    .where(_of_project, LEASED, task.c.lease_until < bindparam("now"))
    .values(state=case((task.c.route == Route.VALIDATE, "superseded"), else_="open"))
)
_NEXT_OPEN = (
    select(task.c.id)
    .where(_of_project, OPEN)
    .order_by(task.c.priority.desc(), task.c.id)
    .limit(bindparam("n"))
    .with_for_update(skip_locked=True)
)
_CLAIM = update(task).where(task.c.id.in_(_NEXT_OPEN.scalar_subquery())).values(**_lease)
_TAKE = update(task).where(task.c.id == bindparam("one")).values(**_lease)
_SHOW = select(task, item).join(item, item.c.id == task.c.item_id).where(task.c.id.in_(bindparam("ids", expanding=True)))
# the item row is locked first and the task with it; the schema comes along to check the answer
_ANSWER = (
    select(task, item, project.c.schema)
    .join(item, item.c.id == task.c.item_id)
    .join(project, project.c.id == task.c.project_id)
    .where(task.c.id == bindparam("one"), _of_project)
    .with_for_update(of=[item, task])
)
_FINISH = update(task).where(task.c.id == bindparam("one")).values(state="done")
_LIVE = select(task).where(task.c.item_id.in_(bindparam("ids", expanding=True)), LIVE).with_for_update()
_CLOSE = update(task).where(task.c.id.in_(bindparam("ids", expanding=True))).values(state=bindparam("becomes"))
_unclaimed = ~select(task.c.id).where(task.c.item_id == item.c.id, LIVE).exists()
_FROM_POOL = (
    select(item)
    .where(item.c.project_id == bindparam("project"), IN_POOL, UNCOVERED, item.c.skipped.is_(False), _unclaimed)
    .order_by(item.c.skipped, item.c.split.desc(), item.c.sha256)
    .limit(bindparam("n"))
    .with_for_update(skip_locked=True)
)
_skipped_by_me = (
    select(annotation.c.id)
    .where(annotation.c.item_id == item.c.id, annotation.c.annotator == bindparam("who"), annotation.c.action == Action.SKIP)
    .exists()
)
_FROM_SKIPPED = (
    select(item)
    .where(item.c.project_id == bindparam("project"), IN_POOL, item.c.skipped.is_(True), _unclaimed)
    .order_by(case((_skipped_by_me, 1), else_=0), item.c.id)
    .limit(bindparam("n"))
    .with_for_update(skip_locked=True)
)


@dataclass(frozen=True)
class Holder:
    """Who holds a lease, in which browser tab, and until when."""

    annotator: str
    client: str
    until: datetime

    @classmethod
    def now(cls, annotator: str, client: str, lease_s: float) -> "Holder":
        return cls(annotator, client, datetime.now(UTC) + timedelta(seconds=lease_s))

    def lease(self) -> dict[str, Any]:
        """The lease as parameters; the token proves the claim."""
        return {"who": self.annotator, "tab": self.client, "until": self.until, "token": secrets.token_urlsafe(12)}

    def holds(self, row: Row[Any]) -> bool:
        return bool(row.annotator == self.annotator and row.client == self.client)


@dataclass(frozen=True)
class NewTask:
    """A task about to be opened for an item. `alternative` is the class its arm suggested, or would have suggested."""

    item_id: int
    reason: Reason
    priority: float = 0.0
    prediction: Prediction | None = None
    blind: bool = False
    route: Route = Route.ANNOTATE
    arm: Arm | None = None
    alternative: int | None = None


# --- claiming ----------------------------------------------------------------------------------------------------------


def sweep(conn: Connection, project_id: int) -> None:
    """Take back the leases that ran out."""
    conn.execute(_SWEEP, {"project": project_id, "now": datetime.now(UTC)})


def held(conn: Connection, project_id: int, annotator: str, client: str) -> tuple[Policy, list[Task]]:
    """The project's policy and the annotate tasks this tab holds already. Raises NotFoundError for the project."""
    rows = conn.execute(_HELD, {"project": project_id, "who": annotator, "tab": client}).all()
    if not rows:
        raise NotFoundError(f"there is no project {project_id}: it may have been deleted")
    return Policy.model_validate(rows[0].policy), [from_row(row) for row in rows if row.lease_token is not None]


def renew(conn: Connection, project_id: int, holder: Holder) -> None:
    """Renew the leases of the holder's annotate tasks."""
    known = {"who": holder.annotator, "tab": holder.client, "until": holder.until}
    conn.execute(_RENEW, {"project": project_id, **known})


def claim_open(conn: Connection, project_id: int, holder: Holder, n: int) -> list[Task]:
    """Lease up to n open tasks, highest priority first."""
    lease = holder.lease()
    if not conn.execute(_CLAIM, {"project": project_id, "n": n, **lease}).rowcount:
        return []
    known = {"who": holder.annotator, "tab": holder.client, "token": lease["token"]}
    return [from_row(row) for row in conn.execute(_CLAIMED, {"project": project_id, **known})]


def pool_items(conn: Connection, project_id: int, n: int) -> list[Row[Any]]:
    """Up to n unlabeled items nobody has a task for and nobody skipped: train before holdout."""
    return list(conn.execute(_FROM_POOL, {"project": project_id, "n": n}))


def suggest(conn: Connection, predictions: Mapping[int, Prediction]) -> None:
    """Give open tasks of these items, by item, a pre-label that came up since. What is shown blind, returned or in somebody's
    hands stays as it is."""
    for item_id, said in predictions.items():
        usual = (OPEN, task.c.blind.is_(False), task.c.arm.is_(None), task.c.reason.not_in(KEPT))
        told = update(task).where(task.c.item_id == item_id, task.c.route == Route.ANNOTATE, *usual)
        conn.execute(told.values(prediction=said.model_dump(mode="json")))


def skipped_items(conn: Connection, project_id: int, annotator: str, n: int) -> list[Row[Any]]:
    """Up to n items somebody skipped and nobody has a task for, the annotator's own last."""
    return list(conn.execute(_FROM_SKIPPED, {"project": project_id, "n": n, "who": annotator}))


def any_unasked(conn: Connection, project_id: int) -> bool:
    """Whether the pool holds an item nobody skipped and nobody has a task for."""
    return bool(pool_items(conn, project_id, 1))


def open_leased(conn: Connection, project_id: int, number: int, new: Sequence[NewTask], holder: Holder) -> list[int]:
    """Open tasks that belong to the holder from the start. The items must be locked and have no live task."""
    lease = holder.lease()
    leased = {
        "state": "leased",
        "annotator": lease["who"],
        "client": lease["tab"],
        "lease_until": lease["until"],
        "lease_token": lease["token"],
    }
    return _insert(conn, [{**_values(project_id, number, entry), **leased} for entry in new])


def open_tasks(conn: Connection, project_id: int, number: int, new: Sequence[NewTask]) -> list[int]:
    """Open tasks for anybody. The items must be locked and have no live task."""
    return _insert(conn, [_values(project_id, number, entry) for entry in new])


def lease_one(conn: Connection, task_id: int, holder: Holder) -> None:
    """Lease this task, whatever its state; the item must be locked and have no other live task."""
    conn.execute(_TAKE, {"one": task_id, **holder.lease()})


# --- looking -----------------------------------------------------------------------------------------------------------


def show(conn: Connection, task_ids: Iterable[int]) -> list[Task]:
    """The tasks as people get them, highest priority first."""
    rows = conn.execute(_SHOW, {"ids": list(task_ids)}).all()
    return [from_row(row) for row in sorted(rows, key=lambda row: (-row.priority, row._mapping[task.c.id]))]


def to_answer(conn: Connection, project_id: int, task_id: int) -> Row[Any]:
    """The task with its item, both locked, and the project's schema. Raises ConflictError when there is no such task."""
    row = conn.execute(_ANSWER, {"one": task_id, "project": project_id}).one_or_none()
    if row is None:
        raise ConflictError(f"there is no task {task_id} in this project: claim again")
    return row


def finish(conn: Connection, task_id: int) -> None:
    """End one task as done."""
    conn.execute(_FINISH, {"one": task_id})


def several(conn: Connection, project_id: int, task_ids: Iterable[int]) -> dict[int, Row[Any]]:
    """The stored rows of those of the tasks that belong to the project, by id."""
    query = select(task).where(task.c.id.in_(list(task_ids)), task.c.project_id == project_id)
    return {row.id: row for row in conn.execute(query)}


def live(conn: Connection, item_ids: Iterable[int]) -> dict[int, Row[Any]]:
    """The open or leased task of each item that has one, by item."""
    return {row.item_id: row for row in conn.execute(_LIVE, {"ids": list(item_ids)})}


def waiting(conn: Connection, item_id: int) -> Row[Any] | None:
    """The open or leased task of the item, for a look at it: nothing is locked."""
    return conn.execute(select(task).where(task.c.item_id == item_id, LIVE)).first()


def held_by_another(row: Row[Any] | None, holder: Holder) -> bool:
    """Whether this task is in somebody else's hands and its lease still runs."""
    return row is not None and row.state == "leased" and not holder.holds(row) and row.lease_until >= datetime.now(UTC)


def count_leased(conn: Connection, project_id: int) -> int:
    """How many annotate tasks are in people's hands."""
    query = select(func.count()).where(task.c.project_id == project_id, LEASED, task.c.route == Route.ANNOTATE)
    count: int = conn.execute(query).scalar_one()
    return count


def from_row(row: Row[Any]) -> Task:
    """The noun, from a row that holds the columns of task and item. Nothing in it tells an arm."""
    of = row._mapping
    found = items.from_row(row)
    if row.arm == Arm.SEEDED and row.route == Route.VALIDATE:  # it may be labeled, and looks like the rest of its page
        found = found.model_copy(update={"status": Status.POOL})
    return Task(
        id=of[task.c.id],
        item=found,
        round=row.round,
        route=Route(row.route),
        reason=Reason(code=row.reason, classes=tuple(row.between)),
        prediction=None if row.prediction is None else Prediction.model_validate(row.prediction),
        blind=row.blind,
        lease_token=row.lease_token,
        lease_until=row.lease_until,
    )


# --- closing -----------------------------------------------------------------------------------------------------------


def answerable(row: Row[Any], token: str, item_row: Row[Any], live_task: Row[Any] | None) -> bool:
    """Whether the holder of this token may still answer: nothing is refused only because a lease ran out.

    It is refused when the task was answered, or when its item was settled, taken up by somebody else, or drawn for a certificate
    meanwhile.
    """
    if row.lease_token != token or row.state == "done":
        return False
    if row.state == "leased":
        return True
    holder = Holder(row.annotator, row.client, row.lease_until)
    drawn = live_task is not None and live_task.reason in DRAWN and live_task.id != row.id
    return bool(item_row.status == Status.POOL) and not drawn and not held_by_another(live_task, holder)


def lease_lost(row: Row[Any]) -> LeaseLostError:
    """What to tell somebody whose task is not theirs any more."""
    why = "it was answered already" if row.state == "done" else "it belongs to somebody else by now"
    return LeaseLostError(f"task {row.id} was not stored: {why}; go on with the next one")


def close(conn: Connection, task_ids: Iterable[int], becomes: str = "done") -> None:
    """End tasks as done or superseded."""
    ids = list(task_ids)
    if ids:
        conn.execute(_CLOSE, {"ids": ids, "becomes": becomes})


def release_pages(conn: Connection, project_id: int, holder: Holder) -> None:
    """End the Validate tasks the holder has: another page takes their place."""
    mine = (task.c.client == holder.client, task.c.annotator == holder.annotator, task.c.route == Route.VALIDATE)
    conn.execute(update(task).where(task.c.project_id == project_id, LEASED, *mine).values(state="superseded"))


def blind_item(row: Row[Any]) -> bool:
    """Whether the item must be shown without a pre-label, whoever asks."""
    return bool(row.split == Split.HOLDOUT)


# --- inside ------------------------------------------------------------------------------------------------------------


def _insert(conn: Connection, rows: list[dict[str, Any]]) -> list[int]:
    if not rows:
        return []
    return list(conn.execute(insert(task).returning(task.c.id), rows).scalars())


def _values(project_id: int, number: int, entry: NewTask) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "item_id": entry.item_id,
        "round": number,
        "route": entry.route,
        "state": "open",
        "priority": entry.priority,
        "reason": entry.reason.code,
        "between": list(entry.reason.classes),
        "prediction": None if entry.prediction is None else entry.prediction.model_dump(mode="json"),
        "blind": entry.blind,
        "created": datetime.now(UTC),
        "arm": entry.arm,
        "alternative": entry.alternative,
    }
