"""One turn of the loop in two calls, the same for Loop, rounds and simulate: learn from the labels, ask for the next ones."""

import numpy as np
import numpy.typing as npt

from modicum.engine import heads
from modicum.engine.arrays import F32, Floats, Ints, gather
from modicum.engine.heads import Head
from modicum.engine.pool import Pool, Selection, choose
from modicum.engine.propagate import NEIGHBOURS, graph, joined
from modicum.engine.solve import GRAPH_RULES, Semi
from modicum.engine.strategies.naming import find_strategy
from modicum.engine.survey import EACH, Survey, survey


def learn(
    vectors: Floats,
    labeled_rows: Ints,
    labels: Ints,
    n_classes: int,
    rng: np.random.Generator,
    *,
    warm: Head | None = None,
    semi: Semi = "spread",
    known: Survey | None = None,
    telling: npt.NDArray[np.bool_] | None = None,
) -> Head | None:
    """A head from the labeled rows [m] of vectors [N, d]; none while fewer than two classes have a label.

    `semi` says how the unlabeled rows take part (see heads.fit). `known` is a survey of the vectors kept from an earlier turn;
    without one a smaller one is made for this turn. `telling` [m]: labels that were not given because of what was predicted.
    """
    if len(np.unique(labels)) < 2:
        return None
    seen = survey(vectors, rng, size=EACH) if known is None else known
    x = gather(vectors, labeled_rows)
    return heads.fit(x, labels, n_classes, unlabeled=seen, semi=semi, warm=warm, telling=telling)


def from_neighbours(proba: F32, known: Survey, vectors: Floats, labeled_rows: Ints, labels: Ints, semi: Semi) -> F32:
    """Probabilities [N, c] in which the graph has its say: those of surveyed rows times the shares `semi` gives them.

    Reaches groups no linear head can part, such as arcs of one circle. The products are not calibrated. Nothing changes where
    `semi` has no graph.
    """
    rule = GRAPH_RULES.get(semi)
    if rule is None:
        return proba
    own = known.frame.place(gather(vectors, labeled_rows))
    weights = graph(joined(known.found, known.placed, own), NEIGHBOURS)
    shares = rule(weights, len(known) + np.arange(len(own)), labels, proba.shape[1])[: len(known)]
    both = proba[known.rows] * shares
    answer = proba.copy()
    answer[known.rows] = both / both.sum(axis=1, keepdims=True)
    return answer


def ask(
    strategy: str, seed_strategy: str, pool: Pool, n: int, rng: np.random.Generator, *, soon: int | None = None
) -> tuple[str, Selection]:
    """The name of the strategy that chose, the seed strategy while there are no predictions, and what it chose, best first.

    `soon` is the number of answers expected before the next turn: those are chosen as one set that fits together, the rest of
    the `n` as a reserve behind them. Raises NotFoundError for a name nobody registered; what a strategy raises goes through.
    """
    name = strategy if pool.informed else seed_strategy
    if not len(pool):
        return name, Selection(np.empty(0, dtype=np.int64), np.empty(0))
    function = find_strategy(name)
    if soon is None or soon >= min(n, len(pool)):
        return name, choose(function, pool, n, rng, name=name)
    first = choose(function, pool, soon, rng, name=name)
    rest = np.setdiff1d(np.arange(len(pool)), first.indices)
    more = choose(function, pool.take(rest), n - soon, rng, name=name)
    # Utilities of two choices are not on one scale: the reserve's are moved below the first set's.
    drop = min(0.0, float(first.utilities[-1] - more.utilities[0])) if len(more) else 0.0
    return name, Selection(
        np.concatenate([first.indices, rest[more.indices]]), np.concatenate([first.utilities, more.utilities + drop])
    )


def interleaved(chosen: Ints, blind: Ints, rng: np.random.Generator) -> Ints:
    """Both in their order, the blind ones spread evenly at a random offset, so that nobody can tell which they are."""
    total = len(chosen) + len(blind)
    places = np.sort((np.arange(len(blind)) + 0.99 * rng.random()) * total / max(len(blind), 1)).astype(np.int64)
    is_blind = np.zeros(total, dtype=np.bool_)
    is_blind[places] = True
    queue = np.empty(total, dtype=np.int64)
    queue[is_blind], queue[~is_blind] = blind, chosen
    return queue
