"""The second look: labels that the model and the neighbours contradict, listed for people to keep or to change."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from modicum.engine.arrays import gather
from modicum.engine.survey import EACH, survey
from modicum.engine.suspects import Suspects, contradicted, out_of_sample
from modicum.errors import ConflictError, LeaseLostError
from modicum.home import Home
from modicum.store import items, labels, projects, rounds, scores, suspects, tasks
from modicum.store.db import Database
from modicum.store.tasks import Holder, NewTask
from modicum.types import Action, Choice, Prediction, Project, Reason, Route, Status
from modicum.vectors import Vectors
from modicum.views import Neighbour, Receipt, Suspect, SuspectPage

MOST = 20_000  # train labels that are judged by one another; of more, so many are drawn

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Hunt:
    """What the hunt after one round found; `ids` and `classes` [m] are of all labels it judged, in the order of `found`."""

    model: int
    ids: Ints
    classes: Ints
    found: Suspects

    def given(self) -> dict[int, int]:
        """item id -> class id of the contradicted labels, those first where a look is worth most."""
        return dict(zip(self.ids[self.found.places].tolist(), self.classes[self.found.places].tolist(), strict=True))


DRAWN = "Here shapes are drawn, and no image has one class that could be doubted."


# --- listing -----------------------------------------------------------------------------------------------------------


def listed(db: Database, home: Home, project: Project, offset: int, limit: int) -> SuspectPage:
    """The contradicted labels nobody has looked at again, those first where a look is worth most.

    Hunting takes seconds, so nobody waits for it: it runs in the background, once a round. Until then the list of the round
    before is shown, and `checking` says so.
    """
    if project.task_schema.task == "draw":
        return SuspectPage(model=None, rows=(), total=0, labels=0, checking=False, hint=DRAWN)
    with db.read() as conn:
        newest = rounds.newest_head(conn, project.id)
    if newest is None:
        hint = "There is no model yet: it trains after the first few labels, and then looks at them."
        return SuspectPage(model=None, rows=(), total=0, labels=0, checking=False, hint=hint)
    model = newest[0]
    hunt = db.remember_soon(("suspects", project.id), model, lambda: _hunt(db, home, project, model))
    if hunt is None:
        return SuspectPage(model=None, rows=(), total=0, labels=0, checking=True, hint="")
    given = hunt.given()
    with db.read() as conn:
        still = suspects.open_labels(conn, project.id, given)
        places = [place for place, item_id in enumerate(given) if item_id in still]
        rows = _rows(conn, project.id, hunt, places[offset : offset + limit])
    return SuspectPage(
        model=hunt.model,
        rows=rows,
        total=len(places),
        labels=len(hunt.ids),
        checking=hunt.model != model,
        hint="" if places else hunt.found.hint,
    )


def _rows(conn: Connection, project_id: int, hunt: _Hunt, places: list[int]) -> tuple[Suspect, ...]:
    found, rows = hunt.found, []
    near = hunt.ids[found.near[places]]
    classes = suspects.classes_of(conn, np.unique(near).tolist())
    for place, ids in zip(places, near.tolist(), strict=True):
        item_id = int(hunt.ids[found.places[place]])
        given = labels.of_item(conn, item_id)
        if given is None:
            continue
        there = [one for one, at in zip(ids, found.near[place], strict=True) if at >= 0 and one in classes]
        likely = Choice(class_id=int(found.suggested[place]))
        rows.append(
            Suspect(
                item=items.get(conn, project_id, item_id),
                label=given,
                prediction=Prediction(model=hunt.model, value=likely, confidence=round(float(found.confidence[place]), 4)),
                neighbours=tuple(Neighbour(item_id=one, class_id=classes[one]) for one in there),
                score=round(float(found.score[place]), 4),
            )
        )
    return tuple(rows)


# --- hunting -----------------------------------------------------------------------------------------------------------


def _hunt(db: Database, home: Home, project: Project, model: int) -> _Hunt:
    """Judge every train label by a model that learned from the others.

    Holdout labels are left alone: they measure the model, and must not change on its word.
    """
    with db.read() as conn:
        size, dims = projects.shape(conn, project.id)
        n_classes = len(projects.get(conn, project.id).task_schema.classes)
        ids, rows, classes = suspects.given(conn, project.id)
    rng = np.random.default_rng([project.seed, model, 3])
    if len(ids) > MOST:
        some = np.sort(rng.permutation(len(ids))[:MOST])
        ids, rows, classes = ids[some], rows[some], classes[some]
    vectors = Vectors(home.vectors_of(project.id), dims or 0).read(size)
    seen = survey(vectors, rng, size=EACH)
    proba = out_of_sample(vectors, rows, classes, n_classes, rng, seen)
    return _Hunt(model, ids, classes, contradicted(proba, classes, seen.frame.place(gather(vectors, rows)), seen.placed))


# --- deciding ----------------------------------------------------------------------------------------------------------


def decide(
    db: Database,
    project_id: int,
    annotator: str,
    item_id: int,
    *,
    class_id: int,
    key: str,
    shown: Prediction | None = None,
    seconds: float | None = None,
) -> Receipt:
    """Keep an item's label (the same class) or change it; with the receipt it is on disk. The same key, the same receipt.

    It is an answer like any other, appended to what was said before, under a task of its own with the reason `second-look`,
    and desk.retract takes it back. `shown` is what the page said of the model. Raises NotFoundError, InputError for a class the
    schema does not have, ConflictError when the item has no label (any more), LeaseLostError while somebody else works on it.
    """
    return db.write(_decide, project_id, annotator, item_id, class_id, key, shown, seconds)


def _decide(
    conn: Connection,
    project_id: int,
    annotator: str,
    item_id: int,
    class_id: int,
    key: str,
    shown: Prediction | None,
    seconds: float | None,
) -> Receipt:
    before = labels.said(conn, project_id, annotator, key)
    if before is not None:
        return Receipt(annotation_id=before.id, item_id=before.item_id)
    items.get(conn, project_id, item_id)  # of this project, or not found
    if labels.lock_items(conn, [item_id])[item_id].status != Status.LABELED:
        raise ConflictError(f"item {item_id} has no label to look at again: label it on the Annotate page")
    task_id = _open(conn, project_id, annotator, item_id, shown)
    row = tasks.to_answer(conn, project_id, task_id)
    projects.check_class(row.schema, class_id, "$.class_id")
    said = {
        **{name: getattr(row, name) for name in ("project_id", "item_id", "route", "round")},
        "task_id": task_id,
        "annotator": annotator,
        "key": key,
        "action": Action.ANSWER,
        "value": Choice(class_id=class_id).model_dump(mode="json"),
        "shown": row.prediction,
        "blind": False,
        "flag": False,
        "seconds": seconds,
        "created": datetime.now(UTC),
    }
    annotation_id = labels.add_one(conn, said)
    tasks.finish(conn, task_id)
    labels.settle_answer(conn, row, annotation_id, said)
    return Receipt(annotation_id=annotation_id, item_id=item_id)


def _open(conn: Connection, project_id: int, annotator: str, item_id: int, shown: Prediction | None) -> int:
    """A task for a second look at this locked item, in the annotator's hands; one that waits for anybody makes room."""
    holder = Holder.now(annotator, "second-look", 0)
    live = tasks.live(conn, [item_id]).get(item_id)
    if tasks.held_by_another(live, holder) and live is not None and live.annotator != annotator:
        raise LeaseLostError(f"somebody else is working on item {item_id}: try again later, or go on with the next one")
    if live is not None:
        tasks.close(conn, [live.id], "superseded")
    number = scores.newest_model(conn, project_id) or 0
    new = NewTask(item_id, Reason(code=labels.SECOND_LOOK), prediction=shown, route=Route.ANNOTATE)
    return tasks.open_leased(conn, project_id, number, [new], holder)[0]
