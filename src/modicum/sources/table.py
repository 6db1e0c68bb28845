"""Lists the pictures a CSV or JSONL file names, relative to its own folder, with their labels."""

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import unquote

from modicum.errors import SourceError
from modicum.sources.entries import Entry, Listing, Options, Refusal, file_entry, shown
from modicum.sources.uris import file_uri

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson")
PATH_COLUMNS = ("path", "uri", "image", "file")
LABEL_COLUMN = "label"
_MAX_LINE = 1_000_000  # characters
_COLUMNS = f"one of the columns {', '.join(PATH_COLUMNS)}, and perhaps {LABEL_COLUMN}"


class _Line(NamedTuple):
    number: int
    path: str
    label: str | None
    problem: str = ""


def list_table(table: Path, options: Options) -> Listing:
    """The files named by a list at this absolute path. Raises SourceError when it has no column that could name files."""
    lines = _json_lines if table.suffix.lower() in (".jsonl", ".ndjson") else _csv_lines
    try:
        # names that are no UTF-8 are kept as they are; labels of that kind are refused further down
        with table.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            for line in lines(file, table.name):
                yield _entry(table, line, options)
    except OSError as error:
        raise SourceError(f"{shown(str(table))} cannot be read: {error.strerror}") from error


def _entry(table: Path, line: _Line, options: Options) -> Entry | Refusal:
    where = f"line {line.number} of {table.name}: "

    def refused(reason: str) -> Refusal:
        return Refusal(f"{file_uri(table)}#line={line.number}", where + reason)

    if line.problem:
        return refused(line.problem)
    given, (scheme, separator, rest) = line.path, line.path.partition("://")
    if separator and scheme.lower() == "file" and rest.startswith("/"):
        given = unquote(rest, errors="surrogateescape")
    elif separator:
        return refused(f"received {shown(line.path)[:100]!r}; only files of this machine are read, not {scheme}:")
    try:
        path = Path(os.path.normpath(table.parent / given))
        outside, absolute = not path.is_relative_to(table.parent), Path(given).is_absolute()
        if outside and not absolute:
            return refused(f"{shown(given)[:100]!r} leads out of the list's folder; give an absolute path or move the file")
        if outside and not options.absolute:
            return refused(f"{shown(given)[:100]!r} lies outside the upload; name files that were sent along")
        name = shown(given if absolute else path.relative_to(table.parent).as_posix())
        entry = file_entry(path, name, line.label, where)
    except ValueError as error:  # a NUL in the path, or a label that cannot be stored
        return refused(str(error))
    return refused(entry.reason.removeprefix(where)) if isinstance(entry, Refusal) else entry


def _csv_lines(file: IO[str], name: str) -> Iterator[_Line]:
    sample = file.readline(_MAX_LINE)
    delimiter = max(",;\t", key=sample.count)
    columns = [column.strip().lower() for column in next(csv.reader([sample], delimiter=delimiter), [])]
    at = next((columns.index(column) for column in PATH_COLUMNS if column in columns), None)
    if at is None:
        raise SourceError(f"the first line of {name} is {shown(sample.strip())[:100]!r}; it must name {_COLUMNS}")
    label_at = columns.index(LABEL_COLUMN) if LABEL_COLUMN in columns else None
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield _Line(reader.line_num + 1, "", None, str(error))
            continue
        if row is None:
            return
        number = reader.line_num + 1  # the header was read before
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= at or not row[at].strip():
            yield _Line(number, "", None, f"the column {columns[at]} is empty")
        else:
            yield _Line(number, row[at].strip(), row[label_at] if label_at is not None and len(row) > label_at else None)


def _json_lines(file: IO[str], name: str) -> Iterator[_Line]:
    number = 0
    while text := file.readline(_MAX_LINE):
        number += 1
        if len(text) >= _MAX_LINE:
            raise SourceError(f"line {number} of {name} is longer than {_MAX_LINE:,} characters; one object a line is expected")
        if text.strip():
            yield _json_line(number, text)


def _json_line(number: int, text: str) -> _Line:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        return _Line(number, "", None, f"this is no JSON ({error})")
    if not isinstance(row, dict):
        return _Line(number, "", None, f'an object is expected, such as {{"path": "a.jpg"}}, not {text.strip()[:60]!r}')
    given = next((row[column] for column in PATH_COLUMNS if column in row), None)
    if not isinstance(given, str) or not given:
        return _Line(number, "", None, f"a text is expected in {_COLUMNS}")
    label = row.get(LABEL_COLUMN)
    if not isinstance(label, str | int | None):
        return _Line(number, "", None, f"the label must be a text, it is {str(label)[:60]!r}")
    return _Line(number, given, None if label is None else str(label))
