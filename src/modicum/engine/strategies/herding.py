"""The default, from the first label to the last: ask where a label says most about the items around it.

Uncertainty herding (Bae, Oliveira & Sutherland 2024) goes from coverage to uncertainty without a switch. Two things are different
here. A label does not reach equally far everywhere: it reaches as many neighbours as there are items for each label. And how much
doubt counts follows from the labels a class: predictions made of few labels say little about where doubt is.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from modicum.engine.arrays import F32, F64, Ints, gather
from modicum.engine.pool import Pool, Selection, in_id_order
from modicum.engine.strategies.uncertainty import margins
from modicum.engine.survey import ONCE, Frame, drawn, frame, reach, within
from modicum.engine.walk import gaps, greedily

U8 = npt.NDArray[np.uint8]

_SAMPLE = 4_096  # pool items that are looked at where there is no survey
_FULL = 8  # labels a class from which doubt counts as it is
_NEAREST = 10  # neighbours a label reaches at least
_STEEP = 1.5  # at the distance that a label reaches it settles exp(-1.5)
_OFFERED = (24, 1_024)  # candidates: for each item asked for, and at least
_PAIRS = 40_000_000  # of items whose doubt is summed with candidates and labels; half a second
_ROWS = 256
_FINE = 255  # nearness is kept in a byte: a table for the whole survey takes 100 MB


def auto(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Greedily the items around which most doubt is left that a label would settle.

    Of item x there is left u(x)^(r / 8) (1 - max_z k(x, z)), z labeled or chosen: u = 1 - (p1 - p2) of calibrated probabilities,
    1 without predictions; r the labels per class, at most 8; k(x, z) = exp(-1.5 |x - z|^2 / (s_x s_z)), s the distance to
    neighbour number items / labels, at least the tenth (scaled after Zelnik-Manor & Perona 2004). Doubt is summed over the pool's
    survey or a sample; any item of the pool may be chosen. Utility is what an item settles.
    """
    return _herded(pool, n, rng)


def typical(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """The seed strategy: `auto` without regard to predictions. Needs no model."""
    return _herded(replace(pool, proba=None), n, rng)


@in_id_order
def _herded(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    ground = _ground(pool, n, rng)
    inside = ground.places >= 0
    if pool.proba is None:
        weighed, weights, offered = np.arange(len(inside)), inside.astype(np.float64), ground.places[inside]
    else:
        doubt = margins(pool) ** min(1.0, len(pool.labels) / pool.proba.shape[1] / _FULL)
        offered = _offered(doubt, n, rng)
        most = _PAIRS // (len(offered) + len(pool.labels))
        weighed, weights = _weighed(np.where(inside, doubt[ground.places], 0), most, rng)
    if len(offered) < n:  # little of the survey is unlabeled
        offered = drawn(len(pool), max(ONCE, 2 * n), rng)

    at, width = ground.placed[weighed], ground.width[weighed]
    near, settled = np.empty((len(offered), len(at)), dtype=np.uint8), np.zeros(len(at), dtype=np.uint8)
    for part in _parts(len(offered)):
        near[part] = _nearness(pool, ground.frame, pool.rows[offered[part]], at, width)
    for part in _parts(len(pool.labeled_rows)):
        np.maximum(settled, _nearness(pool, ground.frame, pool.labeled_rows[part], at, width).max(axis=0), out=settled)

    def gain(some: Ints) -> F64:
        more = np.maximum(near[some], settled)
        more -= settled
        return np.asarray(more @ weights, dtype=np.float64)

    def take(one: int) -> None:
        np.maximum(settled, near[one], out=settled)

    weights = weights.astype(np.float32)
    bound = np.concatenate([gain(np.arange(part.start, part.stop)) for part in _parts(len(offered))])
    chosen, worth = greedily(bound, n, gain, take)
    return Selection(offered[chosen], np.minimum.accumulate(np.maximum(worth, 0)) / _FINE)


@dataclass(frozen=True, eq=False)
class _Ground:
    """The items that are looked at [s]: where they lie [s, a] in a frame, how far a label reaches there [s], and their indices in
    the pool [s], -1 for those that are not in it."""

    frame: Frame
    placed: F32
    width: F32
    places: Ints


def _ground(pool: Pool, n: int, rng: np.random.Generator) -> _Ground:
    known = pool.survey
    if known is not None:
        seen, placed, table = known.frame, known.placed, known.reach
        index = np.full(len(pool.vectors), -1, dtype=np.int64)
        index[pool.rows] = np.arange(len(pool))
        places = index[known.rows]
    else:
        # With many classes every item counts when the seed set is chosen, and that is done once.
        places = drawn(len(pool), max(ONCE if pool.proba is None else _SAMPLE, 2 * n), rng)
        vectors = pool.gather(places)
        seen = frame(vectors)
        placed = seen.place(vectors)
        table = reach(placed)
    rank = max(_NEAREST, len(places) / (len(pool.labels) + n))
    return _Ground(seen, placed, np.maximum(np.sqrt(within(table, rank)), np.float32(1e-6)), places)


def _weighed(doubt: F64, most: int, rng: np.random.Generator) -> tuple[Ints, F64]:
    """About `most` items that stand for all, in proportion to their doubt, and what each counts (Horvitz & Thompson 1952)."""
    if len(doubt) <= most:
        return np.arange(len(doubt)), doubt
    chance = np.minimum(1, most * doubt / max(doubt.sum(), 1e-12))
    drawn = np.flatnonzero(rng.random(len(doubt)) < chance)
    return drawn, doubt[drawn] / chance[drawn]


def _offered(doubt: F64, n: int, rng: np.random.Generator) -> Ints:
    """Candidates, ascending, drawn in proportion to their doubt (Efraimidis & Spirakis 2006)."""
    each, least = _OFFERED
    size = max(each * n, least)
    if len(doubt) <= size:
        return np.arange(len(doubt))
    key = rng.exponential(size=len(doubt)) / np.maximum(doubt, 1e-12)
    return np.sort(np.argpartition(key, size)[:size])


def _nearness(pool: Pool, seen: Frame, rows: Ints, at: F32, width: F32) -> U8:
    """k(x, z), in 255ths, of these rows of the vectors [k] and of items that lie there [c]. A row is as wide as the item nearest
    to it."""
    gap = gaps(seen.place(gather(pool.vectors, rows)), at)
    gap /= width[gap.argmin(axis=1)][:, None] if len(at) else 1
    gap *= -_STEEP / width
    np.exp(gap, out=gap)
    gap *= _FINE
    return gap.astype(np.uint8)


def _parts(n: int) -> list[slice]:
    return [slice(start, min(start + _ROWS, n)) for start in range(0, n, _ROWS)]
