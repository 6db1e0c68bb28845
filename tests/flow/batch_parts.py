"""What the tests of batches share: a project whose items have known kinds, new ones among them, and people who know them."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from modicum import batches, desk, rounds, stacks
from modicum.batch_views import BatchDetail, BatchReport, BatchView, StackReceipt
from modicum.home import Home
from modicum.store import batches as store
from modicum.store import items, jobs, labels, projects
from modicum.store.db import Database
from modicum.types import Action, Choice, JobState, Policy, Project, Status, Task
from modicum.vectors import Vectors
from store.store_parts import new_item

CLASSES = ("basset", "chow", "poodle")
DIMS = 16
NEW = 3  # the class nobody knows, by its cluster
TABS = itertools.count()


def vectors_of(kinds: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.eye(8, DIMS)[kinds] * 4 + rng.standard_normal((len(kinds), DIMS)) * 0.5


class Bench:
    """A project whose items have known kinds, and a way to bring more of them in."""

    def __init__(self, db: Database, home: Home) -> None:
        self.db, self.home = db, home
        self.project = db.write(projects.create, "Dogs", CLASSES, policy=Policy(), seed=11)
        self.kinds = np.empty(0, dtype=np.int64)
        db.write(projects.set_dims, self.project.id, DIMS)

    def add(self, kinds: np.ndarray, job: int, *, labeled: bool = False) -> None:
        first = len(self.kinds)
        vectors = Vectors(self.home.vectors_of(self.project.id), DIMS)
        vectors.append(vectors_of(kinds, first + 1).astype(np.float32), first)
        made = [new_item(first + k, int(kind) if labeled else None) for k, kind in enumerate(kinds)]
        self.db.write(items.add_items, self.project.id, made, first, batch=job)
        self.kinds = np.concatenate([self.kinds, kinds])

    def known(self, n: int = 150) -> None:
        """Labeled items of the known classes, and a model."""
        self.add(np.arange(n) % 3, 0, labeled=True)
        assert rounds.run_round(self.db, self.home, self.project) is not None

    def arrive(self, kinds: np.ndarray, name: str | None = None, **how: Any) -> BatchView:
        """Import a batch, and let the worker see to it."""
        number = self.begin(kinds, name, **how)
        batches.advance(self.db, self.home, self.current)
        return self.view(number)

    def begin(
        self,
        kinds: np.ndarray,
        name: str | None = None,
        *,
        state: JobState = JobState.DONE,
        said: str = "",
        duplicates: int = 0,
        rejected: int = 0,
    ) -> int:
        args = {"source": "/pictures/monday", "labels_from_folders": False, "batch": name}
        job = self.db.write(jobs.enqueue, self.project.id, args)
        if len(kinds):
            self.add(kinds, job.id)
        self.db.write(jobs.progress, job.id, duplicates=duplicates, rejected=rejected)
        self.db.write(jobs.finish, job.id, state, said)
        with self.db.read() as conn:
            found = store.list_all(conn, self.project.id)
        return found[0].number if found else 0

    def view(self, number: int) -> BatchView:
        return batches.view(self.db, self.home, self.current, number)

    def detail(self, number: int) -> BatchDetail:
        return batches.detail(self.db, self.home, self.current, number)

    def finish(self, number: int) -> BatchReport:
        batches.finish(self.db, self.home, self.current, number)
        return batches.report_of(self.db, self.current, number)

    def name(self, stack_id: str, *, leave_out: Sequence[int] = (), **named: Any) -> StackReceipt:
        chosen = {"class_name": None, "class_id": None, **named}
        return stacks.name(
            self.db, self.home, self.current, 1, stack_id, "ann", **chosen, leave_out=leave_out, key=keyed(1), seconds=5.0
        )

    def rows(self, item_ids: Iterable[int]) -> list[int]:
        with self.db.read() as conn:
            return [items.get(conn, self.project.id, item_id).row for item_id in item_ids]

    def status(self, item_id: int) -> Status:
        with self.db.read() as conn:
            return items.get(conn, self.project.id, item_id).status

    def label(self, item_id: int) -> int | None:
        with self.db.read() as conn:
            found = labels.of_item(conn, item_id)
        return None if found is None else found.value.class_id

    def labeled(self, number: int) -> list[int]:
        """Items of a batch that have a label."""
        with self.db.read() as conn:
            row = store.get(conn, self.project.id, number)
            ids = store.contents(conn, self.project.id, row.job_id).ids.tolist()
        return [item_id for item_id in ids if self.label(item_id) is not None]

    @property
    def current(self) -> Project:
        with self.db.read() as conn:
            return projects.get(conn, self.project.id)

    def say(self, task: Task, class_id: int | None) -> None:
        desk.submit(
            self.db,
            self.project.id,
            "ann",
            task_id=task.id,
            lease_token=task.lease_token,
            key=f"answer-{task.id:06}",
            action=Action.SKIP if class_id is None else Action.ANSWER,
            value=None if class_id is None else Choice(class_id=class_id),
        )

    def class_of(self, kind: int) -> int:
        """The class of a kind, added when it is met for the first time, as an annotator does."""
        if kind < 3:
            return kind
        return self.db.write(projects.class_named, self.project.id, f"kind {kind}")

    def triage(self, number: int, most: int = 10_000) -> list[int]:
        """Answer questions until none are left; returns the rows that were asked about."""
        asked: list[int] = []
        tab = f"tab-{next(TABS):06}"
        while len(asked) < most:
            claim = batches.claim(self.db, self.home, self.project, number, "ann", tab, 3)
            if not claim.tasks:
                return asked
            task = claim.tasks[0]
            assert task.reason.code == "triage"
            assert task.prediction is None
            self.say(task, self.class_of(int(self.kinds[task.item.row])))
            asked.append(task.item.row)
        return asked

    def due(self) -> bool:
        return rounds.due(self.db, self.project)

    def round(self) -> None:
        assert rounds.due(self.db, self.project)
        assert rounds.run_round(self.db, self.home, self.project) is not None


def monday(n: int = 240, new: int = 16) -> np.ndarray:
    kinds = np.arange(n) % 3
    kinds[:: n // new][:new] = NEW
    return kinds


def keyed(number: int) -> str:
    return f"page-{number:08}"
