"""What a strategy sees and what it answers: Pool (row-aligned ids, vectors, predictions) and Selection."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Concatenate, ParamSpec

import numpy as np
import numpy.typing as npt

from modicum.engine.arrays import Floats, Ints, gather
from modicum.engine.cores import one_core
from modicum.engine.survey import Survey
from modicum.errors import InputError

P = ParamSpec("P")


@dataclass(frozen=True, eq=False)
class Parts:
    """What the model found inside the items, boxes or spans, in any order.

    owners  int64 [t]     the index in the pool of the item each part lies in; an item may own none
    proba   float [t, c]  what the model says of each part
    """

    owners: Ints
    proba: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "owners", _integers(self.owners, "owners"))
        _check_proba(self.proba, len(self.owners), "parts.proba", "part")

    def take(self, indices: Ints, n: int) -> "Parts":
        """The parts of these items, out of `n`, with owners counted anew."""
        place = np.full(n, -1, dtype=np.int64)
        place[indices] = np.arange(len(indices))
        owners = place[self.owners]
        return Parts(owners[owners >= 0], self.proba[owners >= 0])


@dataclass(frozen=True, eq=False)
class Pool:
    """The items a strategy may choose from, and what is known already.

    ids           int64 [n]     the items, each once
    vectors       float [N, d]  every vector of the project; may be a float16 memmap, is only read
    rows          int64 [n]     the row of each pool item in `vectors`
    proba         float [n, c]  what the head says of each pool item; none while there is no head. Rows need not sum to one:
                                with several labels per item every column is a probability of its own
    labeled_rows  int64 [m]     rows of `vectors` that carry a label, none of them in the pool
    labels        int64 [m]     their class ids; zeros when the labels are numbers
    values        float [m]     labels that are numbers (regression)
    predicted     float [n]     the number the head predicts for each pool item
    members       float [k, n, c]  what each member of a committee says; [k, n, 1] for numbers
    parts         Parts         boxes or spans the model found in the items
    seconds       float [n]     the time a person is expected to need for each item
    survey        Survey        what a sample of `vectors` tells without labels, if it was kept

    Raises InputError when the parts do not fit each other. Vectors are checked for NaN when they are gathered.
    """

    ids: Ints
    vectors: Floats
    rows: Ints
    proba: npt.NDArray[np.float32] | None
    labeled_rows: Ints
    labels: Ints
    values: Floats | None = None
    predicted: Floats | None = None
    members: Floats | None = None
    parts: Parts | None = None
    seconds: Floats | None = None
    survey: Survey | None = None

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
        # Not np.unique: at a million ids it takes longer than everything else a round does to them.
        if not (np.diff(self.ids) > 0).all() and not np.diff(np.sort(self.ids)).all():
            raise InputError("an id stands twice in the pool: every item is in the pool once")
        taken = np.zeros(len(self.vectors), dtype=bool)
        taken[self.labeled_rows] = True
        if taken[self.rows].any():
            raise InputError("an item is in the pool although it carries a label: take labeled items out of the pool")
        self._check_optional()

    def _check_optional(self) -> None:
        n = len(self.ids)
        if self.proba is not None:
            _check_proba(self.proba, n, "proba", "pool item")
        for name, values, size in (("values", self.values, len(self.labels)), ("predicted", self.predicted, n)):
            if values is not None and (values.shape != (size,) or not np.isfinite(values).all()):
                raise InputError(f"{name} are {size} finite numbers, received {values.dtype} {list(values.shape)}")
        members, seconds = self.members, self.seconds
        if members is not None and (members.ndim != 3 or members.shape[1] != n or not np.isfinite(members).all()):
            raise InputError(f"members are finite numbers [members, {n}, classes], received {list(members.shape)}")
        if (
            self.parts is not None
            and len(self.parts.owners)
            and not (0 <= self.parts.owners.min() <= self.parts.owners.max() < n)
        ):
            raise InputError(f"parts belong to items 0..{n - 1} of the pool")
        if seconds is not None and (seconds.shape != (n,) or not (np.isfinite(seconds) & (seconds > 0)).all()):
            raise InputError(f"seconds are {n} numbers above 0, received {seconds.dtype} {list(seconds.shape)}")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def informed(self) -> bool:
        """Whether a model has said anything of these items; while it has not, only a seed strategy can choose."""
        return any(part is not None for part in (self.proba, self.predicted, self.members, self.parts))

    def gather(self, indices: Ints) -> npt.NDArray[np.float32]:
        """Vectors of the pool items at these indices, float32 [k, d]."""
        return gather(self.vectors, self.rows[indices])

    def take(self, indices: Ints) -> "Pool":
        """The same pool with only these items in it, in this order."""
        return replace(
            self,
            ids=self.ids[indices],
            rows=self.rows[indices],
            proba=None if self.proba is None else self.proba.take(indices, axis=0),  # twice as fast as brackets
            predicted=None if self.predicted is None else self.predicted[indices],
            members=None if self.members is None else self.members[:, indices],
            parts=None if self.parts is None else self.parts.take(indices, len(self)),
            seconds=None if self.seconds is None else self.seconds[indices],
        )

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

Wrapper = Callable[[Strategy], Strategy]
"""The extension point `modicum.wrappers`: a strategy that asks the given one for more, and picks among what it answers."""


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


def in_id_order(
    strategy: Callable[Concatenate[Pool, int, np.random.Generator, P], Selection],
) -> Callable[Concatenate[Pool, int, np.random.Generator, P], Selection]:
    """A decorator: the strategy sees the pool sorted by ids, never empty, and n no larger than it.

    Matrix products round differently at different places of a matrix; with one order there is one answer.
    """

    @wraps(strategy)
    def sorted_first(pool: Pool, n: int, rng: np.random.Generator, /, *args: P.args, **kwargs: P.kwargs) -> Selection:
        if not len(pool):
            return Selection(np.empty(0, dtype=np.int64), np.empty(0))
        n = min(n, len(pool))
        if (np.diff(pool.ids) > 0).all():
            return strategy(pool, n, rng, *args, **kwargs)
        order = np.argsort(pool.ids, kind="stable")
        found = strategy(pool.take(order), n, rng, *args, **kwargs)
        return Selection(order[found.indices], found.utilities)

    return sorted_first


def top(utility: Floats, pool: Pool, n: int, rng: np.random.Generator, *, among: Ints | None = None) -> Selection:
    """The `n` items of highest utility [n_pool], best first, or of highest utility [k] among these [k] items.

    Ties are broken by a draw over the ids, so reproducibly.
    """
    n = min(n, len(utility))
    if not n:
        return Selection(np.empty(0, dtype=np.int64), np.empty(0))
    places = highest(utility, n)
    candidates = places if among is None else among[places]
    draw = rng.permutation(len(candidates))
    ties = np.empty(len(candidates), dtype=np.int64)
    ties[np.argsort(pool.ids[candidates], kind="stable")] = draw
    order = np.lexsort((ties, -utility[places]))[:n]
    return Selection(candidates[order], utility[places[order]].astype(np.float64))


_STRIDE = 64
_LONG = 100_000


def highest(utility: Floats, n: int, *, slack: float = 0.0) -> Ints:
    """Indices, ascending, of every entry not below the n-th highest less `slack`; 1 <= n <= len(utility)."""
    candidates: Ints = np.arange(len(utility))
    if len(utility) > _LONG:
        # Every 64th entry tells where the n-th highest lies at least; what is above it is partitioned, not everything: that
        # takes ten times as long at a million entries.
        some = utility[::_STRIDE]
        place = min(len(some), 4 * n // _STRIDE + 16)
        floor = np.partition(some, len(some) - place)[len(some) - place]
        above = np.flatnonzero(utility >= floor - slack)
        if np.count_nonzero(utility[above] >= floor) >= n:
            candidates = above
    worth = utility[candidates]
    threshold = np.partition(worth, len(worth) - n)[len(worth) - n] - slack
    return np.asarray(candidates[worth >= threshold], dtype=np.int64)


def _integers(values: object, name: str) -> Ints:
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
        raise InputError(f"{name} is one row of whole numbers, received {array.dtype} {list(array.shape)}")
    return array.astype(np.int64, copy=False)


def _check_proba(proba: npt.NDArray[np.float32], n: int, name: str, of: str) -> None:
    if proba.ndim != 2 or len(proba) != n or proba.shape[1] < 1:
        raise InputError(f"{name} is [{n}, classes], one row per {of}, received {list(proba.shape)}")
    # min and max see NaN without a second array of the pool's size.
    if n and not (proba.min() >= 0 and proba.max() <= 1 + 1e-3):
        raise InputError(f"{name} holds values that are no probabilities (NaN, below 0 or above 1)")
