"""First light, as a person sees it: label by keyboard, watch the model learn, validate a grid, undo, export; lose nothing."""

import csv
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, expect

from browser.tab import Tab
from modicum.demo import Oracle

OpenTab = Callable[[], Tab]


def fact(tab: Tab, title: str) -> Locator:
    """What the panel of the Annotate page says of the image, such as its file."""
    return tab.page.locator(".facts > div").filter(has=tab.page.locator("dt", has_text=re.compile(f"^{title}$"))).locator("dd")


def label(tab: Tab, n: int) -> None:
    """Press the right key for n images, one after the other."""
    for _ in range(n):
        expect(tab.page.locator(".layer[data-front][data-drawn]")).to_be_visible()  # nobody labels what is not shown
        name = fact(tab, "File").inner_text()
        tab.page.keyboard.press(tab.server.truth[name])  # a class named like a key has this key
        expect(fact(tab, "File")).not_to_have_text(name)


def decisions(tab: Tab, state: str = "saved") -> Locator:
    return tab.page.locator(f".strip-frame[data-state={state}]")


def test_label_learn_validate_undo_export(open_tab: OpenTab) -> None:
    tab = open_tab()
    page = tab.page
    slug = tab.server.new_project("First light")
    page.reload()
    page.get_by_role("link", name="First light").first.click()
    page.get_by_role("link", name="Annotate").click()

    # ten images by keyboard
    label(tab, 10)
    expect(decisions(tab)).to_have_count(10)
    assert tab.server.human_labels(slug) == 10

    # a model has learned from them, and the next one is another
    model = fact(tab, "Model")
    expect(model).to_have_text(re.compile(r"^\d+"))
    first = re.match(r"\d+", model.inner_text())
    assert first is not None
    label(tab, 10)
    expect(model).to_have_text(re.compile(rf"^(?!{first[0]}\b)\d+"))

    # its suggestion is shown with confidence and version, and Enter accepts it
    suggestion = page.locator(".suggestion[data-kind=suggested]")
    for _ in range(20):
        if suggestion.is_visible():
            break
        label(tab, 1)
    expect(suggestion).to_contain_text(re.compile(r"\d+%.*model \d+"))
    before = fact(tab, "File").inner_text()
    suggested = suggestion.locator(".suggestion-name").inner_text()
    page.keyboard.press("Enter")
    expect(fact(tab, "File")).not_to_have_text(before)
    expect(decisions(tab).first).to_have_attribute("aria-label", re.compile(f"^{suggested}, {before}"))

    # Backspace takes it back: the same image, and one label less
    labels = tab.server.human_labels(slug)
    page.keyboard.press("Backspace")
    expect(fact(tab, "File")).to_have_text(before)
    tab.wait_for_labels(slug, labels - 1)

    # the rest of the way to a model that is sure of something is not for the keyboard
    Oracle(tab.server.client, slug, tab.server.truth).label(labels + 60, pause=20)
    page.get_by_role("link", name="Validate").click()
    cells = page.locator(".grid-sheet").get_by_role("option")
    expect(cells.first).to_be_visible()

    # one wrong one is marked by keyboard, Enter confirms the others; one key takes the whole page back
    labels = tab.server.human_labels(slug)
    bar = page.locator(".validate-bar p")
    expect(bar).to_contain_text("right")
    shown = int(bar.inner_text().split()[0])
    page.keyboard.press("x")
    expect(page.locator("[data-mark=wrong]")).to_have_count(1)
    page.keyboard.press("Enter")
    tab.wait_for_labels(slug, labels + shown - 1)
    page.keyboard.press("Backspace")
    tab.wait_for_labels(slug, labels)
    expect(page.locator("[data-mark=wrong]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("[data-mark=wrong]")).to_have_count(0)
    page.keyboard.press("Enter")
    tab.wait_for_labels(slug, labels + shown)

    # everything is in the export, with its provenance
    page.get_by_role("link", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("^Download CSV")).click()
    with Path(download.value.path()).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == labels + shown
    assert {row["origin"] for row in rows} == {"human"}
    typed = [row for row in rows if row["annotator"]]
    assert len(typed) == len(rows)
    right = sum(row["label"] == tab.server.truth[row["name"]] for row in rows)
    assert right >= len(rows) - shown  # a page confirmed unseen may hold the model's errors


def test_decisions_made_offline_arrive_later(open_tab: OpenTab) -> None:
    tab = open_tab()
    slug = tab.server.new_project("Offline")
    tab.go(f"/p/{slug}/annotate")
    label(tab, 2)
    tab.wait_for_labels(slug, 2)
    with tab.offline():
        label(tab, 2)
        expect(decisions(tab, "waiting")).to_have_count(2)
        assert tab.server.human_labels(slug) == 2
    expect(decisions(tab)).to_have_count(4)
    tab.wait_for_labels(slug, 4)


def test_reload_in_the_middle_loses_nothing(open_tab: OpenTab) -> None:
    tab = open_tab()
    slug = tab.server.new_project("Reload")
    tab.go(f"/p/{slug}/annotate")
    label(tab, 3)
    expect(decisions(tab)).to_have_count(3)
    with tab.offline():
        label(tab, 1)  # has not left the browser yet
        expect(decisions(tab, "waiting")).to_have_count(1)
        name = fact(tab, "File").inner_text()
    tab.page.reload()
    expect(fact(tab, "File")).to_have_text(name)
    expect(tab.page.locator(".strip-frame")).to_have_count(4)
    tab.wait_for_labels(slug, 4)
