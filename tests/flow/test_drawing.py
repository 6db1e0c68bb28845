"""Drawing through the HTTP interface: what is stored, what is refused and why, drafts, pre-labels beside what became of them,
and a schema that changes under labels."""

import io
import time
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from flow.flow_parts import draw
from modicum.geometry import Box, Shape, Shapes
from modicum.home import Home
from modicum.server.app import create_app
from modicum.server.serve import open_site
from modicum.server.site import Site
from modicum.store import drawings, items, projects
from modicum.store.drawings import Predicted
from modicum.types import Prediction

TAB = "a tab of the browser"
SIDE = 96


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = Home(tmp_path_factory.mktemp("home"))
    lock = home.lock()
    yield (made := open_site(home))
    made.db.close()
    lock.release()


@pytest.fixture(scope="module")
def client(site: Site) -> Iterator[TestClient]:
    headers = {"authorization": f"Bearer {site.token}"}
    with TestClient(create_app(site), base_url="http://127.0.0.1", headers=headers, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def slug(client: TestClient, request: pytest.FixtureRequest) -> str:
    """A project of six images to draw on."""
    number = zlib.crc32(request.node.name.encode())  # the same images, and so the same holdout, in every run
    files = []
    for k in range(6):
        out = io.BytesIO()
        draw("discs", np.random.default_rng([number, k]), SIDE).save(out, "PNG")
        files.append(("files", (f"{k}.png", out.getvalue())))
    upload = client.post("/api/uploads", files=files).json()["id"]
    body = {"name": request.node.name[:60], "classes": ["disc", "stripe"], "source": f"upload:{upload}", "task": "draw"}
    made = client.post("/api/projects", json=body)
    assert made.status_code == 201, made.text
    slug: str = made.json()["project"]["slug"]
    until = time.monotonic() + 60
    while client.get(f"/api/projects/{slug}/import").json()["job"]["state"] in ("queued", "running"):
        assert time.monotonic() < until
        time.sleep(0.05)
    return slug


def box(x: float = 10, y: float = 12, w: float = 30, h: float = 20, **more: Any) -> dict[str, Any]:
    return {"id": "one", "class_id": 0, "geometry": {"kind": "box", "x": x, "y": y, "w": w, "h": h}, **more}


def claimed(client: TestClient, slug: str, n: int = 1) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = client.post(f"/api/projects/{slug}/claim", json={"client": TAB, "n": n}).json()["tasks"]
    return tasks


def submit(client: TestClient, slug: str, task: dict[str, Any], *shapes: dict[str, Any], **more: Any) -> Any:
    value = {"type": "shapes", "shapes": list(shapes), **more}
    body = {"task_id": task["id"], "lease_token": task["lease_token"], "key": f"key of {task['id']}", "value": value}
    return client.post(f"/api/projects/{slug}/submit", json=body)


def test_what_was_drawn_is_the_label_until_it_is_taken_back(client: TestClient, slug: str) -> None:
    [task] = claimed(client, slug)
    polygon = {"kind": "polygon", "rings": [[[0, 0], [40, 0], [20, 30]], [[18, 5], [22, 5], [20, 8]]]}
    said = submit(client, slug, task, box(), {"id": "two", "class_id": 1, "geometry": polygon}, tags=[1])
    assert said.status_code == 200, said.text
    item = client.get(f"/api/projects/{slug}/items/{task['item']['id']}").json()
    assert [shape["geometry"]["kind"] for shape in item["label"]["value"]["shapes"]] == ["box", "polygon"]
    assert item["label"]["value"]["shapes"][1]["geometry"]["rings"] == polygon["rings"]
    assert item["label"]["value"]["tags"] == [1]
    assert item["item"]["status"] == "labeled"
    back = {"annotation_id": said.json()["annotation_id"], "client": TAB, "key": "taken back"}
    assert client.post(f"/api/projects/{slug}/retract", json=back).status_code == 200
    item = client.get(f"/api/projects/{slug}/items/{task['item']['id']}").json()
    assert (item["label"], item["item"]["status"]) == (None, "pool")


def test_an_image_with_nothing_on_it_is_an_answer_too(client: TestClient, slug: str) -> None:
    [task] = claimed(client, slug)
    assert submit(client, slug, task).status_code == 200
    assert client.get(f"/api/projects/{slug}/items/{task['item']['id']}").json()["label"]["value"]["shapes"] == []


@pytest.mark.parametrize(
    ("shape", "path", "said"),
    [
        (box(class_id=7), "$.value.shapes[0].class_id", "no class 7"),
        (box(x=400), "$.value.shapes[0].geometry", "outside the image"),
        (box(w=0), "$.value.shapes[0].geometry", "greater than 0"),
        (box(w=float("nan")), "$.value", ""),
        (box(attributes={"age": 3}), "$.value.shapes[0].attributes.age", "has no attribute"),
        (
            {"id": "a", "class_id": 0, "geometry": {"kind": "skeleton", "nodes": [[1, 1, 2]]}},
            "$.value.shapes[0].geometry.nodes",
            "has 0",
        ),
        (
            {"id": "a", "class_id": 0, "geometry": {"kind": "polyline", "points": [[k % 90, 1] for k in range(100_000)]}},
            "$.value.shapes[0].geometry",
            "20000",
        ),
        (
            {"id": "a", "class_id": 0, "geometry": {"kind": "mask", "x": 0, "y": 0, "w": 3, "h": 3, "counts": [4]}},
            "$.value.shapes[0].geometry",
            "add up to 4",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(
    client: TestClient, slug: str, shape: dict[str, Any], path: str, said: str
) -> None:
    import json

    [task] = claimed(client, slug)
    value = {"type": "shapes", "shapes": [shape]}
    body = {"task_id": task["id"], "lease_token": task["lease_token"], "key": "k" * 8, "value": value}
    answer = client.post(f"/api/projects/{slug}/submit", content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert said in answer.text
    assert (answer.json()["path"] or "").startswith(path), answer.text
    assert submit(client, slug, task, box()).status_code == 200  # the task is still there to be answered


def test_a_class_is_no_answer_here(client: TestClient, slug: str) -> None:
    [task] = claimed(client, slug)
    value = {"type": "choice", "class_id": 0}
    body = {"task_id": task["id"], "lease_token": task["lease_token"], "key": "k" * 8, "value": value}
    answer = client.post(f"/api/projects/{slug}/submit", json=body)
    assert answer.status_code in (400, 422)
    assert "takes 'shapes'" in answer.text


def test_a_draft_is_kept_until_it_is_handed_in(client: TestClient, slug: str) -> None:
    [task] = claimed(client, slug)
    place = f"/api/projects/{slug}/items/{task['item']['id']}/draft"
    assert client.get(place).json() == {"shapes": None}
    for width in (20, 30):
        assert client.put(place, json={"shapes": {"type": "shapes", "shapes": [box(w=width)]}}).status_code == 204
    assert client.get(place).json()["shapes"]["shapes"][0]["geometry"]["w"] == 30
    submit(client, slug, task, box())
    assert client.get(place).json() == {"shapes": None}
    assert client.put(f"/api/projects/{slug}/items/999999/draft", json={"shapes": {"type": "shapes"}}).status_code == 404


def test_every_prelabel_is_kept_beside_what_became_of_it(client: TestClient, site: Site, slug: str) -> None:
    with site.db.read() as conn:
        project = projects.by_slug(conn, slug)
    ids = [row["id"] for row in (task["item"] for task in claimed(client, slug, 6))]
    shown = [
        Shape(id=f"p{k}", class_id=0, geometry=Box(x=10 * k, y=0, w=10, h=10), score=0.9 - k / 10, model="3") for k in range(3)
    ]
    said = [
        Predicted(k, Prediction(model=3, value=Shapes(shapes=tuple(shown)), confidence=0.8), 1.0, ("no class 'cat'",))
        for k in ids
    ]
    site.db.write(drawings.store, project.id, "a model", said)
    other = "another tab of the browser"
    claims = [client.post(f"/api/projects/{slug}/items/{k}/claim", json={"client": TAB}).json() for k in ids]
    task = next(task for task in claims if task["item"]["split"] == "train")
    site.db.write(_release, task["id"])
    task = client.post(f"/api/projects/{slug}/items/{task['item']['id']}/claim", json={"client": other}).json()
    assert [shape["score"] for shape in task["prediction"]["value"]["shapes"]] == [0.9, 0.8, 0.7]
    accepted = box(0, 0, 10, 10) | {"id": "p0", "score": 0.1, "model": "made up"}
    corrected, added = box(10, 0, 10, 20) | {"id": "p1"}, box(50, 50, 9, 9) | {"id": "mine", "score": 0.99, "iou": 1.0}
    assert submit(client, slug, task, accepted, corrected, added).status_code == 200
    stored = client.get(f"/api/projects/{slug}/items/{task['item']['id']}").json()
    found = {shape["id"]: (shape["score"], shape["model"], shape["iou"]) for shape in stored["label"]["value"]["shapes"]}
    assert found == {"p0": (0.9, "3", 1.0), "p1": (0.8, "3", 0.5), "mine": (None, None, None)}
    assert [shape["id"] for shape in stored["annotations"][0]["shown"]["value"]["shapes"]] == ["p0", "p1", "p2"]
    assert stored["notes"] == ["no class 'cat'"]
    sources = client.get(f"/api/projects/{slug}/shape-sources").json()
    assert sources == {"sources": {"a model": 6}, "notes": [{"source": "a model", "note": "no class 'cat'", "items": 6}]}


def _release(conn: Any, task_id: int) -> None:
    from modicum.store import tasks

    tasks.close(conn, [task_id], "superseded")


def test_sure_images_are_confirmed_as_a_page_and_doubtful_ones_are_not_on_it(client: TestClient, site: Site, slug: str) -> None:
    with site.db.read() as conn:
        project = projects.by_slug(conn, slug)
        found = items.by_rows(conn, project.id, range(6))
    train = [entry.id for entry in found if entry.split == "train"]
    scores = {item_id: (0.95, 0.9, 0.1) if place else (0.95, 0.6) for place, item_id in enumerate(train)}
    said = [Predicted(item_id, predicted(*scores[item_id])) for item_id in train]
    site.db.write(drawings.store, project.id, "a model", said)
    place = f"/api/projects/{slug}/validate"
    page = client.post(f"{place}/images", json={"above": 0.8, "client": TAB}).json()
    assert sorted(task["item"]["id"] for task in page["tasks"]) == sorted(train[1:])
    assert all([shape["score"] for shape in task["prediction"]["value"]["shapes"]] == [0.95, 0.9] for task in page["tasks"])
    wrong = page["tasks"][0]
    body = {
        "tasks": [(task["id"], task["lease_token"]) for task in page["tasks"]],
        "wrong_shapes": {wrong["id"]: ["p1"]},
        "key": "a page of images",
    }
    receipt = client.post(f"{place}/confirm", json=body).json()
    assert (receipt["confirmed"], receipt["returned"]) == (len(train) - 2, 1)
    label = client.get(f"/api/projects/{slug}/items/{page['tasks'][1]['item']['id']}").json()["label"]
    assert [(shape["score"], shape["iou"]) for shape in label["value"]["shapes"]] == [(0.95, 1.0), (0.9, 1.0)]
    [again] = claimed(client, slug)
    assert (again["item"]["id"], again["reason"]["code"]) == (wrong["item"]["id"], "returned")
    assert [shape["id"] for shape in again["prediction"]["value"]["shapes"]] == ["p0"]
    back = client.post(f"{place}/retract", json={"page": receipt["page"], "client": TAB})
    assert len(back.json()) == len(train) - 2  # the one sent back is in hand by now


def predicted(*scores: float) -> Prediction:
    shapes = [
        Shape(id=f"p{k}", class_id=0, geometry=Box(x=20 * k, y=5, w=15, h=15), score=score, model="2")
        for k, score in enumerate(scores)
    ]
    return Prediction(model=2, value=Shapes(shapes=tuple(shapes)), confidence=0.5)


def schema_of(client: TestClient, slug: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/projects/{slug}").json()["project"]["task_schema"]
    return found


def test_a_schema_changes_with_labels_in_place_or_says_why_not(client: TestClient, slug: str) -> None:
    put = f"/api/projects/{slug}/schema"
    schema = schema_of(client, slug)
    schema["classes"][0] |= {
        "colour": "#ff8800",
        "shapes": ["box", "skeleton"],
        "skeleton": {"nodes": ["nose", "tail"], "edges": [[0, 1]]},
        "attributes": [{"name": "age", "kind": "choice", "choices": ["young", "old"], "required": True}],
    }
    assert client.put(put, json=schema).status_code == 200
    [task] = claimed(client, slug)
    refused = submit(client, slug, task, box())
    assert refused.json()["path"] == "$.value.shapes[0].attributes.age"
    nodes = {"kind": "skeleton", "nodes": [[1, 1, 2], [9, 9, 1]]}
    pose = {"id": "pose", "class_id": 0, "geometry": nodes, "attributes": {"age": "old"}}
    assert submit(client, slug, task, box(attributes={"age": "young"}), pose).status_code == 200

    def refusal(**change: Any) -> tuple[str, str]:
        changed = schema_of(client, slug)
        changed["classes"][0] |= change
        answer = client.put(put, json=changed)
        assert answer.status_code in (400, 409, 422), answer.text
        return answer.json()["path"], answer.json()["message"]

    assert refusal(colour="red") == (
        "$.classes[0].colour",
        "a colour is # and six hexadecimal digits, such as #1f77b4; received 'red'",
    )
    assert refusal(shapes=["skeleton"])[0] == "$.classes[0].shapes"
    assert refusal(attributes=[]) == (
        "$.classes[0].attributes",
        "the class 'disc' would have no attribute 'age', and 2 shapes have it: change or delete them first",
    )
    assert "would not allow 'old'" in refusal(attributes=[{"name": "age", "kind": "choice", "choices": ["young", "new"]}])[1]
    assert refusal(skeleton={"nodes": ["nose"], "edges": []})[0] == "$.classes[0].skeleton"
    schema = schema_of(client, slug)
    assert client.put(put, json=schema | {"classes": schema["classes"][:1]}).json()["path"] == "$.classes"
    assert client.put(put, json=schema | {"task": "classify"}).json()["path"] == "$.task"
    schema["classes"][0]["skeleton"] = {"nodes": ["nose", "tail", "paw"], "edges": [[0, 1], [1, 2]]}
    schema["classes"][0]["name"] = "circle"
    assert client.put(put, json=schema).json()["project"]["task_schema"]["classes"][0]["name"] == "circle"


def test_pages_about_classes_answer_where_shapes_are_drawn(client: TestClient, slug: str) -> None:
    [task] = claimed(client, slug)
    submit(client, slug, task, box(), tags=[1])
    for page in ("suspects", "bill", "batches", "certificates", "mine", "validate", "progress"):
        answer = client.get(f"/api/projects/{slug}/{page}")
        assert answer.status_code == 200, (page, answer.text)
    assert [entry["labeled"] for entry in answer.json()["classes"]] == [1, 1]
    assert client.post(f"/api/projects/{slug}/certificates", json={}).status_code in (409, 422)


def test_drawings_are_downloaded_in_every_format_with_what_it_could_not_hold(client: TestClient, slug: str) -> None:
    [task] = claimed(client, slug)
    submit(client, slug, task, box(), {"id": "two", "class_id": 1, "geometry": {"kind": "points", "points": [[5, 5]]}})
    formats = {entry["name"] for entry in client.get("/api/me").json()["shape_formats"]}
    assert {"coco", "yolo", "voc", "cvat", "label-studio", "labelme", "jsonl"} <= formats
    for name in formats:
        answer = client.get(f"/api/projects/{slug}/export", params={"format": name})
        assert answer.status_code == 200, (name, answer.text)
        assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    whole = zipfile.ZipFile(io.BytesIO(client.get(f"/api/projects/{slug}/export", params={"format": "voc"}).content))
    assert "points" in whole.read("left-out.txt").decode()
    assert client.get(f"/api/projects/{slug}/export", params={"format": "exotic"}).json()["path"] == "query.format"


def test_images_are_read_as_they_are(client: TestClient, slug: str) -> None:
    """The coordinates are those of the image that the browser shows."""
    [task] = claimed(client, slug)
    shown = client.get(f"/api/projects/{slug}/items/{task['item']['id']}/image")
    assert Image.open(io.BytesIO(shown.content)).size == (task["item"]["width"], task["item"]["height"])
