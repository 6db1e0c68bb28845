"""What another package brings, formats and strategies, can be chosen wherever modicum's own can."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from modicum import plugins
from modicum.home import Home
from modicum.server import checks
from modicum.server.app import create_app
from modicum.server.serve import open_site
from modicum.store import projects
from modicum.store.db import Database

BROUGHT = '''
from modicum.formats.row import Format

def write(rows, read):
    """Names alone, one on each line.

    Nothing else.
    """
    yield "".join(row.name + "\\n" for row in rows).encode() or b"no labels\\n"

FORMAT = Format(suffix=".txt", media="text/plain", write=write)

def first(pool, n, rng):
    """The first of the pool."""
    from numpy import arange, zeros
    from modicum.engine.pool import Selection
    return Selection(arange(min(n, len(pool))), zeros(min(n, len(pool))))
'''


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder with an installed package: the formats `names`, which works, and `broken`, which does not; a strategy `first`."""
    folder = tmp_path / "site"
    described = folder / "brought-0.1.dist-info"
    described.mkdir(parents=True)
    (folder / "brought.py").write_text(BROUGHT)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: brought\nVersion: 0.1\n")
    (described / "entry_points.txt").write_text(
        "[modicum.formats]\nnames = brought:FORMAT\nbroken = brought:ABSENT\n[modicum.strategies]\nfirst = brought:first\n"
    )
    return folder


@pytest.fixture
def client(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A server in this process that finds the package."""
    monkeypatch.syspath_prepend(package)
    forget()
    site = open_site(Home(tmp_path / "home"))
    headers = {"authorization": f"Bearer {site.token}"}
    with TestClient(create_app(site), base_url="http://127.0.0.1", headers=headers) as client:
        yield client
    site.db.close()
    forget()


def forget() -> None:
    """What is installed is looked up once a process."""
    plugins._table.cache_clear()
    checks.strategies.cache_clear()
    checks.seed_strategies.cache_clear()


def test_the_settings_take_its_strategy(client: TestClient) -> None:
    me = client.get("/api/me").json()
    assert "first" in me["strategies"]
    assert "first" in me["seed_strategies"]
    slug = client.post("/api/projects", json={"name": "Strategy"}).json()["project"]["slug"]
    answer = client.patch(f"/api/projects/{slug}", json={"policy": {"strategy": "first", "seed_strategy": "first"}})
    assert answer.status_code == 200
    assert answer.json()["project"]["policy"]["strategy"] == "first"


def test_the_server_lists_and_writes_it(client: TestClient) -> None:
    formats = {entry["name"]: entry for entry in client.get("/api/me").json()["formats"]}
    assert set(formats) == {"csv", "folders", "jsonl", "names"}  # what cannot be loaded cannot be chosen
    assert formats["names"] == {"name": "names", "suffix": ".txt", "text": "Names alone, one on each line."}
    slug = client.post("/api/projects", json={"name": "Brought"}).json()["project"]["slug"]
    answer = client.get(f"/api/projects/{slug}/export?format=names")
    assert (answer.status_code, answer.content) == (200, b"no labels\n")
    assert answer.headers["content-disposition"] == f'attachment; filename="{slug}.txt"'


def test_an_unknown_format_names_what_is_installed(client: TestClient) -> None:
    slug = client.post("/api/projects", json={"name": "Unknown"}).json()["project"]["slug"]
    answer = client.get(f"/api/projects/{slug}/export?format=exe")
    assert (answer.status_code, answer.json()["path"]) == (422, "query.format")
    assert "csv, folders, jsonl, names" in answer.json()["message"]


def test_the_command_line_takes_it(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODICUM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(package))
    db = Database(Home().database_url)
    db.write(projects.create, "Brought")
    db.close()

    def export(name: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "modicum", "export", "--format", name]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert (export("names").returncode, export("names").stdout) == (0, "no labels\n")
    unknown = export("exe")
    assert unknown.returncode == 2
    assert "'exe'" in unknown.stderr
    assert "csv, folders, jsonl, names" in unknown.stderr
    assert unknown.stderr.count("\n") == 1
    assert "brought" in export("broken").stderr


def test_the_command_line_takes_its_strategy(package: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    label = np.arange(60) % 3
    np.savez(tmp_path / "points.npz", emb=np.eye(3)[label] + rng.normal(0, 0.1, (60, 3)), label=label)
    command = [sys.executable, "-m", "modicum", "simulate", str(tmp_path / "points.npz")]
    choice = ["--strategy", "first", "--seed-strategy", "first", "--budget", "10", "--runs", "1"]
    environment = {**os.environ, "PYTHONPATH": str(package)}
    done = subprocess.run([*command, *choice], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "first" in done.stdout
