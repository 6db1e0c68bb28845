"""What pip installs: the built interface comes along, and importing modicum loads nothing heavy."""

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"PIL", "alembic", "cv2", "fastapi", "numpy", "onnx", "onnxruntime", "pydantic", "scipy", "sklearn", "sqlalchemy"}
HEAVY |= {"uvicorn"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel of this working tree."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True)
    return folder


def test_wheel_carries_the_interface_and_nothing_of_the_tests(built: Path) -> None:
    names = zipfile.ZipFile(next(built.glob("*.whl"))).namelist()
    assert "modicum/static/index.html" in names
    assert any(name.startswith("modicum/static/assets/") and name.endswith(".js") for name in names)
    assert "modicum/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "ui/", "docs/"))]


def test_sdist_installs_without_node(built: Path, tmp_path: Path) -> None:
    """The sdist carries the built interface with its stamp, so building a wheel from it asks for no node."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        if hasattr(tarfile, "data_filter"):  # Python 3.11.4 and later
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(tmp_path)
    tree = next(tmp_path.iterdir())
    assert not (tree / "ui" / "node_modules").exists()
    ask = "import hatchling.build; print(hatchling.build.get_requires_for_build_wheel())"
    asked = subprocess.run([sys.executable, "-c", ask], cwd=tree, check=True, capture_output=True, text=True)
    assert asked.stdout.strip() == "[]"


def loaded(code: str) -> set[str]:
    """The top-level modules a fresh interpreter has loaded after running `code`."""
    code += "\nimport sys; print(' '.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.splitlines()[-1].split())


def test_importing_modicum_loads_nothing_heavy() -> None:
    assert sorted(loaded("import modicum") & HEAVY) == []


def test_help_loads_nothing_heavy() -> None:
    code = "import sys; from modicum.cli import run; sys.argv = ['modicum', '--help']; run()"
    assert sorted(loaded(code) & HEAVY) == []


def test_lock_file_knows_every_platform() -> None:
    """`npm ci` refuses a lock file that lacks the packages of other platforms, and npm sometimes leaves them out."""
    packages = json.loads((ROOT / "ui" / "package-lock.json").read_text())["packages"]
    wanted = {name for package in packages.values() for name in package.get("optionalDependencies", {})}
    assert [name for name in sorted(wanted) if not any(path.endswith(f"node_modules/{name}") for path in packages)] == []
