"""What is noticed of a batch on arrival: how it differs from what is known, in plain words, with items that show it."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sqlalchemy import Row

from modicum.batch_views import Alarm, Finding
from modicum.engine import drift
from modicum.engine.heads import Head, predict_proba
from modicum.home import Home
from modicum.store import batches, projects, rounds, scores
from modicum.store.db import Database
from modicum.types import Interval, Project
from modicum.vectors import Vectors

ENOUGH = 20  # labels to compare a batch with
SAMPLE = 6_000  # items from before that a batch is compared with
SHOWN = 9  # items that show one finding

Kind = Literal["new", "more", "less", "unsure", "different"]
Ints = npt.NDArray[np.int64]
# how the engine's lines begin; any other tells of content that differs
_KINDS: tuple[tuple[str, Kind], ...] = (("new kind", "new"), ("more of", "more"), ("less of", "less"), ("predictions", "unsure"))


def notice(db: Database, home: Home, project: Project, row: Row[Any], strange: Sequence[int]) -> tuple[Alarm | None, str]:
    """The alarm of a batch, none when there are too few labels to compare it with, and a line that says so then.

    `strange` are ids of items that look newest. Class names stand as marks in it, for they may change: see `named`.
    """
    rng = np.random.default_rng([project.seed, row.number, 4])
    with db.read() as conn:
        size, dims = projects.shape(conn, project.id)
        labeled = batches.reference(conn, row)
        before = batches.rows_before(conn, row)
        contents = batches.contents(conn, project.id, row.job_id)
        head = rounds.head_of(conn, project.id, row.round)
    if len(labeled[0]) < ENOUGH:
        return None, f"{len(labeled[0])} labels are too few to say how it differs from what is known; {ENOUGH} would do."
    vectors = Vectors(home.vectors_of(project.id), dims or 0).read(size)
    rows, classes = _before(scores.predictions(db, project.id), rng.permutation(before)[:SAMPLE], labeled)
    names = {int(name): _mark(int(name)) for name in np.unique(classes)}
    found = drift.alarm(vectors[rows], classes, vectors[contents.rows], rng, names=names)
    proba = None if head is None else predict_proba(Head.from_bytes(head), vectors, rows=contents.rows)
    changed = [shift.label for shift in found.shifts if shift.clear]
    findings = []
    for text in found.findings:
        kind: Kind = next((kind for start, kind in _KINDS if text.startswith(start)), "different")
        class_id = changed.pop(0) if kind in ("more", "less") and changed else None
        known = class_id if class_id is not None and class_id >= 0 else None
        items = _showing(kind, known, contents.ids, proba, strange)
        findings.append(Finding(kind=kind, text=text, class_id=known, items=items, count=None))
    return Alarm(p=found.p, drift=found.drift, findings=tuple(findings)), ""


def _before(known: scores.Scores | None, rows: Ints, labeled: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """(row, class id) of these items from before the batch: what people said, and else what the model says.

    Labels alone would not do: they belong to items that a strategy picked, and a batch would always differ from those.
    """
    classes = np.full(1 + max(int(rows.max(initial=0)), int(labeled[0].max(initial=0))), batches.KNOWN, dtype=np.int64)
    if known is not None:
        n = min(len(classes), len(known.classes))
        classes[:n] = known.classes[:n]
    classes[labeled[0]] = labeled[1]
    rows = np.sort(rows[classes[rows] >= batches.NOISE])
    return rows, classes[rows]


def _showing(
    kind: str, class_id: int | None, ids: Ints, proba: npt.NDArray[np.float32] | None, strange: Sequence[int]
) -> tuple[int, ...]:
    """Items that show a finding: the surest of the class there is more of, the least sure ones, or the strangest."""
    if kind == "less":
        return ()
    if kind == "more" and class_id is not None and proba is not None and class_id < proba.shape[1]:
        order = np.argsort(-proba[:, class_id], kind="stable")
    elif kind == "unsure" and proba is not None:
        order = np.argsort(proba.max(axis=1), kind="stable")
    else:
        return tuple(strange[:SHOWN])
    return tuple(int(item_id) for item_id in ids[order[:SHOWN]])


def _mark(class_id: int) -> str:
    return f"{{class {class_id}}}"


def named(alarm: Alarm, project: Project) -> Alarm:
    """The alarm with the names that the classes have today."""
    names = {_mark(entry.id): entry.name for entry in project.task_schema.classes} | {_mark(batches.NOISE): "what was set aside"}

    def told(text: str) -> str:
        for mark, name in names.items():
            text = text.replace(mark, name)
        return text

    findings = tuple(finding.model_copy(update={"text": told(finding.text)}) for finding in alarm.findings)
    return alarm.model_copy(update={"findings": findings})


def of_new(items: Sequence[int], remaining: Interval) -> Finding:
    """What a triage knows by now of new items: those found, and those thought to be left."""
    n = len(items)
    count = Interval(mean=n + remaining.mean, low=n + remaining.low, high=n + remaining.high, n=remaining.n + n)
    text = f"new kind of content, about {count.mean:.0f} items ({count.low:.0f} to {count.high:.0f})"
    return Finding(kind="new", text=text, class_id=None, items=tuple(items[:SHOWN]), count=count)
