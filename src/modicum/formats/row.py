"""What every format writes: one row an item, with its provenance. What a format is."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Row:
    """One item of an export.

    `kind` is `label` for what is settled and `prediction` for what only the model says; a prediction never stands in `label`.
    `prediction`, `confidence` (0 to 1) and `model` (round number) are those of the current model, or, for a label the model
    settled, of the model that did. `shown` is the pre-label the annotator saw; none when the item was shown blind.
    `certificate` is the number of the certificate under which the model settled the label, with a note when it proves nothing.
    """

    name: str
    uri: str
    sha256: str
    kind: str
    label: str | None
    origin: str | None
    annotator: str | None
    time: datetime | None
    prediction: str | None
    confidence: float | None
    model: int | None
    agrees: bool | None
    shown: str | None
    split: str
    flagged: bool
    certificate: str | None


COLUMNS = tuple(field.name for field in fields(Row))


@dataclass(frozen=True)
class Format:
    """`write(rows, read)` yields the bytes of one file; `read(uri)` gives an image's bytes and raises ModicumError.

    The first line of what is written about `write` explains the format to people.
    """

    suffix: str
    media: str
    write: Callable[[Iterable[Row], Callable[[str], bytes]], Iterator[bytes]]

    @property
    def text(self) -> str:
        """One line about the format, empty when nothing is written about it."""
        return (inspect.getdoc(self.write) or "").partition("\n")[0]
