"""Labels with their provenance, row by row, out of the store and into a format."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from modicum.formats.row import Row
from modicum.store import exports
from modicum.store.db import Database
from modicum.types import Origin, Project

PAGE = 5000  # items a read transaction: a slow download must not hold the database's log back


class Scores(NamedTuple):
    """The current model's prediction of every row: the round that trained it, class ids [rows], confidences [rows]."""

    round: int
    classes: NDArray[np.uint16]
    confidences: NDArray[np.float16]


def rows(db: Database, project: Project, scores: Scores | None, *, predictions: bool = False) -> Iterator[Row]:
    """Every label of a project; with `predictions` also the unlabeled items the model has an opinion of, marked as such.

    A prediction never stands in the column `label`. Labels given while the export runs may or may not be in it.
    """
    names = [entry.name for entry in project.task_schema.classes]
    known = 0 if scores is None else len(scores.classes)
    after = -1
    while True:
        with db.read() as conn:
            page = exports.page(conn, project.id, after, PAGE, unlabeled=predictions and scores is not None)
        for found in page:
            predicted = confidence = model = None
            if scores is not None and found.row < known:
                predicted, confidence, model = int(scores.classes[found.row]), float(scores.confidences[found.row]), scores.round
            if found.origin == Origin.MODEL:  # what settled it, not what the model would say now
                predicted, confidence, model = found.class_id, found.confidence, found.model
            if found.class_id is None and predicted is None:
                continue
            yield Row(
                name=found.name,
                uri=found.uri,
                sha256=found.sha256,
                kind="prediction" if found.class_id is None else "label",
                label=None if found.class_id is None else names[found.class_id],
                origin=found.origin,
                annotator=found.annotator,
                time=found.created,
                prediction=None if predicted is None else names[predicted],
                confidence=None if confidence is None else round(confidence, 4),
                model=model,
                agrees=None if found.class_id is None or predicted is None else found.class_id == predicted,
                shown=None if not found.shown else names[found.shown["value"]["class_id"]],
                split=found.split,
                flagged=found.flagged,
            )
        if len(page) < PAGE:
            return
        after = page[-1].row
