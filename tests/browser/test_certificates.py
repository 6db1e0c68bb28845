"""Auto-labels in a browser: the picture and its point, every state of a certificate, and the settings of the wish."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route as Asked
from playwright.sync_api import TimeoutError, expect

from browser.looks import SCREENSHOTS, SIZES, look, overflow, serious
from browser.tab import Served, Tab
from modicum.certificate_views import Certificates, CertificateView, CoveragePoint, Drawn, SoFar
from modicum.demo import Oracle
from modicum.types import CertificateState, Interval, Route

OpenTab = Callable[[], Tab]
ALL = 5000
DAY = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


def point(coverage: float, wrong: float) -> CoveragePoint:
    n = round(900 * coverage)
    half = 1.96 * (max(wrong, 0.004) / n) ** 0.5
    error = Interval(mean=wrong, low=max(0, wrong - half), high=wrong + half, n=n)
    return CoveragePoint(confidence=1 - coverage * 0.6, coverage=coverage, items=round(ALL * coverage), error=error)


CURVE = tuple(point(share / 50, 0.001 + 0.07 * (share / 50) ** 6) for share in range(5, 51))
OPERATING = next(one for one in CURVE if one.coverage == 0.84)


def certificate(number: int, state: CertificateState, **changes: Any) -> CertificateView:
    drawing = state == CertificateState.DRAWING
    plain = CertificateView(
        id=number,
        number=number,
        state=state,
        route=Route.AUTO,
        certified=True,
        guarantee="among",
        error=0.02,
        confidence=0.95,
        statement="" if drawing else "With 95% confidence at most 2% of the 4,213 labels of certificate 3 are wrong.",
        reason="",
        round=6,
        population=ALL,
        batch=None,
        threshold=None if drawing else 0.81,
        covered=0 if drawing else 4213,
        standing=4187 if state == CertificateState.ISSUED else 0,
        calibration=Drawn(planned=190, answered=34 if drawing else 190, wrong=0 if drawing else 1),
        audit=Drawn(planned=0 if drawing else 84, answered=0 if drawing else 51, wrong=0 if drawing else 2),
        evidence=0 if drawing else 0.31,
        quarantined=False,
        created=DAY,
        decided=None if drawing else DAY,
        ended=DAY if state in (CertificateState.REVOKED, CertificateState.WITHDRAWN) else None,
        method="fixed",
        sofar=None,
    )
    return plain.model_copy(update=changes)


ISSUED = certificate(3, CertificateState.ISSUED)
REVOKED = certificate(
    2,
    CertificateState.REVOKED,
    reason="Certificate revoked: 9 of 60 audited auto-labels were wrong; at most 2% may be.",
)
REFUSED = certificate(
    1, CertificateState.REFUSED, covered=0, threshold=None, reason="7 of 190 random items were wrong; about 420 more are needed"
)

PROVEN = "With 95% certainty at most 2% of 2,611 auto-labels are wrong: people gave 71 of them, the model 2,540."
SOFAR = SoFar(labels=97, covered=2611, said=PROVEN, evidence=0.62)
ANYTIME = certificate(4, CertificateState.DRAWING, method="anytime", sofar=SOFAR)


def view(*certificates: CertificateView, **changes: Any) -> Certificates:
    plain = Certificates(certificates=certificates, curve=CURVE, operating=OPERATING, needed=183, possible=True, hint="")
    return plain.model_copy(update=changes)


STATES = {
    "unmeasured": view(
        curve=(), operating=None, needed=None, possible=False, hint="label 20 held-out images first: they come up in the queue"
    ),
    "ready": view(),
    "drawing": view(certificate(4, CertificateState.DRAWING), REFUSED),
    "anytime": view(ANYTIME, REFUSED),
    "issued": view(ISSUED, REVOKED, REFUSED, certificate(5, CertificateState.WITHDRAWN, reason="withdrawn by Ada")),
    "doubtful": view(
        certificate(6, CertificateState.ISSUED, certified=False, statement=""),
        certificate(4, CertificateState.ISSUED, quarantined=True),
    ),
}


@pytest.fixture(scope="module")
def slug(server: Served) -> str:
    made = server.new_project("Digits that label themselves")
    oracle = Oracle(server.client, made, server.truth)
    oracle.label(40, pause=20)
    oracle.settle()
    return made


def policy(server: Served, slug: str, **changes: Any) -> dict[str, Any]:
    """The project's policy, after these changes of it."""
    now: dict[str, Any] = server.client.get(f"/projects/{slug}")["project"]["policy"]
    if changes:
        now |= changes
        server.client.patch(f"/projects/{slug}", {"policy": now})
    return now


