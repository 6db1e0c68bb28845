"""What came of a batch: labels asked and saved, new classes, accuracy by class before and after, drift over time."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Row

from modicum.alarms import named
from modicum.batch_views import Alarm, BatchReport, ClassAccuracy, DriftPoint
from modicum.engine import evaluate
from modicum.engine.heads import Head, predict_proba
from modicum.home import Home
from modicum.store import batches, facts, projects, rounds
from modicum.store.batches import DISCARDED, Said
from modicum.store.db import Database
from modicum.types import Interval, Project
from modicum.vectors import Vectors

Ints = npt.NDArray[np.int64]


class Counted:
    """What was said of the items of a batch, counted: the last word on each counts."""

    def __init__(self, said: list[Said], known: list[int]) -> None:
        last = {fact.item_id: fact.class_id for fact in said}
        new = {item_id: class_id for item_id, class_id in last.items() if class_id >= 0 and class_id not in known}
        self.found = tuple(new)  # in the order in which they were first spoken of
        self.new_classes = tuple(sorted(set(new.values())))
        self.asked = len({fact.item_id for fact in said if fact.asked})
        self.discarded = sum(class_id == DISCARDED for class_id in last.values())


def counted(conn: Connection, row: Row[Any]) -> Counted:
    """What was said of the items of a batch up to now."""
    return Counted([] if row.opened is None else batches.said(conn, row), row.classes)


def report(
    db: Database, home: Home, project: Project, row: Row[Any], *, remaining: Interval | None, at: datetime | None = None
) -> BatchReport:
    """The report of a batch as it is now; `at` is when its triage ended.

    It is pending until a model knows everything that was said: accuracy after the batch is the newest model's.
    """
    with db.read() as conn:
        said = counted(conn, row)
        newest = rounds.newest(conn, project.id)
        heads = rounds.newest_head(conn, project.id)
        before = rounds.head_of(conn, project.id, row.round)
        drift = _history(conn, project, row)
        by_stack = batches.by_stack(conn, row)
        pending = newest is None or newest.annotations < batches.last_said(conn, row)
        random, every = facts.holdout_labels(conn, project.id), facts.all_holdout_labels(conn, project.id)
        size, dims = projects.shape(conn, project.id)
        n_classes = len(projects.get(conn, project.id).task_schema.classes)
    vectors = Vectors(home.vectors_of(project.id), dims or 0).read(size)
    guesses = [None if head is None else _Guesses(head, vectors, every[0]) for head in (before, heads[1] if heads else None)]
    return BatchReport(
        number=row.number,
        name=row.name,
        source=row.source,
        created=row.created,
        finished=at or datetime.now(UTC),
        items=row.items,
        asked=said.asked,
        by_stack=by_stack,
        saved=row.items - said.asked,
        found=len(said.found),
        new_classes=said.new_classes,
        remaining=remaining,
        discarded=said.discarded,
        alarm=None if row.alarm is None else named(Alarm.model_validate(row.alarm), project),
        model_before=row.round,
        model_after=None if heads is None else heads[0],
        before=_accuracy(guesses[0], random),
        after=_accuracy(guesses[1], random),
        classes=tuple(_of_class(class_id, class_id in said.new_classes, guesses, random, every) for class_id in range(n_classes)),
        drift=drift,
        pending=pending,
    )


class _Guesses:
    """What one model says of the labeled holdout items, by row."""

    def __init__(self, head: bytes, vectors: npt.NDArray[np.float16], rows: Ints) -> None:
        proba = predict_proba(Head.from_bytes(head), vectors, rows=rows)
        self.of = dict(zip(rows.tolist(), proba.argmax(axis=1).tolist(), strict=True))

    def at(self, rows: Ints) -> Ints:
        return np.array([self.of[int(row)] for row in rows], dtype=np.int64)


def _accuracy(guesses: _Guesses | None, held: tuple[Ints, Ints]) -> Interval | None:
    if guesses is None or not len(held[0]):
        return None
    return evaluate.accuracy(guesses.at(held[0]), held[1])


def _of_class(
    class_id: int, new: bool, guesses: list[_Guesses | None], random: tuple[Ints, Ints], every: tuple[Ints, Ints]
) -> ClassAccuracy:
    """Of a new class all labeled holdout items: the triage looks for every one of them, so it picks none out. Of an old one only
    those asked about at random: the others were brought up because they looked strange."""
    rows, classes = every if new else random
    own = classes == class_id
    before, after = (_accuracy(one, (rows[own], classes[own])) for one in guesses)
    return ClassAccuracy(class_id=class_id, new=new, before=before, after=after)


def _history(conn: Connection, project: Project, row: Row[Any]) -> tuple[DriftPoint, ...]:
    """This batch and those before it, the first first."""
    found = [entry for entry in batches.list_all(conn, project.id) if entry.number <= row.number]
    return tuple(
        DriftPoint(
            number=entry.number,
            name=entry.name,
            created=entry.created,
            items=entry.items,
            p=None if entry.alarm is None else entry.alarm["p"],
            drift=entry.alarm is not None and entry.alarm["drift"],
            found=len(counted(conn, entry).found),
        )
        for entry in reversed(found)
    )
