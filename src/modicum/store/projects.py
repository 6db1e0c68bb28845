"""Projects and their classes."""

import re
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from modicum.errors import ConflictError, InputError, NotFoundError, SchemaError
from modicum.frozen import Name
from modicum.store.jobs import ACTIVE
from modicum.store.tables import (
    annotation,
    batch,
    certificate,
    certificate_population,
    draft,
    draw,
    item,
    job,
    label,
    project,
    rejection,
    round_,
    round_score,
    shape_prediction,
    task,
)
from modicum.types import Class, Policy, Project, Schema

DEFAULT_ENCODER = "package:efficientnet-lite0"
SAME_ENCODER = 0.02  # distance of two probes in lengths of the first: another scaling filter alone makes .08, rounding below .001
_NAME: TypeAdapter[str] = TypeAdapter(Name)
_COLUMNS = tuple(column for column in project.c if column is not project.c.probe)  # it is large, and nobody looks at it
_BY_ID = select(*_COLUMNS).where(project.c.id == bindparam("wanted"))
_POLICY = select(project.c.policy).where(project.c.id == bindparam("wanted"))
_SCHEMA = select(project.c.schema).where(project.c.id == bindparam("wanted"))
_BY_SLUG = select(*_COLUMNS).where(project.c.slug == bindparam("wanted"))


def create(
    conn: Connection,
    name: str,
    classes: Iterable[str] = (),
    *,
    source: str = "",
    encoder: str = DEFAULT_ENCODER,
    policy: Policy | None = None,
    instructions: str = "",
    seed: int | None = None,
    task: Literal["classify", "draw"] = "classify",
) -> Project:
    """A new project. Without a seed one is drawn; every round is reproducible from (seed, round number).

    Raises InputError for a name that cannot be used, SchemaError for classes that contradict each other.
    """
    name = _checked_name(name, "$.name")
    schema = Schema(task=task, classes=_extended((), classes), instructions=instructions)
    values = {
        "slug": _free_slug(conn, name),
        "name": name,
        "source": source,
        "encoder": encoder,
        "schema": schema.model_dump(mode="json"),
        "policy": (policy or Policy()).model_dump(mode="json"),
        "seed": secrets.randbelow(2**31) if seed is None else seed,
        "rows": 0,
        "message": "",
        "created": datetime.now(UTC),
    }
    created = conn.execute(insert(project).returning(project.c.id), values).scalar_one()
    return get(conn, created)


def list_all(conn: Connection) -> list[Project]:
    """Every project, the newest first."""
    return [_project(row) for row in conn.execute(select(*_COLUMNS).order_by(project.c.id.desc()))]


def news(conn: Connection) -> dict[int, tuple[int, int | None, int | None]]:
    """By project, the newest first: rows of vectors, newest annotation, the import that waits or runs. Most of what asks for work
    changes one of them, and a look at all projects costs less than a whole one at any."""
    newest = select(func.max(annotation.c.id)).where(annotation.c.project_id == project.c.id).scalar_subquery()
    running = select(func.max(job.c.id)).where(job.c.project_id == project.c.id, job.c.state.in_(ACTIVE)).scalar_subquery()
    rows = conn.execute(select(project.c.id, project.c.rows, newest, running).order_by(project.c.id.desc()))
    return {number: (size, last, waits) for number, size, last, waits in rows}


def get(conn: Connection, project_id: int) -> Project:
    """Raises NotFoundError."""
    row = conn.execute(_BY_ID, {"wanted": project_id}).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no project {project_id}: it may have been deleted")
    return _project(row)


def by_slug(conn: Connection, slug: str) -> Project:
    """Raises NotFoundError, naming the projects there are."""
    row = conn.execute(_BY_SLUG, {"wanted": slug}).one_or_none()
    if row is None:
        known = ", ".join(entry.slug for entry in list_all(conn)[:10]) or "none yet"
        raise NotFoundError(f"there is no project {slug!r}; projects: {known}")
    return _project(row)


def patch(
    conn: Connection,
    project_id: int,
    *,
    name: str | None = None,
    instructions: str | None = None,
    policy: Policy | None = None,
    source: str | None = None,
) -> Project:
    """Change what is given, leave the rest. The slug stays: links to it have been sent around."""
    found = get(conn, project_id)
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = _checked_name(name, "$.name")
    if instructions is not None:
        values["schema"] = _schema(found.task_schema.classes, instructions, found.task_schema).model_dump(mode="json")
    if policy is not None:
        values["policy"] = policy.model_dump(mode="json")
    if source is not None:
        values["source"] = source
    if values:
        conn.execute(update(project).where(project.c.id == project_id).values(**values))
    return get(conn, project_id)


