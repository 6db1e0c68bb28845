"""The Validate page: what the model is sure of, a page of one class at a time, confirmed or corrected in one go."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Row

from modicum.engine.evaluate import wilson
from modicum.engine.routing import page_size
from modicum.errors import InputError
from modicum.geometry import Shapes
from modicum.store import arms, counts, facts, labels, projects, scores, tasks
from modicum.store.arms import Counted
from modicum.store.db import Database
from modicum.store.scores import Scores
from modicum.store.tasks import Holder, NewTask
from modicum.types import Action, Arm, Choice, Interval, Prediction, Reason, Route, Task, class_of
from modicum.views import PageReceipt, PageView, ValidateClass, ValidateView

BINS = 50
SPARE = 64  # further candidates, for items that go to somebody else between reading and leasing
ENOUGH = 5  # holdout labels in a page's range of confidence that make a range of its own

Rows = npt.NDArray[np.int64]


def view(db: Database, project_id: int) -> ValidateView:
    """What there is to validate: per class a histogram of confidence, and how far confidence could be trusted so far."""
    known = scores.predictions(db, project_id)
    with db.read() as conn:
        project = projects.get(conn, project_id)
        schema = project.task_schema
        confirmed = counts.confirmed(conn, project_id)
        waiting = None
        if known is not None and project.policy.sure == "validate":
            waiting = facts.waiting(conn, project_id, len(known.classes), None)
        on_pages = arms.page_errors(conn, project_id)
        holdout = facts.holdout_labels(conn, project_id)
    histograms = np.zeros((len(schema.classes), BINS), dtype=np.int64)
    if known is not None and waiting is not None:
        bins = np.minimum((known.confidences[waiting].astype(np.float32) * BINS).astype(np.int64), BINS - 1)
        np.add.at(histograms, (known.classes[waiting], bins), 1)
    return ValidateView(
        model=None if known is None else known.model,
        classes=tuple(
            ValidateClass(
                class_id=entry.id,
                histogram=tuple(histograms[entry.id].tolist()),
                confirmed=confirmed.get(entry.id, 0),
                page_size=_page_size(known, holdout, project.policy.validate_above, entry.id, on_pages.get(entry.id, Counted())),
            )
            for entry in schema.classes
        ),
        holdout_errors=tuple(zip(*_trust(db, project_id, known), strict=True)),
    )


def _page_size(known: Scores | None, holdout: tuple[Rows, Rows], above: float, class_id: int, on_pages: Counted) -> int:
    """What suits the class's share of wrong ones: among the items people looked at on pages, and the holdout's that sure."""
    if known is None:
        return page_size(on_pages.k, on_pages.n)
    rows, classes = (column[holdout[0] < len(known.classes)] for column in holdout)
    there = (known.classes[rows] == class_id) & (known.confidences[rows] >= np.float16(above))
    return page_size(on_pages.k + int((classes[there] != class_id).sum()), on_pages.n + int(there.sum()))


def _trust(db: Database, project_id: int, known: Scores | None) -> tuple[list[float], list[bool]]:
    """(confidence, whether it was wrong) of the model on every labeled holdout item."""
    if known is None:
        return [], []
    with db.read() as conn:
        rows, classes = facts.holdout_labels(conn, project_id)
    seen = rows < len(known.classes)
    rows, classes = rows[seen], classes[seen]
    confidences = known.confidences[rows].astype(np.float64).round(4)
    return confidences.tolist(), (known.classes[rows] != classes).tolist()


# --- a page ------------------------------------------------------------------------------------------------------------


def claim_page(
    db: Database,
    project_id: int,
    annotator: str,
    client: str,
    class_id: int,
    above: float,
    size: int,
    planted: Sequence[tuple[int, float]] = (),
) -> PageView:
    """Lease up to `size` items predicted as this class with at least this confidence, the most doubtful first.

    Left out are labeled and holdout items, those in somebody else's hands, and those whose pre-label was rejected before.
    `total` counts all there are above the threshold, `elsewhere` those on pages of others. The tab's earlier page is given back.
    `planted` are (row, place) of items of another class, which take the place of as many: `place` from 0 to 1 is where among
    the page's confidences theirs lies. Nothing in the tasks tells them from the rest.
    """
    known = scores.predictions(db, project_id)
    with db.read() as conn:
        offered = projects.policy(conn, project_id).sure == "validate"
    if known is None or not offered:
        return PageView(tasks=(), total=0, elsewhere=0, expected_wrong=None)
    with db.read() as conn:
        waiting = facts.waiting(conn, project_id, len(known.classes), client)
        anybodys = facts.waiting(conn, project_id, len(known.classes), None)
    wanted = (known.classes == class_id) & (known.confidences >= np.float16(above))
    rows = np.flatnonzero(waiting & wanted)
    elsewhere = int((anybodys & wanted).sum()) - len(rows)
    doubtful = rows[np.argsort(known.confidences[rows], kind="stable")][: size + SPARE]
    plants = [plant for plant in planted if plant[0] not in doubtful]
    page = db.write(_lease_page, project_id, annotator, client, known, doubtful.tolist(), size, class_id, plants)
    shown = tuple(sorted(page, key=lambda task: (_confidence(task.prediction), task.item.row)))
    expected = _expected_wrong(_trust(db, project_id, known), [_confidence(task.prediction) for task in shown], above)
    return PageView(tasks=shown, total=max(len(rows), len(shown)), elsewhere=elsewhere, expected_wrong=expected)


def _lease_page(
    conn: Connection,
    project_id: int,
    annotator: str,
    client: str,
    known: Scores,
    rows: list[int],
    size: int,
    class_id: int,
    planted: Sequence[tuple[int, float]],
) -> list[Any]:
    holder = Holder.now(annotator, client, projects.policy(conn, project_id).lease_s)
    tasks.sweep(conn, project_id)
    tasks.release_pages(conn, project_id, holder)
    free = labels.lock_unlabeled(conn, project_id, rows)
    live = tasks.live(conn, [row.id for row in free])
    free = [row for row in free if row.id not in live or _superseding(live[row.id])]
    place = {row: at for at, row in enumerate(rows)}
    chosen = sorted(free, key=lambda row: place[row.row])[:size]
    plants = _plants(conn, project_id, known, class_id, planted, [float(known.confidences[row.row]) for row in chosen])
    chosen = chosen[: max(0, size - len(plants))] if chosen else []
    tasks.close(conn, [live[row.id].id for row in chosen if row.id in live], "superseded")
    new = [(row.row, _on_page(row.id, known.of_row(row.row))) for row in chosen] + plants
    new.sort(key=lambda entry: (_confidence(entry[1].prediction), entry[0]))  # ids follow the page, planted or not
    return tasks.show(conn, tasks.open_leased(conn, project_id, known.model, [entry for _, entry in new], holder))


def _plants(
    conn: Connection,
    project_id: int,
    known: Scores,
    class_id: int,
    planted: Sequence[tuple[int, float]],
    confidences: Sequence[float],
) -> list[tuple[int, NewTask]]:
    """(row, task) of the planted items nobody has in hand, as sure as the rest of the page."""
    if not planted or not confidences:
        return []
    free = labels.lock_train(conn, project_id, [row for row, _ in planted])
    live = tasks.live(conn, [row.id for row in free])
    places, value = dict(planted), Choice(class_id=class_id)
    plants = []
    for row in free:
        if row.id not in live:
            confidence = round(float(np.float16(np.quantile(confidences, places[row.row]))), 4)
            prediction = Prediction(model=known.model, value=value, confidence=confidence)
            plants.append((row.row, _on_page(row.id, prediction, Arm.SEEDED)))
    return plants


def _on_page(item_id: int, shown: Prediction | None, arm: Arm | None = None) -> NewTask:
    alternative = None if arm is None or shown is None else class_of(shown.value)
    return NewTask(item_id, Reason(code="validate"), prediction=shown, route=Route.VALIDATE, arm=arm, alternative=alternative)


def _superseding(live: Row[Any]) -> bool:
    """Whether a page may take the item away from this task."""
    return bool(live.state == "open" and live.reason not in tasks.KEPT)


def _confidence(prediction: Prediction | None) -> float:
    return 0.0 if prediction is None else prediction.confidence


def _expected_wrong(trust: tuple[list[float], list[bool]], page: Sequence[float], above: float) -> Interval | None:
    """How many of a page are wrong, judged by holdout items of like confidence: of the page's range, or else above `above`."""
    if not page or not trust[0]:
        return None
    confidences, wrong = np.asarray(trust[0]), np.asarray(trust[1])
    alike = (confidences >= min(page)) & (confidences <= max(page))
    if alike.sum() < ENOUGH:
        alike = confidences >= min(above, min(page))
    if not alike.any():
        return None
    share = wilson(int(wrong[alike].sum()), int(alike.sum()))
    n = len(page)
    return Interval(mean=share.mean * n, low=share.low * n, high=share.high * n, n=share.n)


