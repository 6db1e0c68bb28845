"""The second look: contradicted labels are listed once, kept or changed for good, taken back, and told apart in the bill."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from flow.flow_parts import Server
from modicum import desk, rounds, suspects
from modicum.demo import wait_for
from modicum.errors import ConflictError, InputError, NotFoundError
from modicum.home import Home
from modicum.server.client import Client
from modicum.store import labels
from modicum.store.db import Database
from modicum.store.spending import spending
from modicum.store.tables import annotation, task
from modicum.types import Choice, Project, Purpose
from modicum.views import SuspectPage
from store.store_parts import make_project, truth

TAB = "tab-12345"
Pictures = tuple[Path, dict[str, str]]


def label_all(db: Database, project: Project, n: int, wrong: int) -> list[int]:
    """Labels n items, every one right but `wrong` train items, whose ids are returned."""
    planted: list[int] = []
    for number in range(n):
        entry = desk.claim(db, project.id, "ann", TAB, 1).tasks[0]
        said = truth(entry.item.row, 3)
        if len(planted) < wrong and number >= 20 and entry.item.split == "train":
            planted.append(entry.item.id)
            said = (said + 1) % 3
        value = Choice(class_id=said)
        desk.submit(db, project.id, "ann", task_id=entry.id, lease_token=entry.lease_token, key=f"key-{entry.id:05}", value=value)
    return planted


def listed(db: Database, home: Home, project: Project) -> SuspectPage:
    """The list once the hunt is through."""
    until = time.monotonic() + 60
    while (page := suspects.listed(db, home, project, 0, 100)).checking:
        assert time.monotonic() < until
        time.sleep(0.02)
    return page


def ids(page: SuspectPage) -> list[int]:
    return [row.item.id for row in page.rows]


@pytest.fixture
def planted(db: Database, home: Home) -> tuple[Project, list[int]]:
    project = make_project(db, home, 120)
    wrong = label_all(db, project, 60, 4)
    rounds.run_round(db, home, project)
    return project, wrong


def test_contradicted_labels_are_listed_with_what_contradicts_them(
    db: Database, home: Home, planted: tuple[Project, list[int]]
) -> None:
    project, wrong = planted
    page = listed(db, home, project)
    assert set(ids(page)) == set(wrong)
    assert (page.total, page.labels, page.hint) == (4, 60, "")
    for row in page.rows:
        right = truth(row.item.row, 3)
        assert row.label.annotator == "ann"
        assert row.label.value.class_id == (right + 1) % 3
        assert row.prediction.value.class_id == right
        assert row.prediction.confidence > 0.5
        assert len(row.neighbours) == 5
        assert row.item.id not in {near.item_id for near in row.neighbours}
        assert sum(near.class_id == right for near in row.neighbours) >= 4
    assert ids(suspects.listed(db, home, project, 1, 2)) == ids(page)[1:3]


def test_before_there_is_enough_it_says_why(db: Database, home: Home) -> None:
    project = make_project(db, home, 30)
    assert "no model yet" in listed(db, home, project).hint
    label_all(db, project, 6, 0)
    rounds.run_round(db, home, project)
    page = listed(db, home, project)
    assert (page.rows, page.total) == ((), 0)
    assert "at least 5 labels" in page.hint


def test_changing_and_keeping_settles_it_for_good(db: Database, home: Home, planted: tuple[Project, list[int]]) -> None:
    project, wrong = planted
    first, second = listed(db, home, project).rows[:2]
    right = first.prediction.value.class_id
    receipt = suspects.decide(
        db, project.id, "bob", first.item.id, class_id=right, key="look-0001", shown=first.prediction, seconds=3
    )
    again = suspects.decide(db, project.id, "bob", first.item.id, class_id=right, key="look-0001")
    assert again == receipt, "sending it twice is harmless"
    kept = second.label.value.class_id
    suspects.decide(db, project.id, "bob", second.item.id, class_id=kept, key="look-0002", shown=second.prediction, seconds=2)
    with db.read() as conn:
        now = labels.of_item(conn, first.item.id)
        assert now is not None
        assert (now.value.class_id, now.annotator) == (right, "bob")
        said = labels.annotations_of(conn, first.item.id)
        assert [(entry.annotator, entry.value and entry.value.class_id) for entry in said] == [
            ("ann", first.label.value.class_id),
            ("bob", right),
        ]
        assert said[-1].shown == first.prediction, "what the page said of the model is kept"
        assert conn.execute(select(annotation.c.blind).where(annotation.c.id == receipt.annotation_id)).scalar_one() is False
        tasks = conn.execute(select(task.c.state, task.c.route).where(task.c.reason == "second-look")).all()
        assert [tuple(row) for row in tasks] == [("done", "annotate")] * 2
    left = set(wrong) - {first.item.id, second.item.id}
    assert set(ids(listed(db, home, project))) == left
    rounds.run_round(db, home, project)
    assert set(ids(listed(db, home, project))) <= left, "not listed again after the next round either"
    assert spending(db, project.id).times[Purpose.SECOND_LOOK].decisions == 2


def test_a_second_look_taken_back_is_open_again_and_nobody_is_asked(
    db: Database, home: Home, planted: tuple[Project, list[int]]
) -> None:
    project, _ = planted
    row = listed(db, home, project).rows[0]
    held = {entry.id for entry in desk.claim(db, project.id, "ann", TAB, 3).tasks}
    said = suspects.decide(
        db, project.id, "ann", row.item.id, class_id=row.prediction.value.class_id, key="look-0001", shown=row.prediction
    )
    assert row.item.id not in {past.item.id for past in desk.history(db, project.id, "ann", 5)}, "it has its own way back"
    desk.retract(db, project.id, "ann", annotation_id=said.annotation_id, client=TAB, key="back-0001")
    desk.retract(db, project.id, "ann", annotation_id=said.annotation_id, client=TAB, key="back-0001")
    with db.read() as conn:
        assert labels.of_item(conn, row.item.id) == row.label
    assert row.item.id in ids(listed(db, home, project))
    assert {entry.id for entry in desk.claim(db, project.id, "ann", TAB, 3).tasks} == held
    suspects.decide(db, project.id, "ann", row.item.id, class_id=row.label.value.class_id, key="look-0002")
    assert row.item.id not in ids(listed(db, home, project))


def test_what_cannot_be_looked_at_is_refused(db: Database, home: Home, planted: tuple[Project, list[int]]) -> None:
    project, wrong = planted
    with pytest.raises(InputError, match=r"no class 3"):
        suspects.decide(db, project.id, "ann", wrong[0], class_id=3, key="look-0001")
    with pytest.raises(NotFoundError):
        suspects.decide(db, project.id, "ann", 10**9, class_id=0, key="look-0001")
    unlabeled = desk.claim(db, project.id, "ann", TAB, 1).tasks[0].item.id
    with pytest.raises(ConflictError, match="has no label"):
        suspects.decide(db, project.id, "ann", unlabeled, class_id=0, key="look-0001")
    assert len(listed(db, home, project).rows) == 4, "a refusal leaves nothing behind"


def test_labels_a_folder_brought_are_judged_too(db: Database, home: Home) -> None:
    given = {number: truth(number, 3) for number in range(60)}
    given[30] = (given[30] + 1) % 3
    project = make_project(db, home, 90, given=given)
    rounds.run_round(db, home, project)
    page = listed(db, home, project)
    assert [row.item.row for row in page.rows] == [30]
    assert page.rows[0].label.annotator is None
    assert page.rows[0].label.origin == "import"


def test_a_class_added_since_the_round_does_no_harm(db: Database, home: Home, planted: tuple[Project, list[int]]) -> None:
    from modicum.store import projects

    project, wrong = planted
    db.write(projects.add_class, project.id, "pug")
    assert set(ids(listed(db, home, project))) == set(wrong)


# --- through HTTP ------------------------------------------------------------------------------------------------------


def test_over_http(tmp_path: Path, start: Callable[..., Server], picture_folder: Pictures) -> None:
    folder, kinds = picture_folder
    client = start(tmp_path / "home").client()
    names = sorted(set(kinds.values()))
    made = client.post("/projects", {"name": "Kinds", "classes": names, "source": str(folder)})
    slug = made["project"]["slug"]
    assert client.get(f"/projects/{slug}/suspects")["model"] is None
    wait_for(lambda: client.get(f"/projects/{slug}")["round"], "the seed round")
    planted = plant(client, slug, {name: names.index(kind) for name, kind in kinds.items()})

    def hunted() -> dict[str, Any] | None:
        page: dict[str, Any] = client.get(f"/projects/{slug}/suspects?limit=50")
        return page if not page["checking"] and page["labels"] >= 45 else None  # the holdout is not judged

    page = wait_for(hunted, "the hunt", 90)
    found = {row["item"]["id"] for row in page["rows"]}
    assert len(found & planted) >= 2, "most planted errors are found"
    row = next(row for row in page["rows"] if row["item"]["id"] in planted)
    item_id = row["item"]["id"]
    body = {"class_id": row["prediction"]["value"]["class_id"], "key": "a-second-look", "shown": row["prediction"]}
    receipt = client.post(f"/projects/{slug}/suspects/{item_id}", body)
    view = client.get(f"/projects/{slug}/items/{item_id}")
    assert view["label"]["value"] == row["prediction"]["value"]
    assert view["annotations"][-1]["shown"] == row["prediction"]
    back = {"annotation_id": receipt["annotation_id"], "client": "a-tab-of-mine", "key": "taken-back"}
    assert client.post(f"/projects/{slug}/retract", back)["item"]["id"] == item_id
    assert client.get(f"/projects/{slug}/items/{item_id}")["label"]["value"] == row["label"]["value"]
    with pytest.raises(ConflictError, match="less than or equal to 100"):
        client.get(f"/projects/{slug}/suspects?limit=101")


def plant(client: Client, slug: str, right: dict[str, int]) -> set[int]:
    """Answers 66 tasks, three of train items wrong; their ids."""
    planted: set[int] = set()
    for number in range(66):
        asked = {"client": "a-labeling-tab", "n": 1}
        [task] = client.post(f"/projects/{slug}/claim", asked)["tasks"]
        said = right[task["item"]["name"]]
        if number >= 30 and len(planted) < 3 and task["item"]["split"] == "train":
            planted.add(task["item"]["id"])
            said = (said + 1) % 3
        answer = {"task_id": task["id"], "lease_token": task["lease_token"], "key": f"answer-{number:04}"}
        client.post(f"/projects/{slug}/submit", {**answer, "value": {"type": "choice", "class_id": said}})
    return planted