def locked(conn: Connection, project_id: int) -> Project:
    """The project, its row locked until the transaction ends. Raises NotFoundError."""
    conn.execute(select(project.c.id).where(project.c.id == project_id).with_for_update())
    return get(conn, project_id)


def store_schema(conn: Connection, project_id: int, schema: Schema) -> Project:
    """Put a whole schema in the place of the project's; whether labels allow that is the caller's affair."""
    conn.execute(update(project).where(project.c.id == project_id).values(schema=schema.model_dump(mode="json")))
    return get(conn, project_id)


def remove(conn: Connection, project_id: int) -> None:
    """Delete the project with all its items, annotations and rounds; its files are the caller's affair."""
    get(conn, project_id)
    conn.execute(update(annotation).where(annotation.c.project_id == project_id).values(retracts=None))
    of_project = select(certificate.c.id).where(certificate.c.project_id == project_id)
    for part in (draw, certificate_population):
        conn.execute(delete(part).where(part.c.certificate_id.in_(of_project)))
    for table in (
        label,
        task,
        annotation,
        shape_prediction,
        draft,
        item,
        certificate,
        batch,
        round_score,
        round_,
        rejection,
        job,
    ):
        conn.execute(delete(table).where(table.c.project_id == project_id))
    conn.execute(delete(project).where(project.c.id == project_id))


# --- classes -----------------------------------------------------------------------------------------------------------


def ensure_classes(conn: Connection, project_id: int, names: Iterable[str]) -> Schema:
    """The schema, with those of the names appended that it does not have yet (in any case of letters)."""
    found = locked(conn, project_id)
    return _store_classes(conn, found, _extended(found.task_schema.classes, names, skip_known=True))


def add_class(conn: Connection, project_id: int, name: str, key: str | None = None) -> Project:
    """Append a class. Raises SchemaError when one of that name is there already."""
    found = locked(conn, project_id)
    classes = _extended(found.task_schema.classes, [name])
    if key is not None:
        classes = (*classes[:-1], classes[-1].model_copy(update={"key": key}))
    _store_classes(conn, found, classes)
    return get(conn, project_id)


def class_named(conn: Connection, project_id: int, name: str) -> int:
    """The id of the class in use that has this name, in any case of letters; it is added when there is none."""
    folded = _checked_name(name, "$.class_name").casefold()
    schema = ensure_classes(conn, project_id, [name])
    return next(entry.id for entry in schema.classes if not entry.archived and entry.name.casefold() == folded)


def patch_class(
    conn: Connection,
    project_id: int,
    class_id: int,
    *,
    name: str | None = None,
    key: str | None = None,
    archived: bool | None = None,
) -> Project:
    """Rename, re-key, archive or bring back one class; an empty key removes it. Ids never change: labels point at them."""
    found = locked(conn, project_id)
    classes = list(found.task_schema.classes)
    if not 0 <= class_id < len(classes):
        raise NotFoundError(f"there is no class {class_id}; classes: 0 to {len(classes) - 1}")
    changes: dict[str, Any] = {}
    if name is not None:
        changes["name"] = _checked_name(name, "$.name")
    if key is not None:
        changes["key"] = key or None
    if archived is not None:
        changes["archived"] = archived
    classes[class_id] = classes[class_id].model_copy(update=changes)
    _store_classes(conn, found, tuple(classes))
    return get(conn, project_id)


def check_class(schema: dict[str, Any], class_id: int, path: str) -> None:
    """Raises InputError unless the stored schema has this class and it is in use. Cheap: every submission asks."""
    entries = schema["classes"]
    if not 0 <= class_id < len(entries):
        raise InputError(f"there is no class {class_id}; the schema has {len(entries)}: reload the page", path=path)
    if entries[class_id]["archived"]:
        raise InputError(f"the class {entries[class_id]['name']!r} is archived: choose another one", path=path)


def stored_schema(conn: Connection, project_id: int) -> dict[str, Any]:
    """The schema as it is stored."""
    found: dict[str, Any] = conn.execute(_SCHEMA, {"wanted": project_id}).scalar_one()
    return found


# --- policy, vectors and messages -------------------------------------------------------------------------------------


def policy(conn: Connection, project_id: int) -> Policy:
    """The project's policy alone. Raises NotFoundError."""
    found = conn.execute(_POLICY, {"wanted": project_id}).scalar_one_or_none()
    if found is None:
        raise NotFoundError(f"there is no project {project_id}: it may have been deleted")
    return Policy.model_validate(found)


