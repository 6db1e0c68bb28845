"""Whole pages of sure predictions, confirmed at once, over HTTP."""

from fastapi import APIRouter

from modicum.server.site import At, In
from modicum.server.wire import PageConfirm, PageRequest, PageRetract
from modicum.views import PageReceipt, PageView, ValidateView

router = APIRouter(tags=["validate"])


@router.get("/projects/{slug}/validate")
def get_validate(project: In, site: At) -> ValidateView:
    """How confident the model is in what, by class, and how right it was on the holdout."""
    raise RuntimeError


@router.post("/projects/{slug}/validate/page")
def claim_page(body: PageRequest, project: In, site: At) -> PageView:
    """Lease a page of items predicted as one class, most doubtful first."""
    raise RuntimeError


@router.post("/projects/{slug}/validate/confirm")
def confirm_page(body: PageConfirm, project: In, site: At) -> PageReceipt:
    """Confirm a page; the answer means that it is on disk."""
    raise RuntimeError


@router.post("/projects/{slug}/validate/retract", status_code=204)
def retract_page(body: PageRetract, project: In, site: At) -> None:
    """Take a whole page back."""
    raise RuntimeError
