"""Where an item's bytes are: file:///abs/path, or zip:///abs/file.zip!/inner/name; both percent-encoded, so plain ASCII."""

import os
import stat
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, quote_from_bytes, unquote, unquote_to_bytes

from modicum.errors import MediaError, NotFoundError, SourceError

MAX_FILE_BYTES = 256 * 2**20


def file_uri(path: Path) -> str:
    """The URI of an absolute path; names that are no UTF-8 survive."""
    return "file://" + _quoted(path)


def zip_uri(archive: Path, member: str) -> str:
    """The URI of a member of a zip at an absolute path."""
    return f"zip://{_quoted(archive)}!/{quote(member, errors='surrogatepass')}"


def read_uri(uri: str) -> bytes:
    """The bytes an item was imported from.

    Raises NotFoundError when they are gone, MediaError when they cannot be read, SourceError for an unknown scheme.
    """
    scheme, _, rest = uri.partition("://")
    if scheme == "file":
        path = _path(rest)
        try:
            return read_regular(path)
        except OSError as error:
            raise NotFoundError(f"{path} is gone or cannot be read ({error.strerror}); put it back where it was") from error
    if scheme == "zip":
        archive, _, member = rest.partition("!/")
        path = _path(archive)
        try:
            opened = open_zip(path)
            info = opened.getinfo(unquote(member, errors="surrogatepass"))
        except (OSError, KeyError, SourceError) as error:
            raise NotFoundError(f"{path} is gone, or is not the zip it was; put it back where it was") from error
        return read_member(opened, info)
    raise SourceError(f"received {uri[:100]!r}; allowed are file:// and zip://")


def read_regular(path: Path) -> bytes:
    """The bytes of an ordinary file; what has become a pipe or a device meanwhile is not waited for. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(0, "no ordinary file")
        if facts.st_size > MAX_FILE_BYTES:
            raise OSError(0, f"larger than {MAX_FILE_BYTES >> 20} MB")
        return file.read(MAX_FILE_BYTES)


def open_zip(path: Path) -> zipfile.ZipFile:
    """The archive, kept open for the next member as long as the file does not change. Raises SourceError, OSError."""
    facts = path.stat()
    return _open_zip(path, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=4)
def _open_zip(path: Path, changed: int, size: int) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    # a damaged directory makes zipfile fail in many ways: struct.error, UnicodeDecodeError, ValueError, ...
    except Exception as error:
        if isinstance(error, OSError):
            raise
        raise SourceError(f"{path} is no zip that can be read ({error}); give a folder, a zip, a CSV or a JSONL file") from error


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The unpacked bytes of one member, its checksum verified. Raises MediaError."""
    try:
        with archive.open(info) as member:
            data = member.read(MAX_FILE_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError) as error:
        raise MediaError(f"this member of the zip cannot be unpacked ({error}); pack it again") from error
    except Exception as error:  # lzma.LZMAError and struct.error among others
        raise MediaError(f"this member of the zip is damaged ({error}); pack it again") from error
    if len(data) > MAX_FILE_BYTES:
        raise MediaError(f"this member of the zip has more than {MAX_FILE_BYTES >> 20} MB unpacked")
    return data


def _quoted(path: Path) -> str:
    if os.name == "nt":
        return "/" + quote(path.as_posix())
    return quote_from_bytes(os.fsencode(path))


def _path(quoted: str) -> Path:
    if os.name == "nt":
        return Path(unquote(quoted).lstrip("/"))
    return Path(os.fsdecode(unquote_to_bytes(quoted)))
