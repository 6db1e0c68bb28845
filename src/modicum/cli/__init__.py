"""The command line: one verb a use case. Nothing heavy is imported before a verb runs: `modicum --help` is instant."""

import os
import sys
from typing import Annotated

import typer

from modicum import __version__
from modicum.cli.certifying import certify, verify
from modicum.cli.converting import convert
from modicum.cli.data import export, import_, status
from modicum.cli.prelabeling import prelabel, train
from modicum.cli.reporting import report
from modicum.cli.serving import demo, label, serve
from modicum.cli.simulating import simulate
from modicum.cli.terminal import emit, fail, say
from modicum.cli.triaging import triage
from modicum.cli.watching import watch

# rich would draw boxes around the help, and take half of the time allowed for it to load
app = typer.Typer(
    name="modicum",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Label with a modicum of human labels: point it at a folder, label in the browser, watch the model learn.",
)
app.command("label")(label)
app.command("demo")(demo)
app.command("import")(import_)
app.command("watch")(watch)
app.command("serve")(serve)
app.command("status")(status)
app.command("export")(export)
app.command("convert")(convert)
app.command("prelabel")(prelabel)
app.command("train")(train)
app.command("report")(report)
app.command("certify")(certify)
app.command("verify")(verify)
app.command("simulate")(simulate)
app.command("triage")(triage)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    if version:
        if as_json:
            emit({"version": __version__})
        else:
            say(f"modicum {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        say(context.get_help())
        raise typer.Exit(2)


def main() -> None:
    """The entry point: runs a verb; every error ends as one clear line, or as JSON with --json, and never as a traceback."""
    sys.exit(run())


def run() -> int:
    """Exit codes: 0 done, 1 a bug, 2 something that was asked for is not possible, 130 interrupted."""
    # A round works beside people's requests and imports, which have threads of their own. BLAS threads that spin while they
    # wait for each other made the same round on a busy machine ten times as slow. Read when numpy loads, so it comes first.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    from modicum.errors import ModicumError

    as_json = "--json" in sys.argv[1:]
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        fail("UsageError", f"{error.format_message()} (modicum --help lists what there is)", None, as_json=as_json)
        return 2
    except ModicumError as error:
        fail(type(error).__name__, error.message, error.path, as_json=as_json)
        return 2
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:  # the reader of a pipe has left: head, less
        sys.stderr.close()
        return 0
    except Exception as error:
        if os.environ.get("MODICUM_LOG_LEVEL") == "debug":
            raise
        text = f"something went wrong that should not have: {error!r:.300} (MODICUM_LOG_LEVEL=debug shows where)"
        fail("InternalError", text, None, as_json=as_json)
        return 1
    return code if isinstance(code, int) else 0
