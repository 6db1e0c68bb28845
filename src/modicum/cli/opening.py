"""From the flags of a verb to a project in the store."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from modicum.errors import InputError
from modicum.home import Home
from modicum.server.sources import import_args
from modicum.store import jobs, projects
from modicum.store.db import Database
from modicum.types import Job, Policy, Project

if TYPE_CHECKING:
    from sqlalchemy import Connection


def policy_with(strategy: str | None, seed_strategy: str | None, budget: int | None) -> Policy | None:
    """A policy with what was asked for, none when nothing was. Raises InputError for names nobody registered."""
    from modicum.server.checks import check_policy

    asked = {"strategy": strategy, "seed_strategy": seed_strategy, "budget": budget}
    changes = {name: value for name, value in asked.items() if value is not None}
    if not changes:
        return None
    policy = Policy.model_validate(changes)
    check_policy(policy)
    return policy


def find_or_create(
    home: Home,
    name: str,
    classes: Sequence[str],
    source: Path,
    *,
    encoder: str | None = None,
    policy: Policy | None = None,
    labels_from_folders: bool = False,
    draw: bool = False,
) -> tuple[Project, Job | None]:
    """The project of this source, made if there is none, and the import that was queued for it.

    `source` is absolute. A project is the same when its source is; classes it does not have yet are added. Everything
    happens in one transaction.
    """
    args = import_args(home, str(source), labels_from_folders=labels_from_folders)
    args["again"] = True  # each start looks through the folder: without anything new in it, it is no batch

    def write(conn: "Connection") -> tuple[Project, Job | None]:
        found = next((entry for entry in projects.list_all(conn) if entry.source == str(source)), None)
        if found is None:
            chosen = encoder or projects.DEFAULT_ENCODER
            task: Literal["classify", "draw"] = "draw" if draw else "classify"
            found = projects.create(conn, name, classes, source=str(source), encoder=chosen, policy=policy, task=task)
        else:
            if draw and found.task_schema.task != "draw":
                raise InputError(
                    f"project {found.slug} was begun without --draw: leave it out, or delete the project and start again"
                )
            if encoder is not None and encoder != found.encoder:
                raise InputError(
                    f"project {found.slug} was begun with the encoder {found.encoder}, not {encoder}: leave --encoder out, "
                    "or delete the project in the browser and start again"
                )
            projects.ensure_classes(conn, found.id, classes)
            if policy is not None:
                merged = found.policy.model_copy(update=policy.model_dump(exclude_unset=True))
                projects.patch(conn, found.id, policy=merged)
            found = projects.get(conn, found.id)
        job = None if jobs.active(conn, found.id) else jobs.enqueue(conn, found.id, args)
        return found, job

    db = Database(home.database_url)
    try:
        return db.write(write)
    finally:
        db.close()


def pick(conn: "Connection", slug: str | None) -> Project:
    """The project a slug names; without one the only project there is. Raises NotFoundError or InputError."""
    if slug is not None:
        return projects.by_slug(conn, slug)
    known = projects.list_all(conn)
    if len(known) != 1:
        names = ", ".join(entry.slug for entry in known[:10])
        raise InputError(
            f"which project? One of: {names}" if known else "there is no project yet: modicum label FOLDER makes one"
        )
    return known[0]
