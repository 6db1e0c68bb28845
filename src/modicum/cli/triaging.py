"""The verb that simulates a new batch: triage."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modicum.cli.serving import Json
from modicum.cli.terminal import emit, say

if TYPE_CHECKING:
    import numpy as np

    from modicum.engine.arrays import Floats, Ints


def triage(
    reference: Annotated[Path, typer.Option(help="An .npz with emb [m, d] and label [m]: what is known.")],
    batch: Annotated[Path, typer.Option(help="An .npz with emb [n, d] and label [n]: a class absent from the reference is new.")],
    budget: Annotated[int, typer.Option(min=1, help="Items to look at, at most.")] = 275,
    oracle: Annotated[
        bool, typer.Option("--oracle", help="Let the labels of the batch answer; needed, nobody else can.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the generator.")] = 0,
    as_json: Json = False,
) -> None:
    """Look for new classes in a batch whose labels are known, as a rehearsal; nothing is stored.

    Stops before the budget is spent when asking on is not worth it.
    """
    from time import perf_counter

    import numpy as np

    from modicum.engine.drift import alarm
    from modicum.engine.triage import Triage
    from modicum.errors import InputError

    if not oracle:
        raise InputError("who answers is not said: add --oracle to let the labels of the batch answer")
    (known, known_names), (new, new_names) = _read(reference), _read(batch)
    names = np.unique(np.concatenate([known_names, new_names]))
    labels, truth = np.searchsorted(names, known_names), np.searchsorted(names, new_names)
    started = perf_counter()
    noticed = alarm(known, labels, new, np.random.default_rng([seed, 1]), names={i: str(n) for i, n in enumerate(names)})
    search = Triage(known, labels, new, np.random.default_rng([seed, 0]))
    queried = answered(search, truth, budget)
    seconds = perf_counter() - started
    novel = ~np.isin(truth, labels)
    total, found = int(novel.sum()), int(novel[queried].sum())
    left = search.remaining()
    answer: dict[str, Any] = {
        "queried": queried,
        "novel_total": total,
        "novel_found": found,
        "recall": found / total if total else 1.0,
        "alarm": {"p": noticed.p, "drift": noticed.drift, "findings": list(noticed.findings)},
        "remaining": {"mean": left.mean, "low": left.low, "high": left.high},
        "finished": search.finished,
        "seconds": round(seconds, 2),
    }
    emit(answer) if as_json else _tell(answer)


def answered(search: Any, truth: "Ints", budget: int) -> list[int]:
    """The items asked about, in order, while `truth` [n] answers: until the budget is spent or asking on is not worth it."""
    queried: list[int] = []
    step = max(1, budget // 90)  # learning after every third answer finds as much as after each
    while len(queried) < min(budget, len(truth)) and not search.finished:
        rows = search.query(min(step, budget - len(queried)))
        search.tell(rows, truth[rows])
        queried += rows.tolist()
    return queried


def _read(path: Path) -> "tuple[Floats, np.typing.NDArray[np.str_]]":
    """Vectors and labels, as text, of an .npz. Raises SourceError."""
    from zipfile import BadZipFile

    import numpy as np

    from modicum.errors import SourceError

    if not path.is_file():
        raise SourceError(f"{path} is no file: give an .npz with emb and label")
    try:
        with np.load(path, allow_pickle=False) as parts:
            emb, label = parts["emb"], parts["label"]
    except (ValueError, OSError, EOFError, KeyError, TypeError, AttributeError, BadZipFile) as error:
        raise SourceError(f"{path} cannot be read as an .npz with emb and label ({error}): save it again") from error
    if emb.ndim != 2 or emb.dtype.kind not in "fiu" or label.shape != emb.shape[:1] or label.dtype.kind not in "iubUS":
        raise SourceError(
            f"{path} needs emb, numbers [n, d], and label [n], whole numbers or text; received {emb.dtype} {list(emb.shape)} and "
            f"{label.dtype} {list(label.shape)}"
        )
    return emb if emb.dtype in (np.float16, np.float32) else emb.astype(np.float32), label.astype(str)


def _tell(answer: dict[str, Any]) -> None:
    noticed, left = answer["alarm"], answer["remaining"]
    for line in noticed["findings"] or ["nothing unusual"]:
        say(line)
    say(f"asked {len(answer['queried'])}, found {answer['novel_found']} of {answer['novel_total']} new items")
    say(f"thought to be left: {left['mean']:.0f} ({left['low']:.0f} to {left['high']:.0f}); {answer['seconds']:.1f} s")
