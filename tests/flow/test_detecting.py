"""The machine's half where people draw: after a few pages boxes come by themselves, and the queue brings what is worth most."""

from pathlib import Path

import numpy as np
import pytest

from modicum import demo_pages, desk, detecting, ingest, rounds
from modicum.engine import measure
from modicum.geometry import Shapes
from modicum.home import Home
from modicum.store import drawings, jobs, projects
from modicum.store.db import Database
from modicum.types import Project, Task

WHO, TAB = "an annotator", "a tab of the browser"
PAGES = 22


class Drawing:
    """A project of pages of digits, all of one class, and somebody who knows where they are."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home")
        self.db = Database(self.home.database_url)
        self.images = folder / "pages"
        self.truth = demo_pages.write_pages(self.images, PAGES)
        self.project: Project = self.db.write(projects.create, "Pages", ["digit"], task="draw", seed=5)
        self.db.write(jobs.enqueue, self.project.id, {"source": str(self.images), "labels_from_folders": False})
        job = self.db.write(jobs.take)
        assert job is not None
        ingest.run_import(self.db, self.home, job)

    def claim(self) -> Task:
        return desk.claim(self.db, self.project.id, WHO, TAB, 1).tasks[0]

    def draw(self, n: int) -> list[Task]:
        done = []
        for _ in range(n):
            task = self.claim()
            shapes = [shape.model_copy(update={"class_id": 0}) for shape in self.truth[task.item.name].shapes]
            decision = {"lease_token": task.lease_token, "key": f"key of {task.id}", "value": Shapes(shapes=tuple(shapes))}
            desk.submit(self.db, self.project.id, WHO, task_id=task.id, **decision)
            done.append(task)
        return done


@pytest.fixture(scope="module")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Drawing:
    return Drawing(tmp_path_factory.mktemp("drawing"))


@pytest.fixture(autouse=True)
def few_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detecting, "CANDIDATES", 6)


def test_after_a_few_pages_boxes_are_drawn_in_advance(drawing: Drawing) -> None:
    first = detecting.run_round(drawing.db, drawing.home, drawing.project)
    assert first is not None
    assert (first.number, first.labels, first.accuracy) == (0, 0, None)
    assert not rounds.due(drawing.db, drawing.project)
    seen = drawing.draw(10)
    assert all(task.prediction is None for task in seen)
    assert any(task.blind for task in seen)
    assert rounds.due(drawing.db, drawing.project)

    second = detecting.run_round(drawing.db, drawing.home, drawing.project)
    assert second is not None
    assert second.labels + second.holdout == 10
    assert second.accuracy is None  # measured on too few pages to say anything
    task = drawing.claim()
    while task.blind:
        assert task.prediction is None
        drawing.draw(1)
        task = drawing.claim()
    assert task.reason.code == "doubt-per-second"
    assert task.prediction is not None
    assert task.prediction.model == second.number
    found = task.prediction.value
    assert isinstance(found, Shapes)
    assert all(shape.model == "1" and shape.score is not None for shape in found.shapes)
    sure = [shape for shape in found.shapes if (shape.score or 0) > 0.5]
    true = drawing.truth[task.item.name].shapes
    hit = [max(measure.iou(shape.geometry, other.geometry) for other in sure) for shape in true] if sure else [0.0]
    assert np.mean(np.array(hit) > 0.5) >= 0.5  # of the digits on a page nobody has drawn on


def test_the_rest_of_the_pool_is_looked_at_between_rounds(drawing: Drawing) -> None:
    while detecting.advance(drawing.db, drawing.home, drawing.project):
        pass
    with drawing.db.read() as conn:
        known = drawings.looked_at(conn, drawing.project.id, drawings.DETECTOR, 1)
        drawn = len(list(drawings.values(conn, drawing.project.id)))
    assert len(known) >= PAGES - drawn - 1  # all but what is in somebody's hands


def test_a_page_that_is_gone_stops_nothing(drawing: Drawing) -> None:
    done = drawing.draw(3)
    gone = drawing.images / next(task.item.name for task in done)
    gone.rename(gone.with_suffix(".away"))
    again = detecting.run_round(drawing.db, drawing.home, drawing.project)
    gone.with_suffix(".away").rename(gone)
    assert again is not None
    assert again.labels > 0
