"""The newest model's prediction of every item, row-aligned with the vectors."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, delete, func, insert, select

from modicum.store.db import Database
from modicum.store.tables import round_score
from modicum.types import Choice, Prediction

CHUNK = 65_536  # rows of one stored piece
ROUNDS_KEPT = 2


@dataclass(frozen=True)
class Scores:
    """What round `model` predicts: class ids uint16[rows] and confidences float16[rows], by row of the vectors.

    Rows added after that round have no prediction yet: the arrays end before them.
    """

    model: int
    classes: npt.NDArray[np.uint16]
    confidences: npt.NDArray[np.float16]

    def of_row(self, row: int) -> Prediction | None:
        """The prediction of one row, if it has one."""
        if row >= len(self.classes):
            return None
        value = Choice(class_id=int(self.classes[row]))
        return Prediction(model=self.model, value=value, confidence=round(float(self.confidences[row]), 4))


def predictions(db: Database, project_id: int) -> Scores | None:
    """The newest predictions, none before the first model; kept in memory until there are newer ones."""
    with db.read() as conn:
        model = newest_model(conn, project_id)
        if model is None:
            return None
        return db.remember(("scores", project_id), model, lambda: load(conn, project_id, model))


def newest_model(conn: Connection, project_id: int) -> int | None:
    """Number of the newest round that has a model."""
    found: int | None = conn.execute(
        select(func.max(round_score.c.round)).where(round_score.c.project_id == project_id)
    ).scalar_one()
    return found


def load(conn: Connection, project_id: int, model: int) -> Scores:
    """The predictions of one round."""
    query = (
        select(round_score.c.classes, round_score.c.confidences)
        .where(round_score.c.project_id == project_id, round_score.c.round == model)
        .order_by(round_score.c.chunk)
    )
    chunks = conn.execute(query).all()
    return Scores(
        model,
        np.frombuffer(b"".join(chunk.classes for chunk in chunks), dtype=np.uint16),
        np.frombuffer(b"".join(chunk.confidences for chunk in chunks), dtype=np.float16),
    )


def of_rows(conn: Connection, project_id: int, rows: Iterable[int]) -> dict[int, Prediction]:
    """The newest predictions of a few rows, by row."""
    wanted = [int(row) for row in rows]
    model = newest_model(conn, project_id) if wanted else None
    if model is None:
        return {}
    found: dict[int, Prediction] = {}
    for number in sorted({row // CHUNK for row in wanted}):
        query = select(round_score.c.classes, round_score.c.confidences).where(
            round_score.c.project_id == project_id, round_score.c.round == model, round_score.c.chunk == number
        )
        chunk = conn.execute(query).one_or_none()
        if chunk is None:
            continue
        part = Scores(model, np.frombuffer(chunk.classes, np.uint16), np.frombuffer(chunk.confidences, np.float16))
        for row in wanted:
            if row // CHUNK == number and (prediction := part.of_row(row % CHUNK)) is not None:
                found[row] = prediction
    return found


def store(conn: Connection, project_id: int, scores: Scores) -> None:
    """Store a round's predictions and drop those too old to be asked for: their heads stay."""
    classes, confidences = scores.classes.astype(np.uint16), scores.confidences.astype(np.float16)
    conn.execute(
        insert(round_score),
        [
            {
                "project_id": project_id,
                "round": scores.model,
                "chunk": number,
                "classes": classes[start : start + CHUNK].tobytes(),
                "confidences": confidences[start : start + CHUNK].tobytes(),
            }
            for number, start in enumerate(range(0, max(len(classes), 1), CHUNK))
        ],
    )
    conn.execute(
        delete(round_score).where(round_score.c.project_id == project_id, round_score.c.round <= scores.model - ROUNDS_KEPT)
    )
