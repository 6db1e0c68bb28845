"""How far a project is: the learning curve beside its random control, and everything that is counted."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from sqlalchemy import Row

from modicum.engine import evaluate
from modicum.engine.control import control_curve, saving
from modicum.engine.forecast import ROUNDS, agreement, gain, settled
from modicum.engine.heads import Head, predict_proba
from modicum.home import Home
from modicum.looking import audits_due
from modicum.store import counts, drawings, facts, projects, rounds, scores
from modicum.store.db import Database
from modicum.store.scores import Scores
from modicum.types import Interval, Policy, Project, Round, Route
from modicum.vectors import Vectors
from modicum.views import ClassProgress, Confusion, Counts, CurvePoint, Forecast, Progress

IDLE_S = 300.0  # a longer pause between two decisions is not work
RECENT = 2_000  # decisions the speed is told from
PAIRS = 20  # confusions that are listed
PICTURES = 9  # items of a confusion
CONTROL_POINTS = 10
MORE = 100  # labels the forecast looks ahead
MODELS = 30  # the forecast is told from
SETTLING = 2_048  # items on which models are compared with their predecessors
CONTROL_SAMPLE = 512  # unlabeled items the control's heads see, as the project's own head does
CONTROL_REACH = 8  # the control is drawn up to so many times today's labels
SECONDS_TO_CONFIRM = 0.5  # an item of a Validate page (bulk validation: 0.1 to 0.5 s an item)

Ints = npt.NDArray[np.int64]


def progress(db: Database, home: Home, project: Project, *, patient: bool = False) -> Progress:
    """Everything the Progress page shows, from the facts as they are now.

    What takes seconds is computed in the background and missing at first, unless the caller is `patient`.
    """
    known = scores.predictions(db, project.id)
    with db.read() as conn:
        counted = counts.counts(conn, project.id)
        found = rounds.list_all(conn, project.id)
        drawn = project.task_schema.task == "draw"
        labeled = drawings.shapes_of_classes(conn, project.id) if drawn else counts.classes(conn, project.id)
        decisions = counts.decisions(conn, project.id, RECENT)
        asked = counts.asked(conn, project.id)
        holdout = facts.holdout_items(conn, project.id)
        surprises = facts.surprises(conn, project.id)
        waiting = None if known is None else facts.waiting(conn, project.id, len(known.classes), None)
        in_queue = counts.queued(conn, project.id)
    n_classes = len(project.task_schema.classes)
    curve = _curve(found)
    control = _control(db, home, project, curve, n_classes, patient=patient)
    sure = 0
    if known is not None and waiting is not None:
        sure = int((waiting & (known.confidences >= np.float16(project.policy.validate_above))).sum())
    sure = max(0, min(sure, counted.pool - in_queue))  # what is asked about does not wait for validation as well
    per_hour, seconds = _speed(decisions)
    return Progress(
        curve=curve,
        control=control,
        saving=saving(curve, control),
        forecast=None if drawn else _forecast(db, home, project, found),
        counts=counted,
        routes=_routes(counted, in_queue, sure),
        classes=_classes(n_classes, labeled, known, waiting, holdout),
        confusions=_confusions(known, holdout, surprises),
        labels_per_hour=per_hour,
        seconds_per_label=seconds,
        seconds_left=_seconds_left(project.policy, counted, asked, sure, audits_due(db, project), seconds),
        rounds=tuple(found),
    )


def _curve(found: Sequence[Round]) -> tuple[CurvePoint, ...]:
    """One point a round that was measured; of rounds with the same number of labels the last counts."""
    points = {entry.labels + entry.holdout: entry.accuracy for entry in found if entry.accuracy is not None}
    return tuple(CurvePoint(labels=labels, accuracy=accuracy) for labels, accuracy in sorted(points.items()))


def _control(
    db: Database, home: Home, project: Project, curve: Sequence[CurvePoint], n_classes: int, *, patient: bool
) -> tuple[CurvePoint, ...]:
    """What random labels would have reached, as far as it has been computed.

    It costs seconds, so nobody at a screen waits for it: it is computed anew for each tenth more holdout labels.
    """
    if not curve:
        return ()
    with db.read() as conn:
        rows, classes = facts.holdout_labels(conn, project.id)
        size, dims = projects.shape(conn, project.id)
    if dims is None or not len(rows):
        return ()
    step = max(1, len(rows) // 10)
    reach = 2 ** int(np.ceil(np.log2(curve[-1].labels * CONTROL_REACH)))
    sizes = np.unique(np.geomspace(5, max(reach, 10), CONTROL_POINTS).astype(int)).tolist()

    def compute() -> tuple[CurvePoint, ...]:
        vectors = Vectors(home.vectors_of(project.id), dims).read(size)
        rng = np.random.default_rng([project.seed, len(rows)])
        some = np.sort(rng.permutation(size)[:CONTROL_SAMPLE])
        return tuple(control_curve(vectors[rows], classes, n_classes, rng, sizes, unlabeled=vectors[some]))

    remember = db.remember if patient else db.remember_soon
    return remember(("control", project.id), (step, len(rows) // step, n_classes, reach), compute) or ()


def _forecast(db: Database, home: Home, project: Project, found: Sequence[Round]) -> Forecast | None:
    """What the next labels would bring, from the last models on today's holdout; computed in the background, once a round."""
    trained = [entry.number for entry in found if entry.labels]
    if len(trained) < 2:
        return None

    def compute() -> Forecast | None:
        with db.read() as conn:
            stored = rounds.newest_heads(conn, project.id, MODELS)
            rows, classes = facts.holdout_labels(conn, project.id)
            size, dims = projects.shape(conn, project.id)
        rng = np.random.default_rng([project.seed, trained[-1], 2])
        vectors = Vectors(home.vectors_of(project.id), dims or 0).read(size)
        # imports bring labels between two rounds, and a class that was added makes a head of other shape: one model a count
        models = list({labels: Head.from_bytes(head) for labels, head in stored}.items())
        some = vectors[np.sort(rng.permutation(size)[:SETTLING])]
        last = [predict_proba(head, some).argmax(axis=1) for _, head in models[-ROUNDS - 1 :]]
        agreements = [agreement(before, after) for before, after in pairwise(last)]
        changed = [float((before != after).mean()) for before, after in pairwise(last)]
        tested = vectors[rows]
        right = np.array([predict_proba(head, tested).argmax(axis=1) == classes for _, head in models])
        return Forecast(
            more=MORE,
            gain=gain(np.array([k for k, _ in models]), right, MORE, rng, changed=float(np.mean(changed)) if changed else 1.0),
            agreement=float(np.mean(agreements)) if agreements else None,
            settled=settled(agreements),
        )

    return db.remember_soon(("forecast", project.id), trained[-1], compute)