@pytest.fixture
def auto(server: Served, slug: str) -> str:
    """The project, set to auto-label what is certified."""
    policy(server, slug, recognised="auto", auto_error=0.02, auto_threshold=None)
    return slug


def tell(tab: Tab, slug: str, shown: Certificates) -> list[tuple[str, str]]:
    """The server's certificates are these in this tab. What is sent about them comes back as (method, end of the path)."""
    sent: list[tuple[str, str]] = []

    def answer(asked: Asked) -> None:
        request = asked.request
        end = request.url.partition("/certificates")[2]
        if request.method == "GET":
            asked.fulfill(body=shown.model_dump_json(), content_type="application/json")
        else:
            sent.append((request.method, end))
            asked.fulfill(body=ISSUED.model_dump_json(), content_type="application/json")

    tab.page.route(f"**/api/projects/{slug}/certificates**", answer)
    for end in ("withdraw", "issue"):
        tab.page.route(f"**/api/projects/{slug}/certificates/*/{end}", answer)
    return sent


@pytest.mark.parametrize("name", STATES)
def test_every_state_fits_and_is_accessible(open_tab: OpenTab, auto: str, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    tab = open_tab()
    tell(tab, auto, STATES[name])
    tab.go(f"/p/{auto}/certificates")
    seen(tab, f"certificates-{name}")


def seen(tab: Tab, name: str) -> None:
    def ready() -> None:
        expect(tab.page.get_by_role("heading", name="The wish")).to_be_visible()
        if tab.page.get_by_role("slider").count():
            expect(tab.page.locator(".plot canvas")).to_be_visible()
        tab.page.wait_for_timeout(200)

    look(tab, name, ready, tall=1600)


def test_off_explains_and_leads_to_settings(open_tab: OpenTab, server: Served, slug: str) -> None:
    policy(server, slug, recognised="off", auto_threshold=None)
    tab = open_tab()
    tell(tab, slug, STATES["ready"])
    tab.go(f"/p/{slug}/certificates")
    expect(tab.page.get_by_text("A certificate is a promise with a number on it")).to_be_visible()
    expect(tab.page.get_by_role("button", name="Start")).to_be_disabled()
    seen(tab, "certificates-off")
    tab.page.get_by_role("link", name="Choose what becomes of recognised images").click()
    expect(tab.page.get_by_role("heading", name="What becomes of what")).to_be_in_viewport()


def test_the_point_moves_and_its_wish_can_be_used(open_tab: OpenTab, server: Served, auto: str) -> None:
    tab = open_tab()
    tell(tab, auto, STATES["ready"])
    tab.go(f"/p/{auto}/certificates")
    slider = tab.page.get_by_role("slider")
    said = "Auto-labels 4,200 of 5,000 unlabeled images (84%)"
    expect(slider).to_have_attribute("aria-valuenow", "84")
    expect(tab.page.locator(".point-said")).to_contain_text(said)
    expect(tab.page.locator(".point-said")).to_contain_text("at most 2% wrong takes about 180 random labels, about")
    slider.press("PageUp")
    expect(slider).to_have_attribute("aria-valuenow", "100")
    use = tab.page.get_by_role("button", name="in Settings")
    wished = float((use.text_content() or "").split()[1].rstrip("%")) / 100
    assert wished > 0.071
    use.click()
    expect(tab.page.get_by_text(f"at most {wished:.0%} wrong among the auto-labels")).to_be_visible()
    assert policy(server, auto)["auto_error"] == pytest.approx(wished)
    expect(tab.page.locator(".point-said")).to_contain_text(said)
    expect(tab.page.locator(".plot canvas")).to_be_visible()
    box = tab.page.locator(".plot .u-over").bounding_box()
    assert box is not None
    tab.page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 40)
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60, steps=4)
    tab.page.mouse.up()
    expect(slider).to_have_attribute("aria-valuenow", "50")
    tab.page.get_by_role("button", name="Back to where the wish leads").click()
    expect(tab.page.locator(".point-said")).to_contain_text(said)


def test_start_draws_and_a_certificate_that_is_measured_comes_first(open_tab: OpenTab, auto: str) -> None:
    tab = open_tab()
    sent = tell(tab, auto, STATES["ready"])
    tab.go(f"/p/{auto}/certificates")
    tab.page.get_by_role("button", name="Start: label 183 random images").click()
    expect(tab.page.get_by_role("button", name="Start: label 183 random images")).to_be_enabled()
    assert sent == [("POST", "")]
    tab.page.unroute_all()
    tell(tab, auto, STATES["drawing"])
    tab.page.reload()
    expect(tab.page.get_by_role("button", name="Start")).to_be_disabled()
    expect(tab.page.get_by_text("Certificate 4 is being measured.")).to_be_visible()
    expect(tab.page.get_by_text("34 of 190 random images answered.")).to_be_visible()
    tab.page.get_by_role("link", name="Label them on Annotate").click()
    expect(tab.page).to_have_url(re.compile(rf"/p/{auto}/annotate(/\d+)?$"))


