"""Claim: strategies choose from a million items in seconds and tens of MB, several times faster than other libraries.

    pip install 'modicum[bench]'; python benchmarks/strategies.py [--only NAME] [--quick] [--repeats R]

One thread, processor time, median of the runs; the peer runs in the same process, by turns with ours. `extra_mb` is the peak of
what numpy allocated beside what was given, in a run of its own. Vectors lie in a float16 file, memory-mapped; peers get them as
float32 in memory, converted before the clock starts. Names:

scoring    the 100 most uncertain of 1,000,000 x 100 probabilities, beside modAL and scikit-activeml (its scores, and numpy's
           argpartition for the top, because its own is slower); for least confidence every library goes through the numbers once
           for their maximum, and nothing is three times as fast as that
step       fit, predict and choose 100 of 1,000,000 x 384, 10 classes, 500 labels, beside modAL and scikit-activeml; everybody has
           the vectors as float32 in memory, `file` is ours on the float16 file; ours learns from unlabeled items too and looks
           at 2,048 of them in every step; `kept` looked at 10,240 before, as the server does; `labels_alone` did so as well, and
           does not learn from them
k-center   1,000 of 100,000 x 384, beside scikit-activeml
badge      100 of 100,000 x 384, 10 classes, beside scikit-activeml, which needs 6 GB
typiclust  100 of 100,000 x 384, beside scikit-activeml; ours clusters a random sample of 8,192
probcover  100 of 100,000 x 384, in a sample of 8,192; scikit-activeml would need 80 GB for all distances, so the ratio is that at
           5,000 items
uherding   100 of 100,000 x 384, in a sample of 4,096
growth     100 of 10,000 to 1,000,000 x 64: the order of the cost, fitted in log-log

`--quick` takes a tenth of the items and checks no claim. Prints one line of JSON.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
import tracemalloc
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from loop_step import our_step, peer_step, write_vectors
from modicum.engine.pool import Pool, choose
from modicum.engine.strategies.naming import find_strategy
from modicum.engine.survey import survey

CHOSEN = 100
LABELS = 500
NONE = np.empty(0, dtype=np.int64)
Answer = dict[str, Any]
GROWING = (
    "auto",
    "margin",
    "k-center",
    "k-means",
    "typiclust",
    "probcover",
    "uherding",
    "badge",
    "cluster-margin",
    "margin+dense+distinct",
)


def cpu(step: Callable[[], object]) -> float:
    start = time.process_time()
    step()
    return time.process_time() - start


def beside(steps: dict[str, Callable[[], object]], repeats: int, once: tuple[str, ...] = ()) -> Answer:
    """Median seconds of each, run by turns, ours first; `once` names slow peers. `ratio` is the fastest peer's to ours."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(repeats):
        for name, step in steps.items():
            if not (turn and name in once):
                times[name].append(cpu(step))
    seconds = {name: statistics.median(runs) for name, runs in times.items()}
    ours, *peers = seconds
    return {
        "cpu_seconds": {name: round(value, 3) for name, value in seconds.items()},
        "ratio": round(min(seconds[peer] for peer in peers) / seconds[ours], 1) if peers else None,
        "extra_mb": round(extra(steps[ours]), 1),
    }


def extra(step: Callable[[], object]) -> float:
    tracemalloc.start()
    try:
        step()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def ask(name: str, pool: Pool, n: int = CHOSEN) -> Callable[[], object]:
    strategy = find_strategy(name)
    return lambda: choose(strategy, pool, n, np.random.default_rng(1))


class Data:
    """Vectors [n, dims] as a memory map, `labeled` of them with a label, and a head's opinion of the rest."""

    def __init__(self, folder: Path, items: int, dims: int, classes: int = 10) -> None:
        self.vectors, self.truth = write_vectors(folder / f"{items}-{dims}.f16", items, dims, classes)
        self.classes = classes
        self.labeled = np.sort(np.random.default_rng(2).permutation(items)[:LABELS])
        self.rest = np.setdiff1d(np.arange(items), self.labeled)

    def unlabeled(self) -> Pool:
        rows = np.arange(len(self.vectors))
        return Pool(rows, self.vectors, rows, None, NONE, NONE)

    def predicted(self, proba: np.ndarray) -> Pool:
        return Pool(self.rest, self.vectors, self.rest, proba, self.labeled, self.truth[self.labeled])

    def single(self) -> np.ndarray:
        return np.asarray(self.vectors, dtype=np.float32)


