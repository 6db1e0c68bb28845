"""The head for numbers: Bayesian linear regression on embeddings in closed form, which says how far off it expects to be.

There is nothing to tune and no label is set aside. The labels' own evidence says how strongly to regularise and whether the
length of a vector tells something (of measurements it does, of most embeddings it does not). The residuals that every label
would have had, had it been left out, say how wide the predictions are.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from modicum.engine.arrays import F32, F64, Floats, Ints, gather, unit
from modicum.engine.cores import one_core
from modicum.engine.head_parts import misfit, pack, through, unpacked
from modicum.errors import InputError

_PENALTIES = np.logspace(-4, 3, 71)  # |w|^2 beside the squared errors, for vectors of mean square length one
_USUAL, _WIDE = 0.1, 2.0  # a penalty is expected here, within this many powers of e; few labels can fit too well without noise
_GUESS = 3.0  # labels' worth of trust in the evidence's noise, beside what the left-out residuals say
_LARGEST = 1e30  # what single precision holds with room to spare
_EVEN = 1e-6  # what rounding makes of two explanations that are equally good
_EQUAL = 1e-13  # differences below this share of the values are rounding


@dataclass(frozen=True, eq=False)
class NumberHead:
    """What `fit` learned, for vectors of d dims; predictions are shift + scale * ((z - centre) / reach @ weights).

    weights float32 [d]; centre float32 [d], the mean of the labeled z, which are the vectors, at length one if `directions`;
    known float32 [d, r]: directions the labels have explored, each as long as what they explained of it, at most one;
    reach, penalty, noise (variance of a label, in scales), shift, scale: numbers; labels: how many it was fitted on.
    """

    weights: F32
    centre: F32
    known: F32
    reach: float
    penalty: float
    noise: float
    shift: float
    scale: float
    directions: bool
    labels: int

    def to_bytes(self) -> bytes:
        """The head as an .npz, without pickle."""
        return pack(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> "NumberHead":
        """The head `to_bytes` wrote. Raises InputError for anything else; nothing is unpickled."""
        with unpacked(data, "number head") as parts:
            numbers = {name: float(parts[name]) for name in ("reach", "penalty", "noise", "shift", "scale")}
            head = cls(
                parts["weights"].astype(np.float32),
                parts["centre"].astype(np.float32),
                parts["known"].astype(np.float32),
                **numbers,
                directions=bool(parts["directions"]),
                labels=int(parts["labels"]),
            )
        d = len(head.weights) if head.weights.ndim == 1 else -1
        shapes = head.centre.shape == (d,) and head.known.ndim == 2 and len(head.known) == d
        finite = all(np.isfinite(part).all() for part in (head.weights, head.centre, head.known, list(numbers.values())))
        if not (shapes and finite and min(head.reach, head.penalty) > 0 and min(head.noise, head.scale) >= 0 and head.labels > 0):
            raise misfit()
        return head


class _Fitted(NamedTuple):
    evidence: float
    penalty: float
    noise: float
    weights: F64
    known: F64
    centre: F64
    reach: float


@one_core()
def fit(vectors: Floats, values: npt.NDArray[Any]) -> NumberHead:
    """Fit a head on vectors [m, d] and their numbers [m]; the numbers' unit and zero do not matter.

    y = mean + x w + noise with w ~ N(0, noise / penalty); the penalty is where the evidence is highest (MacKay 1992), the mean
    integrated out; the noise is the mean square of left-out residuals, each beside its own variance (Rasmussen & Williams
    2006, section 5.4.2), drawn to the evidence's while labels are few. Deterministic; needs no start.
    Raises InputError for no labels, NaN, numbers beyond 1e30, or shapes that do not fit.
    """
    y = _check_values(vectors, values)
    x = gather(vectors)
    shift = float(y.mean())
    scale = float(np.sqrt(((y - shift) ** 2).mean()))
    if scale <= _EQUAL * np.abs(y).max():
        scale = 0.0
    z = (y - shift) / (scale or 1.0)
    ways = [_regression(x.astype(np.float64), z), _regression(unit(x).astype(np.float64), z)]
    directions = ways[1].evidence > ways[0].evidence - _EVEN
    best = ways[directions]
    return NumberHead(
        weights=best.weights.astype(np.float32),
        centre=best.centre.astype(np.float32),
        known=best.known.astype(np.float32),
        reach=best.reach,
        penalty=best.penalty,
        noise=best.noise,
        shift=shift,
        scale=scale,
        directions=directions,
        labels=len(y),
    )


def _regression(x: F64, y: F64) -> _Fitted:
    """Ridge regression of y [m], mean zero, on x [m, d], for every penalty at once in the axes of the singular vectors."""
    m, d = x.shape
    centre = x.mean(axis=0)
    x = x - centre
    reach = float(np.sqrt((x**2).sum() / m)) or 1.0
    # The smaller of both products: as exact as ridge needs, since the least penalty outweighs what squaring loses.
    if m <= d:
        square, left = np.linalg.eigh(x @ x.T / reach**2)
    else:
        square, right = np.linalg.eigh(x.T @ x / reach**2)
    kept = square > max(1e-10 * square.max(initial=0), 1e-300)
    square = square[kept]
    root = np.sqrt(square)
    if m <= d:
        left = left[:, kept]
        right = x.T @ left / (reach * root)
    else:
        right = right[:, kept]
        left = x @ right / (reach * root)
    along = left.T @ y
    outside = max(float(y @ y - along @ along), 0.0)
    # Per penalty: what is left of y, and the evidence with noise and mean integrated out.
    share = square / (square + _PENALTIES[:, None])
    rest = outside + (along**2 * (1 - share)).sum(axis=1)
    free = max(m - 1, 1)
    evidence = 0.5 * np.log1p(-share).sum(axis=1) - 0.5 * free * np.log(np.maximum(rest, 1e-12 * m))
    evidence -= 0.5 * (np.log(_PENALTIES / _USUAL) / _WIDE) ** 2
    best = int(evidence.argmax())
    penalty, share = float(_PENALTIES[best]), share[best]
    residual = y - left @ (share * along)
    leverage = np.minimum(1 / m + (left**2 * share).sum(axis=1), 1 - 1e-6)
    left_out = float((residual**2 / (1 - leverage)).sum()) if m > 1 else 0.0
    noise = (left_out + _GUESS * float(rest[best]) / free) / (m + _GUESS)
    # The noise is an estimate itself: a wider tail, as of Student's t. What weights took from the labels counts half, because
    # the penalty was chosen on the same labels (measured).
    spare = max(free - 0.5 * float(share.sum()), 1.0)
    noise *= (spare + 2) / spare
    return _Fitted(
        float(evidence[best]), penalty, noise, right @ (root * along / (square + penalty)), right * np.sqrt(share), centre, reach
    )


def predict(head: NumberHead, vectors: Floats, *, rows: Ints | None = None) -> tuple[F32, F32]:
    """Expected numbers, float32 [n], and their standard deviations, float32 [n], of all vectors or of these rows.

    A standard deviation holds the noise of a label and what is unknown of the line, more where nothing like it was labeled. It
    is infinite as long as all labels are equal: nothing tells yet how far numbers lie apart.
    `vectors` may be a float16 memmap: it is read 512 rows at a time. Raises InputError for other dims than the head's, and NaN.
    """
    n = len(vectors) if rows is None else len(rows)
    mean, sd = np.empty(n, dtype=np.float32), np.full(n, np.inf, dtype=np.float32)
    both = np.concatenate([head.known, head.weights[:, None]], axis=1)

    def work(part: slice, x: F32) -> None:
        x = ((unit(x) if head.directions else x) - head.centre) / np.float32(head.reach)
        product = x @ both
        mean[part] = head.shift + head.scale * product[:, -1].astype(np.float64)
        if head.scale:
            unexplored = np.maximum(np.einsum("ij,ij->i", x, x) - np.square(product[:, :-1]).sum(axis=1), 0)
            sd[part] = head.scale * np.sqrt(head.noise * (1 + 1 / head.labels + unexplored.astype(np.float64) / head.penalty))

    through(vectors, len(head.weights), rows, work)
    return mean, sd


def _check_values(vectors: Floats, values: npt.NDArray[Any]) -> F64:
    values = np.asarray(values)
    if vectors.ndim != 2 or values.ndim != 1 or len(values) != len(vectors):
        raise InputError(f"one number per vector: received {list(values.shape)} for vectors {list(vectors.shape)}")
    if not len(values):
        raise InputError("there are no labels yet: a head needs at least one, so label a seed set first")
    if not np.issubdtype(values.dtype, np.floating) and not np.issubdtype(values.dtype, np.integer):
        raise InputError(f"labels of this head are numbers, received {values.dtype}")
    y = values.astype(np.float64)
    if not (np.abs(y) <= _LARGEST).all():
        bad = int(np.flatnonzero(~(np.abs(y) <= _LARGEST))[0])
        raise InputError(f"label {bad} is {values[bad]}: labels are finite numbers no larger than {_LARGEST:g}")
    return y
