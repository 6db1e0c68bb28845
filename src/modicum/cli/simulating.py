"""The verb that measures: simulate."""

from pathlib import Path
from typing import Annotated

import typer

from modicum.cli.serving import HomeOption, Json
from modicum.cli.terminal import emit, say


def simulate(
    data: Annotated[Path, typer.Argument(help="A folder of class folders, or an .npz with emb, label and optionally split.")],
    strategy: Annotated[str, typer.Option(help="What to ask next.")] = "auto",
    seed_strategy: Annotated[str, typer.Option(help="What to ask first.")] = "typical",
    budget: Annotated[int, typer.Option(min=1, help="Labels in all.")] = 100,
    batch_size: Annotated[int, typer.Option(min=1, help="Labels between two models.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of the first run; the others count up.")] = 0,
    runs: Annotated[int, typer.Option(min=1, help="Runs to average over.")] = 5,
    encoder: Annotated[str | None, typer.Option(help="For a folder: package:..., file:model.onnx, hf:... or timm:...")] = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> None:
    """Labels used against accuracy with an oracle that knows every label; nothing is stored."""
    from modicum import simulate as simulation
    from modicum.cli.logs import configure
    from modicum.cli.settings import settings
    from modicum.home import Home

    configure(settings().log_level)
    result = simulation.simulate(
        data,
        strategy=strategy,
        seed_strategy=seed_strategy,
        budget=budget,
        batch_size=batch_size,
        seed=seed,
        runs=runs,
        encoder=encoder or simulation.ENCODER,
        home=Home(home) if home or data.is_dir() else None,
    )
    if as_json:
        emit(result)
        return
    say("labels  accuracy  95% interval")
    for point in result["curve"]:
        say(f"{point['labels']:>6}  {point['accuracy']:>8.1%}  {point['low']:.1%} to {point['high']:.1%}")
    say(f"strategy {result['strategy']}, mean of {runs} runs, {result['seconds']:.1f} s")
