"""The two arms over HTTP: nobody can tell a planted pre-label, nothing learns from it, and the pull it shows is measured."""

import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from modicum import bias, rounds
from modicum.home import Home
from modicum.server.app import create_app
from modicum.server.serve import open_site
from modicum.server.site import Site
from modicum.store import facts, labels
from modicum.store.tables import item, task
from modicum.types import Policy, Project
from store.store_parts import make_project, truth

TAB = {"client": "a-tab-of-mine"}
CERTIFIED = Policy(recognised="auto", seeded_rate=0.2, blind_rate=0.3, holdout_rate=0.1)


@pytest.fixture
def site(home: Home) -> Iterator[Site]:
    lock, opened = home.lock(), open_site(home)
    yield opened
    opened.db.close()
    lock.release()


@pytest.fixture
def client(site: Site) -> TestClient:
    """Without its worker: the tests run the rounds."""
    return TestClient(create_app(site), base_url="http://127.0.0.1", headers={"authorization": f"Bearer {site.token}"})


def post(client: TestClient, project: Project, path: str, body: dict[str, Any]) -> Any:
    answer = client.post(f"/api/projects/{project.slug}/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def mine(client: TestClient, project: Project) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/api/projects/{project.slug}/mine").json()
    return answer


def label(client: TestClient, project: Project, n: int, rng: np.random.Generator, follows: float = 0.0) -> None:
    """Answers like somebody who knows the truth, and takes over a wrong suggestion with probability `follows`."""
    while n > 0:
        for entry in post(client, project, "claim", {**TAB, "n": min(n, 50)})["tasks"]:
            right, shown = truth(entry["item"]["row"], 3), entry["prediction"]
            taken = shown is not None and rng.random() < follows
            said = shown["value"]["class_id"] if taken else right
            body = {"task_id": entry["id"], "lease_token": entry["lease_token"], "key": uuid.uuid4().hex}
            post(client, project, "submit", {**body, "value": {"type": "choice", "class_id": said}, "seconds": 1.5})
            n -= 1


def taught(site: Site, client: TestClient, n: int, policy: Policy = CERTIFIED) -> Project:
    project = make_project(site.db, site.home, n, policy=policy)
    rounds.run_round(site.db, site.home, project)
    label(client, project, 40, np.random.default_rng(0))
    rounds.run_round(site.db, site.home, project)
    return project


