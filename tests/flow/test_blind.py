"""What is to be answered blind is told nowhere: whoever looks an item up sees what a model says of it only afterwards."""

import pytest

from flow.certificate_parts import CLASSES, WISH, issued, run, sure_project
from modicum import certificates, desk, rounds
from modicum.home import Home
from modicum.server.reading import item_view
from modicum.server.wire import ItemView
from modicum.store import certificates as store
from modicum.store import projects
from modicum.store.db import Database
from modicum.types import Choice, Origin, Project, Split, Status, Task
from store.store_parts import truth


@pytest.fixture
def project(db: Database, home: Home) -> Project:
    return sure_project(db, home)


def looked_up(db: Database, project: Project, item_id: int) -> ItemView:
    with db.read() as conn:
        return item_view(conn, project, item_id)


def one(db: Database, project: Project, reason: str) -> Task:
    """A task of this kind in ann's hands."""
    for turn in range(300):
        for task in desk.claim(db, project.id, "ann", f"tab-{turn:06}", 20).tasks:
            if task.reason.code == reason:
                return task
    raise AssertionError(f"there is no task of the kind {reason}")


def say(db: Database, project: Project, task: Task) -> None:
    said = Choice(class_id=truth(task.item.row, CLASSES))
    desk.submit(db, project.id, "ann", task_id=task.id, lease_token=task.lease_token, key=f"key-{task.id:06}", value=said)


@pytest.mark.parametrize("kind", ["holdout", "calibration"])
def test_what_a_model_says_of_an_item_in_hand_is_withheld(db: Database, home: Home, project: Project, kind: str) -> None:
    if kind == "calibration":
        certificates.begin(db, home, project)
    task = one(db, project, kind)
    assert looked_up(db, project, task.item.id).prediction is None
    say(db, project, task)
    assert looked_up(db, project, task.item.id).prediction is not None


def test_drawn_items_are_told_nothing_of_before_anybody_has_them(db: Database, home: Home, project: Project) -> None:
    """Looked up first and claimed then, they would not be blind either."""
    certificates.begin(db, home, project)
    with db.read() as conn:
        [row] = store.list_all(conn, project.id)
        drawn = store.outcomes(conn, row.id, "calibration").items.tolist()
    assert all(looked_up(db, project, item_id).prediction is None for item_id in drawn)
    other = next(i for i in range(200, 1200) if i not in drawn and looked_up(db, project, i).item.split is Split.TRAIN)
    assert looked_up(db, project, other).prediction is not None


def test_an_auto_label_in_audit_is_withheld(db: Database, home: Home, project: Project) -> None:
    issued(db, home, project)
    run(db, project)
    with db.read() as conn:
        [row] = store.list_all(conn, project.id)
        audited = store.outcomes(conn, row.id, "audit").items.tolist()
    item_id = next(i for i in audited if looked_up(db, project, i).item.split is Split.TRAIN)
    task = desk.claim_item(db, project.id, item_id, "ann", "tab-ann-1")
    seen = looked_up(db, project, item_id)
    assert (seen.prediction, seen.label, seen.item.status) == (None, None, Status.AUTO)
    say(db, project, task)
    told = looked_up(db, project, item_id)
    assert told.prediction is not None
    assert told.label is not None
    assert told.label.origin == Origin.HUMAN


def test_looking_a_wrong_suggestion_up_does_not_give_it_away(db: Database, home: Home, project: Project) -> None:
    """What is suggested wrong on purpose is told as it was suggested, and what was kept back is kept back."""
    db.write(projects.patch, project.id, policy=WISH.model_copy(update={"seeded_rate": 0.2, "blind_rate": 0.3}))
    assert rounds.run_round(db, home, project) is not None
    wrong = kept = 0
    for turn in range(10):
        for task in desk.claim(db, project.id, "ann", f"arm-{turn:06}", 20).tasks:
            seen = looked_up(db, project, task.item.id).prediction
            assert (seen is None) == (task.prediction is None)
            if seen is None or task.prediction is None:
                kept += task.item.split is Split.TRAIN
            else:
                assert seen.value == task.prediction.value
                wrong += seen.value != Choice(class_id=truth(task.item.row, CLASSES))
    assert min(wrong, kept) > 2
