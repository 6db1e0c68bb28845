"""Who may talk to the server: the token of the home, the names it answers to, and where requests may come from.

A page on the internet can make a browser send requests to 127.0.0.1. Four things stand in its way: it does not know the
token, the cookie is SameSite=Strict, a foreign Origin or Sec-Fetch-Site is refused, and so is a Host that is not ours
(DNS rebinding: a name of the attacker's that resolves to 127.0.0.1).
"""

import hashlib
import hmac
import ipaddress
import os
import secrets
import socket
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modicum.errors import StorageError

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_BODY = 8 * 2**20  # bytes of a request; uploads are streamed to the disk and have a limit of their own
COOKIE_S = 400 * 86_400  # the longest a browser keeps a cookie

HEADERS = {
    # styles may be set by script (radix, uPlot); scripts come from files of ours alone
    "content-security-policy": (
        "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>modicum</title></head><body>
<h1>{title}</h1><p>{text}</p></body></html>"""

SIGN_IN = (
    "This server needs the token in its address. Open the address that was printed in the terminal where modicum was "
    "started (it ends in ?token=...), or run 'modicum status' there: it prints the address again."
)


def home_token(home: Path) -> str:
    """The token of a home, made at first use and kept in a file only its owner can read, so that the URL survives restarts.

    Raises StorageError when the file can be neither read nor written.
    """
    path = home / "token"
    try:
        if not path.exists():
            fresh = path.with_name(f"token.{os.getpid()}.new")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(24))
            try:
                os.link(fresh, path)  # fails when another process was first: then its token counts
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        path.chmod(0o600)
        token = path.read_text().strip()
    except OSError as error:
        raise StorageError(
            f"cannot keep the access token in {path}: {error.strerror or error}; choose a writable folder with --home"
        ) from error
    if len(token) < 16:
        raise StorageError(f"the access token in {path} is damaged: delete the file, a new one is made at the next start")
    return token


def cookie_name(token: str) -> str:
    """One name per home: cookies know no ports, and two servers on one machine must not sign each other out."""
    return "modicum-" + hashlib.sha256(token.encode()).hexdigest()[:12]


def split_host(value: str) -> str:
    """The name in a Host header without port and brackets, in lower case."""
    value = value.strip().lower()
    if value.startswith("["):
        return value[1:].partition("]")[0]
    return value.partition(":")[0].rstrip(".")


def allowed_hosts(host: str) -> frozenset[str]:
    """The names a server bound to `host` answers to besides plain addresses (see Gate)."""
    names = {split_host(host)} if host not in ("0.0.0.0", "::", "") else {socket.gethostname().lower()}  # noqa: S104
    return LOCAL | names


def is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Gate:
    """ASGI middleware: lets a request through when host, origin and token are right, and adds the security headers.

    `any_address`: the server is bound to all interfaces, so any plain address may be ours; a rebinding attack needs a name.
    """

    def __init__(self, app: ASGIApp, *, token: str, hosts: frozenset[str], any_address: bool = False) -> None:
        self.app = app
        self.token = token
        self.cookie = cookie_name(token)
        self.hosts = hosts
        self.any_address = any_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self.refusal(scope) or self.sign_in(scope)
        await (answer or self.app)(scope, receive, send_guarded)

    def refusal(self, scope: Scope) -> Response | None:
        """An answer for a request from the wrong place."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        name = split_host(host)
        if name not in self.hosts and not (self.any_address and is_address(name)):
            known = ", ".join(sorted(self.hosts))
            text = f"this server does not answer to the name {name[:100]!r}: use {known}, or start it with --host"
            return refuse(scope, 403, "ForbiddenError", "Wrong address", text)
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site", "same-origin")
        foreign = origin is not None and origin.partition("://")[2].lower() != host.lower()
        guarded = scope["method"] not in SAFE or is_api(scope)
        if guarded and (foreign or site not in ("same-origin", "none")):
            text = f"requests from another site ({(origin or site)[:100]!r}) are refused: open modicum's own address"
            return refuse(scope, 403, "ForbiddenError", "Another site", text)
        length = headers.get("content-length", "0")
        if scope["path"] != "/api/uploads" and (not length.isdigit() or int(length) > MAX_BODY):
            text = f"the request is larger than {MAX_BODY >> 20} MB: files go to /api/uploads"
            return refuse(scope, 413, "TooLargeError", "Too large", text)
        return None

    def sign_in(self, scope: Scope) -> Response | None:
        """An answer for a request that brings no token, or brings it in the URL; none when it may pass."""
        headers = Headers(scope=scope)
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        given = dict(query).get("token")
        if given is not None and not is_api(scope) and scope["method"] in SAFE and self.is_token(given):
            rest = urlencode([(name, value) for name, value in query if name != "token"])
            # a path that starts with two slashes would be another host's
            path = "/" + scope.get("root_path", "").strip("/") + "/" + scope["path"].lstrip("/")
            answer = RedirectResponse("/" + path.lstrip("/") + ("?" + rest if rest else ""), 303)
            secure = scope.get("scheme") == "https"
            answer.set_cookie(self.cookie, self.token, max_age=COOKIE_S, httponly=True, samesite="strict", secure=secure)
            answer.headers["cache-control"] = "no-store"
            return answer
        bearer = headers.get("authorization", "")
        if bearer[:7].lower() == "bearer " and self.is_token(bearer[7:].strip()):
            return None
        if self.is_token(self.cookie_value(headers.getlist("cookie"))):
            return None
        return refuse(scope, 401, "UnauthorizedError", "Please open the printed address", SIGN_IN)

    def is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())

    def cookie_value(self, lines: list[str]) -> str:
        for line in lines:
            try:
                morsel = SimpleCookie(line).get(self.cookie)
            except CookieError:
                continue
            if morsel is not None:
                return morsel.value
        return ""


def is_api(scope: Scope) -> bool:
    path: str = scope["path"]
    return path == "/api" or path.startswith("/api/")


def refuse(scope: Scope, status: int, error: str, title: str, text: str) -> Response:
    """A Problem for scripts, a page in plain words for people."""
    import html

    if is_api(scope):
        answer: Response = JSONResponse({"error": error, "message": text, "path": None}, status)
    else:
        answer = HTMLResponse(PAGE.format(title=html.escape(title), text=html.escape(text)), status)
    if status == 401:
        answer.headers["www-authenticate"] = "Bearer"
    answer.headers["cache-control"] = "no-store"
    return answer
