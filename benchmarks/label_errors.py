"""Claim: planted label errors come first, at least as well as by the model's own doubt alone.

    python benchmarks/label_errors.py [--runs R] [--only NAME ...]

Wrong labels are planted among randomly drawn ones: 5% and 10% of them, `uniform` (any other class) or `similar` (the class whose
mean vector is nearest). Out-of-sample probabilities come from the product's own cross-validated head and are the same for all
rankings: `modicum` (engine/suspects.py), `self` (one minus the probability of the given label), `cleanlab` (normalised margin,
where it is installed) and `random`. `ap` is the average precision, `at_k` the precision among the first k when k are planted;
`listed`, `precision` and `recall` are of the list that the product shows. Each is the mean over the runs, but for `listed` with
its 95% interval. The claim holds when the mean `ap` of modicum is no lower than that of `self`.
Data: scikit-learn's digits, and dogs10 and banking77 of ../shared/data/embeddings when they are there. Prints one line of JSON.
"""

import argparse
import json
import os
import platform
import sys
from collections import defaultdict
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import average_precision_score

from modicum.engine.arrays import gather
from modicum.engine.evaluate import mean_interval
from modicum.engine.survey import EACH, survey
from modicum.engine.suspects import contradicted, out_of_sample

EMBEDDINGS = Path(__file__).parents[2] / "shared" / "data" / "embeddings"
FILES = {"dogs10": "dogs10_efficientnet_lite0_1280.npz", "banking77": "banking77_minilm384.npz"}
COUNTS = {"digits": (100, 300), "dogs10": (100, 300), "banking77": (770, 1540)}
SHARES = (0.05, 0.1)
KINDS = ("uniform", "similar")
CLEANLAB = find_spec("cleanlab") is not None


def data(name: str) -> tuple[np.ndarray, np.ndarray]:
    if name == "digits":
        digits = load_digits()
        return digits.data.astype(np.float32), digits.target
    parts = np.load(EMBEDDINGS / FILES[name])
    return parts["emb"].astype(np.float32), np.unique(parts["label"], return_inverse=True)[1]


def planted(
    vectors: np.ndarray, truth: np.ndarray, rows: np.ndarray, share: float, kind: str, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Labels of the rows, some of them wrong, and which."""
    c, labels = int(truth.max()) + 1, truth[rows].copy()
    bad = rng.choice(len(rows), round(share * len(rows)), replace=False)
    if kind == "uniform":
        labels[bad] = (labels[bad] + rng.integers(1, c, len(bad))) % c
    else:
        x = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        centres = np.stack([x[truth == k].mean(axis=0) for k in range(c)])
        near = centres @ centres.T / np.outer(*[np.linalg.norm(centres, axis=1)] * 2)
        np.fill_diagonal(near, -1)
        labels[bad] = near.argmax(axis=1)[labels[bad]]
    wrong = np.zeros(len(rows), dtype=bool)
    wrong[bad] = True
    return labels, wrong


def run(name: str, m: int, share: float, kind: str, seed: int) -> dict[str, float]:
    vectors, truth = data(name)
    c, rng = int(truth.max()) + 1, np.random.default_rng([seed, m])
    rows = np.sort(rng.choice(len(vectors), m, replace=False))
    labels, wrong = planted(vectors, truth, rows, share, kind, rng)
    seen = survey(vectors, rng, size=EACH)
    proba = out_of_sample(vectors, rows, labels, c, rng, seen)
    found = contradicted(proba, labels, seen.frame.place(gather(vectors, rows)), seen.placed)
    doubt = 1 - proba[np.arange(m), labels].astype(np.float64)
    listed = doubt - 2  # behind everything that is listed
    listed[found.places] = found.score
    rankings = {"modicum": listed, "self": doubt, "random": rng.random(m)}
    if CLEANLAB:
        from cleanlab.rank import get_label_quality_scores

        rankings["cleanlab"] = 1 - get_label_quality_scores(labels, proba.astype(np.float64), method="normalized_margin")
    told = {"listed": len(found), "recall": float(wrong[found.places].sum() / wrong.sum())}
    if len(found):
        told["precision"] = float(wrong[found.places].mean())
    for ranking, values in rankings.items():
        first = np.argsort(-values, kind="stable")[: wrong.sum()]
        told |= {f"{ranking}_ap": float(average_precision_score(wrong, values)), f"{ranking}_at_k": float(wrong[first].mean())}
    return told


def interval(values: list[float]) -> list[float]:
    found = mean_interval(values)
    return [round(found.mean, 3), round(max(found.low, 0), 3), round(found.high, 3)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=list(COUNTS), default=list(COUNTS))
    args = parser.parse_args()
    answer: dict[str, object] = {"claim": "label_errors", "runs": args.runs, "seeds": list(range(args.runs))}
    ours, theirs, missed = [], [], []
    for name in args.only:
        if name in FILES and not (EMBEDDINGS / FILES[name]).is_file():
            continue
        for m, share, kind in [(m, share, kind) for m in COUNTS[name] for share in SHARES for kind in KINDS]:
            told = defaultdict(list)
            for seed in range(args.runs):
                for what, value in run(name, m, share, kind, seed).items():
                    told[what].append(value)
            listed = round(float(np.mean(told.pop("listed"))), 1)
            answer[f"{name} {m} {share} {kind}"] = {"listed": listed} | {
                what: interval(all_) for what, all_ in sorted(told.items())
            }
            ours.append(float(np.mean(told["modicum_ap"])))
            theirs.append(float(np.mean(told["self_ap"])))
    answer["mean_ap"] = {"modicum": round(float(np.mean(ours)), 3), "self": round(float(np.mean(theirs)), 3)}
    missed += ["mean average precision below the model's own doubt"] if np.mean(ours) < np.mean(theirs) else []
    answer["missed"] = missed
    answer["machine"] = {"cpus": os.cpu_count(), "system": platform.platform()}
    named = ("modicum", "scikit-learn", "numpy", "scipy", *(("cleanlab",) if CLEANLAB else ()))
    answer["versions"] = {package: version(package) for package in named}
    sys.stdout.write(json.dumps(answer) + "\n")
    if missed:
        sys.exit("the claim does not hold in this run")


if __name__ == "__main__":
    main()
