"""Claim: assisted drawing needs no more clicks than drawing the polygon by hand, and fewer for many objects.

    python benchmarks/clicks.py [--objects N] [--seed S] [--only TOOL ...]

Objects are polygons of coco128 of at least 100 pixels, from every second image; on the others the tools' weights were chosen. For
each tool a simulated person clicks until the proposal reaches IoU .85 and .90 with the true polygon, 20 clicks at most:

- `hand`: the fewest vertices of the true polygon, simplified by Douglas-Peucker and by Visvalingam, that reach the IoU.
- `extreme`: the four outermost points, then the point of the outline farthest from the first proposal, one by one.
- `grabcut`: a tight box (2 clicks), then a dot in the middle of the largest part that is wrong.
- `scissors`: the vertices of `hand`, and the way along edges between them.
- `either`: the same, and the straight polygon, which the scissors show beside it; one key takes either.
- `wand`: a click in the middle of the object, then one in the middle of the largest part that is wrong.
- `combined`: the vertices of `hand` given to the extreme tool, which shows what it fitted and the straight polygon; one key takes
  either, as one key ends a polygon by hand. GrabCut's proposal costs one key more.

An object that is not reached within 20 clicks counts 21. Besides, the processor seconds of an answer on an image of 12
megapixels, the picture being in memory from the second click on. The claim holds when `combined` is worse than `hand` on no
object and its mean is lower. Data: ../shared/data/coco128. Prints one line of JSON.
"""

import argparse
import heapq
import io
import json
import os
import platform
import sys
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from modicum.assist import Ask, assist, propose
from modicum.engine.outlines import area, filled
from modicum.geometry import Geometry, Polygon

DATA = Path(__file__).parents[2] / "shared" / "data" / "coco128" / "coco128_train.zip"
TARGETS = (0.85, 0.9)
MOST = 20  # clicks
LEAST = 100  # pixels of an object


class Object(NamedTuple):
    pixels: np.ndarray  # around the object, with at least its own extent on every side where the image goes on
    outline: np.ndarray
    region: np.ndarray


def objects(path: Path) -> Iterator[Object]:
    with zipfile.ZipFile(path) as archive:
        names = sorted(n for n in archive.namelist() if n.startswith("instance_segmentation/labels") and n.endswith(".txt"))
        for name in names[1::2]:
            photo = Image.open(io.BytesIO(archive.read(f"images/train2017/{Path(name).stem}.jpg")))
            pixels = np.asarray(photo.convert("RGB"))
            for line in archive.read(name).decode().splitlines():
                ring = np.array(line.split()[1:], float).reshape(-1, 2) * photo.size
                ring = ring[(ring != np.roll(ring, 1, axis=0)).any(axis=1)]
                if len(ring) < 3:
                    continue
                low, high = np.floor(ring.min(axis=0)).astype(int), np.ceil(ring.max(axis=0)).astype(int)
                pad = max(16, int((high - low).max()))
                x0, y0 = np.maximum(low - pad, 0)
                x1, y1 = np.minimum(high + pad, photo.size)
                region = filled([ring - [x0, y0]], y1 - y0, x1 - x0)
                if region.sum() >= LEAST:
                    yield Object(pixels[y0:y1, x0:x1], ring - [x0, y0], region)


def iou(shape: Geometry | np.ndarray | None, region: np.ndarray) -> float:
    found = region_of(shape, region.shape)
    return float((found & region).sum() / (found | region).sum())


def region_of(shape: Geometry | np.ndarray | None, size: tuple[int, ...]) -> np.ndarray:
    rings = [np.array(ring) for ring in shape.rings] if isinstance(shape, Polygon) else [] if shape is None else [shape]
    return filled(rings, *size)


# --- by hand -----------------------------------------------------------------------------------------------------------


def visvalingam(ring: np.ndarray) -> tuple[list[int], list[int]]:
    """Three vertices, and the others, the most important first."""
    n = len(ring)
    before, after = [*range(-1, n - 1)], [*range(1, n), 0]
    before[0] = n - 1

    def weight(i: int) -> float:
        return abs(area(ring[[before[i], i, after[i]]]))

    current = {i: weight(i) for i in range(n)}
    waiting = [(w, i) for i, w in current.items()]
    heapq.heapify(waiting)
    removed: list[int] = []
    while len(current) > 3:
        w, i = heapq.heappop(waiting)
        if current.get(i) != w:
            continue
        removed.append(i)
        del current[i]
        before[after[i]], after[before[i]] = before[i], after[i]
        for j in (before[i], after[i]):
            current[j] = weight(j)
            heapq.heappush(waiting, (current[j], j))
    return list(current), removed[::-1]


