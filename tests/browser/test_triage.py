"""The Triage page in a browser: every state of a batch, stacks by pointer and by keys, and a real batch from import to report."""

import json
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, expect
from playwright.sync_api import Route as Asked

from browser.looks import PICTURES_ARE_THERE, SCREENSHOTS, look, serious
from browser.tab import Served, Tab
from browser.test_certificates import certificate
from browser.test_certificates import view as certificates_view
from modicum.batch_views import (
    Alarm,
    BatchDetail,
    Batches,
    BatchReport,
    BatchView,
    ClassAccuracy,
    DriftPoint,
    Finding,
    Stack,
    StackReceipt,
)
from modicum.certificate_views import CertificateView
from modicum.demo import wait_for
from modicum.types import BatchState, CertificateState, Interval

OpenTab = Callable[[], Tab]
DAY = datetime(2026, 11, 16, 8, 12, tzinfo=UTC)


def share(mean: float, n: int) -> Interval:
    half = 1.96 * (mean * (1 - mean) / n) ** 0.5
    return Interval(mean=mean, low=max(0, mean - half), high=min(1, mean + half), n=n)


def batch(number: int, **changes: Any) -> BatchView:
    """A batch of 5,000 of a Monday, before its first question."""
    plain = BatchView(
        number=number,
        job=number,
        name=f"Week {40 + number}",
        source=f"/data/market/2026-w{40 + number}",
        created=DAY + timedelta(days=7 * number),
        state=BatchState.OPEN,
        items=5000,
        budget=275,
        new_classes=(),
        asked=0,
        found=0,
        saved=0,
        alarm=None,
        remaining=Interval(mean=214, low=120, high=330, n=5000),
        finished=False,
        message="",
    )
    return plain.model_copy(update=changes)


