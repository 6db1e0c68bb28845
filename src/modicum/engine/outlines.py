"""From the pixels of a region to its outline and back: rings along the pixels' edges, simplified to about a pixel, holes kept.

Pixels are bool[h, w]; rings are float64[n, 2] of (x, y) from the outer corner of the top left pixel, closed without repeating
the first point, filled by the even-odd rule.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.bool_]
Ring = npt.NDArray[np.float64]


def trace(region: Pixels) -> list[Ring]:
    """The rings between a region and the rest: outer ones clockwise as one sees them, holes the other way round.

    Pixels that only meet at a corner belong to different rings.
    """
    padded = np.pad(region, 1)
    starts, heads = _cracks(padded)
    if not len(starts):
        return []
    width = padded.shape[1] + 1
    leaving: dict[int, list[tuple[int, int]]] = {}  # corner -> (direction, number of the edge) that start there
    keys = starts[:, 1] * width + starts[:, 0]
    for number, (key, head) in enumerate(zip(keys.tolist(), heads.tolist(), strict=True)):
        leaving.setdefault(key, []).append((head, number))
    steps = np.array([1, width, -1, -width])
    ends = (keys + steps[heads]).tolist()
    turned = heads.tolist()
    used = bytearray(len(starts))
    rings = []
    for first in range(len(starts)):
        if used[first]:
            continue
        corners, edge = [], first
        while not used[edge]:
            used[edge] = 1
            choices = leaving[ends[edge]]
            follow = choices[0] if len(choices) == 1 else min(choices, key=lambda c: (c[0] - turned[edge] - 1) % 4)
            if follow[0] != turned[edge]:
                corners.append(ends[edge])
            edge = follow[1]
        at = np.array(corners)
        rings.append(np.stack([at % width, at // width], axis=1).astype(np.float64) - 1)
    return rings


def _cracks(padded: Pixels) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Unit edges between inside and outside with the inside on their right: (x, y) of their starts, and directions
    0 right, 1 down, 2 left, 3 up."""
    found = []
    up, down = padded[:-1], padded[1:]
    left, right = padded[:, :-1], padded[:, 1:]
    for head, (rows, columns), (dx, dy) in (
        (0, np.nonzero(down & ~up), (0, 1)),
        (2, np.nonzero(up & ~down), (1, 1)),
        (3, np.nonzero(right & ~left), (1, 1)),
        (1, np.nonzero(left & ~right), (1, 0)),
    ):
        found.append((np.stack([columns + dx, rows + dy], axis=1), np.full(len(rows), head)))
    return np.concatenate([starts for starts, _ in found]), np.concatenate([heads for _, heads in found])


def simplified(ring: Ring, tolerance: float) -> Ring:
    """The few points of a traced ring that stay within `tolerance` pixels of it, three at least.

    A staircase of pixels is taken through the middles of its steps first, so that a slanted edge costs two points.
    """
    return straightened(_through_middles(ring), tolerance, closed=True)


def straightened(line: Ring, tolerance: float, *, closed: bool) -> Ring:
    """A line, or a ring, with the points left out that are within `tolerance` of the rest (Douglas and Peucker 1973)."""
    import cv2

    found = cv2.approxPolyDP(line.astype(np.float32), tolerance, closed=closed).reshape(-1, 2)
    return np.asarray(found, np.float64) if len(found) >= (3 if closed else 2) else line


def _through_middles(ring: Ring) -> Ring:
    """Points halfway along edges of one pixel, and the corners between longer edges."""
    after = np.roll(ring, -1, axis=0)
    before = np.roll(ring, 1, axis=0)
    short = np.abs(after - ring).sum(axis=1) <= 1
    short_before = np.abs(ring - before).sum(axis=1) <= 1
    corner = ~short & ~short_before
    kept = np.stack([corner, short], axis=1).ravel()
    points = np.stack([ring, (ring + after) / 2], axis=1).reshape(-1, 2)[kept]
    return points if len(points) >= 3 else ring


def filled(rings: Sequence[Ring], height: int, width: int) -> Pixels:
    """The pixels whose centres rings enclose by the even-odd rule, bool[height, width]."""
    crossings = np.zeros((height, width + 1), np.uint8)
    for ring in rings:
        begin, end = np.asarray(ring, np.float64), np.roll(np.asarray(ring, np.float64), -1, axis=0)
        upper, lower = np.where((begin[:, 1] <= end[:, 1])[:, None], [begin, end], [end, begin])
        first = np.clip(np.ceil(upper[:, 1] - 0.5), 0, height).astype(np.int64)  # rows whose middle the edge crosses
        last = np.clip(np.ceil(lower[:, 1] - 0.5), 0, height).astype(np.int64)
        counts = last - first
        edge = np.repeat(np.arange(len(ring)), counts)
        row = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
        slope = (lower[edge] - upper[edge])[:, 0] / (lower[edge] - upper[edge])[:, 1]
        x = upper[edge, 0] + slope * (row + 0.5 - upper[edge, 1])
        column = np.clip(np.ceil(x - 0.5), 0, width).astype(np.int64)
        np.bitwise_xor.at(crossings, (row, column), 1)
    return np.bitwise_xor.accumulate(crossings[:, :-1], axis=1).astype(bool)


def area(ring: Ring) -> float:
    """Signed area in square pixels: positive for rings that run clockwise as one sees them."""
    x, y = ring[:, 0], ring[:, 1]
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def crossed(ring: Ring) -> bool:
    """Whether two edges of a ring cross each other; for rings of up to some hundred points."""
    after = np.roll(ring, -1, axis=0)
    # which side of edge i the ends of edge j lie on
    begins, ends = (_side(ring[:, None], after[:, None], points[None]) for points in (ring, after))
    parted = begins * ends < 0
    return bool((parted & parted.T).any())


def _side(a: Ring, b: Ring, c: Ring) -> npt.NDArray[np.float64]:
    return np.asarray((b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0]))


def runs(region: Pixels) -> tuple[int, ...]:
    """Run lengths row by row; the first counts pixels left out, 0 when the first pixel is inside."""
    flat = region.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    lengths = np.diff(np.concatenate([[0], edges, [flat.size]]))
    return tuple(([0] if flat.size and flat[0] else []) + lengths.tolist())
