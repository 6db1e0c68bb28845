"""Facts of many items at once, as row-aligned arrays: what rounds, Validate and Progress compute with."""

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, FromClause, and_, case, func, or_, select

from modicum.store.db import arrays
from modicum.store.labels import MEANT, STANDS, TRIAGE
from modicum.store.tables import annotation, certificate, item, label, task
from modicum.store.tasks import ASKABLE, DRAWN, KEPT, LEASED, OPEN
from modicum.types import Action, Route, Split, Status

Ints = npt.NDArray[np.int64]
_CLASSED = label.c.class_id.is_not(None)  # shapes are no class of the whole item

# a triage brings up the strange items; what is drawn for certificates comes from where the model is sure, and would flatter it
_AT_RANDOM = func.coalesce(task.c.reason, "").not_in([TRIAGE, *DRAWN])


def waiting(conn: Connection, project_id: int, rows: int, client: str | None) -> npt.NDArray[np.bool_]:
    """bool[rows]: train items without a label that anybody may be asked about.

    Not those whose pre-label was rejected, nor those in somebody's hands, but for this client's own Validate page. Without a
    client all Validate pages count as waiting: they are not confirmed yet, whoever looks at them.
    """
    free = np.zeros(rows, dtype=np.bool_)
    held_back = select(certificate.c.id).where(certificate.c.project_id == project_id, certificate.c.route == Route.HOLD)
    uncertain = or_(item.c.certificate_id.is_(None), item.c.certificate_id.not_in(held_back))
    in_pool = (
        item.c.project_id == project_id,
        item.c.status == Status.POOL,
        item.c.split == Split.TRAIN,
        item.c.row < rows,
        uncertain,
    )
    (of_pool,) = arrays(conn, item, (item.c.row,), *in_pool)
    free[of_pool] = True
    held = and_(LEASED, task.c.lease_until >= datetime.now(UTC))
    elsewhere = task.c.route != Route.VALIDATE
    held = and_(held, elsewhere if client is None else or_(task.c.client != client, elsewhere))
    taken = or_(held, and_(OPEN, task.c.reason.in_(KEPT)))
    live = select(item.c.row).join(task, task.c.item_id == item.c.id).where(task.c.project_id == project_id, taken)
    rejected = (
        select(item.c.row)
        .join(annotation, annotation.c.item_id == item.c.id)
        .where(annotation.c.project_id == project_id, annotation.c.action == Action.REJECT, STANDS, MEANT)
    )
    for row in (*conn.execute(live).scalars(), *conn.execute(rejected).scalars()):
        if row < rows:
            free[row] = False
    return free


def holdout_labels(conn: Connection, project_id: int) -> tuple[Ints, Ints]:
    """(row, class id) of labeled holdout items that were asked about at random, by row; their labels were all given blind.

    Those that a triage or a stack brought up are left out: they are the strange ones. So are those drawn for a certificate, or to
    audit one: they come from where the model is sure.
    """
    return _labels(conn, project_id, Split.HOLDOUT, _AT_RANDOM)[:2]


def all_holdout_labels(conn: Connection, project_id: int) -> tuple[Ints, Ints]:
    """(row, class id) of every labeled holdout item, by row, also of those a triage brought up."""
    return _labels(conn, project_id, Split.HOLDOUT)[:2]


def train_labels(conn: Connection, project_id: int) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
    """(row, class id, whether it was given for itself and not on a page of one class) of every labeled train item, by row."""
    return _labels(conn, project_id, Split.TRAIN)


def _labels(
    conn: Connection, project_id: int, split: Split, *only: ColumnElement[bool]
) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
    joined: FromClause = item.join(label, label.c.item_id == item.c.id)
    if only:
        joined = joined.outerjoin(annotation, annotation.c.id == label.c.annotation_id).outerjoin(
            task, task.c.id == annotation.c.task_id
        )
    where = (item.c.project_id == project_id, item.c.status == Status.LABELED, item.c.split == split, _CLASSED, *only)
    by_itself = case((label.c.route == Route.VALIDATE, 0), else_=1)
    rows, classes, alone = arrays(conn, joined, (item.c.row, label.c.class_id, by_itself), *where)
    order = np.argsort(rows)
    return rows[order], classes[order], alone[order] == 1


def holdout_items(conn: Connection, project_id: int) -> tuple[Ints, Ints, Ints]:
    """(item id, row, class id) of every labeled holdout item that was asked about at random."""
    joined = (
        item.join(label, label.c.item_id == item.c.id)
        .outerjoin(annotation, annotation.c.id == label.c.annotation_id)
        .outerjoin(task, task.c.id == annotation.c.task_id)
    )
    where = (
        item.c.project_id == project_id,
        item.c.status == Status.LABELED,
        item.c.split == Split.HOLDOUT,
        _CLASSED,
        _AT_RANDOM,
    )
    ids, rows, classes = arrays(conn, joined, (item.c.id, item.c.row, label.c.class_id), *where)
    return ids, rows, classes


def surprises(conn: Connection, project_id: int) -> tuple[Ints, Ints, Ints]:
    """(item id, class id of the label, class id of the pre-label) of every item labeled under a pre-label of another class.

    The model that made the pre-label had not learned from that label: this is out of sample. Pre-labels that were made wrong
    on purpose are left out: no model made that error.
    """
    shown = annotation.c.shown[("value", "class_id")].as_integer()
    joined = label.join(annotation, annotation.c.id == label.c.annotation_id).outerjoin(task, task.c.id == annotation.c.task_id)
    where = (label.c.project_id == project_id, annotation.c.shown.is_not(None), shown != label.c.class_id, task.c.arm.is_(None))
    ids, said, guessed = arrays(conn, joined, (label.c.item_id, label.c.class_id, shown), *where)
    return ids, said, guessed


def pool(conn: Connection, project_id: int, rows: int) -> tuple[Ints, Ints, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """(item id, row, whether it is holdout, whether a certificate covers it) of every item a round may ask about, by row.

    They have no label by a person, nobody skipped them, nobody has them in hand, and of train items no certificate covers
    them: the holdout is asked about whatever a model labels, or it would come to hold the hard items only.
    """
    busy = or_(LEASED, and_(OPEN, task.c.reason.in_(KEPT)))
    taken = select(task.c.item_id).where(task.c.project_id == project_id, busy)
    covered = case((item.c.certificate_id.is_(None), 0), else_=1)
    ids, at, holdout, by_model = arrays(
        conn,
        item,
        (item.c.id, item.c.row, case((item.c.split == Split.HOLDOUT, 1), else_=0), covered),
        item.c.project_id == project_id,
        ASKABLE,
        item.c.skipped.is_(False),
        item.c.row < rows,
        item.c.id.not_in(taken),
    )
    order = np.argsort(at)
    return ids[order], at[order], holdout[order] == 1, by_model[order] == 1
