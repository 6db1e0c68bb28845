"""Every page, light and dark, wide and narrow: a screenshot for people to look at, and axe's opinion."""

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

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
SCREENSHOTS = Path(__file__).parent / "screenshots"
SIZES = ((1280, 800), (768, 1024))
PICTURES_ARE_THERE = """() =>
    [...document.images].every((image) => {
        const box = image.getBoundingClientRect();
        return box.top > innerHeight || box.width === 0 || (image.complete && image.naturalWidth > 0);
    }) &&
    [...document.querySelectorAll(".stage")].every((stage) =>
        [...stage.querySelectorAll("canvas")].some((canvas) => {
            const { width, height } = canvas;
            return width > 1 && canvas.getContext("2d").getImageData(width >> 1, height >> 1, 1, 1).data[3] > 0;
        })
    )"""


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
    SCREENSHOTS.mkdir(exist_ok=True)
    path, landmark = PAGES[name]
    tab = open_tab()
    tab.go(path.format(slug=slug))
    for look in ("light", "dark"):
        tab.page.emulate_media(color_scheme=look)
        for width, height in SIZES:
            tab.page.set_viewport_size({"width": width, "height": height})
            expect(tab.page.locator("main").locator(landmark).first).to_be_visible()
            tab.page.wait_for_function(PICTURES_ARE_THERE)
            tab.page.screenshot(path=SCREENSHOTS / f"{name}-{look}-{width}.png", full_page=True)
            assert overflow(tab) <= 0, f"the page is {overflow(tab)} px wider than the window of {width} px"
            assert serious(tab.page) == []


def overflow(tab: Tab) -> int:
    """Pixels by which the page can be scrolled sideways."""
    wider: int = tab.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider


def serious(page: Page) -> list[str]:
    """What axe finds that keeps somebody out, with the places."""
    violations = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{finding['impact']}: {finding['help']} at {[node['target'] for node in finding['nodes']][:5]}"
        for finding in violations
        if finding["impact"] in ("serious", "critical")
    ]
