"""Assisted drawing over HTTP: clicks in, proposals out; nothing of it is stored but what a model said of an image."""

from functools import partial

from fastapi import APIRouter, BackgroundTasks

from modicum import assist
from modicum.server.routes.images import item_of, original
from modicum.server.site import At, In
from modicum.server.wire import AssistTools, Upcoming

router = APIRouter(tags=["draw"])


@router.post("/projects/{slug}/items/{item_id}/assist")
def assist_drawing(item_id: int, body: assist.Ask, project: In, site: At) -> assist.Assisted:
    """What a tool makes of a few clicks on an image: geometries, the likeliest first, none when it found nothing."""
    item = item_of(site, project, item_id)
    return assist.assist(item.sha256, lambda: original(site, item), body, site.home)


@router.post("/projects/{slug}/assist")
def prepare_assistance(body: Upcoming, project: In, site: At, later: BackgroundTasks) -> AssistTools:
    """Tells whether there is a segmenter, and lets it look at the images that come next, in the background."""
    there = assist.described(site.home).is_file()
    if there and body.items:
        items = [item_of(site, project, item_id) for item_id in body.items]
        later.add_task(assist.prepare, site.home, [(item.sha256, partial(original, site, item)) for item in items])
    return AssistTools(model=there)
