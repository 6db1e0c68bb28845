"""The bar on top: every page can be reached in a wide and in a narrow window, by pointer and by keys."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.looks import SCREENSHOTS, SIZES, overflow, serious
from browser.tab import Served, Tab

OpenTab = Callable[[], Tab]
PAGES = {
    "annotate": "Annotate",
    "validate": "Validate",
    "triage": "Triage",
    "review": "Second look",
    "progress": "Progress",
    "certificates": "Auto-labels",
    "bill": "Bill",
    "import": "Import",
    "export": "Export",
    "settings": "Settings",
    "mine": "You",
}
CUT_OFF = "() => { const bar = document.querySelector('.bar'); return bar.scrollWidth - bar.clientWidth; }"


@pytest.fixture(scope="module")
def slug(server: Served) -> str:
    """A project whose name takes more room than there is."""
    return server.new_project("Digits that somebody gave a name as long as this one")


def go_to(tab: Tab, label: str) -> None:
    """The page's tab, or its entry in the menu."""
    link = tab.page.locator(".bar").get_by_role("link", name=label, exact=True)
    more = tab.page.locator(".bar").get_by_role("button", name="more pages")
    expect(link.or_(more).first).to_be_visible()
    if not link.count():
        more.click()
        link = tab.page.get_by_role("menuitem", name=label, exact=True)
    expect(link).to_be_in_viewport(ratio=1)
    link.click()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_page_is_reached_without_scrolling_sideways(open_tab: OpenTab, slug: str, width: int, height: int) -> None:
    tab = open_tab()
    tab.page.set_viewport_size({"width": width, "height": height})
    tab.go(f"/p/{slug}/export")
    for path, label in reversed(PAGES.items()):
        go_to(tab, label)
        # Annotate adds the item on stage to its address as soon as it has one
        expect(tab.page).to_have_url(re.compile(rf"{re.escape(tab.server.url)}/p/{slug}/{path}(/\d+)?$"))
        here = tab.page.locator(".bar [aria-current=page]")
        expect(here).to_contain_text(label)
        expect(here).to_be_in_viewport(ratio=1)
        assert overflow(tab) <= 0
        assert tab.page.evaluate(CUT_OFF) <= 0


def test_the_menu_of_a_narrow_window_works_by_keys(open_tab: OpenTab, slug: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    tab = open_tab()
    tab.page.set_viewport_size({"width": 768, "height": 1024})
    tab.go(f"/p/{slug}/settings")
    button = tab.page.get_by_role("button", name="Settings (more pages)")
    button.press("Enter")
    here = tab.page.get_by_role("menuitem", name="Settings")
    expect(here).to_have_attribute("aria-current", "page")
    for look in ("light", "dark"):
        tab.page.emulate_media(color_scheme=look)
        tab.page.screenshot(path=SCREENSHOTS / f"menu-{look}.png")
        assert serious(tab.page) == []
    tab.page.keyboard.press("Escape")
    expect(here).to_be_hidden()
    expect(button).to_be_focused()
    button.press("ArrowDown")
    expect(tab.page.get_by_role("menuitem").first).to_be_focused()
    tab.page.keyboard.type("bi")
    expect(tab.page.get_by_role("menuitem", name="Bill")).to_be_focused()
    tab.page.keyboard.press("Enter")
    expect(tab.page).to_have_url(f"{tab.server.url}/p/{slug}/bill")
    expect(tab.page.locator("#main")).to_be_focused()
    expect(tab.page.get_by_role("button", name="Bill (more pages)")).to_be_visible()
