"""A browser tab that is signed in, and the server it talks to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page

from modicum.demo import Client, new_project

PATIENCE_MS = 60_000  # how long anything may take on a busy machine before it counts as never


@dataclass(frozen=True)
class Served:
    """A server on a home of its own. `truth` is file name -> class of every image in `source`."""

    url: str
    token: str
    source: Path
    truth: dict[str, str]

    @property
    def client(self) -> Client:
        """A connection of its own: a test that fails half way through an answer leaves the next one alone."""
        return Client(self.url, self.token)

    def new_project(self, name: str) -> str:
        """The slug of a project whose images are in."""
        return new_project(self.client, name, self.source)

    def human_labels(self, slug: str) -> int:
        counts: dict[str, int] = self.client.get(f"/projects/{slug}")["counts"]
        return counts["human"]


@dataclass
class Tab:
    """One browser tab, signed in. `problems` collects what the page complained about."""

    page: Page
    server: Served
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("pageerror", lambda error: self.problems.append(f"{self.page.url}: {error}"))
        self.page.on("console", self.heard)

    def heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "ERR_INTERNET_DISCONNECTED" not in message.text:
            self.problems.append(f"{self.page.url}: {message.text}")

    def go(self, path: str) -> None:
        self.page.goto(self.server.url + path)

    @contextmanager
    def offline(self) -> Iterator[None]:
        """Cuts the tab's network. The browser's console speaks of it, sometimes only afterwards: that is expected."""
        self.page.context.set_offline(True)
        yield
        self.page.context.set_offline(False)

    def wait_for_labels(self, slug: str, wanted: int) -> None:
        """Until the server has as many human labels."""
        for _ in range(PATIENCE_MS // 100):
            if self.server.human_labels(slug) == wanted:
                return
            self.page.wait_for_timeout(100)
        assert self.server.human_labels(slug) == wanted
