"""What models said of images, and what could not be taken from it."""

import pytest

from modicum.geometry import Shapes
from modicum.home import Home
from modicum.store import drawings, items
from modicum.store.db import Database
from modicum.store.drawings import Predicted
from modicum.types import Prediction
from store.store_parts import make_project

pytestmark = pytest.mark.both_databases


def test_what_could_not_be_taken_is_told_by_source_the_most_frequent_first(db: Database, home: Home) -> None:
    project = make_project(db, home, 6)
    with db.read() as conn:
        ids = [item.id for item in items.by_rows(conn, project.id, range(6))]
    notes = [("no class 'cat'",)] * 3 + [("no class 'cat'", "no class 'bird'"), (), ()]
    said = [
        Predicted(item_id, Prediction(model=1, value=Shapes(shapes=()), confidence=0.5), 1.0, note)
        for item_id, note in zip(ids, notes, strict=True)
    ]
    db.write(drawings.store, project.id, "a model", said)
    with db.read() as conn:
        assert drawings.notes(conn, project.id) == [("a model", "no class 'cat'", 4), ("a model", "no class 'bird'", 1)]
    db.write(
        drawings.store,
        project.id,
        "a model",
        [Predicted(item_id, entry.prediction, 1.0) for item_id, entry in zip(ids, said, strict=True)],
    )
    with db.read() as conn:
        assert drawings.notes(conn, project.id) == []
        assert set(drawings.predictions(conn, ids)) == set(ids)
