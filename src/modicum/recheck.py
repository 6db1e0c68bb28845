"""An export checked by itself: its certificates computed again, and every label by a model held against the one it names."""

import csv
import io
import json
import math
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from modicum.engine.verify import Finding, Verdict, read_facts, verify
from modicum.errors import SourceError

LARGEST_FACTS = 200_000_000  # bytes of a file that is read
_LONGEST_LINE = 2**20  # characters of one row of the labels
_ROUNDING = 5.1e-5  # an export writes confidences with four digits
_TABLES = (".csv", ".jsonl")
_FACTS = re.compile(r"\.certificate-(\d{1,9})\.json$")


@dataclass(frozen=True)
class Checked:
    """One certificate of an export with what was found of it; `state` is what the file says of it, such as revoked."""

    number: int
    state: str
    verdict: Verdict


@dataclass(frozen=True)
class Export:
    """What an export holds. `uncertified` labels by a model name no certificate; `strays` name one that is not there."""

    certificates: tuple[Checked, ...]
    labels: int
    uncertified: int
    strays: Mapping[str, int]

    @property
    def holds(self) -> bool:
        return not self.strays and all(one.verdict.holds for one in self.certificates)


@dataclass
class _Named:
    """What the rows say that name one certificate."""

    rows: int = 0
    least: float = math.inf


def facts_of(path: Path) -> object:
    """The certificate in a file of facts. Raises SourceError for what is none."""
    try:
        if path.stat().st_size > LARGEST_FACTS:
            raise SourceError(f"{path} is larger than {LARGEST_FACTS:,} bytes: that is no certificate")
        return _certificate(_parsed(path.read_bytes(), str(path)))
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror or error})") from error


def is_export(path: Path) -> bool:
    """Whether this is labels, as a file, a folder or a zip, rather than the facts of one certificate."""
    return path.is_dir() or path.suffix.lower() in (*_TABLES, ".zip")


def check_export(path: Path) -> Export:
    """Every certificate in an export. Nothing in it is believed before it is checked. Raises SourceError."""
    try:
        place = _Place(path)
        with place.zip or nullcontext():
            with place.table() as table:
                named, labels, uncertified = _counted(_rows(table, place.csv, str(path)))
            found = {number: _parsed(place.facts(name), name) for number, name in place.certificates.items()}
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise SourceError(f"{path} cannot be read ({getattr(error, 'strerror', None) or error})") from error
    known = {str(number) for number in found}
    return Export(
        certificates=tuple(_checked(n, found[n], named.get(str(n), _Named())) for n in sorted(found)),
        labels=labels,
        uncertified=uncertified,
        strays={name[:100]: one.rows for name, one in named.items() if name not in known},
    )


def _checked(number: int, document: object, named: _Named) -> Checked:
    facts = _certificate(document)
    verdict = verify(facts)
    state = document.get("state") if isinstance(document, Mapping) else None
    findings = list(verdict.findings)
    if isinstance(document, Mapping) and document.get("number") != number:
        findings.append(Finding("number", False, f"the file of certificate {number} holds another one"))
    if verdict.findings[0].matches:
        findings.append(_labels(facts, named))
    return Checked(number, state if isinstance(state, str) else "", Verdict(tuple(findings)))


def _labels(facts: object, named: _Named) -> Finding:
    """Whether the labels can be those the certificate speaks of: not more than it left to the model, none below its threshold."""
    one = read_facts(facts)
    by_people = sum(score >= one.threshold for score in one.scores[one.pilot :])
    most = one.covered - by_people
    sure = named.least >= one.threshold - _ROUNDING
    said = f"{named.rows:,} labels name it, of {most:,} it leaves to the model"
    return Finding("labels", named.rows <= most and sure, said if sure else f"{said}; one lies below its threshold")


# --- the rows ----------------------------------------------------------------------------------------------------------


