"""Projects and their classes over HTTP."""

from fastapi import APIRouter
from sqlalchemy import Connection

from modicum import __version__, schemas
from modicum.server import reading
from modicum.server.checks import check_policy, seed_strategies, strategies, wrappers
from modicum.server.site import At, In
from modicum.server.sources import import_args
from modicum.server.wire import ClassPatch, FormatView, Me, NewClass, NewProject, ProjectCard, ProjectPatch, ProjectView
from modicum.store import jobs, projects
from modicum.types import Project, Schema

router = APIRouter(tags=["projects"])


@router.get("/me")
def get_me(site: At) -> Me:
    """Who is at the keyboard, and what this server can do."""
    from modicum import converting, export, plugins

    return Me(
        annotator=site.annotator,
        version=__version__,
        home=str(site.home.path),
        encoders=tuple(plugins.names("modicum.encoders")),
        strategies=strategies(),
        seed_strategies=seed_strategies(),
        wrappers=wrappers(),
        formats=tuple(FormatView(name=name, suffix=found.suffix, text=found.text) for name, found in export.formats().items()),
        shape_formats=tuple(_shape_format(name) for name in converting.names()),
    )


def _shape_format(name: str) -> FormatView:
    from modicum import converting

    found = converting.format_named(name)
    return FormatView(name=name, suffix=found.suffix, text=found.text)


@router.get("/projects")
def list_projects(site: At) -> list[ProjectCard]:
    """All projects, newest first."""
    with site.db.read() as conn:
        return [reading.card(conn, project) for project in projects.list_all(conn)]


@router.post("/projects", status_code=201)
def create_project(body: NewProject, site: At) -> ProjectView:
    """Create a project; with a source its import starts at once."""
    args = None if body.source is None else import_args(site.home, body.source, labels_from_folders=body.labels_from_folders)

    def write(conn: Connection) -> Project:
        encoder = body.encoder or projects.DEFAULT_ENCODER
        made = projects.create(conn, body.name, body.classes, source=body.source or "", encoder=encoder, task=body.task)
        if args is not None:
            jobs.enqueue(conn, made.id, args)
        return made

    return reading.view(site, site.db.write(write))


@router.get("/projects/{slug}")
def get_project(project: In, site: At) -> ProjectView:
    """One project with its counts, its current round and its import."""
    return reading.view(site, project)


@router.patch("/projects/{slug}")
def update_project(body: ProjectPatch, project: In, site: At) -> ProjectView:
    """Change name, instructions or policy; what is left out stays."""
    if body.policy is not None:
        check_policy(body.policy)
    changed = site.db.write(projects.patch, project.id, name=body.name, instructions=body.instructions, policy=body.policy)
    return reading.view(site, changed)


@router.put("/projects/{slug}/schema")
def replace_schema(body: Schema, project: In, site: At) -> ProjectView:
    """Change the schema as a whole; what labels rest on is refused with the reason."""
    return reading.view(site, schemas.replace(site.db, project.id, body))


@router.delete("/projects/{slug}", status_code=204)
def delete_project(project: In, site: At) -> None:
    """Delete a project with its labels. The images it points at stay where they are."""
    site.db.write(projects.remove, project.id)
    site.ids.pop(project.slug, None)
    site.home.remove_project(project.id)


@router.post("/projects/{slug}/classes", status_code=201)
def add_class(body: NewClass, project: In, site: At) -> ProjectView:
    """Add a class; its id is the number of classes before."""
    return reading.view(site, site.db.write(projects.add_class, project.id, body.name))


@router.patch("/projects/{slug}/classes/{class_id}")
def update_class(class_id: int, body: ClassPatch, project: In, site: At) -> ProjectView:
    """Rename a class, change its key, or archive it. A class is never removed: labels point at it."""
    changed = site.db.write(projects.patch_class, project.id, class_id, name=body.name, key=body.key, archived=body.archived)
    return reading.view(site, changed)