# --- deciding ----------------------------------------------------------------------------------------------------------


def confirm_page(
    db: Database,
    project_id: int,
    annotator: str,
    *,
    page: Sequence[tuple[int, str]],
    wrong: Iterable[int],
    relabeled: dict[int, int],
    key: str,
    seconds: float | None = None,
    wrong_shapes: Mapping[int, Sequence[str]] = MappingProxyType({}),
) -> PageReceipt:
    """Confirm a page of (task id, lease token): `wrong` ones go back to Annotate, `relabeled` ones get that class.

    An image with `wrong_shapes`, named by their ids, goes back too, and its pre-label loses them.

    Confirmed and relabeled items get labels of origin human. Items that somebody else settled or took up since the page was
    leased are left out and counted. The same key again gives the same receipt. Raises InputError for a task that is not of
    this page, or is both wrong and relabeled, or for a class the schema does not have.
    """
    returned = frozenset(wrong) | wrong_shapes.keys()
    strangers = (returned | relabeled.keys()) - {task_id for task_id, _ in page}
    if strangers:
        raise InputError(f"tasks {sorted(strangers)} are not on this page: list every item of the page in `tasks`")
    if both := returned & relabeled.keys():
        raise InputError(f"tasks {sorted(both)} are both wrong and relabeled: choose one")
    return db.write(_confirm, project_id, annotator, dict(page), returned, dict(relabeled), key, seconds, wrong_shapes)


