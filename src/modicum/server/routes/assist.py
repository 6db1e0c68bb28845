"""Assisted drawing over HTTP: clicks in, proposals out; nothing is stored."""

from fastapi import APIRouter

from modicum import assist
from modicum.server.routes.images import item_of, original
from modicum.server.site import At, In

router = APIRouter(tags=["draw"])


@router.post("/projects/{slug}/items/{item_id}/assist")
def assist_drawing(item_id: int, body: assist.Ask, project: In, site: At) -> assist.Assisted:
    """What a tool makes of a few clicks on an image: geometries, the likeliest first, none when it found nothing."""
    item = item_of(site, project, item_id)
    return assist.assist(item.sha256, lambda: original(site, item), body)
