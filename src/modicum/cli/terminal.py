"""What the command line prints: JSON or plain lines on standard output, errors as one line, progress on standard error."""

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modicum.types import Job


def emit(value: Any) -> None:
    """One JSON document on one line; pydantic models are dumped."""
    dump = getattr(value, "model_dump", None)
    sys.stdout.write(json.dumps(dump(mode="json") if dump else value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def fail(error: str, message: str, path: str | None, *, as_json: bool) -> None:
    """One clear line on standard error, or the same as JSON on standard output."""
    if as_json:
        emit({"error": error, "message": message, "path": path})
    else:
        where = f"{path.removeprefix('$.')}: " if path else ""
        sys.stderr.write(f"modicum: {where}{message}\n")


def follow(look: Callable[[], "Job"], *, quiet: bool) -> "Job":
    """Shows a job's progress on standard error until it has ended; returns it as it ended."""
    import time

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[speed]}"),
    )
    job = look()
    start, first = time.monotonic(), job.done
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as bar:
        line = bar.add_task("Importing", total=None, speed="")
        while job.state in ("queued", "running"):
            seconds = time.monotonic() - start
            speed = f"{(job.done - first) / seconds:.0f} images/s" if job.done > first and seconds > 0.5 else ""
            bar.update(line, completed=job.done, total=job.total or None, speed=speed)
            time.sleep(0.2)
            job = look()
    return job


def job_line(job: "Job") -> str:
    """What an import did, in one line."""
    parts = [f"{job.added:,} images added"]
    if job.duplicates:
        parts.append(f"{job.duplicates:,} were there already")
    if job.rejected:
        parts.append(f"{job.rejected:,} left out (modicum status --rejections says why)")
    line = ", ".join(parts)
    return line if job.state == "done" else f"{line}; {job.state}" + (f": {job.message}" if job.message else "")
