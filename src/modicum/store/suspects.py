"""What the second look reads: labels people and sources gave, and which of them somebody has looked at again."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, func, select

from modicum.store.db import arrays
from modicum.store.labels import AGAIN, MEANT, STANDS
from modicum.store.tables import annotation, draw, item, label
from modicum.types import Action, Origin, Split, Status

Ints = npt.NDArray[np.int64]
_IN_ONE_STATEMENT = 5_000  # SQLite allows 32,766 parameters

# a label nobody needs to look at again: it came from a second look, or two answers that stand agree in it
_LOOKED_AT = select(annotation.c.id).where(annotation.c.id == label.c.annotation_id, AGAIN).exists()
_AGREEING = (
    select(func.count())
    .select_from(annotation)
    .where(
        annotation.c.item_id == label.c.item_id,
        annotation.c.action == Action.ANSWER,
        annotation.c.value["class_id"].as_integer() == label.c.class_id,
        STANDS,
        MEANT,
    )
    .scalar_subquery()
)


def given(conn: Connection, project_id: int) -> tuple[Ints, Ints, Ints]:
    """(item id, row, class id) of every train item labeled by a person or its source, by row.

    Not the holdout, nor items drawn for a certificate: what measures a model is not to be changed on the model's word.
    """
    ids, rows, classes = arrays(
        conn,
        item.join(label, label.c.item_id == item.c.id),
        (item.c.id, item.c.row, label.c.class_id),
        item.c.project_id == project_id,
        item.c.status == Status.LABELED,
        item.c.split == Split.TRAIN,
        label.c.origin.in_([Origin.HUMAN, Origin.IMPORT]),
        item.c.id.not_in(select(draw.c.item_id)),
    )
    order = np.argsort(rows)
    return ids[order], rows[order], classes[order]


def open_labels(conn: Connection, project_id: int, classes: dict[int, int]) -> set[int]:
    """Those of the items (id -> class id) that still have the label and that nobody has looked at again."""
    ids, found = list(classes), set()
    for start in range(0, len(ids), _IN_ONE_STATEMENT):
        query = select(label.c.item_id, label.c.class_id).where(
            label.c.project_id == project_id,
            label.c.item_id.in_(ids[start : start + _IN_ONE_STATEMENT]),
            label.c.origin.in_([Origin.HUMAN, Origin.IMPORT]),
            ~_LOOKED_AT,
            _AGREEING < 2,
        )
        found |= {row.item_id for row in conn.execute(query) if row.class_id == classes[row.item_id]}
    return found


def classes_of(conn: Connection, item_ids: Iterable[int]) -> dict[int, int]:
    """The class id each of the items is labeled with, by item id."""
    query = select(label.c.item_id, label.c.class_id).where(label.c.item_id.in_(list(item_ids)))
    return {row.item_id: row.class_id for row in conn.execute(query)}
