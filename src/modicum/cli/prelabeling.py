"""The verbs for models from outside: prelabel, train."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from modicum.cli.serving import HomeOption, Json
from modicum.cli.terminal import emit, say

if TYPE_CHECKING:
    from modicum.prelabels import Done

MOST_LINES = 20  # notes that are printed; the others are counted


def prelabel(
    project: Annotated[str | None, typer.Argument(help="The project, as in its address; not needed when there is one.")] = None,
    model: Annotated[
        str, typer.Option(help="onnx:detector.onnx, http://host:port, python:module:object or cvat:module:object.")
    ] = "",
    above: Annotated[float, typer.Option(min=0, max=1, help="Leave out shapes with a lower score.")] = 0.2,
    map_: Annotated[
        list[str] | None, typer.Option("--map", help="WORD=CLASS: what the model calls a class; WORD= leaves it out.")
    ] = None,
    inline: Annotated[
        bool, typer.Option("--inline", help="Send pictures inside the request, to a model that cannot fetch them from here.")
    ] = False,
    home: HomeOption = None,
    as_json: Json = False,
) -> None:
    """Let a model draw on the images nobody has drawn on; people accept, correct or reject what it drew.

    It runs code, or talks to another machine, so it is started here and never from a browser. Interrupted, the same command
    goes on where it stopped.
    """
    from modicum import prelabels
    from modicum.cli.data import opened
    from modicum.cli.opening import pick
    from modicum.errors import InputError
    from modicum.home import Home
    from modicum.models.resolve import ALLOWED, resolve

    if not model:
        raise InputError(f"say which model with --model: {ALLOWED}")
    said = _mapped(map_ or [])
    with opened(Home(home)) as db:
        with db.read() as conn:
            chosen = pick(conn, project)
        found, own = resolve(model, chosen.task_schema, above=above, inline=inline)
        with counting("Looking", quiet=as_json) as tell:
            done = prelabels.run(db, chosen, found, {**own, **said}, above=above, tell=tell)
    if as_json:
        notes = [{"note": note, "images": images} for note, images in done.notes]
        facts = {"source": done.source, "looked": done.looked, "left": done.left, "shapes": done.shapes, "notes": notes}
        emit({"project": chosen.slug, **facts})
        return
    _tell(done)


def _mapped(entries: list[str]) -> dict[str, str]:
    from modicum.errors import InputError

    for entry in entries:
        if "=" not in entry:
            raise InputError(f"--map {entry!r}: write the model's word, = and the class, such as --map automobile=car")
    return {word.strip(): name.strip() for word, _, name in (entry.partition("=") for entry in entries)}


def _tell(done: "Done") -> None:
    before = f" ({done.left:,} were looked at before)" if done.left else ""
    say(f"{done.looked:,} images looked at{before}, {done.shapes:,} shapes drawn by {done.source}")
    for note, images in done.notes[:MOST_LINES]:
        say(f"    {images:,} images: {note}" if images > 1 else f"    1 image: {note}")
    if len(done.notes) > MOST_LINES:
        say(f"    and {len(done.notes) - MOST_LINES:,} further notes; each is shown with its image")


@contextmanager
def counting(what: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, moved with (done, total)."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as bar:
        line = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(line, completed=done, total=total)
