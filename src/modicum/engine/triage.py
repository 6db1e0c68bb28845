"""Find what is new in a batch: ask where novelty is likeliest, learn from every answer, say what is left and when to stop.

An active search (Garnett et al. 2012) in two modes. *Following*: a logistic model of what was found, over signs of novelty
(novelty.py) and over nearness to the answers, learns which of them to trust. *Exploring*: the same signs, once what was found is
counted as known, with the ones that led to new kinds before asked most (Thompson 1933). The likelier of both goes next.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_expit, logsumexp

from modicum.engine.arrays import F64, Floats, Ints
from modicum.engine.cores import one_core
from modicum.engine.novelty import Group, Scene, check, scene, signs, with_one
from modicum.engine.pursuit import Rival, rival, spread
from modicum.errors import InputError
from modicum.types import Interval

# Ways to explore: all signs, those that need company, those that need none, and the one that scattered items stand out by.
_LOOKS = ((0, 1, 2, 3, 4, 5), (0, 1, 2), (3, 4), (3,))
_TRUST = (0.15,) * 6 + (0.3, 0.4, 0.7)  # weights before any answer: signs of novelty, then the three of nearness to answers
_DOUBT = (0.15,) * 6 + (0.3, 0.3, 0.3)  # standard deviation of the weights around that
_RARE, _RARE_DOUBT = -1.0, 2.0  # the offset: novelty is rare
# Hits and misses of each before it was tried: the last is for when the others fail.
_START = ((0.3, 0.3),) * 3 + ((0.1, 0.3),)
_BACKGROUND, _ORDINARY = 2_000, 0.3  # items without an answer that are learned from, and the weight of one as known
_TURNS = 5  # of fitting, each trusting less that what looks new is known
_FADE = 0.85  # an attempt to explore counts that much after the next one
_FLOOR = 0.1  # hits and misses never fade below that: even what never worked is tried again
_NONE_AFTER = (5, 60, 80)  # with nothing found: stop after n / 80 answers, at least 5, at most 60
_UNLIKELY = (0.1, 0.05)  # chances of a hit, by following and by exploring, below which asking on is not advised
_UNSURE = 1.5  # of the logarithm of what is left, after one find; it shrinks with their square root
_LIFT = 10  # how much oftener than at random what looks newest is new, at least
_HIT, _MISS = np.array([1.0, 0.0]), np.array([0.0, 1.0])
_SHIFT = 1.0  # standard deviation of what log odds are corrected by
_DRAWS = 200
_FAR = 12.0  # log odds at which nearness to what was found is cut
_AT_ONCE = 100  # answers summed up in one piece
_TAKEN_FOR = -3.0  # log odds
_NEAR_ASKED = 4.0  # how far exploring keeps away from the neighbours of what was asked


@dataclass(frozen=True, eq=False)
class _Belief:
    """Weights of the model [f + 1] with their covariance, and the features of every batch item [n, f + 1]."""

    weights: F64
    covariance: F64
    features: F64

    @property
    def chance(self) -> F64:
        return np.asarray(expit(self.features @ self.weights), dtype=np.float64)


class Triage:
    """Which of a batch to look at, for its new classes.

    `reference_vectors` float [m, d] with class ids `reference_labels` int [m] are known; `batch_vectors` float [n, d] come from
    the same encoder; all may be float16 memmaps. A label that is not among the reference labels is a new class. Chance comes
    from `rng`. Raises InputError for vectors of different dims, NaN, or an empty reference; an empty batch is finished at once.
    """

    def __init__(
        self, reference_vectors: Floats, reference_labels: Ints, batch_vectors: Floats, rng: np.random.Generator
    ) -> None:
        labels = check(reference_vectors, reference_labels, batch_vectors)
        self.n = len(batch_vectors)
        self.known_classes = np.unique(labels)
        self._known = frozenset(int(c) for c in self.known_classes)
        self._rng = rng
        self._answers: dict[int, int] = {}
        self._mass: dict[int | None, F64] = {}  # summed kernels to the answers of each new class [n, 3]; None: of all known ones
        self._explored: dict[int, int] = {}  # items asked for to explore, and the way that led there
        self._tries = [np.array(pair) for pair in _START]  # hits and misses of each way to explore
        self._foreseen: dict[int, float] = {}  # log odds of a find that answers to what was followed had before
        self._belief: _Belief | None = None
        self._fitted: dict[int, Rival] = {}
        self._strange: F64 | None = None
        if self.n:
            with one_core():
                self._scene: Scene = scene(reference_vectors, labels, batch_vectors, rng)
                self._signs = signs(self._scene)

    # --- asking ---------------------------------------------------------------------------------------------------------

    @one_core()
    def query(self, n: int) -> Ints:
        """Up to `n` indices of batch items to ask about next, the most promising first; fewer when no more are left.

        Asking the same again without an answer in between may name other items. Raises InputError for n < 1.
        """
        if n < 1:
            raise InputError(f"at least 1 item can be asked for, received {n}")
        free = np.ones(self.n, dtype=bool)
        free[list(self._answers)] = False
        follow = np.where(free, self._model().chance, -1.0) if len(self.found) else np.full(self.n, -1.0)
        tries = [pair.copy() for pair in self._tries]
        picked: list[int] = []
        while len(picked) < min(n, self.n - len(self._answers)):
            best = int(follow.argmax())
            if follow[best] >= self._luck(tries) and follow[best] >= 0:
                item = best
                self._explored.pop(item, None)
            else:
                look = int(np.argmax([self._rng.beta(*pair) for pair in tries]))
                item = self._strangest(look, free, picked)
                tries[look] = np.maximum(tries[look] * _FADE, _FLOOR) + _MISS
                self._explored[item] = look
            picked.append(item)
            free[item], follow[item] = False, -1.0
        return np.array(picked, dtype=np.int64)

    @one_core()
    def tell(self, indices: Ints, labels: Ints) -> None:
        """The classes `labels` int [k] of batch items `indices` [k], whether asked for or not; the last answer of an item counts.

        Raises InputError for indices outside the batch, and when there is not one label per index.
        """
        rows, names = np.atleast_1d(np.asarray(indices)), np.atleast_1d(np.asarray(labels))
        if rows.ndim != 1 or rows.shape != names.shape:
            raise InputError(f"one label per item: received {list(names.shape)} labels for {list(rows.shape)} items")
        if not len(rows):
            return
        if not (np.issubdtype(rows.dtype, np.integer) and np.issubdtype(names.dtype, np.integer)):
            raise InputError(f"items and labels are whole numbers, received {rows.dtype} and {names.dtype}")
        if rows.min() < 0 or rows.max() >= self.n:
            raise InputError(f"items of this batch are 0..{self.n - 1}, received {rows.min()}..{rows.max()}")
        told = {int(row): int(name) for row, name in zip(rows, names, strict=True)}
        changed = [row for row, name in told.items() if self._answers.get(row, name) != name or row not in self._answers]
        kernels = self._scene.kernels(np.array(changed, dtype=np.int64)) if changed else np.empty((self.n, 0, 3))
        self._foresee(changed)
        for place, row in enumerate(changed):
            self._settle(row, told[row], kernels[:, place])
        self._belief = self._strange = None

    @one_core()
    def forget(self, indices: Ints) -> None:
        """Take back the answers about batch items `indices` int [k]; those that have none stay as they are."""
        rows = {int(row) for row in np.atleast_1d(indices)} & self._answers.keys()
        kinds = {self._kind(self._answers.pop(row)) for row in rows}
        for row in rows:
            self._foreseen.pop(row, None)
        for kind in kinds:  # summed up again: what a subtraction leaves of a small density is rounding, and logarithms magnify it
            self._mass.pop(kind)
            told = [row for row, label in self._answers.items() if self._kind(label) == kind]
            for start in range(0, len(told), _AT_ONCE):
                part = self._scene.kernels(np.array(told[start : start + _AT_ONCE], dtype=np.int64)).sum(axis=1)
                self._mass[kind] = self._mass.get(kind, np.zeros((self.n, 3))) + part
        if rows:
            self._fitted.clear()
            self._belief = self._strange = None

    def _settle(self, row: int, label: int, kernel: F64) -> None:
        if row in self._answers:
            self._fitted.clear()
            self._mass[self._kind(self._answers[row])] -= kernel
        self._answers[row] = label
        kind = self._kind(label)
        self._mass[kind] = self._mass.get(kind, np.zeros((self.n, 3))) + kernel
        look = self._explored.pop(row, None)
        if look is not None:
            self._tries[look] = np.maximum(self._tries[look] * _FADE, _FLOOR) + (_MISS if kind is None else _HIT)

    def _foresee(self, rows: list[int]) -> None:
        """Keep the odds of a find that answers had before they came, of items that were followed."""
        if self._belief is not None:
            followed = [row for row in rows if row not in self._answers and row not in self._explored]
            odds = self._belief.features[followed] @ self._belief.weights
            self._foreseen.update(zip(followed, odds.tolist(), strict=True))

    def _kind(self, label: int) -> int | None:
        """The new class itself; None for every known one."""
        return None if label in self._known else label

    # --- what is known so far -------------------------------------------------------------------------------------------

    @property
    def asked(self) -> int:
        """Answers so far."""
        return len(self._answers)

    @property
    def found(self) -> Ints:
        """Batch items [k] whose answers were new classes, in the order of the answers."""
        return np.array([row for row, label in self._answers.items() if self._kind(label) is not None], dtype=np.int64)

    @one_core()
    def chances(self) -> F64:
        """The chance of each batch item [n] to be of a new class that was found, 0 or 1 where it was answered."""
        answer = self._model().chance if self.n and len(self.found) else np.zeros(self.n)
        answer[list(self._answers)] = 0
        answer[self.found] = 1
        return answer

    @one_core()
    def remaining(self) -> Interval:
        """New items nobody has seen yet: expected number, 95% interval, and `n`, the items without an answer.

        The sum of the model's chances, with its own doubt (Laplace's approximation), the luck of single items, and the doubt
        whether the model itself is right, which shrinks with the finds; plus what exploring would still be expected to find in
        the next tenth of what was asked, and kinds nobody has met, as many as kinds met once and twice let expect (Chao 1984).
        With nothing found, a tenth of what asking at random would leave open. Where new items are scattered over many kinds it is
        still too low.
        """
        left = self.n - self.asked
        if not left:
            return Interval(mean=0.0, low=0.0, high=0.0, n=0)
        # Its own stream: looking at the estimate must not change what is asked next.
        rng = np.random.default_rng([self.n, self.asked])
        hits, misses = np.sum(self._tries, axis=0)
        luck = rng.beta(hits, misses, size=_DRAWS)
        if len(self.found):
            doubt = np.exp(_UNSURE / np.sqrt(1 + len(self.found)) * rng.standard_normal(_DRAWS))
            more = self._draws(rng, self._bolder()) * doubt + rng.poisson(luck * max(1.0, self.asked / 10)) + self._unmet(rng)
        else:
            more = left * rng.beta(0.5, 0.5 + self.asked, _DRAWS) / (_LIFT if self.asked else 1)
        totals = np.minimum(more, left)
        low, high = np.quantile(totals, [0.025, 0.975])
        mean = float(np.clip(totals.mean(), low, high))
        return Interval(mean=mean, low=float(np.floor(low)), high=float(np.ceil(high)), n=left)

    @property
    def finished(self) -> bool:
        """Whether asking on is not worth it: everything is answered, nothing was found in 5 to 60 answers (n / 80), or the next
        answer is a find with a chance below 0.1 by following and below 0.05 by exploring."""
        if self.asked == self.n:
            return True
        if not len(self.found):
            least, most, per = _NONE_AFTER
            return self.asked >= min(max(least, self.n // per), most)
        chance = self._model().chance
        chance[list(self._answers)] = 0
        following, exploring = _UNLIKELY
        return bool(chance.max() < following and self._luck(self._tries) < exploring)

    # --- how ------------------------------------------------------------------------------------------------------------

    @staticmethod
    def _luck(tries: list[F64]) -> float:
        """The chance that exploring finds something, in all ways together, as it went lately."""
        hits, misses = np.sum(tries, axis=0)
        return float(hits / (hits + misses))

    def _draws(self, rng: np.random.Generator, bolder: float = 0.0) -> F64:
        """Sums of the chances of items without an answer under weights drawn from the belief, log odds that much `bolder`, and
        luck added, [draws]."""
        if not len(self.found):
            return np.zeros(_DRAWS)
        belief = self._model()
        free = np.ones(self.n, dtype=bool)
        free[list(self._answers)] = False
        near = free & (belief.chance > 1e-4)
        weights = rng.multivariate_normal(belief.weights, belief.covariance, _DRAWS, method="cholesky")
        weights[:, -1] += bolder
        p = expit(belief.features[near] @ np.maximum(weights, [0.0] * (len(belief.weights) - 1) + [-np.inf]).T)
        sums = p.sum(axis=0) + rng.standard_normal(_DRAWS) * np.sqrt((p * (1 - p)).sum(axis=0))
        return np.asarray(np.maximum(sums, 0), dtype=np.float64)

    def _unmet(self, rng: np.random.Generator) -> F64:
        """Items of new classes nobody has met [draws], each class as large as those that were met."""
        _, sizes = np.unique([self._answers[int(row)] for row in self.found], return_counts=True)
        once, twice = int((sizes == 1).sum()), int((sizes == 2).sum())
        return np.asarray(sizes.mean() * rng.poisson(once * (once - 1) / 2 / (twice + 1), _DRAWS), dtype=np.float64)

    def _bolder(self) -> float:
        """What is to be added to log odds so that what was followed would have been foreseen to be found as often as it was."""
        odds = np.array(list(self._foreseen.values()))
        hits = np.array([self._kind(self._answers[row]) is not None for row in self._foreseen])

        def loss(shift: float) -> float:
            return float(shift**2 / 2 / _SHIFT**2 - log_expit(np.where(hits, 1, -1) * (odds + shift)).sum())

        return float(minimize_scalar(loss, bounds=(-4, 4), method="bounded").x) if len(odds) else 0.0

    def _strangest(self, look: int, free: npt.NDArray[np.bool_], picked: list[int]) -> int:
        """The free item that looks newest in this way, away from what is known after all and from what is asked already."""
        if self._strange is None:
            self._strange = signs(self._scene, self._groups()) if len(self.found) else self._signs
        seen = np.zeros(self.n)
        seen[[*self._answers, *picked]] = 1
        score = self._strange[:, list(_LOOKS[look])].mean(axis=1) - _NEAR_ASKED * (self._scene.links @ seen)
        return int(np.where(free, score, -np.inf).argmax())

    def _groups(self) -> list[Group]:
        """What was found, class by class, each with the number of items it is thought to have."""
        found = self.found
        names = np.array([self._answers[int(row)] for row in found])
        grown = 1 + float(self._draws(np.random.default_rng(0)).mean()) / len(found)
        answer = []
        for name in np.unique(names):
            rows = found[names == name]
            answer.append(Group(rows, grown * len(rows), self._mass[int(name)] / len(rows)))
        return answer

    def _model(self) -> _Belief:
        if self._belief is None:
            features, own = self._features()
            self._belief = _learn(features, own, np.array(list(self._answers), dtype=np.int64), self._is_new())
        return self._belief

    def _is_new(self) -> npt.NDArray[np.bool_]:
        return np.array([self._kind(label) is not None for label in self._answers.values()], dtype=bool)

    def _features(self) -> tuple[F64, F64]:
        """Signs and nearness of all items [n, 9], and the same of the answered ones without their own answer [k, 9]."""
        rows, new = np.array(list(self._answers), dtype=np.int64), self._is_new()
        nearness = (self._density(rows, new), self._rivals(rows), spread(self._scene.within, self._scene.degree, rows, new))
        features = np.stack([every for every, _ in nearness], axis=1)
        own = np.stack([theirs for _, theirs in nearness], axis=1)
        return np.concatenate([self._signs, features], axis=1), np.concatenate([self._signs[rows], own], axis=1)

    def _density(self, rows: Ints, new: npt.NDArray[np.bool_]) -> tuple[F64, F64]:
        """Log density of what was found against that of known classes and of what was known after all."""
        scene, column = self._scene, self._scene.column
        nothing = np.zeros((self.n, 3))
        found = np.sum([mass for kind, mass in self._mass.items() if kind is not None], axis=0)[:, column]
        known = scene.known + self._mass.get(None, nothing)[:, column]
        least = 1e-3 * np.exp(-scene.width)
        every = np.log(np.maximum(found, 0) + least) - np.log(known + least)
        theirs = np.log(np.maximum(found[rows] - new, 0) + least) - np.log(np.maximum(known[rows] - ~new, 0) + least)
        return np.clip(every, -_FAR, _FAR), np.clip(theirs, -_FAR, _FAR)

    def _rivals(self, rows: Ints) -> tuple[F64, F64]:
        """Log odds of the classes that were found against the known ones, all together."""
        seen = self._scene
        kinds = [self._kind(label) for label in self._answers.values()]
        found = sorted({kind for kind in kinds if kind is not None})
        for kind in found:
            member = np.array([one == kind for one in kinds])
            mine = self._fitted.get(kind)
            if mine is None or self._stale(mine, rows, member):
                self._fitted[kind] = rival(seen.batch, seen.rest, seen.reference, seen.known_rest, rows, member, mine)
        weights = np.stack([self._fitted[kind].weights for kind in found], axis=1)
        each = with_one(seen.batch) @ weights.astype(np.float32) - seen.rest[:, None]
        own = each[rows]
        for place, kind in enumerate(found):
            held = self._fitted[kind].own
            own[: len(held), place] = held  # later answers took no part in the fit
        every, theirs = (np.asarray(logsumexp(part, axis=1), dtype=np.float64) for part in (each, own))
        return np.clip(every, -_FAR, _FAR), np.clip(theirs, -_FAR, _FAR)

    def _stale(self, mine: Rival, rows: Ints, member: npt.NDArray[np.bool_]) -> bool:
        """Whether answers since this class was fitted say much about it: one in twenty, members or what was taken for them."""
        since = rows[len(mine.own) :]
        margin = with_one(self._scene.batch[since]) @ mine.weights.astype(np.float32) - self._scene.rest[since]
        return bool((member[len(mine.own) :] | (margin > _TAKEN_FOR)).sum() >= max(1, member.sum() / 20))


def _learn(features: F64, own: F64, rows: Ints, new: npt.NDArray[np.bool_]) -> _Belief:
    """Logistic regression of the answers [k] on their features [k, f], leaning to equal trust in all; no weight is negative.

    Nearly all answers are about strange items, so they alone do not tell what an ordinary one is. A sample of the items without
    an answer stands for those: as known, at 0.3 of the weight of an answer, less where the first fit takes them for new
    (learning from positive and unlabeled data, Elkan & Noto 2008).
    """
    every = np.column_stack([features, np.ones(len(features))])
    free = np.setdiff1d(np.arange(len(features)), rows)
    some = free[:: max(1, len(free) // _BACKGROUND)]
    x = np.concatenate([np.column_stack([own, np.ones(len(own))]), every[some]])
    side = np.concatenate([np.where(new, 1.0, -1.0), -np.ones(len(some))])
    ordinary = np.full(len(some), _ORDINARY * len(free) / max(len(some), 1))
    mean = np.array([*_TRUST, _RARE])
    precision = np.array([*(1 / doubt**2 for doubt in _DOUBT), 1 / _RARE_DOUBT**2])
    weights, counted = mean, np.ones(len(x))

    def loss(w: F64) -> tuple[float, F64]:
        margin, gap = side * (x @ w), w - mean
        slope = -x.T @ (counted * side * expit(-margin)) + precision * gap
        return float(-(counted * log_expit(margin)).sum() + (precision * gap**2).sum() / 2), slope

    bounds = [(0, None)] * len(_TRUST) + [(None, None)]
    for turn in range(_TURNS):
        doubt = expit(x[len(own) :] @ weights) if turn else np.zeros(len(some))
        counted = np.concatenate([np.ones(len(own)), ordinary * (1 - doubt)])
        weights = np.asarray(minimize(loss, weights, jac=True, method="L-BFGS-B", bounds=bounds).x, dtype=np.float64)
    chance = expit(x @ weights)
    curvature = (x * (counted * chance * (1 - chance))[:, None]).T @ x + np.diag(precision)
    return _Belief(weights, np.asarray(np.linalg.inv(curvature), dtype=np.float64), every)
