"""Loop: the whole cycle in memory, for notebooks and simulation. rounds.py makes the same calls on what the store holds."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from modicum.engine import heads
from modicum.engine.arrays import Floats, Ints
from modicum.engine.heads import Head
from modicum.engine.pool import Pool
from modicum.engine.routing import ROUTES, plan
from modicum.engine.solve import SEMI, Semi
from modicum.engine.step import ask, from_neighbours, learn
from modicum.engine.survey import Survey, survey
from modicum.errors import InputError
from modicum.types import Route


class Loop:
    """Label a few, learn, ask for the next: vectors [n, d] (float16 to float64, may be a memmap) and the names of the classes.

        loop = Loop(vectors, ["cat", "dog"])
        ids = loop.query(20)               # row numbers, the most useful first
        loop.teach(ids, ["cat", ...])      # names or class ids
        loop.predict_proba()               # float32 [n, classes], calibrated
        loop.route()                       # one Route per row

    `ids` gives the rows names of your own (whole numbers, each once). `semi` says how unlabeled rows take part in learning:
    "spread" (label spreading), "poisson" (Poisson learning, which also pre-labels: for groups no straight line parts), "self"
    (the head's own sure predictions) or "off". Everything random follows from `seed` and the number of the turn, so the same
    answers give the same questions. Raises InputError for vectors that are not finite.
    """

    def __init__(
        self,
        vectors: npt.ArrayLike,
        classes: Sequence[str],
        *,
        strategy: str = "auto",
        seed_strategy: str = "typical",
        semi: Semi = "spread",
        validate_above: float = 0.9,
        seed: int = 0,
        ids: npt.ArrayLike | None = None,
    ) -> None:
        self.vectors: Floats = np.asanyarray(vectors)
        if not np.issubdtype(self.vectors.dtype, np.floating):
            self.vectors = self.vectors.astype(np.float32)
        if self.vectors.ndim != 2 or not self.vectors.size:
            raise InputError(f"vectors are [n, d], at least one row, received {list(self.vectors.shape)}")
        self.classes = tuple(classes)
        if len(self.classes) < 2 or len(set(self.classes)) != len(self.classes):
            raise InputError(f"at least two classes, each name once; received {list(self.classes)}")
        self.ids: Ints = np.arange(len(self.vectors)) if ids is None else np.asarray(ids, dtype=np.int64)
        if self.ids.shape != (len(self.vectors),) or len(np.unique(self.ids)) != len(self.ids):
            raise InputError(f"ids name each of the {len(self.vectors)} rows once, received {list(self.ids.shape)}")
        if semi not in SEMI:
            raise InputError(f"semi is one of {', '.join(SEMI)}; received {semi!r}")
        self.strategy, self.seed_strategy, self.semi = strategy, seed_strategy, semi
        self.validate_above, self.seed, self.turn = validate_above, seed, 0
        self.head: Head | None = None
        self._row = {int(item): row for row, item in enumerate(self.ids)}
        self._labels = np.full(len(self.vectors), -1, dtype=np.int64)
        self._asked = np.zeros(len(self.vectors), dtype=np.bool_)
        self._telling = np.zeros(len(self.vectors), dtype=np.bool_)
        self._proba: npt.NDArray[np.float32] | None = None
        self._stale = False
        self._survey: Survey | None = None

    @property
    def labels(self) -> dict[int, str]:
        """What was taught so far, by id."""
        return {int(self.ids[row]): self.classes[self._labels[row]] for row in np.flatnonzero(self._labels >= 0)}

    def query(self, n: int) -> Ints:
        """Ids of up to `n` unlabeled rows to label next, the most useful first; fewer when fewer are left."""
        if n < 1:
            raise InputError(f"at least 1 row can be asked for, received {n}")
        self._learn()
        rng = np.random.default_rng([self.seed, self.turn, 1])
        pool = self._pool()
        _, selection = ask(self.strategy, self.seed_strategy, pool, n, rng)
        self._asked[pool.rows[selection.indices]] = True
        return pool.ids[selection.indices]

    def teach(self, ids: npt.ArrayLike, labels: Sequence[str] | Sequence[int] | Ints) -> None:
        """Labels, names or class ids, of these rows. Teaching a row again replaces its label; on an error nothing is taught."""
        taught = np.asarray(ids).reshape(-1)
        if len(taught) != len(labels):
            raise InputError(f"one label per id: received {len(labels)} labels for {len(taught)} ids")
        rows, codes = [], []
        for position, (item, label) in enumerate(zip(taught, labels, strict=True)):
            if int(item) not in self._row:
                raise InputError(f"no row has the id {item}", path=f"$.ids[{position}]")
            rows.append(self._row[int(item)])
            codes.append(self._code(label, position))
        self._labels[rows] = codes
        # Rows nobody asked about, once questions are asked, are those the caller found easy: they say nothing of the others.
        self._telling[rows] = self._asked[rows] | (not self._asked.any())
        self._stale = True

    def predict_proba(self, vectors: Floats | None = None) -> npt.NDArray[np.float32]:
        """Calibrated probabilities float32 [n, classes] of every row, or of other vectors [n, d].

        All equal while fewer than two classes have a label.
        """
        self._learn()
        if self.head is None:
            n = len(self.vectors if vectors is None else vectors)
            return np.full((n, len(self.classes)), 1 / len(self.classes), dtype=np.float32)
        if vectors is not None:
            return heads.predict_proba(self.head, vectors)
        return heads.predict_proba(self.head, self.vectors) if self._proba is None else self._proba.copy()

    def predict(self) -> list[str]:
        """The likeliest class of every row."""
        return [self.classes[code] for code in self.predict_proba().argmax(axis=1)]

    def route(self) -> list[Route | None]:
        """What happens to every row next: validate or hold; none for rows that carry a label."""
        self._learn()
        routes: list[Route | None] = [None] * len(self.vectors)
        pool = self._pool()
        for row, code in zip(pool.rows, plan(pool, validate_above=self.validate_above), strict=True):
            routes[row] = ROUTES[code]
        return routes

    def _learn(self) -> None:
        """Learn and predict, if something was taught since the last time."""
        if not self._stale:
            return
        rows = np.flatnonzero(self._labels >= 0)
        rng = np.random.default_rng([self.seed, self.turn + 1, 0])
        known, labels = self._known(), self._labels[rows]
        telling = self._telling[rows]
        self.head = learn(
            self.vectors, rows, labels, len(self.classes), rng, warm=self.head, semi=self.semi, known=known, telling=telling
        )
        self._proba = None if self.head is None else heads.predict_proba(self.head, self.vectors)
        if self._proba is not None and self.semi == "poisson":
            self._proba = from_neighbours(self._proba, known, self.vectors, rows, labels, self.semi)
        self.turn += 1
        self._stale = False

    def _known(self) -> Survey:
        """What the vectors tell without labels; looked at once."""
        if self._survey is None:
            self._survey = survey(self.vectors, np.random.default_rng([self.seed, 0, 2]))
        return self._survey

    def _pool(self) -> Pool:
        free, known = np.flatnonzero(self._labels < 0), np.flatnonzero(self._labels >= 0)
        proba = None if self._proba is None else self._proba.take(free, axis=0)
        return Pool(self.ids[free], self.vectors, free, proba, known, self._labels[known], survey=self._survey)

    def _code(self, label: object, position: int) -> int:
        if isinstance(label, str) and label in self.classes:
            return self.classes.index(label)
        if isinstance(label, (int, np.integer)) and 0 <= label < len(self.classes):
            return int(label)
        allowed = f"one of {', '.join(self.classes)}, or a class id in 0..{len(self.classes) - 1}"
        raise InputError(f"{label!r} is no class of this loop; allowed is {allowed}", path=f"$.labels[{position}]")
