"""Finds a Chromium for the browser tests: the machine's, else playwright's download, else apt-get's when root."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPS = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoChromiumError(Exception):
    """There is none and none can be had; the message says what was tried."""


def find() -> Path | None:
    """The path of a Chromium that starts, or None: use the one playwright downloaded. Raises NoChromiumError."""
    tried = []
    if path := installed():
        return path
    tried.append(f"none of {', '.join(NAMES)} is installed")
    if run(sys.executable, "-m", "playwright", "install", "chromium"):
        if starts(downloaded()):
            return None
        tried.append("playwright's download does not start here")
    else:
        tried.append("playwright could not download one")
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        if run("apt-get", "update") and run("apt-get", "install", "-y", "--no-install-recommends", "chromium"):
            if path := installed():
                return path
            tried.append("the one from apt-get does not start")
        else:
            tried.append("apt-get could not install one")
    else:
        tried.append("apt-get needs root")
    raise NoChromiumError("no Chromium: " + "; ".join(tried))


def installed() -> Path | None:
    """The first installed Chromium that starts."""
    found = [path for name in NAMES if (path := shutil.which(name))] + [path for path in APPS if Path(path).exists()]
    return next((Path(path) for path in found if starts(path)), None)


def downloaded() -> str:
    """Where playwright keeps its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def starts(path: str) -> bool:
    """Whether the program is one, rather than a stub that says to install it."""
    with tempfile.TemporaryDirectory() as profile:
        return run(path, "--headless", *ARGUMENTS, f"--user-data-dir={profile}", "--dump-dom", "about:blank")


def run(*command: str) -> bool:
    try:
        done = subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=600)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
