"""Where formats read and write: a file, a folder or a zip, without a name ever leading out of it."""

import io
import os
import posixpath
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO

from modicum.errors import InputError, ModicumError, SourceError, StorageError
from modicum.formats.losses import Losses, Place
from modicum.names import Distinct, safe_name

MOST_BYTES = 64 * 2**30  # of one file that is read
MOST_RATIO = 1000  # of a zip's member, unpacked to packed: annotations of empty images compress well
HARMLESS_BYTES = 2**26
MOST_IMAGE = 2**28  # bytes
_HEAD = 2**16
IMAGES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".dib", ".gif")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same drawings give the same zip
Size = tuple[int, int]


class Source:
    """What is to be read: a file, a folder, or a zip read in place. `probe` gives the size of an encoded image, upright.

    `images` is the folder or zip of the images, none to look for them in the source itself. Opening is lazy; raises SourceError.
    """

    def __init__(self, path: Path, losses: Losses, *, images: Path | None = None, probe: Callable[[bytes], Size] | None = None):
        self.path = path
        self.probe = probe
        self.losses = losses
        self.zip: zipfile.ZipFile | None = None
        self.alone = False
        if path.is_dir():
            self.names = _walk(path)
        elif zipfile.is_zipfile(path):
            self.zip = _opened(path)
            self.names = self._members(self.zip)
        elif path.is_file():
            self.names, self.alone = [path.name], True
        else:
            raise SourceError(f"there is no {str(path)!r}: give a file, a folder or a zip")
        self.known = set(self.names)
        self.elsewhere = None if images is None else Source(images, losses, probe=probe)
        self._by_name: dict[str, str] | None = None

    def _members(self, archive: zipfile.ZipFile) -> list[str]:
        """Names of plain members. One that leads out of the zip, is a link, encrypted or a bomb is reported and not read."""
        names = []
        for info in archive.infolist():
            name = info.filename
            problem = ""
            if info.is_dir() or "__MACOSX" in name:
                continue
            if name.startswith(("/", "\\")) or "\\" in name or ".." in name.split("/") or ":" in name.split("/")[0]:
                problem = "its name leads out of the zip"
            elif stat.S_ISLNK(info.external_attr >> 16):
                problem = "it is a link"
            elif info.flag_bits & 1:
                problem = "it is encrypted"
            elif info.file_size > MOST_RATIO * max(info.compress_size, 1) and info.file_size > HARMLESS_BYTES:
                problem = f"it unpacks to more than {MOST_RATIO} times its size"
            elif info.file_size > MOST_BYTES:
                problem = f"it is larger than {MOST_BYTES >> 30} GB"
            if problem:
                self.losses.left_out(self.path.name, name[:200], f"a member of the zip: {problem}")
            else:
                names.append(name)
        return sorted(names)

    def having(self, *suffixes: str) -> list[str]:
        """The files with one of these suffixes, in order of their names."""
        return [name for name in self.names if name.lower().endswith(suffixes)]

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """The bytes of one file. Raises SourceError, also for what reading it raises."""
        try:
            if self.zip is not None:
                with self.zip.open(name) as file:
                    yield file
            else:
                path = str(self.path) if self.alone else f"{self.path}/{name}"
                if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116, of many small files a Path is half the cost
                    raise SourceError(f"{path} is no ordinary file")
                with open(path, "rb") as file:  # noqa: PTH123
                    yield file
        except (OSError, zipfile.BadZipFile, EOFError, KeyError) as error:
            raise SourceError(f"{name} cannot be read ({error}); check that it is there, complete and yours to read") from error

    def read(self, name: str, most: int = 2**28) -> bytes:
        """A small file as a whole. Raises SourceError."""
        with self.open(name) as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise SourceError(f"{name} is larger than {most >> 20} MB")
        return data

    def text(self, name: str, most: int = 2**28) -> str:
        """A small text file; UTF-8, with or without a byte order mark. Raises SourceError."""
        try:
            return self.read(name, most).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise SourceError(f"{name} is no UTF-8 text ({error.reason} at byte {error.start}): save it as UTF-8") from error

    @contextmanager
    def seekable(self, name: str) -> Iterator[IO[bytes]]:
        """The same as `open`, for going back and forth: a zip's member is unpacked to a nameless file first."""
        with self.open(name) as file:
            if self.zip is None:
                yield file
                return
            with tempfile.TemporaryFile() as copy:
                shutil.copyfileobj(file, copy, 2**20)
                copy.seek(0)
                yield copy

    # --- the images that belong to it ---

    def image(self, name: str) -> str | None:
        """The file of this image name: as it stands, below any folder, or by its last part when only one file has it."""
        if self.elsewhere is not None:
            return self.elsewhere.image(name)
        if self._by_name is None:
            self._by_name = self._images()
        found = self._by_name.get(name)
        return found or self._by_name.get("*/" + name.rpartition("/")[2]) or None

    def _images(self) -> dict[str, str]:
        table: dict[str, str] = {}
        for name in self.names if not self.alone else ():
            if not name.lower().endswith(IMAGES):
                continue
            parts = name.split("/")
            for start in range(len(parts)):
                tail = "/".join(parts[start:])
                if start and tail in table and start == len(parts) - 1:
                    table["*/" + tail] = ""  # several: the last part alone says nothing
                elif start == len(parts) - 1 and "*/" + tail in table:
                    table["*/" + tail] = ""
                table.setdefault(tail, name)
            table.setdefault("*/" + parts[-1], name)
        return table

    @property
    def has_images(self) -> bool:
        """Whether images were given, or lie beside the annotations."""
        if self.elsewhere is not None:
            return True
        return not self.alone and any(name.lower().endswith(IMAGES) for name in self.names)

    def image_names(self) -> list[str]:
        """Every image file there is."""
        place = self.elsewhere or self
        return [] if place.alone else [name for name in place.names if name.lower().endswith(IMAGES)]

    def image_bytes(self, name: str) -> bytes | None:
        """An image by its name; none when there is no such file. Raises SourceError."""
        found = self.image(name)
        if found is None:
            return None
        return (self.elsewhere or self).read(found)

    def image_size(self, name: str) -> Size | None:
        """(width, height) of an image, upright; none when it is not there. Raises ModicumError when it is no image."""
        found = self.image(name)
        if self.probe is None or found is None:
            return None
        with (self.elsewhere or self).open(found) as file:
            head = file.read(_HEAD)
            with suppress(ModicumError):  # the size stands in the first bytes of nearly every image
                return self.probe(head)
            return self.probe(head + file.read(MOST_IMAGE))