def _confirm(
    conn: Connection,
    project_id: int,
    annotator: str,
    tokens: dict[int, str],
    wrong: frozenset[int],
    relabeled: dict[int, int],
    key: str,
    seconds: float | None,
    wrong_shapes: Mapping[int, Sequence[str]],
) -> PageReceipt:
    if before := labels.of_page(conn, project_id, annotator, key):
        return _receipt(key, [row for row, _ in before], len(tokens))
    schema = projects.stored_schema(conn, project_id)
    for class_id in set(relabeled.values()):
        projects.check_class(schema, class_id, "$.relabeled")
    found = tasks.several(conn, project_id, tokens)
    locked = labels.lock_items(conn, [row.item_id for row in found.values()])
    found = tasks.several(conn, project_id, tokens)  # again: they may have changed until the items were ours
    live = tasks.live(conn, locked)
    mine = [row for row in found.values() if _confirmable(row, tokens[row.id], locked[row.item_id], live.get(row.item_id))]
    each = None if seconds is None or not mine else seconds / len(mine)
    said = [_annotation(row, annotator, key, each, row.id in wrong, relabeled.get(row.id)) for row in mine]
    labels.add(conn, said)
    meant = [row for row in mine if row.arm is None]  # planted ones are recorded, and stay as they are
    tasks.close(conn, [live[row.item_id].id for row in meant if row.item_id in live], "superseded")
    tasks.close(conn, [row.id for row in mine])
    labels.settle(conn, {row.item_id: locked[row.item_id] for row in meant})
    _send_back(conn, project_id, [row for row in meant if row.id in wrong], wrong_shapes)
    return _receipt(key, [row for row, _ in labels.of_page(conn, project_id, annotator, key)], len(tokens))


def _confirmable(row: Row[Any], token: str, item_row: Row[Any], live: Row[Any] | None) -> bool:
    if row.arm is not None and row.route == Route.VALIDATE:  # whoever settles its item is in nobody's way
        return bool(row.lease_token == token and row.state != "done")
    return row.route == Route.VALIDATE and item_row.status == "pool" and tasks.answerable(row, token, item_row, live)


def _annotation(
    row: Row[Any], annotator: str, page: str, seconds: float | None, wrong: bool, class_id: int | None
) -> dict[str, Any]:
    value = (
        None if wrong else _accepted(row.prediction) if class_id is None else Choice(class_id=class_id).model_dump(mode="json")
    )
    return {
        "project_id": row.project_id,
        "item_id": row.item_id,
        "task_id": row.id,
        "annotator": annotator,
        "key": f"{page}:{row.id}",
        "action": Action.REJECT if wrong else Action.ANSWER,
        "value": value,
        "shown": row.prediction,
        "blind": False,
        "flag": False,
        "route": row.route,
        "round": row.round,
        "seconds": seconds,
        "page": page,
    }


def _accepted(prediction: dict[str, Any]) -> dict[str, Any]:
    """The predicted value, as it is stored once somebody has confirmed it."""
    value: dict[str, Any] = prediction["value"]
    return value if value["type"] == "choice" else {**value, "shapes": [{**shape, "iou": 1.0} for shape in value["shapes"]]}


