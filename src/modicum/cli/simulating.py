"""The verb that measures: simulate."""

from pathlib import Path
from typing import Annotated

import typer

from modicum.cli.serving import HomeOption, Json


def simulate(
    data: Annotated[Path, typer.Argument(help="A folder of class folders, or an .npz with emb, label and optionally split.")],
    strategy: Annotated[str, typer.Option(help="What to ask next.")] = "auto",
    seed_strategy: Annotated[str, typer.Option(help="What to ask first.")] = "typical",
    budget: Annotated[int, typer.Option(min=1, help="Labels in all.")] = 100,
    batch_size: Annotated[int, typer.Option(min=1, help="Labels a round.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Of the first run; the others count up.")] = 0,
    runs: Annotated[int, typer.Option(min=1, help="Runs to average over.")] = 5,
    home: HomeOption = None,
    as_json: Json = False,
) -> None:
    """Labels used against accuracy with an oracle that knows every label; nothing is stored."""
