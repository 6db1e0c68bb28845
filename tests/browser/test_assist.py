"""Assisted tools on the workbench with real mouse events: clicks are answered by the server, and Enter takes the answer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from browser.test_workbench import HEIGHT, WIDTH, Bench, box_of, kinds, near, open_bench

__all__ = ["open_bench"]  # a fixture

EXTREMES = ((100, 175), (200, 100), (301, 175), (200, 251))  # of the red rectangle


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two images that differ in one pixel: whichever is asked for first, the tools see the same."""
    folder = tmp_path_factory.mktemp("rectangles")
    for number in range(2):
        image = Image.new("RGB", (WIDTH, HEIGHT), (60, 60, 60))
        ImageDraw.Draw(image).rectangle((100, 100, 300, 250), fill=(200, 40, 40))
        image.putpixel((WIDTH - 1, HEIGHT - 1), (60, 60, 61 + number))
        image.save(folder / f"rectangle {number}.png")
    return folder


def proposed(bench: Bench) -> None:
    expect(bench.tab.page.get_by_text("Enter takes it")).to_be_visible()


def bounds(shape: dict[str, Any]) -> list[float]:
    x, y = zip(*(point for ring in shape["geometry"]["rings"] for point in ring), strict=True)
    return [min(x), min(y), max(x), max(y)]


def test_clicks_become_an_outline_and_for_another_class_a_box(open_bench: Callable[[str], Bench]) -> None:
    bench = open_bench("Assisted")
    bench.key("1", "q")
    for point in EXTREMES:
        bench.click(*point)
    proposed(bench)
    bench.key("Shift+Enter")  # straight lines between the clicks
    expect(bench.objects).to_have_count(1)

    bench.key("Shift+w")
    bench.click(200, 175)
    proposed(bench)
    bench.key("Enter")
    expect(bench.objects).to_have_count(2)

    bench.key("Shift+b")
    bench.pull((140, 140), (200, 175), (260, 210))
    proposed(bench)
    bench.key("Shift+n", "Escape")  # given up
    expect(bench.objects).to_have_count(2)

    bench.key("2", "q")
    for point in EXTREMES:
        bench.click(*point)
    expect(bench.objects).to_have_count(3)

    value = bench.saved(bench.save())
    assert kinds(value) == ["polygon", "polygon", "box"]
    straight, wand, box = value["shapes"]
    assert len(straight["geometry"]["rings"][0]) == 4
    assert near(bounds(wand), [100, 100, 301, 251], 8)  # half of a superpixel
    assert near(box_of(box), [100, 100, 201, 151])


def test_an_answer_that_does_not_come_is_explained_and_the_clicks_stay(open_bench: Callable[[str], Bench]) -> None:
    bench = open_bench("No answer")
    bench.tab.page.route("**/items/*/assist", lambda route: route.abort())
    bench.key("1", "q")
    for point in EXTREMES:
        bench.click(*point)
    bench.key("Enter")
    expect(bench.objects).to_have_count(0)
    bench.tab.page.unroute("**/items/*/assist")
    bench.key("Backspace")
    bench.click(*EXTREMES[-1])
    proposed(bench)
    bench.key("Enter")
    expect(bench.objects).to_have_count(1)
    bench.tab.problems.clear()  # the call that was cut off
