"""The workbench with real mouse events: every kind of shape is drawn, changed, undone and saved; nothing is lost on the way."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Locator, Route, expect

from browser.looks import SCREENSHOTS, look, serious
from browser.tab import Served, Tab
from modicum.demo import wait_for

OpenTab = Callable[[], Tab]
WIDTH, HEIGHT = 640, 480
IMAGE_IS_THERE = """() => {
    const canvas = document.querySelector(".board canvas");
    const { width, height } = canvas;
    return width > 1 && canvas.getContext("2d").getImageData(width >> 1, height >> 1, 1, 1).data[3] > 0;
}"""
CLASSES: list[dict[str, Any]] = [
    {
        "id": 0,
        "name": "car",
        "colour": "#1f5fbf",
        "attributes": [
            {"name": "view", "kind": "choice", "choices": ["front", "side"]},
            {"name": "seats", "kind": "number"},
            {"name": "plate", "kind": "text"},
            {"name": "cut off", "kind": "flag"},
        ],
    },
    {
        "id": 1,
        "name": "person",
        "shapes": ["skeleton", "box"],
        "skeleton": {"nodes": ["head", "left foot", "right foot"], "edges": [[0, 1], [0, 2]]},
    },
]
SCHEMA: dict[str, Any] = {"task": "draw", "instructions": "Around the whole object, also where it is hidden.", "classes": CLASSES}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve grey images, each another grey."""
    from PIL import Image, ImageDraw

    folder = tmp_path_factory.mktemp("street")
    for number in range(12):
        image = Image.new("RGB", (WIDTH, HEIGHT), (60 + 12 * number,) * 3)
        ImageDraw.Draw(image).rectangle((100, 100, 300 + number, 250), fill=(200, 40 + 10 * number, 40))
        image.save(folder / f"street {number:02}.png")
    return folder


@dataclass
class Bench:
    """The workbench of a project, with a hand on the mouse. Points are pixels of the image."""

    tab: Tab
    slug: str

    @property
    def objects(self) -> Locator:
        return self.tab.page.locator(".object-main")

    @property
    def file(self) -> Locator:
        return self.tab.page.locator(".facts dd").first

    def on_screen(self, x: float, y: float) -> tuple[float, float]:
        box = self.tab.page.locator(".board").bounding_box()
        assert box is not None
        scale = min(box["width"] / WIDTH, box["height"] / HEIGHT)
        left = box["x"] + (box["width"] - WIDTH * scale) / 2
        top = box["y"] + (box["height"] - HEIGHT * scale) / 2
        return left + x * scale, top + y * scale

    def move(self, x: float, y: float) -> None:
        self.tab.page.mouse.move(*self.on_screen(x, y), steps=4)

    def click(self, x: float, y: float) -> None:
        self.move(x, y)
        self.tab.page.mouse.down()
        self.tab.page.mouse.up()

    def pull(self, *points: tuple[float, float]) -> None:
        self.move(*points[0])
        self.tab.page.mouse.down()
        for point in points[1:]:
            self.move(*point)
        self.tab.page.mouse.up()

    def key(self, *keys: str) -> None:
        for key in keys:
            self.tab.page.keyboard.press(key)

    def tool(self, name: str) -> None:
        self.tab.page.get_by_role("toolbar").get_by_role("button", name=name, exact=True).click()

    def ready(self) -> None:
        """Until the image can be seen: nobody hands in what they have not seen."""
        expect(self.file).to_be_visible()
        self.tab.page.wait_for_function(IMAGE_IS_THERE)

    def save(self) -> str:
        """Saves the image; the next one is there. The name of the saved one."""
        name = self.file.inner_text()
        self.key("Enter")
        expect(self.file).not_to_have_text(name)
        self.ready()
        return name

    def saved(self, name: str) -> dict[str, Any]:
        """What the server has of an image, by name."""

        def found() -> dict[str, Any] | None:
            past = self.tab.server.client.get(f"/projects/{self.slug}/history?limit=50")
            return next((one["annotation"]["value"] for one in past if one["item"]["name"] == name), None)

        return wait_for(found, f"the drawing on {name}", 30)

    def draft(self, wanted: Callable[[list[dict[str, Any]]], bool]) -> None:
        """Until the server's draft of the image on the board is like this."""
        item = self.tab.page.url.rsplit("/", 1)[1]

        def found() -> bool | None:
            shapes = self.tab.server.client.get(f"/projects/{self.slug}/items/{item}/draft")["shapes"]
            return True if shapes is not None and wanted(shapes["shapes"]) else None

        wait_for(found, "the draft", 30)


