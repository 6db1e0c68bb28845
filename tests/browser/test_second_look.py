"""The second look in the browser: wrong labels are shown with what contradicts them, one key decides, one key takes back."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from browser.looks import PICTURES_ARE_THERE, look, serious
from browser.tab import Served, Tab
from modicum.demo import Oracle, wait_for

OpenTab = Callable[[], Tab]


def contradicted(server: Served, slug: str) -> list[dict[str, Any]]:
    """The list, once the hunt after the newest round is through."""

    def hunted() -> list[dict[str, Any]] | None:
        page = server.client.get(f"/projects/{slug}/suspects")
        rows: list[dict[str, Any]] = page["rows"]
        return None if page["checking"] else rows

    found: list[dict[str, Any]] = wait_for(hunted, "the hunt", 120)
    return found


@pytest.fixture(scope="module")
def slug(server: Served) -> str:
    """A project where about one label in eleven is wrong, labeled until the model contradicts four: which items are asked, and so
    how many of the wrong ones stand out, depends on when the rounds end."""
    made = server.new_project("Digits with errors")
    wrong = {
        name: str((int(said) + 3) % 10) if number % 11 == 5 else said for number, (name, said) in enumerate(server.truth.items())
    }
    oracle = Oracle(server.client, made, wrong)
    for labels in range(100, 201, 25):
        oracle.label(labels, pause=25)
        oracle.settle()
        if len(contradicted(server, made)) >= 4:
            return made
    raise AssertionError("the model contradicted fewer than 4 of about 45 wrong labels")


def label_of(server: Served, slug: str, item_id: int) -> int:
    class_id: int = server.client.get(f"/projects/{slug}/items/{item_id}")["label"]["value"]["class_id"]
    return class_id


def saved(tab: Tab, server: Served, slug: str, item_id: int, class_id: int) -> None:
    def there() -> bool | None:
        return label_of(server, slug, item_id) == class_id or None

    wait_for(there, f"the label {class_id} of item {item_id}")


def test_the_page_fits_and_is_accessible(open_tab: OpenTab, slug: str) -> None:
    tab = open_tab()
    tab.go(f"/p/{slug}/review")
    look(tab, "review", lambda: expect(tab.page.get_by_text("The model says")).to_be_visible())


def test_before_there_are_labels_it_says_why(open_tab: OpenTab, server: Served) -> None:
    empty = server.new_project("Nothing labeled")
    tab = open_tab()
    tab.go(f"/p/{empty}/review")
    expect(tab.page.get_by_role("heading", name="Too early to doubt a label")).to_be_visible()
    expect(tab.page.get_by_text("There is no model yet")).to_be_visible()
    assert serious(tab.page) == []


def test_keys_change_keep_and_take_back(open_tab: OpenTab, server: Served, slug: str) -> None:
    first, second, third = contradicted(server, slug)[:3]
    tab = open_tab()
    tab.go(f"/p/{slug}/progress")
    tab.page.get_by_text("contradicted by the model").click()
    stage = tab.page.locator(".review-stage img")
    expect(stage).to_have_attribute("alt", first["item"]["name"])
    expect(tab.page.get_by_text("most similar labeled images are")).to_be_visible()

    def press(key: str) -> None:
        tab.page.wait_for_function(PICTURES_ARE_THERE)
        tab.page.keyboard.press(key)

    press("a")
    expect(stage).to_have_attribute("alt", second["item"]["name"])
    saved(tab, server, slug, first["item"]["id"], first["prediction"]["value"]["class_id"])
    press("Backspace")
    expect(stage).to_have_attribute("alt", first["item"]["name"])
    saved(tab, server, slug, first["item"]["id"], first["label"]["value"]["class_id"])
    press("a")
    saved(tab, server, slug, first["item"]["id"], first["prediction"]["value"]["class_id"])
    press("ArrowRight")
    expect(stage).to_have_attribute("alt", third["item"]["name"])
    press("ArrowLeft")
    press("Enter")
    expect(tab.page.get_by_text("1 kept, 1 changed")).to_be_visible()
    other = (third["label"]["value"]["class_id"] + 5) % 10
    press(str(other))
    saved(tab, server, slug, third["item"]["id"], other)
    expect(tab.page.get_by_text("1 kept, 2 changed")).to_be_visible()
    assert label_of(server, slug, second["item"]["id"]) == second["label"]["value"]["class_id"]

    # what was looked at is not listed again, here or after a reload
    decided = {row["item"]["id"] for row in (first, second, third)}
    assert not decided & {row["item"]["id"] for row in contradicted(server, slug)}
    tab.page.reload()
    expect(stage).to_be_visible()

    def listed() -> set[str]:
        labels = tab.page.locator(".review-film button").evaluate_all("all => all.map(one => one.ariaLabel)")
        return {label.rpartition(",")[0] for label in labels}

    assert not listed() & {row["item"]["name"] for row in (first, second, third)}
    # a new model may list others meanwhile: the page follows
    wait_for(lambda: listed() == {row["item"]["name"] for row in contradicted(server, slug)} or None, "the same list")
