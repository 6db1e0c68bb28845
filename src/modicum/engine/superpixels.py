"""Superpixels (SLIC, Achanta et al. 2012) and the wand: clicks choose them, and those that lie near in colour come along."""

import numpy as np
import numpy.typing as npt

from modicum.engine.outlines import Pixels

Labels = npt.NDArray[np.int64]
COMPACT = 12.0  # how much a superpixel's width counts beside colour (CIE76)
_ROUNDS = 4


def slic(pixels: npt.NDArray[np.uint8], count: int) -> Labels:
    """About `count` connected superpixels of a crop, uint8[h, w, 3]: their numbers, [h, w], from 0 without gaps."""
    import cv2

    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    height, width = lab.shape[:2]
    step = max(2.0, float(np.sqrt(height * width / max(count, 1))))
    rows, columns = max(1, round(height / step)), max(1, round(width / step))
    y, x = np.mgrid[0:height, 0:width]
    features = np.concatenate([lab, np.stack([x, y], axis=-1) * (COMPACT / step)], axis=-1).reshape(-1, 5).astype(np.float32)
    home_row = np.minimum((y * rows) // height, rows - 1).ravel()
    home_column = np.minimum((x * columns) // width, columns - 1).ravel()
    home = home_row * columns + home_column
    for _ in range(_ROUNDS):
        centres = _means(features, home, rows * columns)
        best, nearest = np.full(len(features), np.inf, np.float32), home
        for dy in (-1, 0, 1):  # only cells around a pixel's own can be its superpixel
            for dx in (-1, 0, 1):
                cell = np.clip(home_row + dy, 0, rows - 1) * columns + np.clip(home_column + dx, 0, columns - 1)
                distance = ((features - centres[cell]) ** 2).sum(axis=1)
                closer = distance < best
                best, nearest = np.where(closer, distance, best), np.where(closer, cell, nearest)
        home = nearest
    return _connected(home.reshape(height, width), int(step * step / 4))


def _means(features: npt.NDArray[np.float32], home: Labels, n: int) -> npt.NDArray[np.float32]:
    counts = np.maximum(np.bincount(home, minlength=n), 1)
    sums = np.stack([np.bincount(home, features[:, axis], n) for axis in range(features.shape[1])], axis=1)
    return (sums / counts[:, None]).astype(np.float32)


def _connected(home: Labels, least: int) -> Labels:
    """Every connected part gets its own number; parts below `least` pixels go to the neighbour on their left or above."""
    labels = _parts(home)
    width = labels.shape[1]
    sizes = np.bincount(labels.ravel())
    before = np.roll(labels, 1, axis=1)
    before[1:, 0] = labels[:-1, 0]
    _, first = np.unique(labels.ravel(), return_index=True)  # the topmost left pixel of each part
    target = np.arange(len(sizes))
    for number in np.argsort(first)[1:]:
        if sizes[number] < least:
            y, x = divmod(int(first[number]), width)
            target[number] = target[before[y, x]]
    _, compact = np.unique(target[labels], return_inverse=True)
    return np.asarray(compact.reshape(labels.shape), np.int64)


def _parts(home: Labels) -> Labels:
    """Numbers of the connected parts of equal values."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    place = np.arange(home.size).reshape(home.shape)
    across, down = home[:, :-1] == home[:, 1:], home[:-1] == home[1:]
    a = np.concatenate([place[:, :-1][across], place[:-1][down]])
    b = np.concatenate([place[:, 1:][across], place[1:][down]])
    graph = coo_array((np.ones(len(a), np.int8), (a, b)), shape=(home.size, home.size))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64).reshape(home.shape)


def wand(pixels: npt.NDArray[np.uint8], labels: Labels, inside: Labels, outside: Labels, reach: float) -> Pixels:
    """The superpixels nearer to a click inside than to one outside, over neighbours, by colour, and at most `reach` away.

    `inside` and `outside` are numbers of superpixels; `reach` is a colour difference (CIE76).
    """
    import cv2

    lab = np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32).reshape(-1, 3)
    n = int(labels.max()) + 1
    means = _means(lab, labels.ravel(), n)
    pairs = np.unique(
        np.concatenate(
            [
                np.stack([labels[:, :-1].ravel(), labels[:, 1:].ravel()], axis=1),
                np.stack([labels[:-1].ravel(), labels[1:].ravel()], axis=1),
            ]
        ),
        axis=0,
    )
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    near = [_spread(pairs, means, np.unique(seeds), n) for seeds in (inside, outside)]
    chosen = (near[0] < near[1]) & (near[0] <= reach)
    chosen[inside] = True
    chosen[np.setdiff1d(outside, inside)] = False
    return np.asarray(chosen[labels])


def _spread(pairs: Labels, means: npt.NDArray[np.float32], seeds: Labels, n: int) -> npt.NDArray[np.float64]:
    """How far each superpixel is from the seeds: over the best way, its longest step or its distance from the seed's colour
    halved, whichever is more."""
    import heapq

    beside: list[list[int]] = [[] for _ in range(n)]
    for a, b in pairs.tolist():
        beside[a].append(b)
        beside[b].append(a)
    far = np.full(n, np.inf)
    waiting = [(0.0, int(seed), int(seed)) for seed in seeds]
    while waiting:
        cost, at, seed = heapq.heappop(waiting)
        if cost >= far[at]:
            continue
        far[at] = cost
        for neighbour in beside[at]:
            step = float(np.linalg.norm(means[neighbour] - means[at]))
            drift = float(np.linalg.norm(means[neighbour] - means[seed])) / 2
            reached = max(cost, step, drift)
            if reached < far[neighbour]:
                heapq.heappush(waiting, (reached, neighbour, seed))
    return far
