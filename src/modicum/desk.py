"""The people's half: claim tasks, submit decisions, take them back. Meets the machine's half only in the store."""

from typing import Any

from sqlalchemy import Connection, Row

from modicum.errors import ConflictError, InputError, LeaseLostError
from modicum.store import counts, items, labels, projects, scores, tasks
from modicum.store.db import Database
from modicum.store.tasks import Holder, NewTask
from modicum.types import Action, Choice, Reason, Route, Task
from modicum.views import Claim, Past, Receipt


def claim(db: Database, project_id: int, annotator: str, client: str, n: int) -> Claim:
    """Lease up to n tasks to one browser tab: those it holds first, then the queue, then straight from the pool.

    The pool is the fallback that keeps people from waiting for a round. A spent budget stops new tasks.
    """
    found, budget_spent = db.write(_claim, project_id, annotator, client, n)
    return Claim(tasks=tuple(found), left=counts.left(db, project_id), budget_spent=budget_spent)


def _claim(conn: Connection, project_id: int, annotator: str, client: str, n: int) -> tuple[list[Task], bool]:
    policy = projects.policy(conn, project_id)
    holder = Holder.now(annotator, client, policy.lease_s)
    held = tasks.hold(conn, project_id, holder)
    tasks.sweep(conn, project_id)
    wanted, spent = n - len(held), False
    if policy.budget is not None:
        allowed = policy.budget - counts.asked(conn, project_id) - tasks.count_leased(conn, project_id)
        wanted, spent = min(wanted, allowed), allowed <= 0 and not held
    new: list[int] = []
    if wanted > 0:
        new = tasks.claim_open(conn, project_id, holder, wanted)
        if len(new) < wanted:
            new += _claim_from_pool(conn, project_id, holder, wanted - len(new))
    shown = tasks.show(conn, [*held, *new])
    return sorted(shown, key=lambda task: task.id not in held)[:n], spent


def _claim_from_pool(conn: Connection, project_id: int, holder: Holder, n: int) -> list[int]:
    rows = tasks.pool_items(conn, project_id, holder.annotator, n)
    wrong = labels.rejected_items(conn, project_id) if rows else set()
    known = scores.of_rows(conn, project_id, [row.row for row in rows if row.id not in wrong and not tasks.blind_item(row)])
    new = [NewTask(row.id, Reason(code="fallback"), prediction=known.get(row.row), blind=tasks.blind_item(row)) for row in rows]
    return tasks.open_leased(conn, project_id, scores.newest_model(conn, project_id) or 0, new, holder)


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
        known = {} if blind else scores.of_rows(conn, row.project_id, [row.row])
        new = NewTask(row.id, Reason(code="reopened"), prediction=known.get(row.row), blind=tasks.blind_item(row))
        number = scores.newest_model(conn, row.project_id) or 0
        [task_id] = tasks.open_leased(conn, row.project_id, number, [new], holder)
    else:
        tasks.lease_one(conn, task_id, holder)
    return tasks.show(conn, [task_id])[0]


# --- deciding ----------------------------------------------------------------------------------------------------------


def submit(
    db: Database,
    project_id: int,
    annotator: str,
    *,
    task_id: int,
    lease_token: str,
    key: str,
    action: Action = Action.ANSWER,
    value: Choice | None = None,
    flag: bool = False,
    seconds: float | None = None,
) -> Receipt:
    """Store one decision; when this returns it is on disk. The same key again gives the same receipt.

    A skip leaves the item in the pool and out of the queue until nothing else is left. A lease that ran out is no reason to
    lose work: it is refused only when the item was settled or taken up by somebody else (LeaseLostError). Raises InputError
    for a value the schema does not have.
    """
    decision = {"action": action, "value": value, "flag": flag, "seconds": seconds}
    return db.write(_submit, project_id, annotator, task_id, lease_token, key, decision)


def _submit(
    conn: Connection, project_id: int, annotator: str, task_id: int, lease_token: str, key: str, decision: dict[str, Any]
) -> Receipt:
    before = labels.said(conn, project_id, annotator, key)
    if before is not None:
        return Receipt(annotation_id=before.id, item_id=before.item_id)
    value = _checked_value(conn, project_id, decision["action"], decision["value"])
    item_id = tasks.item_of(conn, project_id, task_id)
    if item_id is None:
        raise ConflictError(f"there is no task {task_id} in this project: claim again")
    locked = labels.lock_items(conn, [item_id])
    row = tasks.get(conn, task_id)
    live = None if row.state == "leased" else tasks.live(conn, [item_id]).get(item_id)
    if not tasks.answerable(row, lease_token, locked[item_id], live):
        raise tasks.lease_lost(row)
    said = {
        "project_id": project_id,
        "item_id": item_id,
        "task_id": task_id,
        "annotator": annotator,
        "key": key,
        "action": decision["action"],
        "value": value,
        "shown": row.prediction,
        "blind": row.prediction is None,
        "flag": decision["flag"],
        "route": row.route,
        "round": row.round,
        "seconds": decision["seconds"],
    }
    annotation_id = labels.add_one(conn, said)
    tasks.close(conn, [task_id])
    if live is not None and live.id != task_id:
        tasks.close(conn, [live.id], "superseded")
    labels.settle(conn, locked)
    return Receipt(annotation_id=annotation_id, item_id=item_id)


def _checked_value(conn: Connection, project_id: int, action: Action, value: Choice | None) -> dict[str, Any] | None:
    if action is Action.SKIP:
        return None
    if action is not Action.ANSWER:
        raise InputError(f"a task is answered or skipped, not {action}ed", path="$.action")
    if value is None:
        raise InputError("an answer needs a value: send the chosen class, or skip the item", path="$.value")
    projects.check_class(conn, project_id, value.class_id, "$.value.class_id")
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
    return _lease_item(conn, row, holder, decision.task_id if decision.page is None else None)


def _said_since(conn: Connection, decision: Row[Any]) -> bool:
    later = [entry for entry in labels.annotations_of(conn, decision.item_id) if entry.id > decision.id]
    return any(entry.action is not Action.RETRACT for entry in later)


def history(db: Database, project_id: int, annotator: str, limit: int) -> list[Past]:
    """The annotator's last decisions that stand, newest first."""
    with db.read() as conn:
        return labels.history(conn, project_id, annotator, limit)
