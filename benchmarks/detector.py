"""Claim: boxes are drawn in advance with mAP50 .60 after 20 drawn images and .75 after 60, which saves half of the drawing time.

    python benchmarks/detector.py [--seeds S]

Data: bccd of ../shared/data, a third held out as test. Each seed draws 10 images at random, then goes on to 20, 40 and 60, either
at random or as `chosen`: of 48 random images those whose utility a second is highest, the detector starting warm each time.
`map50` is by class and on average; `fit_s` and `look_s` are processor seconds of training and of one image, its features not
counted, which take `see_s`. `saved` is the share of drawing time that pre-labels of score .3 or more save on test images:

- drawing every box takes D seconds, 7 by extreme clicking, 35 by hand; looking at a pre-label takes 1.6;
- a pre-label that is right (IoU .5, or stricter .75) is accepted; for all others their object is drawn.

`session` is the same share of all images in the pool, the first 10 drawn by hand and each part with the detector before it.
Prints one line of JSON.
"""

import argparse
import io
import json
import os
import platform
import sys
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path
from time import process_time
from xml.etree import ElementTree  # the data is known

import numpy as np
from PIL import Image

from modicum.encoders import dense
from modicum.engine import image_utility, precision
from modicum.engine.boxes import hits
from modicum.engine.detector import Detector, Example, Found, fit

DATA = Path(__file__).parents[2] / "shared" / "data" / "bccd" / "bccd.zip"
CLASSES = ("RBC", "WBC", "Platelets")
SIZES = (10, 20, 40, 60)
CANDIDATES, SHOWN = 48, 0.3
VERIFY_S, DRAW_S = 1.6, (7.0, 35.0)
AIMS = {20: 0.60, 60: 0.75}


def images(see: dense.Dense) -> tuple[list[Example], float]:
    """All images with their boxes, and the seconds that features of one take."""
    found, seconds = [], 0.0
    with zipfile.ZipFile(DATA) as archive:
        for name in sorted(n for n in archive.namelist() if n.endswith(".jpg")):
            pixels = np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB"))
            root = ElementTree.fromstring(archive.read(name.replace("JPEGImages", "Annotations").replace(".jpg", ".xml")))
            boxes, classes = [], []
            for entry in root.iter("object"):
                box = [float(entry.findtext(f"bndbox/{edge}", "0")) for edge in ("xmin", "ymin", "xmax", "ymax")]
                if box[2] > box[0] and box[3] > box[1]:
                    boxes.append(box)
                    classes.append(CLASSES.index(entry.findtext("name", "")))
            started = process_time()
            features = see(pixels)
            seconds += process_time() - started
            found.append(Example(features, np.array(boxes, np.float32).reshape(-1, 4), np.array(classes, np.int64)))
    return found, seconds / len(found)


def drawing(found: list[Found], truth: list[Example], draw_s: float, least: float) -> float:
    """Seconds to make the pre-labels right."""
    total = 0.0
    for told, true in zip(found, truth, strict=True):
        shown = told.scores >= SHOWN
        right = hits(told.boxes[shown], told.classes[shown], true.boxes, true.classes, least)
        total += VERIFY_S * int(shown.sum()) + draw_s * (len(true.boxes) - int(right.sum()))
    return total


def choose(detector: Detector, pool: list[Example], left: list[int], n: int, rng: np.random.Generator) -> list[int]:
    looked = rng.permutation(left)[:CANDIDATES].tolist()
    worth = {k: image_utility.utility(detector.predict(pool[k].features).scores) for k in looked}
    return sorted(looked, key=lambda k: -worth[k])[:n]


def curve(pool: list[Example], test: list[Example], seed: int, order: str) -> dict[int, dict[str, object]]:
    rng = np.random.default_rng([seed, 6])
    taken: list[int] = []
    shuffled = rng.permutation(len(pool)).tolist()
    detector, told = None, {}
    before = {draw_s: draw_s for draw_s in DRAW_S}  # seconds a box, without a detector
    session = dict.fromkeys(DRAW_S, 0.0)
    for size in SIZES:
        left = [k for k in shuffled if k not in taken]
        new = left[: size - len(taken)]
        if order == "chosen" and detector is not None:
            new = choose(detector, pool, left, size - len(taken), rng)
        taken += new
        drawn = sum(len(pool[k].boxes) for k in new)
        session = {draw_s: session[draw_s] + drawn * before[draw_s] for draw_s in DRAW_S}
        started = process_time()
        detector = fit([pool[k] for k in taken], len(CLASSES), rng, warm=detector)
        fitted = process_time()
        found = [detector.predict(example.features) for example in test]
        looked = process_time()
        boxes = sum(len(example.boxes) for example in test)
        cost = {(d, least): drawing(found, test, d, least) / boxes for d in DRAW_S for least in (0.5, 0.75)}
        before = {draw_s: cost[draw_s, 0.5] for draw_s in DRAW_S}
        rest = sum(len(pool[k].boxes) for k in range(len(pool)) if k not in taken)
        everything = sum(len(example.boxes) for example in pool)
        told[size] = {
            "map50": [by_class(found, test, k) for k in range(len(CLASSES))],
            "fit_s": fitted - started,
            "look_s": (looked - fitted) / len(test),
            "boxes": sum(len(pool[k].boxes) for k in taken),
            "saved": {f"{d:g} s, IoU {least}": 1 - each / d for (d, least), each in cost.items()},
            "session": {f"{d:g} s": 1 - (session[d] + rest * before[d]) / (everything * d) for d in DRAW_S},
        }
        print(json.dumps({"seed": seed, "order": order, "images": size} | told[size]), file=sys.stderr, flush=True)
    return told


def by_class(found: list[Found], test: list[Example], k: int) -> float:
    pairs = []
    for told, true in zip(found, test, strict=True):
        mine, its = told.classes == k, true.classes == k
        one = Found(told.boxes[mine], told.classes[mine], told.scores[mine])
        pairs.append((one, (np.asarray(true.boxes[its], np.float32), np.asarray(true.classes[its], np.int64))))
    return precision.mean_average_precision(pairs, len(CLASSES)) or 0.0


def mean(values: list[object]) -> object:
    """Of numbers, lists and dictionaries alike."""
    first = values[0]
    if isinstance(first, dict):
        return {key: mean([value[key] for value in values]) for key in first}
    return np.round(np.mean(np.array(values), axis=0), 4).tolist()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    if not DATA.exists():
        print(f"{DATA} is not there: nothing was measured", file=sys.stderr)
        return 0
    with tempfile.TemporaryDirectory() as cache:
        everything, see_s = images(dense.load(Path(cache)))
    mixed = np.random.default_rng(0).permutation(len(everything))
    third = len(mixed) // 3
    test, pool = [everything[k] for k in mixed[:third]], [everything[k] for k in mixed[third:]]
    told: dict[str, object] = {"images": len(pool), "test": len(test), "see_s": round(see_s, 3)}
    curves = [{order: curve(pool, test, seed, order) for order in ("random", "chosen")} for seed in range(seeds)]
    told |= mean(curves)
    told |= {"python": platform.python_version(), "machine": platform.processor(), "cores": os.cpu_count()}
    told |= {name: version(name) for name in ("modicum", "numpy", "onnxruntime")}
    print(json.dumps(told))
    reached = all(np.mean(told["random"][size]["map50"]) >= aim for size, aim in AIMS.items())
    return 0 if reached and min(told["random"][60]["saved"][f"{d:g} s, IoU 0.5"] for d in DRAW_S) >= 0.5 else 1


if __name__ == "__main__":
    sys.exit(main())
