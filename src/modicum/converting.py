"""From one format of shapes to another: which format it is, what is lost on the way, everything one picture at a time."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from modicum import images, plugins
from modicum.errors import InputError, ModicumError
from modicum.formats import places
from modicum.formats.checks import checked
from modicum.formats.losses import Losses
from modicum.formats.pictures import Drawings, Picture, ShapeFormat
from modicum.formats.places import Size, Source

GROUP = "modicum.shape_formats"
# the more a format demands of a source, the earlier it is asked whether this is it; strangers' formats come last
ORDER = (
    *("jsonl", "cvat", "voc", "labelme", "label-studio", "coco", "csv"),
    *("yolo", "yolo-segment", "yolo-obb", "yolo-pose", "folders"),
)


@dataclass(frozen=True)
class Converted:
    """What a conversion did."""

    source: str
    target: str
    pictures: int
    shapes: int
    tags: int
    predictions: int
    classes: tuple[str, ...]


def format_named(name: str, *, path: str | None = None) -> ShapeFormat:
    """A format of shapes by its name. Raises InputError, with `path` for where the name was received, when there is none."""
    if name not in plugins.names(GROUP):
        raise InputError(f"there is no format {name!r} for shapes; installed: {', '.join(names())}", path=path)
    found = plugins.get(GROUP, name)
    if not isinstance(found, ShapeFormat):
        raise InputError(f"the package that registers the format {name!r} gives {type(found).__name__}, not a ShapeFormat")
    return found


def names() -> tuple[str, ...]:
    """Every format that is installed, in the order in which they are tried."""
    installed = plugins.names(GROUP)
    return (*(name for name in ORDER if name in installed), *(name for name in installed if name not in ORDER))


def detected(source: Source) -> str:
    """The format a source looks like. Raises InputError when it looks like none."""
    for name in names():
        with suppress(ModicumError):  # a broken package of a stranger's, or a file that is no such format
            if format_named(name).detect(source):
                return name
    raise InputError(f"{source.path} looks like none of the formats {', '.join(names())}: name its format with --from")


def reading(path: Path, format_: str | None, losses: Losses, *, pictures: Path | None = None) -> tuple[str, Source, Drawings]:
    """A source opened: its format, and its drawings with everything doubtful reported while they are read."""
    source = Source(path, losses, images=pictures, probe=probed)
    name = format_ or detected(source)
    drawings = format_named(name).read(source, losses)
    return name, source, checked(drawings, source, losses)


def probed(data: bytes) -> Size:
    """(width, height) of an encoded image, upright. Raises MediaError."""
    facts = images.probe(data)
    return facts.width, facts.height


def convert(
    path: Path,
    target: Path,
    *,
    to: str,
    from_: str | None = None,
    pictures: Path | None = None,
    copy: bool = False,
    report: IO[str] | None = None,
) -> tuple[Converted, Losses]:
    """Reads one format and writes another; `pictures` is the folder of the images, `copy` puts them into the target as well.

    Raises InputError, SourceError, StorageError; whatever else is wrong with the data is in the losses.
    """
    losses = Losses(report)
    wanted = format_named(to, path="--to")
    name, source, drawings = reading(path, from_, losses, pictures=pictures)
    tally = Tally()
    with places.opened(target, wanted.suffix, source.image_bytes if copy or to == "folders" else lambda name: None) as out:
        wanted.write(tally.counting(drawings), out, losses)
    classes = tuple(entry.name for entry in drawings.classes)
    return Converted(name, to, tally.pictures, tally.shapes, tally.tags, tally.predictions, classes), losses


class Tally:
    """Counts what passes through."""

    def __init__(self) -> None:
        self.pictures = self.shapes = self.tags = self.predictions = 0

    def counting(self, drawings: Drawings) -> Drawings:
        return replace(drawings, pictures=self._counted(drawings))

    def _counted(self, drawings: Drawings) -> Iterator[Picture]:
        for picture in drawings.pictures:
            self.pictures += 1
            self.shapes += len(picture.shapes.shapes)
            self.tags += len(picture.shapes.tags)
            self.predictions += sum(len(said.shapes) for said in picture.predictions)
            yield picture
