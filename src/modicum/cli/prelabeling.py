"""The verbs for models from outside: prelabel, train."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from modicum.cli.serving import HomeOption, Json
from modicum.cli.terminal import emit, say

if TYPE_CHECKING:
    from modicum.prelabels import Done

MOST_LINES = 20  # notes that are printed; the others are counted


class Tell(Protocol):
    def __call__(self, done: int, total: int, told: str = "", /) -> None: ...


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


def train(
    project: Annotated[str | None, typer.Argument(help="The project, as in its address; not needed when there is one.")] = None,
    out: Annotated[Path, typer.Option(help="The ONNX file to write, with its JSON beside it.")] = Path("detector.onnx"),
    network: Annotated[str, typer.Option(help="fcos-resnet50, or fcos-resnet18, which is faster.")] = "fcos-resnet50",
    weights: Annotated[
        str, typer.Option(help="default: downloaded, from COCO or ImageNet; none; or a file with a state_dict.")
    ] = "default",
    epochs: Annotated[int, typer.Option(min=1, max=10_000, help="Times to go through all images.")] = 40,
    size: Annotated[int, typer.Option(min=64, max=2048, help="Side of the network's input in pixels; a multiple of 32.")] = 640,
    batch: Annotated[int, typer.Option(min=1, max=256, help="Images a step.")] = 4,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or another one of torch's.")] = "auto",
    home: HomeOption = None,
    as_json: Json = False,
) -> None:
    """Fine-tune a detector on what was drawn, for modicum prelabel. Needs the extra torch, and on a CPU patience.

    Interrupted, the same command goes on where it stopped.
    """
    from modicum import training
    from modicum.cli.data import opened
    from modicum.cli.opening import pick
    from modicum.errors import InputError
    from modicum.home import Home

    if size % 32:
        raise InputError(f"--size {size} is no multiple of 32; {size // 32 * 32} and {size // 32 * 32 + 32} are the nearest")
    here = Home(home)
    options = training.Options(network, weights, epochs, size, batch, device)
    with opened(here) as db:
        with db.read() as conn:
            chosen = pick(conn, project)
        with counting("Training", quiet=as_json) as move:
            done = training.run(db, here, chosen, out.expanduser().resolve(), options, move)
    share = done.precision
    if as_json:
        facts = {"images": done.images, "boxes": done.boxes, "classes": list(done.classes), "holdout": done.holdout}
        emit({"project": chosen.slug, "model": str(done.path), **facts, "precision": share and share.model_dump()})
        return
    say(f"{done.path}: {', '.join(done.classes)}, learned from {done.boxes:,} boxes on {done.images:,} images")
    if share is not None:
        told = f"{share.mean:.2f} ({share.low:.2f} to {share.high:.2f})"
        say(f"mAP50 {told} on {done.holdout:,} images of the holdout")
    say(f"modicum prelabel {chosen.slug} --model onnx:{out} lets it draw")


@contextmanager
def counting(what: str, *, quiet: bool) -> Iterator[Tell]:
    """A progress bar on standard error, moved with (done, total) and perhaps a line."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[told]}"),
    )
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as bar:
        line = bar.add_task(what, total=None, told="")

        def move(done: int, total: int, told: str = "", /) -> None:
            bar.update(line, completed=done, total=total, told=told)

        yield move
