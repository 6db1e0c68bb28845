"""What a running server holds, and how a route gets at it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from modicum.types import Project

if TYPE_CHECKING:
    from modicum.home import Home
    from modicum.server.events import Pulses
    from modicum.server.reading import Speeds
    from modicum.store.db import Database
    from modicum.worker import Worker


@dataclass(frozen=True)
class Site:
    """One home being served. `annotator` is the person at the keyboard: one per server until teams arrive."""

    home: "Home"
    db: "Database"
    worker: "Worker"
    pulses: "Pulses"
    token: str
    annotator: str
    speeds: "Speeds"
    ids: dict[str, int] = field(default_factory=dict)  # of slugs seen; a project's slug never changes


async def site_of(request: Request) -> Site:  # async: a trip to a worker thread would cost more than all it does
    """The site of the application that answers this request."""
    site = request.app.state.site
    if not isinstance(site, Site):
        raise RuntimeError("the application was made without a site: create_app(site)")
    return site


At = Annotated[Site, Depends(site_of)]


def project_of(slug: str, site: At) -> Project:
    """The project a URL names. Raises NotFoundError."""
    from modicum.store import projects

    with site.db.read() as conn:
        return projects.by_slug(conn, slug)


In = Annotated[Project, Depends(project_of)]


async def project_id_of(slug: str, site: At) -> int:
    """The id of the project a URL names: all that claim and submit need, which come by the hundred. Raises NotFoundError."""
    if slug not in site.ids:
        site.ids[slug] = (await run_in_threadpool(project_of, slug, site)).id
    return site.ids[slug]


InId = Annotated[int, Depends(project_id_of)]
