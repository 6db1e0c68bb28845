"""The verbs that bring data in, look at it and take it out: import, status, export."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modicum.cli.converting import FORMATS as SHAPE_FORMATS
from modicum.cli.serving import HomeOption, Json
from modicum.cli.terminal import emit, follow, job_line, say

if TYPE_CHECKING:
    from contextlib import closing

    from modicum.home import Home
    from modicum.store.db import Database
    from modicum.types import Job, Project

ProjectArgument = Annotated[str | None, typer.Argument(help="The project, as in its address; not needed when there is one.")]


def import_(
    source: Annotated[Path, typer.Argument(help="A folder, a zip, or a CSV or JSONL file that lists images.")],
    project: Annotated[str | None, typer.Option(help="The project to add to; not needed when there is one.")] = None,
    labels_from_folders: Annotated[bool, typer.Option("--labels-from-folders", help="Class folders are labels already.")] = False,
    batch: Annotated[str | None, typer.Option(help="Name of the batch; without it the source's and the date.")] = None,
    annotations: Annotated[
        Path | None, typer.Option(help="Shapes that exist already, for a project that draws: a file, folder or zip.")
    ] = None,
    from_: Annotated[str | None, typer.Option("--from", help=f"Their format: {SHAPE_FORMATS}; found out when left out.")] = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> None:
    """Add images to a project; those it has already are recognised by their bytes.

    With a model in the project they are a batch, whose triage brings up only what is new.
    """
    from modicum.cli.logs import configure
    from modicum.cli.opening import pick
    from modicum.cli.settings import settings
    from modicum.cli.watching import received, tell
    from modicum.errors import InputError
    from modicum.home import Home
    from modicum.server.sources import import_args
    from modicum.store import jobs

    configure(settings().log_level)
    here = Home(home)
    args = import_args(here, str(source), labels_from_folders=labels_from_folders, batch=batch_name(batch))
    if annotations is not None:
        from modicum.given import check

        args.update(check(annotations, from_))
    elif from_ is not None:
        raise InputError("--from names the format of annotations: give their file with --annotations")
    with opened(here) as db:
        with db.read() as conn:
            chosen = pick(conn, project)
        if annotations is not None and chosen.task_schema.task != "draw":
            raise InputError(f"project {chosen.slug} is not for drawing: annotations with shapes need one that is")
        job = run_job(here, db, db.write(jobs.enqueue, chosen.id, args), quiet=as_json)
        arrived = received(here, db, chosen, job)
    if job.state != "done":
        raise InputError(f"{job_line(job)}. Run the same command again: it goes on where it stopped")
    tell(chosen, job, arrived, as_json=as_json)


def batch_name(name: str | None) -> str | None:
    """The name of a batch as it is stored. Raises InputError for one that cannot be."""
    from modicum.errors import InputError
    from modicum.frozen import normal_name

    try:
        return None if name is None else normal_name(name)
    except ValueError as error:
        raise InputError(f"--batch: {error}") from error


def run_job(home: "Home", db: "Database", job: "Job", *, quiet: bool) -> "Job":
    """Runs a queued import here, or, when a server has the home, waits until that server has run it."""
    import threading

    from modicum.errors import HomeLockedError
    from modicum.ingest import run_import
    from modicum.store import jobs

    def look() -> "Job":
        with db.read() as conn:
            return jobs.get(conn, job.id)

    try:
        lock = home.lock()
    except HomeLockedError:  # the server's worker finds the job in the database
        return follow(look, quiet=quiet)
    with lock:
        taken = db.write(jobs.take) or job
        display = threading.Thread(target=follow, args=(look,), kwargs={"quiet": quiet}, daemon=True)
        display.start()
        try:
            run_import(db, home, taken)
        except KeyboardInterrupt:
            db.write(jobs.requeue, taken.id)
            raise
        display.join(1)
    return look()


def status(
    project: ProjectArgument = None,
    rejections: Annotated[bool, typer.Option("--rejections", help="List the files that were left out, and why.")] = False,
    home: HomeOption = None,
    as_json: Json = False,
) -> None:
    """Where the projects stand, and where the server runs."""
    from modicum.cli.opening import pick
    from modicum.home import Home
    from modicum.server.address import running
    from modicum.store import items, projects

    here = Home(home)
    server = running(here)
    with opened(here) as db, db.read() as conn:
        chosen = [pick(conn, project)] if project else projects.list_all(conn)
        found = [summary(conn, entry) for entry in chosen]
        listed = {entry.slug: items.rejections(conn, entry.id, 0, 10_000)[1] for entry in chosen} if rejections else {}
    if as_json:
        for entry in found:
            if entry["slug"] in listed:
                entry["rejections"] = [row.model_dump(mode="json") for row in listed[entry["slug"]]]
        emit({"home": str(here.path), "server": server and {"url": server.url, "open": server.page()}, "projects": found})
        return
    say(f"Home:    {here.path}")
    say(f"Server:  {server.page()}" if server else "Server:  not running (modicum serve starts it)")
    for entry in found or []:
        say(status_line(entry))
        for row in listed.get(entry["slug"], []):
            say(f"    {row.kind}: {row.uri}: {row.reason}")
    if not found:
        say("No project yet: modicum label FOLDER --classes a,b,c makes one")


def summary(conn: Any, project: "Project") -> dict[str, Any]:
    """What `status` says of one project."""
    from modicum.store import counts, jobs, rounds

    newest = rounds.latest(conn, project.id)
    job = jobs.latest(conn, project.id)
    return {
        "slug": project.slug,
        "name": project.name,
        "source": project.source,
        "classes": [entry.name for entry in project.task_schema.classes if not entry.archived],
        "counts": counts.counts(conn, project.id).model_dump(),
        "round": newest and newest.model_dump(mode="json"),
        "job": job and job.model_dump(mode="json"),
    }


def status_line(entry: dict[str, Any]) -> str:
    counts, newest, job = entry["counts"], entry["round"], entry["job"]
    line = f"{entry['slug']}: {counts['items']:,} images, {counts['labeled']:,} labeled ({counts['human']:,} by people)"
    if newest and newest["accuracy"]:
        share = newest["accuracy"]
        line += f", model {newest['number']} right {share['mean']:.0%} ({share['low']:.0%} to {share['high']:.0%})"
    if job and job["state"] not in ("done", "cancelled"):
        line += f", import {job['state']} {job['done']:,} of {job['total']:,}" + (f": {job['message']}" if job["message"] else "")
    left_out = counts["rejected"]
    return line + (f", {left_out:,} files left out (--rejections lists them)" if left_out else "")


def export(
    project: ProjectArgument = None,
    format_: Annotated[
        str | None,
        typer.Option("--format", help=f"csv, jsonl, folders, or what a package adds. Shapes: {SHAPE_FORMATS}."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write, or folder for folders; without it standard output.")] = None,
    predictions: Annotated[
        bool, typer.Option("--predictions", help="Add what the model says of unlabeled items, marked.")
    ] = False,
    copy_images: Annotated[bool, typer.Option("--copy-images", help="Shapes: put the images into the folder as well.")] = False,
    report: Annotated[Path | None, typer.Option(help="Shapes: file for every single loss, a JSON line each.")] = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> None:
    """Write the labels with their provenance, and beside them what the certificates rest on that they stand under."""
    import sys
    from functools import partial

    from modicum import bundle
    from modicum.bundle import Bundle
    from modicum.cli.opening import pick
    from modicum.errors import InputError
    from modicum.export import format_named
    from modicum.home import Home
    from modicum.ingest import read_uri

    here = Home(home)
    with opened(here) as db:
        with db.read() as conn:
            chosen = pick(conn, project)
        if chosen.task_schema.task == "draw":
            export_shapes(here, db, chosen, format_ or "coco", out, predictions, copy_images, report, as_json=as_json)
            return
        format_ = format_ or "csv"
        chosen_format = format_named(format_)
        if out is None and (format_ == "folders" or as_json):
            raise InputError("say where to write with --out" + (": class folders need a folder" if format_ == "folders" else ""))
        read = partial(read_uri, here)
        labels = Bundle(db, chosen, predictions=predictions)
        if out is not None:
            facts = bundle.write(labels, chosen_format, out, read)
        else:
            sys.stdout.buffer.writelines(chosen_format.write(labels.rows(), read))
            sys.stdout.flush()
    if out is None:
        if labels.named:
            sys.stderr.write("Labels in it stand under certificates: with --out, what these rest on is written beside them\n")
    elif as_json:
        certificates = [str(path) for path in facts]
        emit({"project": chosen.slug, "format": format_, "out": str(out), "rows": labels.count, "certificates": certificates})
    else:
        say(f"{labels.count:,} rows written to {out}")
        if facts:
            say(f"What their certificates rest on: {', '.join(path.name for path in facts)} (modicum verify {out})")


def export_shapes(
    home: "Home",
    db: "Database",
    project: "Project",
    name: str,
    out: Path | None,
    predictions: bool,
    copy: bool,
    report: Path | None,
    *,
    as_json: bool,
) -> None:
    """Writes the drawings of a project and says what the format could not hold."""
    import shutil
    import sys
    import tempfile
    from contextlib import nullcontext
    from functools import partial

    from modicum.cli.converting import tell
    from modicum.converting import format_named
    from modicum.errors import InputError, StorageError
    from modicum.export import drawings, write_drawings
    from modicum.formats.losses import Losses
    from modicum.ingest import read_uri

    chosen = format_named(name, path="--format")
    if out is None and (chosen.suffix == ".zip" or as_json):
        raise InputError("say where to write with --out" + (f": {name} is a folder of files" if not as_json else ""))
    read = partial(read_uri, home) if copy or name == "folders" else None
    try:
        with (
            nullcontext() if report is None else report.open("w", encoding="utf-8") as lines,
            tempfile.TemporaryDirectory() as room,
        ):
            losses = Losses(lines)
            target = Path(room) / f"labels{chosen.suffix}" if out is None else out
            rows = write_drawings(drawings(db, project, predictions=predictions), chosen, target, losses, read=read)
            if out is None:
                with target.open("rb") as file:
                    shutil.copyfileobj(file, sys.stdout.buffer)
                sys.stdout.flush()
    except OSError as error:
        raise StorageError(f"cannot write {error.filename or report}: {error.strerror}; choose another place") from error
    if as_json:
        emit({"project": project.slug, "format": name, "out": str(out), "rows": rows, "losses": losses.facts()})
    elif out is not None:
        say(f"{rows:,} images written to {out}")
        tell(losses)
    else:
        for line in losses.lines():
            sys.stderr.write(line + "\n")


def opened(home: "Home") -> "closing[Database]":
    """The home's database, closed at the end of the block."""
    from contextlib import closing

    from modicum.store.db import Database

    return closing(Database(home.database_url))