def test_one_that_may_be_looked_at_any_time_is_asked_for_and_issued_as_it_stands(open_tab: OpenTab, auto: str) -> None:
    tab = open_tab()
    asked: list[Any] = []
    tab.page.on("request", lambda one: asked.append(one.post_data_json) if one.method == "POST" else None)
    tell(tab, auto, STATES["ready"])
    tab.go(f"/p/{auto}/certificates")
    choice = tab.page.get_by_role("group", name="It is decided")
    expect(choice.get_by_role("radio", name="When the last one is labeled")).to_be_checked()
    choice.get_by_role("radio", name="When the last one is labeled").press("ArrowDown")
    expect(choice.get_by_role("radio", name="When you like")).to_be_checked()
    tab.page.get_by_role("button", name="Start: label 183 random images").click()
    expect(tab.page.get_by_role("button", name="Start: label 183 random images")).to_be_enabled()
    assert asked[-1] == {"calibration": None, "batch": None, "method": "anytime"}
    tab.page.unroute_all()
    sent = tell(tab, auto, STATES["anytime"])
    tab.page.reload()
    expect(tab.page.get_by_role("status").filter(has_text="So far 2,611 of 5,000 images are covered.")).to_contain_text(PROVEN)
    tab.page.get_by_role("button", name="Issue it for 2,611 images").click()
    expect(tab.page.get_by_role("button", name="Issue it for 2,611 images")).to_be_enabled()
    assert sent == [("POST", "/4/issue")]


def test_withdrawing_asks_first(open_tab: OpenTab, auto: str) -> None:
    tab = open_tab()
    sent = tell(tab, auto, STATES["issued"])
    tab.go(f"/p/{auto}/certificates")
    ask = tab.page.get_by_role("button", name="Withdraw certificate 3")
    ask.click()
    expect(tab.page.get_by_text("4,187 auto-labels go back to Validate")).to_be_visible()
    expect(tab.page.get_by_role("button", name="Keep it")).to_be_focused()
    tab.page.get_by_role("button", name="Keep it").click()
    assert sent == []
    ask.click()
    ask.click()
    expect(tab.page.get_by_text("4,187 auto-labels go back to Validate")).to_be_hidden()
    assert sent == [("POST", "/3/withdraw")]


def test_facts_are_handed_over_to_the_last_digit(open_tab: OpenTab, auto: str) -> None:
    facts = json.dumps({"seed": 12345678901234567890, "delta": 0.05, "clean": 1.0})
    tab = open_tab()
    tell(tab, auto, STATES["issued"])
    tab.page.route("**/certificates/3/facts", lambda asked: asked.fulfill(body=facts, content_type="application/json"))
    tab.go(f"/p/{auto}/certificates")
    row = tab.page.get_by_role("article", name="Certificate 3")
    expect(row.get_by_text(f"modicum verify {auto}-certificate-3.json")).to_be_visible()
    with tab.page.expect_download() as waiting:
        row.get_by_role("button", name="Download facts").click()
    assert waiting.value.suggested_filename == f"{auto}-certificate-3.json"
    assert Path(waiting.value.path()).read_text() == facts


def test_an_export_brings_its_certificates_along(open_tab: OpenTab, auto: str) -> None:
    tab = open_tab()
    tell(tab, auto, STATES["issued"])
    tab.go(f"/p/{auto}/export")
    beside = tab.page.get_by_role("checkbox", name="Put the certificates beside the labels")
    expect(beside).to_be_checked()
    expect(tab.page.get_by_text("modicum verify labels.csv")).to_be_visible()
    assert serious(tab.page) == []
    tab.page.set_viewport_size({"width": 768, "height": 1600})
    expect(tab.page.get_by_role("button", name="more pages")).to_be_visible()
    assert overflow(tab) <= 0
    tab.page.screenshot(path=SCREENSHOTS / "export-certificates.png")
    for named in (f"{auto}-labels.zip", f"{auto}-labels.csv"):
        with tab.page.expect_download() as waiting:
            tab.page.get_by_role("button", name="Download CSV").click()
        assert waiting.value.suggested_filename == named
        beside.set_checked(False)


