"""A model behind HTTP in the protocol of Label Studio's ML backends, against a small server that speaks it."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import urlopen
from xml.etree import ElementTree

import numpy as np
import pytest

from modicum.errors import ModelError
from modicum.formats import brush
from modicum.formats.outline import mask_of
from modicum.models import http_calls
from modicum.models.fit import fitted
from modicum.models.regions import candidates
from modicum.models.remote import RemoteModel, connect
from modicum.models.reply import Reply
from modicum.models.words import words
from unit.model_parts import photo, schema

CLASSES = schema("cat", {"name": "dog", "shapes": ["polygon"]})
Answer = Callable[[str, Any], Any]  # path and body -> body, (status, headers, body) or bytes


class Backend(BaseHTTPRequestHandler):
    """Answers as the server's `answer` says and remembers what it was asked."""

    server: Any

    def do_GET(self) -> None:
        self.reply(None)

    def do_POST(self) -> None:
        self.reply(json.loads(self.rfile.read(int(self.headers["content-length"]))))

    def reply(self, body: Any) -> None:
        self.server.asked.append((self.path, body, dict(self.headers)))
        said = self.server.answer(self.path, body)
        status, headers, data = said if isinstance(said, tuple) else (200, {}, said)
        raw = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.send_response(status)
        for name, value in ({"content-length": str(len(raw))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served(predict: Answer, other: Answer | None = None) -> Iterator[tuple[str, list[Any]]]:
    """A backend that is up, in version v1, and predicts like this; its address and what it was asked."""

    def answer(path: str, body: Any) -> Any:
        if other is not None and (said := other(path, body)) is not None:
            return said
        if path == "/health":
            return {"status": "UP", "model_class": "Known"}
        return {"model_version": "v1"} if path == "/setup" else predict(path, body)

    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    server.answer, server.asked = answer, []
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.asked
    finally:
        server.shutdown()
        server.server_close()


def region(kind: str, value: dict[str, Any], **more: Any) -> dict[str, Any]:
    base = {
        "from_name": "label",
        "to_name": "image",
        "type": kind,
        "original_width": 128,
        "original_height": 64,
        "image_rotation": 0,
    }
    return {**base, "value": value, **more}


CAT = region(
    "rectanglelabels", {"x": 25, "y": 50, "width": 25, "height": 25, "rotation": 0, "rectanglelabels": ["cat"]}, score=0.75
)


def results(*regions: dict[str, Any], **more: Any) -> Answer:
    return lambda path, body: {"results": [{"result": list(regions), "score": 0.5, "model_version": "v1", **more}]}


@contextmanager
def closing(model: RemoteModel) -> Iterator[RemoteModel]:
    try:
        yield model
    finally:
        model.close()


def test_a_backend_is_set_up_asked_and_fetches_the_picture() -> None:
    fetched: list[bytes] = []

    def predict(path: str, body: Any) -> Any:
        with urlopen(body["tasks"][0]["data"]["image"]) as file:
            fetched.append(file.read())
        return results(CAT)(path, body)

    picture = photo()
    with served(predict) as (url, asked), closing(connect(url, CLASSES)) as model:
        (reply,) = model([picture])
        assert fetched == [picture.data]
        assert (model.name, model.version) == (url, "v1")
        with pytest.raises(OSError, match="404"):  # good only while the call lasts
            urlopen(asked[-1][1]["tasks"][0]["data"]["image"])
    (found,) = reply.candidates
    assert (found.name, found.score) == ("cat", 0.75)
    assert found.forms[0] == {"kind": "box", "x": 32, "y": 32, "w": 32, "h": 16}
    assert [path for path, _, _ in asked] == ["/health", "/setup", "/predict"]
    body = asked[2][1]
    assert set(body) == {"tasks", "model_version", "project", "label_config", "params"}
    config = ElementTree.fromstring(body["label_config"])
    labels = {tag.tag: [entry.get("value") for entry in tag] for tag in config if len(tag)}
    assert labels["RectangleLabels"] == ["cat", "dog"]
    assert [tag.get("value") for tag in config if tag.tag == "Image"] == ["$image"]
    assert body["label_config"] == asked[1][1]["schema"]


def test_pictures_can_be_sent_inside_the_request() -> None:
    with served(results(CAT)) as (url, asked):
        connect(url, CLASSES, inline=True)([photo()])
    scheme, _, data = asked[-1][1]["tasks"][0]["data"]["image"].partition(",")
    assert scheme == "data:image/png;base64"
    assert base64.b64decode(data) == photo().data


def test_a_name_and_password_are_sent_and_never_shown() -> None:
    with served(results(CAT)) as (url, asked):
        model = connect(url.replace("//", "//me:s3cret@"), CLASSES, inline=True)
        model([photo()])
    assert asked[-1][2]["authorization"] == "Basic " + base64.b64encode(b"me:s3cret").decode()
    assert model.name == url
    assert "s3cret" not in str(model.name)


# --- regions -----------------------------------------------------------------------------------------------------------


def read(*regions: dict[str, Any], **more: Any) -> tuple[Any, tuple[str, ...]]:
    return candidates({"result": list(regions), **more}, 128, 64, "$.results[0]")


def test_every_kind_of_region() -> None:
    found, notes = read(
        region("rectanglelabels", {"x": 50, "y": 50, "width": 25, "height": 25, "rotation": 90, "rectanglelabels": ["cat"]}),
        region("polygonlabels", {"points": [[0, 0], [50, 0], [50, 100]], "closed": True, "polygonlabels": ["dog"]}),
        region("ellipselabels", {"x": 50, "y": 50, "radiusX": 10, "radiusY": 10, "rotation": 0, "ellipselabels": ["cat"]}),
        region("keypointlabels", {"x": 50, "y": 50, "width": 0.5, "keypointlabels": ["cat"]}),
        region("rectangle", {"x": 0, "y": 0, "width": 50, "height": 50}, id="r1"),
        region("labels", {"labels": ["dog"]}, id="r1"),
        region("choices", {"choices": ["red"]}, id="r1", from_name="colour"),
        region("choices", {"choices": ["indoors", "night"]}, from_name="tags"),
    )
    assert notes == ()
    turned, polygon, ellipse, point, plain, *tags = found
    assert [turned.forms[0][key] for key in ("cx", "cy", "w", "h", "angle")] == pytest.approx([56, 48, 32, 16, 90])
    assert polygon.forms[0]["rings"] == (((0, 0), (64, 0), (64, 64)),)
    assert [ellipse.forms[0][key] for key in ("cx", "cy", "rx", "ry")] == pytest.approx([64, 32, 12.8, 6.4])
    assert point.forms[0]["points"] == ((64, 32),)
    assert (plain.name, plain.attributes) == ("dog", {"colour": "red"})
    assert [(tag.name, tag.forms) for tag in tags] == [("indoors", ()), ("night", ())]


def stroke(height: int, width: int) -> tuple[np.ndarray, list[int]]:
    region = np.zeros((height, width), bool)
    region[height // 4 : height // 2, width // 4 : width // 2] = True
    return region, brush.encoded(mask_of(region, 0, 0), width, height)


def test_a_brush_stroke_is_scaled_when_the_model_saw_another_size() -> None:
    whole, rle = stroke(64, 128)
    (same,), notes = read(region("brushlabels", {"format": "rle", "rle": rle, "brushlabels": ["cat"]}))
    assert notes == ()
    _, small = stroke(32, 64)
    value = {"format": "rle", "rle": small, "brushlabels": ["cat"]}
    (scaled,), notes = read(region("brushlabels", value, original_width=64, original_height=32))
    assert "the model saw 64 x 32 pixels, its shapes were scaled" in notes[0]
    assert same.forms == scaled.forms
    assert same.forms[0]["w"] * same.forms[0]["h"] == whole.sum()


def test_another_shape_of_the_picture_is_told() -> None:
    (_,), notes = read({**CAT, "original_width": 64, "original_height": 128})
    assert "the model saw 64 x 128 pixels, this image has 128 x 64: its shapes may be off" in notes


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({}, "no type and value"),
        ("text", "no type and value"),
        (region("rectanglelabels", {"x": 1, "y": 1, "width": 1, "height": 1}), "names no class"),
        (region("rectanglelabels", {"x": "a", "y": 1, "width": 1, "height": 1, "rectanglelabels": ["cat"]}), "left out"),
        (region("rectanglelabels", {"x": 1, "y": 1, "width": 0, "height": 1, "rectanglelabels": ["cat"]}), "zero area"),
        (region("polygonlabels", {"points": [[1, 2], [3]], "polygonlabels": ["cat"]}), "left out"),
        (region("brushlabels", {"format": "rle", "rle": [255] * 40, "brushlabels": ["cat"]}), "damaged"),
        (region("brushlabels", {"format": "png", "rle": [], "brushlabels": ["cat"]}), "without run lengths"),
        (region("relation", {"x": 1}), "no shape on an image"),
        (region("textarea", {"text": ["hello"]}), "no shape on an image"),
    ],
)
def test_what_is_no_region_is_told_with_its_place(result: Any, told: str) -> None:
    found, notes = read(CAT, result)
    assert len(found) == 1
    assert any(note.startswith("$.results[0].result[1]") and told in note for note in notes), notes


def test_the_whole_way_to_shapes_of_the_project() -> None:
    car = {**CAT, "value": {**CAT["value"], "rectanglelabels": ["car"]}, "score": 2}
    found, notes = read(CAT, car, {**CAT, "value": {**CAT["value"], "rectanglelabels": ["dog"]}, "score": None}, score=0.5)
    fit = fitted(Reply(found, notes), 128, 64, words(CLASSES, {}), "m@1")
    drawn = [(shape.class_id, shape.geometry.kind, shape.score) for shape in fit.shapes.shapes]
    assert drawn == [(0, "box", 0.75), (1, "polygon", 0.5)]
    assert any("'car' was left out" in note for note in fit.notes)


# --- what goes wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"results": []}, "gave no prediction"),
        ({"results": [{"result": None}]}, 'no prediction with a list "result"'),
        ({"results": [[{"result": [], "model_version": "v2"}]]}, "answered by the version v2, not v1"),
        ({"results": [{"result": []}, {"result": []}]}, "a further prediction"),
    ],
)
def test_odd_predictions_are_told(said: Any, told: str) -> None:
    with served(lambda path, body: said) as (url, _):
        (reply,) = connect(url, CLASSES, inline=True)([photo()])
    assert reply.candidates == ()
    assert any(told in note for note in reply.notes)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"predictions": []}, '"results"'),
        (b"<html>", "no JSON"),
        (b"[" * 200_000, "no JSON"),
        ((302, {"location": "http://127.0.0.1:1/secret"}, b""), "redirected to http://127.0.0.1:1/secret, which is not followed"),
        ((500, {}, b"Traceback: no CUDA"), "answered 500: Traceback: no CUDA"),
        ((401, {}, b"Unauthorized"), "answered 401"),
    ],
)
def test_answers_that_are_none_are_told(said: Any, told: str) -> None:
    with served(lambda path, body: said) as (url, _):
        model = connect(url, CLASSES, inline=True)
        with pytest.raises(ModelError) as caught:
            model([photo()])
    assert told in str(caught.value)


