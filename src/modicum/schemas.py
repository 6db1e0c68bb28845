"""A schema changed as a whole: what labels rest on stays, or the change is refused with what stands against it."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import Connection

from modicum.errors import SchemaError
from modicum.geometry import Shape, Shapes, Skeleton
from modicum.store import counts, drawings, projects
from modicum.store.db import Database
from modicum.types import Class, Project, Schema


def replace(db: Database, project_id: int, schema: Schema) -> Project:
    """Put this schema in the place of the project's.

    Classes keep their ids and may be renamed, archived and added to; keypoints may be added behind those there are, and older
    skeletons leave them unmarked. Raises SchemaError, with the path of it, for what labels contradict: another task, a class
    that is gone, a kind of shape, keypoint, attribute or choice taken away that some shape has.
    """
    return db.write(_replace, project_id, schema)


def _replace(conn: Connection, project_id: int, schema: Schema) -> Project:
    old = projects.locked(conn, project_id).task_schema
    labeled = counts.settled(conn, project_id)
    if schema.task != old.task and labeled:
        raise SchemaError(
            f"the project has {labeled:,} labels of the task {old.task!r}: start another project for {schema.task!r}",
            path="$.task",
        )
    if len(schema.classes) < len(old.classes):
        gone = old.classes[len(schema.classes)].name
        raise SchemaError(
            f"the class {gone!r} is missing: labels may point at it; archive it instead of leaving it out", path="$.classes"
        )
    if schema.task == "draw" and labeled:
        _refuse_losses(old.classes, schema.classes, drawings.values(conn, project_id))
    return projects.store_schema(conn, project_id, schema)


def _refuse_losses(old: tuple[Class, ...], new: tuple[Class, ...], drawn: Iterable[Shapes]) -> None:
    """Raises SchemaError for the first thing that shapes have and the new classes do not."""
    narrowed = {entry.id for entry in old if _narrower(entry, new[entry.id])}
    lost: Counter[tuple[str, str]] = Counter()
    for value in drawn if narrowed else ():
        for shape in value.shapes:
            if shape.class_id in narrowed:
                lost.update(set(_losses(shape, new[shape.class_id])))
    if lost:
        (path, what), _ = min(lost.items())
        raise SchemaError(f"{what}, and {lost[path, what]:,} shapes have it: change or delete them first", path=path)


def _narrower(old: Class, new: Class) -> bool:
    """Whether anything that shapes of the class may have was taken away."""
    kinds = new.shapes and (not old.shapes or set(old.shapes) - set(new.shapes))
    nodes = () if old.skeleton is None else old.skeleton.nodes
    kept = () if new.skeleton is None else new.skeleton.nodes
    attributes = any(attribute not in new.attributes for attribute in old.attributes)
    return bool(kinds) or len(kept) < len(nodes) or attributes


def _losses(shape: Shape, new: Class) -> list[tuple[str, str]]:
    """(path in the schema, what is gone) for all that this shape has and the class would not allow."""
    path = f"$.classes[{new.id}]"
    found = []
    kind = shape.geometry.kind
    if new.shapes and kind not in new.shapes:
        found.append((f"{path}.shapes", f"the class {new.name!r} would not be drawn as {kind}"))
    nodes = len(shape.geometry.nodes) if isinstance(shape.geometry, Skeleton) else 0
    if nodes > (0 if new.skeleton is None else len(new.skeleton.nodes)):
        found.append((f"{path}.skeleton", f"the class {new.name!r} would have fewer keypoints"))
    known = {attribute.name: attribute for attribute in new.attributes}
    for name, answer in shape.attributes.items():
        if name not in known:
            found.append((f"{path}.attributes", f"the class {new.name!r} would have no attribute {name!r}"))
        elif known[name].refuses(answer):
            found.append((f"{path}.attributes", f"the attribute {name!r} of {new.name!r} would not allow {answer!r}"))
    return found
