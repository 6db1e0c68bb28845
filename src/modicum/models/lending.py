"""Photos for a model behind HTTP, which fetches them by address: a server that gives out the pictures of the call at hand.

Addresses hold a random word and are good only while the call lasts. It listens on the address the model is reached from.
"""

import secrets
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from modicum.models.reply import Photo

_SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/tiff": ".tiff",
    "image/bmp": ".bmp",
    "image/gif": ".gif",
}


class Lender:
    """Gives out photos at addresses nobody can guess."""

    def __init__(self, towards: str, port: int | None) -> None:
        """`towards` and `port`: the host the pictures are for."""
        self.lent: dict[str, Photo] = {}
        lent = self.lent
        host = _own_address(towards, port)

        class Handler(BaseHTTPRequestHandler):
            timeout = 30

            def do_GET(self) -> None:
                photo = lent.get(self.path.partition("?")[0])
                if photo is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Type", photo.media)
                self.send_header("Content-Length", str(len(photo.data)))
                self.end_headers()
                self.wfile.write(photo.data)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: standard error belongs to the progress bar."""

        class Server(ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
            daemon_threads = True

        self.server = Server((host, 0), Handler)
        shown = f"[{host}]" if ":" in host else host
        self.base = f"http://{shown}:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), name="modicum-lender", daemon=True)
        self.thread.start()

    @contextmanager
    def lend(self, photos: Sequence[Photo]) -> Iterator[list[str]]:
        """The addresses of these photos, good until the block ends."""
        paths = [f"/{secrets.token_urlsafe(24)}/{photo.id}{_SUFFIXES.get(photo.media, '')}" for photo in photos]
        self.lent.update(zip(paths, photos, strict=True))
        try:
            yield [self.base + path for path in paths]
        finally:
            for path in paths:
                self.lent.pop(path, None)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def _own_address(host: str, port: int | None) -> str:
    """The address of this machine on the way to a host; no packet is sent."""
    family, _, _, _, target = socket.getaddrinfo(host, port or 80, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(target)
        return str(probe.getsockname()[0])
