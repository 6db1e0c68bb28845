"""The bill from the terminal and over HTTP: the same one."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flow.flow_parts import Server
from modicum.cli import run
from modicum.home import Home
from modicum.store import projects
from modicum.store.db import Database

Modicum = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def modicum(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Modicum:
    """Runs a verb on a home with one empty project: (exit code, standard output, parsed when it is JSON, standard error)."""
    monkeypatch.setenv("MODICUM_HOME", str(tmp_path / "home"))
    db = Database(Home().database_url)
    db.write(projects.create, "Dogs <i>& cats", ["dog", "cat"])
    db.close()

    def call(*words: object) -> tuple[int, Any, str]:
        monkeypatch.setattr(sys, "argv", ["modicum", *map(str, words)])
        capsys.readouterr()
        code = run()
        out, err = capsys.readouterr()
        return code, json.loads(out) if "--json" in words else out, err

    return call


def test_report_prints_the_bill_and_writes_the_page(modicum: Modicum, tmp_path: Path) -> None:
    code, out, _ = modicum("report")
    assert (code, out.splitlines()[0]) == (0, "Nothing has been spent yet.")
    code, bill, _ = modicum("report", "dogs-i-cats", "--html", tmp_path / "bill.html", "--json")
    assert (code, bill["items"], bill["purposes"]) == (0, 0, [])
    page = (tmp_path / "bill.html").read_text(encoding="utf-8")
    assert "Dogs &lt;i&gt;&amp; cats: the bill" in page


def test_report_says_in_one_line_what_is_not_possible(modicum: Modicum, tmp_path: Path) -> None:
    code, error, _ = modicum("report", "birds", "--json")
    assert (code, error["error"]) == (2, "NotFoundError")
    code, _, said = modicum("report", "--html", tmp_path / "absent" / "bill.html")
    assert code == 2
    assert "cannot be written" in said
    assert said.count("\n") == 1


def test_the_server_answers_the_same_bill(modicum: Modicum, tmp_path: Path, start: Callable[..., Server]) -> None:
    told = start(tmp_path / "home").client().get("/projects/dogs-i-cats/bill")
    assert told == modicum("report", "--json")[1]
