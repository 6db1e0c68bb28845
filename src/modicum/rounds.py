"""The machine's half: train, predict, choose, open a round. Meets the people's half only in the store."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from modicum.engine import arms, evaluate, heads, step
from modicum.engine.heads import Head
from modicum.engine.pool import Pool
from modicum.engine.survey import Survey, survey
from modicum.home import Home
from modicum.store import batches, counts, facts, jobs, labels, projects, rounds, tasks
from modicum.store.db import Database
from modicum.store.rounds import Known, NewRound
from modicum.store.scores import Scores
from modicum.store.tasks import NewTask
from modicum.types import Arm, Choice, Interval, Policy, Prediction, Project, Reason, Round
from modicum.vectors import Vectors

QUEUE = 200  # tasks a round opens
SEED = 20  # of them, at least so many are chosen as one set, typical and different
LOW = 50  # fewer waiting tasks start a round, if anything was said since the last one
FIRST_ITEMS = 200  # items from which the first round opens while an import still runs
PROBABILITIES = 200  # classes up to which a task carries the probability of each

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


def due(db: Database, project: Project) -> bool:
    """Whether the project should have a new round.

    The first one opens as soon as there are 200 items or the import is done; later ones after `retrain_after` new labels,
    when the queue runs low, when an import has brought new items, and at once after a stack of a batch was named
    and for the report of one.
    """
    with db.read() as conn:
        rows, _ = projects.shape(conn, project.id)
        importing = jobs.active(conn, project.id) is not None
        known = rounds.newest(conn, project.id)
        if rows == 0 or known is None:
            return rows > 0 and (rows >= FIRST_ITEMS or not importing)
        if rows > known.rows and not importing:
            return True
        if abs(counts.settled(conn, project.id) - known.settled) >= retrain_after(project.policy, known.settled):
            return True
        if batches.stack_since(conn, project.id, known.annotations) or batches.report_waits(conn, project.id, known.annotations):
            return True
        return (
            counts.open_tasks(conn, project.id) < LOW
            and labels.newest_annotation(conn, project.id) > known.annotations
            and tasks.any_unasked(conn, project.id)
        )


def retrain_after(policy: Policy, settled: int) -> int:
    """New labels that start a round: the policy's number, or else a tenth of the labels there are, from 5 to 200."""
    return policy.retrain_after or min(max(5, settled // 10), 200)


def run_round(db: Database, home: Home, project: Project) -> Round | None:
    """Train on the labels, predict every item, measure on the blind holdout, choose what to ask, open the round.

    None while there is nothing to choose from. With labels of fewer than two classes the seed strategy chooses and nothing
    is predicted. Everything random follows from (project.seed, round number).
    """
    started = time.monotonic()
    seen = _look(db, home, project)
    if seen is None:
        return None
    taught = len(np.unique(seen.train[1])) > 1
    if taught:
        path = home.vectors_of(project.id)
        seen = replace(seen, survey=_survey(path, seen.vectors.shape[1], len(seen.vectors), project.seed, project.created))
    head = _train(seen) if taught else None
    proba = None if head is None else heads.predict_proba(head, seen.vectors)
    strategy, picks = _choose(project.policy, seen, proba)
    new = NewRound(
        number=seen.number,
        strategy=strategy,
        labels=0 if head is None else len(seen.train[0]),
        holdout=len(seen.holdout[0]),
        accuracy=_accuracy(seen, proba),
        temperature=None if head is None else float(head.temperature),
        rows=seen.known.rows,
        settled=seen.known.settled,
        annotations=seen.known.annotations,
        head=None if head is None else head.to_bytes(),
        started=started,
    )
    db.write(rounds.open_round, project.id, new, None if proba is None else _scores(seen.number, proba), picks)
    with db.read() as conn:
        return rounds.latest(conn, project.id)


@dataclass(frozen=True)
class _Seen:
    """The project as one round sees it, at one moment. `train` and `holdout` are (rows, class ids).

    `telling` marks the train labels that were not confirmed as a page of one class.
    """

    number: int
    known: Known
    n_classes: int
    vectors: npt.NDArray[np.float16]
    train: tuple[Ints, Ints]
    telling: npt.NDArray[np.bool_]
    holdout: tuple[Ints, Ints]
    ids: Ints  # of the items a task may be opened for
    rows: Ints
    is_holdout: npt.NDArray[np.bool_]
    covered: npt.NDArray[np.bool_]  # holdout items that a model labeled: asked about all the same, to measure
    head: bytes | None
    rng: np.random.Generator
    survey: Survey | None = None


def _look(db: Database, home: Home, project: Project) -> _Seen | None:
    with db.read() as conn:
        rows, dims = projects.shape(conn, project.id)
        if rows == 0 or dims is None:
            return None
        last = rounds.newest(conn, project.id)
        number = 0 if last is None else last.number + 1
        ids, at, is_holdout, covered = facts.pool(conn, project.id, rows)
        head = rounds.newest_head(conn, project.id)
        known = Known(number, rows, counts.settled(conn, project.id), labels.newest_annotation(conn, project.id))
        *train, telling = facts.train_labels(conn, project.id)
        return _Seen(
            number=number,
            known=known,
            n_classes=len(projects.get(conn, project.id).task_schema.classes),
            vectors=Vectors(home.vectors_of(project.id), dims).read(rows),
            train=(train[0], train[1]),
            telling=telling,
            holdout=facts.holdout_labels(conn, project.id),
            ids=ids,
            rows=at,
            is_holdout=is_holdout,
            covered=covered,
            head=None if head is None else head[1],
            rng=np.random.default_rng([project.seed, number]),
        )


@lru_cache(maxsize=1)
def _survey(path: Path, dims: int, rows: int, seed: int, created: datetime) -> Survey:
    """Kept from round to round of the project at work: labels do not change it, new items and another project do."""
    return survey(Vectors(path, dims).read(rows), np.random.default_rng([seed, rows, 1]))


def _train(seen: _Seen) -> Head | None:
    warm = None if seen.head is None else Head.from_bytes(seen.head)
    return step.learn(seen.vectors, *seen.train, seen.n_classes, seen.rng, warm=warm, known=seen.survey, telling=seen.telling)


def _accuracy(seen: _Seen, proba: Floats | None) -> Interval | None:
    rows, classes = seen.holdout
    if proba is None or not len(rows):
        return None
    return evaluate.accuracy(proba[rows].argmax(axis=1), classes)


def _scores(number: int, proba: Floats) -> Scores:
    return Scores(number, proba.argmax(axis=1).astype(np.uint16), proba.max(axis=1).astype(np.float16))


# --- what to ask -------------------------------------------------------------------------------------------------------


def _choose(policy: Policy, seen: _Seen, proba: Floats | None) -> tuple[str, list[NewTask]]:
    """The strategy's name and the queue: train items it chose, holdout items among them at random places."""
    may_ask = ~seen.is_holdout
    if policy.sure == "hold" and proba is not None:
        may_ask &= proba[seen.rows].max(axis=1) < policy.validate_above
    of_train, of_holdout = np.flatnonzero(may_ask), seen.rng.permutation(np.flatnonzero(seen.is_holdout))
    blind = of_holdout[: round(min(QUEUE, len(of_train) / (1 - policy.holdout_rate)) * policy.holdout_rate)]
    if len(of_train) + len(blind) < QUEUE:  # the last of the pool: all that has no label fits into one queue
        unlabeled = of_holdout[len(blind) :][~seen.covered[of_holdout[len(blind) :]]]
        blind = np.concatenate([blind, unlabeled])[: QUEUE - len(of_train)]
    name, chosen = _ask_strategy(policy, seen, of_train, proba, min(len(of_train), QUEUE - len(blind)))
    queue = step.interleaved(chosen, blind, seen.rng)
    shown = [None if proba is None else proba[seen.rows[place]] for place in queue]
    armed = _arms(policy, len(queue), seen.rng)
    return name, [
        _task(seen, int(place), float(len(queue) - rank), name, shown[rank], armed[rank]) for rank, place in enumerate(queue)
    ]


def _arms(policy: Policy, n: int, rng: np.random.Generator) -> list[Arm | None]:
    """What is done to each pre-label to measure how far it pulls people; nothing as long as no certificate rests on them."""
    if policy.recognised == "off":
        return [None] * n
    return arms.draw(n, rng, seeded=policy.seeded_rate, blind=policy.blind_rate)


def _ask_strategy(policy: Policy, seen: _Seen, of_train: Ints, proba: Floats | None, n: int) -> tuple[str, Ints]:
    rows = seen.rows[of_train]
    pool = Pool(
        ids=seen.ids[of_train],
        vectors=seen.vectors,
        rows=rows,
        proba=None if proba is None else proba[rows],
        labeled_rows=seen.train[0],
        labels=seen.train[1],
        survey=seen.survey,
    )
    # twice what starts the next round: people go on while it trains
    soon = max(2 * retrain_after(policy, seen.known.settled), SEED) if n else None
    name, selection = step.ask(policy.strategy, policy.seed_strategy, pool, n, seen.rng, soon=soon)
    return name, of_train[selection.indices]


def _task(seen: _Seen, place: int, priority: float, strategy: str, proba: Floats | None, arm: Arm | None) -> NewTask:
    item_id = int(seen.ids[place])
    if seen.is_holdout[place]:
        return NewTask(item_id, Reason(code="holdout"), priority, None, blind=True)
    if proba is None:
        return NewTask(item_id, Reason(code=strategy), priority)
    other = None if arm is None else _likeliest(proba)[1]
    if arm is Arm.BLIND:  # with the reason of other blind ones: the strategy's would name the class that is kept back
        return NewTask(item_id, Reason(code="holdout"), priority, blind=True, arm=arm, alternative=other)
    shown = arms.believed(proba) if arm is Arm.SEEDED else proba
    reason = Reason(code=strategy, classes=_likeliest(shown))
    return NewTask(item_id, reason, priority, _prediction(seen.number, shown), arm=arm, alternative=other)


def _likeliest(proba: Floats) -> tuple[int, ...]:
    return tuple(int(k) for k in np.argsort(-proba, kind="stable")[:2])


def _prediction(model: int, proba: Floats) -> Prediction:
    shares: Sequence[float] = [round(float(p), 4) for p in proba] if len(proba) <= PROBABILITIES else ()
    best = int(proba.argmax())
    confidence = round(min(float(proba[best]), 1.0), 4)
    return Prediction(model=model, value=Choice(class_id=best), confidence=confidence, probabilities=tuple(shares))