def shape(conn: Connection, project_id: int) -> tuple[int, int | None]:
    """(rows, dims) of the project's committed vectors; dims is none until something was encoded."""
    rows, dims = conn.execute(select(project.c.rows, project.c.dims).where(project.c.id == project_id)).one()
    return rows, dims


def set_dims(conn: Connection, project_id: int, dims: int) -> None:
    """Fix the number of dimensions. Raises ConflictError when vectors of another number are there already."""
    rows, known = shape(conn, project_id)
    if rows and known not in (None, dims):
        raise ConflictError(
            f"the encoder makes vectors of {dims} numbers, this project's have {known}: "
            "use the encoder the project began with, or start a new project"
        )
    conn.execute(update(project).where(project.c.id == project_id).values(dims=dims))


def check_probe(conn: Connection, project_id: int, probe: NDArray[np.float32]) -> None:
    """Compare what the encoder makes of one fixed picture, float32[dims], with what it made of it for the project's vectors.

    Without vectors it is remembered instead, and so it is for vectors older than this check. A small difference is allowed:
    processors round differently. Raises ConflictError when the encoder is another one.
    """
    rows, name, kept = conn.execute(
        select(project.c.rows, project.c.encoder, project.c.probe).where(project.c.id == project_id)
    ).one()
    if not rows or kept is None:
        values = {"probe": probe.astype("<f4").tobytes()}
        conn.execute(update(project).where(project.c.id == project_id).values(**values))
        return
    before = np.frombuffer(kept, "<f4")
    apart = float(np.linalg.norm(probe - before) / max(float(np.linalg.norm(before)), 1e-9))
    if apart > SAME_ENCODER:
        raise ConflictError(
            f"the encoder {name} is not the one that made this project's {rows:,} vectors: of the same picture it makes a vector "
            f"that is {apart:.0%} off, expected less than {SAME_ENCODER:.0%}; put the earlier model back with its preprocessing, "
            "or start a new project"
        )


def set_message(conn: Connection, project_id: int, message: str) -> None:
    """What hinders the project's loop, for people to read; empty when nothing does."""
    conn.execute(update(project).where(project.c.id == project_id).values(message=message))


def message(conn: Connection, project_id: int) -> str:
    found: str = conn.execute(select(project.c.message).where(project.c.id == project_id)).scalar_one()
    return found


# --- inside ------------------------------------------------------------------------------------------------------------


def _project(row: Row[Any]) -> Project:
    return Project(
        id=row.id,
        slug=row.slug,
        name=row.name,
        source=row.source,
        encoder=row.encoder,
        task_schema=Schema.model_validate(row.schema),
        policy=Policy.model_validate(row.policy),
        seed=row.seed,
        created=row.created,
    )


def _checked_name(name: str, path: str) -> str:
    try:
        return _NAME.validate_python(name)
    except ValidationError as error:
        raise InputError(_reason(error), path=path) from error


def _extended(classes: Sequence[Class], names: Iterable[str], *, skip_known: bool = False) -> tuple[Class, ...]:
    """The classes with further ones appended."""
    result = list(classes)
    known = {entry.name.casefold() for entry in classes if not entry.archived}
    for position, name in enumerate(names):
        checked = _checked_name(name, f"$.classes[{position}]")
        if skip_known and checked.casefold() in known:
            continue
        if checked.casefold() in known:
            raise SchemaError(f"there is a class {checked!r} already: give this one another name", path=f"$.classes[{position}]")
        known.add(checked.casefold())
        result.append(Class(id=len(result), name=checked))
    return tuple(result)


def _schema(classes: tuple[Class, ...], instructions: str, old: Schema) -> Schema:
    try:
        return Schema(task=old.task, classes=classes, instructions=instructions)
    except ValidationError as error:
        raise SchemaError(_reason(error)) from error


def _store_classes(conn: Connection, found: Project, classes: tuple[Class, ...]) -> Schema:
    if classes == found.task_schema.classes:
        return found.task_schema
    try:
        checked = tuple(Class.model_validate(entry.model_dump()) for entry in classes)
    except ValidationError as error:
        raise SchemaError(_reason(error)) from error
    schema = _schema(checked, found.task_schema.instructions, found.task_schema)
    conn.execute(update(project).where(project.c.id == found.id).values(schema=schema.model_dump(mode="json")))
    return schema


def _reason(error: ValidationError) -> str:
    return error.errors()[0]["msg"].removeprefix("Value error, ")


def _free_slug(conn: Connection, name: str) -> str:
    """The name in plain letters for the address line, with a number behind when another project has it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80] or "project"
    taken = set(conn.execute(select(project.c.slug).where(project.c.slug.startswith(base, autoescape=True))).scalars())
    number = 1
    slug = base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug
