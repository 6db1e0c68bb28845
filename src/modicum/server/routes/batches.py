"""Batches over HTTP: what arrived, how it differs, what seems new in it, and what came of it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, JSONResponse, Response

from modicum import batch_page, batches, stacks
from modicum.batch_views import BatchDetail, Batches, BatchReport, BatchView, StackReceipt
from modicum.server.site import At, In
from modicum.server.wire import ClaimRequest, StackDecision, StackName
from modicum.views import Claim

router = APIRouter(tags=["batches"])

REPORT: dict[int | str, dict[str, Any]] = {
    200: {"model": BatchReport, "content": {"text/html": {"schema": {"type": "string"}}}},
}


@router.get("/projects/{slug}/batches")
def list_batches(project: In, site: At) -> Batches:
    """Every batch, newest first, with its alarm."""
    return batches.overview(site.db, site.home, project)


@router.get("/projects/{slug}/batches/{number}")
def get_batch(number: int, project: In, site: At) -> BatchDetail:
    """One batch with its stacks of similar new items and, once its triage is over, its report."""
    return batches.detail(site.db, site.home, project, number)


@router.post("/projects/{slug}/batches/{number}/claim")
def claim_triage(number: int, body: ClaimRequest, project: In, site: At) -> Claim:
    """Lease the questions of a triage to one browser tab; they are answered at /submit like all others."""
    return batches.claim(site.db, site.home, project, number, site.annotator, body.client, body.n)


@router.post("/projects/{slug}/batches/{number}/stacks/{stack_id}/name")
def name_stack(number: int, stack_id: str, body: StackName, project: In, site: At) -> StackReceipt:
    """Label a whole stack; a new name adds the class. /validate/retract takes it back."""
    return stacks.name(site.db, site.home, project, number, stack_id, site.annotator, **dict(body))


@router.post("/projects/{slug}/batches/{number}/stacks/{stack_id}/known")
def stack_is_known(number: int, stack_id: str, body: StackDecision, project: In, site: At) -> StackReceipt:
    """Nothing new in this stack after all. /validate/retract takes it back."""
    return stacks.known(site.db, site.home, project, number, stack_id, site.annotator, **dict(body))


@router.post("/projects/{slug}/batches/{number}/stacks/{stack_id}/noise")
def stack_is_noise(number: int, stack_id: str, body: StackDecision, project: In, site: At) -> StackReceipt:
    """Set a stack aside, now and when its like comes with later batches. /validate/retract takes it back."""
    return stacks.noise(site.db, site.home, project, number, stack_id, site.annotator, **dict(body))


@router.post("/projects/{slug}/batches/{number}/finish")
def finish_batch(number: int, project: In, site: At) -> BatchView:
    """End the triage and write the report; what nobody looked at stays in the pool."""
    return batches.finish(site.db, site.home, project, number)


@router.get("/projects/{slug}/batches/{number}/report", responses=REPORT, response_class=JSONResponse, response_model=None)
def batch_report(
    number: int,
    project: In,
    site: At,
    format: Annotated[Literal["html", "json"], Query(description="a page that needs nothing else, or JSON")] = "json",
) -> Response:
    """What came of a batch, once its triage is over."""
    found = batches.report_of(site.db, project, number)
    if format == "html":
        names = [entry.name for entry in project.task_schema.classes]
        return HTMLResponse(batch_page.page(found, f"{project.name}: {found.name}", names))
    return JSONResponse(found.model_dump(mode="json"))
