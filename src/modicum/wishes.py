"""What a certificate could say today, as far as the blind holdout shows, and how many random labels it would take."""

from dataclasses import dataclass

import numpy as np

from modicum.certificate_views import CoveragePoint
from modicum.engine import certify, wish
from modicum.store import certificates as store
from modicum.store import facts as store_facts
from modicum.store import scores
from modicum.store.db import Database
from modicum.types import CertificateState, Project


@dataclass(frozen=True)
class Wish:
    """What the policy wishes for, as far as the holdout shows: where it would lie, what it takes, or why it cannot be."""

    curve: list[wish.Point]
    point: wish.Point | None
    needed: int | None
    hint: str


def wished(db: Database, project: Project, batch: int | None = None) -> Wish:
    """What the wish of the project's policy comes to, of all unlabeled items or of those of one import."""
    policy = project.policy
    known = scores.predictions(db, project.id)
    with db.read() as conn:
        _, rows = store.unlabeled(conn, project.id, batch)
        held, classes = store_facts.holdout_labels(conn, project.id)
        number = 1 + len(store.list_all(conn, project.id))
        drawing = store.state_of_any(conn, project.id, CertificateState.DRAWING)
    if known is None:
        return Wish([], None, None, "There is no model yet: label items of at least two classes first.")
    rows, seen = rows[rows < len(known.classes)], held < len(known.classes)
    held, classes = held[seen], classes[seen]
    confidences = known.confidences.astype(np.float64)
    points = wish.curve(confidences[rows], confidences[held], known.classes[held] != classes)
    hint = ""
    if policy.recognised == "off":
        hint = "Choose under Settings what becomes of items the model recognises."
    elif drawing:
        hint = "Random items are being labeled for a certificate already."
    elif not len(rows):
        hint = "No unlabeled item is left." if batch is None else "No item of this batch is left without a label."
    elif not points and policy.auto_threshold is None:
        hint = "Too few items of the blind holdout are labeled to say what could be certified: go on labeling."
    if not points:
        return Wish([], None, None, hint)
    whole = policy.guarantee == "whole"
    point = wish.operating(points, policy.auto_error, whole=whole)
    if point is None:
        strictest = points[0].error
        hint = hint or (
            f"Even of what the model is surest about {strictest.mean:.1%} is wrong on the holdout: label more, or allow more."
        )
        return Wish(points, None, None, hint)
    delta = certify.share(1 - policy.auto_confidence, number)
    needed = wish.draws(point, len(rows), policy.auto_error, delta, whole=whole)
    if needed is None or needed >= len(rows):
        hint = hint or f"So few items are left, {len(rows):,}, that labeling them all takes no more than a certificate would."
    return Wish(points, point, needed, hint)


def shown(point: wish.Point) -> CoveragePoint:
    """A point of the picture as it is sent."""
    return CoveragePoint(confidence=point.confidence, coverage=point.coverage, items=point.items, error=point.error)
