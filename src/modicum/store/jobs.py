"""Jobs: work that outlives a request. State and progress live here, so that a killed job is taken up again."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from modicum.errors import ConflictError, NotFoundError
from modicum.store import batches
from modicum.store.tables import job
from modicum.types import Job, JobState

ATTEMPTS = 3  # starts of one job
ACTIVE = (JobState.QUEUED, JobState.RUNNING)


def enqueue(conn: Connection, project_id: int, args: dict[str, str | bool | None]) -> Job:
    """Queue an import. Raises ConflictError while another one of the project is queued or running.

    It is a batch when there is a model to compare it with, or when `args` name one under `batch`.
    """
    if active(conn, project_id) is not None:
        raise ConflictError("an import of this project is running: wait until it is done, or cancel it")
    now = datetime.now(UTC)
    values = {
        "project_id": project_id,
        "kind": "import",
        "args": args,
        "state": JobState.QUEUED,
        **dict.fromkeys(("done", "total", "added", "duplicates", "rejected", "attempt"), 0),
        "message": "",
        "cancel": False,
        "created": now,
        "updated": now,
    }
    made = get(conn, conn.execute(insert(job).returning(job.c.id), values).scalar_one())
    batches.begin(conn, project_id, made.id, str(args.get("folder") or args["source"]), args.get("batch") or None)
    return made


def get(conn: Connection, job_id: int) -> Job:
    """Raises NotFoundError."""
    row = conn.execute(select(job).where(job.c.id == job_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no job {job_id}")
    return _job(row)


def latest(conn: Connection, project_id: int) -> Job | None:
    """The project's newest job, whatever its state."""
    row = conn.execute(select(job).where(job.c.project_id == project_id).order_by(job.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else _job(row)


def active(conn: Connection, project_id: int) -> Job | None:
    """The project's queued or running job."""
    query = select(job).where(job.c.project_id == project_id, job.c.state.in_(ACTIVE)).order_by(job.c.id).limit(1)
    row = conn.execute(query).one_or_none()
    return None if row is None else _job(row)


def any_queued(conn: Connection) -> bool:
    """Whether a job of any project waits."""
    return conn.execute(select(job.c.id).where(job.c.state == JobState.QUEUED).limit(1)).first() is not None


def take(conn: Connection) -> Job | None:
    """Start the oldest queued job."""
    oldest = select(job.c.id).where(job.c.state == JobState.QUEUED).order_by(job.c.id).limit(1).with_for_update(skip_locked=True)
    row = conn.execute(
        update(job)
        .where(job.c.id == oldest.scalar_subquery())
        .values(state=JobState.RUNNING, attempt=job.c.attempt + 1, updated=datetime.now(UTC))
        .returning(*job.c)
    ).one_or_none()
    return None if row is None else _job(row)


def requeue(conn: Connection, job_id: int) -> None:
    """Queue a running job again: its process stops in good order."""
    conn.execute(
        update(job)
        .where(job.c.id == job_id, job.c.state == JobState.RUNNING)
        .values(state=JobState.QUEUED, attempt=job.c.attempt - 1, updated=datetime.now(UTC))
    )


def take_up(conn: Connection) -> None:
    """Queue again what a killed process left running; what was killed too often has failed, or it would kill us for ever."""
    left = update(job).where(job.c.state == JobState.RUNNING)
    message = f"the process died {ATTEMPTS} times during this import: look at its log and at the memory, then import again"
    now = datetime.now(UTC)
    conn.execute(left.where(job.c.attempt >= ATTEMPTS).values(state=JobState.FAILED, message=message, updated=now))
    conn.execute(left.values(state=JobState.QUEUED, updated=now))


def progress(
    conn: Connection,
    job_id: int,
    *,
    done: int | None = None,
    total: int | None = None,
    added: int | None = None,
    duplicates: int | None = None,
    rejected: int | None = None,
    message: str | None = None,
) -> bool:
    """Set what is given (totals, not increments). True: somebody asked for the job to stop, or deleted its project."""
    values: dict[str, Any] = {
        "done": done,
        "total": total,
        "added": added,
        "duplicates": duplicates,
        "rejected": rejected,
        "message": message,
    }
    changed = {name: value for name, value in values.items() if value is not None}
    statement = update(job).where(job.c.id == job_id).values(**changed, updated=datetime.now(UTC)).returning(job.c.cancel)
    cancel = conn.execute(statement).scalar_one_or_none()
    return cancel is None or cancel


def finish(conn: Connection, job_id: int, state: JobState, message: str = "") -> None:
    """Close the job as done, failed or cancelled, with one line for people."""
    conn.execute(update(job).where(job.c.id == job_id).values(state=state, message=message, updated=datetime.now(UTC)))


def cancel(conn: Connection, project_id: int) -> Job:
    """Ask the project's job to stop: at once when it is queued, after its current batch when it runs.

    Raises ConflictError when none is active.
    """
    found = active(conn, project_id)
    if found is None:
        raise ConflictError("no import of this project is running")
    if found.state is JobState.QUEUED:
        finish(conn, found.id, JobState.CANCELLED, "cancelled before it began")
    else:
        conn.execute(update(job).where(job.c.id == found.id).values(cancel=True))
    return get(conn, found.id)


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        project_id=row.project_id,
        kind=row.kind,
        args=row.args,
        state=JobState(row.state),
        done=row.done,
        total=row.total,
        added=row.added,
        duplicates=row.duplicates,
        rejected=row.rejected,
        message=row.message,
        created=row.created,
        updated=row.updated,
    )