def shape(value: Any) -> Any:
    """What JSON looks like, without what it says."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    return [shape(part) for part in value] if isinstance(value, list) else type(value).__name__


def stored(site: Site, project: Project) -> dict[int, Any]:
    with site.db.read() as conn:
        return {row.id: row for row in conn.execute(select(task).where(task.c.project_id == project.id))}


def test_nobody_can_tell_a_planted_pre_label(site: Site, client: TestClient) -> None:
    project = taught(site, client, 600)
    rows = stored(site, project)
    sent = {entry["id"]: entry for entry in post(client, project, "claim", {**TAB, "n": 50})["tasks"]}
    sent |= {entry["id"]: entry for entry in post(client, project, "claim", {"client": "another-tab", "n": 50})["tasks"]}
    seeded = [entry for number, entry in sent.items() if rows[number].arm == "seeded"]
    kept_back = [entry for number, entry in sent.items() if rows[number].arm == "blind"]
    others = [entry for number, entry in sent.items() if rows[number].arm is None and entry["prediction"]]
    holdout = [entry for entry in sent.values() if entry["item"]["split"] == "holdout"]
    assert min(len(seeded), len(kept_back), len(others), len(holdout)) >= 5
    assert {str(shape(entry)) for entry in seeded} == {str(shape(entry)) for entry in others}
    assert {str(shape(entry)) for entry in kept_back} == {str(shape(entry)) for entry in holdout}
    assert {entry["reason"]["code"] for entry in seeded} == {entry["reason"]["code"] for entry in others}
    assert {str(entry["reason"]) for entry in kept_back} == {str(entry["reason"]) for entry in holdout}
    for entry in seeded:
        shares, shown = entry["prediction"]["probabilities"], entry["prediction"]
        assert int(np.argmax(shares)) == shown["value"]["class_id"] == entry["reason"]["classes"][0]
        assert shown["confidence"] == max(shares)
        assert shown["value"]["class_id"] == rows[entry["id"]].alternative


def test_there_are_no_arms_while_nothing_is_certified(site: Site, client: TestClient) -> None:
    project = taught(site, client, 300, Policy(recognised="off", seeded_rate=0.2, blind_rate=0.5))
    assert {row.arm for row in stored(site, project).values()} == {None}
    view = mine(client, project)
    assert not view["measuring"]
    assert view["own"]["pull"] is None
    page = post(client, project, "validate/page", {**TAB, "class_id": 0, "above": 0.0, "size": 100})
    assert {truth(entry["item"]["row"], 3) for entry in page["tasks"]} == {0}


def test_the_pull_on_an_anchored_person_is_recovered_and_nothing_learns_from_it(site: Site, client: TestClient) -> None:
    project, rng = taught(site, client, 1500), np.random.default_rng(1)
    for _ in range(5):
        label(client, project, 120, rng, follows=0.3)
        rounds.run_round(site.db, site.home, project)
    own = mine(client, project)["own"]
    assert own["seeded"] > 60
    assert own["blind"] > 100
    assert own["pull"]["low"] <= 0.3 <= own["pull"]["high"]
    assert own["pull"]["low"] > 0
    assert f"{own['followed']} of {own['seeded']} planted suggestions were followed" in own["suggestions_said"]
    assert bias.biased(site.db, project.id) is not None
    exported = client.get(f"/api/projects/{project.slug}/export?format=csv").text
    assert "seeded" not in exported
    assert "arm" not in exported.splitlines()[0]


def test_what_was_planted_is_no_error_of_the_model(site: Site, client: TestClient) -> None:
    project = taught(site, client, 600)
    label(client, project, 120, np.random.default_rng(2))
    with site.db.read() as conn:
        assert [len(column) for column in facts.surprises(conn, project.id)] == [0, 0, 0]
    view = mine(client, project)
    assert view["own"]["followed"] == 0
    assert view["answers"] == 160
    assert view["seconds"] == 1.5
    assert view["own"]["suggestions_said"].endswith("That is within what chance does.")
    assert bias.biased(site.db, project.id) is None


# --- pages -------------------------------------------------------------------------------------------------------------


def on_page(site: Site, client: TestClient) -> tuple[Project, list[dict[str, Any]], list[dict[str, Any]]]:
    """A project, a page of class 0, and those of the page that are planted."""
    project = taught(site, client, 900)
    label(client, project, 60, np.random.default_rng(3))
    rounds.run_round(site.db, site.home, project)
    page = post(client, project, "validate/page", {**TAB, "class_id": 0, "above": 0.0, "size": 100})["tasks"]
    return project, page, [entry for entry in page if truth(entry["item"]["row"], 3) != 0]


def settled(site: Site, entries: list[dict[str, Any]]) -> list[Any]:
    with site.db.read() as conn:
        return [(labels.of_item(conn, entry["item"]["id"]), status(conn, entry["item"]["id"])) for entry in entries]


def status(conn: Any, item_id: int) -> str:
    found: str = conn.execute(select(item.c.status).where(item.c.id == item_id)).scalar_one()
    return found


def confirm(client: TestClient, project: Project, page: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    tokens = [[entry["id"], entry["lease_token"]] for entry in page]
    receipt: dict[str, Any] = post(client, project, "validate/confirm", {"tasks": tokens, "key": uuid.uuid4().hex, **more})
    return receipt


def test_planted_items_look_like_the_rest_of_their_page(site: Site, client: TestClient) -> None:
    project, page, planted = on_page(site, client)
    assert len(page) == 100
    assert 5 <= len(planted) <= 40
    assert len({str(shape(entry)) for entry in page}) == 1
    for part in ("status", "split", "flagged", "batch"):
        assert len({entry["item"][part] for entry in page}) == 1
    assert {entry["prediction"]["value"]["class_id"] for entry in page} == {0}
    ids, sure = [entry["id"] for entry in page], [entry["prediction"]["confidence"] for entry in page]
    assert ids == sorted(ids), "ids follow the page"
    assert sure == sorted(sure)
    again = post(client, project, "validate/page", {**TAB, "class_id": 0, "above": 0.0, "size": 100})["tasks"]
    assert [entry["item"]["id"] for entry in again] == [entry["item"]["id"] for entry in page], "opened again it is the same"


def test_few_items_have_few_planted_among_them(site: Site, client: TestClient) -> None:
    """However large a page was asked for: a handful of real ones among dozens of planted ones would be a farce."""
    project, _, _ = on_page(site, client)
    request = {**TAB, "class_id": 0, "above": 0.0, "size": 500}
    whole = post(client, project, "validate/page", request)["tasks"]
    confirm(client, project, [entry for entry in whole if truth(entry["item"]["row"], 3) == 0][8:])
    left = post(client, project, "validate/page", request)["tasks"]
    planted = [entry for entry in left if truth(entry["item"]["row"], 3) != 0]
    assert len(left) == 8 + len(planted)
    assert len(planted) < 8


def test_confirming_a_planted_item_settles_nothing_and_is_counted(site: Site, client: TestClient) -> None:
    project, page, planted = on_page(site, client)
    before = settled(site, planted)
    assert any(label is not None for label, _ in before), "settled ones are planted first"
    receipt = confirm(client, project, page)
    assert (receipt["confirmed"], receipt["left_out"]) == (100, 0)
    assert settled(site, planted) == before
    own = mine(client, project)["own"]
    assert (own["planted"], own["overlooked"]) == (len(planted), len(planted))

    back = post(client, project, "validate/retract", {"page": receipt["page"], **TAB})
    assert {entry["item"]["id"] for entry in back} == {entry["item"]["id"] for entry in page}
    assert len({str(shape(entry)) for entry in back}) == 1
    assert settled(site, planted) == before
    assert mine(client, project)["own"]["planted"] == 0, "what was taken back does not count"

    found = {entry["item"]["id"] for entry in planted}
    wrong = [entry["id"] for entry in back if entry["item"]["id"] in found]
    receipt = confirm(client, project, back, wrong=wrong[1:], relabeled={wrong[0]: 1})
    assert (receipt["returned"], receipt["relabeled"]) == (len(wrong) - 1, 1)
    assert settled(site, planted) == before
    own = mine(client, project)["own"]
    assert (own["planted"], own["overlooked"]) == (len(planted), 0)
    asked = post(client, project, "claim", {**TAB, "n": 50})["tasks"]
    assert not any(entry["reason"]["code"] == "returned" for entry in asked), "nothing is asked again because it was planted"
    view = client.get(f"/api/projects/{project.slug}/validate").json()
    assert view["classes"][0]["page_size"] > 60, "no real one was wrong: pages grow"
