"""What the documentation tells a person to type exists and runs: commands, options, make targets, settings, Python, links."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
from typer.main import get_command

from modicum.cli import app
from modicum.encoders.image import Preprocessing
from modicum.formats.row import COLUMNS
from modicum.types import Policy

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")] + sorted((ROOT / "docs").rglob("*.md"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMANDS: Any = get_command(app)


def page_id(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def lines_to_type(page: Path) -> Iterator[str]:
    """Every shell line in a block, and every inline `modicum ...` or `make ...`."""
    text = page.read_text("utf-8")
    for language, block in FENCE.findall(text):
        if language == "sh":
            yield from (line for line in block.splitlines() if line.strip())
    yield from re.findall(r"`((?:modicum|make) [^`]+)`", FENCE.sub("", text))


def words_of(line: str, program: str) -> list[str]:
    """The words after the program's name, without comments; none when the line is about something else."""
    words = shlex.split(line, comments=True)
    return words[1:] if words and Path(words[0]).name == program else []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_commands_and_options_exist(page: Path) -> None:
    for line in lines_to_type(page):
        words = words_of(line, "modicum")
        if not words:
            continue
        options = {name for parameter in COMMANDS.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
        if not words[0].startswith("-"):
            assert words[0] in COMMANDS.commands, f"{line!r}: there is no command {words[0]}"
            command = COMMANDS.commands[words[0]]
            options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
        for word in words:
            if word.startswith("-"):
                assert word.partition("=")[0] in options, f"{line!r}: {word} is none of {sorted(options)}"


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in lines_to_type(page):
        for word in words_of(line, "make"):
            assert "=" in word or word in targets, f"{line!r}: there is no target {word}"


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_settings_exist(page: Path) -> None:
    """A word in code font that looks like a setting is one, or a name that the code has."""
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    for word in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", FENCE.sub("", page.read_text("utf-8"))):
        assert word in Policy.model_fields or re.search(rf"\b{word}\b", code), f"{page.name}: nothing is called {word}"


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_keys_exist(page: Path) -> None:
    """A key named in prose is one of the page of keys; digits are the classes'."""
    known = set(re.findall(r"`([^`]+)`", (ROOT / "docs" / "reference" / "keys.md").read_text("utf-8"))) | {
        "Backspace",
        *"0123456789",
    }
    for key in re.findall(r"`([^`\s]|Enter|Space|Backspace|Esc|Ctrl\+.)`", page.read_text("utf-8")):
        assert key in known, f"{page.name}: no page has the key {key}"


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), f"{page.name}: {target} does not exist"


@pytest.mark.parametrize("page", [page for page in PAGES if "```python" in page.read_text("utf-8")], ids=page_id)
def test_python_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of one page run in order, in one namespace, as a reader would type them."""
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "documentation"}
    for language, block in FENCE.findall(page.read_text("utf-8")):
        if language == "python":
            exec(compile(block, page_id(page), "exec"), namespace)


def test_code_of_the_architecture_page_exists() -> None:
    """Every file, and every `module.name` that ARCHITECTURE.md follows an image through, is there."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    for name in re.findall(r"\b([a-z_]+\.py)\b", text):
        assert (ROOT / "src" / "modicum" / name).exists() or (ROOT / name).exists(), f"there is no {name}"
    for name in re.findall(r"(?<![\w.])([a-z]+)/(?=[ ,:]|$)", text, re.MULTILINE):
        assert (ROOT / "src" / "modicum" / name).is_dir(), f"there is no package {name}"
    named = [name for name in re.findall(r"`([a-z]+(?:\.\w+)+)`", text) if not name.endswith((".py", ".toml", ".json", ".md"))]
    assert len(named) > 15
    for name in named:
        resolve_name(name if name.startswith("modicum.") else f"modicum.{name}")  # raises when there is no such thing


def test_export_columns_are_explained() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/how-to/export.md").read_text("utf-8"), re.MULTILINE)
    assert tuple(rows) == COLUMNS


def test_example_of_a_preprocessing_file_is_one() -> None:
    text = (ROOT / "docs/how-to/bring-your-own-encoder.md").read_text("utf-8")
    blocks = [block for language, block in FENCE.findall(text) if language == "json"]
    assert [Preprocessing.model_validate_json(block).size for block in blocks] == [224]


def test_every_benchmark_is_listed() -> None:
    listed = re.findall(r"`benchmarks/(\w+\.py)`", (ROOT / "docs/benchmarks.md").read_text("utf-8"))
    assert sorted(set(listed)) == sorted(path.name for path in (ROOT / "benchmarks").glob("*.py"))