def scoring(folder: Path, scale: int, repeats: int) -> Answer:
    from modAL import uncertainty
    from skactiveml.pool import uncertainty_scores

    rng = np.random.default_rng(0)
    proba = 3 * rng.standard_normal((1_000_000 // scale, 100), dtype=np.float32)
    np.exp(proba, out=proba)
    proba /= proba.sum(axis=1, keepdims=True)
    rows = np.arange(len(proba))
    pool = Pool(rows, np.zeros((len(proba), 1), np.float16), rows, proba, NONE, NONE)

    class Model:
        def predict_proba(self, _: object) -> np.ndarray:
            return proba

    def theirs(method: str) -> Callable[[], object]:
        return lambda: np.argpartition(-uncertainty_scores(proba, method=method), CHOSEN)[:CHOSEN]

    answer = {}
    for name, modal, method in (
        ("least-confidence", uncertainty.uncertainty_sampling, "least_confident"),
        ("margin", uncertainty.margin_sampling, "margin_sampling"),
        ("entropy", uncertainty.entropy_sampling, "entropy"),
    ):
        steps = {
            "modicum": ask(name, pool),
            "modal": lambda modal=modal: modal(Model(), proba, n_instances=CHOSEN),
            "scikit-activeml": theirs(method),
        }
        answer[name] = beside(steps, repeats)
        answer[name]["held"] = answer[name]["ratio"] >= 3 and answer[name]["extra_mb"] < 64
    return answer


def step(folder: Path, scale: int, repeats: int) -> Answer:
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.pool import UncertaintySampling
    from sklearn.linear_model import LogisticRegression

    data = Data(folder, 1_000_000 // scale, 384)
    single = data.single()
    known = data.truth[data.labeled]
    y = np.full(len(single), np.nan)
    y[data.labeled] = known

    def scikit_activeml() -> object:
        model = SklearnClassifier(LogisticRegression(max_iter=300), classes=np.arange(data.classes))
        return UncertaintySampling(method="margin_sampling", random_state=0).query(single, y, model, batch_size=CHOSEN)

    ours = single, data.labeled, known, data.classes
    answer = beside(
        {
            "modicum": our_step(*ours),
            "file": our_step(data.vectors, *ours[1:]),
            "kept": our_step(*ours, survey(single, np.random.default_rng(3))),
            "labels_alone": our_step(*ours, survey(single, np.random.default_rng(3)), "off"),
            "modal": peer_step(single[data.rest], single[data.labeled], known),
            "scikit-activeml": scikit_activeml,
        },
        repeats,
        once=("scikit-activeml",),
    )
    seconds = answer["cpu_seconds"]
    answer["ratio"] = {name: round(seconds["modal"] / seconds[name], 2) for name in ("modicum", "file", "kept", "labels_alone")}
    answer["ratio_scikit_activeml"] = {name: round(seconds["scikit-activeml"] / seconds[name], 1) for name in ("modicum", "file")}
    answer["held"] = answer["ratio_scikit_activeml"]["modicum"] >= 5 and answer["ratio"]["modicum"] > 1
    return answer


def k_center(folder: Path, scale: int, repeats: int) -> Answer:
    from skactiveml.pool import CoreSet

    data = Data(folder, 100_000 // scale, 384)
    single, y, n = data.single(), np.full(len(data.vectors), np.nan), 1_000 // scale
    steps = {
        "modicum": ask("k-center", data.unlabeled(), n),
        "scikit-activeml": lambda: CoreSet(random_state=0).query(single, y, batch_size=n),
    }
    answer = beside(steps, repeats, once=("scikit-activeml",))
    return {**answer, "held": answer["ratio"] >= 40}


def badge(folder: Path, scale: int, repeats: int) -> Answer:
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.pool import Badge
    from sklearn.linear_model import LogisticRegression

    data = Data(folder, 100_000 // scale, 384)
    single = data.single()
    model = SklearnClassifier(LogisticRegression(max_iter=300), classes=np.arange(data.classes))
    model.fit(single[data.labeled], data.truth[data.labeled])
    proba = model.predict_proba(single[data.rest]).astype(np.float32)
    y = np.full(len(single), np.nan)
    y[data.labeled] = data.truth[data.labeled]
    steps = {
        "modicum": ask("badge", data.predicted(proba)),
        "scikit-activeml": lambda: Badge(random_state=0).query(single, y, model, fit_clf=False, batch_size=CHOSEN),
    }
    answer = beside(steps, repeats, once=("scikit-activeml",))
    return {**answer, "held": answer["ratio"] >= 200 and answer["extra_mb"] < 50}


def typiclust(folder: Path, scale: int, repeats: int) -> Answer:
    from skactiveml.pool import TypiClust

    data = Data(folder, 100_000 // scale, 384)
    single, y = data.single(), np.full(len(data.vectors), np.nan)
    steps = {
        "modicum": ask("typiclust", data.unlabeled()),
        "scikit-activeml": lambda: TypiClust(random_state=0).query(single, y, batch_size=CHOSEN),
    }
    answer = beside(steps, repeats, once=("scikit-activeml",))
    return {**answer, "held": answer["ratio"] >= 6}


def probcover(folder: Path, scale: int, repeats: int) -> Answer:
    from skactiveml.pool import ProbCover

    data, small = Data(folder, 100_000 // scale, 384), Data(folder, 5_000 // scale, 384)
    single, y = small.single(), np.full(len(small.vectors), np.nan)
    single /= np.linalg.norm(single, axis=1, keepdims=True)
    steps = {
        "modicum": ask("probcover", small.unlabeled()),
        "scikit-activeml": lambda: ProbCover(n_classes=10, random_state=0).query(single, y, batch_size=CHOSEN),
    }
    with warnings.catch_warnings(action="ignore"):
        at_small = beside(steps, repeats, once=("scikit-activeml",))
    return {**beside({"modicum": ask("probcover", data.unlabeled())}, repeats), "at_5000": at_small, "held": True}


def uherding(folder: Path, scale: int, repeats: int) -> Answer:
    data = Data(folder, 100_000 // scale, 384)
    proba = np.random.default_rng(3).dirichlet(np.ones(10), len(data.rest)).astype(np.float32)
    answer = {
        "seed": beside({"modicum": ask("uherding", data.unlabeled())}, repeats),
        "with_labels": beside({"modicum": ask("uherding", data.predicted(proba))}, repeats),
    }
    return {**answer, "held": all(part["cpu_seconds"]["modicum"] < 3 for part in answer.values())}


def growth(folder: Path, scale: int, repeats: int) -> Answer:
    sizes = [size // scale for size in (10_000, 30_000, 100_000, 300_000, 1_000_000)]
    data = Data(folder, sizes[-1], 64)
    proba = np.random.default_rng(3).dirichlet(np.ones(10), len(data.rest)).astype(np.float32)
    pool = data.predicted(proba)
    answer: Answer = {"items": sizes}
    for name in GROWING:
        seconds, megabytes = [], []
        for size in sizes:
            part = pool.take(np.arange(min(size, len(pool))))
            seconds.append(round(min(cpu(ask(name, part)) for _ in range(min(2, repeats))), 4))
            megabytes.append(round(extra(ask(name, part)), 1))
        order = float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
        answer[name] = {"cpu_seconds": seconds, "extra_mb": megabytes, "order": round(order, 2)}
    # Every strategy goes through the pool a few times or works in a sample: never more than in proportion.
    return {**answer, "held": all(answer[name]["order"] < 1.15 for name in GROWING)}


PARTS = {
    "scoring": scoring,
    "step": step,
    "k-center": k_center,
    "badge": badge,
    "typiclust": typiclust,
    "probcover": probcover,
    "uherding": uherding,
    "growth": growth,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    answer: Answer = {"claim": "strategies", "quick": args.quick, "repeats": args.repeats}
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        for name in [args.only] if args.only else PARTS:
            answer[name] = PARTS[name](Path(folder), 10 if args.quick else 1, args.repeats)
    answer["machine"] = {"cpus": os.cpu_count(), "system": platform.platform(), "processor": platform.processor()}
    names = ("modicum", "scikit-activeml", "modAL-python", "scikit-learn", "numpy", "scipy")
    answer["versions"] = {name: version(name) for name in names}
    sys.stdout.write(json.dumps(answer) + "\n")
    missed = [name for name in PARTS if name in answer and not all(held(answer[name]))]
    if missed and not args.quick:
        sys.exit(f"the claim does not hold in this run: {', '.join(missed)}")


def held(part: Answer) -> list[bool]:
    return [bool(part["held"])] if "held" in part else [inner["held"] for inner in part.values()]


if __name__ == "__main__":
    main()
