"""Stacks of a batch: similar items that seem new, and what people decide about a whole stack at once."""

import hashlib
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Row

from modicum.batch_views import Stack, StackReceipt
from modicum.engine.arrays import gather, unit
from modicum.engine.stacks import stacked, typical
from modicum.errors import ConflictError, InputError
from modicum.home import Home
from modicum.searching import Search, search
from modicum.store import batches, labels, projects, scores, tasks
from modicum.store.db import Database
from modicum.store.tasks import Holder, NewTask
from modicum.types import Action, BatchState, Choice, Project, Reason, Route, Status

LIKELY = 0.5  # chance from which an item is thought to be new
SHOWN = 60  # items of a stack that are named one by one
KEPT = 500  # stacks that were shown and can still be decided about

Ints = npt.NDArray[np.int64]


# --- looking -----------------------------------------------------------------------------------------------------------


def stacks(db: Database, home: Home, project: Project, row: Row[Any]) -> tuple[Stack, ...]:
    """What seems new in an open batch, the largest stack first; behind it the new classes it has by now."""
    found = search(db, home, project, row)
    with found.lock:
        stamp, chances = found.stamp, found.chances()
        return db.remember(("stacks", row.id), (row.opened, stamp), lambda: _stacks(db, row, found, chances))


def _stacks(db: Database, row: Row[Any], found: Search, chances: npt.NDArray[np.float64]) -> tuple[Stack, ...]:
    with db.read() as conn:
        said = {fact.item_id: fact.class_id for fact in batches.said(conn, row)}
    ids = found.contents.ids
    classes = np.array([said.get(int(item_id), batches.KNOWN) for item_id in ids], dtype=np.int64)
    new = (classes >= 0) & ~np.isin(classes, row.classes)
    untold = np.array([int(item_id) not in said for item_id in ids], dtype=bool)
    places = np.flatnonzero(new | (untold & (chances >= LIKELY)))
    vectors = gather(found.vectors, places)
    named = np.where(new[places], classes[places], -1)
    home = stacked(vectors, named)
    answer, members = [], {}
    for number in range(int(home.max()) + 1 if len(home) else 0):
        own = np.flatnonzero(home == number)
        own = own[typical(vectors[own])]
        item_ids = ids[places[own]]
        nearest = _nearest(vectors, own, named, found)
        stack = _stack(_id(item_ids), item_ids, float(chances[places[own]].mean()), nearest, None)
        members[stack.id] = tuple(int(item_id) for item_id in item_ids)
        answer.append(stack)
    for class_id in np.unique(named[named >= 0]):
        own = np.flatnonzero(named == class_id)
        item_ids = ids[places[own[typical(vectors[own])]]]
        answer.append(_stack(f"class-{class_id}", item_ids, 1.0, None, int(class_id)))
    _keep(db, row, members)
    return tuple(answer)


def _stack(stack_id: str, item_ids: Ints, chance: float, nearest: int | None, named: int | None) -> Stack:
    items = tuple(int(item_id) for item_id in item_ids[:SHOWN])
    return Stack(id=stack_id, items=items, count=len(item_ids), chance=chance, nearest=nearest, named=named)


def _nearest(vectors: npt.NDArray[np.float32], own: Ints, named: Ints, found: Search) -> int | None:
    """The class, found or known before, whose centre a stack lies nearest to."""
    names, centres = found.centres
    fresh = np.unique(named[named >= 0])
    if len(fresh):
        theirs = np.stack([unit(vectors[named == name]).mean(axis=0) for name in fresh])
        names, centres = np.concatenate([names, fresh]), np.concatenate([centres, unit(theirs)])
    if not len(names):
        return None
    return int(names[(centres @ unit(vectors[own]).mean(axis=0)).argmax()])


def _id(item_ids: Ints) -> str:
    """The same for the same items, so that nobody decides about a stack that has changed meanwhile."""
    return hashlib.sha256(np.sort(item_ids).tobytes()).hexdigest()[:16]


def _keep(db: Database, row: Row[Any], members: dict[str, tuple[int, ...]]) -> None:
    """What was shown can be decided about, though answers of others form other stacks meanwhile."""
    shown = _shown(db, row)
    shown.update(members)
    for old in list(shown)[: max(0, len(shown) - KEPT)]:
        shown.pop(old, None)


def _shown(db: Database, row: Row[Any]) -> dict[str, tuple[int, ...]]:
    empty: Callable[[], dict[str, tuple[int, ...]]] = dict
    return db.remember(("shown-stacks", row.id), row.opened, empty)


# --- deciding ----------------------------------------------------------------------------------------------------------


