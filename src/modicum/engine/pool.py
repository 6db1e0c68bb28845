"""What a strategy sees and what it answers: Pool (row-aligned ids, vectors, probabilities) and Selection."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modicum.engine.arrays import Floats, Ints, gather
from modicum.engine.cores import one_core
from modicum.errors import InputError


@dataclass(frozen=True, eq=False)
class Pool:
    """The items a strategy may choose from, and what is known already.

    ids           int64 [n]     the items, each once
    vectors       float [N, d]  every vector of the project; may be a float16 memmap, is only read
    rows          int64 [n]     the row of each pool item in `vectors`
    proba         float [n, c]  what the head says of each pool item; none while there is no head
    labeled_rows  int64 [m]     rows of `vectors` that carry a label, none of them in the pool
    labels        int64 [m]     their class ids

    Raises InputError when the parts do not fit each other. Vectors are checked for NaN when they are gathered.
    """

    ids: Ints
    vectors: Floats
    rows: Ints
    proba: npt.NDArray[np.float32] | None
    labeled_rows: Ints
    labels: Ints

    def __post_init__(self) -> None:
        for name in ("ids", "rows", "labeled_rows", "labels"):
            object.__setattr__(self, name, _integers(getattr(self, name), name))
        if self.vectors.ndim != 2 or not np.issubdtype(self.vectors.dtype, np.floating):
            raise InputError(f"vectors are floats [N, d], received {self.vectors.dtype} {list(self.vectors.shape)}")
        if len(self.rows) != len(self.ids) or len(self.labels) != len(self.labeled_rows):
            raise InputError(
                f"ids and rows belong together, and so do labeled_rows and labels; received {len(self.ids)} and "
                f"{len(self.rows)}, {len(self.labeled_rows)} and {len(self.labels)}"
            )
        for name, rows in (("rows", self.rows), ("labeled_rows", self.labeled_rows)):
            if len(rows) and not (rows.min() >= 0 and rows.max() < len(self.vectors)):
                raise InputError(f"{name} lie in 0..{len(self.vectors) - 1}, received {rows.min()}..{rows.max()}")
        if len(np.unique(self.ids)) != len(self.ids):
            raise InputError("an id stands twice in the pool: every item is in the pool once")
        taken = np.zeros(len(self.vectors), dtype=bool)
        taken[self.labeled_rows] = True
        if taken[self.rows].any():
            raise InputError("an item is in the pool although it carries a label: take labeled items out of the pool")
        if self.proba is not None:
            _check_proba(self.proba, len(self.ids))

    def __len__(self) -> int:
        return len(self.ids)

    def gather(self, indices: Ints) -> npt.NDArray[np.float32]:
        """Vectors of the pool items at these indices, float32 [k, d]."""
        return gather(self.vectors, self.rows[indices])

    def take(self, indices: Ints) -> "Pool":
        """The same pool with only these items in it, in this order."""
        proba = None if self.proba is None else self.proba[indices]
        return Pool(self.ids[indices], self.vectors, self.rows[indices], proba, self.labeled_rows, self.labels)

    def shuffled(self, rng: np.random.Generator) -> Ints:
        """All indices in an order drawn from `rng` over the *ids*: how the pool is sorted changes nothing."""
        return np.argsort(self.ids, kind="stable")[rng.permutation(len(self.ids))]


@dataclass(frozen=True, eq=False)
class Selection:
    """Indices into the pool [k], best first, each once, and what a label is worth there [k], never rising."""

    indices: Ints
    utilities: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "indices", _integers(self.indices, "indices"))
        object.__setattr__(self, "utilities", np.asarray(self.utilities, dtype=np.float64))
        if self.indices.shape != self.utilities.shape:
            raise InputError(f"a selection has one utility per index, received {self.utilities.shape} for {self.indices.shape}")
        if len(np.unique(self.indices)) != len(self.indices):
            raise InputError("a selection names an item twice")

    def __len__(self) -> int:
        return len(self.indices)


Strategy = Callable[[Pool, int, np.random.Generator], Selection]
"""The extension point `modicum.strategies`: choose `n` items of the pool. Stateless; chance comes from `rng` only."""


def choose(strategy: Strategy, pool: Pool, n: int, rng: np.random.Generator, *, name: str = "") -> Selection:
    """Ask the strategy and check its answer; what a strategy of somebody else raises goes through unchanged.

    Raises InputError for n < 1 and for an answer that is no valid selection from this pool.
    """
    if n < 1:
        raise InputError(f"at least 1 item can be asked for, received {n}")
    with one_core():
        selection = strategy(pool, n, rng)
    title = name or getattr(strategy, "__name__", "strategy")
    if not isinstance(selection, Selection):
        raise InputError(f"the strategy {title} returned {type(selection).__name__}; a strategy returns a Selection")
    if len(selection) != min(n, len(pool)):
        raise InputError(f"the strategy {title} chose {len(selection)} items, asked for {n} of {len(pool)}")
    if len(selection) and not (selection.indices.min() >= 0 and selection.indices.max() < len(pool)):
        raise InputError(f"the strategy {title} chose items outside the pool of {len(pool)}")
    return selection


def top(utility: npt.NDArray[np.float64], pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """The `n` items of highest utility [n_pool], best first. Ties are broken by a draw over the ids, so reproducibly."""
    n = min(n, len(pool))
    if not n:
        return Selection(np.empty(0, dtype=np.int64), np.empty(0))
    # Partition first: sorting a million utilities to find a hundred costs fifty times as much.
    threshold = np.partition(utility, len(utility) - n)[len(utility) - n]
    candidates = np.flatnonzero(utility >= threshold)
    draw = rng.permutation(len(candidates))
    ties = np.empty(len(candidates), dtype=np.int64)
    ties[np.argsort(pool.ids[candidates], kind="stable")] = draw
    order = np.lexsort((ties, -utility[candidates]))[:n]
    chosen = candidates[order]
    return Selection(chosen, utility[chosen])


def _integers(values: object, name: str) -> Ints:
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
        raise InputError(f"{name} is one row of whole numbers, received {array.dtype} {list(array.shape)}")
    return array.astype(np.int64, copy=False)


def _check_proba(proba: npt.NDArray[np.float32], n: int) -> None:
    if proba.ndim != 2 or len(proba) != n or proba.shape[1] < 1:
        raise InputError(f"proba is [{n}, classes], one row per pool item, received {list(proba.shape)}")
    # min and max see NaN without a second array of the pool's size.
    if n and not (proba.min() >= 0 and proba.max() <= 1 + 1e-3):
        raise InputError("proba holds values that are no probabilities (NaN, below 0 or above 1)")