def test_an_answer_without_end_is_not_read_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_calls, "MOST_BYTES", 100_000)
    with served(lambda path, body: b" " * 200_000) as (url, _):
        model = connect(url, CLASSES, inline=True)
        with pytest.raises(ModelError, match="which is not read"):
            model([photo()])


def test_a_model_that_is_busy_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_calls, "_PAUSES", (0.0, 0.0))
    tries: list[int] = []

    def predict(path: str, body: Any) -> Any:
        tries.append(1)
        return (503, {}, b"loading") if len(tries) < 3 else results(CAT)(path, body)

    with served(predict) as (url, _):
        (reply,) = connect(url, CLASSES, inline=True)([photo()])
    assert (len(tries), len(reply.candidates)) == (3, 1)


def test_a_model_that_never_answers_does_not_hold_up_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_calls, "_PAUSES", ())
    release = threading.Event()

    def predict(path: str, body: Any) -> Any:
        release.wait(30)
        return {}

    with served(predict) as (url, _):
        model = connect(url, CLASSES, inline=True)  # on a busy machine that may take longer than what follows is given
        model = replace(model, place=replace(model.place, timeout=0.3))
        with pytest.raises(ModelError, match="did not answer"):
            model([photo()])
        release.set()


def test_a_drip_does_not_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each read is in time, all of them together are not."""
    monkeypatch.setattr(http_calls, "_PAUSES", ())
    enough = threading.Event()

    class Dripping(Backend):
        def reply(self, body: Any) -> None:
            self.send_response(200)
            self.end_headers()
            for _ in range(100):
                if enough.is_set():
                    return
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.05)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Dripping)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        with pytest.raises(ModelError, match="did not answer"):
            http_calls.place(f"http://127.0.0.1:{server.server_port}", timeout=0.3).get("/health")
    finally:
        enough.set()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    "address", ["http://", "http://host:port", "ftp://host", "http://host/?q=1", "http://host:99999", "http://[::1"]
)
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(ModelError):
        http_calls.place(address)


def test_nobody_there_and_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_calls, "_PAUSES", ())
    with served(results(CAT)) as (url, _):
        pass
    with pytest.raises(ModelError, match="is it running"):
        connect(url, CLASSES)
    with (
        served(results(CAT), lambda path, body: {"status": "LOADING"}) as (url, _),
        pytest.raises(ModelError, match="instead of UP"),
    ):
        connect(url, CLASSES)
