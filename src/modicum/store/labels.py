"""Annotations, which are only ever added, and the labels that follow from them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from modicum.errors import NotFoundError
from modicum.geometry import Shapes
from modicum.store import items
from modicum.store.tables import annotation, certificate, item, label, task
from modicum.types import Action, Annotation, Arm, Choice, Label, Origin, Prediction, Route, Split, Status, Value
from modicum.views import Past

_VALUE: TypeAdapter[Value] = TypeAdapter(Value)
_taken_back = annotation.alias("taken_back")
STANDS = ~select(_taken_back.c.id).where(_taken_back.c.retracts == annotation.c.id).exists()  # nobody took it back
_plant = task.alias("plant")
# an item planted on a Validate page is wrong there on purpose: what is said of it settles nothing
MEANT = ~(
    select(_plant.c.id)
    .where(_plant.c.id == annotation.c.task_id, _plant.c.arm == Arm.SEEDED, _plant.c.route == Route.VALIDATE)
    .exists()
)
SECOND_LOOK = "second-look"  # why a task was opened for a label that seemed wrong
TRIAGE = "triage"  # why a task was opened for an item of a batch that may be new
AGAIN = select(task.c.id).where(task.c.id == annotation.c.task_id, task.c.reason == SECOND_LOOK).exists()
_SAID = select(annotation).where(
    annotation.c.project_id == bindparam("project"),
    annotation.c.annotator == bindparam("who"),
    annotation.c.key == bindparam("sent_as"),
)
_LOCK = select(item).where(item.c.id.in_(bindparam("ids", expanding=True))).order_by(item.c.id).with_for_update()
_STANDING = (
    select(annotation)
    .where(annotation.c.item_id.in_(bindparam("ids", expanding=True)), annotation.c.action != Action.RETRACT, STANDS, MEANT)
    .order_by(annotation.c.id)
)
_SAY = insert(annotation).returning(annotation.c.id)
_SETTLE = insert(label)
_FORGET = delete(label).where(label.c.item_id.in_(bindparam("ids", expanding=True)))
_SETTLE_ITEM = (
    update(item)
    .where(item.c.id == bindparam("one"))
    .values(status=bindparam("status"), skipped=bindparam("skipped"), flagged=bindparam("flagged"))
)


def lock_items(conn: Connection, item_ids: Iterable[int]) -> dict[int, Row[Any]]:
    """The items, theirs alone until the transaction ends, by id; always the first thing a decision does.

    Without it two people who answer the same item at once each decide on a state without the other (PostgreSQL).
    """
    return {row.id: row for row in conn.execute(_LOCK, {"ids": list(item_ids)})}


def lock_unlabeled(conn: Connection, project_id: int, rows: Iterable[int]) -> list[Row[Any]]:
    """Those of the items at these rows that are train items without a label, locked."""
    query = select(item).where(
        item.c.project_id == project_id,
        item.c.row.in_(list(rows)),
        item.c.status == Status.POOL,
        item.c.split == Split.TRAIN,
    )
    return list(conn.execute(query.order_by(item.c.id).with_for_update()))


def lock_train(conn: Connection, project_id: int, rows: Iterable[int]) -> list[Row[Any]]:
    """Those of the items at these rows that are train items, labeled or not, locked."""
    query = select(item).where(item.c.project_id == project_id, item.c.row.in_(list(rows)), item.c.split == Split.TRAIN)
    return list(conn.execute(query.order_by(item.c.id).with_for_update()))


def said(conn: Connection, project_id: int, annotator: str, key: str) -> Row[Any] | None:
    """The annotation that was sent under this key before."""
    return conn.execute(_SAID, {"project": project_id, "who": annotator, "sent_as": key}).one_or_none()


def own(conn: Connection, project_id: int, annotator: str, annotation_id: int) -> tuple[Row[Any], bool]:
    """(the annotator's decision, whether it stands). Raises NotFoundError."""
    query = select(annotation, STANDS.label("stands")).where(
        annotation.c.id == annotation_id,
        annotation.c.project_id == project_id,
        annotation.c.annotator == annotator,
        annotation.c.action != Action.RETRACT,
    )
    row = conn.execute(query).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no decision {annotation_id} of {annotator} in this project")
    return row, bool(row.stands)


def add(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Append annotations (columns of the table, without id and created)."""
    now = datetime.now(UTC)
    if rows:
        conn.execute(insert(annotation), [{"created": now, **row} for row in rows])


def add_one(conn: Connection, row: dict[str, Any]) -> int:
    """Append one annotation and return its id. Raises ConflictError when its key was used for something else."""
    values = {"created": datetime.now(UTC), **row}
    annotation_id: int = conn.execute(_SAY, values).scalar_one()
    return annotation_id


def settle(conn: Connection, locked: dict[int, Row[Any]]) -> None:
    """Make label, status, skipped and flagged of these locked items follow from what people said of them and stands.

    The last answer counts; without any, what a model says under a certificate; without that the class the source gave; and
    without that the item is in the pool. An item that somebody set aside since has no label, and nobody is asked about it.
    """
    if not locked:
        return
    spoken: dict[int, list[Row[Any]]] = {item_id: [] for item_id in locked}
    for row in conn.execute(_STANDING, {"ids": list(locked)}):
        spoken[row.item_id].append(row)
    had_label = [item_id for item_id, row in locked.items() if row.status in (Status.LABELED, Status.AUTO)]
    if had_label:
        conn.execute(_FORGET, {"ids": had_label})
    covered = _covered(conn, [row for row in locked.values() if row.certificate_id is not None])
    labels, states = [], []
    for item_id, rows in spoken.items():
        answers = [row for row in rows if row.action in (Action.ANSWER, Action.DISCARD)]
        row = locked[item_id]
        aside = bool(answers) and answers[-1].action == Action.DISCARD
        settled = None if aside else _from_answer(answers[-1]) if answers else _from_model(row, covered) or _from_source(row)
        if settled is not None:
            labels.append(settled)
        states.append(
            {
                "one": item_id,
                "status": Status.DISCARDED if aside else _status(settled, covered.get(item_id)),
                "skipped": aside or (settled is None and any(row.action == Action.SKIP for row in rows)),
                "flagged": any(row.flag for row in rows),
            }
        )
    if labels:
        conn.execute(_SETTLE, labels)
    conn.execute(_SETTLE_ITEM, states)


def _covered(conn: Connection, rows: Sequence[Row[Any]]) -> dict[int, str]:
    """What becomes of each of these items under its certificate (a Route), by item."""
    if not rows:
        return {}
    wanted = {row.certificate_id for row in rows}
    found = conn.execute(select(certificate.c.id, certificate.c.route).where(certificate.c.id.in_(wanted)))
    routes = {row.id: row.route for row in found}
    return {row.id: routes[row.certificate_id] for row in rows}


def _status(settled: dict[str, Any] | None, route: str | None) -> Status:
    if settled is None:
        return Status.DISCARDED if route == Route.DISCARD else Status.POOL
    return Status.AUTO if settled["origin"] == Origin.MODEL else Status.LABELED


def settle_answer(conn: Connection, row: Row[Any], annotation_id: int, said: dict[str, Any]) -> None:
    """What settle() would do after this answer, which is its item's newest, without looking at the older ones."""
    if row.status in (Status.LABELED, Status.AUTO):
        conn.execute(_FORGET, {"ids": [row.item_id]})
    conn.execute(
        _SETTLE,
        {
            "model": None,
            "confidence": None,
            **{name: said[name] for name in ("item_id", "project_id", "route", "annotator", "blind")},
            **_columns(said["value"]),
            "origin": Origin.HUMAN,
            "annotation_id": annotation_id,
            "created": said["created"],
        },
    )
    flagged = row.flagged or said["flag"]
    conn.execute(_SETTLE_ITEM, {"one": row.item_id, "status": Status.LABELED, "skipped": False, "flagged": flagged})


def _columns(value: dict[str, Any]) -> dict[str, Any]:
    """A value as the table label keeps it."""
    return {"class_id": value.get("class_id"), "shapes": value if value["type"] == "shapes" else None}


def settle_skip(conn: Connection, row: Row[Any], flag: bool) -> None:
    """What settle() would do after this skip of an item that may have a label."""
    skipped = row.status in (Status.POOL, Status.AUTO, Status.DISCARDED)
    conn.execute(_SETTLE_ITEM, {"one": row.item_id, "status": row.status, "skipped": skipped, "flagged": row.flagged or flag})


def _from_answer(row: Row[Any]) -> dict[str, Any]:
    return {
        "item_id": row.item_id,
        "project_id": row.project_id,
        **_columns(row.value),
        "origin": Origin.HUMAN,
        "route": row.route,
        "annotation_id": row.id,
        "annotator": row.annotator,
        "model": None,
        "confidence": None,
        "blind": row.blind,
        "created": row.created,
    }


def _from_model(row: Row[Any], covered: dict[int, str]) -> dict[str, Any] | None:
    if covered.get(row.id) != Route.AUTO:
        return None
    return auto_label(row.id, row.project_id, row.auto, datetime.now(UTC))


def auto_label(item_id: int, project_id: int, auto: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The label, as stored, that a model's prediction `auto` gives this item."""
    return {
        "item_id": item_id,
        "project_id": project_id,
        **_columns(auto["value"]),
        "origin": Origin.MODEL,
        "route": Route.AUTO,
        "annotation_id": None,
        "annotator": None,
        "model": auto["model"],
        "confidence": auto["confidence"],
        "blind": False,
        "created": now,
    }


def _from_source(row: Row[Any]) -> dict[str, Any] | None:
    if row.given is None and row.given_shapes is None:
        return None
    return {
        "item_id": row.id,
        "project_id": row.project_id,
        "class_id": row.given,
        "shapes": row.given_shapes,
        "origin": Origin.IMPORT,
        "route": None,
        "annotation_id": None,
        "annotator": None,
        "model": None,
        "confidence": None,
        "blind": True,
        "created": row.created,
    }


# --- reading -----------------------------------------------------------------------------------------------------------


def of_item(conn: Connection, item_id: int) -> Label | None:
    """The item's label, once it is settled."""
    row = conn.execute(select(label).where(label.c.item_id == item_id)).one_or_none()
    if row is None:
        return None
    return Label(
        item_id=row.item_id,
        value=Choice(class_id=row.class_id) if row.shapes is None else Shapes.model_validate(row.shapes),
        origin=Origin(row.origin),
        annotator=row.annotator,
        model=row.model,
        confidence=row.confidence,
        created=row.created,
    )


def annotations_of(conn: Connection, item_id: int) -> list[Annotation]:
    """Everything people said of the item, in the order they said it, what was taken back included."""
    rows = conn.execute(select(annotation).where(annotation.c.item_id == item_id).order_by(annotation.c.id))
    return [_annotation(row) for row in rows]


def history(conn: Connection, project_id: int, annotator: str, limit: int) -> list[Past]:
    """The annotator's last decisions that stand, newest first; Validate pages and second looks have their own way back."""
    query = (
        select(annotation)
        .where(
            annotation.c.project_id == project_id,
            annotation.c.annotator == annotator,
            annotation.c.action != Action.RETRACT,
            annotation.c.page.is_(None),
            ~AGAIN,
            STANDS,
        )
        .order_by(annotation.c.id.desc())
        .limit(limit)
    )
    decisions = [_annotation(row) for row in conn.execute(query)]
    wanted = select(item).where(item.c.id.in_([entry.item_id for entry in decisions]))
    known = {row.id: items.from_row(row) for row in conn.execute(wanted)}
    return [Past(annotation=entry, item=known[entry.item_id]) for entry in decisions]


def of_page(conn: Connection, project_id: int, annotator: str, page: str) -> list[tuple[Row[Any], bool]]:
    """(decision, whether it stands) of every decision on one Validate page."""
    query = (
        select(annotation, STANDS.label("stands"))
        .where(
            annotation.c.project_id == project_id,
            annotation.c.page == page,
            annotation.c.annotator == annotator,
            annotation.c.action != Action.RETRACT,
        )
        .order_by(annotation.c.item_id)
    )
    return [(row, bool(row.stands)) for row in conn.execute(query)]


def second_look(conn: Connection, decision: Row[Any]) -> bool:
    """Whether this decision was a second look at a label."""
    found: bool = conn.execute(select(AGAIN).where(annotation.c.id == decision.id)).scalar_one()
    return found


def rejected_items(conn: Connection, project_id: int) -> set[int]:
    """Items whose pre-label somebody called wrong."""
    rejected = (annotation.c.project_id == project_id, annotation.c.action == "reject", STANDS, MEANT)
    return set(conn.execute(select(annotation.c.item_id).where(*rejected)).scalars())


def newest_annotation(conn: Connection, project_id: int) -> int:
    """Id of the project's newest annotation, 0 when there is none."""
    found: int | None = conn.execute(select(func.max(annotation.c.id)).where(annotation.c.project_id == project_id)).scalar_one()
    return found or 0


def _annotation(row: Row[Any]) -> Annotation:
    return Annotation(
        id=row.id,
        item_id=row.item_id,
        annotator=row.annotator,
        action=Action(row.action),
        value=None if row.value is None else _VALUE.validate_python(row.value),
        shown=None if row.shown is None else Prediction.model_validate(row.shown),
        route=Route(row.route),
        round=row.round,
        seconds=row.seconds,
        retracts=row.retracts,
        created=row.created,
    )
