"""Planted items of a Validate page: wrong there on purpose, so that what people overlook can be counted."""

import numpy as np
import numpy.typing as npt

from modicum.engine.heads import Head, predict_proba
from modicum.home import Home
from modicum.store import arms, facts, projects, rounds, scores
from modicum.store.db import Database
from modicum.types import Project
from modicum.vectors import Vectors

TRIED = 2048  # items looked at for such as the model could take for the class: with 100 classes about 20 are found

Ints = npt.NDArray[np.int64]


def plants(db: Database, home: Home, project: Project, class_id: int, above: float, size: int) -> list[tuple[int, float]]:
    """(row, place) of the items to plant among `size` items of a class from this confidence on; none while nothing is certified.

    Their number is drawn at random, `policy.seeded_rate` of the page on average. They are items people settled as another
    class, for which this one is the model's second likeliest; when there are too few of those, unlabeled items whose
    likeliest class, another one, the model is sure of. `place`, from 0 to 1, says where on the page. The draw follows from
    the project's seed and what was planted before, so opening a page again shows the same items.
    """
    if project.policy.recognised == "off" or not project.policy.seeded_rate:
        return []
    known = scores.predictions(db, project.id)
    with db.read() as conn:
        stored = rounds.newest_head(conn, project.id)
        if known is None or stored is None:
            return []
        done = arms.tally(conn, project.id).pages.n
        waiting = facts.waiting(conn, project.id, len(known.classes), None)
        there = int((waiting & (known.classes == class_id) & (known.confidences >= np.float16(above))).sum())
        rng = np.random.default_rng([project.seed, class_id, done])
        wanted = int((rng.random(size) < project.policy.seeded_rate)[:there].sum())
        if not wanted:
            return []
        rows, dims = projects.shape(conn, project.id)
        settled = arms.known_wrong(conn, project.id, class_id)
    head = Head.from_bytes(stored[1])
    vectors = Vectors(home.vectors_of(project.id), dims or 0).read(rows)
    order, place = np.random.default_rng([project.seed, class_id, 3]).random((2, rows))  # of each row, whatever else there is
    chosen = _mistakable(head, vectors, settled[np.argsort(order[settled])], class_id)[:wanted]
    if len(chosen) < wanted:
        sure = known.confidences >= np.float16(project.policy.validate_above)
        unlabeled = np.flatnonzero(waiting & sure & (known.classes != class_id))
        more = _mistakable(head, vectors, unlabeled[np.argsort(order[unlabeled])], class_id)
        chosen = np.concatenate([chosen, more])[:wanted]
    return [(int(row), float(place[row])) for row in chosen]


def _mistakable(head: Head, vectors: npt.NDArray[np.float16], rows: Ints, class_id: int) -> Ints:
    """Those of the first rows whose second likeliest class is this one, in their order."""
    tried = rows[:TRIED]
    if not len(tried) or class_id >= head.weights.shape[1]:
        return tried[:0]
    in_order = np.sort(tried)  # as they lie on the disk
    proba = predict_proba(head, vectors, rows=in_order)
    second = (proba > proba[:, [class_id]]).sum(axis=1) == 1
    return tried[np.isin(tried, in_order[second])]
