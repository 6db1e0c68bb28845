"""Lists the pictures of a zip without unpacking it; members are read one by one, so no name can lead anywhere."""

import posixpath
import stat
import zipfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from modicum.errors import SourceError
from modicum.sources.entries import Entry, Listing, Options, Refusal, checked_label, shown, too_large, wanted
from modicum.sources.uris import MAX_FILE_BYTES, open_zip, read_member, zip_uri

MAX_MEMBERS = 2_000_000
MAX_TOTAL_BYTES = 2**40  # unpacked
MAX_RATIO = 200  # unpacked to packed; photos reach 1, an empty drawing perhaps 100
_HARMLESS_BYTES = 2**25  # below, a high ratio is no threat
_ENCRYPTED = 1  # flag bit


def list_zip(path: Path, options: Options) -> Listing:
    """The pictures in the zip at this absolute path, by name.

    Raises SourceError for what is no zip, is encrypted as a whole, or unpacks to absurd sizes.
    """
    try:
        archive = open_zip(path)
    except OSError as error:
        raise SourceError(f"{shown(str(path))} cannot be opened: {error.strerror}") from error
    members = {info.filename: info for info in archive.infolist() if not info.is_dir() and _visible(info.filename)}
    pictures = [info for _, info in sorted(members.items()) if wanted(posixpath.basename(info.filename), options.others)]
    _refuse_bombs(path, pictures)
    if pictures and all(info.flag_bits & _ENCRYPTED for info in pictures):
        raise SourceError(f"{path.name} is encrypted; unpack it and give the folder")
    return (_entry(path, archive, info, options) for info in pictures)


def _visible(name: str) -> bool:
    """Not hidden, and not the shadow files macOS packs along."""
    return not any(part == "__MACOSX" or (part.startswith(".") and part not in (".", "..")) for part in name.split("/"))


def _refuse_bombs(path: Path, pictures: Sequence[zipfile.ZipInfo]) -> None:
    """The members together; those that are absurd by themselves are refused one by one and do not count here."""
    total = sum(info.file_size for info in pictures if not _absurd(info))
    if len(pictures) > MAX_MEMBERS:
        raise SourceError(f"{path.name} has {len(pictures):,} pictures, at most {MAX_MEMBERS:,} are listed; pack several zips")
    ratio = total / max(path.stat().st_size, 1)
    if total > MAX_TOTAL_BYTES or (ratio > MAX_RATIO and total > _HARMLESS_BYTES):
        size = f"{total / 1e6:,.0f} MB unpacked, {ratio:,.0f} times its size"
        raise SourceError(f"{path.name} claims {size}; allowed are {MAX_TOTAL_BYTES / 1e6:,.0f} MB and {MAX_RATIO} times")


def _absurd(info: zipfile.ZipInfo) -> bool:
    return info.file_size > MAX_RATIO * max(info.compress_size, 1) and info.file_size > _HARMLESS_BYTES


def _entry(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, options: Options) -> Entry | Refusal:
    uri = zip_uri(path, info.filename)
    parts = [part for part in info.filename.split("/") if part not in ("", ".", "..")]
    try:
        label = checked_label(parts[-2]) if options.labels_from_folders and len(parts) > 1 else None
    except ValueError as error:
        return Refusal(uri, f"its folder cannot be a class: {error}")
    if info.flag_bits & _ENCRYPTED:
        return Refusal(uri, "this member of the zip is encrypted; unpack it and give the folder")
    if stat.S_ISLNK(info.external_attr >> 16):
        return Refusal(uri, "this member of the zip is a link; links are not followed")
    if info.file_size > MAX_FILE_BYTES:
        return Refusal(uri, too_large(info.file_size))
    if _absurd(info):
        return Refusal(uri, f"this member unpacks to more than {MAX_RATIO} times its size; pack it uncompressed if it is genuine")
    return Entry(uri, "/".join(parts), label, info.file_size, partial(read_member, archive, info))