@pytest.fixture
def open_bench(open_tab: OpenTab, server: Served, photos: Path) -> Callable[[str], Bench]:
    def open_one(name: str) -> Bench:
        client = server.client
        body = {"name": name, "classes": ["car", "person"], "source": str(photos), "task": "draw"}
        slug = client.post("/projects", body)["project"]["slug"]
        client.raw("PUT", f"/projects/{slug}/schema", SCHEMA)

        def imported() -> bool | None:
            return True if client.get(f"/projects/{slug}")["job"]["state"] == "done" else None

        wait_for(imported, "the import", 120)
        tab = open_tab()
        tab.go(f"/p/{slug}/annotate")
        bench = Bench(tab, slug)
        bench.ready()
        return bench

    return open_one


def kinds(value: dict[str, Any]) -> list[str]:
    return [shape["geometry"]["kind"] for shape in value["shapes"]]


def near(numbers: list[float], wanted: list[float], tolerance: float = 2.5) -> bool:
    return len(numbers) == len(wanted) and all(abs(a - b) <= tolerance for a, b in zip(numbers, wanted, strict=True))


def box_of(shape: dict[str, Any]) -> list[float]:
    geometry = shape["geometry"]
    return [geometry[name] for name in "xywh"]


def test_box_is_drawn_moved_resized_undone_and_saved(open_bench: Callable[[str], Bench]) -> None:
    bench = open_bench("Boxes")
    bench.key("1")
    bench.tool("Box")
    bench.pull((100, 100), (300, 250))
    expect(bench.objects).to_have_count(1)
    bench.key("v")
    bench.pull((200, 170), (240, 200))  # by its middle
    bench.pull((340, 280), (400, 300))  # by its corner
    bench.key("Control+z")
    bench.key("Control+Shift+z")
    bench.key("Delete")
    expect(bench.objects).to_have_count(0)
    bench.key("Control+z")
    expect(bench.objects).to_have_count(1)
    value = bench.saved(bench.save())
    assert kinds(value) == ["box"]
    assert near(box_of(value["shapes"][0]), [140, 130, 260, 170])
    assert value["shapes"][0]["class_id"] == 0

    # Backspace brings it back as it was, with its undo
    bench.key("Backspace")
    expect(bench.objects).to_have_count(1)
    bench.key("Control+z", "Control+z", "Control+z")
    expect(bench.objects).to_have_count(0)


def test_every_other_kind_is_drawn_and_saved(open_bench: Callable[[str], Bench]) -> None:
    bench = open_bench("Kinds")
    bench.key("1")
    bench.tool("Rotated box")
    bench.pull((60, 60), (160, 100))
    bench.click(140, 140)
    bench.tool("Ellipse")
    bench.pull((220, 60), (320, 120))
    bench.tool("Polygon")
    for point in ((400, 40), (560, 40), (560, 180), (400, 180)):
        bench.click(*point)
    bench.key("Enter")
    bench.tool("Cut a hole")
    for point in ((450, 80), (500, 80), (500, 130)):
        bench.click(*point)
    bench.key("Enter")
    bench.tool("Line")
    for point in ((60, 220), (120, 260), (200, 230)):
        bench.click(*point)
    bench.key("Backspace")  # the last point
    bench.click(200, 280)
    bench.key("Enter")
    bench.tool("Points")
    bench.click(260, 220)
    bench.click(300, 240)
    bench.key("Enter")
    expect(bench.objects).to_have_count(5)
    bench.key("Escape", "2")
    bench.tool("Skeleton")
    for point in ((450, 240), (420, 340), (480, 340)):
        bench.click(*point)
    expect(bench.objects).to_have_count(6)
    bench.key("Escape", "1")
    bench.tool("Brush")
    bench.pull((80, 380), (200, 380), (200, 420))
    expect(bench.objects).to_have_count(7)
    bench.tool("Eraser")
    bench.pull((140, 360), (140, 400))
    value = bench.saved(bench.save())
    assert kinds(value) == ["rotated", "ellipse", "polygon", "polyline", "points", "skeleton", "mask"]
    rotated, ellipse, polygon, line, points, skeleton, mask = (shape["geometry"] for shape in value["shapes"])
    assert rotated["angle"] % 90 > 1
    assert near([ellipse[name] for name in ("cx", "cy", "rx", "ry")], [270, 90, 50, 30])
    assert [len(ring) for ring in polygon["rings"]] == [4, 3]
    assert near(line["points"][-1], [200, 280])
    assert len(line["points"]) == 3
    assert len(points["points"]) == 2
    assert [node[2] for node in skeleton["nodes"]] == [2, 2, 2]
    assert value["shapes"][5]["class_id"] == 1
    assert sum(mask["counts"]) == mask["w"] * mask["h"]
    assert sum(mask["counts"][1::2]) > 500


