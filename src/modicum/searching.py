"""The search for what is new in a batch: kept in memory while people answer, made again from what they said."""

import threading
from collections.abc import Collection, Sequence
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Row

from modicum.engine.arrays import F32, Floats, gather, unit
from modicum.engine.novelty import thinned
from modicum.engine.triage import Triage
from modicum.home import Home
from modicum.store import batches, labels, projects
from modicum.store.batches import Contents, Said
from modicum.store.db import Database
from modicum.types import Interval, Project
from modicum.vectors import Vectors

STEP = 1_600  # items of a batch for each answer after which the questions are chosen again: about ninety times in all
PROPOSED = 24  # questions chosen at a time, and no fewer than two steps: enough for several people at once
REFERENCE = 20_000  # labeled items that a batch is searched against, at most
SAMPLE = 5_000  # reference items that tell what a class looks like

Ints = npt.NDArray[np.int64]


class Search:
    """A Triage of one batch and what it was told. Its methods may be called from several threads."""

    def __init__(self, contents: Contents, reference: Floats, classes: Ints, vectors: Floats, seed: Sequence[int]) -> None:
        self.lock = threading.RLock()
        self.contents = contents
        self.vectors = vectors
        self._reference, self._classes = reference, classes
        self._place = {int(item_id): place for place, item_id in enumerate(contents.ids)}
        self.stamp = -1  # the newest annotation it knows
        self._step = max(1, len(contents.ids) // STEP)
        self._triage = Triage(reference, classes, vectors, np.random.default_rng(list(seed)))
        self._told: list[Said] = []
        self._asked = 0
        self._choose()

    def follow(self, facts: list[Said]) -> None:
        """Learn what was said since, question by question, and forget what was taken back."""
        with self.lock:
            same = next((k for k, (a, b) in enumerate(zip(self._told, facts, strict=False)) if a != b), len(facts))
            same = min(same, len(self._told))
            if same < len(self._told):
                self._take_back(facts, same)
            for asked, group in groupby(facts[len(self._told) :], key=lambda fact: fact.asked):
                tell = self._tell_asked if asked else self._tell
                tell(list(group))

    def _take_back(self, facts: list[Said], same: int) -> None:
        """What was told after the first `same` facts is told anew, as far as it still stands."""
        changed = {fact.item_id for fact in self._told[same:]}
        self._triage.forget(np.array([self._place[item_id] for item_id in changed], dtype=np.int64))
        self._tell_triage([fact for fact in facts[:same] if fact.item_id in changed] + facts[same:])
        self._told = list(facts)
        self._asked = sum(fact.asked for fact in facts)
        self._choose()

    def _tell_asked(self, facts: list[Said]) -> None:
        for fact in facts:
            self._tell_triage([fact])
            self._told.append(fact)
            self._asked += 1
            if self._asked % self._step == 0:
                self._choose()

    def _tell(self, facts: list[Said]) -> None:
        self._tell_triage(facts)
        self._told += facts
        self._choose()

    def _choose(self) -> None:
        self._proposed = self._query(max(PROPOSED, 2 * self._step))

    def _tell_triage(self, facts: list[Said]) -> None:
        """What was skipped or set aside counts as known: its like is not to be brought up again."""
        known = int(self._classes[0])
        places = np.array([self._place[fact.item_id] for fact in facts], dtype=np.int64)
        said = np.array([fact.class_id if fact.class_id >= 0 else known for fact in facts], dtype=np.int64)
        self._triage.tell(places, said)

    def _query(self, n: int) -> Ints:
        return self._triage.query(n) if len(self.contents.ids) else np.empty(0, dtype=np.int64)

    # --- what it says -------------------------------------------------------------------------------------------------

    def questions(self) -> list[int]:
        """Ids of the items to ask about next, the most promising first."""
        with self.lock:
            return [int(item_id) for item_id in self.contents.ids[self._proposed]]

    def more(self, besides: Collection[int]) -> list[int]:
        """Further items to ask about, when those before are in people's hands already."""
        with self.lock:
            found = self.contents.ids[self._query(PROPOSED + len(besides))]
            return [int(item_id) for item_id in found if int(item_id) not in besides]

    def chances(self) -> npt.NDArray[np.float64]:
        """The chance of each item [n] to be new; 0 or 1 where somebody said."""
        with self.lock:
            return self._triage.chances()

    def remaining(self) -> Interval:
        """New items nobody has seen."""
        with self.lock:
            return self._triage.remaining()

    @property
    def asked(self) -> int:
        """Items that the triage asked about and somebody answered."""
        with self.lock:
            return len({fact.item_id for fact in self._told if fact.asked})

    @property
    def finished(self) -> bool:
        """Whether asking on is not worth it."""
        with self.lock:
            return self._triage.finished

    @cached_property
    def centres(self) -> tuple[Ints, F32]:
        """Class ids [c] and what each looks like, at length one [c, d]; what was set aside is no class."""
        rows = thinned(self._classes, SAMPLE, np.random.default_rng(0))
        x, own = unit(gather(self._reference, rows)), self._classes[rows]
        names = np.unique(own[own >= 0])
        centres = [x[own == name].mean(axis=0) for name in names] or np.empty((0, x.shape[1]), dtype=np.float32)
        return names, unit(np.asarray(centres, dtype=np.float32))


def search(db: Database, home: Home, project: Project, row: Row[Any]) -> Search:
    """The search of an open batch, which knows everything that was said up to now."""
    found = db.remember(("triage", row.id), row.opened, lambda: _begun(db, home, project, row))
    with found.lock:
        with db.read() as conn:
            stamp = labels.newest_annotation(conn, project.id)
            facts = batches.said(conn, row) if stamp != found.stamp else None
        if facts is not None:
            found.follow(facts)
            found.stamp = stamp
    return found


def _begun(db: Database, home: Home, project: Project, row: Row[Any]) -> Search:
    with db.read() as conn:
        size, dims = projects.shape(conn, project.id)
        contents = batches.contents(conn, project.id, row.job_id)
        rows, classes = batches.reference(conn, row)
    some = thinned(classes, REFERENCE, np.random.default_rng([project.seed, row.number, 6]))
    rows, classes = rows[some], classes[some]
    vectors = Vectors(home.vectors_of(project.id), dims or 0).read(size)
    return Search(contents, vectors[rows], classes, vectors[contents.rows], [project.seed, row.number, 5])
