"""What the pages show of a project, put together from counted facts."""

from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from modicum.certificate_views import Fallen
from modicum.server.wire import ImportView, ItemView, ProjectCard, ProjectView, Pulse
from modicum.store import certificates, counts, drawings, items, jobs, labels, projects, rounds, scores, tasks
from modicum.types import Job, Origin, Prediction, Project, Split

if TYPE_CHECKING:
    from modicum.server.site import Site
    from modicum.store.db import Database
    from modicum.worker import Worker

THUMBS = 4
RECENT = 24
SPEED_S = 10.0  # seconds an import's speed is taken over


def card(conn: Connection, project: Project) -> ProjectCard:
    """A project on the first page."""
    facts = counts.counts(conn, project.id)
    newest = rounds.latest(conn, project.id)
    return ProjectCard(
        slug=project.slug,
        name=project.name,
        created=project.created,
        classes=sum(not entry.archived for entry in project.task_schema.classes),
        items=facts.items,
        labeled=facts.labeled,
        accuracy=None if newest is None else newest.accuracy,
        thumbs=tuple(items.newest(conn, project.id, THUMBS)),
        job=jobs.latest(conn, project.id),
    )


def view(site: "Site", project: Project) -> ProjectView:
    """A project with everything its pages need at once."""
    with site.db.read() as conn:
        return ProjectView(
            project=project,
            counts=counts.counts(conn, project.id),
            round=rounds.latest(conn, project.id),
            training=site.worker.training(project.id),
            job=jobs.latest(conn, project.id),
            message=projects.message(conn, project.id),
            fallen=_fallen(conn, project.id),
        )


def _fallen(conn: Connection, project_id: int) -> Fallen | None:
    row = certificates.fallen(conn, project_id)
    if row is None:
        return None
    return Fallen(number=row.number, route=row.route, reason=row.reason, ended=row.ended)


def pulse(db: "Database", worker: "Worker", project_id: int) -> Pulse:
    """What listeners are told of. Raises NotFoundError when the project is gone."""
    with db.read() as conn:
        project = projects.get(conn, project_id)
        newest, fallen = rounds.latest(conn, project_id), certificates.fallen(conn, project_id)
        return Pulse(
            round=None if newest is None else newest.number,
            training=worker.training(project_id),
            annotations=counts.annotations(conn, project_id),
            labeled=counts.settled(conn, project_id),
            items=projects.shape(conn, project_id)[0],
            job=jobs.latest(conn, project_id),
            schema_version=len(project.task_schema.classes),
            fallen=None if fallen is None else fallen.number,
        )


def item_view(conn: Connection, project: Project, item_id: int) -> ItemView:
    """One item with everything that was said of it. Raises NotFoundError.

    What a model says of it is withheld as long as somebody is to answer it blind, as a label too; where its suggestion was
    tampered with, the suggestion is told.
    """
    item = items.get(conn, project.id, item_id)
    label = labels.of_item(conn, item_id)
    by_model = label is not None and label.origin is Origin.MODEL
    waiting = tasks.waiting(conn, item_id)
    if item.split is Split.HOLDOUT and (label is None or by_model):
        prediction = None
    elif waiting is not None and (waiting.blind or waiting.arm is not None):
        prediction = None if waiting.prediction is None else Prediction.model_validate(waiting.prediction)
    else:
        of_class = scores.of_rows(conn, project.id, [item.row]).get(item.row)
        prediction = of_class or drawings.predictions(conn, [item_id]).get(item_id)
    return ItemView(
        item=item,
        label=None if by_model and waiting is not None and waiting.blind else label,
        prediction=prediction,
        annotations=tuple(labels.annotations_of(conn, item_id)),
        notes=drawings.notes_of(conn, item_id),
    )


class Speeds:
    """How fast imports go, from what the browser sees of them when it asks."""

    def __init__(self) -> None:
        self.seen: dict[int, deque[tuple[datetime, int]]] = {}

    def of(self, job: Job) -> float | None:
        """Items per second over the last seconds; none before two looks, and when the import has ended."""
        if job.state != "running":
            self.seen.pop(job.id, None)
            return None
        looks = self.seen.setdefault(job.id, deque())
        now = datetime.now(UTC)
        looks.append((now, job.done))
        while (now - looks[0][0]).total_seconds() > SPEED_S and len(looks) > 2:
            looks.popleft()
        seconds = (now - looks[0][0]).total_seconds()
        return (job.done - looks[0][1]) / seconds if seconds > 0.2 else None


def import_view(site: "Site", project: Project) -> ImportView:
    """The latest import with its speed and the newest items."""
    with site.db.read() as conn:
        job = jobs.latest(conn, project.id)
        recent = tuple(items.newest(conn, project.id, RECENT))
    return ImportView(job=job, rate=None if job is None else site.speeds.of(job), recent=recent)
