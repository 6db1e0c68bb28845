"""The verb that imports what comes into a folder: watch; and what import and watch say of a batch."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modicum.cli.serving import HomeOption, Json
from modicum.cli.terminal import emit, job_line, say

if TYPE_CHECKING:
    from modicum.batch_views import BatchView
    from modicum.home import Home
    from modicum.store.db import Database
    from modicum.types import Job, Project

WAIT_S = 600.0  # for a server that compares a batch with what is known


def watch(
    folder: Annotated[
        Path, typer.Argument(help="A folder on this machine. Prefixes of buckets come with object storage, later.")
    ],
    project: Annotated[str | None, typer.Option(help="The project to add to; not needed when there is one.")] = None,
    every: Annotated[float, typer.Option(min=0.05, max=86_400, help="Seconds between two looks.")] = 10.0,
    home: HomeOption = None,
    as_json: Json = False,
) -> None:
    """Import what comes into a folder as batches: when new pictures are there and nothing has moved for one look."""
    import time

    from modicum.cli.data import opened
    from modicum.cli.logs import configure
    from modicum.cli.opening import pick
    from modicum.cli.settings import settings
    from modicum.errors import InputError
    from modicum.home import Home
    from modicum.watch import Watch

    if "://" in str(folder) or str(folder).startswith(("s3:", "gs:")):
        raise InputError(f"{folder} is no folder: buckets come with object storage, which this release does not have yet")
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}: make it first, or give another one")
    configure(settings().log_level)
    here, watched = Home(home), Watch(folder.expanduser().absolute())
    with opened(here) as db:
        with db.read() as conn:
            chosen = pick(conn, project)
        if not as_json:
            say(f"Watching {watched.folder} for {chosen.name}; Ctrl+C stops it")
        while True:
            if came := watched.look():
                take_in(here, db, chosen, watched.folder, came, as_json=as_json)
                watched.take(came)
            time.sleep(every)


def take_in(home: "Home", db: "Database", project: "Project", folder: Path, came: list[Path], *, as_json: bool) -> None:
    """Import these files as one batch and say what came of it; waits while another import of the project runs."""
    import time

    from modicum.cli.data import run_job
    from modicum.errors import ConflictError
    from modicum.store import jobs
    from modicum.watch import listed

    file = listed(home, came)
    args: dict[str, str | bool | None] = {"source": str(file), "labels_from_folders": False, "folder": str(folder), "again": True}
    while True:
        try:
            job = db.write(jobs.enqueue, project.id, args)
            break
        except ConflictError:
            time.sleep(1)
    job = run_job(home, db, job, quiet=True)
    batch = received(home, db, project, job)
    if job.state in ("done", "cancelled"):
        file.unlink(missing_ok=True)
    tell(project, job, batch, as_json=as_json)


def received(home: "Home", db: "Database", project: "Project", job: "Job") -> "BatchView | None":
    """The batch an import was, once it was compared with what is known: here, or by the server that has the home."""
    import time

    from modicum import batches
    from modicum.errors import HomeLockedError

    until = time.monotonic() + WAIT_S
    while True:
        seen = batches.of_job(db, project, job)
        if seen is None or seen.state != "arriving" or time.monotonic() > until:
            return seen
        try:
            with home.lock():
                batches.advance(db, home, project)
        except HomeLockedError:
            time.sleep(0.2)


def tell(project: "Project", job: "Job", batch: "BatchView | None", *, as_json: bool) -> None:
    """What an import did, and what is known of the batch."""
    if as_json:
        facts: dict[str, Any] = job.model_dump(mode="json")
        emit(facts if batch is None else {**facts, "batch": batch.model_dump(mode="json")})
        return
    say(f"{project.name}: {job_line(job)}")
    if batch is not None:
        say(f"Batch {batch.number}, {batch.name}: " + line(batch))


def line(batch: "BatchView") -> str:
    """A batch that has just arrived, in one line."""
    parts = [batch.message] if batch.message else []
    if batch.alarm is not None:
        noticed = "; ".join(finding.text for finding in batch.alarm.findings) or "nothing unusual"
        parts.append(f"{noticed}.")
    if batch.state == "open":
        parts.append(f"Its triage asks about {batch.budget:,} of {batch.items:,} items at most.")
    return " ".join(parts) or "it is being compared with what is known"