def _walk(root: Path) -> list[str]:
    """Every ordinary file below a folder, hidden ones aside; links to folders are not followed."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = Path(folder).relative_to(root).as_posix()
        found += [name if inside == "." else f"{inside}/{name}" for name in files if not name.startswith(".")]
    return sorted(found)


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except Exception as error:  # a damaged directory makes zipfile fail in many ways
        raise SourceError(f"{path} is no zip that can be read ({error})") from error


# --- writing -----------------------------------------------------------------------------------------------------------


class Out:
    """Takes the files of a format: `main` is the name a format of one file writes to.

    `image(name)` gives the bytes of an image, none when nobody has it; only formats that hold images ask.
    """

    def __init__(self, main: str, image: Callable[[str], bytes | None] = lambda name: None) -> None:
        self.main = main
        self.image = image

    @contextmanager
    def file(self, name: str) -> Iterator[IO[bytes]]:
        raise StorageError(f"nothing was said of where {name} goes")
        yield io.BytesIO()

    def put(self, name: str, data: bytes | str) -> None:
        """A whole file at once."""
        with self.file(name) as file:
            file.write(data.encode() if isinstance(data, str) else data)


class FolderOut(Out):
    """Files below a folder. A format of one file has it beside others; they are replaced only when they are complete."""

    def __init__(self, root: Path, main: str, image: Callable[[str], bytes | None] = lambda name: None) -> None:
        super().__init__(main, image)
        self.root = root
        self.made: set[Path] = set()

    @contextmanager
    def file(self, name: str) -> Iterator[IO[bytes]]:
        target = self.root / inside(name)
        fresh = target.with_name(target.name[:200] + ".part")
        try:
            if target.parent not in self.made:
                target.parent.mkdir(parents=True, exist_ok=True)
                self.made.add(target.parent)
            with fresh.open("wb", buffering=2**16) as file:
                yield file
            fresh.replace(target)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink()
            raise StorageError(f"cannot write {target}: {error.strerror}; choose another place") from error
        except BaseException:
            with suppress(OSError):
                fresh.unlink()
            raise


class ZipOut(Out):
    """Files of a zip, one after the other."""

    def __init__(self, archive: zipfile.ZipFile, main: str, image: Callable[[str], bytes | None] = lambda name: None) -> None:
        super().__init__(main, image)
        self.archive = archive

    @contextmanager
    def file(self, name: str) -> Iterator[IO[bytes]]:
        info = zipfile.ZipInfo(inside(name), EPOCH)
        info.external_attr = 0o644 << 16
        info.compress_type = zipfile.ZIP_STORED if name.lower().endswith(IMAGES) else zipfile.ZIP_DEFLATED
        with self.archive.open(info, "w", force_zip64=True) as file:
            yield file


@contextmanager
def opened(target: Path, suffix: str, image: Callable[[str], bytes | None] = lambda name: None) -> Iterator[Out]:
    """Where a format of this suffix writes: the file, the folder (empty or absent), or, ending in .zip, a zip.

    Raises InputError and StorageError.
    """
    if suffix != ".zip":
        if target.is_dir():
            raise InputError(f"{target} is a folder, this format is one file: name it, such as {target / ('labels' + suffix)}")
        yield FolderOut(target.parent, target.name, image)
        return
    if target.suffix.lower() == ".zip":
        fresh = target.with_name(target.name + ".part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(fresh, "w") as archive:
                yield ZipOut(archive, target.stem, image)
            fresh.replace(target)
        except OSError as error:
            raise StorageError(f"cannot write {target}: {error.strerror}; choose another place") from error
        finally:
            fresh.unlink(missing_ok=True)
        return
    if target.is_file():
        raise InputError(f"{target} is a file, this format is a folder of files: name a folder, or a file that ends in .zip")
    try:
        taken = target.is_dir() and any(target.iterdir())
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error.strerror}; choose another place") from error
    if taken:
        raise InputError(f"the folder {target} is not empty: choose another, so that nothing is mixed up")
    yield FolderOut(target, target.name, image)


def inside(name: str) -> str:
    """A path that stays below the folder it is joined to. Raises ModicumError; `safe_path` makes names that pass."""
    if name.startswith("/") or "\\" in name or any(part in ("", ".", "..") for part in name.split("/")):
        raise ModicumError(f"the name {name[:100]!r} would lead out of the folder")
    return name


def safe_path(name: str) -> str:
    """An image's name as a path every file system takes: no part of it leads up or out."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    return "/".join(safe_name(part) for part in parts) or "_"


class Stems:
    """A file name without suffix for each image, each once; one that cannot have its own is reported."""

    def __init__(self, losses: Losses, what: str) -> None:
        self.losses, self.what = losses, what
        self.distinct: dict[str, Distinct] = {}

    def __call__(self, name: str, place: Place) -> str:
        """The path without suffix under which what is said of the image `name` is written."""
        path = PurePosixPath(safe_path(name))
        stem = path.stem if path.suffix.lower() in IMAGES else path.name
        folder = posixpath.dirname(str(path))
        own = self.distinct.setdefault(folder, Distinct())(stem)
        found = f"{folder}/{own}" if folder else own
        if found != name.rpartition(".")[0] and found != name:
            self.losses.changed(place.file, place.path, self.what, f"{name!r} is {found!r} here")
        return found
