"""The whole loop through HTTP with an oracle: import, seed, label, learn, validate, export, restart; and kill -9."""

import json
import signal
import threading
import uuid
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from flow.flow_parts import KINDS, Server, write_images
from modicum.demo import Oracle, wait_for
from modicum.errors import ConflictError
from modicum.server.client import Client

Start = Callable[..., Server]
Pictures = tuple[Path, dict[str, str]]


def create(client: Client, source: Path, **policy: Any) -> str:
    """A project whose import is done."""
    made = client.post("/projects", {"name": "Three kinds", "classes": KINDS, "source": str(source)})
    slug: str = made["project"]["slug"]
    client.patch(f"/projects/{slug}", {"policy": {**made["project"]["policy"], **policy}})

    def done() -> bool | None:
        job = client.get(f"/projects/{slug}")["job"]
        assert job["state"] not in ("failed", "cancelled"), job
        return job["state"] == "done" or None

    wait_for(done, "the import", 120)
    return slug


def exported(client: Client, slug: str, query: str = "") -> list[dict[str, Any]]:
    return [json.loads(line) for line in client.raw("GET", f"/projects/{slug}/export?format=jsonl{query}").splitlines()]


def claim_one(client: Client, slug: str, tab: str) -> dict[str, Any]:
    task: dict[str, Any] = client.post(f"/projects/{slug}/claim", {"client": tab, "n": 1})["tasks"][0]
    return task


def test_the_loop_from_a_folder_to_an_export(tmp_path: Path, start: Start, picture_folder: Pictures) -> None:
    folder, truth = picture_folder
    home = tmp_path / "home"
    server = start(home)
    client = server.client()
    slug = create(client, folder, holdout_rate=0.4)
    view = client.get(f"/projects/{slug}")
    assert view["counts"]["items"] == len(truth)
    assert view["counts"]["labeled"] == 0

    # the first round chooses without a model, and says so
    wait_for(lambda: client.get(f"/projects/{slug}")["round"], "the seed round")
    first = claim_one(client, slug, "a-tab-of-mine")
    assert first["prediction"] is None
    assert claim_one(client, slug, "a-tab-of-mine")["id"] == first["id"], "a tab keeps what it holds"
    assert claim_one(client, slug, "another-tab")["id"] != first["id"], "nobody gets what somebody holds"

    oracle = Oracle(client, slug, truth)
    oracle.label(20, pause=10)
    early = oracle.settle()["round"]["number"]
    oracle.label(45, pause=25)
    view = oracle.settle()
    assert view["round"]["number"] > early, "the model is trained again"
    assert view["counts"]["human"] == 45

    # pre-labels arrive with their model and confidence, and never on the holdout
    tasks = client.post(f"/projects/{slug}/claim", {"client": "a-third-tab", "n": 20})["tasks"]
    shown = [task for task in tasks if task["prediction"]]
    assert shown
    for task in tasks:
        assert (task["prediction"] is None) == (task["item"]["split"] == "holdout")
    assert all(0 < task["prediction"]["confidence"] <= 1 and task["prediction"]["model"] > 0 for task in shown)

    # the accuracy is measured on the holdout and has an interval
    accuracy = view["round"]["accuracy"]
    assert accuracy["low"] <= accuracy["mean"] <= accuracy["high"]
    assert accuracy["n"] == view["counts"]["holdout"] > 0
    progress = client.get(f"/projects/{slug}/progress")
    assert progress["counts"] == client.get(f"/projects/{slug}")["counts"]
    assert progress["curve"]

    # what more labels would bring is worked out meanwhile
    forecast = wait_for(lambda: client.get(f"/projects/{slug}/progress")["forecast"], "the forecast")
    assert forecast["more"] == 100
    assert -1 <= forecast["agreement"] <= 1

    validate(client, slug, truth)
    labeled = {row["sha256"]: row["label"] for row in exported(client, slug)}

    # closing the laptop loses nothing, and the address stays good
    token = server.said["token"]
    assert server.stop() == 0
    again = start(home)
    client = again.client()
    assert again.said["token"] == token
    assert {row["sha256"]: row["label"] for row in exported(client, slug)} == labeled
    assert client.get(f"/projects/{slug}")["round"]["number"] >= view["round"]["number"]


def validate(client: Client, slug: str, truth: dict[str, str]) -> None:
    """A page of Validate: confirm with one relabeled and one returned, look at the export, and take the whole page back."""
    before = client.get(f"/projects/{slug}")["counts"]["labeled"]
    view = client.get(f"/projects/{slug}/validate")
    largest = max(view["classes"], key=lambda entry: sum(entry["histogram"]))
    request = {"class_id": largest["class_id"], "above": 0.0, "size": 6, "client": "a-validating-tab"}
    page = client.post(f"/projects/{slug}/validate/page", request)
    assert page["total"] >= len(page["tasks"]) > 2
    confidences = [task["prediction"]["confidence"] for task in page["tasks"]]
    assert confidences == sorted(confidences), "the most doubtful come first"
    wrong, other, *rest = [task["id"] for task in page["tasks"]]
    told = {
        "tasks": [[task["id"], task["lease_token"]] for task in page["tasks"]],
        "wrong": [wrong],
        "relabeled": {str(other): (largest["class_id"] + 1) % len(KINDS)},
        "key": uuid.uuid4().hex,
    }
    receipt = client.post(f"/projects/{slug}/validate/confirm", told)
    assert (receipt["confirmed"], receipt["relabeled"], receipt["returned"]) == (len(rest), 1, 1)
    assert client.post(f"/projects/{slug}/validate/confirm", told) == receipt, "sending it twice is harmless"
    assert client.get(f"/projects/{slug}")["counts"]["labeled"] == before + len(rest) + 1
    check_provenance(exported(client, slug, "&predictions=true"), truth)
    back = client.post(f"/projects/{slug}/validate/retract", {"page": receipt["page"], "client": "a-validating-tab"})
    assert {task["item"]["id"] for task in back} == {task["item"]["id"] for task in page["tasks"]}
    assert client.get(f"/projects/{slug}")["counts"]["labeled"] == before


