"""Nearness of a batch to what was found in it: answers spread over the neighbours, and every new class beside the known ones.

Both are discriminative: what lies between a new class and a known one goes to the side its neighbours and its
direction speak for.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import inv
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import expit, log_expit, logsumexp

from modicum.engine.arrays import F32, F64, Ints

_FOLDS = 5
_STEPS = 15  # of spreading: 40 change no ranking
_GUESS, _PULL = 0.05, 0.05  # what an item without answered neighbours is thought to be, and the weight of that
_FLOOR = 1e-4
_PENALTY = 0.03  # of the weights of one class, vectors having length one; 0.01 to 0.1 do as well
_ROUNDS = 60  # of fitting for the first time
_NEWTON, _HALVINGS, _SETTLED = 4, 4, 1e-3  # steps after a few more answers, and the gain at which they end
_TELLING = 1e-5  # p (1 - p) from which a reference item bends the loss

Bools = npt.NDArray[np.bool_]


def spread(within: csr_array, degree: F64, rows: Ints, new: Bools) -> tuple[F64, F64]:
    """Log odds [n] that items are new after the answers `new` [k] of items `rows` [k] spread over their neighbours, and those of
    the answered ones [k] when their own answer is held back (five folds).

    `within` [n, n]: weights of neighbours in the batch; `degree` [n]: of all neighbours, those in the reference included, which
    count as known. Every item takes the mean of its neighbours until they agree (Zhu, Ghahramani & Lafferty 2003).
    """
    n, fold = within.shape[0], np.argsort(np.argsort(rows)) % _FOLDS  # by item: the order of the answers changes nothing
    fixed = np.ones((len(rows), _FOLDS + 1), dtype=bool)
    fixed[np.arange(len(rows)), fold] = False
    value, total = new[:, None].astype(np.float32), (degree + _PULL)[:, None].astype(np.float32)
    share = np.full((n, _FOLDS + 1), _GUESS, dtype=np.float32)
    share[rows] = np.where(fixed, value, share[rows])
    for _ in range(_STEPS):
        share = (within @ share + np.float32(_GUESS * _PULL)) / total
        free = share[rows]
        share[rows] = np.where(fixed, value, free)
    odds = np.log(share + _FLOOR) - np.log(1 - share + _FLOOR)
    return odds[:, -1].astype(np.float64), odds[rows, fold].astype(np.float64)


def softmax(x: F32, codes: Ints) -> tuple[F32, F32]:
    """Weights [a + 1, c] of softmax regression of classes `codes` [m] on rows [m, a], and the log sum of their scores [m]."""
    c, m = int(codes.max()) + 1, len(x)

    def loss(flat: F64) -> tuple[float, F64]:
        w = flat.reshape(-1, c)
        score = x @ w[:-1].astype(np.float32) + w[-1].astype(np.float32)
        top = logsumexp(score, axis=1)
        value = float(top.sum() - score[np.arange(m), codes].sum()) + _PENALTY / 2 * float((w[:-1] ** 2).sum())
        np.exp(score - top[:, None], out=score)
        score[np.arange(m), codes] -= 1
        slope = np.concatenate([x.T @ score, score.sum(axis=0)[None]]).astype(np.float64)
        slope[:-1] += _PENALTY * w[:-1]
        return value, slope.ravel()

    fitted = minimize(loss, np.zeros((x.shape[1] + 1) * c), jac=True, method="L-BFGS-B", options={"maxiter": _ROUNDS}).x
    w = fitted.reshape(-1, c).astype(np.float32)
    return w, total_score(x, w)


def total_score(x: F32, weights: F32) -> F32:
    """The log of the summed exponentials of the scores of all known classes [n]."""
    return np.asarray(logsumexp(x @ weights[:-1] + weights[-1], axis=1), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Rival:
    """A new class beside the known ones: weights [a + 1], and its log odds against them for the answered items without their own
    answer [k]."""

    weights: F64
    own: F64


def rival(x: F32, rest: F32, known: F32, known_rest: F32, rows: Ints, member: Bools, start: Rival | None) -> Rival:
    """Fit one new class: a column more beside a softmax of the known classes, whose scores stay (`rest` [n], `known_rest` [m]).

    `member` [k]: whether the answered batch items `rows` [k] are of it; they and all reference rows `known` [m, a] are learned
    from. Held-out odds follow from the curvature, without fitting again (Rad & Maleki 2020).
    """
    some, off = x[rows], rest[rows].astype(np.float64)
    side = np.where(member, 1.0, -1.0)

    def loss(v: F64) -> tuple[float, F64]:
        w, b = v[:-1].astype(np.float32), v[-1]
        far, near = known @ w + b - known_rest, side * (some @ w + b - off)
        push, pull = expit(far), -side * expit(-near)
        slope = known.T @ push.astype(np.float32) + some.T @ pull.astype(np.float32)
        value = -float(log_expit(-far).sum() + log_expit(near).sum()) + _PENALTY / 2 * float(v[:-1] @ v[:-1])
        return value, np.append(slope + _PENALTY * v[:-1], float(push.sum() + pull.sum()))

    v = start.weights if start is not None else _first(loss, x.shape[1])
    value, slope = loss(v)
    for _ in range(_NEWTON):
        inverse, _ = _inverse_curvature(v, known, known_rest, some, off)
        step = inverse @ slope
        if step @ slope < _SETTLED:
            break
        for _ in range(_HALVINGS):
            after, next_slope = loss(v - step)
            if after <= value:
                v, value, slope = v - step, after, next_slope
                break
            step /= 2
    inverse, chance = _inverse_curvature(v, known, known_rest, some, off)
    own = _with_one(some).astype(np.float64)
    reach = np.einsum("ij,ij->i", own @ inverse, own)
    held = own @ v - off + reach / np.maximum(1 - reach * chance * (1 - chance), 1e-3) * (chance - member)
    return Rival(v, np.asarray(held, dtype=np.float64))


def _first(loss: Callable[[F64], tuple[float, F64]], axes: int) -> F64:
    fitted = minimize(loss, np.zeros(axes + 1), jac=True, method="L-BFGS-B", options={"maxiter": _ROUNDS})
    return np.asarray(fitted.x, dtype=np.float64)


def _inverse_curvature(v: F64, known: F32, known_rest: F32, some: F32, off: F64) -> tuple[F64, F64]:
    """The inverse [a + 1, a + 1] of the second derivative of the loss, and the chances of the answered items [k]."""
    w, b = v[:-1].astype(np.float32), np.float32(v[-1])
    far = expit(known @ w + b - known_rest)
    telling = far * (1 - far) > _TELLING
    chance = expit(some @ w + b - off)
    weight = np.concatenate([(far * (1 - far))[telling], chance * (1 - chance)]).astype(np.float32)
    design = _with_one(np.concatenate([known[telling], some]))
    curvature = ((design * weight[:, None]).T @ design).astype(np.float64)
    curvature[np.diag_indices(len(curvature))] += _PENALTY
    return np.asarray(inv(curvature, overwrite_a=True, check_finite=False), dtype=np.float64), chance


def _with_one(x: F32) -> F32:
    return np.concatenate([x, np.ones((len(x), 1), dtype=np.float32)], axis=1)
