"""Runs the server of a home: takes the lock and a port, says where it is, and leaves when asked to."""

import contextlib
import errno
import gc
import getpass
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn

from modicum.errors import ConflictError, InputError
from modicum.home import Home
from modicum.server.address import Running, announced
from modicum.server.app import create_app
from modicum.server.auth import home_token
from modicum.server.events import Pulses
from modicum.server.reading import Speeds, pulse
from modicum.server.site import Site
from modicum.store.db import Database
from modicum.worker import Worker

PORT = 8765
GRACE_S = 5  # requests under way at shutdown
SWITCH_S = 0.0005  # a request passes three threads; Python's 5 ms between them would be most of its time


class Serving(uvicorn.Server):
    """Ends the event streams when a signal arrives: they would hold the shutdown up for as long as a tab is open."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self.stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.stopping()
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, without raising the signal again afterwards: that would end the process before the home is closed."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def listen(host: str, port: int | None) -> socket.socket:
    """A listening socket. Without a port it is PORT or the next free one. Raises ConflictError when the given port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    wanted = [port] if port is not None else [*range(PORT, PORT + 20), 0]
    for number in wanted:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, number))
            sock.listen(2048)
        except OSError as error:
            sock.close()
            if error.errno == errno.EADDRINUSE and port is None:
                continue
            raise cannot_listen(host, number, error) from error
        return sock
    raise ConflictError(f"no port is free on {host}: stop another server, or choose one with --port")


def cannot_listen(host: str, port: int, error: OSError) -> ConflictError | InputError:
    if error.errno == errno.EADDRINUSE:
        return ConflictError(
            f"port {port} on {host} is in use: choose another with --port, or leave --port out to take a free one"
        )
    if error.errno == errno.EACCES:
        return InputError(f"port {port} needs more rights than you have: choose one from 1024 to 65535 with --port")
    return InputError(f"cannot listen on {host}:{port}: {error.strerror or error}; --host takes an address of this machine")


def open_site(home: Home, *, annotator: str | None = None) -> Site:
    """Everything a server needs of a home that is locked already."""
    db = Database(home.database_url)
    worker = Worker(db, home)
    return Site(
        home=home,
        db=db,
        worker=worker,
        pulses=Pulses(lambda project_id: pulse(db, worker, project_id)),
        token=home_token(home.path),
        speeds=Speeds(),
        annotator=annotator or os.environ.get("MODICUM_ANNOTATOR") or user_name(),
    )


def user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without an entry for its user
        return "me"


def serve(home: Home, *, host: str = "127.0.0.1", port: int | None = None, ready: Callable[[Running], None]) -> None:
    """Serve a home until interrupted. `ready` is called once with the address, when requests are answered.

    Raises HomeLockedError when another process has the home, ConflictError when the port is taken.
    """
    sys.setswitchinterval(SWITCH_S)
    lock = home.lock()
    try:
        sock = listen(host, port)
        with contextlib.closing(sock):
            site = open_site(home)
            try:
                name = f"[{host}]" if ":" in host else "127.0.0.1" if host in ("0.0.0.0", "") else host  # noqa: S104
                here = Running(os.getpid(), f"http://{name}:{sock.getsockname()[1]}", site.token)
                config = uvicorn.Config(
                    create_app(site, host=host),
                    log_config=None,
                    access_log=False,
                    server_header=False,
                    timeout_graceful_shutdown=GRACE_S,
                    timeout_keep_alive=75,
                )
                server = Serving(config, site.pulses.stop)
                gc.collect()
                gc.freeze()  # walking all that was imported takes a seventh of a second, which everybody waits for
                with announced(home, here):
                    ready(here)  # the socket listens already: a browser that comes early waits a moment
                    server.run(sockets=[sock])
            finally:
                site.db.close()
    finally:
        lock.release()
