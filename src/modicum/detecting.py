"""The machine's half where people draw: learn boxes from the first drawings, predict, choose the images worth drawing on."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from modicum.engine import precision, step
from modicum.engine.detector import Detector, fit
from modicum.engine.pool import Pool
from modicum.home import Home
from modicum.sight import Examples, Eye, Kinds, boxes_of, kinds_of, predict, seen_at
from modicum.store import counts, drawings, facts, items, labels, projects
from modicum.store import rounds as stored
from modicum.store.db import Database
from modicum.store.drawings import DETECTOR, Drawn, Predicted
from modicum.store.rounds import Known, NewRound
from modicum.store.tasks import NewTask
from modicum.types import Interval, Item, Prediction, Project, Reason, Round, Split
from modicum.vectors import Vectors

CANDIDATES = 48  # images a round looks at before it chooses among them
AT_ONCE = 8  # images looked at between two rounds, again and again


Ints = npt.NDArray[np.int64]


def run_round(db: Database, home: Home, project: Project, *, stop: Callable[[], bool] = lambda: False) -> Round | None:
    """Learn from the drawings, measure on the blind holdout, look at candidates, open tasks for those worth most a second.

    None while there is nothing to choose from. Before the first box the seed strategy chooses, or what another model's
    predictions leave in doubt. Everything random follows from (project.seed, round number). Once `stop` says so, RuntimeError.
    """
    started = time.monotonic()
    seen = _look(db, home, project)
    if seen is None:
        return None
    eye = Eye(home, project.id, stop)
    detector = _learn(seen, eye)
    candidates = _candidates(seen, project, CANDIDATES)
    found = [] if detector is None else predict(detector, seen.number, seen.pool_items(candidates), eye, seen.kinds)
    strategy, picks = _choose(project, seen, candidates, found)
    new = NewRound(
        number=seen.number,
        strategy=strategy,
        labels=0 if detector is None else len(seen.train),
        holdout=len(seen.holdout),
        accuracy=None if detector is None else _accuracy(detector, seen, eye),
        temperature=None,
        rows=seen.known.rows,
        settled=seen.known.settled,
        annotations=seen.known.annotations,
        head=None if detector is None else detector.to_bytes(),
        started=started,
    )

    def write(conn: Connection) -> None:
        drawings.store(conn, project.id, DETECTOR, found)
        stored.open_round(conn, project.id, new, None, picks)

    db.write(write)
    with db.read() as conn:
        return stored.latest(conn, project.id)


def advance(db: Database, home: Home, project: Project, *, stop: Callable[[], bool] = lambda: False) -> bool:
    """Look at a few more images with the newest detector, until it has seen the whole pool; whether it looked at any."""
    with db.read() as conn:
        newest = stored.newest_head(conn, project.id)
        if newest is None:
            return False
        number, head = newest
        known = drawings.looked_at(conn, project.id, DETECTOR, number)
        rows, _ = projects.shape(conn, project.id)
        ids, at, *_ = facts.pool(conn, project.id, rows)
        left = [int(row) for item_id, row in zip(ids.tolist(), at.tolist(), strict=True) if item_id not in known][:AT_ONCE]
        wanted = items.by_rows(conn, project.id, left)
        kinds = kinds_of(project.task_schema, drawings.labeled(conn, project.id, Split.TRAIN)) if wanted else {}
    if not wanted:
        return False
    found = predict(_detector(head), number, wanted, Eye(home, project.id, stop), kinds)
    db.write(drawings.store, project.id, DETECTOR, found)
    return True


@lru_cache(maxsize=1)
def _detector(head: bytes) -> Detector:
    return Detector.from_bytes(head)


# --- what there is -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Seen:
    """The project as one round sees it, at one moment."""

    number: int
    known: Known
    kinds: Kinds
    vectors: npt.NDArray[np.float16]
    train: list[Drawn]
    holdout: list[Drawn]
    ids: Ints  # of the items a task may be opened for
    rows: Ints
    is_holdout: npt.NDArray[np.bool_]
    items: dict[int, Item]
    utilities: dict[int, float]  # by other models, by item
    predictions: dict[int, Prediction]
    head: bytes | None
    rng: np.random.Generator

    def pool_items(self, places: Iterable[int]) -> list[Item]:
        return [self.items[int(self.rows[place])] for place in places]


def _look(db: Database, home: Home, project: Project) -> _Seen | None:
    with db.read() as conn:
        rows, dims = projects.shape(conn, project.id)
        if rows == 0 or dims is None:
            return None
        last = stored.newest(conn, project.id)
        number = 0 if last is None else last.number + 1
        ids, at, is_holdout, _ = facts.pool(conn, project.id, rows)
        head = stored.newest_head(conn, project.id)
        utilities = drawings.utilities(conn, project.id)
        train = drawings.labeled(conn, project.id, Split.TRAIN)
        return _Seen(
            number=number,
            known=Known(number, rows, counts.settled(conn, project.id), labels.newest_annotation(conn, project.id)),
            kinds=kinds_of(projects.get(conn, project.id).task_schema, train),
            vectors=Vectors(home.vectors_of(project.id), dims).read(rows),
            train=train,
            holdout=drawings.labeled(conn, project.id, Split.HOLDOUT),
            ids=ids,
            rows=at,
            is_holdout=is_holdout,
            items={entry.row: entry for entry in items.by_rows(conn, project.id, at.tolist())},
            utilities=utilities,
            predictions=drawings.predictions(conn, utilities) if head is None else {},
            head=None if head is None else head[1],
            rng=np.random.default_rng([project.seed, number]),
        )


# --- learning ----------------------------------------------------------------------------------------------------------


def _learn(seen: _Seen, eye: Eye) -> Detector | None:
    readable = [entry for entry in seen.train if seen_at(eye.kept, entry.item) is not None]
    if not any(len(boxes_of(entry)[0]) for entry in readable):
        return None
    warm = None if seen.head is None else Detector.from_bytes(seen.head)
    return fit(Examples(readable, eye), len(seen.kinds), seen.rng, warm=warm)


def _accuracy(detector: Detector, seen: _Seen, eye: Eye) -> Interval | None:
    """The mean average precision at IoU .5 on drawings made without a pre-label, none before there are any."""
    pairs = []
    for entry in seen.holdout:
        features = seen_at(eye.kept, entry.item)
        if features is not None:
            pairs.append((detector.predict(features), boxes_of(entry)))
    return precision.interval(pairs, len(seen.kinds), seen.rng)


# --- what to ask -------------------------------------------------------------------------------------------------------


def _candidates(seen: _Seen, project: Project, n: int) -> Ints:
    """Places of train items in the pool, typical and different from each other and from what was drawn on, best first."""
    of_train = np.flatnonzero(~seen.is_holdout)
    pool = Pool(
        ids=seen.ids[of_train],
        vectors=seen.vectors,
        rows=seen.rows[of_train],
        proba=None,
        labeled_rows=np.array([entry.item.row for entry in seen.train], dtype=np.int64),
        labels=np.zeros(len(seen.train), dtype=np.int64),
    )
    policy = project.policy
    _, chosen = step.ask(policy.strategy, policy.seed_strategy, pool, min(n, len(of_train)), seen.rng)
    return of_train[chosen.indices]


def _choose(project: Project, seen: _Seen, candidates: Ints, found: Sequence[Predicted]) -> tuple[str, list[NewTask]]:
    """The strategy's name and the queue: candidates by what drawing on them teaches a second, holdout items among them."""
    known = {entry.item_id: entry for entry in found}
    worth = {entry.item_id: entry.utility for entry in found if entry.utility is not None} or seen.utilities
    name = project.policy.seed_strategy
    if worth:
        name = "doubt-per-second"
        order = sorted(range(len(candidates)), key=lambda k: (-worth.get(int(seen.ids[candidates[k]]), 0.0), k))
        candidates = candidates[order]
    share = project.policy.holdout_rate
    of_holdout = seen.rng.permutation(np.flatnonzero(seen.is_holdout))
    blind = of_holdout[: int(np.ceil(len(candidates) / (1 - share) * share)) if len(candidates) else len(of_holdout)]
    queue = step.interleaved(candidates, blind, seen.rng)
    picks = []
    for rank, place in enumerate(queue):
        item_id, priority = int(seen.ids[place]), float(len(queue) - rank)
        if seen.is_holdout[place]:
            picks.append(NewTask(item_id, Reason(code="holdout"), priority, None, blind=True))
            continue
        said = known[item_id].prediction if item_id in known else seen.predictions.get(item_id)
        picks.append(NewTask(item_id, Reason(code=name), priority, said))
    return name, picks