def farthest(ring: np.ndarray, line: np.ndarray) -> tuple[float, int]:
    """The point of the ring that lies farthest from another ring."""
    step = np.roll(line, -1, axis=0) - line
    away = ring[:, None] - line[None]
    t = np.clip((away * step).sum(axis=-1) / np.maximum((step**2).sum(axis=-1), 1e-9), 0, 1)
    distance = np.sqrt(((away - t[..., None] * step) ** 2).sum(axis=-1)).min(axis=1)
    return float(distance.max()), int(distance.argmax())


def by_hand(thing: Object) -> dict[int, np.ndarray]:
    """For every number of clicks the better of two simplified polygons."""
    base, rest = visvalingam(thing.outline)
    apart = ((thing.outline[:, None] - thing.outline[None]) ** 2).sum(axis=-1)
    chosen = sorted(np.unravel_index(apart.argmax(), apart.shape))
    best: dict[int, np.ndarray] = {}
    for n in range(3, min(MOST, len(thing.outline)) + 1):
        while len(chosen) < n:
            _, place = farthest(thing.outline, thing.outline[chosen])
            if place in chosen:
                break
            chosen = sorted([*chosen, place])
        options = [thing.outline[sorted([*base, *rest[: n - 3]])], thing.outline[chosen]]
        best[n] = max((np.round(ring, 2) for ring in options), key=lambda ring: iou(ring, thing.region))
    return best


# --- with tools --------------------------------------------------------------------------------------------------------


def first(found: list[Geometry]) -> Geometry | None:
    return found[0] if found else None


def points(ring: np.ndarray) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in ring)


