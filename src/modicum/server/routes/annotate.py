"""Claim, submit and take back over HTTP."""

from asyncio import wrap_future
from typing import Annotated

from fastapi import APIRouter, Query

from modicum import desk
from modicum.server import reading
from modicum.server.quick import QuickRoute
from modicum.server.site import At, In, InId
from modicum.server.wire import ClaimRequest, ItemView, RetractRequest, Submission
from modicum.types import Task
from modicum.views import Claim, Past, Receipt

router = APIRouter(tags=["annotate"])


async def claim_tasks(body: ClaimRequest, project_id: InId, site: At) -> Claim:
    """Lease tasks to one browser tab; the tasks it holds already come first."""
    return await wrap_future(desk.claiming(site.db, project_id, site.annotator, body.client, body.n))


async def submit_task(body: Submission, project_id: InId, site: At) -> Receipt:
    """Store one decision; the answer means that it is on disk."""
    return await wrap_future(desk.submitting(site.db, project_id, site.annotator, **dict(body)))


for path, route in (("claim", claim_tasks), ("submit", submit_task)):
    router.add_api_route("/projects/{slug}/" + path, route, methods=["POST"], route_class_override=QuickRoute)


@router.post("/projects/{slug}/retract")
def retract_decision(body: RetractRequest, project: In, site: At) -> Task:
    """Take a decision back; its task comes back leased to the same tab."""
    return desk.retract(site.db, project.id, site.annotator, **dict(body))


@router.get("/projects/{slug}/history")
def list_history(project: In, site: At, limit: Annotated[int, Query(ge=1, le=200)] = 20) -> list[Past]:
    """The annotator's last decisions, newest first, without those taken back."""
    return desk.history(site.db, project.id, site.annotator, limit)


@router.get("/projects/{slug}/items/{item_id}")
def get_item(item_id: int, project: In, site: At) -> ItemView:
    """One item with its label, the current prediction and everything people said of it; blind ones without what a model says."""
    with site.db.read() as conn:
        return reading.item_view(conn, project, item_id)


@router.post("/projects/{slug}/items/{item_id}/claim")
def claim_item(item_id: int, body: ClaimRequest, project: In, site: At) -> Task:
    """Lease the task of one particular item: a link sent by a colleague."""
    return desk.claim_item(site.db, project.id, item_id, site.annotator, body.client)