def test_a_pen_paints_by_its_pressure_and_the_resting_hand_draws_nothing(open_bench: Callable[[str], Bench]) -> None:
    bench = open_bench("Pen")
    browser = bench.tab.page.context.new_cdp_session(bench.tab.page)

    def stroke(y: float, pressure: float) -> None:
        for kind, x in (("mousePressed", 100), ("mouseMoved", 200), ("mouseMoved", 300), ("mouseReleased", 300)):
            left, top = bench.on_screen(x, y)
            at = {"x": left, "y": top, "button": "left", "buttons": 0 if kind == "mouseReleased" else 1, "clickCount": 1}
            browser.send("Input.dispatchMouseEvent", {"type": kind, "pointerType": "pen", "force": pressure, **at})

    bench.key("1")
    bench.tool("Brush")
    stroke(100, 0.1)
    expect(bench.objects).to_have_count(1)
    bench.key("Escape")
    stroke(300, 1)
    expect(bench.objects).to_have_count(2)
    bench.key("Escape")
    left, top = bench.on_screen(100, 420)
    browser.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": left, "y": top}]})
    browser.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": left + 60, "y": top}]})
    browser.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(bench.objects).to_have_count(2)
    light, firm = (shape["geometry"] for shape in bench.saved(bench.save())["shapes"])
    assert near([light["w"] - light["h"], firm["w"] - firm["h"]], [200, 200], 4)
    assert light["h"] < 0.6 * firm["h"]


def test_attributes_groups_order_and_copies(open_bench: Callable[[str], Bench]) -> None:
    bench = open_bench("Attributes")
    page = bench.tab.page
    bench.key("1")
    bench.tool("Box")
    bench.pull((100, 100), (300, 250))
    bench.key("v")
    side = page.get_by_role("complementary")
    side.get_by_label("view").select_option("side")
    side.get_by_label("seats").fill("4")
    side.get_by_label("plate").fill("B-AB 12")
    side.get_by_label("plate").press("Enter")
    side.get_by_label("cut off").check()
    page.locator("h1").evaluate("() => document.activeElement.blur()")
    bench.key("Control+c", "Control+v")
    expect(bench.objects).to_have_count(2)
    bench.key("Control+a", "g")
    expect(bench.objects.first).to_contain_text("group 1")
    bench.key("Control+b")  # to the next image too
    value = bench.saved(bench.save())
    first, second = value["shapes"]
    assert first["attributes"] == {"view": "side", "seats": 4, "plate": "B-AB 12", "cut off": True}
    assert second["attributes"] == first["attributes"]
    assert first["group"] == second["group"] == 1
    assert near([b - a for a, b in zip(box_of(first), box_of(second), strict=True)], [12, 12, 0, 0], 0.1)
    expect(bench.objects).to_have_count(2)  # they were put here
    bench.key("f", "d")
    expect(bench.objects).to_have_count(2)


def test_lost_connection_loses_nothing(open_bench: Callable[[str], Bench]) -> None:
    bench = open_bench("Away")
    page = bench.tab.page
    bench.key("1")
    bench.tool("Box")
    bench.pull((100, 100), (300, 250))
    bench.draft(lambda shapes: len(shapes) == 1)
    with bench.tab.offline():
        first = bench.save()  # decided without a connection
        bench.pull((50, 50), (150, 150))
        bench.pull((250, 250), (350, 350))
        expect(page.locator(".sync")).to_contain_text("Offline")
        page.wait_for_timeout(400)  # the copy in this browser is written a moment after the hand rests
        name = bench.file.inner_text()
    page.reload()  # the network is back, but the page has forgotten everything
    bench.ready()
    expect(bench.file).to_have_text(name)
    expect(bench.objects).to_have_count(2)
    assert kinds(bench.saved(first)) == ["box"]
    bench.draft(lambda shapes: len(shapes) == 2)


