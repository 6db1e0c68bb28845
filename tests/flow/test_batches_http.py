"""A batch from outside: over HTTP from the import to the report, from the command line, and from a watched folder."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from flow.flow_parts import draw
from modicum import rounds
from modicum.cli import run
from modicum.cli.watching import take_in
from modicum.home import Home
from modicum.server.app import create_app
from modicum.server.serve import open_site
from modicum.store import projects
from modicum.store.db import Database
from modicum.watch import Watch, listed

KNOWN = ("discs", "stripes")


def write(folder: Path, kinds: list[str], seed: int) -> dict[str, str]:
    """Pictures of these kinds; name -> kind."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    names = {f"{seed}-{k:03}.png": kind for k, kind in enumerate(kinds)}
    for name, kind in names.items():
        draw(kind, rng, 48).save(folder / name)
    return names


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, str]]:
    """A folder of class folders, the Monday batch, and what is on its pictures."""
    known, monday = tmp_path_factory.mktemp("known"), tmp_path_factory.mktemp("monday")
    for seed, kind in enumerate(KNOWN):
        write(known / kind, [kind] * 25, seed)
    truth = write(monday, [*KNOWN * 12, *["plain"] * 6], 7)
    (monday / "broken.png").write_bytes(b"\x89PNG no picture")
    (monday / "again.png").write_bytes(next((known / "discs").iterdir()).read_bytes())
    return known, monday, truth


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    home = Home(tmp_path / "home")
    site = open_site(home)
    headers = {"authorization": f"Bearer {site.token}"}
    with TestClient(create_app(site), base_url="http://127.0.0.1", headers=headers, raise_server_exceptions=False) as client:
        yield client
    site.db.close()


def eventually(look: Callable[[], Any]) -> Any:
    until = time.monotonic() + 60
    while not (found := look()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)
    return found


def test_a_batch_over_http(client: TestClient, pictures: tuple[Path, Path, dict[str, str]]) -> None:
    known, monday, truth = pictures
    made = client.post("/api/projects", json={"name": "Shapes", "source": str(known), "labels_from_folders": True}).json()
    base = f"/api/projects/{made['project']['slug']}"
    eventually(lambda: (client.get(base).json()["round"] or {}).get("labels"))
    assert client.get(f"{base}/batches").json() == {"batches": []}
    assert client.get(f"{base}/batches/1").status_code == 404
    sent = client.post(f"{base}/import", json={"source": str(monday), "batch": "Monday"})
    assert sent.status_code == 202, sent.text
    batch = eventually(lambda: next((b for b in client.get(f"{base}/batches").json()["batches"] if b["state"] == "open"), None))
    assert (batch["name"], batch["items"], batch["budget"], batch["job"]) == ("Monday", 30, 20, sent.json()["id"])
    rejections = client.get(f"{base}/rejections").json()["rows"]
    assert sorted(Path(row["uri"]).name for row in rejections) == ["again.png", "broken.png"]
    assert client.get(f"{base}/batches/1/report").status_code == 409
    names = [entry["name"] for entry in made["project"]["task_schema"]["classes"]] or list(KNOWN)
    asked = 0
    while tasks := client.post(f"{base}/batches/1/claim", json={"client": "tab-12345", "n": 1}).json()["tasks"]:
        kind = truth[tasks[0]["item"]["name"]]
        if kind not in names:
            added = client.post(f"{base}/classes", json={"name": kind}).json()
            names = [entry["name"] for entry in added["project"]["task_schema"]["classes"]]
        answer = {"task_id": tasks[0]["id"], "lease_token": tasks[0]["lease_token"], "key": f"answer-{asked:04}"}
        said = client.post(f"{base}/submit", json={**answer, "value": {"type": "choice", "class_id": names.index(kind)}})
        assert said.status_code == 200, said.text
        asked += 1
        if asked == 8:
            break
    detail = client.get(f"{base}/batches/1").json()
    assert detail["batch"]["asked"] == asked
    assert [names[class_id] for class_id in detail["batch"]["new_classes"]] == ["plain"]
    assert detail["batch"]["remaining"]["n"] == 30 - asked
    bad = client.post(f"{base}/batches/1/stacks/nothing/name", json={"class_name": "plain", "key": "stack-key-1"})
    assert (bad.status_code, bad.json()["error"]) == (409, "ConflictError")
    for stack in detail["stacks"]:
        if stack["named"] is None:
            body = {"class_name": "plain", "leave_out": stack["items"][1:], "key": "stack-key-2"}
            receipt = client.post(f"{base}/batches/1/stacks/{stack['id']}/name", json=body).json()
            assert receipt["labeled"] == 1
            break
    done = client.post(f"{base}/batches/1/finish").json()
    assert (done["state"], done["finished"]) == ("done", True)
    assert client.post(f"{base}/batches/1/claim", json={"client": "tab-12345"}).json()["tasks"] == []
    report = eventually(lambda: not (r := client.get(f"{base}/batches/1/report").json())["pending"] and r)
    assert report["asked"] == asked
    page = client.get(f"{base}/batches/1/report?format=html")
    assert page.headers["content-type"].startswith("text/html")
    assert "Monday" in page.text
    assert client.get(f"{base}/batches/1/report?format=pdf").status_code == 422
    assert client.post(f"{base}/import", json={"source": str(monday), "batch": "a\nb"}).status_code == 422
    client.post(f"{base}/import", json={"source": str(monday)})
    again = eventually(lambda: (b := client.get(f"{base}/batches").json()["batches"][0])["state"] == "done" and b)
    assert again["number"] == 2
    assert again["name"].startswith(monday.name)
    assert again["message"].startswith("Nothing new: the project has all 31 of these images already")


