"""The web application: routes, errors as Problem, the gate in front, and the interface's files behind."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from modicum import __version__
from modicum.errors import (
    ConflictError,
    EncoderError,
    InputError,
    MissingExtraError,
    ModicumError,
    NotFoundError,
    StorageError,
)
from modicum.server.auth import HEADERS, MAX_BODY, Gate, allowed_hosts
from modicum.server.routes import (
    annotate,
    assist,
    batches,
    bill,
    certificates,
    drawing,
    images,
    imports,
    mine,
    progress,
    projects,
    suspects,
    validate,
)
from modicum.server.site import Site
from modicum.server.static import serve_static
from modicum.server.wire import Problem

STATUS: tuple[tuple[type[ModicumError], int], ...] = (
    (InputError, 422),
    (EncoderError, 422),
    (NotFoundError, 404),
    (ConflictError, 409),
    (MissingExtraError, 501),
    (StorageError, 507),
)
log = structlog.get_logger()


def operation_id(route: APIRoute) -> str:
    """The function's name: what the browser's generated client calls the operation."""
    return route.name


def create_app(site: Site | None, *, host: str = "127.0.0.1") -> FastAPI:
    """The application for one site, reachable under the names that belong to `host`; without a site it only describes itself."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if site is not None:
            site.worker.start()
        try:
            yield
        finally:
            if site is not None:
                site.pulses.stop()
                site.worker.stop()

    app = FastAPI(
        title="modicum",
        version=__version__,
        summary="Model-assisted labeling",
        docs_url=None,  # their pages load scripts from another host, which the content security policy forbids
        redoc_url=None,
        openapi_url="/api/openapi.json",
        generate_unique_id_function=operation_id,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.site = site
    for module in (
        projects,
        imports,
        annotate,
        images,
        validate,
        progress,
        mine,
        certificates,
        bill,
        suspects,
        batches,
        drawing,
        assist,
    ):
        # each by itself, since every router around another one looks the path up once more; the limit is here and not on the
        # application, where it would answer before the gate does
        problems: dict[int | str, dict[str, Any]] = {"4XX": {"model": Problem}, "5XX": {"model": Problem}}
        app.include_router(module.router, prefix="/api", responses=problems, max_body_size=MAX_BODY)
    app.add_api_route(
        "/api/{path:path}", no_such_path, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False
    )
    app.add_api_route("/{path:path}", serve_static, methods=["GET", "HEAD"], include_in_schema=False, response_model=None)
    app.add_exception_handler(ModicumError, answer_modicum)
    app.add_exception_handler(RequestValidationError, answer_validation)
    app.add_exception_handler(HTTPException, answer_http)
    app.add_exception_handler(Exception, answer_unexpected)
    app.add_middleware(GZipMiddleware, minimum_size=4096, compresslevel=4)
    if site is not None:
        everywhere = host in ("0.0.0.0", "::", "")  # noqa: S104
        app.add_middleware(Gate, token=site.token, hosts=allowed_hosts(host), any_address=everywhere)
    return app


def no_such_path(path: str, request: Request) -> Response:
    """Stands before the interface's fallback, so that a mistyped call gets an error and not a page."""
    raise NotFoundError(f"there is no {request.method} /api/{path[:200]}: /api/openapi.json lists what there is")


def problem(status: int, error: str, message: str, path: str | None = None, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": error, "message": message, "path": path}, status, headers=headers)


def answer_modicum(request: Request, error: Exception) -> Response:
    """An error raised on purpose: its own words."""
    if not isinstance(error, ModicumError):
        raise error
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    if status >= 500:
        log.error(
            "request.failed", method=request.method, url=request.url.path, error=type(error).__name__, message=error.message
        )
    return problem(status, type(error).__name__, error.message, error.path)


def answer_validation(_: Request, error: Exception) -> Response:
    """A body or a parameter of the wrong shape: the first thing that is wrong, with its path."""
    if not isinstance(error, RequestValidationError):
        raise error
    first: dict[str, Any] = error.errors()[0]
    return problem(422, "InputError", plain(first), data_path(first["loc"], error.body))


def plain(first: dict[str, Any]) -> str:
    """Pydantic's sentence for one error, with what was received when that is short."""
    message = str(first["msg"]).removeprefix("Value error, ")
    received = repr(first.get("input"))
    return message if first["type"] in ("missing", "value_error") or len(received) > 80 else f"{message}; received {received}"


def data_path(place: Sequence[str | int], body: object) -> str:
    """`("body", "classes", 2, "name")` becomes `$.classes[2].name`; parameters of the URL keep where they stood.

    Of a tagged union pydantic names the tag as if it were a step; it stands nowhere in what was sent.
    """
    start, *rest = place
    path, here, tagged = "$" if start == "body" else str(start), body, False
    for step in rest:
        if isinstance(here, dict) and not tagged and step in (here.get("type"), here.get("kind")):
            tagged = True
            continue
        here, tagged = _inside(here, step), False
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if re.fullmatch(r"\w+", step) else f"[{step!r}]"
    return path


def _inside(here: object, step: str | int) -> object:
    if isinstance(here, dict):
        return here.get(step)
    return here[step] if isinstance(here, list) and isinstance(step, int) and step < len(here) else None


def answer_http(_: Request, error: Exception) -> Response:
    """What the framework itself refuses: an unknown method, a body too large."""
    if not isinstance(error, HTTPException):
        raise error
    message = (
        f"the request is larger than {MAX_BODY >> 20} MB; files go to /api/uploads"
        if error.status_code == 413
        else str(error.detail)
    )
    return problem(error.status_code, "RequestError", message, headers=dict(error.headers or {}))


def answer_unexpected(request: Request, error: Exception) -> Response:
    """A bug or a broken machine: one plain line for the client, the traceback for the log."""
    log.error("request.crashed", method=request.method, url=request.url.path, exc_info=error)
    text = "something went wrong in the server; nothing acknowledged before is lost. The server's log has the details."
    return problem(500, "InternalError", text, headers=HEADERS)
