"""Where a home's server runs: left in the home for the command line, readable by its owner only."""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from modicum.errors import HomeLockedError, StorageError
from modicum.home import Home


@dataclass(frozen=True)
class Running:
    """A server that runs on a home: its process, its address and the address that signs a browser in."""

    pid: int
    url: str
    token: str

    def page(self, path: str = "/") -> str:
        return f"{self.url}{path}?token={self.token}"


def running(home: Home) -> Running | None:
    """The server on this home, when there is one: the lock says so, not a file that a crash leaves behind."""
    try:
        home.lock().release()
    except HomeLockedError:
        try:
            found = json.loads(home.server_json.read_text())
            server = Running(int(found["pid"]), str(found["url"]), str(found["token"]))
            os.kill(server.pid, 0)
        except (OSError, ValueError, KeyError, TypeError):
            return None  # it has only just started, or it is an import and no server
        return server
    return None


@contextlib.contextmanager
def announced(home: Home, server: Running) -> Iterator[None]:
    """Leaves the address in the home for as long as the server runs; only the owner can read it."""
    path = home.server_json
    fresh = path.with_suffix(".new")
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"pid": server.pid, "url": server.url, "token": server.token}, file)
        Path(fresh).replace(path)
    except OSError as error:
        raise StorageError(
            f"cannot write to the home folder {home.path}: {error.strerror}; choose another with --home"
        ) from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