Modicum = Callable[..., tuple[int, Any]]


@pytest.fixture
def modicum(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Home) -> Modicum:
    monkeypatch.setenv("MODICUM_HOME", str(home.path))

    def call(*words: object) -> tuple[int, Any]:
        monkeypatch.setattr(sys, "argv", ["modicum", *map(str, words), "--json"])
        capsys.readouterr()
        code = run()
        return code, json.loads(capsys.readouterr().out)

    return call


def test_batches_from_the_command_line_and_from_a_watched_folder(
    modicum: Modicum,
    home: Home,
    pictures: tuple[Path, Path, dict[str, str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    known, monday, _ = pictures
    db = Database(home.database_url)
    project = db.write(projects.create, "Shapes", KNOWN)
    code, told = modicum("import", known, "--labels-from-folders", "--batch", "first")
    assert code == 0
    assert (told["batch"]["name"], told["batch"]["state"]) == ("first", "done")
    assert "without a model" in told["batch"]["message"]
    assert rounds.run_round(db, home, project) is not None
    code, told = modicum("import", monday, "--batch", "Monday")
    assert code == 0
    assert (told["batch"]["number"], told["batch"]["state"], told["batch"]["items"]) == (2, "open", 30)
    assert modicum("import", monday, "--batch", "a\nb")[0] == 2
    folder = tmp_path / "in"
    write(folder / "deeper", ["plain"] * 3, 70)
    watched = Watch(folder)
    watched.look()
    came = watched.look()
    assert len(came) == 3
    capsys.readouterr()
    take_in(home, db, project, folder, came, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["added"], told["batch"]["number"], told["batch"]["source"]) == (3, 3, str(folder))
    assert list((home.path / "watched").iterdir()) == []
    take_in(home, db, project, folder, came, as_json=True)
    assert "batch" not in json.loads(capsys.readouterr().out), "nothing new is no batch"
    for wrong in ("s3://bucket/prefix", tmp_path / "nowhere"):
        assert modicum("watch", wrong)[0] == 2
    db.close()


def test_a_watched_folder_is_left_alone_while_something_moves_in_it(tmp_path: Path, home: Home) -> None:
    watched = Watch(tmp_path / "in")
    assert watched.look() == watched.look() == [], "a folder that is not there yet is empty"
    (tmp_path / "in").mkdir()
    picture, other = tmp_path / "in" / "a.png", tmp_path / "in" / "b.JPG"
    for size in range(3):
        picture.write_bytes(b"x" * size)
        (tmp_path / "in" / ".hidden.png").write_bytes(b"x")
        (tmp_path / "in" / "notes.txt").write_text("x")
        assert watched.look() == []
    assert watched.look() == [picture]
    assert watched.look() == [picture], "what was not taken comes again"
    watched.take([picture])
    assert watched.look() == []
    other.write_bytes(b"y")
    watched.look()
    assert watched.look() == [other]
    watched.take([other])
    picture.write_bytes(b"another picture")
    watched.look()
    assert watched.look() == [picture]
    assert listed(home, [picture, other]).read_text().count("\n") == 2


def test_an_uploaded_folder_is_called_by_its_name(client: TestClient, pictures: tuple[Path, Path, dict[str, str]]) -> None:
    _, monday, truth = pictures
    client.post("/api/projects", json={"name": "Uploads", "classes": ["a", "b"]})
    data = (monday / next(iter(truth))).read_bytes()
    sent = client.post("/api/uploads", files=[("files", ("weekly/a.png", data))]).json()
    started = client.post("/api/projects/uploads/import", json={"source": f"upload:{sent['id']}", "batch": "x"}).json()
    assert started["args"]["folder"] == "weekly"
    [batch] = client.get("/api/projects/uploads/batches").json()["batches"]
    assert (batch["name"], batch["source"]) == ("x", "weekly")
    eventually(lambda: client.get("/api/projects/uploads/import").json()["job"]["state"] == "done")
