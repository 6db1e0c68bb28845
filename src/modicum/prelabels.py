"""A model from outside looks at the images of a project: what it draws becomes pre-labels, what cannot be taken becomes notes."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice

import numpy as np
from sqlalchemy import Connection

from modicum.engine import image_utility
from modicum.errors import InputError, MediaError, ModelError, NotFoundError, SourceError
from modicum.geometry import Shapes
from modicum.models.fit import fitted
from modicum.models.reply import FROM_OUTSIDE, Photo, Reply, ShapeModel
from modicum.models.words import Words, words
from modicum.sources.uris import read_uri
from modicum.store import drawings, facts, items, projects, tasks
from modicum.store.db import Database
from modicum.store.drawings import Predicted
from modicum.types import Item, Prediction, Project

AT_ONCE = 16  # images between two commits: what an interruption costs at most
_NAME = 150  # characters of a source that name it
Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Done:
    """What a run did. `left` images were looked at in an earlier run; `notes` are lines with the number of images they are of."""

    source: str
    looked: int
    left: int
    shapes: int
    notes: tuple[tuple[str, int], ...]


def run(
    db: Database,
    project: Project,
    model: ShapeModel,
    said: Mapping[str, str],
    *,
    above: float = 0.0,
    tell: Tell = lambda *_: None,
) -> Done:
    """Let a model look at every image of the pool, a few at a time.

    `said` maps its words to classes, see `models.words`; shapes with a score below `above` are left out. Committed as it goes:
    when it is interrupted the next run goes on, as long as model, map, `above` and classes are the same. What another state of
    the model said is dropped at the end. Raises InputError, and ModelError when the model fails.
    """
    if project.task_schema.task != "draw":
        raise InputError(f"{project.name!r} is a project of whole images: a model that draws needs one that was made for drawing")
    known = words(project.task_schema, said)
    source = source_of(project, model, said, above)
    waiting, left = _waiting(db, project, source)
    shapes = 0
    counts: dict[str, int] = {}
    tell(0, len(waiting))
    for done in range(0, len(waiting), AT_ONCE):
        found = _look(model, waiting[done : done + AT_ONCE], known, above)
        db.write(_store, project.id, source, found)
        for entry in found:
            shapes += len(entry.prediction.value.shapes) if isinstance(entry.prediction.value, Shapes) else 0
            for note in entry.notes:
                counts[note] = counts.get(note, 0) + 1
        tell(min(done + AT_ONCE, len(waiting)), len(waiting))
    db.write(_forget_others, project.id, source, model.name)
    ranked = tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
    return Done(source, len(waiting), left, shapes, ranked)


def source_of(project: Project, model: ShapeModel, said: Mapping[str, str], above: float) -> str:
    """The name predictions are kept under: the model, its version and, shortened, what else decides how they come out."""
    schema = project.task_schema.model_dump(mode="json")["classes"]
    rest = json.dumps([schema, sorted(said.items()), above], ensure_ascii=False)
    return f"{_version(model)}+{sha256(rest.encode()).hexdigest()[:6]}"


def _version(model: ShapeModel) -> str:
    return f"{model.name[:_NAME]}@{model.version[:40]}"


def _waiting(db: Database, project: Project, source: str) -> tuple[list[Item], int]:
    """Items of the pool the source has not looked at, and how many it has."""
    with db.read() as conn:
        rows, _ = projects.shape(conn, project.id)
        known = drawings.looked_at(conn, project.id, source)
        ids, at, *_ = facts.pool(conn, project.id, rows)
        wanted = [int(row) for item_id, row in zip(ids.tolist(), at.tolist(), strict=True) if item_id not in known]
        return items.by_rows(conn, project.id, wanted), len(ids) - len(wanted)


def _look(model: ShapeModel, wanted: Sequence[Item], known: Words, above: float) -> list[Predicted]:
    """What the model says of these items, those that cannot be read among them with a note."""
    found: list[Predicted] = []
    waiting = iter(wanted)
    while part := list(islice(waiting, max(1, model.step))):
        photos = []
        for item in part:
            try:
                photos.append(_photo(item))
            except (MediaError, SourceError, NotFoundError) as error:
                found.append(_predicted(item, Reply((), (f"the image cannot be read: {error.message}",)), known, model, above))
        by_id = {item.id: item for item in part}
        for photo, reply in _answers(model, photos):
            found.append(_predicted(by_id[photo.id], reply, known, model, above))
    return found


def _photo(item: Item) -> Photo:
    photo = Photo(item.id, item.name, read_uri(item.uri), item.media, item.width, item.height)
    height, width = photo.pixels.shape[:2]
    if (width, height) != (item.width, item.height):
        raise MediaError(f"it has {width} x {height} pixels, at its import it had {item.width} x {item.height}")
    return photo


def _answers(model: ShapeModel, photos: Sequence[Photo]) -> Iterator[tuple[Photo, Reply]]:
    replies = model(photos) if photos else []
    if len(replies) != len(photos):
        raise ModelError(f"{model.name} gave {len(replies)} replies for {len(photos)} images; it has to give one for each")
    yield from zip(photos, replies, strict=True)


def _predicted(item: Item, reply: Reply, known: Words, model: ShapeModel, above: float) -> Predicted:
    fit = fitted(reply, item.width, item.height, known, _version(model), above=above)
    scores = [shape.score for shape in fit.shapes.shapes if shape.score is not None]
    said = Prediction(model=FROM_OUTSIDE, value=fit.shapes, confidence=round(float(np.mean(scores)), 4) if scores else 0.0)
    told = [entry.score for entry in reply.candidates if entry.score is not None]
    utility = image_utility.utility(np.nan_to_num(np.array(told))) if told else None
    return Predicted(item.id, said, utility, fit.notes)


def _store(conn: Connection, project_id: int, source: str, found: Sequence[Predicted]) -> None:
    """Keep predictions, and show them with questions that are open already; the project's own detector goes first."""
    drawings.store(conn, project_id, source, found)
    tasks.suggest(conn, drawings.predictions(conn, [entry.item_id for entry in found]))


def _forget_others(conn: Connection, project_id: int, source: str, name: str) -> None:
    """Drop what the same model said in another state of it, or of the project."""
    for other in drawings.sources(conn, project_id):
        if other != source and other.startswith(f"{name[:_NAME]}@"):
            drawings.forget(conn, project_id, other)
