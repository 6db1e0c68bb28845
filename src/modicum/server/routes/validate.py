"""Whole pages of sure predictions, confirmed at once, over HTTP."""

from fastapi import APIRouter

from modicum import planting, validate, validate_images
from modicum.errors import InputError
from modicum.server.site import At, In
from modicum.server.wire import ImagesRequest, PageConfirm, PageRequest, PageRetract
from modicum.types import Task
from modicum.views import PageReceipt, PageView, ValidateView

router = APIRouter(tags=["validate"])


@router.get("/projects/{slug}/validate")
def get_validate(project: In, site: At) -> ValidateView:
    """How confident the model is in what, by class, and how right it was on the holdout."""
    return validate.view(site.db, project.id)


@router.post("/projects/{slug}/validate/page")
def claim_page(body: PageRequest, project: In, site: At) -> PageView:
    """Lease a page of items predicted as one class, most doubtful first."""
    schema = project.task_schema.classes
    if not 0 <= body.class_id < len(schema):
        raise InputError(f"there is no class {body.class_id}; classes: 0 to {len(schema) - 1}", path="$.class_id")
    planted = planting.plants(site.db, site.home, project, body.class_id, body.above, body.size)
    return validate.claim_page(site.db, project.id, site.annotator, body.client, body.class_id, body.above, body.size, planted)


@router.post("/projects/{slug}/validate/images")
def claim_images(body: ImagesRequest, project: In, site: At) -> PageView:
    """Lease a page of images on which the model is sure of every shape, most doubtful first; confirmed like any page."""
    return validate_images.claim_page(site.db, project.id, site.annotator, body.client, body.above, body.size)


@router.post("/projects/{slug}/validate/confirm")
def confirm_page(body: PageConfirm, project: In, site: At) -> PageReceipt:
    """Confirm a page; the answer means that it is on disk."""
    return validate.confirm_page(
        site.db,
        project.id,
        site.annotator,
        page=body.tasks,
        wrong=body.wrong,
        relabeled=body.relabeled,
        key=body.key,
        seconds=body.seconds,
        wrong_shapes=body.wrong_shapes,
    )


@router.post("/projects/{slug}/validate/retract")
def retract_page(body: PageRetract, project: In, site: At) -> tuple[Task, ...]:
    """Take a whole page back; its items are leased again as they were shown."""
    return validate.retract_page(site.db, project.id, site.annotator, body.client, body.page)
