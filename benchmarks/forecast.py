"""Claim: the 95% interval of what 100 more labels bring holds what they really bring.

    python benchmarks/forecast.py [--runs R]

Every run lets the loop label with the defaults, a tenth more at a time, beside a blind holdout a quarter as large. At each turn
the forecast is made from what a project would know by then, and compared with the accuracy on test rows 100 labels later. The
floor is a forecast of no gain at all. Seeds 0 and 1 set the two constants of engine/forecast.py; the runs begin at seed 2.
Data: scikit-learn's digits, and dogs10 and banking77 of ../shared/data/embeddings when they are there. Turns of one run are not
independent. Prints one line of JSON.
"""

import argparse
import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from modicum.engine.forecast import gain
from modicum.engine.loop import Loop

EMBEDDINGS = Path(__file__).parents[2] / "shared" / "data" / "embeddings"
FILES = {"dogs10": "dogs10_efficientnet_lite0_1280.npz", "banking77": "banking77_minilm384.npz"}
MORE = 100
HOLDOUT = 200


def data(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors, class ids, and which rows may be asked about."""
    if name == "digits":
        digits = load_digits()
        return digits.data.astype(np.float32), digits.target, np.random.default_rng(0).random(len(digits.target)) < 0.7
    parts = np.load(EMBEDDINGS / FILES[name])
    labels = np.unique(parts["label"], return_inverse=True)[1]
    return parts["emb"].astype(np.float32), labels, parts["split"].astype(str) == "train"


def turns(name: str, seed: int) -> list[tuple[float, float, float, float]]:
    """(what the labels brought, forecast, low, high) of every turn of one run."""
    vectors, labels, is_train = data(name)
    rng = np.random.default_rng([seed, 77])
    train, test = rng.permutation(np.flatnonzero(is_train)), np.flatnonzero(~is_train)
    holdout, train = train[:HOLDOUT], np.sort(train[HOLDOUT:])
    first, last = (20, 320) if len(np.unique(labels)) <= 20 else (100, 700)
    loop = Loop(vectors[train], [str(k) for k in range(labels.max() + 1)], seed=seed)
    used, right, accuracy = [], [], []
    while not used or used[-1] < last:
        rows = loop.query(max(5, used[-1] // 10) if used else first)
        loop.teach(rows, labels[train][rows])
        used.append((used[-1] if used else 0) + len(rows))
        right.append(loop.predict_proba(vectors[holdout]).argmax(axis=1) == labels[holdout])
        accuracy.append((loop.predict_proba(vectors[test]).argmax(axis=1) == labels[test]).mean())
    found = []
    for at in range(len(used)):
        told = gain(np.array(used[: at + 1]), np.array(right[: at + 1])[:, : used[at] // 4], MORE, rng)
        if told is not None and used[at] + MORE <= used[-1]:
            brought = float(np.interp(used[at] + MORE, used, accuracy) - accuracy[at])
            found.append((brought, told.mean, told.low, told.high))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=4)
    runs = parser.parse_args().runs
    answer: dict[str, object] = {"claim": "forecast", "runs": runs, "first_seed": 2}
    for name in ("digits", *(name for name, file in FILES.items() if (EMBEDDINGS / file).is_file())):
        brought, mean, low, high = np.array([turn for seed in range(2, 2 + runs) for turn in turns(name, seed)]).T
        error, floor = float(np.abs(mean - brought).mean()), float(np.abs(brought).mean())
        answer[name] = {
            "turns": len(brought),
            "covered": round(float(((low <= brought) & (brought <= high)).mean()), 3),
            "mean_error": round(error, 4),
            "floor": round(floor, 4),
            "ratio": round(floor / error, 2),
            "median_width": round(float(np.median(high - low)), 4),
        }
    answer["machine"] = {"cpus": os.cpu_count(), "system": platform.platform()}
    answer["versions"] = {name: version(name) for name in ("modicum", "scikit-learn", "numpy", "scipy")}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
