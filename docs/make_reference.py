"""Makes the reference pages from what they describe: commands, settings, keys and routes. `make fix` runs it.

A thing without an explanation is an error here, so nothing gets into the program that the reference cannot explain.
"""

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
MADE = "<!-- Made by `make fix` from {source}; change that. -->"

VARIABLES = {
    "MODICUM_HOME": "the folder modicum keeps everything in; without it the user's data folder",
    "MODICUM_HOST": "the address the server listens on; without it 127.0.0.1, which only this machine can reach",
    "MODICUM_PORT": "the port; without it 8765 or the next free one",
    "MODICUM_ANNOTATOR": "the name under which your annotations are kept; without it your user name",
    "MODICUM_LOG_LEVEL": "debug, info, warning or error; without it warning",
}


def command_line() -> str:
    """Every command with its arguments and options, from the typer application."""
    from typer.main import get_command

    from modicum.cli import app

    group: Any = get_command(app)
    lines = ["# Command line", "", MADE.format(source="`src/modicum/cli.py`"), "", paragraph(group.help), ""]
    if options := [row for parameter in group.params if (row := parameter_row(parameter, "modicum"))]:
        lines += table(("option", "what it does", "default"), options)
    for name, command in group.commands.items():
        if command.hidden:
            continue
        if not command.help:
            raise SystemExit(f"the command {name} has no docstring")
        arguments = " ".join(
            parameter.name.upper() if parameter.required else f"[{parameter.name.upper()}]"
            for parameter in command.params
            if parameter.opts == [parameter.name]
        )
        lines += [f"## modicum {name}", "", f"`modicum {name} {arguments}".rstrip() + "`", "", paragraph(command.help), ""]
        if rows := [row for parameter in command.params if (row := parameter_row(parameter, name))]:
            lines += table(("option", "what it does", "default"), rows)
    return "\n".join(lines).rstrip() + "\n"


def parameter_row(parameter: Any, command: str) -> tuple[str, str, str] | None:
    """One row of the table; none for the options that every typer application has."""
    if parameter.name in ("help", "install_completion", "show_completion") or getattr(parameter, "hidden", False):
        return None
    argument = parameter.opts == [parameter.name]
    shown = (
        parameter.name.upper() if argument else ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    )
    if not parameter.help:
        raise SystemExit(f"{shown} of the command {command} has no help text")
    default = parameter.default
    if default is None or default is False or callable(default):
        default = "required" if parameter.required else ""
    return (shown, paragraph(parameter.help), str(getattr(default, "value", default)))


def settings() -> str:
    """Every field of Policy with its default and bounds."""
    from modicum.types import Policy

    schema = Policy.model_json_schema()["properties"]
    rows = []
    for name, field in Policy.model_fields.items():
        if not field.description:
            raise SystemExit(f"the setting {name} of Policy has no description")
        variants = [schema[name], *schema[name].get("anyOf", [])]
        signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
        bounds = [f"{sign} {variant[key]:g}" for variant in variants for key, sign in signs.items() if key in variant]
        default = {None: "none", True: "on", False: "off"}.get(field.default, field.default)
        rows.append((f"`{name}`", paragraph(field.description), ", ".join(bounds), str(default)))
    intro = (
        "Each project has settings of its own, on its Settings page and as `policy` in the HTTP interface. A change holds "
        "from the next round on. Shares are fractions of one, times are seconds."
    )
    head = ["# Settings", "", MADE.format(source="`Policy` in `src/modicum/types.py`"), "", intro, ""]
    variables = [(f"`{name}`", what) for name, what in VARIABLES.items()]
    ends = ["## Environment variables", "", *table(("variable", "what it does"), variables)]
    return "\n".join([*head, *table(("setting", "what it does", "allowed", "default"), rows), *ends]).rstrip() + "\n"


def http() -> str:
    """Every route of the OpenAPI document."""
    document = json.loads((ROOT / "ui" / "openapi.json").read_text("utf-8"))
    rows = []
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            words = route.get("description") or ""
            if not words:
                raise SystemExit(f"the route {method.upper()} {path} has no docstring")
            rows.append((f"`{method.upper()} {path}`", paragraph(words.split("\n\n")[0])))
    intro = (
        "Everything the browser does goes through these routes. Send the token as `Authorization: Bearer TOKEN`; it stands in "
        "the address that `modicum serve` prints. The full types of what is sent and answered are in `ui/openapi.json`. Every "
        "error answers with JSON: `error` (its class), `message` (what was received, what is allowed, what to do next) and "
        "sometimes `path` (where in what was sent)."
    )
    head = ["# HTTP", "", MADE.format(source="`ui/openapi.json`"), "", intro, ""]
    return "\n".join([*head, *table(("route", "what it does"), rows)]).rstrip() + "\n"


def keys() -> str:
    """Every key, from the interface's one table of actions. Node reads it, types and all."""
    script = """
        const { actionsOf, printed } = await import(process.argv[1]);
        const rows = (page) => actionsOf(page).map(({ keys, label }) => [keys.map(printed), label]);
        console.log(JSON.stringify({
            Annotate: rows("annotate"), "Annotate, drawing": rows("draw"),
            Validate: rows("validate"), "Second look": rows("review"),
        }));
    """
    node = Path(sys.executable).parent / ("node.exe" if os.name == "nt" else "node")
    actions = (ROOT / "ui" / "src" / "model" / "actions.ts").as_uri()
    command = [str(node), "--experimental-strip-types", "--no-warnings", "--input-type=module", "-e", script, actions]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    intro = (
        "Classes have a key each: the one you gave them, their name where that is a single digit or letter, or the next "
        "free one. On the Annotate page it answers, or, where shapes are drawn, says what is drawn next; on the Validate page "
        "it gives the marked items that class; on the Second look page it changes the label. `?` shows the keys of the "
        "current page."
    )
    lines = ["# Keys", "", MADE.format(source="`ui/src/model/actions.ts`"), "", intro, ""]
    for page, rows in json.loads(answer.stdout).items():
        named = [(" or ".join(f"`{key}`" for key in pressed), what) for pressed, what in rows]
        lines += [f"## {page}", "", *table(("key", "what it does"), named)]
    return "\n".join(lines).rstrip() + "\n"


def paragraph(text: str | None) -> str:
    """Text on one line, safe inside a table."""
    return " ".join(inspect.cleandoc(text or "").split()).replace("|", "\\|")


def table(head: tuple[str, ...], rows: list[Any]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return [*lines, *("| " + " | ".join(cell or " " for cell in row) + " |" for row in rows), ""]


PAGES = {"command-line.md": command_line, "settings.md": settings, "keys.md": keys, "http.md": http}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make(), "utf-8")
