"""Items, the labels they were imported with, and the files that were left out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from modicum.errors import ConflictError, NotFoundError
from modicum.geometry import Shapes
from modicum.store.tables import item, label, project, rejection
from modicum.types import Item, Origin, Rejection, Split, Status

IN_ONE_STATEMENT = 5000  # SQLite allows 32,766 parameters
_BY_ID = select(item).where(item.c.id == bindparam("wanted"), item.c.project_id == bindparam("project"))


@dataclass(frozen=True)
class NewItem:
    """An item about to be added; its row follows from its place. `class_id` is the class its source names, if any, and
    `shapes` what its source has drawn on it."""

    uri: str
    name: str
    sha256: str
    media: str
    width: int
    height: int
    split: Split
    class_id: int | None = None
    shapes: Shapes | None = None


@dataclass(frozen=True)
class Known:
    """An item that is there already; `class_id` is the class its source named."""

    id: int
    uri: str
    name: str
    row: int
    batch: int
    class_id: int | None


def known_hashes(conn: Connection, project_id: int, hashes: Iterable[str]) -> dict[str, Known]:
    """By sha256, those of the hashes that are items already."""
    wanted = list(hashes)
    known: dict[str, Known] = {}
    for start in range(0, len(wanted), IN_ONE_STATEMENT):
        part = wanted[start : start + IN_ONE_STATEMENT]
        query = select(item.c.sha256, item.c.id, item.c.uri, item.c.name, item.c.row, item.c.batch, item.c.given)
        rows = conn.execute(query.where(item.c.project_id == project_id, item.c.sha256.in_(part)))
        known.update((sha256, Known(*rest)) for sha256, *rest in rows)
    return known


@dataclass(frozen=True)
class Twin:
    """An item of another project with the same bytes, whose encoder is the same: its vector needs no encoding."""

    project_id: int
    row: int
    media: str
    width: int
    height: int


def twins(conn: Connection, project_id: int, hashes: Iterable[str]) -> dict[str, Twin]:
    """By sha256, those of the hashes that another project has encoded by an encoder which answers the probe alike."""
    wanted = list(hashes)
    mine = select(project.c.encoder, project.c.dims, project.c.probe).where(project.c.id == project_id).subquery()
    alike = select(project.c.id).join(
        mine,
        (mine.c.encoder == project.c.encoder) & (mine.c.dims == project.c.dims) & (mine.c.probe == project.c.probe),
    )
    others = conn.execute(alike.where(project.c.id != project_id)).scalars().all()
    found: dict[str, Twin] = {}
    for start in range(0, len(wanted) if others else 0, IN_ONE_STATEMENT):
        part = wanted[start : start + IN_ONE_STATEMENT]
        query = select(item.c.sha256, item.c.project_id, item.c.row, item.c.media, item.c.width, item.c.height)
        rows = conn.execute(query.where(item.c.project_id.in_(others), item.c.sha256.in_(part)))
        found.update((sha256, Twin(*rest)) for sha256, *rest in rows)
    return found


def add_items(conn: Connection, project_id: int, new_items: Sequence[NewItem], first_row: int, *, batch: int = 0) -> list[int]:
    """Add items whose vectors stand from `first_row` on, with the labels they bring; returns their ids.

    Labels of origin import count as blind: whoever gave them saw no pre-label of ours. Raises ConflictError unless
    `first_row` is where the committed vectors end.
    """
    if not new_items:
        return []
    now = datetime.now(UTC)
    count = conn.execute(
        update(project)
        .where(project.c.id == project_id, project.c.rows == first_row)
        .values(rows=project.c.rows + len(new_items))
    ).rowcount
    if count != 1:
        raise ConflictError(f"vectors were to be added from row {first_row}, but the project's do not end there: read it again")
    conn.execute(insert(item), [_values(project_id, entry, first_row + k, batch, now) for k, entry in enumerate(new_items)])
    _forget_rejections(conn, project_id, [entry.uri for entry in new_items])
    last_row = first_row + len(new_items)
    found = conn.execute(
        select(item.c.id, item.c.given, item.c.given_shapes)
        .where(item.c.project_id == project_id, item.c.row >= first_row, item.c.row < last_row)
        .order_by(item.c.row)
    ).all()
    labels = [
        {
            "item_id": k,
            "project_id": project_id,
            "class_id": given,
            "shapes": shapes,
            "origin": Origin.IMPORT,
            "blind": True,
            "created": now,
        }
        for k, given, shapes in found
        if given is not None or shapes is not None
    ]
    if labels:
        conn.execute(insert(label), labels)
    return [row.id for row in found]


def give_shapes(conn: Connection, item_id: int, shapes: Shapes, *, replace: bool) -> bool:
    """Keep what a source has drawn on an item that is there already; settling it is the caller's affair.

    False: it has other shapes, and they were not to be replaced.
    """
    value = shapes.model_dump(mode="json")
    there = conn.execute(select(item.c.given_shapes).where(item.c.id == item_id)).scalar_one()
    if there is not None and there != value and not replace:
        return False
    conn.execute(update(item).where(item.c.id == item_id).values(given_shapes=value))
    return True


def get(conn: Connection, project_id: int, item_id: int) -> Item:
    """Raises NotFoundError."""
    row = conn.execute(_BY_ID, {"wanted": item_id, "project": project_id}).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no item {item_id} in this project")
    return from_row(row)


def newest(conn: Connection, project_id: int, limit: int) -> list[int]:
    """Ids of the newest items, the newest first."""
    query = select(item.c.id).where(item.c.project_id == project_id).order_by(item.c.row.desc()).limit(limit)
    return list(conn.execute(query).scalars())


def by_rows(conn: Connection, project_id: int, rows: Iterable[int]) -> list[Item]:
    """The items at these rows of the vectors, in their order."""
    wanted = [int(row) for row in rows]
    found: dict[int, Item] = {}
    for start in range(0, len(wanted), IN_ONE_STATEMENT):
        part = wanted[start : start + IN_ONE_STATEMENT]
        query = select(item).where(item.c.project_id == project_id, item.c.row.in_(part))
        found.update((row.row, from_row(row)) for row in conn.execute(query))
    return [found[row] for row in wanted if row in found]


def from_row(row: Row[Any]) -> Item:
    """The noun, from a row that holds the columns of the table item, other tables' columns beside them or not."""
    of = row._mapping
    return Item(
        id=of[item.c.id],
        project_id=of[item.c.project_id],
        uri=of[item.c.uri],
        name=of[item.c.name],
        sha256=of[item.c.sha256],
        media=of[item.c.media],
        width=of[item.c.width],
        height=of[item.c.height],
        row=of[item.c.row],
        batch=of[item.c.batch],
        split=Split(of[item.c.split]),
        status=Status(of[item.c.status]),
        flagged=of[item.c.flagged],
    )


