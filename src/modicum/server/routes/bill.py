"""The bill over HTTP."""

from fastapi import APIRouter

from modicum.bill_views import Bill
from modicum.report import bill
from modicum.server.site import At, In

router = APIRouter(tags=["progress"])


@router.get("/projects/{slug}/bill")
def get_bill(project: In, site: At) -> Bill:
    """What the labels cost in time and money, beside what other ways would have cost; what is left, and the budgets."""
    return bill(site.db, site.home, project)