def test_who_works_elsewhere_learns_that_a_certificate_fell(open_tab: OpenTab, auto: str) -> None:
    """The notice comes with the project, stands on every page but the certificates' own, and can be put away."""
    tab = open_tab()
    reason = "Certificate revoked: 9 of 60 audited auto-labels were wrong; at most 2% may be."
    fallen = {"number": 2, "route": "auto", "reason": reason, "ended": DAY.isoformat()}

    def answer(asked: Asked) -> None:
        told = asked.fetch()
        asked.fulfill(response=told, json={**told.json(), "fallen": fallen})

    tell(tab, auto, view(REVOKED))
    tab.page.route(f"**/api/projects/{auto}", answer)
    note = tab.page.locator(".fallen-note")
    for page in ("annotate", "validate", "progress"):
        tab.go(f"/p/{auto}/{page}")
        expect(note).to_contain_text("Certificate 2 was revoked. 9 of 60 audited auto-labels were wrong")
    for scheme, (width, height) in zip(("light", "dark"), SIZES, strict=True):
        tab.page.emulate_media(color_scheme=scheme)
        tab.page.set_viewport_size({"width": width, "height": height})
        expect(tab.page.get_by_role("button", name="more pages")).to_be_visible(visible=width < 1000)
        assert overflow(tab) <= 0
        assert serious(tab.page) == []
        tab.page.screenshot(path=SCREENSHOTS / f"fallen-{scheme}-{width}.png")
    note.get_by_role("link", name="See the certificate").click()
    expect(tab.page.get_by_role("article", name="Certificate 2")).to_contain_text("at most 2% may be")
    expect(note).to_be_hidden()
    tab.go(f"/p/{auto}/annotate")
    note.get_by_role("button", name="Put away").press("Enter")
    expect(tab.page.locator("#main")).to_be_focused()
    tab.page.reload()
    expect(tab.page.locator(".stage, .facts").first).to_be_visible()
    expect(note).to_be_hidden()


def test_an_error_can_be_tried_again(open_tab: OpenTab, auto: str) -> None:
    tab = open_tab()
    problem = json.dumps({"error": "state", "message": "the model of round 6 is gone; train again"})
    tab.page.route(
        f"**/api/projects/{auto}/certificates",
        lambda asked: asked.fulfill(status=409, body=problem, content_type="application/json"),
    )
    tab.go(f"/p/{auto}/certificates")
    expect(tab.page.get_by_role("alert")).to_contain_text("the model of round 6 is gone")
    tell(tab, auto, STATES["ready"])  # goes before the route above: the server itself is never asked in between
    again, slider = tab.page.get_by_role("button", name="Try again"), tab.page.get_by_role("slider")
    expect(again.or_(slider).first).to_be_visible()
    with suppress(TimeoutError):  # news from the server may have tried again before
        again.click(timeout=3_000)
    expect(slider).to_be_visible()
    forgive(tab, "409")


def forgive(tab: Tab, status: str) -> None:
    """The browser's console speaks of every refused call; this one was expected."""
    tab.problems[:] = [problem for problem in tab.problems if status not in problem]


def test_settings_hold_the_wish_and_the_costs(open_tab: OpenTab, server: Served, slug: str) -> None:
    policy(server, slug, recognised="off", auto_error=0.02, auto_threshold=None)
    tab = open_tab()
    tab.go(f"/p/{slug}/settings")
    page = tab.page
    page.get_by_role("radio", name="Auto-label").click()
    expect(page.get_by_role("radio", name="Auto-label")).to_be_checked()
    page.get_by_label("Share of labels that may be wrong").fill("1")
    page.get_by_label("Of what", exact=True).select_option("of the whole pool")
    page.get_by_label("A raw confidence instead of a certificate").fill("90")
    expect(page.get_by_text("Images from 90% confidence on are taken without proof")).to_be_visible()
    page.get_by_label("How sure").fill("100")
    expect(page.get_by_text("“100” does not fit: type a number from 50 to 99.99.")).to_be_visible()
    page.get_by_label("How sure").fill("90")
    page.get_by_label("Budget in money").fill("200")
    expect(page.get_by_role("alert").filter(has_text="rate_per_hour")).to_be_visible()
    page.get_by_label("An hour of labeling").fill("24")
    page.get_by_label("An hour of labeling").blur()
    expect(page.locator("#main").get_by_text("Saved", exact=True)).to_be_visible()
    page.get_by_label("Budget in money").fill("250")
    page.get_by_label("Budget in money").blur()
    expect(page.get_by_role("button", name="Undo: budget in money")).to_be_visible()
    saved = policy(server, slug)
    assert [saved[name] for name in ("recognised", "guarantee", "auto_error", "auto_confidence", "auto_threshold")] == [
        "auto",
        "whole",
        0.01,
        0.9,
        0.9,
    ]
    assert (saved["rate_per_hour"], saved["budget_money"]) == (24, 250)
    assert serious(page) == []
    page.screenshot(path=SCREENSHOTS / "settings-wish.png", full_page=True)
    forgive(tab, "422")
    policy(server, slug, budget_money=None, auto_threshold=None, guarantee="among")
