"""Fixtures for the browser: the built interface, a real server process on real images, a Chromium that is there or is fetched."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from browser import chromium
from browser.tab import PATIENCE_MS, Served, Tab
from modicum.demo import served, write_digits

ROOT = Path(__file__).parents[2]
IMAGES = 280  # more than the 200 with which the first round opens before the import is done

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Without any Chromium the tests that need it are skipped, with the reason."""
    try:
        path = chromium.find()
    except chromium.NoChromiumError as error:
        pytest.skip(str(error))
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(chromium.ARGUMENTS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The interface as it is now, served by `modicum serve` in a process of its own."""
    subprocess.run([sys.executable, ROOT / "hatch_build.py"], check=True)
    source = tmp_path_factory.mktemp("photos with spaces")
    truth = write_digits(source, IMAGES)
    home = tmp_path_factory.mktemp("home")
    with served(home):
        where = json.loads((home / "server.json").read_text())
        yield Served(where["url"], where["token"], source, truth)


@pytest.fixture
def open_tab(browser: Browser, server: Served) -> Iterator[Callable[[], Tab]]:
    """open_tab() is a signed-in tab with storage of its own. Errors in its console fail the test."""
    tabs: list[Tab] = []

    def open_one() -> Tab:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        tabs.append(Tab(context.new_page(), server))
        tabs[-1].go(f"/?token={server.token}")
        return tabs[-1]

    yield open_one
    # Looked at first: without its handlers a page meets the true server, which may not know what they made up.
    problems = [problem for tab in tabs for problem in tab.problems]
    for tab in tabs:
        # A pulse on its way through a test's handler would otherwise fail in the next test, with its page closed.
        tab.page.unroute_all(behavior="ignoreErrors")
        tab.page.context.close()
    assert problems == []
