"""How a page looks: light and dark, in a wide and in a narrow window, with pictures to look at; nobody is kept out."""

from collections.abc import Callable
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from browser.tab import Tab

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


def look(tab: Tab, name: str, ready: Callable[[], None], *, tall: int | None = None) -> None:
    """Takes a picture of every look in every size once the page is `ready`, and checks that it fits and that axe finds nothing.

    `tall`: height of the window in the picture, for a page that scrolls within it; otherwise the picture shows all of the page.
    axe runs once in each look and once in each size: what it finds depends on both, hardly on their pairs.
    """
    SCREENSHOTS.mkdir(exist_ok=True)
    for number, scheme in enumerate(("light", "dark")):
        tab.page.emulate_media(color_scheme=scheme)
        for place, (width, height) in enumerate(SIZES):
            tab.page.set_viewport_size({"width": width, "height": height})
            ready()
            tab.page.wait_for_function(PICTURES_ARE_THERE)
            if tall is not None:
                tab.page.set_viewport_size({"width": width, "height": tall})
            tab.page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}-{width}.png", full_page=tall is None)
            assert overflow(tab) <= 0, f"the page is {overflow(tab)} px wider than the window of {width} px"
            if number == place:
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
