"""What a sample of the vectors tells before anybody labels: its centre, the axes along which it spreads, who is near whom.

It is made once and kept from round to round: labels do not change it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modicum.engine.arrays import F32, Floats, Ints, gather, principal_axes, unit
from modicum.engine.cores import one_core
from modicum.engine.propagate import LOOKED_AT, Neighbours, neighbours

AXES = 256  # principal axes heads and graphs work in: as accurate as all 1,280 dims and several times as fast
ONCE = 10_240  # vectors of a survey that is kept: its neighbours take three seconds, once
EACH = 2_048  # of one that is made for a single round
_ROWS = 1_024


@dataclass(frozen=True, eq=False)
class Frame:
    """Centre [d] and principal axes [d, a], a <= 256, of vectors brought to length one."""

    centre: F32
    axes: F32

    def place(self, vectors: F32) -> F32:
        """Vectors [n, d] at length one, centred, at length one again, along the axes: [n, a]."""
        placed: F32 = unit(unit(vectors) - self.centre) @ self.axes
        return placed


@dataclass(frozen=True, eq=False)
class Survey:
    """A sample: its frame, its rows [s] in the vectors it was drawn from, where they lie [s, a], and their neighbours."""

    frame: Frame
    rows: Ints
    placed: F32
    found: Neighbours

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def reach(self) -> F32:
        """How far from each its 1st, 2nd, 4th, 8th ... neighbour is: squared distances [s, r], see `within`."""
        return reach(self.placed)


def frame(vectors: F32) -> Frame:
    """The frame of these vectors [n, d]."""
    x = unit(vectors)
    centre = x.mean(axis=0, dtype=np.float64).astype(np.float32)
    dims = x.shape[1]
    return Frame(centre, principal_axes(unit(x - centre), AXES) if dims > AXES else np.eye(dims, dtype=np.float32))


@one_core()
def survey(vectors: Floats, rng: np.random.Generator, *, size: int = ONCE) -> Survey:
    """Look at `size` of vectors [N, d], drawn at random, or at all. Raises InputError naming the first that is not finite."""
    rows = drawn(len(vectors), size, rng)
    x = gather(vectors, rows)
    seen = frame(x)
    placed = seen.place(x)
    return Survey(seen, rows, placed, neighbours(placed, LOOKED_AT))


def drawn(n: int, size: int, rng: np.random.Generator) -> Ints:
    """`size` of n rows at random, ascending, or all of them."""
    return np.sort(rng.choice(n, size, replace=False)) if n > size else np.arange(n)


def reach(placed: F32) -> F32:
    """Squared distances [n, r] from rows [n, a] of length one to their 1st, 2nd, 4th, 8th ... neighbour, up to the last."""
    last = len(placed) - 1
    ranks = np.unique(np.minimum(2 ** np.arange(last.bit_length() + 1), last))
    found = np.empty((len(placed), len(ranks)), dtype=np.float32)
    for start in range(0, len(placed), _ROWS):
        part = slice(start, start + _ROWS)
        near = placed[part] @ placed.T
        # From the last rank to the first what remains is halved each time: half the time of sorting. Rank 0 is the row itself.
        for column in range(len(ranks) - 1, -1, -1):
            place = near.shape[1] - 1 - ranks[column]
            near.partition(place, axis=1)
            near = near[:, place:]
            found[part, column] = 2 - 2 * near[:, 0]
    return np.maximum(found, 0, out=found)


def within(found: F32, rank: float) -> F32:
    """Squared distances [n] to the neighbour of this rank, from what `reach` found; between two ranks in equal ratios."""
    place = float(np.clip(np.log2(max(rank, 1)), 0, found.shape[1] - 1))
    low = int(place)
    high, share = min(low + 1, found.shape[1] - 1), np.float32(place - low)
    return np.asarray(found[:, low] ** (1 - share) * found[:, high] ** share, dtype=np.float32)
