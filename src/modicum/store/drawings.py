"""Shapes: what models predict of them, what people have drawn and not handed in, and what is settled."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Text, case, cast, delete, func, insert, select

from modicum.geometry import Shapes
from modicum.store import items
from modicum.store.tables import draft, item, label, shape_prediction
from modicum.types import Item, Prediction, Split, Status

DETECTOR = "detector"  # the source of predictions that the project's own rounds make
IN_ONE_STATEMENT = 5000
_TEXTS = 200  # different notes that are told


@dataclass(frozen=True)
class Predicted:
    """What a model says of one item: a prediction whose value is shapes, what drawing on it would teach per second of work,
    and line by line what could not be taken as the model said it."""

    item_id: int
    prediction: Prediction
    utility: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drawn:
    """An item with the shapes that are settled on it."""

    item: Item
    shapes: Shapes


# --- predictions -------------------------------------------------------------------------------------------------------


def store(conn: Connection, project_id: int, source: str, found: Sequence[Predicted]) -> None:
    """Keep what a source predicts of these items, in the place of what it said of them before."""
    now = datetime.now(UTC)
    for start in range(0, len(found), IN_ONE_STATEMENT):
        part = found[start : start + IN_ONE_STATEMENT]
        ids = [entry.item_id for entry in part]
        conn.execute(delete(shape_prediction).where(shape_prediction.c.source == source, shape_prediction.c.item_id.in_(ids)))
        rows = [
            {
                "item_id": entry.item_id,
                "source": source,
                "project_id": project_id,
                "prediction": entry.prediction.model_dump(mode="json"),
                "utility": entry.utility,
                "notes": list(entry.notes),
                "created": now,
            }
            for entry in part
        ]
        conn.execute(insert(shape_prediction), rows)


def predictions(conn: Connection, item_ids: Iterable[int]) -> dict[int, Prediction]:
    """What is predicted of these items, by item: by the project's own detector where it has looked, else by the newest of the
    other sources."""
    wanted = list(item_ids)
    found: dict[int, Prediction] = {}
    for start in range(0, len(wanted), IN_ONE_STATEMENT):
        query = (
            select(shape_prediction.c.item_id, shape_prediction.c.prediction)
            .where(shape_prediction.c.item_id.in_(wanted[start : start + IN_ONE_STATEMENT]))
            .order_by(case((shape_prediction.c.source == DETECTOR, 1), else_=0), shape_prediction.c.created)
        )
        found.update((row.item_id, Prediction.model_validate(row.prediction)) for row in conn.execute(query))
    return found


def utilities(conn: Connection, project_id: int) -> dict[int, float]:
    """item id -> the highest utility any source found."""
    query = (
        select(shape_prediction.c.item_id, func.max(shape_prediction.c.utility))
        .where(shape_prediction.c.project_id == project_id, shape_prediction.c.utility.is_not(None))
        .group_by(shape_prediction.c.item_id)
    )
    return {row.item_id: row[1] for row in conn.execute(query)}


def sources(conn: Connection, project_id: int) -> dict[str, int]:
    """source -> items it has said something of."""
    query = (
        select(shape_prediction.c.source, func.count())
        .where(shape_prediction.c.project_id == project_id)
        .group_by(shape_prediction.c.source)
        .order_by(shape_prediction.c.source)
    )
    return {row.source: row[1] for row in conn.execute(query)}


def notes_of(conn: Connection, item_id: int) -> tuple[str, ...]:
    """What could not be taken as a model said it of this item."""
    query = select(shape_prediction.c.notes).where(shape_prediction.c.item_id == item_id)
    return tuple(note for notes in conn.execute(query).scalars() for note in notes)


def notes(conn: Connection, project_id: int) -> list[tuple[str, str, int]]:
    """(source, note, items it was said of), the most frequent first."""
    query = select(shape_prediction.c.source, shape_prediction.c.notes).where(
        shape_prediction.c.project_id == project_id, cast(shape_prediction.c.notes, Text) != "[]"
    )
    counted: dict[tuple[str, str], int] = {}
    for source, said in conn.execute(query):
        for note in dict.fromkeys(said):
            counted[source, note] = counted.get((source, note), 0) + 1
    ranked = sorted(counted.items(), key=lambda entry: (-entry[1], entry[0]))
    return [(source, note, count) for (source, note), count in ranked[:_TEXTS]]


def looked_at(conn: Connection, project_id: int, source: str, model: int | None = None) -> set[int]:
    """Items of which the source has said something; with `model`, in that round."""
    query = select(shape_prediction.c.item_id).where(
        shape_prediction.c.project_id == project_id, shape_prediction.c.source == source
    )
    if model is not None:
        query = query.where(shape_prediction.c.prediction["model"].as_integer() == model)
    return set(conn.execute(query).scalars())


def forget(conn: Connection, project_id: int, source: str) -> int:
    """Drop everything a source predicted; returns of how many items."""
    gone = delete(shape_prediction).where(shape_prediction.c.project_id == project_id, shape_prediction.c.source == source)
    return conn.execute(gone).rowcount


# --- drafts ------------------------------------------------------------------------------------------------------------


def keep_draft(conn: Connection, project_id: int, item_id: int, annotator: str, shapes: Shapes) -> None:
    """Keep what somebody has drawn so far. Raises NotFoundError for an item of another project."""
    items.get(conn, project_id, item_id)
    drop_draft(conn, item_id, annotator)
    values = {"value": shapes.model_dump(mode="json"), "updated": datetime.now(UTC)}
    conn.execute(insert(draft), {"item_id": item_id, "annotator": annotator, "project_id": project_id, **values})


def draft_of(conn: Connection, project_id: int, item_id: int, annotator: str) -> Shapes | None:
    """What this person has drawn on the item and not handed in."""
    of_person = (draft.c.project_id == project_id, draft.c.item_id == item_id, draft.c.annotator == annotator)
    found = conn.execute(select(draft.c.value).where(*of_person)).scalar_one_or_none()
    return None if found is None else Shapes.model_validate(found)


def drop_draft(conn: Connection, item_id: int, annotator: str) -> None:
    """Forget the draft: it was handed in, or given up."""
    conn.execute(delete(draft).where(draft.c.item_id == item_id, draft.c.annotator == annotator))


# --- what is settled ---------------------------------------------------------------------------------------------------


def labeled(conn: Connection, project_id: int, split: Split) -> list[Drawn]:
    """Every item of this side with settled shapes, in the order of the rows."""
    query = _DRAWN.where(item.c.project_id == project_id, item.c.split == split, item.c.status == Status.LABELED)
    return [_drawn(row) for row in conn.execute(query.order_by(item.c.row))]


def values(conn: Connection, project_id: int) -> Iterator[Shapes]:
    """All settled shapes of the project, an item at a time."""
    query = select(label.c.shapes).where(label.c.project_id == project_id, label.c.class_id.is_(None))
    for value in conn.execute(query).scalars():
        yield Shapes.model_validate(value)


def shapes_of_classes(conn: Connection, project_id: int) -> dict[int, int]:
    """class id -> settled shapes of it, and images it is a tag of."""
    counted: Counter[int] = Counter()
    query = select(label.c.shapes).where(label.c.project_id == project_id, label.c.class_id.is_(None))
    for value in conn.execute(query).scalars():
        counted.update(shape["class_id"] for shape in value["shapes"])
        counted.update(value["tags"])
    return dict(counted)


def page(conn: Connection, project_id: int, after: int, size: int) -> list[tuple[Drawn, Row[Any]]]:
    """Up to `size` drawn items whose row comes after `after`, each with the columns of its label."""
    query = _DRAWN.where(item.c.project_id == project_id, item.c.row > after).order_by(item.c.row).limit(size)
    return [(_drawn(row), row) for row in conn.execute(query)]


_DRAWN = (
    select(item, label.c.shapes, label.c.origin, label.c.annotator, label.c.created.label("labeled_at"))
    .join(label, label.c.item_id == item.c.id)
    .where(label.c.class_id.is_(None))
)


def _drawn(row: Row[Any]) -> Drawn:
    return Drawn(items.from_row(row), Shapes.model_validate(row.shapes))
