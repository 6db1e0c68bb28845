"""Data whose labels are known, to simulate on: an .npz of vectors or a folder of class folders."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from modicum.engine.arrays import Floats, Ints
from modicum.errors import MediaError, SourceError
from modicum.home import Home

if TYPE_CHECKING:
    from modicum.encoders.image import Encoder
    from modicum.sources.entries import Entry

ENCODER = "package:efficientnet-lite0"
_TEST_SHARE = 0.3
_WORKERS = 2


@dataclass(frozen=True, eq=False)
class Known:
    """Vectors [n, d] with their class ids [n], and which rows may be asked about [n]; the rest is tested on."""

    vectors: Floats
    labels: Ints
    classes: tuple[str, ...]
    train: npt.NDArray[np.bool_] | None

    def split(self, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """The rows to ask about and the rows to test on: the data's own split, else a random 30% is tested on."""
        if self.train is not None:
            return np.flatnonzero(self.train), np.flatnonzero(~self.train)
        order = rng.permutation(len(self.labels))
        tested = max(1, round(_TEST_SHARE * len(order)))
        return np.sort(order[tested:]), np.sort(order[:tested])


def read_known(path: Path, encoder: str = ENCODER, home: Home | None = None) -> Known:
    """Vectors and labels of an .npz file or a folder of class folders. Raises SourceError."""
    if path.is_dir():
        return _checked(_read_folder(path, encoder, home), path)
    if path.is_file():
        return _checked(_read_npz(path), path)
    raise SourceError(f"{path} is neither a folder nor a file: give a folder of class folders or an .npz with emb and label")


def _checked(known: Known, path: Path) -> Known:
    """The data, if there is something to learn and something to test in it."""
    n = len(known.labels)
    train = n - round(_TEST_SHARE * n) if known.train is None else int(known.train.sum())
    if len(known.classes) < 2:
        raise SourceError(f"{path} holds {len(known.classes)} class; simulating needs at least two")
    if train < 1 or train == n:
        raise SourceError(f"{path} has {train} rows to ask about and {n - train} to test on; simulating needs both")
    if known.vectors.shape[1] == 0 or not np.isfinite(known.vectors).all():
        raise SourceError(f"emb of {path} holds NaN, infinity or no columns at all: embed the data again")
    return known


def _read_npz(path: Path) -> Known:
    try:
        parts = np.load(path, allow_pickle=False)
        if not isinstance(parts, np.lib.npyio.NpzFile):
            raise SourceError(f"{path} is one array; simulating needs an .npz with emb and label")
        with parts:
            held = parts.files
            if not {"emb", "label"} <= set(held):
                missing = " and ".join(name for name in ("emb", "label") if name not in held)
                raise SourceError(f"{path} holds {', '.join(held) or 'nothing'}; simulating also needs {missing}")
            emb, label, split = parts["emb"], parts["label"], parts["split"] if "split" in held else None
    except (ValueError, OSError, EOFError, BadZipFile) as error:
        # numpy refuses object arrays here: those can run code when they are read.
        raise SourceError(f"{path} cannot be read as an .npz of plain arrays ({error}): save it again without objects") from error
    if emb.ndim != 2 or emb.dtype.kind not in "fiu":
        raise SourceError(f"emb of {path} is numbers [n, d], received {emb.dtype} {list(emb.shape)}")
    for name, array in (("label", label), ("split", split)):
        if array is not None and array.shape != emb.shape[:1]:
            raise SourceError(f"{name} of {path} is one value per row of emb, [{len(emb)}], received {list(array.shape)}")
    if label.dtype.kind not in "iubUS":
        raise SourceError(f"label of {path} is whole numbers or text, received {label.dtype}")
    names, codes = np.unique(label, return_inverse=True)
    train = None if split is None else np.asarray(split.astype(str) == "train")
    vectors = emb if emb.dtype in (np.float16, np.float32) else emb.astype(np.float32)
    return Known(vectors, codes.astype(np.int64), tuple(str(name) for name in names), train)


def _read_folder(folder: Path, encoder: str, home: Home | None) -> Known:
    """Every readable image in a class folder, embedded; with train/ and test/ inside, those are the split."""
    from modicum import run
    from modicum.encoders.resolve import resolve
    from modicum.sources.entries import Entry, Options
    from modicum.sources.listing import list_source

    split = (folder / "train").is_dir() and (folder / "test").is_dir()
    parts = [(folder / "train", True), (folder / "test", False)] if split else [(folder, True)]
    entries: list[tuple[Entry, bool]] = []
    for part, is_train in parts:
        listed = list_source(part.resolve(), Options(labels_from_folders=True))
        entries += [(e, is_train) for e in listed if isinstance(e, Entry) and e.label is not None]
    if not entries:
        raise SourceError(f"{folder} holds no class folders with images: put each image into a folder named like its class")
    embed = resolve(encoder, (home or Home()).cache)
    batches = _batches([entry for entry, _ in entries], 32)
    vectors = [v for batch in run.map(lambda b: _embedded(b, embed), batches, _WORKERS) for v in batch]
    kept = [i for i, vector in enumerate(vectors) if vector is not None]
    if not kept:
        raise SourceError(f"none of the {len(entries)} images in {folder} can be read")
    names, codes = np.unique([entries[i][0].label or "" for i in kept], return_inverse=True)
    train = np.array([entries[i][1] for i in kept]) if split else None
    stacked = np.stack([v for v in vectors if v is not None])
    return Known(stacked, codes.astype(np.int64), tuple(str(name) for name in names), train)


def _embedded(batch: "Sequence[Entry]", embed: "Encoder") -> list[npt.NDArray[np.float32] | None]:
    """A vector for each image of the batch; none for an image that cannot be read."""
    from modicum import images

    pixels: dict[int, npt.NDArray[np.uint8]] = {}
    for place, entry in enumerate(batch):
        with contextlib.suppress(MediaError):
            pixels[place] = images.decode(entry.read(), embed.size)
    answer: list[npt.NDArray[np.float32] | None] = [None] * len(batch)
    for place, vector in zip(pixels, embed(list(pixels.values())) if pixels else (), strict=True):
        answer[place] = vector
    return answer


def _batches(entries: "Sequence[Entry]", size: int) -> "Iterator[list[Entry]]":
    source = iter(entries)
    while batch := list(islice(source, size)):
        yield batch
