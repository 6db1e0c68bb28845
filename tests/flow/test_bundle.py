"""An export holds what proves it: beside the labels lie the certificates they name, and `modicum verify` checks both."""

import csv
import io
import json
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from flow.certificate_parts import WISH, issued, run, sure_project
from modicum import bundle, certificates, cli
from modicum.bundle import Bundle
from modicum.errors import MediaError
from modicum.export import format_named
from modicum.home import Home
from modicum.server.app import create_app
from modicum.server.serve import open_site
from modicum.store import projects
from modicum.store.db import Database
from modicum.types import Project

Said = Callable[..., tuple[int, str]]


@pytest.fixture
def project(db: Database, home: Home) -> Project:
    return sure_project(db, home)


@pytest.fixture
def modicum(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Said:
    def say(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["modicum", *words])
        code, said = cli.run(), capfdbinary.readouterr()
        return code, (said.out + said.err).decode()

    return say


def absent(uri: str) -> bytes:
    raise MediaError("there is no image in this test")


@pytest.mark.parametrize("format_", ["csv", "jsonl", "folders"])
def test_an_export_is_verified_from_its_files_alone(
    db: Database, home: Home, project: Project, tmp_path: Path, modicum: Said, format_: str
) -> None:
    issued(db, home, project)
    out = tmp_path / ("labels" if format_ == "folders" else f"labels.{format_}")
    labels = Bundle(db, project)
    [facts] = bundle.write(labels, format_named(format_), out, absent)
    assert facts.name == "labels.certificate-1.json"
    code, said = modicum("verify", str(out))
    assert code == 0, said
    assert "labels name it" in said
    assert "The export holds what it says." in said
    whole = tmp_path / "labels.zip"
    whole.write_bytes(b"".join(bundle.zipped(Bundle(db, project), format_named(format_), "labels", absent)))
    assert "labels.certificate-1.json" in zipfile.ZipFile(whole).namelist()
    code, said = modicum("verify", str(whole), "--json")
    found = json.loads(said)
    assert code == 0
    assert found["holds"]
    assert found["labels"] == labels.count
    facts.unlink()
    code, said = modicum("verify", str(out))
    assert code == 2
    assert "certificate 1, which is not there" in said


def test_labels_that_the_certificate_does_not_cover_are_noticed(
    db: Database, home: Home, project: Project, tmp_path: Path, modicum: Said
) -> None:
    issued(db, home, project)
    out = tmp_path / "labels.csv"
    bundle.write(Bundle(db, project), format_named("csv"), out, absent)
    rows = list(csv.DictReader(out.open(newline="")))
    by_people = next(row for row in rows if row["origin"] == "human")

    def checked(changed: list[dict[str, str]]) -> tuple[int, str]:
        text = io.StringIO()
        table = csv.DictWriter(text, rows[0])
        table.writeheader()
        table.writerows(changed)
        out.write_text(text.getvalue())
        return modicum("verify", str(out))

    assert checked(rows)[0] == 0
    smuggled = {**by_people, "origin": "model", "certificate": "1", "confidence": "0.5000"}
    code, said = checked([*rows, smuggled])
    assert code == 2
    assert "below its threshold" in said
    covered = [row for row in rows if row["certificate"]]
    code, said = checked([*rows, *covered[:400]])
    assert code == 2
    assert "DIFFERS  labels" in said
    code, said = checked([*rows, {**smuggled, "certificate": "1, not certified"}])
    assert code == 0
    assert "not certified: nothing is proven" in said


def test_hostile_exports_are_refused_in_one_line(tmp_path: Path, modicum: Said) -> None:
    out = tmp_path / "labels.jsonl"
    for text in (
        "[" * 100_000,
        "[]\n",
        "{" * 2**21,
        '{"kind": "label", "origin": "model", "certificate": "1", "confidence": NaN}\n',
    ):
        out.write_text(text)
        code, _ = modicum("verify", str(out))
        assert code == 2
    (tmp_path / "labels.certificate-1.json").write_text("{}")
    code, said = modicum("verify", str(out))
    assert code == 2
    assert "missing or unknown" in said
    (tmp_path / "no.zip").write_bytes(b"PK")
    assert modicum("verify", str(tmp_path / "no.zip"))[0] == 2
    assert modicum("verify", str(tmp_path / "none"))[0] == 2


def test_a_raw_threshold_has_nothing_to_verify(db: Database, home: Home, project: Project, tmp_path: Path) -> None:
    changed = db.write(projects.patch, project.id, policy=WISH.model_copy(update={"auto_threshold": 0.6}))
    certificates.begin(db, home, changed)
    run(db, changed)
    assert bundle.write(Bundle(db, changed), format_named("csv"), tmp_path / "labels.csv", absent) == []


def test_a_download_holds_them_too(db: Database, home: Home, project: Project) -> None:
    issued(db, home, project)
    with home.lock():
        site = open_site(home)
        client = TestClient(create_app(site), base_url="http://127.0.0.1", headers={"authorization": f"Bearer {site.token}"})
        plain = client.get(f"/api/projects/{project.slug}/export")
        whole = client.get(f"/api/projects/{project.slug}/export?certificates=true")
        site.db.close()
    assert plain.text.startswith("name,uri")
    assert whole.headers["content-disposition"] == 'attachment; filename="dogs.zip"'
    archive = zipfile.ZipFile(io.BytesIO(whole.content))
    assert archive.namelist() == ["dogs.csv", "dogs.certificate-1.json"]
    assert archive.read("dogs.csv") == plain.content


def test_the_command_writes_the_facts_beside_the_labels(
    db: Database, home: Home, project: Project, tmp_path: Path, modicum: Said
) -> None:
    issued(db, home, project)
    export = partial(modicum, "export", project.slug, "--home", str(home.path))
    code, said = export("--out", str(tmp_path / "all.csv"))
    assert code == 0
    assert "all.certificate-1.json" in said
    assert modicum("verify", str(tmp_path / "all.csv"))[0] == 0
    code, said = export("--out", str(tmp_path / "all.jsonl"), "--format", "jsonl", "--json")
    assert json.loads(said)["certificates"] == [str(tmp_path / "all.certificate-1.json")]
    code, said = export()
    assert said.startswith("name,uri")
    assert "stand under certificates: with --out" in said