def check_provenance(rows: list[dict[str, Any]], truth: dict[str, str]) -> None:
    assert len(rows) == len(truth), "every item is in, as a label or as a prediction"
    labels = [row for row in rows if row["kind"] == "label"]
    for row in rows:
        assert len(row["sha256"]) == 64
        assert row["uri"].startswith("file:")
        assert row["prediction"] in KINDS
        assert row["model"] > 0
    for row in labels:
        assert row["origin"] == "human"
        assert row["annotator"]
        assert row["time"].endswith("+00:00")
        assert row["agrees"] == (row["label"] == row["prediction"])
    assert all(row["label"] is None and row["origin"] is None for row in rows if row["kind"] == "prediction")
    assert sum(row["label"] == truth[row["name"]] for row in labels) >= len(labels) - 6  # the page confirmed some wrong ones


def test_a_decision_can_be_taken_back_and_given_again(tmp_path: Path, start: Start, picture_folder: Pictures) -> None:
    client = start(tmp_path / "home").client()
    slug = create(client, picture_folder[0])
    task = claim_one(client, slug, "a-tab-of-mine")
    sent = {"task_id": task["id"], "lease_token": task["lease_token"], "key": uuid.uuid4().hex}
    receipt = client.post(f"/projects/{slug}/submit", {**sent, "value": {"type": "choice", "class_id": 1}})
    assert client.post(f"/projects/{slug}/submit", {**sent, "value": {"type": "choice", "class_id": 1}}) == receipt
    [past] = client.get(f"/projects/{slug}/history")
    assert past["item"]["id"] == task["item"]["id"]
    taken = {"annotation_id": receipt["annotation_id"], "client": "a-tab-of-mine", "key": uuid.uuid4().hex}
    back = client.post(f"/projects/{slug}/retract", taken)
    assert back["item"]["id"] == task["item"]["id"]
    assert client.get(f"/projects/{slug}/history") == []
    assert exported(client, slug) == []
    again = {"task_id": back["id"], "lease_token": back["lease_token"], "key": uuid.uuid4().hex}
    client.post(f"/projects/{slug}/submit", {**again, "value": {"type": "choice", "class_id": 2}})
    item = client.get(f"/projects/{slug}/items/{task['item']['id']}")
    assert item["label"]["value"]["class_id"] == 2
    assert [entry["action"] for entry in item["annotations"]] == ["answer", "retract", "answer"]
    stray = claim_one(client, slug, "a-tab-of-mine")
    body = {"task_id": stray["id"], "lease_token": stray["lease_token"], "key": uuid.uuid4().hex}
    with pytest.raises(ConflictError, match=r"422.*class"):
        client.post(f"/projects/{slug}/submit", {**body, "value": {"type": "choice", "class_id": 99}})


def test_kill_9_loses_no_acknowledged_submission(tmp_path: Path, start: Start) -> None:
    truth = write_images(tmp_path / "pictures", 40, seed=7)
    home = tmp_path / "home"
    server = start(home)
    slug = create(server.client(), tmp_path / "pictures")
    acknowledged: list[int] = []
    enough = threading.Event()

    def hammer(number: int) -> None:
        client = server.client()
        try:
            while True:
                task = claim_one(client, slug, f"hammering-tab-{number}")
                value = {"type": "choice", "class_id": number % len(KINDS)}
                body = {"task_id": task["id"], "lease_token": task["lease_token"], "key": uuid.uuid4().hex, "value": value}
                acknowledged.append(client.post(f"/projects/{slug}/submit", body)["item_id"])
                if len(acknowledged) >= 40:
                    enough.set()
        except (OSError, HTTPException, IndexError, ValueError):  # killed in the middle of an answer, or nothing left to claim
            enough.set()

    threads = [threading.Thread(target=hammer, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    assert enough.wait(60)
    server.stop(signal.SIGKILL)
    for thread in threads:
        thread.join()
    assert len(acknowledged) >= 40

    client = start(home).client()
    for item_id in acknowledged:
        assert client.get(f"/projects/{slug}/items/{item_id}")["label"] is not None
    assert client.get(f"/projects/{slug}")["counts"]["items"] == len(truth)
    oracle = Oracle(client, slug, truth)
    oracle.label(min(len(acknowledged) + 15, len(truth)), pause=15)  # and the work goes on
