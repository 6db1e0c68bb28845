"""Every page, light and dark, wide and narrow: a screenshot for people to look at, and axe's opinion."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.looks import look
from browser.tab import Served, Tab
from modicum.demo import Oracle

OpenTab = Callable[[], Tab]
# The path, and what is there once the page has what it came for.
PAGES = {
    "projects": ("/", "text=Digits half way"),
    "annotate": ("/p/{slug}/annotate", ".facts"),
    "validate": ("/p/{slug}/validate", "[role=option]"),
    "progress": ("/p/{slug}/progress", "text=Learning curve"),
    "mine": ("/p/{slug}/mine", "text=Why some suggestions are wrong on purpose"),
    "bill": ("/p/{slug}/bill", "text=What it was spent on"),
    "export": ("/p/{slug}/export", "text=What will be in it"),
    "settings": ("/p/{slug}/settings", "text=Classes"),
    "import": ("/p/{slug}/import", "text=Newest of"),
}


@pytest.fixture(scope="module")
def slug(server: Served) -> str:
    """A project half way: 80 labels, some rounds, something to validate."""
    made = server.new_project("Digits half way")
    oracle = Oracle(server.client, made, server.truth)
    oracle.label(80, pause=20)
    oracle.settle()
    return made


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_and_is_accessible(open_tab: OpenTab, slug: str, name: str) -> None:
    path, landmark = PAGES[name]
    tab = open_tab()
    tab.go(path.format(slug=slug))
    look(tab, name, lambda: expect(tab.page.locator("main").locator(landmark).first).to_be_visible())
