"""Uploads and imports over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from modicum.server.site import At, In
from modicum.server.wire import ImportView, NewImport, Rejections, Upload
from modicum.types import Job

router = APIRouter(tags=["import"])

MULTIPART = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            }
        },
    }
}


@router.post("/uploads", status_code=201, openapi_extra=MULTIPART)
async def upload_files(
    request: Request,
    site: At,
    into: Annotated[str | None, Query(description="id of an earlier upload to add these files to")] = None,
) -> Upload:
    """Receive images, a zip or a table; the part's file name may hold the path inside the dropped folder.

    A large folder is sent in several requests: the first answers with an id, the others name it in `into`.
    """
    raise RuntimeError


@router.get("/projects/{slug}/import")
def get_import(project: In, site: At) -> ImportView:
    """The latest import with its speed and the newest items."""
    raise RuntimeError


@router.post("/projects/{slug}/import", status_code=202)
def start_import(body: NewImport, project: In, site: At) -> Job:
    """Queue an import; known images are recognised by their bytes and added once."""
    raise RuntimeError


@router.post("/projects/{slug}/import/cancel")
def cancel_import(project: In, site: At) -> Job:
    """Stop the running import after its current batch; what is in stays in."""
    raise RuntimeError


@router.get("/projects/{slug}/rejections")
def list_rejections(
    project: In,
    site: At,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Rejections:
    """Files an import left out, newest first, with the reason."""
    raise RuntimeError