def outermost(ring: np.ndarray) -> list[int]:
    """The points farthest left, up, right and down; of several the one in the middle."""
    found = []
    for axis, sign in ((0, 1), (1, 1), (0, -1), (1, -1)):
        value = ring[:, axis] * sign
        close = np.flatnonzero(value <= value.min() + 1)
        found.append(int(close[np.argsort(ring[close, 1 - axis])[len(close) // 2]]))
    return sorted(set(found))


def extreme(thing: Object, _: dict[int, np.ndarray]) -> Iterator[tuple[int, float]]:
    chosen = outermost(thing.outline)
    while len(chosen) < 4:  # two sides meet in one point
        chosen.append(farthest(thing.outline, thing.outline[chosen])[1])
    while len(chosen) <= MOST:
        shape = first(propose(thing.pixels, Ask(tool="extreme", points=points(thing.outline[chosen]))))
        yield len(chosen), iou(shape, thing.region)
        line = np.array(shape.rings[0]) if isinstance(shape, Polygon) else thing.outline[chosen]
        _, place = farthest(thing.outline, line)
        if place in chosen:
            _, place = farthest(thing.outline, thing.outline[sorted(chosen)])
        if place in chosen:
            return
        chosen.append(place)


def wrong(thing: Object, shape: Geometry | None) -> tuple[tuple[float, float], bool]:
    """The middle of the largest part that is wrong, and whether it lies inside the object."""
    found = region_of(shape, thing.region.shape)
    best = (-1.0, (0.0, 0.0), True)
    for part, inside in ((thing.region & ~found, True), (found & ~thing.region, False)):
        depth = cv2.distanceTransform(np.pad(part.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
        y, x = np.unravel_index(depth.argmax(), depth.shape)
        best = max(best, (float(depth[y, x]), (float(x) + 0.5, float(y) + 0.5), inside))
    return best[1], best[2]


def dots(thing: Object, ask: Callable[..., Ask], paid: int) -> Iterator[tuple[int, float]]:
    """One click more at a time where the proposal is wrong."""
    clicks: list[tuple[float, float]] = []
    labels: list[int] = []
    shape = first(propose(thing.pixels, ask(points=(), labels=()))) if paid else None
    while paid + len(clicks) <= MOST:
        if paid or clicks:
            yield paid + len(clicks), iou(shape, thing.region)
        place, inside = wrong(thing, shape)
        clicks.append(place)
        labels.append(int(inside))
        shape = first(propose(thing.pixels, ask(points=tuple(clicks), labels=tuple(labels))))


def grabcut(thing: Object, _: dict[int, np.ndarray]) -> Iterator[tuple[int, float]]:
    (x, y), (right, bottom) = thing.outline.min(axis=0), thing.outline.max(axis=0)
    box = {"x": x, "y": y, "w": right - x, "h": bottom - y}
    width = max(2.0, 0.03 * max(right - x, bottom - y))
    yield from dots(thing, lambda **clicks: Ask(tool="scribbles", box=box, width=width, **clicks), 2)


def wand(thing: Object, _: dict[int, np.ndarray]) -> Iterator[tuple[int, float]]:
    height, width = thing.region.shape
    view = {"x": 0, "y": 0, "w": width, "h": height}
    yield from dots(thing, lambda **clicks: Ask(tool="wand", box=view, **clicks), 0)


def scissors(thing: Object, hand: dict[int, np.ndarray]) -> Iterator[tuple[int, float]]:
    for n, ring in hand.items():
        yield n, iou(first(propose(thing.pixels, Ask(tool="scissors", points=points(ring)))), thing.region)


def either(thing: Object, hand: dict[int, np.ndarray]) -> Iterator[tuple[int, float]]:
    for n, ring in hand.items():
        found = propose(thing.pixels, Ask(tool="scissors", points=points(ring)))
        yield n, max(iou(shape, thing.region) for shape in found) if found else 0.0


def combined(thing: Object, hand: dict[int, np.ndarray]) -> Iterator[tuple[int, float]]:
    for n, ring in hand.items():
        if n < 4:
            yield n, iou(ring, thing.region)
            continue
        found = propose(thing.pixels, Ask(tool="extreme", points=points(ring)))
        yield n, max(iou(shape, thing.region) for shape in found[:2])
        yield n + 1, max((iou(shape, thing.region) for shape in found[2:]), default=0.0)


def drawn(thing: Object, hand: dict[int, np.ndarray]) -> Iterator[tuple[int, float]]:
    for n, ring in hand.items():
        yield n, iou(ring, thing.region)


TOOLS = {
    "hand": drawn,
    "extreme": extreme,
    "grabcut": grabcut,
    "scissors": scissors,
    "either": either,
    "wand": wand,
    "combined": combined,
}


def counted(steps: Iterator[tuple[int, float]]) -> list[int]:
    """Clicks until each target is reached, MOST + 1 when it is not."""
    needed = [MOST + 1] * len(TARGETS)
    for n, reached in steps:
        for place, target in enumerate(TARGETS):
            if reached >= target:
                needed[place] = min(needed[place], n)
        if max(needed) < n:
            break
    return needed


def seconds() -> dict[str, list[float]]:
    """First and later answers of each tool on 12 megapixels."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:3000, 0:4000]
    disc = (x - 2000) ** 2 + (y - 1500) ** 2 < 1200**2
    pixels = np.where(disc[..., None], [200, 60, 50], [60, 140, 70]) + rng.normal(0, 12, (3000, 4000, 1))
    file = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    around = ((800.0, 1500.0), (2000.0, 300.0), (3200.0, 1500.0), (2000.0, 2700.0))
    asks = {
        "extreme": Ask(tool="extreme", points=around),
        "grabcut": Ask(tool="scribbles", box={"x": 790, "y": 290, "w": 2420, "h": 2420}),
        "scissors": Ask(tool="scissors", points=around),
        "wand": Ask(tool="wand", points=((2000.0, 1500.0),)),
    }
    found = {}
    for name, ask in asks.items():
        times = []
        for _ in range(6):
            began = time.process_time()
            assist(name, file.getvalue, ask)
            times.append(time.process_time() - began)
        found[name] = [round(times[0], 3), round(float(np.median(times[1:])), 3), round(max(times[1:]), 3)]
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, default=100)
    parser.add_argument("--only", nargs="+", choices=TOOLS, default=list(TOOLS))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if not DATA.is_file():
        print("left out: ../shared/data/coco128 is not there")
        return
    things = list(objects(DATA))
    chosen = np.random.default_rng(options.seed).permutation(len(things))[: options.objects]
    needed: dict[str, list[list[int]]] = defaultdict(list)
    for place in chosen:
        hand = by_hand(things[place])
        for name in dict.fromkeys(["hand", *options.only]):
            tool = TOOLS[name]
            needed[name].append(counted(tool(things[place], hand)))
    by_tool = {}
    for name in needed:
        clicks, hand_clicks = np.array(needed[name]), np.array(needed["hand"])
        by_tool[name] = {
            str(target): {
                "median": float(np.median(clicks[:, place])),
                "mean": round(float(clicks[:, place].mean()), 2),
                "reached": round(float((clicks[:, place] <= MOST).mean()), 3),
                "fewer than by hand": round(float((clicks[:, place] < hand_clicks[:, place]).mean()), 3),
                "more than by hand": round(float((clicks[:, place] > hand_clicks[:, place]).mean()), 3),
            }
            for place, target in enumerate(TARGETS)
        }
    print(
        json.dumps(
            {
                "objects": len(chosen),
                "of": len(things),
                "clicks": by_tool,
                "processor seconds at 12 megapixels: first, median and longest of five later": seconds(),
                "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
                "versions": {name: version(name) for name in ("modicum", "numpy", "scipy", "opencv-python-headless")},
            }
        )
    )
    if "combined" not in by_tool:
        return
    both = [(by_tool["combined"][str(target)], by_tool["hand"][str(target)]) for target in TARGETS]
    ok = all(tool["more than by hand"] == 0 and tool["mean"] < hand["mean"] for tool, hand in both)
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
