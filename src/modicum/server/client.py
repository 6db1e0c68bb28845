"""A client of the HTTP interface with nothing but the standard library: for the command line, the demo and scripts."""

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from modicum.errors import ConflictError


class Client:
    """Talks JSON to a server over one kept connection, with the token as a script sends it."""

    def __init__(self, url: str, token: str) -> None:
        place = urlsplit(url)
        self.connection = http.client.HTTPConnection(place.hostname or "127.0.0.1", place.port, timeout=120)
        self.headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    def raw(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> bytes:
        """The answer's bytes. Raises ConflictError with the server's own words for anything but success."""
        self.connection.request(method, "/api" + path, json.dumps(body) if body is not None else None, self.headers)
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status >= 400:
            raise ConflictError(f"{method} {path} answered {answer.status}: {json.loads(data)['message']}")
        return data

    def get(self, path: str) -> Any:
        return json.loads(self.raw("GET", path))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return json.loads(self.raw("POST", path, body))

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        return json.loads(self.raw("PATCH", path, body))