# --- files that were left out ------------------------------------------------------------------------------------------


def add_rejections(conn: Connection, project_id: int, rejections: Sequence[Rejection]) -> None:
    """Record files an import left out. A file is listed once: the newest reason replaces an older one."""
    latest = {entry.uri: entry for entry in rejections}
    _forget_rejections(conn, project_id, list(latest))
    if latest:
        conn.execute(
            insert(rejection),
            [
                {"project_id": project_id, "uri": e.uri, "kind": e.kind, "reason": e.reason, "created": e.created}
                for e in latest.values()
            ],
        )


def rejections(conn: Connection, project_id: int, offset: int = 0, limit: int = 100) -> tuple[int, list[Rejection]]:
    """(how many there are, one page of them), in the order they were recorded."""
    of_project = rejection.c.project_id == project_id
    total = conn.execute(select(func.count()).select_from(rejection).where(of_project)).scalar_one()
    query = select(rejection).where(of_project).order_by(rejection.c.id).offset(offset).limit(limit)
    return total, [Rejection(uri=row.uri, kind=row.kind, reason=row.reason, created=row.created) for row in conn.execute(query)]


def _forget_rejections(conn: Connection, project_id: int, uris: Sequence[str]) -> None:
    for start in range(0, len(uris), IN_ONE_STATEMENT):
        part = uris[start : start + IN_ONE_STATEMENT]
        conn.execute(delete(rejection).where(rejection.c.project_id == project_id, rejection.c.uri.in_(part)))


def _values(project_id: int, entry: NewItem, row: int, batch: int, now: datetime) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "uri": entry.uri,
        "name": entry.name,
        "sha256": entry.sha256,
        "media": entry.media,
        "width": entry.width,
        "height": entry.height,
        "row": row,
        "batch": batch,
        "split": entry.split,
        "status": Status.POOL if entry.class_id is None and entry.shapes is None else Status.LABELED,
        "flagged": False,
        "skipped": False,
        "given": entry.class_id,
        "given_shapes": None if entry.shapes is None else entry.shapes.model_dump(mode="json"),
        "created": now,
    }