def test_expired_login_loses_nothing(open_bench: Callable[[str], Bench]) -> None:
    bench = open_bench("Login")
    page = bench.tab.page
    bench.key("1")
    bench.tool("Box")

    def refuse(route: Route) -> None:
        route.fulfill(status=401, json={"error": "login", "message": "the login has ended"})

    page.route("**/api/**", refuse)
    bench.pull((100, 100), (300, 250))
    first = bench.save()
    bench.pull((200, 100), (400, 250))
    expect(page.locator(".sync")).to_contain_text("Signed out, 2 kept here")
    expect(page.locator(".connection-note")).to_contain_text("1 decision and 1 drawing are kept in this browser")
    page.unroute("**/api/**", refuse)
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    expect(page.locator(".sync")).to_have_text("Saved")
    assert len(bench.saved(first)["shapes"]) == 1
    bench.draft(lambda shapes: len(shapes) == 1)
    bench.tab.problems.clear()  # the console tells of the 401


def test_refused_drawing_comes_back_with_the_reason(open_bench: Callable[[str], Bench]) -> None:
    bench = open_bench("Refused")
    page = bench.tab.page
    car, person = CLASSES
    schema = {**SCHEMA, "classes": [{**car, "attributes": [{"name": "view", "kind": "text", "required": True}]}, person]}
    bench.key("1")
    bench.tool("Box")
    bench.pull((100, 100), (300, 250))
    # somebody else makes an attribute required; this page learns of it from the refusal, or a moment before
    bench.tab.server.client.raw("PUT", f"/projects/{bench.slug}/schema", schema)
    name = bench.file.inner_text()
    bench.key("Enter")
    expect(page.locator(".bench-said")).to_contain_text("view")
    expect(bench.file).to_have_text(name)
    expect(bench.objects).to_have_count(1)
    bench.tab.problems.clear()


def suggested(model: str = "yolo") -> dict[str, Any]:
    """What a model says: four boxes of the scores .9, .8, .6 and .1, side by side."""
    shapes = [
        {
            "id": f"s{place}",
            "class_id": 0,
            "geometry": {"kind": "box", "x": 20 + 150 * place, "y": 100, "w": 100, "h": 100},
            "attributes": {},
            "group": None,
            "score": score,
            "model": model,
            "iou": None,
        }
        for place, score in enumerate((0.9, 0.8, 0.6, 0.1))
    ]
    return {"model": 1, "value": {"type": "shapes", "shapes": shapes, "tags": []}, "confidence": 0.1, "probabilities": []}


def test_suggestions_are_decided_one_by_one_and_by_the_slider(open_bench: Callable[[str], Bench]) -> None:
    bench = open_bench("Suggestions")
    page = bench.tab.page

    def suggest(route: Route) -> None:
        try:
            answer = route.fetch()
            said = answer.json()
        except Error:  # the tab was closed meanwhile
            return
        new = {"prediction": suggested(), "blind": False}
        # the claim of one item, by its address, or of the next ones
        with_them = {**said, "tasks": [{**task, **new} for task in said["tasks"]]} if "tasks" in said else {**said, **new}
        route.fulfill(response=answer, json=with_them)

    page.route("**/claim", suggest)
    page.reload()
    bench.ready()
    panel = page.locator(".bench-suggestions")
    expect(panel).to_contain_text("3 of 4 left to decide")  # the fourth lies below the slider
    bench.key("Enter")
    expect(page.locator(".bench-said")).to_contain_text("3 suggestions are left to decide")
    expect(panel).to_contain_text("car 90% - yolo")
    bench.key("x")
    expect(panel).to_contain_text("car 80% - yolo")  # the nearest one left
    bench.key("a")
    expect(panel).to_contain_text("1 of 4 left to decide")
    bench.key("Control+z", "Control+z")
    expect(panel).to_contain_text("3 of 4 left to decide")
    page.get_by_role("slider").fill("70")
    expect(panel).to_contain_text("2 of 4 left to decide")
    bench.key("Shift+a")
    assert serious(page) == []
    value = bench.saved(bench.save())
    assert [shape["id"] for shape in value["shapes"]] == ["s0", "s1"]


