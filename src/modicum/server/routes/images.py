"""Images and thumbnails over HTTP."""

import hashlib
import secrets
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from modicum import images
from modicum.errors import ConflictError
from modicum.ingest import read_uri
from modicum.server.site import At, In, Site
from modicum.store import items
from modicum.types import Item, Project

router = APIRouter(tags=["images"])

KEPT = "private, max-age=31536000, immutable"  # the bytes of an item never change: its identity is their hash
SIZES = (64, 128, 256, 384, 512, 1024)  # few steps, so that a window being dragged does not fill the disk

PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}}


@router.get("/projects/{slug}/items/{item_id}/image", response_class=Response, responses=PICTURE)
def get_image(item_id: int, request: Request, project: In, site: At) -> Response:
    """The image as it was imported; formats browsers cannot show are converted."""
    item = item_of(site, project, item_id)
    if fresh(request, item.sha256):
        return not_modified(item.sha256)
    data = original(site, item)
    shown, media = images.displayable(data, item.media)
    return picture(shown, media, item.sha256)


@router.get("/projects/{slug}/items/{item_id}/thumb", response_class=Response, responses=PICTURE)
def get_thumb(
    item_id: int,
    request: Request,
    project: In,
    site: At,
    size: Annotated[int, Query(ge=64, le=1024, description="longer side in pixels")] = 256,
) -> Response:
    """A small upright version, made once and kept on disk."""
    item = item_of(site, project, item_id)
    side = next(step for step in SIZES if step >= size)
    tag = f"{item.sha256}-{side}"
    if fresh(request, tag):
        return not_modified(tag)
    kept = site.home.cache / "thumbs" / str(project.id) / item.sha256[:2] / f"{tag}.jpg"
    try:
        data = kept.read_bytes()
    except OSError:
        data = images.thumbnail(original(site, item), side)
        keep(kept, data)
    return picture(data, "image/jpeg", tag)


def item_of(site: Site, project: Project, item_id: int) -> Item:
    """An item of this project and of no other. Raises NotFoundError."""
    with site.db.read() as conn:
        return items.get(conn, project.id, item_id)


def original(site: Site, item: Item) -> bytes:
    """The bytes that were imported. Raises ModicumError when they are gone, ConflictError when the file holds others now."""
    data = read_uri(site.home, item.uri)
    if hashlib.sha256(data).hexdigest() != item.sha256:
        raise ConflictError(f"{item.name} has changed since it was imported: put the old file back, or import the new one")
    return data


def fresh(request: Request, tag: str) -> bool:
    """Whether the browser has this very version."""
    return f'"{tag}"' in request.headers.get("if-none-match", "")


def not_modified(tag: str) -> Response:
    return Response(status_code=304, headers={"etag": f'"{tag}"', "cache-control": KEPT})


def picture(data: bytes, media: str, tag: str) -> Response:
    """`media` comes from a look at the bytes, never from a name."""
    return Response(data, media_type=media, headers={"etag": f'"{tag}"', "cache-control": KEPT})


def keep(path: Path, data: bytes) -> None:
    """Keeps a thumbnail; a full disk costs time at the next look and nothing else."""
    fresh_file = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh_file.write_bytes(data)
        fresh_file.replace(path)
    except OSError:
        fresh_file.unlink(missing_ok=True)