def _routes(counted: Counts, in_queue: int, sure: int) -> dict[str, int]:
    """Where the items stand: settled, waiting in the queue, waiting for validation, held for a later round."""
    return {
        "labeled": counted.labeled,
        Route.ANNOTATE: in_queue,
        Route.VALIDATE: sure,
        Route.AUTO: counted.auto,
        Route.DISCARD: counted.discarded,
        Route.HOLD: max(0, counted.pool - in_queue - sure),
    }


def _classes(
    n_classes: int,
    labeled: dict[int, int],
    known: Scores | None,
    waiting: npt.NDArray[np.bool_] | None,
    holdout: tuple[Ints, Ints, Ints],
) -> tuple[ClassProgress, ...]:
    predicted = np.zeros(n_classes, dtype=np.int64)
    accuracy: list[Interval | None] = [None] * n_classes
    if known is not None and waiting is not None:
        predicted = np.bincount(known.classes[waiting], minlength=n_classes)
        _, rows, classes = _predicted(known, holdout)
        accuracy = evaluate.per_class(known.classes[rows].astype(np.int64), classes, n_classes)
    return tuple(
        ClassProgress(class_id=k, labeled=labeled.get(k, 0), predicted=int(predicted[k]), accuracy=accuracy[k])
        for k in range(n_classes)
    )


def _predicted(known: Scores, holdout: tuple[Ints, Ints, Ints]) -> tuple[Ints, Ints, Ints]:
    """The holdout items that the model has seen when it predicted."""
    there = holdout[1] < len(known.classes)
    return holdout[0][there], holdout[1][there], holdout[2][there]


def _confusions(
    known: Scores | None, holdout: tuple[Ints, Ints, Ints], surprises: tuple[Ints, Ints, Ints]
) -> tuple[Confusion, ...]:
    """Pairs the model takes for each other, the most frequent first, from items it had not learned.

    Holdout items count with today's prediction, others with the pre-label they were labeled under.
    """
    pairs: dict[tuple[int, int], list[int]] = defaultdict(list)
    if known is not None:
        ids, rows, actual = _predicted(known, holdout)
        guessed = known.classes[rows].astype(np.int64)
        wrong = guessed != actual
        _collect(pairs, ids[wrong], actual[wrong], guessed[wrong])
    _collect(pairs, *surprises)
    ranked = sorted(pairs.items(), key=lambda entry: (-len(entry[1]), entry[0]))[:PAIRS]
    return tuple(
        Confusion(actual=actual, predicted=guessed, count=len(ids), items=tuple(ids[-PICTURES:][::-1]))
        for (actual, guessed), ids in ranked
    )


def _collect(pairs: dict[tuple[int, int], list[int]], ids: Ints, actual: Ints, guessed: Ints) -> None:
    for item_id, said, thought in zip(ids.tolist(), actual.tolist(), guessed.tolist(), strict=True):
        pairs[said, thought].append(item_id)


def _speed(decisions: Sequence[Row[datetime, str, str, float | None]]) -> tuple[float | None, float | None]:
    """(labels an hour of work, seconds a label on Annotate); pauses of more than five minutes are not work."""
    by_person: dict[str, list[datetime]] = defaultdict(list)
    for created, annotator, _, _ in decisions:
        by_person[annotator].append(created)
    worked, made = timedelta(), 0
    for moments in by_person.values():
        for later, earlier in pairwise(moments):
            if (later - earlier).total_seconds() <= IDLE_S:
                worked += later - earlier
                made += 1
    hours = worked.total_seconds() / 3600
    spent = [min(s, IDLE_S) for _, _, route, s in decisions if s is not None and route == Route.ANNOTATE]
    return made / hours if hours > 0 else None, float(np.mean(spent)) if spent else None


def _seconds_left(policy: Policy, counted: Counts, asked: int, sure: int, audits: int, seconds: float | None) -> float | None:
    """Work that is left: the budget's rest, or without one all that the model is not sure of, the audits that are due, and
    confirming the others."""
    if seconds is None:
        return None
    if policy.budget is not None:
        return max(0, min(policy.budget - asked, counted.pool)) * seconds
    return (max(0, counted.pool - sure) + audits) * seconds + sure * SECONDS_TO_CONFIRM
