"""What composes with every strategy: keep picks distinct, discount outliers, balance classes, count the cost, explore.

A wrapper takes a strategy and gives one, so wrappers compose with each other. It asks the inner strategy for more than it needs
and picks among the answers. The order counts: `margin+dense+distinct` discounts first and then keeps apart what is left.
"""

import numpy as np

from modicum.engine.arrays import F32, F64, Ints, unit
from modicum.engine.pool import Pool, Selection, Strategy, in_id_order
from modicum.engine.walk import STRETCH, directions, gaps, labeled_directions, neighbour_distances, stretches
from modicum.errors import InputError

_MORE = 10  # answers the inner strategy is asked for, per item that is wanted
_SAMPLE = 4_096
_NEIGHBOUR = 10


def distinct(inner: Strategy, *, share: float = 0.5) -> Strategy:
    """No two picks, and no pick and labeled item, closer than a threshold: groups of similar images are asked about once.

    The threshold is `share` of the median distance of pool items from their tenth neighbour, at vectors of length one. Only when
    nothing else is left are items asked for that are closer; their utilities lie below the others'.
    """
    if not 0 <= share <= 1:
        raise InputError(f"the share of the neighbours' distance lies between 0 and 1, received {share}")

    @in_id_order
    def distinct_of(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
        threshold = share**2 * _usual_gap(pool, rng)
        labeled = labeled_directions(pool)
        free = np.ones(len(pool), dtype=bool)
        found = _Answer()
        while len(found) < n and free.any():
            rest = np.flatnonzero(free)
            answer = inner(pool if free.all() else pool.take(rest), min(len(rest), 4 * (n - len(found))), rng)
            candidates = rest[answer.indices]
            x = directions(pool, candidates)
            kept, near = _apart(x, labeled, threshold, n - len(found))
            found.add(candidates[kept], answer.utilities[kept])
            free[candidates] = False
            if len(found) < n:
                # What is close to a pick, or to the label that stood in a candidate's way, need not be asked for again.
                free[rest[_close(pool, rest, np.concatenate([x[kept], labeled[near]]), threshold)]] = False
        if len(found) < n:
            left = np.setdiff1d(np.arange(len(pool)), found.indices)
            answer = inner(pool.take(left), n - len(found), rng)
            found.add(left[answer.indices], answer.utilities)
        return found.selection()

    return distinct_of


def dense(inner: Strategy, *, power: float = 32.0) -> Strategy:
    """Utility times 1 - F^power, F the share of the pool that lies in denser regions: outliers teach little.

    After the information density of Settles & Craven (2008), with ranks, which mean the same in any space, in place of
    similarities. How dense it is around an item says the mean distance from its ten nearest among 4,096 items drawn from the
    pool. The power is high because uncertain items lie between groups, where it is a little sparser anyway: at 4, margins on
    dogs10 lost four points.
    """
    if power <= 0:
        raise InputError(f"the power of the density discount is above 0, received {power}")

    @in_id_order
    def dense_of(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
        answer = inner(pool, min(len(pool), _MORE * n), rng)
        sample = pool.shuffled(rng)[:_SAMPLE]
        x = directions(pool, sample)
        k = min(_NEIGHBOUR, len(sample) - 1)
        if k < 1:
            return answer
        usual = np.sort(neighbour_distances(x, x, k, themselves=True).mean(axis=1))
        place = np.full(len(pool), -1)
        place[sample] = np.arange(len(sample))
        own = _mean_distance(directions(pool, answer.indices), place[answer.indices], x, k)
        rarity = np.searchsorted(usual, own) / len(usual)
        return _best(answer, _positive(answer.utilities) * (1 - np.minimum(rarity, 1) ** power), n)

    return dense_of


def balanced(inner: Strategy) -> Strategy:
    """Picks spread over the predicted classes, those with few labels first.

    One by one the item of highest utility / (1 + labels and picks of its predicted class). Without predictions the inner
    strategy's answer stands.
    """

    @in_id_order
    def balanced_of(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
        if pool.proba is None:
            return inner(pool, n, rng)
        answer = inner(pool, min(len(pool), _MORE * n), rng)
        worth = _positive(answer.utilities)
        predicted = pool.proba[answer.indices].argmax(axis=1)
        counts = np.bincount(pool.labels, minlength=pool.proba.shape[1]).astype(float)
        queues = {int(c): np.flatnonzero(predicted == c).tolist()[::-1] for c in np.unique(predicted)}
        picks: list[int] = []
        utilities: list[float] = []
        for _ in range(n):
            # The answers come best first, so only the head of each queue competes; of equals the earlier answer wins.
            heads = [(worth[q[-1]] / (1 + counts[c]), -counts[c], -q[-1], c) for c, q in queues.items() if q]
            utility, _, _, one = max(heads)
            picks.append(queues[one].pop())
            utilities.append(utility)
            counts[one] += 1
        return Selection(answer.indices[picks], np.minimum.accumulate(utilities))

    return balanced_of


def cheap(inner: Strategy) -> Strategy:
    """Utility per second of a person's time (return on investment, Haertel et al. 2008); without `seconds` all cost the same."""

    @in_id_order
    def cheap_of(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
        if pool.seconds is None:
            return inner(pool, n, rng)
        answer = inner(pool, min(len(pool), _MORE * n), rng)
        return _best(answer, _positive(answer.utilities) / pool.seconds[answer.indices], n)

    return cheap_of


def explore(inner: Strategy, *, share: float = 0.1) -> Strategy:
    """Each pick is, with probability `share`, any item of the pool: what the inner strategy cannot see is found by chance."""
    if not 0 <= share <= 1:
        raise InputError(f"the share of exploration lies between 0 and 1, received {share}")

    @in_id_order
    def explore_of(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
        by_chance = rng.random(n) < share
        wanted = n - int(by_chance.sum())
        if not wanted:
            return Selection(pool.shuffled(rng)[:n], np.ones(n))
        answer = inner(pool, wanted, rng)
        others = pool.shuffled(rng)
        others = others[~np.isin(others, answer.indices)][: n - wanted]
        indices = np.empty(n, dtype=np.int64)
        indices[by_chance], indices[~by_chance] = others, answer.indices
        # An item drawn by chance is worth what its neighbour in the queue is.
        before = np.maximum(np.cumsum(~by_chance) - 1, 0)
        return Selection(indices, answer.utilities[before])

    return explore_of


class _Answer:
    """Picks of several askings in one order: later ones come behind, whatever scale their utilities have."""

    def __init__(self) -> None:
        self.indices: Ints = np.empty(0, dtype=np.int64)
        self.utilities: F64 = np.empty(0)

    def __len__(self) -> int:
        return len(self.indices)

    def add(self, indices: Ints, utilities: F64) -> None:
        if len(self) and len(utilities):
            last = self.utilities[-1]
            utilities = np.minimum(utilities + min(0.0, float(last - utilities[0])), last)
        self.indices, self.utilities = np.append(self.indices, indices), np.append(self.utilities, utilities)

    def selection(self) -> Selection:
        return Selection(self.indices, self.utilities)


def _usual_gap(pool: Pool, rng: np.random.Generator) -> float:
    """Median squared distance of pool items from their tenth neighbour: of 256 of them, in up to 32,768."""
    some = pool.shuffled(rng)[: 8 * _SAMPLE]
    k = min(_NEIGHBOUR, len(some) - 1)
    if k < 1:
        return 0.0
    asked = directions(pool, some[:256])
    nearest = np.full((len(asked), k + 1), np.inf, dtype=np.float32)
    for _, x in stretches(pool, some):
        both = np.concatenate([nearest, gaps(asked, unit(x))], axis=1)
        nearest = np.partition(both, k, axis=1)[:, : k + 1]
    # Each of them is its own nearest.
    return float(np.median(nearest.max(axis=1)))


def _apart(x: F32, labeled: F32, threshold: float, n: int) -> tuple[list[int], Ints]:
    """Places of up to n rows, in order, none within the threshold of another or of a label; and the labels in some row's way."""
    blocked = np.zeros(len(x), dtype=bool)
    in_the_way = np.zeros(len(labeled), dtype=bool)
    for start in range(0, len(labeled), STRETCH):
        close = gaps(x, labeled[start : start + STRETCH]) < threshold
        blocked |= close.any(axis=1)
        in_the_way[start : start + STRETCH] = close.any(axis=0)
    kept: list[int] = []
    for i in range(len(x)):
        if len(kept) == n:
            break
        if not blocked[i]:
            kept.append(i)
            blocked |= gaps(x, x[i : i + 1])[:, 0] < threshold
    return kept, np.flatnonzero(in_the_way)


def _close(pool: Pool, indices: Ints, to: F32, threshold: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which of these items lie within the threshold of some row [k, d]."""
    close = np.zeros(len(indices), dtype=bool)
    for part, x in stretches(pool, indices):
        own = unit(x)
        for start in range(0, len(to), STRETCH):
            close[part] |= (gaps(own, to[start : start + STRETCH]) < threshold).any(axis=1)
    return close


def _mean_distance(x: F32, place: Ints, among: F32, k: int) -> F64:
    """Mean distance [n] of each row from its k nearest of `among`; `place` is where it stands there itself, -1: nowhere."""
    out = np.empty(len(x))
    for start in range(0, len(x), STRETCH):
        gap = gaps(x[start : start + STRETCH], among)
        inside = np.flatnonzero(place[start : start + STRETCH] >= 0)
        gap[inside, place[start + inside]] = np.inf
        out[start : start + STRETCH] = np.sqrt(np.partition(gap, k - 1, axis=1)[:, :k]).mean(axis=1)
    return out


def _positive(utilities: F64) -> F64:
    """The same differences, none below 0, so that factors can be applied."""
    return utilities - min(0.0, float(utilities.min(initial=0.0)))


def _best(answer: Selection, worth: F64, n: int) -> Selection:
    """The n answers of highest worth; of equals the one that came first."""
    order = np.argsort(-worth, kind="stable")[:n]
    return Selection(answer.indices[order], worth[order])