class World:
    """What the server says in these tests, on images that are there."""

    def __init__(self, items: list[int]) -> None:
        self.items = items
        self.alarm = Alarm(
            p=0.005,
            drift=True,
            findings=(
                Finding(
                    kind="new",
                    text="new kind of content, about 230 items",
                    class_id=None,
                    items=tuple(items[:9]),
                    count=Interval(mean=231, low=180, high=290, n=5000),
                ),
                Finding(
                    kind="more",
                    text="more of class 3 than usual: 18% instead of 10%",
                    class_id=3,
                    items=tuple(items[9:18]),
                    count=None,
                ),
                Finding(
                    kind="unsure", text="the model is less sure than usual", class_id=None, items=tuple(items[18:22]), count=None
                ),
            ),
        )
        self.same = Alarm(p=0.44, drift=False, findings=())
        self.older = (
            batch(3, state=BatchState.DONE, asked=62, found=0, saved=4938, finished=True, alarm=self.same, remaining=None),
            batch(2, state=BatchState.DONE, asked=118, found=96, saved=4712, finished=True, alarm=self.alarm, new_classes=(8,)),
            batch(1, state=BatchState.DONE, message="there was no model yet to compare it with"),
        )
        self.stacks = tuple(
            Stack(id=f"s{at}", items=tuple(items[at : at + n]), count=count, chance=chance, nearest=nearest, named=None)
            for at, (n, count, chance, nearest) in enumerate(
                [(24, 96, 0.97, 7), (18, 18, 0.91, 1), (9, 9, 0.88, None), (3, 3, 0.71, 4), (1, 1, 0.62, 9)]
            )
        )
        self.report = BatchReport(
            number=4,
            name="Week 44",
            source="/data/market/2026-w44",
            created=DAY + timedelta(days=28),
            finished=DAY + timedelta(days=28, hours=2),
            items=5000,
            asked=141,
            by_stack=187,
            saved=4660,
            found=246,
            new_classes=(8, 9),
            remaining=Interval(mean=4, low=0, high=11, n=4672),
            discarded=12,
            alarm=self.alarm,
            model_before=6,
            model_after=7,
            before=share(0.941, 812),
            after=share(0.945, 812),
            classes=(
                ClassAccuracy(class_id=8, new=True, before=None, after=share(0.93, 58)),
                ClassAccuracy(class_id=9, new=True, before=None, after=share(0.97, 31)),
                ClassAccuracy(class_id=0, new=False, before=share(0.97, 101), after=share(0.97, 101)),
                ClassAccuracy(class_id=3, new=False, before=share(0.91, 98), after=share(0.93, 98)),
                ClassAccuracy(class_id=5, new=False, before=share(0.90, 96), after=None),
            ),
            drift=(
                DriftPoint(number=1, name="Week 41", created=DAY, items=5000, p=None, drift=False, found=0),
                DriftPoint(number=2, name="Week 42", created=DAY, items=5000, p=0.01, drift=True, found=96),
                DriftPoint(number=3, name="Week 43", created=DAY, items=5000, p=0.44, drift=False, found=0),
                DriftPoint(number=4, name="Week 44", created=DAY, items=5000, p=0.005, drift=True, found=246),
            ),
            pending=False,
        )

    def states(self) -> dict[str, tuple[Batches, BatchDetail | None]]:
        return {
            "empty": (Batches(batches=()), None),
            "arriving": self.of(batch(4, state=BatchState.ARRIVING, items=1832, remaining=None)),
            "alarm": self.of(batch(4, alarm=self.alarm)),
            "stacks": self.of(self.asked(), self.stacks),
            "stop": self.of(
                self.asked(asked=141, found=246, remaining=Interval(mean=4, low=0, high=11, n=4672), finished=True),
                self.stacks[3:],
            ),
            "calm": self.of(
                batch(4, alarm=self.same, asked=40, saved=4960, finished=True, remaining=Interval(mean=0, low=0, high=3, n=4960))
            ),
            "done": self.of(
                batch(
                    4,
                    state=BatchState.DONE,
                    asked=141,
                    found=246,
                    saved=4660,
                    finished=True,
                    alarm=self.alarm,
                    new_classes=(8, 9),
                ),
                report=self.report,
            ),
        }

    def asked(self, **changes: Any) -> BatchView:
        now = batch(
            4,
            alarm=self.alarm,
            asked=41,
            found=218,
            saved=4612,
            remaining=Interval(mean=12, low=3, high=30, n=4900),
            new_classes=(8,),
        )
        return now.model_copy(update=changes)

    def of(
        self, newest: BatchView, stacks: tuple[Stack, ...] = (), report: BatchReport | None = None
    ) -> tuple[Batches, BatchDetail]:
        return Batches(batches=(newest, *self.older)), BatchDetail(batch=newest, stacks=stacks, report=report)


@pytest.fixture(scope="module")
def slug(server: Served) -> str:
    return server.new_project("Digits of every week")


@pytest.fixture(scope="module")
def world(server: Served, slug: str) -> World:
    claim = server.client.post(f"/projects/{slug}/claim", {"client": "triage-tests", "n": 50})
    return World([task["item"]["id"] for task in claim["tasks"]])


def tell(tab: Tab, slug: str, shown: tuple[Batches, BatchDetail | None]) -> list[tuple[str, Any]]:
    """The server's batches are these in this tab. What is sent about them comes back as (end of the path, body)."""
    sent: list[tuple[str, Any]] = []
    batches, detail = shown

    def answer(asked: Asked) -> None:
        request = asked.request
        end = request.url.partition("/batches")[2]
        if request.method == "GET":
            found = batches if end == "" else detail
            asked.fulfill(body=found.model_dump_json() if found else "{}", content_type="application/json")
            return
        sent.append((end, request.post_data_json))
        given = StackReceipt(page=f"page-{len(sent)}", class_id=None, labeled=96 - 2 * (len(sent) - 1), left_out=0)
        told = batches.batches[0] if end.endswith("/finish") else given
        asked.fulfill(body=told.model_dump_json(), content_type="application/json")

    tab.page.route(f"**/api/projects/{slug}/batches**", answer)
    tab.page.route(f"**/api/projects/{slug}/batches/**", answer)
    return sent


