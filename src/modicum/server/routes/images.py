"""Images and thumbnails over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from modicum.server.site import At, In

router = APIRouter(tags=["images"])

PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}}


@router.get("/projects/{slug}/items/{item_id}/image", response_class=Response, responses=PICTURE)
def get_image(item_id: int, request: Request, project: In, site: At) -> Response:
    """The image as it was imported; formats browsers cannot show are converted."""
    raise RuntimeError


@router.get("/projects/{slug}/items/{item_id}/thumb", response_class=Response, responses=PICTURE)
def get_thumb(
    item_id: int,
    request: Request,
    project: In,
    site: At,
    size: Annotated[int, Query(ge=64, le=1024, description="longer side in pixels")] = 256,
) -> Response:
    """A small upright version, made once and kept on disk."""
    raise RuntimeError
