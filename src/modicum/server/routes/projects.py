"""Projects and their classes over HTTP."""

from fastapi import APIRouter

from modicum.server.site import At, In
from modicum.server.wire import ClassPatch, Me, NewClass, NewProject, ProjectCard, ProjectPatch, ProjectView

router = APIRouter(tags=["projects"])


@router.get("/me")
def get_me(site: At) -> Me:
    """Who is at the keyboard, and what this server can do."""
    raise RuntimeError


@router.get("/projects")
def list_projects(site: At) -> list[ProjectCard]:
    """All projects, newest first."""
    raise RuntimeError


@router.post("/projects", status_code=201)
def create_project(body: NewProject, site: At) -> ProjectView:
    """Create a project; with a source its import starts at once."""
    raise RuntimeError


@router.get("/projects/{slug}")
def get_project(project: In, site: At) -> ProjectView:
    """One project with its counts, its current round and its import."""
    raise RuntimeError


@router.patch("/projects/{slug}")
def update_project(body: ProjectPatch, project: In, site: At) -> ProjectView:
    """Change name, instructions or policy; what is left out stays."""
    raise RuntimeError


@router.delete("/projects/{slug}", status_code=204)
def delete_project(project: In, site: At) -> None:
    """Delete a project with its labels. The images it points at stay where they are."""
    raise RuntimeError


@router.post("/projects/{slug}/classes", status_code=201)
def add_class(body: NewClass, project: In, site: At) -> ProjectView:
    """Add a class; its id is the number of classes before."""
    raise RuntimeError


@router.patch("/projects/{slug}/classes/{class_id}")
def update_class(class_id: int, body: ClassPatch, project: In, site: At) -> ProjectView:
    """Rename a class, change its key, or archive it. A class is never removed: labels point at it."""
    raise RuntimeError
