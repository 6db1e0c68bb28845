"""JSONL: one object an item, for programs; every field exactly as it is."""

import json
from collections.abc import Callable, Iterable, Iterator

from modicum.formats.row import COLUMNS, Format, Row

BATCH = 500  # rows


def line(row: Row) -> str:
    values = {column: getattr(row, column) for column in COLUMNS}
    values["time"] = row.time.isoformat() if row.time else None
    return json.dumps(values, ensure_ascii=False)


def write(rows: Iterable[Row], read: Callable[[str], bytes]) -> Iterator[bytes]:
    """UTF-8, streamed; times are ISO 8601 with their offset."""
    lines: list[str] = []
    for row in rows:
        lines.append(line(row))
        if len(lines) == BATCH:
            yield ("\n".join(lines) + "\n").encode()
            lines.clear()
    if lines:
        yield ("\n".join(lines) + "\n").encode()


FORMAT = Format(suffix=".jsonl", media="application/x-ndjson", write=write)
