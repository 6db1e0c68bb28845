"""Labels used against accuracy on data whose labels are known: an oracle answers in place of a person."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypedDict

import numpy as np

from modicum import plugins
from modicum.engine.evaluate import mean_interval
from modicum.engine.loop import Loop
from modicum.engine.solve import SEMI, Semi
from modicum.errors import InputError
from modicum.home import Home
from modicum.known import ENCODER, Known, read_known

SEED_SET = 20  # labels the seed strategy is asked for in one go: a set chosen together is better than one chosen bit by bit
CONTROL = "random"  # what every strategy is compared with, from a seed set drawn at random as well
BUDGETS = 10  # numbers of labels at which strategies are compared


class CurveEntry(TypedDict):
    labels: int
    accuracy: float
    low: float
    high: float


class Simulation(TypedDict):
    strategy: str
    curve: list[CurveEntry]
    seconds: float


class Difference(TypedDict):
    """How much more accurate than the control with as many labels; paired by seed."""

    labels: int
    difference: float
    low: float
    high: float


class Compared(TypedDict):
    """A curve, and its differences from the control at up to ten numbers of labels; none for the control itself."""

    strategy: str
    curve: list[CurveEntry]
    differences: list[Difference]


class Comparison(TypedDict):
    """Best first, by mean accuracy over the curve. `left_out` tells why, for strategies this data is not for."""

    strategies: list[Compared]
    left_out: dict[str, str]
    seed_strategy: str
    seed: int
    runs: int
    seconds: float


class Options(TypedDict):
    """What `simulate` and `compare` take by name, with the same meaning."""

    seed_strategy: str
    budget: int
    batch_size: int
    seed: int
    runs: int
    semi: Semi
    encoder: str
    home: Home | None
    jobs: int


class Settings(TypedDict):
    """One run but for its strategy and seed."""

    budget: int
    batch_size: int
    semi: Semi


Curve = list[tuple[int, float]]  # (labels, accuracy) after every batch of one run


def simulate(
    data_path: str | Path,
    *,
    strategy: str = "auto",
    seed_strategy: str = "typical",
    budget: int = 100,
    batch_size: int = 5,
    seed: int = 0,
    runs: int = 5,
    semi: Semi = "spread",
    encoder: str = ENCODER,
    home: Home | None = None,
    jobs: int = 1,
) -> Simulation:
    """The learning curve of a strategy: accuracy on the rows not in `train`, mean over runs with its 95% interval.

    `data_path` is an .npz with `emb` (float [n, d]), `label` [n] and optionally `split` ("train" or anything else), or a folder
    of class folders, below train/ and test/ or not. Without a split a random 30% is tested on, drawn anew for every run.
    Run r is reproducible from seed + r. The first point is the seed set, of 20 labels or `batch_size` if that is more, but at
    most half of the budget; then every `batch_size` labels follow a point, up to `budget` or the last label there is.
    `semi` says how unlabeled items take part in learning (see `Loop`).
    With `jobs` above 1 the runs share as many processes: a script that asks for them needs `if __name__ == "__main__"`.
    Raises SourceError for data that cannot be used, InputError for settings out of range, NotFoundError for unknown strategies.
    """
    started = time.perf_counter()
    settings = _checked(budget, batch_size, seed, runs, jobs, semi)
    known = read_known(Path(data_path), encoder, home)
    curves = _run_all(known, [(strategy, seed_strategy, seed + run) for run in range(runs)], settings, jobs)
    for outcome in curves:
        if isinstance(outcome, InputError):
            raise outcome
    found = [curve for curve in curves if not isinstance(curve, InputError)]
    return {"strategy": strategy, "curve": _mean(found), "seconds": round(time.perf_counter() - started, 3)}


def compare(
    data_path: str | Path,
    strategies: Iterable[str] = ("auto",),
    *,
    seed_strategy: str = "typical",
    budget: int = 100,
    batch_size: int = 5,
    seed: int = 0,
    runs: int = 5,
    semi: Semi = "spread",
    encoder: str = ENCODER,
    home: Home | None = None,
    jobs: int = 1,
) -> Comparison:
    """Several strategies on the same data with the same seeds, and how much better each is than random labels.

    "all" stands for every registered strategy; those that this kind of data is not for are left out, with the reason. The
    control, random labels from a random seed set, always takes part. Differences are paired: run r of every strategy has the
    same split and, where both use the seed strategy, the same seed set. Arguments and errors are those of `simulate`.
    """
    started = time.perf_counter()
    settings = _checked(budget, batch_size, seed, runs, jobs, semi)
    wanted = list(dict.fromkeys(strategies))
    everything = "all" in wanted
    names = [*plugins.names("modicum.strategies")] if everything else wanted
    names = [CONTROL, *(name for name in names if name != CONTROL)]
    known = read_known(Path(data_path), encoder, home)
    turns = [(name, CONTROL if name == CONTROL else seed_strategy, seed + run) for name in names for run in range(runs)]
    outcomes = _run_all(known, turns, settings, jobs)
    curves: dict[str, list[Curve]] = {}
    left_out: dict[str, str] = {}
    for (name, _, _), outcome in zip(turns, outcomes, strict=True):
        if not isinstance(outcome, InputError):
            curves.setdefault(name, []).append(outcome)
        elif everything and name != CONTROL:
            left_out[name] = outcome.message
        else:
            raise outcome
    compared = [_compared(name, found, curves[CONTROL]) for name, found in curves.items() if name not in left_out]
    return {
        "strategies": sorted(compared, key=lambda one: -float(np.mean([entry["accuracy"] for entry in one["curve"]]))),
        "left_out": left_out,
        "seed_strategy": seed_strategy,
        "seed": seed,
        "runs": runs,
        "seconds": round(time.perf_counter() - started, 3),
    }


def _compared(name: str, curves: list[Curve], control: list[Curve]) -> Compared:
    mean = _mean(curves)
    differences: list[Difference] = []
    if name != CONTROL:
        for at in np.unique(np.linspace(0, len(mean) - 1, BUDGETS).round().astype(int)).tolist():
            gaps = [ours[at][1] - theirs[at][1] for ours, theirs in zip(curves, control, strict=True)]
            gap = mean_interval(gaps, least=-1.0)
            differences.append({"labels": mean[at]["labels"], "difference": gap.mean, "low": gap.low, "high": gap.high})
    return {"strategy": name, "curve": mean, "differences": differences}


def _mean(curves: Sequence[Curve]) -> list[CurveEntry]:
    # Runs with a split of their own may run out of items at different points: the curve goes as far as all of them do.
    entries: list[CurveEntry] = []
    for points in zip(*curves, strict=False):
        interval = mean_interval([accuracy for _, accuracy in points])
        entries.append({"labels": points[0][0], "accuracy": interval.mean, "low": interval.low, "high": interval.high})
    return entries


# --- running -----------------------------------------------------------------------------------------------------------

Turn = tuple[str, str, int]  # strategy, seed strategy, seed
_shared: tuple[Known, Settings] | None = None  # of a process that runs turns; set once, when it starts


def _run_all(known: Known, turns: list[Turn], settings: Settings, jobs: int) -> list[Curve | InputError]:
    """The curve of every turn, or what its strategy refused."""
    if jobs == 1 or len(turns) == 1:
        return [_run(known, settings, turn) for turn in turns]
    # Processes, not threads: a fit is a thousand small steps of Python. Each gets the data once.
    workers = ProcessPoolExecutor(
        min(jobs, len(turns)), mp_context=get_context("spawn"), initializer=_share, initargs=(known, settings)
    )
    with workers:
        return list(workers.map(_run_shared, turns))


def _share(known: Known, settings: Settings) -> None:
    global _shared
    _shared = known, settings


def _run_shared(turn: Turn) -> Curve | InputError:
    assert _shared is not None
    return _run(*_shared, turn)


def _run(known: Known, settings: Settings, turn: Turn) -> Curve | InputError:
    """One run. An InputError is returned, because other strategies may still be fine."""
    strategy, seed_strategy, seed = turn
    budget, batch_size = settings["budget"], settings["batch_size"]
    train, test = known.split(np.random.default_rng([seed, 0]))
    answers, truth, tested = known.labels[train], known.labels[test], known.vectors[test]
    budget = min(budget, len(train))
    curve: Curve = []
    try:
        loop = Loop(
            known.vectors[train],
            known.classes,
            strategy=strategy,
            seed_strategy=seed_strategy,
            semi=settings["semi"],
            seed=seed,
        )
        used = 0
        while used < budget:
            size = _seed_set(budget, batch_size) if used == 0 else batch_size
            rows = loop.query(min(size, budget - used))
            loop.teach(rows, answers[rows])
            used += len(rows)
            curve.append((used, float((loop.predict_proba(tested).argmax(axis=1) == truth).mean())))
    except InputError as error:
        return error
    return curve


def _seed_set(budget: int, batch_size: int) -> int:
    """Whole batches up to 20 labels or half of the budget, at least one batch: later points stay multiples of the batch."""
    return max(1, min(SEED_SET, budget // 2) // batch_size) * batch_size


def _checked(budget: int, batch_size: int, seed: int, runs: int, jobs: int, semi: Semi) -> Settings:
    for name, value in (("budget", budget), ("batch_size", batch_size), ("runs", runs), ("jobs", jobs)):
        if value < 1:
            raise InputError(f"{name} is at least 1, received {value}")
    if seed < 0:
        raise InputError(f"seed is at least 0, received {seed}")
    if semi not in SEMI:
        raise InputError(f"semi is one of {', '.join(SEMI)}; received {semi!r}")
    return {"budget": budget, "batch_size": batch_size, "semi": semi}
