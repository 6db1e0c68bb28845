"""Calls of a model behind HTTP: JSON in, JSON out, with a deadline, a limit on size and no redirects.

The standard library's client: it follows nothing by itself and takes no proxy from the environment.
"""

import base64
import http.client
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from modicum.errors import ModelError

MOST_BYTES = 64 * 1024 * 1024  # of one answer
_BUSY = (429, 502, 503, 504)
_PAUSES = (0.2, 1.0)  # seconds before a second and a third try


@dataclass(frozen=True)
class Place:
    """Where a model is: an address without name and password, which are sent with every call instead."""

    parts: SplitResult
    headers: dict[str, str] = field(repr=False)
    timeout: float = 120.0  # seconds a call may take altogether
    connect_timeout: float = 10.0

    @property
    def url(self) -> str:
        host = self.parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        port = f":{self.parts.port}" if self.parts.port else ""
        return f"{self.parts.scheme}://{host}{port}{self.parts.path.rstrip('/')}"

    def get(self, path: str) -> Any:
        return self._patient("GET", path, None)

    def post(self, path: str, body: object) -> Any:
        return self._patient("POST", path, json.dumps(body).encode())

    def _patient(self, method: str, path: str, body: bytes | None) -> Any:
        """A call that is tried again while the other side is busy or gone. Raises ModelError."""
        for pause in _PAUSES:
            try:
                return self._call(method, path, body)
            except _BusyError:
                time.sleep(pause)
        try:
            return self._call(method, path, body)
        except _BusyError as error:
            raise ModelError(error.message) from error

    def _call(self, method: str, path: str, body: bytes | None) -> Any:
        told = f"{method} {self.url}{path}"
        deadline = time.monotonic() + self.timeout
        kind = http.client.HTTPSConnection if self.parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(self.parts.hostname or "", self.parts.port, timeout=min(self.connect_timeout, self.timeout))
        try:
            connection.connect()
            connection.sock.settimeout(self.timeout)
            connection.request(method, (self.parts.path.rstrip("/") + path) or "/", body, self.headers)
            answer = connection.getresponse()
            if 300 <= answer.status < 400:
                where = (answer.getheader("location") or "another address")[:200]
                raise ModelError(f"{told} was redirected to {where}, which is not followed: give the address it really has")
            data = _read(answer, connection, deadline, told)
        except (TimeoutError, ConnectionError, http.client.IncompleteRead, http.client.RemoteDisconnected) as error:
            raise _BusyError(
                f"{told} did not answer ({error or type(error).__name__}): is it running, and reachable from here?"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise ModelError(f"{told} is not possible ({error or type(error).__name__}): check the address") from error
        finally:
            connection.close()
        if answer.status >= 400:
            reason = " ".join(data.decode("utf-8", "replace").split())[:300]
            message = f"{told} answered {answer.status}: {reason or answer.reason}"
            raise _BusyError(message) if answer.status in _BUSY else ModelError(message)
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{told} answered something that is no JSON ({error!s:.100})") from error


def _read(answer: http.client.HTTPResponse, connection: http.client.HTTPConnection, deadline: float, told: str) -> bytes:
    """The whole body, within the deadline and the limit."""
    parts: list[bytes] = []
    size = 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("it took too long")
        if connection.sock is not None:
            connection.sock.settimeout(left)
        part = answer.read1(2**16)
        if not part:
            return b"".join(parts)
        size += len(part)
        if size > MOST_BYTES:
            raise ModelError(f"{told} answered more than {MOST_BYTES // 2**20} MB, which is not read")
        parts.append(part)


class _BusyError(ModelError):
    """Something another try may mend."""


def place(address: str, *, timeout: float = 120.0) -> Place:
    """The place an address names, `http://name:password@host:port/path`. Raises ModelError."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise ModelError(f"{address!r:.200} is no address ({error})") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ModelError("a model behind HTTP is given as http://host:port or https://host/path")
    if port == 0:
        raise ModelError("port 0 is no port a model can be at")
    headers = {"content-type": "application/json", "accept": "application/json", "user-agent": "modicum"}
    if parts.username is not None:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        headers["authorization"] = "Basic " + base64.b64encode(secret).decode()
    return Place(parts, headers, timeout)
