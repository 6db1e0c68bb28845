"""One person's own figures over HTTP."""

from fastapi import APIRouter

from modicum import bias
from modicum.server.site import At, In
from modicum.views import Mine

router = APIRouter(tags=["mine"])


@router.get("/projects/{slug}/mine")
def get_mine(project: In, site: At) -> Mine:
    """The annotator's own figures: decisions, pace, how far suggestions pull, what was overlooked; never a ranking."""
    return bias.mine(site.db, project, site.annotator)