def name(
    db: Database,
    home: Home,
    project: Project,
    number: int,
    stack_id: str,
    annotator: str,
    *,
    class_name: str | None,
    class_id: int | None,
    leave_out: Collection[int],
    key: str,
    seconds: float | None = None,
) -> StackReceipt:
    """Label all items of a stack at once; a class name that is not there yet is added.

    The same key again gives the same receipt, and takes all of it back at validate.retract_page. Items that somebody settled or
    took up meanwhile are left out, and those drawn for a certificate, which are answered one by one. Raises InputError unless
    there is one of class name and id, ConflictError for a stack that is not there any more.
    """
    if (class_name is None) == (class_id is None):
        raise InputError("a stack gets one class: send class_name, or class_id", path="$.class_name")

    def write(conn: Connection, members: Sequence[int]) -> StackReceipt:
        chosen = class_id if class_name is None else projects.class_named(conn, project.id, class_name)
        projects.check_class(projects.stored_schema(conn, project.id), chosen or 0, "$.class_id")
        return _decide(conn, project.id, annotator, members, key, Action.ANSWER, chosen, seconds)

    return _decided(db, home, project, number, stack_id, annotator, leave_out, key, write)


def known(
    db: Database,
    home: Home,
    project: Project,
    number: int,
    stack_id: str,
    annotator: str,
    *,
    leave_out: Collection[int],
    key: str,
    seconds: float | None = None,
) -> StackReceipt:
    """Nothing new in this stack after all: its items go on without a label, and their like is not brought up again."""

    def write(conn: Connection, members: Sequence[int]) -> StackReceipt:
        return _decide(conn, project.id, annotator, members, key, Action.KNOWN, None, seconds)

    return _decided(db, home, project, number, stack_id, annotator, leave_out, key, write)


def noise(
    db: Database,
    home: Home,
    project: Project,
    number: int,
    stack_id: str,
    annotator: str,
    *,
    leave_out: Collection[int],
    key: str,
    seconds: float | None = None,
) -> StackReceipt:
    """Set the stack aside: nobody is asked about its items, and later batches do not bring up their like."""

    def write(conn: Connection, members: Sequence[int]) -> StackReceipt:
        return _decide(conn, project.id, annotator, members, key, Action.DISCARD, None, seconds)

    return _decided(db, home, project, number, stack_id, annotator, leave_out, key, write)


def _decided(
    db: Database,
    home: Home,
    project: Project,
    number: int,
    stack_id: str,
    annotator: str,
    leave_out: Collection[int],
    key: str,
    write: Callable[[Connection, Sequence[int]], StackReceipt],
) -> StackReceipt:
    with db.read() as conn:
        row = batches.get(conn, project.id, number)
        before = labels.of_page(conn, project.id, annotator, key)
    if before:
        return _receipt(key, [entry for entry, _ in before], len(before))
    if row.state != BatchState.OPEN:
        raise ConflictError(f"the triage of batch {number} is not open: its items are on the Annotate page")
    if stack_id not in _shown(db, row):
        stacks(db, home, project, row)
    members = _shown(db, row).get(stack_id)
    if members is None:
        raise ConflictError("this stack has changed since it was shown: look at it again")
    return db.write(write, [item_id for item_id in members if item_id not in set(leave_out)])


def _decide(
    conn: Connection,
    project_id: int,
    annotator: str,
    members: Sequence[int],
    key: str,
    action: Action,
    class_id: int | None,
    seconds: float | None,
) -> StackReceipt:
    before = labels.of_page(conn, project_id, annotator, key)
    if before:
        return _receipt(key, [entry for entry, _ in before], len(before))
    locked = labels.lock_items(conn, members)
    live = tasks.live(conn, locked)
    holder = Holder.now(annotator, "stack", 0)
    free = {
        item_id: row for item_id, row in locked.items() if row.status != Status.LABELED and not _taken(live.get(item_id), holder)
    }
    tasks.close(conn, [live[item_id].id for item_id in free if item_id in live], "superseded")
    model = scores.newest_model(conn, project_id) or 0
    opened = [NewTask(item_id, Reason(code=labels.TRIAGE), route=Route.VALIDATE) for item_id in free]
    tasks.open_leased(conn, project_id, model, opened, holder)
    task_ids = {item_id: row.id for item_id, row in tasks.live(conn, free).items()}
    tasks.close(conn, task_ids.values())
    shared = {
        "project_id": project_id,
        "annotator": annotator,
        "action": action,
        "value": None if class_id is None else Choice(class_id=class_id).model_dump(mode="json"),
        "shown": None,
        "blind": False,
        "flag": False,
        "route": Route.VALIDATE,
        "round": model,
        "seconds": None if seconds is None or not free else seconds / len(free),
        "page": key,
    }
    labels.add(conn, [{**shared, "item_id": i, "task_id": task_ids[i], "key": f"{key}:{i}"} for i in free])
    labels.settle(conn, free)
    return _receipt(key, [entry for entry, _ in labels.of_page(conn, project_id, annotator, key)], len(members))


def _taken(live: Row[Any] | None, holder: Holder) -> bool:
    """Whether this task of an item is in the hands of somebody else, or was drawn at random to be answered by itself, blind."""
    if live is None:
        return False
    return live.reason in tasks.DRAWN or (live.annotator != holder.annotator and tasks.held_by_another(live, holder))


def _receipt(key: str, said: Sequence[Row[Any]], size: int) -> StackReceipt:
    answers = [row.value["class_id"] for row in said if row.action == Action.ANSWER]
    class_id = answers[0] if answers else None
    return StackReceipt(page=key, class_id=class_id, labeled=len(answers), left_out=size - len(said))