def _send_back(conn: Connection, project_id: int, rows: list[Row[Any]], wrong_shapes: Mapping[int, Sequence[str]]) -> None:
    """Ask about these items again, before everything else and without the pre-label, or the shapes of it, that was wrong."""
    for row in rows:
        shown = Prediction.model_validate(row.prediction)
        suspected = class_of(shown.value)
        reason = Reason(code="returned", classes=() if suspected is None else (suspected,))
        left = _without(shown, wrong_shapes[row.id]) if row.id in wrong_shapes else None
        new = NewTask(row.item_id, reason, priority=tasks.RETURNED_PRIORITY, prediction=left)
        tasks.open_tasks(conn, project_id, row.round, [new])


def _without(shown: Prediction, wrong: Collection[str]) -> Prediction | None:
    if not isinstance(shown.value, Shapes):
        return None
    kept = tuple(shape for shape in shown.value.shapes if shape.id not in wrong)
    return shown.model_copy(update={"value": shown.value.model_copy(update={"shapes": kept})})


def _receipt(page: str, rows: list[Row[Any]], size: int) -> PageReceipt:
    answers = [row for row in rows if row.action == Action.ANSWER]
    confirmed = sum(row.value == _accepted(row.shown) for row in answers)
    returned = len(rows) - len(answers)
    return PageReceipt(
        page=page,
        confirmed=confirmed,
        relabeled=len(answers) - confirmed,
        returned=returned,
        left_out=size - len(rows),
    )


def retract_page(db: Database, project_id: int, annotator: str, client: str, page: str) -> tuple[Task, ...]:
    """Take a whole page back: its items are as they were, and leased again to this tab, with what they showed.

    A stack of a new batch showed nothing, and goes back without a lease.
    Twice is the same as once. Left out are items that somebody settled or took up since, such as one that was sent back.
    """
    return tuple(db.write(_retract, project_id, annotator, client, page))


def _retract(conn: Connection, project_id: int, annotator: str, client: str, page: str) -> list[Task]:
    decisions = labels.of_page(conn, project_id, annotator, page)
    locked = labels.lock_items(conn, [row.item_id for row, _ in decisions])
    standing = [row for row, stands in decisions if stands]
    asked = tasks.several(conn, project_id, [row.task_id for row, _ in decisions])
    planted = {row.item_id: row for row in asked.values() if row.arm is not None}
    labels.add(
        conn,
        [
            {
                **{name: getattr(row, name) for name in ("project_id", "item_id", "task_id", "annotator", "route", "round")},
                "key": f"{page}:undo:{row.id}",
                "action": Action.RETRACT,
                "blind": False,
                "flag": False,
                "page": page,
                "retracts": row.id,
            }
            for row in standing
        ],
    )
    labels.settle(conn, {row.item_id: locked[row.item_id] for row in standing if row.item_id not in planted})
    rejected = [row.item_id for row in standing if row.action == Action.REJECT and row.item_id not in planted]
    live = tasks.live(conn, rejected)
    tasks.close(conn, [row.id for row in live.values() if row.state == "open" and row.reason == "returned"], "superseded")
    holder = Holder.now(annotator, client, projects.policy(conn, project_id).lease_s)
    free = {row.id for row in labels.lock_unlabeled(conn, project_id, [row.row for row in locked.values()])} | planted.keys()
    again = [row for row, _ in decisions if row.item_id in free and row.shown is not None]
    return _lease_again(conn, project_id, again, planted.keys(), holder)


def _lease_again(conn: Connection, project_id: int, rows: list[Row[Any]], planted: Collection[int], holder: Holder) -> list[Task]:
    """Lease the items of these decisions with the predictions that were shown, not with what a newer model would show."""
    live = tasks.live(conn, [row.item_id for row in rows])
    mine_or_free = {i for i, one in live.items() if (_superseding(one) and i not in planted) or _my_page(one, holder)}
    rows = [row for row in rows if row.item_id not in live or row.item_id in mine_or_free]
    tasks.close(conn, [live[row.item_id].id for row in rows if row.item_id in live], "superseded")
    opened: list[int] = []
    for number in {row.round for row in rows}:
        shown = {row.item_id: Prediction.model_validate(row.shown) for row in rows if row.round == number}
        new = [_on_page(i, known, Arm.SEEDED if i in planted else None) for i, known in shown.items()]
        opened += tasks.open_leased(conn, project_id, number, new, holder)
    return tasks.show(conn, opened)


def _my_page(live: Row[Any], holder: Holder) -> bool:
    return bool(live.route == Route.VALIDATE and holder.holds(live))