def test_validate_marks_images_and_shapes(open_bench: Callable[[str], Bench]) -> None:
    bench = open_bench("Crops")
    tab, page = bench.tab, bench.tab.page
    tasks = tab.server.client.post(f"/projects/{bench.slug}/claim", {"client": "another tab", "n": 2})["tasks"]
    tasks = [{**task, "prediction": suggested(), "blind": False} for task in tasks]
    sent: list[dict[str, Any]] = []

    def images(route: Route) -> None:
        left = [] if sent else tasks
        route.fulfill(json={"tasks": left, "total": len(left), "elsewhere": 0, "expected_wrong": None})

    def confirm(route: Route) -> None:
        sent.append(route.request.post_data_json)
        route.fulfill(json={"page": "p", "confirmed": 0, "relabeled": 0, "returned": 2, "left_out": 0})

    page.route("**/validate/images", images)
    page.route("**/validate/confirm", confirm)
    tab.go(f"/p/{bench.slug}/validate")
    expect(page.locator(".drawn-image")).to_have_count(2)
    page.locator(".drawn-image").first.click()
    page.screenshot(path=SCREENSHOTS / "validate-images.png")
    assert serious(page) == []
    page.get_by_role("button", name="Shapes, class by class").click()
    expect(page.locator(".crop")).to_have_count(8)
    page.get_by_role("checkbox", name=f"car on {tasks[1]['item']['name']}, wrong").first.click()
    expect(page.locator(".validate-bar p")).to_contain_text("0 images right of 2, with 8 shapes, 2 back to Annotate")
    page.screenshot(path=SCREENSHOTS / "validate-crops.png")
    assert serious(page) == []
    bench.key("Enter")
    expect(page.get_by_text("No image has every shape")).to_be_visible()
    assert sent[0]["wrong"] == [tasks[0]["id"]]
    assert sent[0]["wrong_shapes"] == {str(tasks[1]["id"]): ["s3"]}  # the least sure comes first


def test_classes_are_edited_in_the_form_and_as_text(open_bench: Callable[[str], Bench]) -> None:
    bench = open_bench("Schema")
    tab, page = bench.tab, bench.tab.page

    def classes() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = tab.server.client.get(f"/projects/{bench.slug}")["project"]["task_schema"]["classes"]
        return found

    tab.go(f"/p/{bench.slug}/settings")
    page.locator("details.edit-drawing > summary").first.click()
    form = page.locator("details.edit-drawing").first
    form.get_by_label("Polygons").click()
    expect(form.get_by_label("Polygons")).to_be_checked()
    form.get_by_role("button", name="Add an attribute").click()
    form.get_by_label("Name of attribute 5").fill("weather")
    form.get_by_label("Choices of weather").fill("sun")
    form.get_by_label("Choices of weather").blur()
    expect(form).to_contain_text("A choice needs two choices or more")
    form.get_by_label("Choices of weather").fill("sun, rain")
    form.get_by_label("Choices of weather").blur()
    form.get_by_label("Edges").fill("front - back")
    expect(form).to_contain_text("not an edge")
    form.get_by_label("Keypoints", exact=True).fill("front\nback")
    form.get_by_label("Keypoints", exact=True).blur()
    wait_for(lambda: True if classes()[0]["skeleton"] else None, "the skeleton", 30)
    car = classes()[0]
    assert car["shapes"] == ["polygon"]
    assert [one["name"] for one in car["attributes"]] == ["view", "seats", "plate", "cut off", "weather"]
    assert car["skeleton"] == {"nodes": ["front", "back"], "edges": [[0, 1]]}
    assert serious(page) == []

    page.get_by_text("As text: YAML or JSON").click()
    text = page.get_by_label("Schema", exact=True)
    expect(text).to_have_value(re.compile("name: weather"))
    before = text.input_value()
    text.fill(before.replace("kind: number", "kind: colour"))
    page.get_by_role("button", name="Save the schema").click()
    line = next(number for number, said in enumerate(before.split("\n"), 1) if "kind: number" in said)
    expect(page.get_by_text(re.compile(f"^Line {line}:"))).to_be_visible()
    tab.problems.clear()  # the console tells of the 422
    text.fill(before.replace("name: weather", "name: sky"))
    page.get_by_role("button", name="Save the schema").click()
    expect(page.locator(".save-mark")).to_contain_text("Saved")
    assert classes()[0]["attributes"][4]["name"] == "sky"


def test_every_size_and_look_is_accessible(open_bench: Callable[[str], Bench]) -> None:
    bench = open_bench("Looks")
    page = bench.tab.page
    SCREENSHOTS.mkdir(exist_ok=True)
    bench.key("1")
    bench.tool("Box")
    bench.pull((100, 100), (300, 250))
    bench.key("v", "Shift+l")
    look(bench.tab, "workbench", lambda: expect(page.locator(".look")).to_be_visible())
    bench.key("?")
    expect(page.get_by_role("heading", name="Suggestions").last).to_be_visible()
    assert serious(page) == []
    bench.key("Escape", "Control+k")
    page.get_by_role("combobox", name="Find an action").fill("eraser")
    assert serious(page) == []
    bench.key("Enter")
    expect(page.get_by_role("button", name="Eraser", exact=True)).to_have_attribute("aria-pressed", "true")
