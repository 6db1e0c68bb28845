"""A short way through the framework for the routes that are called by the hundred: claim and submit."""

from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from modicum.server.site import Site, project_id_of


class QuickRoute(APIRoute):
    """A route of the form `async def f(body: Model, project_id: InId, site: At) -> Model`, called without FastAPI's detours.

    They take longer than the answer itself. Only a plain, valid JSON request goes the short way; anything else is handed to
    FastAPI as it came, so that what is refused, and in what words, is the same everywhere.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        site, kind = request.app.state.site, self.endpoint.__annotations__["body"]
        # the length was checked by the gate; a body of unknown length is cut off by FastAPI
        plain = request.headers.get("content-type") == "application/json" and "content-length" in request.headers
        if not plain or request.method != "POST" or not isinstance(site, Site) or not issubclass(kind, BaseModel):
            await super().handle(scope, receive, send)
            return
        try:
            sent = await request.body()
        except ClientDisconnect:
            return  # nobody is left to answer
        try:
            body = kind.model_validate_json(sent)
        except ValidationError:
            await super().handle(scope, _again(sent, receive), send)
            return
        project_id = await project_id_of(request.path_params["slug"], site)
        answer: BaseModel = await self.endpoint(body, project_id, site)
        await Response(answer.model_dump_json(), media_type="application/json")(scope, receive, send)


def _again(body: bytes, receive: Receive) -> Receive:
    """A request's body once more, for the next who reads it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again
