"""The web application: routes, errors as Problem, security headers, and the interface's files."""

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from modicum import __version__
from modicum.server.routes import annotate, images, imports, progress, projects, validate
from modicum.server.site import Site
from modicum.server.wire import Problem


def operation_id(route: APIRoute) -> str:
    """The function's name: what the browser's generated client calls the operation."""
    return route.name


def create_app(site: Site | None) -> FastAPI:
    """The application for one site; without a site it can only describe itself."""
    app = FastAPI(title="modicum", version=__version__, generate_unique_id_function=operation_id)
    app.state.site = site
    api = APIRouter(prefix="/api", responses={"4XX": {"model": Problem}, "5XX": {"model": Problem}})
    for module in (projects, imports, annotate, images, validate, progress):
        api.include_router(module.router)
    app.include_router(api)
    return app
