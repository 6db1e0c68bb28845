"""Lists what an import is to read: a folder, a zip, or a CSV / JSONL file that names pictures."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from modicum.errors import SourceError
from modicum.sources.archive import list_zip
from modicum.sources.entries import SUFFIXES, Entry, Listing, Options, Refusal
from modicum.sources.folder import list_folder
from modicum.sources.table import TABLES, list_table


def list_source(source: Path, options: Options) -> Listing:
    """What is to be imported from `source`, always in the same order. Raises SourceError when it cannot be listed at all."""
    source = source.expanduser().absolute()
    if source.is_dir():
        return list_folder(source, options)
    if not source.is_file():
        raise SourceError(f"there is no {str(source)!r}; give a folder, a zip, a CSV or a JSONL file")
    return list_table(source, options) if source.suffix.lower() in TABLES else list_zip(source, options)


def count(source: Path, *, labels_from_folders: bool, absolute: bool) -> tuple[int, Counter[str]]:
    """(entries and refusals to come, files passed over by suffix). Raises SourceError when there is nothing to import."""
    options = Options(labels_from_folders, absolute)
    total = sum(1 for _ in list_source(source, options))
    if total == 0:
        others = f"; it holds other files: {described(options.others)}" if options.others else ""
        raise SourceError(f"{source} holds no pictures; looked for {', '.join(SUFFIXES)} in it and its subfolders{others}")
    return total, options.others


def described(others: Counter[str]) -> str:
    """Such as `.txt (12), .mov (1)`."""
    shown = ", ".join(f"{suffix} ({n:,})" for suffix, n in others.most_common(5))
    return shown + (", ..." if len(others) > 5 else "")


def in_batches(listing: Iterable[Entry | Refusal], files: int, size: int) -> Iterator[list[Entry | Refusal]]:
    """The listing in portions of at most so many files, and so many bytes unless one file alone has more."""
    batch: list[Entry | Refusal] = []
    held = 0
    for entry in listing:
        more = entry.size if isinstance(entry, Entry) else 0
        if batch and (len(batch) >= files or held + more > size):
            yield batch
            batch, held = [], 0
        batch.append(entry)
        held += more
    if batch:
        yield batch
