"""What an export reads: items with their label and what the annotator was shown, a page at a time."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from modicum.store.tables import annotation, certificate, item, label


def page(conn: Connection, project_id: int, after: int, size: int, *, unlabeled: bool) -> Sequence[Row[*tuple[Any, ...]]]:
    """Up to `size` items whose row comes after `after`, in the order of their rows; `unlabeled`: also those without a label."""
    columns = (
        item.c.row,
        item.c.name,
        item.c.uri,
        item.c.sha256,
        item.c.split,
        item.c.flagged,
        item.c.id,
        item.c.width,
        item.c.height,
        label.c.shapes,
        label.c.class_id,
        label.c.origin,
        label.c.annotator,
        label.c.model,
        label.c.confidence,
        label.c.created,
        annotation.c.shown,
        certificate.c.number,
        certificate.c.threshold,
    )
    joined = item.join(label, label.c.item_id == item.c.id, isouter=unlabeled).join(
        annotation, annotation.c.id == label.c.annotation_id, isouter=True
    )
    joined = joined.join(certificate, certificate.c.id == item.c.certificate_id, isouter=True)
    return conn.execute(
        select(*columns)
        .select_from(joined)
        .where(item.c.project_id == project_id, item.c.row > after)
        .order_by(item.c.row)
        .limit(size)
    ).all()
