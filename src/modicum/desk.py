"""The people's half: claim tasks, submit decisions, take them back. Meets the machine's half only in the store."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Connection, Row

from modicum import drawing
from modicum.errors import ConflictError, InputError, LeaseLostError
from modicum.geometry import Shapes
from modicum.store import counts, drawings, items, labels, projects, scores, tasks
from modicum.store.db import Database
from modicum.store.spending import worked
from modicum.store.tasks import Holder, NewTask
from modicum.types import Action, Policy, Prediction, Reason, Route, Schema, Task, Value
from modicum.views import Claim, Past, Receipt, Unit

P = ParamSpec("P")
T = TypeVar("T")
REFILL = 50  # tasks opened from the pool when the queue is empty before the next round is there
SWEEP_S = 1.0  # leases that ran out are taken back this often, while anybody claims


def claiming(db: Database, project_id: int, annotator: str, client: str, n: int) -> Future[Claim]:
    """Lease up to n tasks to one browser tab: those it holds first, then the queue, then straight from the pool.

    The pool is the fallback that keeps people from waiting for a round. A spent budget stops new tasks.
    """
    return db.writing(_claim, db, project_id, annotator, client, n)


def _claim(conn: Connection, db: Database, project_id: int, annotator: str, client: str, n: int) -> Claim:
    db.remember_for(("sweep", project_id), SWEEP_S, lambda: tasks.sweep(conn, project_id))
    policy, held = tasks.held(conn, project_id, annotator, client)
    holder = Holder.now(annotator, client, policy.lease_s)
    if any(task.lease_until < holder.until - timedelta(seconds=policy.lease_s / 2) for task in held):
        tasks.renew(conn, project_id, holder)
        held = tasks.held(conn, project_id, annotator, client)[1]
    most, budget = allowed(conn, db, project_id, policy)
    wanted = n - len(held) if most is None else min(n - len(held), most)
    found = [*held, *_new_tasks(conn, project_id, holder, wanted)]
    spent = None if held else budget
    return Claim(tasks=tuple(found[:n]), left=counts.left(db, conn, project_id), budget_spent=spent)


def allowed(conn: Connection, db: Database, project_id: int, policy: Policy) -> tuple[int | None, Unit | None]:
    """(tasks that may still be given out, none for any number; the budget that is spent, if one is)."""
    limits = _limits(policy)
    if limits:
        seconds, unit = min(limits)
        if worked(db, project_id, seconds) >= seconds:
            return 0, unit
    if policy.budget is None:
        return None, None
    left = policy.budget - counts.asked(conn, project_id) - tasks.count_leased(conn, project_id)
    return left, "labels" if left <= 0 else None


def _limits(policy: Policy) -> list[tuple[float, Unit]]:
    """The seconds of work that each budget allows."""
    found: list[tuple[float, Unit]] = []
    if policy.budget_hours is not None:
        found.append((policy.budget_hours * 3600, "hours"))
    if policy.budget_money is not None and policy.rate_per_hour is not None:
        found.append((policy.budget_money / policy.rate_per_hour * 3600, "money"))
    return found


def _new_tasks(conn: Connection, project_id: int, holder: Holder, wanted: int) -> list[Task]:
    new = tasks.claim_open(conn, project_id, holder, wanted) if wanted > 0 else []
    if len(new) < wanted and _refill(conn, project_id):
        new += tasks.claim_open(conn, project_id, holder, wanted - len(new))
    if len(new) < wanted:
        skipped = tasks.skipped_items(conn, project_id, holder.annotator, wanted - len(new))
        at, entries = _fallback(conn, project_id, skipped)
        new += tasks.show(conn, tasks.open_leased(conn, project_id, at, entries, holder))
    return new


def _refill(conn: Connection, project_id: int) -> int:
    """Open tasks straight from the pool, many at once: looking up what to show with one costs as much as with fifty."""
    at, entries = _fallback(conn, project_id, tasks.pool_items(conn, project_id, REFILL))
    return len(tasks.open_tasks(conn, project_id, at, entries))


def _fallback(conn: Connection, project_id: int, rows: list[Row[Any]]) -> tuple[int, list[NewTask]]:
    """The round whose predictions tasks for these items carry, and the tasks; one called wrong is not suggested again.

    Left out is what the policy holds because the model is sure of it.
    """
    wrong = labels.rejected_items(conn, project_id) if rows else set()
    known = _predicted(conn, project_id, [row for row in rows if row.id not in wrong and not tasks.blind_item(row)])
    policy = projects.policy(conn, project_id)
    if policy.sure == "hold":
        rows = [row for row in rows if row.id not in known or known[row.id].confidence < policy.validate_above]
    new = [NewTask(row.id, Reason(code="fallback"), prediction=known.get(row.id), blind=tasks.blind_item(row)) for row in rows]
    return scores.newest_model(conn, project_id) or 0, new


def _predicted(conn: Connection, project_id: int, rows: list[Row[Any]]) -> dict[int, Prediction]:
    """The newest prediction of each of these items that has one, a class or shapes, by item."""
    of_class = scores.of_rows(conn, project_id, [row.row for row in rows])
    found = {row.id: of_class[row.row] for row in rows if row.row in of_class}
    return found or drawings.predictions(conn, [row.id for row in rows])


def claim_item(db: Database, project_id: int, item_id: int, annotator: str, client: str) -> Task:
    """Lease the task of one particular item, labeled or not: somebody followed a link to it.

    Raises NotFoundError, and LeaseLostError while somebody else works on it.
    """
    return db.write(_claim_item, project_id, item_id, annotator, client)


def _claim_item(conn: Connection, project_id: int, item_id: int, annotator: str, client: str) -> Task:
    items.get(conn, project_id, item_id)  # of this project, or not found
    row = labels.lock_items(conn, [item_id])[item_id]
    holder = Holder.now(annotator, client, projects.policy(conn, project_id).lease_s)
    return _lease_item(conn, row, holder, None)


def _lease_item(conn: Connection, row: Row[Any], holder: Holder, done_task: int | None) -> Task:
    """Lease this locked item: its live task if it has one, else the task that was done, else a new one."""
    live = tasks.live(conn, [row.id]).get(row.id)
    if tasks.held_by_another(live, holder):
        raise LeaseLostError(f"somebody else is working on item {row.id}: try again later, or go on with the next one")
    if live is not None and live.route == Route.VALIDATE:
        tasks.close(conn, [live.id], "superseded")
        live = None
    task_id = live.id if live is not None else done_task
    if task_id is None:
        blind = tasks.blind_item(row) or row.id in labels.rejected_items(conn, row.project_id)
        known = {} if blind else _predicted(conn, row.project_id, [row])
        new = NewTask(row.id, Reason(code="reopened"), prediction=known.get(row.id), blind=tasks.blind_item(row))
        number = scores.newest_model(conn, row.project_id) or 0
        [task_id] = tasks.open_leased(conn, row.project_id, number, [new], holder)
    else:
        tasks.lease_one(conn, task_id, holder)
    return tasks.show(conn, [task_id])[0]


# --- deciding ----------------------------------------------------------------------------------------------------------


def submitting(
    db: Database,
    project_id: int,
    annotator: str,
    *,
    task_id: int,
    lease_token: str,
    key: str,
    action: Action = Action.ANSWER,
    value: Value | None = None,
    flag: bool = False,
    seconds: float | None = None,
) -> Future[Receipt]:
    """Store one decision; with the receipt it is on disk. The same key again gives the same receipt.

    A skip leaves the item in the pool and out of the queue until nothing else is left. A lease that ran out is no reason to
    lose work: it is refused only when the item was settled or taken up by somebody else (LeaseLostError). Raises InputError
    for a value the schema does not have.
    """
    decision = {"action": action, "value": value, "flag": flag, "seconds": seconds}
    return db.writing(_submit, project_id, annotator, task_id, lease_token, key, decision)


def _submit(
    conn: Connection, project_id: int, annotator: str, task_id: int, lease_token: str, key: str, decision: dict[str, Any]
) -> Receipt:
    row = tasks.to_answer(conn, project_id, task_id)
    live = None if row.state == "leased" else tasks.live(conn, [row.item_id]).get(row.item_id)
    if not tasks.answerable(row, lease_token, row, live):
        before = labels.said(conn, project_id, annotator, key)
        if before is None:
            raise tasks.lease_lost(row)
        return Receipt(annotation_id=before.id, item_id=before.item_id)
    said = {
        "project_id": project_id,
        "item_id": row.item_id,
        "task_id": task_id,
        "annotator": annotator,
        "key": key,
        "action": decision["action"],
        "value": _checked_value(row, decision["action"], decision["value"]),
        "shown": row.prediction,
        "blind": row.prediction is None,
        "flag": decision["flag"],
        "route": row.route,
        "round": row.round,
        "seconds": decision["seconds"],
        "created": datetime.now(UTC),
    }
    annotation_id = labels.add_one(conn, said)
    tasks.finish(conn, task_id)
    if live is not None and live.id != task_id:
        tasks.close(conn, [live.id], "superseded")
    if row.schema["task"] == "draw":
        drawings.drop_draft(conn, row.item_id, annotator)
    if decision["action"] is Action.ANSWER:
        labels.settle_answer(conn, row, annotation_id, said)
    else:
        labels.settle_skip(conn, row, decision["flag"])
    return Receipt(annotation_id=annotation_id, item_id=row.item_id)


def _checked_value(row: Row[Any], action: Action, value: Value | None) -> dict[str, Any] | None:
    """The value as it is stored, checked against the schema that came with the task's row."""
    if action is Action.SKIP:
        return None
    if action is not Action.ANSWER:
        raise InputError(f"a task is answered or skipped; {action} is not possible here", path="$.action")
    if value is None:
        raise InputError("an answer needs a value: send the chosen class, or skip the item", path="$.value")
    wanted = "shapes" if row.schema["task"] == "draw" else "choice"
    if value.type != wanted:
        raise InputError(f"received a value of type {value.type!r}; this project takes {wanted!r}", path="$.value.type")
    if isinstance(value, Shapes):
        shown = None if row.prediction is None else Prediction.model_validate(row.prediction)
        value = drawing.checked(Schema.model_validate(row.schema), value, row.width, row.height, shown)
    else:
        projects.check_class(row.schema, value.class_id, "$.value.class_id")
    return value.model_dump(mode="json")


