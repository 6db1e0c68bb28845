"""What tells of an item, before anybody looked at it, that its class may be new: several scores that fail in different places.

Everything is relative to the classes that are known, mixed as they are mixed in the batch: more of a known class is no novelty.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh
from scipy.sparse import csr_array

from modicum.engine.arrays import F32, F64, Floats, Ints, gather, unit
from modicum.engine.propagate import graph, neighbours
from modicum.engine.pursuit import softmax, total_score
from modicum.engine.survey import frame
from modicum.errors import InputError

NEIGHBOURS = 15
_MOST = 12_000  # reference items that are looked at: more tell no more and cost a pass each
_FRAME = 10_000  # vectors from which centre and axes follow
_ROWS = 1_024
_WIDTHS = (10.0, 20.0, 40.0)  # of kernels exp(w cos), from wide to narrow: which one fits depends on the encoder
_TENTH = 10
_REACH = (
    64  # reference items among which the tenth is looked for: with weights below 10/64 it lies farther, which may stay unsaid
)
_PENALTY = 0.002  # of the two-sample regression, per batch item
TINY = 1e-300
_SHRINK = 0.1
_CLIP = 6.0  # in robust standard deviations


@dataclass(frozen=True, eq=False)
class Scene:
    """A reference and a batch in one frame, and what follows from them alone.

    batch float32 [n, a] and reference float32 [m, a], ordered by class, at length one; weights [m]: how many batch items each
    reference item stands for; width: of the kernel exp(width (cos - 1)) that tells known classes apart best; links [n, n]:
    weights of neighbours inside the batch, rows summing to one; within [n, n]: weights inside the batch of the graph of batch and
    reference together, degree [n]: all its weights; rest [n] and known_rest [m]: log sum of the scores of a softmax of the known
    classes, for batch and reference; known [n]: expected kernel mass of the known classes; classes and own [n, 3]: mean kernel to
    the nearest class and to the batch, for three widths; far [n, 2]: distance to the tenth neighbour in reference and batch;
    doubt [n]: entropy of the known classes; normal [a + 1, a + 1] and right [a + 1]: the two-sample regression; inner [n, a]:
    whitened batch vectors, nearest and outer [n]: their squared distances to a class and to the middle.
    """

    batch: F32
    reference: F32
    weights: F64
    width: float
    links: csr_array
    within: csr_array
    degree: F64
    rest: F32
    known_rest: F32
    known: F64
    classes: F64
    own: F64
    far: F64
    doubt: F64
    normal: F64
    right: F64
    inner: F32
    nearest: F64
    outer: F64

    @property
    def column(self) -> int:
        """Which of the three widths is `width`."""
        return _WIDTHS.index(self.width)

    def kernels(self, rows: Ints) -> F64:
        """Kernels of all three widths between all of the batch and these items of it, [n, k, 3]."""
        cos = self.cos(rows)
        return np.stack([np.exp(width * (cos - 1), dtype=np.float64) for width in _WIDTHS], axis=2)

    def cos(self, rows: Ints) -> F32:
        """Cosines of all of the batch with these items of it, [n, k]."""
        product: F32 = self.batch @ self.batch[rows].T
        return product


@dataclass(frozen=True, eq=False)
class Group:
    """Items [k] of the batch found to be of one new class, how many it is thought to have, and the mean kernel to them [n, 3]."""

    rows: Ints
    size: float
    kernel: F64


def signs(seen: Scene, groups: Sequence[Group] = ()) -> F64:
    """Signs of novelty [n, 6], each with median 0 and spread 1; higher means that neither a known class nor a group explains it.

    Columns: kernel density of the batch against that of the nearest class; distances to the tenth neighbour, batch against
    reference; a regression of batch against reference; relative Mahalanobis distance; distance from every class; doubt between
    the known classes. Neighbours speak for each other in all but the fourth and fifth, which find what has no neighbours.
    """
    classes, far, nearest = seen.classes, seen.far[:, 0], seen.nearest
    for group in groups:
        classes = np.maximum(classes, group.kernel)
        if len(group.rows) > 1:
            centre = seen.inner[group.rows].mean(axis=0)
            nearest = np.minimum(nearest, ((seen.inner - centre) ** 2).sum(axis=1))
        far = np.minimum(far, np.maximum(0, 1 - seen.cos(group.rows).max(axis=1)))
    ratio = np.log(np.maximum(seen.own, TINY)) - np.log(np.maximum(classes, TINY))
    density = sum(standard(smooth(seen.links, column)) for column in ratio.T) / ratio.shape[1]
    distance = np.log(np.maximum(far, 1e-6)) - np.log(np.maximum(seen.far[:, 1], 1e-6))
    strange = -sum(standard(column) for column in np.log(np.maximum(classes, TINY)).T)
    columns = (
        density,
        smooth(seen.links, distance),
        smooth(seen.links, _two_sample(seen, groups)),
        nearest - seen.outer,
        np.asarray(strange),
        smooth(seen.links, seen.doubt),
    )
    return np.stack([standard(np.asarray(column)) for column in columns], axis=1)


def _two_sample(seen: Scene, groups: Sequence[Group]) -> F64:
    """Ridge regression of batch (1) against the reweighted reference and groups (0), each batch item left out, [n]."""
    normal, design = seen.normal, with_one(seen.batch)
    for group in groups:
        rows = design[group.rows].astype(np.float64)
        normal = normal + group.size / len(group.rows) * rows.T @ rows
    inverse = cho_solve(cho_factor(normal), np.eye(len(normal)))
    pull = design @ inverse.astype(np.float32)
    leverage = np.einsum("ij,ij->i", pull, design)
    return np.asarray((pull @ seen.right.astype(np.float32) - leverage) / np.maximum(1 - leverage, 1e-3), dtype=np.float64)


def check(reference: Floats, labels: Ints, batch: Floats) -> Ints:
    """Labels as int64. Raises InputError when the three do not fit each other."""
    for name, x in (("reference", reference), ("batch", batch)):
        if x.ndim != 2 or not np.issubdtype(x.dtype, np.floating) or not x.shape[1]:
            raise InputError(f"{name} vectors are floats [n, d], received {x.dtype} {list(x.shape)}")
    labels = np.asarray(labels)
    if labels.shape != reference.shape[:1] or not (np.issubdtype(labels.dtype, np.integer) or not labels.size):
        raise InputError(
            f"one class id per reference vector: received {labels.dtype} {list(labels.shape)} for {len(reference)} vectors"
        )
    if not len(reference):
        raise InputError("the reference is empty: what is new follows from what is known, so label some items first")
    if reference.shape[1] != batch.shape[1]:
        raise InputError(
            f"the reference has {reference.shape[1]} dims and the batch {batch.shape[1]}: embed both with the same encoder"
        )
    return labels.astype(np.int64, copy=False)


def thinned(labels: Ints, most: int, rng: np.random.Generator) -> Ints:
    """Rows, ascending, of at most about `most` items, every class keeping its share and none fewer than two items."""
    if len(labels) <= most:
        return np.arange(len(labels))
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    counts = np.unique(labels, return_counts=True)[1]
    kept = np.minimum(counts, np.maximum(2, np.round(counts * most / len(labels)).astype(np.int64)))
    place = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(order[place < np.repeat(kept, counts)])


def scene(reference: Floats, labels: Ints, batch: Floats, rng: np.random.Generator) -> Scene:
    """Look at a batch [n, d], n >= 1, beside a labeled reference [m, d]. Raises InputError for what does not fit, and for NaN."""
    labels = check(reference, labels, batch)
    rows = thinned(labels, _MOST, rng)
    codes = np.unique(labels[rows], return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    known, codes, new = gather(reference, rows[order]), codes[order], gather(batch)
    some = [x[rng.permutation(len(x))[: _FRAME // 2]] for x in (known, new)]
    seen = frame(np.concatenate(some))
    # Along the first axes only a part of each vector is left; at length one again, products are cosines.
    x, r = unit(seen.place(new)), unit(seen.place(known))
    width = _width(r, codes, rng)
    by_class, classes, own, near, far = _passes(x, r, codes, width)
    share = _shares(by_class)
    posterior = by_class * share
    mass = posterior.sum(axis=1)
    posterior /= np.maximum(mass, TINY)[:, None]
    weights = len(x) * (share / np.bincount(codes))[codes]
    design, other = with_one(x), with_one(r)
    apart = ((other * weights[:, None].astype(np.float32)).T @ other).astype(np.float64) + np.eye(design.shape[1])
    normal = apart + design.T @ design
    normal[np.diag_indices(len(normal))] += _PENALTY * len(x)
    inner, nearest, outer = mahalanobis(x, r, codes)
    reach = np.stack([_reach(near, weights), far], axis=1)
    doubt = -(posterior * np.log(np.maximum(posterior, 1e-12))).sum(axis=1)
    right = design.sum(axis=0, dtype=np.float64)
    within, degree = _joint(x, r)
    head, known_rest = softmax(r, codes)
    rest = total_score(x, head)
    return Scene(
        batch=x,
        reference=r,
        weights=weights,
        width=width,
        links=_links(x),
        within=within,
        degree=degree,
        rest=rest,
        known_rest=known_rest,
        known=len(x) * mass,
        classes=classes,
        own=own,
        far=reach,
        doubt=doubt,
        normal=normal,
        right=right,
        inner=inner,
        nearest=nearest,
        outer=outer,
    )


def smooth(links: csr_array, values: F64) -> F64:
    """Half an item's own value, half its neighbours'."""
    return np.asarray((values + links @ values) / 2, dtype=np.float64)


def standard(values: F64) -> F64:
    """Values [n] less their median, in units of their spread, cut at six: a few extremes change nothing for the others."""
    middle = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - middle))
    if spread <= 1e-12:
        spread = max(float(values.std()), 1e-12)
    return np.asarray(np.clip((values - middle) / spread, -_CLIP, _CLIP), dtype=np.float64)


def with_one(x: F32) -> F32:
    """Rows [n, a] with a column of ones behind them."""
    return np.concatenate([x, np.ones((len(x), 1), dtype=np.float32)], axis=1)


def _width(r: F32, codes: Ints, rng: np.random.Generator) -> float:
    """The kernel width under which the classes of reference items are likeliest, each left out (cross-validation)."""
    if codes.max() == 0:
        return _WIDTHS[0]
    rows = rng.permutation(len(r))[:_ROWS]
    cos = r[rows] @ r.T
    starts = _starts(codes)
    loss = []
    for width in _WIDTHS:
        weight = np.exp(width * (cos - 1))
        weight[np.arange(len(rows)), rows] = 0
        mass = np.add.reduceat(weight, starts, axis=1) + 1e-12 * np.exp(-width)
        loss.append(float(-np.log(mass[np.arange(len(rows)), codes[rows]] / mass.sum(axis=1)).mean()))
    return _WIDTHS[int(np.argmin(loss))]


def _starts(codes: Ints) -> Ints:
    return np.flatnonzero(np.diff(codes, prepend=-1))


_Near = tuple[Ints, F32]


def _passes(x: F32, r: F32, codes: Ints, width: float) -> tuple[F64, F64, F64, _Near, F64]:
    """One pass over all cosines, in blocks: mean kernel of `width` to each class [n, c], kernels to the nearest class and to the
    rest of the batch [n, 3], the reference items nearest to each with their distances [n, k], the tenth distance in the batch."""
    n, counts, starts = len(x), np.bincount(codes), _starts(codes)
    by_class, classes, own = np.empty((n, len(counts))), np.empty((n, len(_WIDTHS))), np.empty((n, len(_WIDTHS)))
    k, tenth = min(_REACH, len(r)), min(_TENTH, n - 1)
    near, gap, far = np.empty((n, k), dtype=np.int64), np.empty((n, k), dtype=np.float32), np.zeros(n)
    for start in range(0, n, _ROWS):
        part = slice(start, min(start + _ROWS, n))
        cos = x[part] @ r.T
        found = np.argpartition(-cos, k - 1, axis=1)[:, :k]
        found = np.take_along_axis(found, np.argsort(-np.take_along_axis(cos, found, axis=1), axis=1), axis=1)
        near[part], gap[part] = found, 1 - np.take_along_axis(cos, found, axis=1)
        for i, one in enumerate(_WIDTHS):
            mean = np.add.reduceat(np.exp(one * (cos - 1)), starts, axis=1) / counts
            classes[part, i] = mean.max(axis=1)
            if one == width:
                by_class[part] = mean
        cos = x[part] @ x.T
        cos[np.arange(len(cos)), np.arange(part.start, part.stop)] = -np.inf
        for i, one in enumerate(_WIDTHS):
            own[part, i] = np.exp(one * (cos - 1)).sum(axis=1, dtype=np.float64) / max(n - 1, 1)
        if tenth:
            far[part] = 1 + np.partition(-cos, tenth - 1, axis=1)[:, tenth - 1]
    return by_class, classes, own, (near, gap), far


def _reach(near: _Near, weights: F64) -> F64:
    """The distance within which the reference, reweighted, has ten items [n]."""
    full = np.cumsum(weights[near[0]], axis=1) >= _TENTH
    place = np.where(full.any(axis=1), full.argmax(axis=1), near[0].shape[1] - 1)
    return np.asarray(near[1][np.arange(len(place)), place], dtype=np.float64)


def _shares(by_class: F64) -> F64:
    """Shares of the known classes in the batch [c], by EM on their densities [n, c] (Saerens, Latinne & Decaestecker 2002)."""
    n, c = by_class.shape
    share = np.full(c, 1 / c)
    scaled = by_class / np.maximum(by_class.max(axis=1, keepdims=True), TINY)
    for _ in range(20):
        mass = scaled * share
        mass /= np.maximum(mass.sum(axis=1, keepdims=True), TINY)
        share = (mass.sum(axis=0) + 1) / (n + c)
    return share


def _links(x: F32) -> csr_array:
    """Neighbour weights inside the batch, rows summing to one; an item without neighbours has none."""
    weights = graph(neighbours(x, NEIGHBOURS))
    total = np.asarray(weights.sum(axis=1))
    data = weights.data / np.maximum(np.repeat(total, np.diff(weights.indptr)), 1e-12)
    return csr_array((data, weights.indices, weights.indptr), shape=weights.shape)


def _joint(x: F32, r: F32) -> tuple[csr_array, F64]:
    """The neighbour graph of batch and reference together: its part inside the batch [n, n], and the degrees there [n]."""
    n = len(x)
    both = graph(neighbours(np.concatenate([x, r]), NEIGHBOURS))[:n]
    return csr_array(both[:, :n]), np.asarray(both.sum(axis=1), dtype=np.float64)


def mahalanobis(x: F32, r: F32, codes: Ints) -> tuple[F32, F64, F64]:
    """The batch whitened by the covariance inside classes [n, a], its least squared distance there to a class [n], and that to
    the middle of everything [n]: their difference is the relative Mahalanobis distance (Ren et al. 2021)."""
    counts = np.bincount(codes)
    mean = np.add.reduceat(r, _starts(codes), axis=0) / counts[:, None].astype(np.float32)

    def whitening(e: Floats) -> F32:
        cov = (e.T @ e).astype(np.float64) / max(len(e), 1)
        cov[np.diag_indices(len(cov))] += _SHRINK * np.trace(cov) / len(cov) + 1e-9
        values, axes = eigh(cov)
        return np.asarray(axes / np.sqrt(values), dtype=np.float32)

    middle = r.mean(axis=0)
    spread = r - mean[codes] if len(r) > len(counts) else r - middle
    inner = whitening(spread)
    z, m = x @ inner, mean @ inner
    square, nearest = np.einsum("ij,ij->i", m, m), np.empty(len(x))
    for start in range(0, len(x), _ROWS):
        part = slice(start, start + _ROWS)
        nearest[part] = (square - 2 * z[part] @ m.T).min(axis=1)
    away = (x - middle) @ whitening(r - middle)
    return z, nearest + np.einsum("ij,ij->i", z, z), np.einsum("ij,ij->i", away, away).astype(np.float64)
