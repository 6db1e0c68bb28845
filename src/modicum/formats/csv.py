"""CSV: one line an item, for spreadsheets. Text a spreadsheet would run as a formula gets an apostrophe in front.

Shapes have a line each in `shape_table`.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator

from modicum.formats.row import COLUMNS, Format, Row

FORMULA = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 65_536  # characters


def cell(value: object) -> str:
    """A field as text; JSONL keeps what the apostrophe changes."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.4f}"
    text = value.isoformat(timespec="seconds") if hasattr(value, "isoformat") else str(value)
    return "'" + text if text.startswith(FORMULA) else text


def record(row: Row) -> list[str]:
    """A row's fields in the order of COLUMNS."""
    return [cell(getattr(row, column)) for column in COLUMNS]


def write(rows: Iterable[Row], read: Callable[[str], bytes]) -> Iterator[bytes]:
    """UTF-8 with a header line, streamed. Source: RFC 4180; formula injection: OWASP, "CSV Injection"."""
    buffer = io.StringIO(newline="")
    out = csv.writer(buffer)
    out.writerow(COLUMNS)
    for row in rows:
        out.writerow(record(row))
        if buffer.tell() > CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


FORMAT = Format(suffix=".csv", media="text/csv; charset=utf-8", write=write)
