"""Drafts of drawings, and what models have said of shapes, over HTTP."""

from fastapi import APIRouter

from modicum.server.site import At, In
from modicum.server.wire import Draft, PredictionNote, ShapeSources
from modicum.store import drawings

router = APIRouter(tags=["drawing"])


@router.get("/projects/{slug}/items/{item_id}/draft")
def get_draft(item_id: int, project: In, site: At) -> Draft:
    """What this person has drawn on the item and not handed in."""
    with site.db.read() as conn:
        return Draft(shapes=drawings.draft_of(conn, project.id, item_id, site.annotator))


@router.put("/projects/{slug}/items/{item_id}/draft", status_code=204)
def keep_draft(item_id: int, body: Draft, project: In, site: At) -> None:
    """Keep what this person has drawn so far; the answer means that it is on disk. Nothing drawn gives the draft up."""
    if body.shapes is None:
        site.db.write(drawings.drop_draft, item_id, site.annotator)
    else:
        site.db.write(drawings.keep_draft, project.id, item_id, site.annotator, body.shapes)


@router.get("/projects/{slug}/shape-sources")
def list_shape_sources(project: In, site: At) -> ShapeSources:
    """The models that have predicted shapes here, and what of it could not be shown as they said it."""
    with site.db.read() as conn:
        notes = tuple(PredictionNote(source=source, note=note, items=n) for source, note, n in drawings.notes(conn, project.id))
        return ShapeSources(sources=drawings.sources(conn, project.id), notes=notes)
