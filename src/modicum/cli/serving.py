"""The verbs that end in a running server: label, demo, serve."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modicum.cli.terminal import emit, say

if TYPE_CHECKING:
    from modicum.home import Home
    from modicum.server.address import Running
    from modicum.types import Job, Project

Host = Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 unless MODICUM_HOST says otherwise.")]
Port = Annotated[int | None, typer.Option(min=0, max=65_535, help="Port; without it 8765 or the next free one, 0: any.")]
HomeOption = Annotated[Path | None, typer.Option("--home", help="Folder modicum keeps everything in; or MODICUM_HOME.")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, errors too.")]


def label(
    source: Annotated[Path, typer.Argument(help="A folder, a zip, or a CSV or JSONL file that lists images.")],
    classes: Annotated[str, typer.Option(help="Class names with commas between; more can be added in the browser.")] = "",
    name: Annotated[str | None, typer.Option(help="Name of the project; without it the source's.")] = None,
    encoder: Annotated[str | None, typer.Option(help="package:..., file:model.onnx, hf:... or timm:...")] = None,
    labels_from_folders: Annotated[bool, typer.Option("--labels-from-folders", help="Class folders are labels already.")] = False,
    draw: Annotated[bool, typer.Option("--draw", help="Draw shapes on the images instead of giving each a class.")] = False,
    strategy: Annotated[str | None, typer.Option(help="What to ask next.")] = None,
    seed_strategy: Annotated[str | None, typer.Option(help="What to ask first.")] = None,
    budget: Annotated[int | None, typer.Option(min=1, help="Stop asking after so many labels.")] = None,
    host: Host = None,
    port: Port = None,
    home: HomeOption = None,
    no_browser: NoBrowser = False,
    as_json: Json = False,
) -> None:
    """Label the images of a folder: creates the project, imports, serves, opens the browser."""
    from modicum.cli.opening import find_or_create, policy_with
    from modicum.home import Home
    from modicum.server.sources import source_path

    here = Home(home)
    path = source_path(here, str(source))
    policy = policy_with(strategy, seed_strategy, budget)
    given = [entry.strip() for entry in classes.split(",") if entry.strip()]
    called = name or (path.name if path.is_dir() else path.stem) or str(path)
    project, job = find_or_create(
        here, called, given, path, encoder=encoder, policy=policy, labels_from_folders=labels_from_folders, draw=draw
    )
    run(here, host, port, project=project, job=job, browser=not no_browser, as_json=as_json)


def demo(
    oracle: Annotated[
        bool, typer.Option("--oracle", help="No browser: an oracle labels over HTTP and a table is printed.")
    ] = False,
    draw: Annotated[bool, typer.Option("--draw", help="Draw boxes on pages of digits.")] = False,
    host: Host = None,
    port: Port = None,
    home: HomeOption = None,
    no_browser: NoBrowser = False,
    as_json: Json = False,
) -> None:
    """Try it on scikit-learn's digits; with --oracle see labels used against accuracy, beside a random control."""
    from modicum import demo as demos
    from modicum import demo_pages

    if oracle:
        import sys

        result = demos.run_oracle(lambda line: None if as_json else print(line, file=sys.stderr))  # noqa: T201
        if as_json:
            emit(result)
        else:
            say(demos.oracle_table(result))
        return
    from modicum.cli.opening import find_or_create
    from modicum.home import Home

    here = Home(home)
    folder = here.path / ("pages" if draw else "digits")
    if draw:
        demo_pages.write_pages(folder)
    else:
        demos.write_digits(folder)
    project, job = find_or_create(here, "Pages" if draw else "Digits", list(demos.CLASSES), folder, draw=draw)
    run(here, host, port, project=project, job=job, browser=not no_browser, as_json=as_json)


def serve(
    host: Host = None,
    port: Port = None,
    home: HomeOption = None,
    no_browser: NoBrowser = False,
    as_json: Json = False,
) -> None:
    """Serve the projects of a home."""
    from modicum.home import Home

    run(Home(home), host, port, browser=not no_browser, as_json=as_json)


def run(
    home: "Home",
    host: str | None,
    port: int | None,
    *,
    project: "Project | None" = None,
    job: "Job | None" = None,
    browser: bool,
    as_json: bool,
) -> None:
    """Serve until interrupted; when a server runs on this home already, say where and open the browser there."""
    import os
    import threading

    from modicum.cli.logs import configure
    from modicum.cli.settings import settings
    from modicum.server.address import running as running_on

    defaults = settings()
    configure(defaults.log_level)
    path = f"/p/{project.slug}/annotate" if project else "/"

    def ready(running: "Running") -> None:
        announce(running, path, project, job, browser=browser, as_json=as_json)
        if project is not None and job is not None and not as_json:
            threading.Thread(target=show_import, args=(running, project), daemon=running.pid == os.getpid()).start()

    there = running_on(home)
    if there is not None:
        if not as_json:
            say(f"A server already runs on {home.path}.")
        ready(there)
        return
    from modicum.server.serve import serve as serve_home  # the web framework, not needed before

    serve_home(home, host=host or defaults.host, port=defaults.port if port is None else port, ready=ready)


def announce(
    running: "Running", path: str, project: "Project | None", job: "Job | None", *, browser: bool, as_json: bool
) -> None:
    """Where the server is: in words with the address to click, or as one line of JSON for scripts."""
    import threading
    import webbrowser

    if as_json:
        slug = project.slug if project else None
        emit({"url": running.url, "open": running.page(path), "token": running.token, "project": slug, "job": job and job.id})
    else:
        if project is not None:
            say(f"Project: {project.name}" + (" (importing while you label)" if job else ""))
        say(f"Open:    {running.page(path)}")
        say("Stop:    Ctrl+C; nothing is lost")
    if browser:
        threading.Thread(target=webbrowser.open, args=(running.page(path),), daemon=True).start()


def show_import(running: "Running", project: "Project") -> None:
    """A progress bar for the import the server is doing, and one line when it has ended."""
    from modicum.cli.terminal import follow, job_line
    from modicum.errors import ModicumError
    from modicum.server.client import Client
    from modicum.types import Job

    client = Client(running.url, running.token)
    try:
        job = follow(lambda: Job.model_validate(client.get(f"/projects/{project.slug}/import")["job"]), quiet=False)
    except (ModicumError, OSError):  # the server or the project is gone: others say so
        return
    say(f"Import:  {job_line(job)}")