def _counted(rows: Iterator[Mapping[str, Any]]) -> tuple[dict[str, _Named], int, int]:
    """What names each certificate, the number of labels, and of those by a model that name none."""
    named: dict[str, _Named] = {}
    labels = uncertified = 0
    for row in rows:
        if row.get("kind") != "label":
            continue
        labels += 1
        if row.get("origin") != "model":
            continue
        name = str(row.get("certificate") or "")
        if not name or name.endswith("not certified"):
            uncertified += 1
            continue
        entry = named.setdefault(name, _Named())
        entry.rows += 1
        entry.least = min(entry.least, _confidence(row.get("confidence")))
    return named, labels, uncertified


def _confidence(value: object) -> float:
    try:
        found = float(value) if isinstance(value, str | float | int) else -math.inf
    except (ValueError, OverflowError):
        return -math.inf
    return -math.inf if math.isnan(found) else found


def _rows(table: IO[bytes], is_csv: bool, path: str) -> Iterator[Mapping[str, Any]]:
    text = io.TextIOWrapper(table, encoding="utf-8", newline="")
    try:
        if is_csv:
            yield from csv.DictReader(text)
            return
        while line := text.readline(_LONGEST_LINE):
            entry = json.loads(line)
            if not isinstance(entry, dict):
                raise ValueError("a line is no object")
            yield entry
    except (ValueError, csv.Error, RecursionError) as error:
        raise SourceError(f"the labels in {path} cannot be read ({str(error)[:200]})") from error


def _parsed(data: bytes, name: str) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{name} is not JSON: give the file that certify --facts wrote, or what export wrote") from error


def _certificate(document: object) -> object:
    # what was exported tells beside the certificate which project it is of, and when
    return document["certificate"] if isinstance(document, Mapping) and "certificate" in document else document


# --- where they are ----------------------------------------------------------------------------------------------------


class _Place:
    """The labels and the facts beside them, in a folder or in a zip. Raises SourceError, OSError, BadZipFile."""

    def __init__(self, path: Path) -> None:
        self.zip = zipfile.ZipFile(path) if path.is_file() and path.suffix.lower() == ".zip" else None
        self.folder = path if path.is_dir() else path.parent
        if self.zip is not None:
            names = [name for name in self.zip.namelist() if "/" not in name]
        else:
            names = [entry.name for entry in self.folder.iterdir()]
        self.name = path.name if path.is_file() and self.zip is None else _table(names, path)
        self.csv = self.name.lower().endswith(".csv")
        start = self.name.rpartition(".")[0] + ".certificate-"
        beside = ((found, name) for name in names if name.startswith(start) and (found := _FACTS.search(name)))
        self.certificates = {int(found[1]): name for found, name in beside}

    def table(self) -> IO[bytes]:
        return (self.folder / self.name).open("rb") if self.zip is None else self.zip.open(self.name)

    def facts(self, name: str) -> bytes:
        size = (self.folder / name).stat().st_size if self.zip is None else self.zip.getinfo(name).file_size
        if size > LARGEST_FACTS:
            raise SourceError(f"{name} is larger than {LARGEST_FACTS:,} bytes: that is no certificate")
        return (self.folder / name).read_bytes() if self.zip is None else self.zip.read(name)


def _table(names: list[str], path: Path) -> str:
    """The file of labels among these: that of class folders, or the only one."""
    tables = ["labels.csv"] if "labels.csv" in names else [name for name in names if name.lower().endswith(_TABLES)]
    if len(tables) != 1:
        raise SourceError(f"{path} holds {len(tables)} tables of labels: give the one to check, or a folder or zip with one")
    return tables[0]


def told(found: Export) -> list[str]:
    """What was found, line by line, for people."""
    lines = []
    for one in found.certificates:
        lines.append(f"Certificate {one.number}{f', {one.state}' if one.state else ''}:")
        lines += [f"  {'matches' if f.matches else 'DIFFERS'}  {f.name}: {f.found}" for f in one.verdict.findings]
    lines += [f"DIFFERS  {n:,} labels name certificate {name}, which is not there" for name, n in found.strays.items()]
    if found.uncertified:
        lines.append(f"{found.uncertified:,} labels by the model are marked as not certified: nothing is proven of them.")
    if not found.certificates and not found.strays:
        lines.append("No label stands under a certificate.")
    return lines
