"""Progress, export and live events over HTTP."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse

from modicum import bundle, converting, export
from modicum.bundle import Bundle
from modicum.formats import folders
from modicum.ingest import read_uri
from modicum.progress import progress
from modicum.server.site import At, In, Site
from modicum.server.wire import Pulse
from modicum.types import Project
from modicum.views import Progress

router = APIRouter(tags=["progress"])

PIECE = 2**18  # bytes
DOWNLOAD: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/projects/{slug}/progress")
def get_progress(project: In, site: At) -> Progress:
    """The learning curve beside its random control, and everything that is counted."""
    return progress(site.db, site.home, project)


@router.get("/projects/{slug}/export", response_class=StreamingResponse, responses=DOWNLOAD)
def export_labels(
    project: In,
    site: At,
    format: Annotated[str, Query(description="csv, jsonl, folders, or what an installed package adds")] = "csv",
    predictions: Annotated[bool, Query(description="add the model's predictions of unlabeled items, marked as such")] = False,
    certificates: Annotated[bool, Query(description="a zip, with the facts of every certificate the labels name")] = False,
) -> StreamingResponse:
    """The labels with their provenance as a download; `folders` is a zip with one folder a class.

    `modicum verify` computes the certificates in the zip again, and holds the labels against them; `folders` holds them always.

    Drawings come as a zip in one of their own formats, with a list of what it could not hold.
    """
    if project.task_schema.task == "draw":
        return _drawings(project, site, format, predictions)
    chosen = export.format_named(format, path="query.format")
    labels = Bundle(site.db, project, predictions=predictions)
    stem = f"{project.slug}{'-with-predictions' if predictions else ''}"
    read = partial(read_uri, site.home)
    whole = certificates or chosen is folders.FORMAT
    pieces = bundle.zipped(labels, chosen, stem, read) if whole else chosen.write(labels.rows(), read)
    name = f"{stem}{'.zip' if whole else chosen.suffix}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(pieces, media_type="application/zip" if whole else chosen.media, headers=headers)


def _drawings(project: Project, site: Site, name: str, predictions: bool) -> StreamingResponse:
    chosen = converting.format_named(name, path="query.format")
    called = f"{project.slug}-{name}{'-with-predictions' if predictions else ''}"
    read = partial(read_uri, site.home) if name == "folders" else None
    stack = ExitStack()
    whole = stack.enter_context(export.drawn_zip(site.db, project, chosen, called, predictions=predictions, read=read))

    def pieces() -> Iterator[bytes]:
        with stack, whole.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece

    headers = {"content-disposition": f'attachment; filename="{called}.zip"', "cache-control": "no-store"}
    return StreamingResponse(pieces(), media_type="application/zip", headers=headers)


@router.get("/projects/{slug}/events", response_class=EventSourceResponse)
async def stream_events(project: In, site: At) -> AsyncIterator[Pulse]:
    """Server-sent events: a Pulse at the start and whenever one of its fields changes."""
    async for pulse in site.pulses.listen(project.id):
        yield pulse
