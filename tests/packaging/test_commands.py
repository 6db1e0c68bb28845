"""The commands of the README on a machine that lacks something: one line says what."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_bare_make_lists_the_targets() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for target in ("demo", "test", "check", "fix", "ui", "bench", "clean"):
        assert f"  make {target} " in listed


@pytest.mark.skipif(os.name == "nt", reason="there is no sh on Windows")
def test_an_old_python_is_named_in_one_line(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    command = ["/bin/sh", str(ROOT / ".ci" / "make-venv"), str(tmp_path / "venv")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={"PATH": str(tmp_path)})
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "Python 3.11 or newer" in done.stderr
    assert not (tmp_path / "venv").exists()
