"""The demo's own server: it ends with the process that started it, whichever signal that one is ended by."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from modicum.demo import wait_for


def running_server(folder: Path) -> int | None:
    """The process of the server an oracle started below its temporary folder, once that server answers."""
    for found in folder.glob("modicum-oracle-*/home/server.json"):
        return int(json.loads(found.read_text())["pid"])
    return None


def gone(pid: int) -> bool | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return None


@pytest.mark.skipif(os.name != "posix", reason="there are no such signals elsewhere")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_the_oracles_server_ends_with_the_oracle(tmp_path: Path, name: str) -> None:
    command = [sys.executable, "-m", "modicum", "demo", "--oracle"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    # tests that a shell runs in the background have Ctrl+C ignored, those under nohup a hang-up, and so would the oracle
    before = signal.signal(signal.Signals[name], signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)
    oracle = subprocess.Popen(command, env=environment, start_new_session=True)
    signal.signal(signal.Signals[name], before)
    with oracle:
        try:
            child = wait_for(lambda: running_server(tmp_path), "the oracle's server")
            oracle.send_signal(signal.Signals[name])  # to this process alone, as `kill` does
            assert oracle.wait(30) == 128 + signal.Signals[name]
            assert wait_for(lambda: gone(child), "the end of the oracle's server")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(oracle.pid, signal.SIGKILL)
    assert list(tmp_path.glob("modicum-*")) == []


@pytest.mark.skipif(os.name != "posix", reason="there are no such signals elsewhere")
def test_what_the_caller_ignores_stays_ignored(tmp_path: Path) -> None:
    """Under nohup a hang-up ends nothing."""
    code = (
        "import signal, sys\nfrom pathlib import Path\nfrom modicum.demo import served\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with served(Path(sys.argv[1])) as client:\n"
        "    signal.raise_signal(signal.SIGHUP)\n"
        "    assert client.get('/projects') == []\n"
        "assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "home")], check=True, timeout=120)
