"""The verb that changes one format of shapes into another: convert; and how losses are told."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modicum.cli.serving import Json
from modicum.cli.terminal import emit, say

if TYPE_CHECKING:
    from modicum.formats.losses import Losses

FORMATS = "coco, yolo, yolo-segment, yolo-obb, yolo-pose, voc, cvat, label-studio, labelme, folders, csv, jsonl"


def convert(
    source: Annotated[Path, typer.Argument(help="A file of annotations, or a folder or zip of them.")],
    target: Annotated[Path, typer.Argument(help="The file or folder to write; a name in .zip packs a folder.")],
    to: Annotated[str, typer.Option("--to", help=f"One of {FORMATS}.")],
    from_: Annotated[str | None, typer.Option("--from", help="The source's format; found out when left out.")] = None,
    images: Annotated[Path | None, typer.Option(help="Folder or zip of the images: sizes are checked against them.")] = None,
    copy_images: Annotated[bool, typer.Option("--copy-images", help="Put the images into the folder as well.")] = False,
    report: Annotated[Path | None, typer.Option(help="File for every single loss, a JSON line each.")] = None,
    as_json: Json = False,
) -> None:
    """Convert annotations; whatever the new format cannot hold is listed, never dropped in silence."""
    from contextlib import nullcontext

    from modicum.converting import convert as run
    from modicum.errors import StorageError

    try:
        with nullcontext() if report is None else report.open("w", encoding="utf-8") as lines:
            done, losses = run(source, target, to=to, from_=from_, pictures=images, copy=copy_images, report=lines)
    except OSError as error:
        raise StorageError(f"cannot write {error.filename or report}: {error.strerror}; choose another place") from error
    if as_json:
        emit({**vars(done), "out": str(target), "losses": losses.facts()})
        return
    parts = [f"{done.pictures:,} images", f"{done.shapes:,} shapes", f"{len(done.classes):,} classes"]
    parts += [f"{done.tags:,} classes of whole images"] if done.tags else []
    parts += [f"{done.predictions:,} predicted shapes"] if done.predictions else []
    say(f"{done.source} to {done.target}: {', '.join(parts)}, written to {target}")
    tell(losses)


def tell(losses: "Losses") -> None:
    """The loss report, or that there is nothing to report."""
    if not losses:
        say("Nothing was lost.")
    for line in losses.lines():
        say(line)
