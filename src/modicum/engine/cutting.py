"""GrabCut (Rother, Kolmogorov and Blake 2004): the object in a box or under strokes, by colours of both sides and edges between.

Crops are uint8[h, w, 3], RGB; regions bool[h, w].
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from modicum.engine.outlines import Pixels, Ring, filled

Colours = npt.NDArray[np.uint8]
OUTSIDE, INSIDE, MAYBE_OUTSIDE, MAYBE_INSIDE = 0, 1, 2, 3  # OpenCV's numbers
_ROUNDS = 3  # of fitting colours and cutting; more change little
_SMALL = 0.1  # parts below this share of the largest are dropped, unless somebody pointed at them


def cut(pixels: Colours, hints: npt.NDArray[np.uint8]) -> Pixels:
    """The object, from what is known of each pixel: OUTSIDE, INSIDE, MAYBE_OUTSIDE or MAYBE_INSIDE.

    Parts that are small and were not marked INSIDE are dropped.
    """
    import cv2

    marked = np.asarray(hints == INSIDE)
    thought: Pixels = marked | (hints == MAYBE_INSIDE)
    if not thought.any() or thought.all():
        return thought
    found, colours_out, colours_in = hints.copy(), np.zeros((1, 65)), np.zeros((1, 65))
    try:
        cv2.setRNGSeed(0)  # of the clustering it starts with: the same clicks give the same answer
        cv2.grabCut(np.ascontiguousarray(pixels), found, (0, 0, 1, 1), colours_out, colours_in, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    except cv2.error:  # too few pixels on a side for its colour model
        return thought
    region: Pixels = (found == INSIDE) | (found == MAYBE_INSIDE)
    return large_parts(region, marked) if region.any() else thought


def large_parts(region: Pixels, marked: Pixels) -> Pixels:
    """A region without its small parts, except those with a marked pixel."""
    import cv2

    n, parts, facts, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=4)
    if n <= 2:
        return region
    sizes = facts[:, cv2.CC_STAT_AREA].astype(np.float64)
    sizes[0] = 0
    kept = sizes >= _SMALL * sizes.max()
    kept[np.unique(parts[marked])] = True
    kept[0] = False
    return np.asarray(kept[parts])


def hints_of_box(shape: tuple[int, int], box: tuple[float, float, float, float]) -> npt.NDArray[np.uint8]:
    """Outside a box (left, top, right, bottom) is OUTSIDE, inside MAYBE_INSIDE."""
    hints = np.full(shape, OUTSIDE, np.uint8)
    left, top = (max(0, int(np.floor(v))) for v in box[:2])
    right, bottom = (int(np.ceil(v)) for v in box[2:])
    hints[top:bottom, left:right] = MAYBE_INSIDE
    return hints


def hints_of_ring(shape: tuple[int, int], ring: Ring, slack: float) -> npt.NDArray[np.uint8]:
    """Around an outline that is nearly right: open within `slack` (a share of the region's side) of it, decided elsewhere."""
    import cv2

    inside = filled([ring], *shape)
    if not inside.any():
        return np.full(shape, OUTSIDE, np.uint8)
    band = slack * float(np.sqrt(inside.sum())) + 1
    depth = cv2.distanceTransform(np.pad(inside.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    beyond = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 5)
    hints = np.where(inside, MAYBE_INSIDE, MAYBE_OUTSIDE).astype(np.uint8)
    hints[depth > band] = INSIDE
    hints[beyond > band] = OUTSIDE
    return hints


def scribbled(hints: npt.NDArray[np.uint8], strokes: Sequence[tuple[Ring, bool]], width: float) -> npt.NDArray[np.uint8]:
    """Hints with strokes laid over them, in their order: (points, whether they lie inside the object)."""
    import cv2

    drawn = hints.copy()
    for points, inside in strokes:
        line = np.round(points * 8 - 4).astype(np.int32).reshape(-1, 1, 2)
        colour, thick = (INSIDE if inside else OUTSIDE), max(1, round(width))
        if len(line) == 1:
            line = np.concatenate([line, line])
        cv2.polylines(drawn, [line], False, [colour], thick, cv2.LINE_8, shift=3)
    return drawn
