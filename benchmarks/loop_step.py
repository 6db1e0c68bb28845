"""Claim: retrain + predict + choose at 100,000 items x 1,280 dims, 10 classes, takes under 1.5 s and half of what modAL takes.

    pip install 'modicum[bench]'; python benchmarks/loop_step.py [--items N] [--dims D] [--classes C] [--labels M] [--repeats R]

The step: fit the head on the labels, calibrate it, predict all items, choose the next 100 by the default strategy. The vectors
lie in a float16 file, memory-mapped, as in a project. The peer's step: modAL's ActiveLearner fits scikit-learn's
LogisticRegression on the same labels and queries 100 items of the same pool by margin. It gets the pool twice: as the
same float16 file, and as float32 in memory, converted before the clock starts. The ratios compare with the faster of the
two. Both sides use all cores and are run by turns. `ratio` compares the clock, `cpu_ratio` the processor time, which holds
on a busy machine too. Prints one line of JSON.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np

from modicum.engine import heads
from modicum.engine.pool import Pool
from modicum.engine.step import ask, learn

CHOSEN = 100


def write_vectors(path: Path, items: int, dims: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Vectors like an encoder's, not negative and in overlapping groups, as a float16 memory map; and their class ids."""
    rng = np.random.default_rng(0)
    centres = rng.gamma(0.5, 1.0, (classes, dims)).astype(np.float32)
    labels = rng.integers(classes, size=items)
    mapped = np.memmap(path, dtype=np.float16, mode="w+", shape=(items, dims))
    for start in range(0, items, 4096):
        part = slice(start, start + 4096)
        noise = rng.standard_normal((len(labels[part]), dims), dtype=np.float32)
        mapped[part] = np.maximum(centres[labels[part]] * 0.3 + noise, 0)
    mapped.flush()
    return np.memmap(path, dtype=np.float16, mode="r", shape=(items, dims)), labels


def our_step(vectors: np.ndarray, labeled: np.ndarray, labels: np.ndarray, classes: int) -> Callable[[], object]:
    rest = np.setdiff1d(np.arange(len(vectors)), labeled)

    def step() -> object:
        rng = np.random.default_rng(1)
        head = learn(vectors, labeled, labels, classes, rng)
        assert head is not None
        proba = heads.predict_proba(head, vectors)
        pool = Pool(rest, vectors, rest, proba[rest], labeled, labels)
        return ask("auto", "typical", pool, CHOSEN, rng)

    return step


def peer_step(pool: np.ndarray, trained: np.ndarray, labels: np.ndarray) -> Callable[[], object]:
    # modAL 0.4.2.1 is its newest release. Nothing of it is changed here; both fit in its constructor and query are its own.
    from modAL.models import ActiveLearner
    from modAL.uncertainty import margin_sampling
    from sklearn.linear_model import LogisticRegression

    def step() -> object:
        learner = ActiveLearner(
            estimator=LogisticRegression(max_iter=300), query_strategy=margin_sampling, X_training=trained, y_training=labels
        )
        return learner.query(pool, n_instances=CHOSEN)

    return step


def clocked(step: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, default in (("items", 100_000), ("dims", 1_280), ("classes", 10), ("labels", 500), ("repeats", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        vectors, truth = write_vectors(Path(folder) / "v.f16", args.items, args.dims, args.classes)
        labeled = np.sort(np.random.default_rng(2).permutation(args.items)[: args.labels])
        rest = np.setdiff1d(np.arange(args.items), labeled)
        trained = np.asarray(vectors[labeled], dtype=np.float32)
        steps = {
            "modicum": our_step(vectors, labeled, truth[labeled], args.classes),
            "modal_float32": peer_step(np.asarray(vectors[rest], dtype=np.float32), trained, truth[labeled]),
            "modal_float16": peer_step(vectors[rest], trained, truth[labeled]),
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
        for _ in range(args.repeats):
            for name, step in steps.items():
                times[name].append(clocked(step))
    wall = {name: statistics.median(t[0] for t in runs) for name, runs in times.items()}
    cpu = {name: statistics.median(t[1] for t in runs) for name, runs in times.items()}
    answer = {
        "claim": "loop step",
        **{key: getattr(args, key) for key in ("items", "dims", "classes", "labels", "repeats")},
        "seconds": {name: round(value, 3) for name, value in wall.items()},
        "cpu_seconds": {name: round(value, 3) for name, value in cpu.items()},
        "ratio": round(min(wall["modal_float32"], wall["modal_float16"]) / wall["modicum"], 2),
        "cpu_ratio": round(min(cpu["modal_float32"], cpu["modal_float16"]) / cpu["modicum"], 2),
        "machine": {"cpus": os.cpu_count(), "system": platform.platform(), "processor": platform.processor()},
        "versions": {name: version(name) for name in ("modicum", "modAL-python", "scikit-learn", "numpy", "scipy")},
    }
    sys.stdout.write(json.dumps(answer) + "\n")
    if wall["modicum"] > 1.5 or answer["ratio"] < 2:
        sys.exit("the claim does not hold in this run")


if __name__ == "__main__":
    main()
