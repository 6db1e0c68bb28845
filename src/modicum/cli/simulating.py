"""The verb that measures: simulate."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from modicum.cli.serving import HomeOption, Json
from modicum.cli.terminal import emit, say

if TYPE_CHECKING:
    from modicum.simulate import Comparison, Simulation


def simulate(
    data: Annotated[Path, typer.Argument(help="A folder of class folders, or an .npz with emb, label and optionally split.")],
    strategy: Annotated[
        list[str] | None,
        typer.Option(help="What to ask next, auto when not given; several times to compare, all for every one there is."),
    ] = None,
    seed_strategy: Annotated[str, typer.Option(help="What to ask first.")] = "typical",
    budget: Annotated[int, typer.Option(min=1, help="Labels in all.")] = 100,
    batch_size: Annotated[int, typer.Option(min=1, help="Labels between two models.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of the first run; the others count up.")] = 0,
    runs: Annotated[int, typer.Option(min=1, help="Runs to average over.")] = 5,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; one per core unless said otherwise.")] = None,
    semi: Annotated[
        Literal["spread", "poisson", "self", "off"], typer.Option(help="How unlabeled items take part in learning.")
    ] = "spread",
    html: Annotated[Path | None, typer.Option(help="Write curves and tables to this file.")] = None,
    encoder: Annotated[str | None, typer.Option(help="For a folder: package:..., file:model.onnx, hf:... or timm:...")] = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> None:
    """Labels used against accuracy with an oracle that knows every label; nothing is stored.

    Several strategies are compared on the same seeds, beside random labels.
    """
    from modicum import simulate as simulation
    from modicum.cli.logs import configure
    from modicum.cli.settings import settings
    from modicum.home import Home
    from modicum.known import ENCODER

    configure(settings().log_level)
    names = strategy or ["auto"]
    common: simulation.Options = {
        "seed_strategy": seed_strategy,
        "budget": budget,
        "batch_size": batch_size,
        "seed": seed,
        "runs": runs,
        "semi": semi,
        "jobs": jobs or os.cpu_count() or 1,
        "encoder": encoder or ENCODER,
        "home": Home(home) if home or data.is_dir() else None,
    }
    if names == ["all"] or len(names) > 1 or html is not None:
        found = simulation.compare(data, names, **common)
        if html is not None:
            _write(html, found, data.name)
        emit(found) if as_json else _tell_comparison(found)
    else:
        one = simulation.simulate(data, strategy=names[0], **common)
        emit(one) if as_json else _tell(one, runs)


def _write(path: Path, comparison: "Comparison", name: str) -> None:
    from modicum.curves_page import page
    from modicum.errors import StorageError

    try:
        path.write_text(page(comparison, f"Query strategies on {name}"), encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({error.strerror or error}): choose another file") from error


def _tell(one: "Simulation", runs: int) -> None:
    say("labels  accuracy  95% interval")
    for point in one["curve"]:
        say(f"{point['labels']:>6}  {point['accuracy']:>8.1%}  {point['low']:.1%} to {point['high']:.1%}")
    say(f"strategy {one['strategy']}, mean of {runs} runs, {one['seconds']:.1f} s")


def _tell_comparison(found: "Comparison") -> None:
    """Accuracy at up to ten numbers of labels, best first; + and - mark a clear difference from random labels."""
    width = max(len(one["strategy"]) for one in found["strategies"])
    shown = next(([entry["labels"] for entry in one["differences"]] for one in found["strategies"] if one["differences"]), None)
    shown = shown or [entry["labels"] for entry in found["strategies"][0]["curve"]][-10:]
    say(f"{'labels':<{width}}" + "".join(f"{labels:>8}" for labels in shown))
    for one in found["strategies"]:
        marks = {d["labels"]: "+" if d["low"] > 0 else "-" if d["high"] < 0 else " " for d in one["differences"]}
        means = {entry["labels"]: entry["accuracy"] for entry in one["curve"]}
        cells = "".join(f"{means[labels]:>7.1%}{marks.get(labels, ' ')}" for labels in shown if labels in means)
        say(f"{one['strategy']:<{width}}{cells}")
    say(f"mean of {found['runs']} runs; + better than random labels, - worse (95%, paired by seed); {found['seconds']:.1f} s")
    for name, why in found["left_out"].items():
        say(f"left out: {name}: {why}")
