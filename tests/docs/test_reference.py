"""The reference pages are made from the program; one that is out of date, or a thing that nobody explained, fails here."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from modicum.cli.settings import Settings

ROOT = Path(__file__).parents[2]
NAMES = ("command-line.md", "settings.md", "keys.md", "http.md")


@pytest.fixture(scope="module")
def make_reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "docs" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_is_made(make_reference: ModuleType) -> None:
    assert set(make_reference.PAGES) == set(NAMES)
    assert {path.name for path in (ROOT / "docs" / "reference").glob("*.md")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_page_is_current(make_reference: ModuleType, name: str) -> None:
    page = (ROOT / "docs" / "reference" / name).read_text("utf-8")
    assert page == make_reference.PAGES[name](), f"docs/reference/{name} is out of date: make fix"


def test_every_environment_variable_is_explained(make_reference: ModuleType) -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    prefixed = {f"MODICUM_{name}".upper() for name in Settings.model_fields}
    assert set(make_reference.VARIABLES) == prefixed | set(re.findall(r"\bMODICUM_[A-Z_]+[A-Z]\b", code))
