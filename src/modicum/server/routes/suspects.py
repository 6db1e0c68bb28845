"""Labels that seem wrong, and what people say when they look again, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query

from modicum import suspects
from modicum.server.site import At, In
from modicum.server.wire import SecondLook
from modicum.views import Receipt, SuspectPage

router = APIRouter(tags=["second look"])


@router.get("/projects/{slug}/suspects")
def list_suspects(
    project: In,
    site: At,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    limit: Annotated[int, Query(ge=0, le=100)] = 20,
) -> SuspectPage:
    """Labels that the model and the neighbours contradict, those first where a look is worth most."""
    return suspects.listed(site.db, site.home, project, offset, limit)


@router.post("/projects/{slug}/suspects/{item_id}")
def look_again(item_id: int, body: SecondLook, project: In, site: At) -> Receipt:
    """Keep a label (the same class) or change it; the answer means that it is on disk. /retract takes it back."""
    return suspects.decide(site.db, project.id, site.annotator, item_id, **dict(body))
