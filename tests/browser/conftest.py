"""Fixtures for the browser: the built interface, a real server process on real images, a Chromium that is there or is fetched."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from browser import chromium
from modicum.demo import Client, new_project, served, write_digits

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "tests" / "browser" / "screenshots"
IMAGES = 280  # more than the 200 with which the first round opens before the import is done


@dataclass(frozen=True)
class Served:
    """A server on a home of its own. `truth` is file name -> class of every image in `source`."""

    url: str
    token: str
    client: Client
    source: Path
    truth: dict[str, str]

    def new_project(self, name: str) -> str:
        """The slug of a project whose images are in."""
        return new_project(self.client, name, self.source, "auto", "typical")


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
    drawn = tmp_path_factory.mktemp("digits")
    truth = dict(list(write_digits(drawn).items())[:IMAGES])
    for name in truth:
        shutil.copy(drawn / name, source)
    home = tmp_path_factory.mktemp("home")
    with served(home) as client:
        where = json.loads((home / "server.json").read_text())
        yield Served(where["url"], where["token"], client, source, truth)


@dataclass(frozen=True)
class Tab:
    """One browser tab, signed in. `problems` collects what the page complained about."""

    page: Page
    context: BrowserContext
    server: Served
    problems: list[str]

    def go(self, path: str) -> None:
        self.page.goto(self.server.url + path)


@pytest.fixture
def open_tab(browser: Browser, server: Served) -> Iterator[Callable[..., Tab]]:
    """open_tab() is a signed-in tab with storage of its own. Errors in its console fail the test."""
    tabs: list[Tab] = []

    def open_one(*, width: int = 1280, height: int = 800, dark: bool = False) -> Tab:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            accept_downloads=True,
        )
        page = context.new_page()
        tab = Tab(page, context, server, [])
        page.on("pageerror", lambda error: tab.problems.append(f"{page.url}: {error}"))
        page.on("console", lambda message: tab.problems.append(message.text) if message.type == "error" else None)
        page.goto(f"{server.url}/?token={server.token}")
        tabs.append(tab)
        return tab

    yield open_one
    for tab in tabs:
        tab.context.close()
    assert [problem for tab in tabs for problem in tab.problems] == []


@contextmanager
def offline(tab: Tab) -> Iterator[None]:
    """Cuts the tab's network; what the browser's console says of that is expected."""
    before = len(tab.problems)
    tab.context.set_offline(True)
    yield
    tab.context.set_offline(False)
    tab.problems[before:] = [problem for problem in tab.problems[before:] if "ERR_INTERNET_DISCONNECTED" not in problem]
