"""What the answers to a draw prove: all of them once, or those there are, as often as anybody likes to look."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy import Row

from modicum.certificate_views import CertificateView, SoFar
from modicum.engine import certify, looks
from modicum.store import certificates as store
from modicum.store.certificates import AUDIT, CALIBRATION, Outcomes, Population
from modicum.store.db import Database
from modicum.types import CertificateState, Policy, Project

AUDITS_AT_LEAST = 20  # of a certificate's items, or all of them


def certificate(row: Row[Any], population: Population, known: Outcomes) -> certify.Certificate | certify.Refusal:
    """What these answers prove, in the order drawn, or why nothing."""
    methods = {"among": certify.selective, "whole": certify.whole_pool}
    prove = certify.anytime if row.method == "anytime" else methods[row.guarantee]
    return prove(
        population.items,
        population.confidences,
        known.items,
        known.wrong,
        error=row.error,
        confidence=row.confidence,
        labels=known.said,
        pilot=row.pilot,
        floor=-np.inf if row.floor is None else row.floor,
        round=row.number,
        seed=row.seed,
        model=str(row.round),
        schema=json.dumps(row.classes, ensure_ascii=False),
    )


def first(known: Outcomes) -> Outcomes:
    """The answers up to the first that is still missing, in the order drawn.

    Only these count at a look: what is answered late may be what is hard, so that all answers there are would be no random
    sample, and would look better than the model is.
    """
    n = int(np.argmin(known.answered)) if not known.answered.all() else len(known.items)
    return replace(known, **{name: getattr(known, name)[:n] for name in ("items", "said", "answered", "wrong", "seen")})


def seen(db: Database, row: Row[Any], one: CertificateView) -> CertificateView:
    """The certificate with what its draw proves already, while it is being drawn."""
    if row.state != CertificateState.DRAWING:
        return one
    with db.read() as conn:
        known = first(store.outcomes(conn, row.id, CALIBRATION))
    stamp = (row.created, row.floor, len(known.items), int(known.wrong.sum()))
    return one.model_copy(update={"sofar": db.remember(("sofar", row.id), stamp, lambda: _sofar(db, row, known))})


def _sofar(db: Database, row: Row[Any], known: Outcomes) -> SoFar:
    labels = len(known.items)
    if labels <= row.pilot:
        said = f"The first {row.pilot:,} random labels show where to look; what comes after them proves something."
        return SoFar(labels=labels, covered=0, said=said, evidence=0.0)
    with db.read() as conn:
        population = store.population(conn, row.id)
    answer = certificate(row, population, known)
    floor = -np.inf if row.floor is None else row.floor
    now = looks.look(
        population.items,
        population.confidences,
        known.items,
        known.wrong,
        error=row.error,
        confidence=row.confidence,
        pilot=row.pilot,
        floor=floor,
        round=row.number,
    )
    if isinstance(answer, certify.Refusal):
        return SoFar(labels=labels, covered=0, said=answer.message, evidence=now.evidence)
    return SoFar(labels=labels, covered=answer.covered, said=answer.statement, evidence=now.evidence)


# --- the audit ---------------------------------------------------------------------------------------------------------


def first_audits(policy: Policy, covered: int) -> int:
    """How many of the items a certificate covers are looked at first; more follow for ever, a few at a time."""
    return max(AUDITS_AT_LEAST, round(policy.audit_rate * covered))


def audits_due(db: Database, project: Project) -> int:
    """Items that standing certificates want looked at, and nobody has."""
    due = 0
    with db.read() as conn:
        for row in store.unfinished(conn, project.id):
            if row.state != CertificateState.ISSUED:
                continue
            known = store.outcomes(conn, row.id, AUDIT)
            begun = len(known.items) > 0 or project.policy.audit_rate == 0
            first = 0 if begun else min(first_audits(project.policy, row.facts["covered"]), row.facts["covered"])
            due += first + int((~known.answered).sum())
    return due