LANDMARKS = {
    "empty": "No batch yet",
    "arriving": "1,832 images so far",
    "alarm": "This batch differs from what is known",
    "stacks": "41 of 275 asked, about 12 new ones left (3 to 30)",
    "stop": "Further questions will hardly find anything new",
    "calm": "This batch looks like what is known",
    "done": "What came of it",
}


@pytest.mark.parametrize("name", LANDMARKS)
def test_every_state_fits_and_is_accessible(open_tab: OpenTab, slug: str, world: World, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    tab = open_tab()
    tell(tab, slug, world.states()[name])
    tab.go(f"/p/{slug}/triage")
    landmark = tab.page.locator("main").get_by_text(LANDMARKS[name]).first
    look(tab, f"triage-{name}", lambda: expect(landmark).to_be_visible(), tall=1500)


def test_a_batch_is_certified_from_its_report(open_tab: OpenTab, server: Served, slug: str, world: World) -> None:
    """What is asked for is a certificate of this batch alone; how it stands is told in the same place."""
    now = server.client.get(f"/projects/{slug}")["project"]["policy"]
    server.client.patch(f"/projects/{slug}", {"policy": {**now, "recognised": "auto"}})
    tab = open_tab()
    tell(tab, slug, world.states()["done"])
    shown: list[CertificateView] = []
    sent: list[Any] = []

    def answer(asked: Asked) -> None:
        if asked.request.method == "POST":
            sent.append(asked.request.post_data_json)
            shown.append(certificate(7, CertificateState.DRAWING, batch=4))
        told = certificates_view(*shown) if asked.request.method == "GET" else shown[-1]
        asked.fulfill(body=told.model_dump_json(), content_type="application/json")

    tab.page.route(f"**/api/projects/{slug}/certificates**", answer)
    tab.go(f"/p/{slug}/triage")
    tab.page.get_by_role("button", name="Certify: label 183 random images").press("Enter")
    section = tab.page.locator(".certify")
    expect(section).to_contain_text("Certificate 7, being measured: 34 of 190 random images answered.")
    assert sent == [{"calibration": None, "batch": 4, "method": "fixed"}]
    assert serious(tab.page) == []
    section.get_by_role("link", name="Label them on Annotate").click()
    expect(tab.page).to_have_url(re.compile(f"/p/{slug}/annotate"))
    server.client.patch(f"/projects/{slug}", {"policy": now})


@pytest.fixture
def stacks(open_tab: OpenTab, slug: str, world: World) -> tuple[Tab, list[tuple[str, Any]]]:
    """A tab at the stacks of a batch, and what it sends about them."""
    tab = open_tab()
    sent = tell(tab, slug, world.states()["stacks"])
    tab.go(f"/p/{slug}/triage")
    expect(card(tab, 1)).to_be_visible()
    return tab, sent


def card(tab: Tab, number: int) -> Locator:
    return tab.page.locator(".stack-card").nth(number - 1)


def arrived(tab: Tab, sent: list[tuple[str, Any]], n: int) -> None:
    for _ in range(100):
        if len(sent) >= n:
            return
        tab.page.wait_for_timeout(50)
    assert len(sent) >= n


def test_a_stack_is_opened_one_left_out_and_the_rest_named_by_pointer(
    stacks: tuple[Tab, list[tuple[str, Any]]], world: World
) -> None:
    tab, sent = stacks
    tab.page.get_by_role("button", name="Stack 1: open 96 similar images").click()
    tab.page.get_by_role("button", name="Image 3: leave out").click()
    expect(tab.page.get_by_role("button", name="Image 3: leave out")).to_have_attribute("aria-pressed", "true")
    expect(card(tab, 1).get_by_text("95 images, 1 left out")).to_be_visible()
    tab.page.get_by_role("textbox", name="Name of stack 1").or_(tab.page.get_by_role("combobox", name="Name of stack 1")).fill(
        "Mask"
    )
    tab.page.get_by_role("button", name="Label the 95 images of stack 1").click()
    arrived(tab, sent, 1)
    end, body = sent[0]
    assert end == "/4/stacks/s0/name"
    assert body["class_name"] == "Mask"
    assert body["leave_out"] == [world.items[2]]
    expect(tab.page.get_by_text("96 images labeled Mask.")).to_be_visible()


def test_keys_name_pass_and_take_back(stacks: tuple[Tab, list[tuple[str, Any]]], slug: str) -> None:
    tab, sent = stacks
    keyboard = tab.page.keyboard
    focused = tab.page.locator(".stack-card[data-focused]")
    keyboard.press("ArrowRight")
    expect(focused).to_have_attribute("data-stack", "s1")
    keyboard.press("Enter")
    expect(focused.locator("input")).to_be_focused()
    keyboard.type("3")
    keyboard.press("Enter")
    expect(focused).to_have_attribute("data-stack", "s2")
    keyboard.press("a")
    keyboard.press("Delete")
    arrived(tab, sent, 3)
    assert [end for end, _ in sent] == ["/4/stacks/s1/name", "/4/stacks/s2/known", "/4/stacks/s3/noise"]
    assert "class_name" not in sent[0][1], "3 is a class there already"
    retracted: list[Any] = []

    def retract(asked: Asked) -> None:
        retracted.append(asked.request.post_data_json["page"])
        asked.fulfill(body="[]", content_type="application/json")

    tab.page.route("**/validate/retract", retract)
    keyboard.press("Backspace")
    arrived(tab, retracted, 1)
    assert retracted == ["page-3"]
    keyboard.press("z")
    expect(tab.page.locator(".opened-grid [data-here]")).to_have_count(1)
    keyboard.press("x")
    expect(focused.get_by_text("1 left out")).to_be_visible()
    keyboard.press("?")
    expect(tab.page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert serious(tab.page) == []
    keyboard.press("Escape")
    keyboard.press("g")
    expect(tab.page).to_have_url(f"{tab.server.url}/p/{slug}/triage/4/ask")


def test_finishing_asks_first_while_stacks_have_no_name(stacks: tuple[Tab, list[tuple[str, Any]]]) -> None:
    tab, sent = stacks
    tab.page.get_by_role("button", name="Finish the batch").click()
    expect(tab.page.get_by_text("5 stacks have no name yet")).to_be_visible()
    tab.page.get_by_role("button", name="Go on", exact=True).click()
    assert sent == []
    tab.page.get_by_role("button", name="Finish the batch").click()
    tab.page.get_by_role("button", name="Finish all the same").click()
    arrived(tab, sent, 1)
    assert sent[0][0] == "/4/finish"


def test_the_timeline_leads_to_every_batch(open_tab: OpenTab, slug: str, world: World) -> None:
    tab = open_tab()
    tell(tab, slug, world.states()["stacks"])
    tab.go(f"/p/{slug}/triage")
    timeline = tab.page.get_by_role("navigation", name="Batches, newest first")
    expect(timeline.get_by_role("link")).to_have_count(4)
    expect(timeline.get_by_role("link").first).to_contain_text("Something is different: 5,000 images, 218 new")
    timeline.get_by_role("link", name="Week 42").click()
    expect(tab.page).to_have_url(f"{tab.server.url}/p/{slug}/triage/2")
    expect(tab.page.get_by_text("96 of 5,000 images were of a class that is new.")).to_be_visible()
    tab.go(f"/p/{slug}/triage/77")
    expect(tab.page.get_by_role("heading", name="There is no such batch")).to_be_visible()


def test_an_error_can_be_tried_again(open_tab: OpenTab, slug: str, world: World) -> None:
    tab = open_tab()
    problem = json.dumps({"error": "state", "message": "the vectors of this project are being moved"})
    tab.page.route(
        f"**/api/projects/{slug}/batches", lambda asked: asked.fulfill(status=409, body=problem, content_type="application/json")
    )
    tab.go(f"/p/{slug}/triage")
    expect(tab.page.get_by_role("alert")).to_contain_text("the vectors of this project are being moved")
    tell(tab, slug, world.states()["alarm"])  # goes before the route above: the server itself is never asked in between
    with suppress(PlaywrightError):  # it may have tried again by itself
        tab.page.get_by_role("button", name="Try again").click(timeout=2_000)
    expect(tab.page.get_by_role("heading", name="This batch differs from what is known")).to_be_visible()
    tab.problems[:] = [problem for problem in tab.problems if "409" not in problem]


NEW = "8"  # the digit nobody has seen before the batch


@pytest.fixture(scope="module")
def monday(server: Served, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A project that knows nine digits, into which a batch with the tenth has come."""
    known, batch = tmp_path_factory.mktemp("known"), tmp_path_factory.mktemp("week 1")
    others = [name for name, said in server.truth.items() if said != NEW]
    arriving = {*others[-60:], *(name for name, said in server.truth.items() if said == NEW)}
    for name, said in server.truth.items():
        if name not in arriving:
            (known / said).mkdir(exist_ok=True)
            shutil.copy(server.source / name, known / said)
    for name in sorted(arriving):
        shutil.copy(server.source / name, batch)
    made = server.client.post("/projects", {"name": "Digits of a Monday", "source": str(known), "labels_from_folders": True})
    slug: str = made["project"]["slug"]
    wait_for(lambda: server.client.get(f"/projects/{slug}")["round"], "the first model", 120)
    server.client.post(f"/projects/{slug}/import", {"source": str(batch), "batch": "Week 1"})

    def opened() -> bool | None:
        batches = server.client.get(f"/projects/{slug}/batches")["batches"]
        return bool(batches and batches[0]["state"] == "open") or None

    wait_for(opened, "the batch", 120)
    return slug


def test_a_batch_from_its_alarm_to_its_report(open_tab: OpenTab, server: Served, monday: str) -> None:
    tab = open_tab()
    page = tab.page

    def now() -> dict[str, Any]:
        detail: dict[str, Any] = server.client.get(f"/projects/{monday}/batches/1")
        return detail

    def until(what: str, there: Callable[[dict[str, Any]], bool]) -> None:
        wait_for(lambda: there(now()) or None, what, 60)

    tab.go(f"/p/{monday}/triage")
    expect(page.get_by_role("heading", name="This batch differs from what is known")).to_be_visible()
    page.get_by_role("link", name="Answer the first questions").click()
    added = False
    for asked in range(1, 10):
        said = page.locator("p[aria-live]").filter(has_text="No suggestion")
        expect(said).to_be_attached()
        name = (said.text_content() or "").split(". No suggestion")[0]
        page.wait_for_function(PICTURES_ARE_THERE)
        if server.truth[name] == NEW and not added:
            page.keyboard.press("+")
            page.get_by_label("New class").fill(NEW)
            page.keyboard.press("Enter")
            expect(page.get_by_role("button", name=NEW, exact=False).filter(has_text=NEW).first).to_be_visible()
            added = True
        if asked == 1:
            SCREENSHOTS.mkdir(exist_ok=True)
            page.screenshot(path=SCREENSHOTS / "triage-asking.png")
            assert serious(page) == []
        page.keyboard.press(server.truth[name])
        until(f"answer {asked}", lambda detail, n=asked: bool(detail["batch"]["asked"] >= n))
    assert added, "none of the first nine questions was about the new digit"
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Stacks of").click()
    stack = page.locator(".stack-card").first
    expect(stack).to_be_visible()
    found = now()["batch"]["found"]
    page.keyboard.press("Enter")
    field = stack.locator("input")
    expect(field).to_be_focused()
    field.fill(NEW)
    page.keyboard.press("Enter")
    until("the stack's labels", lambda detail: bool(detail["batch"]["found"] > found))
    page.keyboard.press("Backspace")
    until("the stack taken back", lambda detail: bool(detail["batch"]["found"] == found))
    expect(stack).to_be_visible()
    page.get_by_role("button", name="Finish the batch").click()
    page.get_by_role("button", name="Finish all the same").click()
    expect(page.get_by_role("heading", name="What came of it")).to_be_visible()
    expect(page.get_by_role("row", name=NEW).first).to_be_visible()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Report as a page").click()
    expect(opened.value.get_by_text("Week 1").first).to_be_visible()
