"""The command line: help that is instant, one clear line for everything that goes wrong, JSON when asked."""

import json
import os
import socket
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flow.flow_parts import KINDS, Server, write_images
from modicum import __version__
from modicum.cli import run

Modicum = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def modicum(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Modicum:
    """Runs a verb on a fresh home: (exit code, standard output, parsed when it is JSON, standard error)."""
    monkeypatch.setenv("MODICUM_HOME", str(tmp_path / "home"))

    def call(*words: object) -> tuple[int, Any, str]:
        monkeypatch.setattr(sys, "argv", ["modicum", *map(str, words)])
        capsys.readouterr()
        code = run()
        out, err = capsys.readouterr()
        return code, json.loads(out) if "--json" in words else out, err

    return call


def made(modicum: Modicum, *classes: str, name: str = "Three kinds") -> str:
    """An empty project, as `label` makes it, without a server."""
    from modicum.home import Home
    from modicum.store import projects
    from modicum.store.db import Database

    db = Database(Home().database_url)
    try:
        return db.write(projects.create, name, classes or KINDS).slug
    finally:
        db.close()


def one_line(text: str) -> bool:
    return text.count("\n") == 1 and "Traceback" not in text


# --- help and version --------------------------------------------------------------------------------------------------


def test_help_lists_the_verbs_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['modicum', '--help']\n"
        "from modicum.cli import run\n"
        "code = run()\n"
        "heavy = {'numpy', 'sqlalchemy', 'fastapi', 'pydantic', 'onnxruntime', 'sklearn', 'PIL', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for verb in ("label", "demo", "import", "serve", "status", "export", "report", "simulate"):
        assert f"  {verb} " in done.stdout


def test_version(modicum: Modicum) -> None:
    assert modicum("--version") == (0, f"modicum {__version__}\n", "")
    assert modicum("--version", "--json")[1] == {"version": __version__}


def test_an_unknown_verb_is_one_line(modicum: Modicum) -> None:
    code, out, err = modicum("lable", "photos")
    assert (code, out) == (2, "")
    assert one_line(err)
    assert modicum("lable", "--json")[1]["error"] == "UsageError"


# --- bad input, one by one ---------------------------------------------------------------------------------------------


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is huge and holds nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def test_bad_files_are_left_out_and_listed_and_the_rest_goes_in(modicum: Modicum, tmp_path: Path) -> None:
    folder = tmp_path / "a folder with spaces – ünï 🐕"
    write_images(folder, 4)
    good = next(folder.glob("*.png")).read_bytes()
    from io import BytesIO

    from PIL import Image

    jpeg = BytesIO()
    Image.open(BytesIO(good)).save(jpeg, "JPEG")
    (folder / "truncated.jpg").write_bytes(jpeg.getvalue()[:-200])
    (folder / "huge.png").write_bytes(png_header(20_000, 20_000))
    (folder / "text.jpg").write_text("I am a text file")
    (folder / "same.png").write_bytes(good)
    slug = made(modicum)
    code, job, _ = modicum("import", folder, "--project", slug, "--json")
    assert code == 0, job
    assert (job["added"], job["duplicates"], job["rejected"]) == (12, 1, 3)
    [project] = modicum("status", "--rejections", "--json")[1]["projects"]
    assert project["counts"]["items"] == 12
    reasons = {Path(row["uri"]).name: row["reason"] for row in project["rejections"]}
    assert set(reasons) >= {"truncated.jpg", "huge.png", "text.jpg"}
    assert "400 megapixels" in reasons["huge.png"]
    text = modicum("status", "--rejections")[1]
    assert "text.jpg" in text

    again = modicum("import", folder, "--project", slug, "--json")[1]
    assert again["added"] == 0, "a second import adds nothing"


def test_class_folders_become_labels_and_come_out_again(modicum: Modicum, tmp_path: Path) -> None:
    for kind, seed in (("כלב", 1), ("🐈 cat", 2)):
        write_images(tmp_path / "in" / kind, 2, seed=seed)
    slug = made(modicum, "🐈 cat")
    assert modicum("import", tmp_path / "in", "--labels-from-folders", "--json")[0] == 0
    code, told, _ = modicum("export", slug, "--format", "folders", "--out", tmp_path / "out", "--json")
    assert code == 0
    assert told["rows"] == 12
    assert sorted(path.name for path in (tmp_path / "out" / "images").iterdir()) == sorted(["כלב", "🐈 cat"])
    assert modicum("export", "--format", "jsonl", "--out", tmp_path / "labels.jsonl")[0] == 0
    rows = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    assert {row["origin"] for row in rows} == {"import"}
    code, _, err = modicum("export", "--format", "folders", "--out", tmp_path / "out")
    assert code == 2
    assert "not empty" in err


@pytest.mark.parametrize(
    ("classes", "path"), [("cat,dog,Cat", "$.classes[2]"), ("a,\u202eb", "$.classes[1]"), ("x" * 101, "$.classes[0]")]
)
def test_classes_that_cannot_be_used(modicum: Modicum, tmp_path: Path, classes: str, path: str) -> None:
    write_images(tmp_path / "in", 1)
    code, told, _ = modicum("label", tmp_path / "in", "--classes", classes, "--json")
    assert code == 2
    assert told["path"] == path
    assert modicum("status", "--json")[1]["projects"] == [], "nothing is left behind"


def test_an_empty_folder_says_so(modicum: Modicum, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    made(modicum)
    for verb in (["import", tmp_path / "empty"], ["label", tmp_path / "empty", "--no-browser"]):
        code, out, err = modicum(*verb)
        assert (code, out) == (2, "")
        assert one_line(err)
        assert "empty" in err


@pytest.mark.parametrize("verb", ["import", "label"])
def test_a_source_that_does_not_exist_says_what_is_allowed(modicum: Modicum, tmp_path: Path, verb: str) -> None:
    code, _, err = modicum(verb, tmp_path / "absent")
    assert code == 2
    assert one_line(err)
    assert "zip" in err


def test_unknown_strategies_and_projects_name_what_there_is(modicum: Modicum, tmp_path: Path) -> None:
    write_images(tmp_path / "in", 1)
    code, told, _ = modicum("label", tmp_path / "in", "--strategy", "magic", "--json")
    assert code == 2
    assert "margin" in told["message"]
    slug = made(modicum)
    code, told, _ = modicum("status", "nope", "--json")
    assert (code, told["error"]) == (2, "NotFoundError")
    assert slug in told["message"]


def test_a_home_that_cannot_be_written(modicum: Modicum, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, _, err = modicum("serve", "--home", tmp_path / "file" / "home", "--no-browser")
    assert code == 2
    assert one_line(err)
    assert "home" in err


# Root may write everywhere by one of its rights, CAP_DAC_OVERRIDE, which a process may give up: man 2 capset.
LIKE_ANYBODY = """
import ctypes
libc, header, rights = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
assert libc.capget(header, rights) == 0
rights[0] &= ~2  # the effective ones
rights[1] &= ~2  # and those it could take up again
assert libc.capset(header, rights) == 0
"""
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.mark.skipif(ROOT and sys.platform != "linux", reason="root may write everywhere")
@pytest.mark.parametrize("used", [False, True])
def test_a_read_only_home(tmp_path: Path, used: bool) -> None:
    home = tmp_path / "locked"
    home.mkdir()
    if used:
        for folder in ("vectors", "uploads", "cache"):
            (home / folder).mkdir()
    home.chmod(0o555)
    code = (LIKE_ANYBODY if ROOT else "") + "\nimport sys\nfrom modicum.cli import run\nsys.exit(run())"
    command = [sys.executable, "-c", code, "serve", "--home", str(home), "--port", "0", "--no-browser"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2, done.stderr
    assert one_line(done.stderr)
    assert str(home) in done.stderr


def test_a_port_in_use(modicum: Modicum, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, err = modicum("serve", "--port", port, "--no-browser")
    assert code == 2
    assert one_line(err)
    assert f"port {port}" in err
    assert "--port" in err


def test_settings_that_cannot_be_used_name_the_variable(modicum: Modicum, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODICUM_PORT", "eighty")
    code, told, _ = modicum("serve", "--no-browser", "--json")
    assert code == 2
    assert told["path"] == "MODICUM_PORT"


def test_a_second_server_says_where_the_first_one_runs(modicum: Modicum, tmp_path: Path, start: Callable[..., Server]) -> None:
    server = start(tmp_path / "home")
    assert modicum("serve", "--no-browser", "--json")[1]["url"] == server.said["url"]
    code, out, _ = modicum("serve", "--no-browser")
    assert code == 0
    assert server.said["url"] in out
    assert modicum("status", "--json")[1]["server"]["url"] == server.said["url"]


def test_import_hands_the_work_to_the_server_that_runs(modicum: Modicum, tmp_path: Path, start: Callable[..., Server]) -> None:
    write_images(tmp_path / "in", 2)
    made(modicum)
    start(tmp_path / "home")
    code, job, _ = modicum("import", tmp_path / "in", "--json")
    assert code == 0
    assert job["added"] == 6


def test_a_full_disk_fails_in_one_line_and_the_next_import_completes(modicum: Modicum, tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk: the vectors of 300 images do not fit."""
    write_images(tmp_path / "in", 100)
    slug = made(modicum)
    command = [sys.executable, "-m", "modicum", "import", str(tmp_path / "in"), "--project", slug]
    shell = f"ulimit -f 600; exec {' '.join(map(repr, command))}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert one_line(done.stderr[done.stderr.index("modicum:") :])
    job = modicum("import", tmp_path / "in", "--project", slug, "--json")[1]
    assert job["state"] == "done"
    assert modicum("status", "--json")[1]["projects"][0]["counts"]["items"] == 300


def test_a_csv_goes_to_standard_output(modicum: Modicum) -> None:
    made(modicum)
    out = subprocess.run([sys.executable, "-m", "modicum", "export"], capture_output=True, text=True, check=False)
    assert out.returncode == 0
    assert out.stdout.startswith("name,uri,sha256")


def test_simulate_prints_a_curve(modicum: Modicum, tmp_path: Path) -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, 200)
    emb = (np.eye(3)[label] * 3 + rng.normal(size=(200, 3))).astype(np.float32)
    np.savez(tmp_path / "data.npz", emb=emb, label=label, split=np.where(np.arange(200) < 140, "train", "test"))
    words = ("--budget", 30, "--batch-size", 10, "--runs", 2, "--strategy", "margin")
    code, told, _ = modicum("simulate", tmp_path / "data.npz", *words, "--json")
    assert code == 0
    assert set(told) == {"strategy", "curve", "seconds"}
    assert told["curve"][-1]["labels"] == 30
    assert all(point["low"] <= point["accuracy"] <= point["high"] for point in told["curve"])
    assert "30 " in modicum("simulate", tmp_path / "data.npz", *words)[1]
    compared = (*words, "--strategy", "entropy", "--jobs", 1, "--html", tmp_path / "curves.html")
    code, told, _ = modicum("simulate", tmp_path / "data.npz", *compared, "--json")
    assert {one["strategy"] for one in told["strategies"]} == {"margin", "entropy", "random"}
    assert "Points above random" in (tmp_path / "curves.html").read_text(encoding="utf-8")
    lines = modicum("simulate", tmp_path / "data.npz", *compared)[1].splitlines()
    assert {line.split()[0] for line in lines[1:4]} == {"margin", "entropy", "random"}
    code, _, said = modicum("simulate", tmp_path / "data.npz", *compared[:-1], tmp_path / "absent" / "curves.html")
    assert code != 0
    assert "cannot be written" in said
    code, told, _ = modicum("simulate", tmp_path / "absent.npz", "--json")
    assert (code, told["error"]) == (2, "SourceError")
