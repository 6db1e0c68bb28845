"""The loss report: what a file held that could not be kept as it was, with the file, the place inside it and how often."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from pydantic import ValidationError

KEPT = 20  # places named of each kind of loss; all of them go into the report file


@dataclass(frozen=True, slots=True)
class Place:
    """Where it was: a file, the path inside it such as `$.annotations[3].bbox`, and what was found there."""

    file: str
    path: str
    detail: str = ""

    def __str__(self) -> str:
        inside = "" if self.path in ("", "$") else f" {self.path}"
        return f"{self.file}{inside}" + (f": {self.detail}" if self.detail else "")


@dataclass(slots=True)
class Loss:
    """One kind of loss. `left_out`: it is not in the result; otherwise it is there, changed or with a doubt."""

    what: str
    left_out: bool
    count: int = 0
    places: list[Place] = field(default_factory=list)

    def lines(self, most: int = 3) -> Iterator[str]:
        """One line about the kind, and one for each of the first places."""
        yield f"{self.count:,} x {self.what}"
        for place in self.places[:most]:
            yield f"    {place}"
        if self.count > most:
            yield f"    and {self.count - most:,} more"


class Losses:
    """Collects losses by kind, in the order in which the kinds came up; `report` takes every single one as a JSON line."""

    def __init__(self, report: IO[str] | None = None) -> None:
        self.report = report
        self.kinds: dict[tuple[str, bool], Loss] = {}

    def left_out(self, file: str, path: str, what: str, detail: str = "", count: int = 1) -> None:
        """Something is not in the result."""
        self._add(file, path, what, detail, count, True)

    def changed(self, file: str, path: str, what: str, detail: str = "", count: int = 1) -> None:
        """Something is in the result, but not as it was, or with a doubt."""
        self._add(file, path, what, detail, count, False)

    def _add(self, file: str, path: str, what: str, detail: str, count: int, left_out: bool) -> None:
        kind = self.kinds.get((what, left_out))
        if kind is None:
            kind = self.kinds[what, left_out] = Loss(what, left_out)
        kind.count += count
        if len(kind.places) < KEPT:
            kind.places.append(Place(file, path, detail))
        if self.report is not None:
            line = {"what": what, "left_out": left_out, "file": file, "path": path, "detail": detail, "count": count}
            self.report.write(json.dumps(line, ensure_ascii=False) + "\n")

    def __iter__(self) -> Iterator[Loss]:
        return iter(self.kinds.values())

    def __bool__(self) -> bool:
        return bool(self.kinds)

    @property
    def left(self) -> int:
        """How often something was left out."""
        return sum(kind.count for kind in self if kind.left_out)

    def lines(self) -> Iterator[str]:
        """The report for people: first what was left out, then what was changed."""
        for left_out, title in ((True, "Left out"), (False, "Changed or doubtful")):
            kinds = [kind for kind in self if kind.left_out == left_out]
            if kinds:
                yield f"{title}:"
            for kind in kinds:
                yield from (f"  {line}" for line in kind.lines())

    def facts(self) -> list[dict[str, Any]]:
        """The report for programs."""
        return [
            {
                "what": kind.what,
                "left_out": kind.left_out,
                "count": kind.count,
                "places": [{"file": place.file, "path": place.path, "detail": place.detail} for place in kind.places],
            }
            for kind in self
        ]


class RefusedError(ValueError):
    """A piece of a file that cannot be taken: `what` names the kind of problem, `path` leads from the piece to the culprit."""

    def __init__(self, what: str, detail: str = "", path: str = "") -> None:
        super().__init__(what)
        self.what, self.detail, self.path = what, detail, path


def refused(error: ValidationError) -> RefusedError:
    """What a noun has against the values it was given, as one refusal."""
    first = error.errors(include_url=False, include_context=False)[0]
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
    detail = first["msg"].removeprefix("Value error, ")
    received = repr(first["input"])
    return RefusedError(
        "a value that no shape can have",
        f"{where.lstrip('.')}: {detail}" + (f", received {received}" if len(received) <= 40 else ""),
    )
