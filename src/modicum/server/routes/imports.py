"""Uploads and imports over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from modicum.errors import InputError
from modicum.server import reading
from modicum.server.site import At, In
from modicum.server.sources import drop_upload, import_args
from modicum.server.uploads import MAX_BYTES, Receiving, new_upload, upload_folder
from modicum.server.wire import ImportView, NewImport, Rejections, Upload
from modicum.store import items, jobs
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


@router.post("/uploads", status_code=201, openapi_extra=MULTIPART, max_body_size=MAX_BYTES)
async def upload_files(
    request: Request,
    site: At,
    into: Annotated[str | None, Query(description="id of an earlier upload to add these files to")] = None,
) -> Upload:
    """Receive images, a zip or a table; the part's file name may hold the path inside the dropped folder.

    A large folder is sent in several requests: the first answers with an id, the others name it in `into`.
    """
    if into is None:
        upload_id, folder = await run_in_threadpool(new_upload, site.home.uploads)
    else:
        upload_id, folder = into, upload_folder(site.home.uploads, into)
    receiving = Receiving(folder, request.headers.get("content-type", ""))
    try:
        async for chunk in request.stream():
            await run_in_threadpool(receiving.write, chunk)
        if receiving.files == 0:
            raise InputError("the upload holds no file: send each as a part named `files`, with its file name")
    except BaseException:
        receiving.close()
        if into is None:
            drop_upload(folder)  # at once: a cancelled request may not await any more
        raise
    receiving.close()
    return Upload(id=upload_id, files=receiving.files, bytes=receiving.bytes)


@router.get("/projects/{slug}/import")
def get_import(project: In, site: At) -> ImportView:
    """The latest import with its speed and the newest items."""
    return reading.import_view(site, project)


@router.post("/projects/{slug}/import", status_code=202)
def start_import(body: NewImport, project: In, site: At) -> Job:
    """Queue an import; known images are recognised by their bytes and added once."""
    args = import_args(site.home, body.source, labels_from_folders=body.labels_from_folders, batch=body.batch)
    return site.db.write(jobs.enqueue, project.id, args)


@router.post("/projects/{slug}/import/cancel")
def cancel_import(project: In, site: At) -> Job:
    """Stop the running import after its current batch; what is in stays in."""
    return site.db.write(jobs.cancel, project.id)


@router.get("/projects/{slug}/rejections")
def list_rejections(
    project: In,
    site: At,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Rejections:
    """Files an import left out, newest first, with the reason."""
    with site.db.read() as conn:
        total, rows = items.rejections(conn, project.id, offset, limit)
    return Rejections(total=total, rows=tuple(rows))
