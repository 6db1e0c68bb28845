"""The HTTP interface beside the loop: problems, uploads, images, events, and the description the browser's types come from."""

import gzip
import io
import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from flow.flow_parts import Server, draw
from modicum.home import Home
from modicum.server import reading
from modicum.server.app import create_app
from modicum.server.serve import open_site

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The application in this process, signed in, its worker running."""
    home = Home(tmp_path_factory.mktemp("home"))
    lock = home.lock()
    site = open_site(home)
    headers = {"authorization": f"Bearer {site.token}"}
    app = create_app(site)
    with TestClient(app, base_url="http://127.0.0.1", headers=headers, raise_server_exceptions=False) as client:
        yield client
    site.db.close()
    lock.release()


def picture(form: str = "PNG", seed: int = 0, size: int = 96) -> bytes:
    import numpy as np

    out = io.BytesIO()
    draw("stripes", np.random.default_rng(seed), size).save(out, form)
    return out.getvalue()


def imported(client: TestClient, name: str, files: list[tuple[str, bytes]], **more: Any) -> str:
    """A project from uploaded files, once its import has ended."""
    sent = client.post("/api/uploads", files=[("files", (path, data)) for path, data in files])
    assert sent.status_code == 201, sent.text
    body = {"name": name, "classes": ["a", "b"], "source": f"upload:{sent.json()['id']}", **more}
    made = client.post("/api/projects", json=body)
    assert made.status_code == 201, made.text
    slug: str = made.json()["project"]["slug"]
    until = time.monotonic() + 60
    while client.get(f"/api/projects/{slug}/import").json()["job"]["state"] in ("queued", "running"):
        assert time.monotonic() < until
        time.sleep(0.05)
    return slug


def test_the_committed_description_is_current() -> None:
    made = subprocess.run([sys.executable, "-m", "modicum.server.openapi"], capture_output=True, text=True, check=True).stdout
    assert json.loads(made) == json.loads((ROOT / "ui" / "openapi.json").read_text()), "run: make fix"


def test_operations_are_called_like_their_functions() -> None:
    document = json.loads((ROOT / "ui" / "openapi.json").read_text())
    ids = {call["operationId"] for path in document["paths"].values() for call in path.values()}
    assert {"claim_tasks", "submit_task", "get_progress", "stream_events"} <= ids


# --- problems ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_an_unknown_call_is_a_problem_and_not_a_page(client: TestClient, method: str) -> None:
    answer = client.request(method, "/api/nonsense")
    assert answer.status_code == 404
    assert answer.json()["error"] == "NotFoundError"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "x", "classes": ["a", "b", 5]}, "$.classes[2]"),
        ({"name": "x", "classes": ["a", "b", "A"]}, "$.classes[2]"),
        ({"name": ""}, "$.name"),
        ({"name": "x", "colour": "red"}, "$.colour"),
        ({"name": "x", "source": "/no/such/folder"}, "$.source"),
        ({"name": "x", "source": "a\0b"}, "$.source"),
        ([], "$"),
    ],
)
def test_what_is_wrong_with_a_body_is_said_with_its_path(client: TestClient, body: object, path: str) -> None:
    answer = client.post("/api/projects", json=body)
    assert answer.status_code == 422
    assert answer.json()["path"] == path
    assert answer.json()["message"]


def test_parameters_of_the_address_are_checked(client: TestClient) -> None:
    slug = client.post("/api/projects", json={"name": "Parameters"}).json()["project"]["slug"]
    answer = client.get(f"/api/projects/{slug}/history?limit=100000")
    assert (answer.status_code, answer.json()["path"]) == (422, "query.limit")
    assert client.get(f"/api/projects/{slug}/items/abc").status_code == 422
    assert client.get(f"/api/projects/{slug}/items/7").status_code == 404
    assert client.get(f"/api/projects/{slug}/export?format=exe").status_code == 422
    policy = {"policy": {"strategy": "magic"}}
    answer = client.patch(f"/api/projects/{slug}", json=policy)
    assert (answer.status_code, answer.json()["path"]) == (422, "$.policy.strategy")
    answer = client.patch(f"/api/projects/{slug}", json={"policy": {"seed_strategy": "margin"}})
    assert (answer.status_code, answer.json()["path"]) == (422, "$.policy.seed_strategy")
    assert "needs a model" in answer.json()["message"]
    seeds = set(client.get("/api/me").json()["seed_strategies"])
    assert seeds >= {"auto", "random", "typical", "k-center"}
    assert seeds.isdisjoint({"margin", "entropy", "badge"})


def test_a_policy_may_name_wrappers_behind_its_strategies(client: TestClient) -> None:
    slug = client.post("/api/projects", json={"name": "Wrapped"}).json()["project"]["slug"]
    policy = {"strategy": "margin+dense+distinct:0.4", "seed_strategy": "typical+distinct"}
    assert client.patch(f"/api/projects/{slug}", json={"policy": policy}).json()["project"]["policy"].items() >= policy.items()
    for field, name, says in (
        ("strategy", "margin+magic", "'magic'"),
        ("strategy", "margin+distinct:wide", "'wide'"),
        ("strategy", "margin" + "+explore" * 50, "6 wrappers"),
        ("seed_strategy", "margin+distinct", "needs a model"),
        ("strategy", "committee-variance", "not for answers of one class"),
    ):
        answer = client.patch(f"/api/projects/{slug}", json={"policy": {field: name}})
        assert (answer.status_code, answer.json()["path"]) == (422, f"$.policy.{field}")
        assert says in answer.json()["message"]


def test_a_body_too_large_is_refused(client: TestClient) -> None:
    answer = client.post(
        "/api/projects", content=b'{"name": "' + b"x" * 9_000_000 + b'"}', headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413
    assert "uploads" in answer.json()["message"]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b'{"client": "tab-00001"}', 200),
        ("application/json; charset=utf-8", b'{"client": "tab-00001"}', 200),
        ("text/plain", b'{"client": "tab-00001"}', 422),  # what a page of another site could send without asking
        ("application/json", b'{"client": "tab-00001"', 422),
        ("application/json", b'{"client": "tab-00001", "m": 1}', 422),
        ("application/json", b"\xff", 400),
        ("application/json", b"", 422),
    ],
)
@pytest.mark.parametrize("pieces", [False, True])
def test_a_claim_is_taken_or_refused_alike_however_it_is_sent(
    client: TestClient, kind: str, body: bytes, status: int, pieces: bool
) -> None:
    slug = client.post("/api/projects", json={"name": "Sent in many ways"}).json()["project"]["slug"]
    content: Any = iter([body[:7], body[7:]]) if pieces else body
    answer = client.post(f"/api/projects/{slug}/claim", content=content, headers={"content-type": kind})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == ({"tasks", "left", "budget_spent"} if status == 200 else {"error", "message", "path"})
    gone = client.post("/api/projects/nowhere/claim", json={"client": "tab-00001"})
    assert (gone.status_code, gone.json()["error"]) == (404, "NotFoundError")


def test_a_crash_shows_the_client_one_plain_line(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(reading, "card", crash)
    client.post("/api/projects", json={"name": "Crash"})
    answer = client.get("/api/projects")
    assert answer.status_code == 500
    assert answer.json()["error"] == "InternalError"
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"]


# --- projects ----------------------------------------------------------------------------------------------------------


def test_a_project_from_its_beginning_to_its_end(client: TestClient) -> None:
    name = "🐕 כלב <script>"
    made = client.post("/api/projects", json={"name": name, "classes": ["🐩", "כלב"]}).json()
    slug = made["project"]["slug"]
    assert made["project"]["name"] == name
    assert client.post(f"/api/projects/{slug}/classes", json={"name": "third"}).status_code == 201
    assert client.post(f"/api/projects/{slug}/classes", json={"name": "THIRD"}).status_code == 422
    changed = client.patch(f"/api/projects/{slug}/classes/2", json={"key": "t", "archived": True}).json()
    third = {"id": 2, "name": "third", "key": "t", "archived": True}
    assert third.items() <= changed["project"]["task_schema"]["classes"][2].items()
    told = client.patch(f"/api/projects/{slug}", json={"instructions": "look", "policy": {"budget": 7}}).json()["project"]
    assert (told["task_schema"]["instructions"], told["policy"]["budget"]) == ("look", 7)
    assert slug in [card["slug"] for card in client.get("/api/projects").json()]
    assert client.delete(f"/api/projects/{slug}").status_code == 204
    assert client.get(f"/api/projects/{slug}").status_code == 404


def test_who_and_what_the_server_is(client: TestClient) -> None:
    me = client.get("/api/me").json()
    assert me["annotator"]
    assert {"auto", "margin", "random"} <= set(me["strategies"])
    assert "committee-variance" not in me["strategies"], "numbers are another kind of answer"
    assert {"dense", "distinct"} <= set(me["wrappers"])


# --- uploads and images ------------------------------------------------------------------------------------------------


def test_dropped_files_become_items_and_bad_ones_are_listed(client: TestClient) -> None:
    good = [(f"folder/{k}.png", picture(seed=k)) for k in range(5)]
    slug = imported(
        client, "Dropped", [*good, ("folder/copy.png", good[0][1]), ("x.jpg", b"text"), ("../../evil.png", picture(seed=9))]
    )
    view = client.get(f"/api/projects/{slug}/import").json()
    assert view["job"]["state"] == "done"
    assert (view["job"]["added"], view["job"]["duplicates"], view["job"]["rejected"]) == (6, 1, 1)
    assert len(view["recent"]) == 6
    rejections = client.get(f"/api/projects/{slug}/rejections").json()
    assert rejections["total"] == 2
    assert all(row["reason"] for row in rejections["rows"])


def test_a_zip_is_unpacked_and_a_second_upload_joins_the_first(client: TestClient) -> None:
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for k in range(3):
            archive.writestr(f"in/{k}.png", picture(seed=20 + k))
    slug = imported(client, "Zipped", [("photos.zip", packed.getvalue())])
    assert client.get(f"/api/projects/{slug}").json()["counts"]["items"] == 3
    first = client.post("/api/uploads", files=[("files", ("a.png", picture(seed=30)))]).json()["id"]
    second = client.post(f"/api/uploads?into={first}", files=[("files", ("b.png", picture(seed=31)))]).json()
    assert second["id"] == first
    assert client.post(f"/api/projects/{slug}/import", json={"source": f"upload:{first}"}).status_code == 202


def test_an_upload_without_files_or_to_nowhere_is_refused(client: TestClient) -> None:
    assert client.post("/api/uploads", data={"files": "text"}).status_code == 422
    assert client.post("/api/uploads?into=../x", files=[("files", ("a.png", b"x"))]).status_code == 404
    assert client.post("/api/uploads", json={}).status_code == 422


def first_item(client: TestClient, slug: str) -> int:
    item: int = client.get(f"/api/projects/{slug}/import").json()["recent"][0]
    return item


def test_images_are_served_with_the_type_of_their_bytes(client: TestClient) -> None:
    slug = imported(client, "Types", [("page.html.png", picture("JPEG", 40))])
    url = f"/api/projects/{slug}/items/{first_item(client, slug)}/image"
    answer = client.get(url)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == picture("JPEG", 40)
    assert "immutable" in answer.headers["cache-control"]
    again = client.get(url, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_tiff_is_shown_as_something_browsers_know(client: TestClient) -> None:
    slug = imported(client, "Tiff", [("a.tif", picture("TIFF", 41))])
    answer = client.get(f"/api/projects/{slug}/items/{first_item(client, slug)}/image")
    assert answer.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(answer.content)).size == (96, 96)


def test_thumbnails_are_small_and_kept(client: TestClient) -> None:
    slug = imported(client, "Thumbs", [("a.png", picture(seed=42, size=700))])
    url = f"/api/projects/{slug}/items/{first_item(client, slug)}/thumb"
    answer = client.get(url + "?size=100")
    assert max(Image.open(io.BytesIO(answer.content)).size) == 128
    assert client.get(url + "?size=100").content == answer.content
    assert client.get(url + "?size=100", headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    assert client.get(url + "?size=5000").status_code == 422


def test_items_of_another_project_are_not_there(client: TestClient) -> None:
    slug = imported(client, "Mine", [("a.png", picture(seed=43))])
    item = first_item(client, slug)
    other = client.post("/api/projects", json={"name": "Other"}).json()["project"]["slug"]
    for path in ("", "/image", "/thumb"):
        assert client.get(f"/api/projects/{slug}/items/{item}{path}").status_code == 200
        assert client.get(f"/api/projects/{other}/items/{item}{path}").status_code == 404
    claim = {"client": "a-tab-of-mine"}
    assert client.post(f"/api/projects/{other}/items/{item}/claim", json=claim).status_code == 404


def test_a_file_that_changed_since_its_import_is_not_shown_as_the_old_one(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture(seed=44))
    body = {"name": "Changed", "source": str(tmp_path)}
    slug = client.post("/api/projects", json=body).json()["project"]["slug"]
    until = time.monotonic() + 60
    while not client.get(f"/api/projects/{slug}/import").json()["recent"]:
        assert time.monotonic() < until
        time.sleep(0.05)
    item = first_item(client, slug)
    (tmp_path / "a.png").write_bytes(picture(seed=45))
    assert client.get(f"/api/projects/{slug}/items/{item}/image").status_code == 409
    (tmp_path / "a.png").unlink()
    assert client.get(f"/api/projects/{slug}/items/{item}/image").status_code in (404, 422)


# --- the real server ---------------------------------------------------------------------------------------------------


def events_of(server: Server, slug: str) -> Any:
    request = urllib.request.Request(
        f"{server.said['url']}/api/projects/{slug}/events", headers={"authorization": f"Bearer {server.said['token']}"}
    )
    return urllib.request.urlopen(request, timeout=30)


def next_pulse(stream: Any) -> dict[str, Any]:
    for line in stream:
        if line.startswith(b"data:"):
            pulse: dict[str, Any] = json.loads(line[5:])
            return pulse
    raise AssertionError("the stream ended")


def test_listeners_hear_of_changes_and_do_not_hold_up_the_end(tmp_path: Path, start: Callable[..., Server]) -> None:
    server = start(tmp_path / "home")
    client = server.client()
    slug = client.post("/projects", {"name": "Live"})["project"]["slug"]
    streams = [events_of(server, slug) for _ in range(3)]
    assert [next_pulse(stream)["schema_version"] for stream in streams] == [0, 0, 0]
    client.post(f"/projects/{slug}/classes", {"name": "new"})
    assert [next_pulse(stream)["schema_version"] for stream in streams] == [1, 1, 1]
    ended = threading.Event()

    def read_on() -> None:
        streams[0].read()
        ended.set()

    threading.Thread(target=read_on, daemon=True).start()
    begin = time.monotonic()
    assert server.stop() == 0
    assert ended.wait(5)
    assert time.monotonic() - begin < 20


def test_large_answers_are_compressed_and_the_log_holds_no_token(tmp_path: Path, start: Callable[..., Server]) -> None:
    server = start(tmp_path / "home")
    headers = {"authorization": f"Bearer {server.said['token']}", "accept-encoding": "gzip"}
    with urllib.request.urlopen(urllib.request.Request(server.said["url"] + "/api/openapi.json", headers=headers)) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert b"operationId" in gzip.decompress(answer.read())
    assert server.said["token"] not in server.said["url"]
    assert server.said["token"] in server.said["open"]


def test_a_body_without_a_length_is_cut_off_too(client: TestClient) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"name": "'
        for _ in range(9):
            yield b"x" * 1_000_000

    answer = client.post("/api/projects", content=pieces(), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert answer.headers["content-security-policy"]