def retract(db: Database, project_id: int, annotator: str, *, annotation_id: int, client: str, key: str) -> Task:
    """Take one decision back: what counted before counts again, and the task comes back leased to this tab.

    The same key again gives the task again. Raises NotFoundError for a decision that is not the annotator's, LeaseLostError
    while somebody else works on the item, ConflictError when it was taken back and answered since.
    """
    return db.write(_retract, project_id, annotator, annotation_id, client, key)


def _retract(conn: Connection, project_id: int, annotator: str, annotation_id: int, client: str, key: str) -> Task:
    decision, stands = labels.own(conn, project_id, annotator, annotation_id)
    locked = labels.lock_items(conn, [decision.item_id])
    row = locked[decision.item_id]
    holder = Holder.now(annotator, client, projects.policy(conn, project_id).lease_s)
    live = tasks.live(conn, [row.id]).get(row.id)
    if tasks.held_by_another(live, holder):
        raise LeaseLostError(f"somebody else is working on item {row.id} by now: the decision stands")
    if stands:
        labels.add_one(
            conn,
            {
                **{name: getattr(decision, name) for name in ("project_id", "item_id", "task_id", "route", "round")},
                "annotator": annotator,
                "key": key,
                "action": Action.RETRACT,
                "blind": False,
                "flag": False,
                "retracts": decision.id,
            },
        )
        labels.settle(conn, locked)
    elif live is None and _said_since(conn, decision):
        raise ConflictError("this decision was taken back already, and the item decided again since")
    if labels.second_look(conn, decision):  # nobody is asked about it: the label that counted before counts again
        return tasks.show(conn, [decision.task_id])[0]
    return _lease_item(conn, row, holder, decision.task_id if decision.page is None else None)


def _said_since(conn: Connection, decision: Row[Any]) -> bool:
    later = [entry for entry in labels.annotations_of(conn, decision.item_id) if entry.id > decision.id]
    return any(entry.action is not Action.RETRACT for entry in later)


def history(db: Database, project_id: int, annotator: str, limit: int) -> list[Past]:
    """The annotator's last decisions that stand, newest first."""
    with db.read() as conn:
        return labels.history(conn, project_id, annotator, limit)


# --- for those who wait ------------------------------------------------------------------------------------------------


def _waited(fn: Callable[P, Future[T]]) -> Callable[P, T]:
    return lambda *args, **kwargs: fn(*args, **kwargs).result()


claim = _waited(claiming)
submit = _waited(submitting)
