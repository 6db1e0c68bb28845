"""Every page, light and dark, wide and narrow: a screenshot for people to look at, and axe's opinion."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from browser.tab import Served, Tab
from modicum.demo import Oracle

OpenTab = Callable[..., Tab]
PAGES = {
    "projects": "/",
    "annotate": "/p/{slug}/annotate",
    "validate": "/p/{slug}/validate",
    "progress": "/p/{slug}/progress",
    "export": "/p/{slug}/export",
    "settings": "/p/{slug}/settings",
    "import": "/p/{slug}/import",
}
SCREENSHOTS = Path(__file__).parent / "screenshots"
SIZES = ((1280, 800), (768, 1024))


@pytest.fixture(scope="module")
def slug(server: Served) -> str:
    """A project half way: 80 labels, some rounds, something to validate."""
    made = server.new_project("Digits half way")
    oracle = Oracle(server.client, made, server.truth)
    oracle.label(80)
    oracle.settle()
    return made


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible_and_photographed(open_tab: OpenTab, slug: str, name: str, dark: bool) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    for width, height in SIZES:
        tab = open_tab(width=width, height=height, dark=dark)
        tab.go(PAGES[name].format(slug=slug))
        settled(tab)
        tab.page.screenshot(path=SCREENSHOTS / f"{name}-{'dark' if dark else 'light'}-{width}.png", full_page=True)
        assert overflow(tab) <= 0, f"the page is {overflow(tab)} px wider than the window of {width} px"
        assert serious(Axe().run(tab.page).response) == []


def settled(tab: Tab) -> None:
    """Until the page shows what it has to show: no loading line, every picture in view there."""
    page = tab.page
    expect(page.locator("main")).not_to_be_empty()
    expect(page.get_by_text("Loading", exact=False)).to_have_count(0)
    page.wait_for_function(
        """() => [...document.images].every((image) => {
            const box = image.getBoundingClientRect();
            return box.top > innerHeight || box.width === 0 || image.complete;
        })"""
    )
    page.evaluate("document.fonts.ready")


def overflow(tab: Tab) -> int:
    """Pixels by which the page can be scrolled sideways."""
    wider: int = tab.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider


def serious(response: dict[str, Any]) -> list[str]:
    """What axe finds that keeps somebody out, with the places."""
    return [
        f"{finding['impact']}: {finding['help']} at {[node['target'] for node in finding['nodes']][:5]}"
        for finding in response["violations"]
        if finding["impact"] in ("serious", "critical")
    ]
