"""Assisted drawing through the server: clicks on an image of a project in, a geometry out."""

import io
import time
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from modicum.home import Home
from modicum.server.app import create_app
from modicum.server.serve import open_site


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    home = Home(tmp_path_factory.mktemp("home"))
    lock = home.lock()
    site = open_site(home)
    headers = {"authorization": f"Bearer {site.token}"}
    with TestClient(create_app(site), base_url="http://127.0.0.1", headers=headers, raise_server_exceptions=False) as client:
        yield client
    site.db.close()
    lock.release()


@pytest.fixture(scope="module")
def path(client: TestClient) -> str:
    """The route of one image: a red disc of radius 40 around (90, 60)."""
    y, x = np.mgrid[0:120, 0:200] + 0.5
    region = (x - 90) ** 2 + (y - 60) ** 2 < 40**2
    out = io.BytesIO()
    Image.fromarray(np.where(region[..., None], [220, 40, 40], [40, 160, 60]).astype(np.uint8)).save(out, "PNG")
    upload = client.post("/api/uploads", files=[("files", ("disc.png", out.getvalue()))]).json()["id"]
    body = {"name": "discs", "classes": ["disc", "other"], "source": f"upload:{upload}", "task": "draw"}
    slug = client.post("/api/projects", json=body).json()["project"]["slug"]
    until = time.monotonic() + 60
    while client.get(f"/api/projects/{slug}/import").json()["job"]["state"] in ("queued", "running"):
        assert time.monotonic() < until
        time.sleep(0.05)
    task = client.post(f"/api/projects/{slug}/claim", json={"client": "a tab of the browser"}).json()["tasks"][0]
    return f"/api/projects/{slug}/items/{task['item']['id']}/assist"


def test_extreme_clicks_come_back_as_outline_and_as_box(client: TestClient, path: str) -> None:
    points = [[50, 60], [90, 20], [130, 60], [90, 100]]
    drawn = client.post(path, json={"tool": "extreme", "points": points})
    assert drawn.status_code == 200, drawn.text
    assert [shape["kind"] for shape in drawn.json()["proposals"]] == ["polygon"] * 3
    assert drawn.json()["seconds"] > 0
    box = client.post(path, json={"tool": "extreme", "points": points, "as": "box"}).json()["proposals"]
    assert box == [{"kind": "box", "x": 50, "y": 20, "w": 80, "h": 80}]


def test_what_a_tool_lacks_is_said_with_its_place(client: TestClient, path: str) -> None:
    few = client.post(path, json={"tool": "extreme", "points": [[1, 1]]})
    assert (few.status_code, few.json()["path"]) == (422, "$.points")
    many = client.post(path, json={"tool": "wand", "points": [[1, 1]] * 201})
    assert (many.status_code, many.json()["path"]) == (422, "$.points")
    model = client.post(path, json={"tool": "model", "points": [[1, 1]]})
    assert model.status_code == 422
    assert "sam.json" in model.json()["message"]
    assert client.post(path.replace("/items/", "/items/9"), json={"tool": "wand", "points": [[1, 1]]}).status_code == 404


def test_a_home_without_a_segmenter_prepares_nothing(client: TestClient, path: str) -> None:
    said = client.post(path.split("/items/")[0] + "/assist", json={"items": []})
    assert (said.status_code, said.json()) == (200, {"model": False})
