"""Auto-labels that somebody can sign for: draw items at random, decide, label, go on looking, and take back.

Meets people only in the store: they answer blind tasks, and what they answered decides.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Row

from modicum import looking, wishes
from modicum.bias import biased
from modicum.certificate_views import Certificates, CertificateView, Drawn
from modicum.engine import certify, wish
from modicum.engine.audit import Monitor
from modicum.engine.heads import Head, predict_proba
from modicum.engine.ladder import focus
from modicum.errors import ConflictError, InputError
from modicum.home import Home
from modicum.store import certificates as store
from modicum.store import projects, rounds
from modicum.store.certificates import APPLIED, AUDIT, CALIBRATION, NewCertificate, Outcomes, Population
from modicum.store.db import Database
from modicum.types import CertificateState, Interval, Method, Policy, Project, Route
from modicum.vectors import Vectors

CALIBRATION_AT_LEAST = 20
PILOT = 0.1  # of the random items; they show where the threshold may come to lie, and the others are drawn from there
MORE_AT_LEAST = 20  # drawn when all are answered and an anytime certificate still proves nothing
AUDITS_MORE = 10  # drawn when the last ones are answered, for ever
FALSE_ALARM = 0.05  # probability that the audit ever revokes a certificate that is right
RENAMED = "the classes were renamed or removed while its items were labeled: what people said does not mean the same any more"

Ints = npt.NDArray[np.int64]


# --- beginning ---------------------------------------------------------------------------------------------------------


def begin(
    db: Database,
    home: Home,
    project: Project,
    *,
    calibration: int | None = None,
    batch: int | None = None,
    method: Method = "fixed",
) -> CertificateView:
    """Freeze what the newest model says of every unlabeled item, draw random ones, and open blind tasks for them.

    With a raw threshold in the policy nothing is drawn: it holds at once, and is marked as not certified. `anytime`: it can be
    looked at, and issued by `issue`, after any label. Raises InputError when the policy certifies nothing, or bounds what the
    method does not; ConflictError without a model, without items, or while another one is being drawn.
    """
    policy = project.policy
    if policy.recognised == "off":
        raise InputError("nothing is certified in this project: choose under Settings what becomes of recognised items", path="$")
    if calibration is not None and calibration < CALIBRATION_AT_LEAST:
        raise InputError(f"{calibration} random labels prove nothing: give at least {CALIBRATION_AT_LEAST}", path="$.calibration")
    if method == "anytime" and (policy.guarantee == "whole" or policy.auto_threshold is not None):
        raise InputError(
            "a certificate that may be looked at any time bounds the errors among the auto-labels: choose that in Settings, and "
            "no raw threshold",
            path="$.method",
        )
    number, population = _predicted(db, home, project, batch)
    planned = 0 if policy.auto_threshold is not None else calibration or policy.calibration or _needed(db, project, batch)
    if planned > len(population.items):
        raise ConflictError(
            f"{planned:,} random labels are needed and {len(population.items):,} items are left: labeling them all proves more. "
            "Allow more errors, or less certainty"
        )
    with db.read() as conn:
        seed = project.seed + len(store.list_all(conn, project.id))
    new = NewCertificate(
        route=Route(policy.recognised),
        guarantee=policy.guarantee,
        method=method,
        error=policy.auto_error,
        confidence=policy.auto_confidence,
        threshold=policy.auto_threshold,
        round=number,
        seed=seed,
        batch=batch,
        classes=[entry.name for entry in project.task_schema.classes],
        population=population,
        planned=planned,
        pilot=certify.draw(np.arange(len(population.items)), round(PILOT * planned), np.random.default_rng([seed, 1])),
    )
    made = db.write(store.begin, project.id, new)
    if policy.auto_threshold is not None:
        advance(db, project)
    with db.read() as conn:
        return view(conn, store.get(conn, project.id, made))


def _needed(db: Database, project: Project, batch: int | None) -> int:
    today = wishes.wished(db, project, batch)
    if today.needed is None:
        raise ConflictError(today.hint)
    return today.needed


def _predicted(db: Database, home: Home, project: Project, batch: int | None) -> tuple[int, Population]:
    """The number of the newest model, and what it says of every item a certificate may speak of."""
    if project.task_schema.task == "draw":
        raise ConflictError("a certificate speaks of one class an item; here shapes are drawn: confirm them on Validate")
    with db.read() as conn:
        newest = rounds.newest_head(conn, project.id)
        size, dims = projects.shape(conn, project.id)
        ids, rows = store.unlabeled(conn, project.id, batch)
    if newest is None or dims is None:
        raise ConflictError("there is no model yet: label items of at least two classes first")
    if not len(ids):
        where = "" if batch is None else f" in batch {batch}"
        raise ConflictError(f"no unlabeled item is left{where}: there is nothing to certify")
    proba = predict_proba(Head.from_bytes(newest[1]), Vectors(home.vectors_of(project.id), dims).read(size), rows=rows)
    return newest[0], Population(ids, proba.argmax(axis=1).astype(np.uint16), wish.log_odds(proba).astype(np.float32))


# --- the machine's part ------------------------------------------------------------------------------------------------


def advance(db: Database, project: Project) -> bool:
    """Do what is due: decide what is answered, label what is covered, look at the audit, take back what has ended.

    Each step is short and can be repeated, so that a killed process leaves nothing half done. True when something was done.
    """
    with db.read() as conn:
        found = store.unfinished(conn, project.id)
    done = [_advance(db, project, row) for row in found]  # each of them, whatever the first did
    return any(done)


def _advance(db: Database, project: Project, row: Row[Any]) -> bool:
    if row.state == CertificateState.DRAWING:
        return _decide(db, project, row)
    if row.state == CertificateState.ISSUED:
        return _label(db, row) if not row.applied else _look_after(db, project.policy, row)
    return _free(db, row.id)


def _decide(db: Database, project: Project, row: Row[Any]) -> bool:
    """Issue or refuse, once every item drawn is answered; until then see that each has its task."""
    with db.read() as conn:
        known = store.outcomes(conn, row.id, CALIBRATION)
        population = store.population(conn, row.id)
        names = [entry.name for entry in projects.get(conn, project.id).task_schema.classes]
    if not known.answered.all():
        waiting = db.write(store.open_draws, project.id, row.id, CALIBRATION, row.round)
        return waiting > 0
    if row.threshold is not None:
        return bool(db.write(store.decide, row.id, CertificateState.ISSUED, _raw(row, population), ""))
    if names[: len(row.classes)] != row.classes:
        return bool(db.write(store.decide, row.id, CertificateState.REFUSED, None, RENAMED))
    if len(known.items) < row.planned:
        return _go_on(db, row, population, known, row.planned)
    answer = looking.certificate(row, population, known)
    if isinstance(answer, certify.Refusal):
        # seeing that it is not enough costs an anytime certificate nothing: it goes on
        more = None if row.method == "fixed" or answer.more is None else max(answer.more, MORE_AT_LEAST)
        if more is not None and _go_on(db, row, population, known, row.planned + more):
            return True
        return bool(db.write(store.decide, row.id, CertificateState.REFUSED, None, answer.message))
    return bool(db.write(store.decide, row.id, CertificateState.ISSUED, answer.to_facts(), ""))


def issue(db: Database, project: Project, number: int) -> CertificateView:
    """Issue an anytime certificate on the labels there are. Raises NotFoundError, and ConflictError while they prove nothing."""
    with db.read() as conn:
        row = store.get(conn, project.id, number)
        names = [entry.name for entry in projects.get(conn, project.id).task_schema.classes]
        if row.state != CertificateState.DRAWING or row.method != "anytime":
            raise ConflictError(f"certificate {number} cannot be issued by hand: it is {row.state}, its method {row.method}")
        if names[: len(row.classes)] != row.classes:
            raise ConflictError(RENAMED)
        known, population = store.outcomes(conn, row.id, CALIBRATION), store.population(conn, row.id)
    answer = looking.certificate(row, population, looking.first(known))
    if isinstance(answer, certify.Refusal):
        raise ConflictError(answer.message)
    if not db.write(store.issue_early, row.id, answer.to_facts()):
        raise ConflictError(f"certificate {number} was decided meanwhile")
    with db.read() as conn:
        return view(conn, store.get(conn, project.id, number))


def _label(db: Database, row: Row[Any]) -> bool:
    """Give every item it covers its label, a few thousand a transaction; those drawn for it have theirs by people."""
    with db.read() as conn:
        population = store.population(conn, row.id)
        drawn = store.drawn_items(conn, row.id)
    covered = _covered(row, population)
    places = covered[~np.isin(population.items[covered], drawn)]
    for start in range(0, len(places), APPLIED):
        db.write(store.apply, row, population, places[start : start + APPLIED])
    db.write(store.set_applied, row.id)
    return True


def _go_on(db: Database, row: Row[Any], population: Population, known: Outcomes, planned: int) -> bool:
    """The pilot is answered: draw the rest where a threshold can still come to lie, and not among what is hopeless.

    Where that was done before, the same draw is prolonged. False when no item is left to draw.
    """
    pilot, already = known.items[: row.pilot], len(known.items) - row.pilot
    sure, drawn = population.confidences, np.isin(population.items, pilot)
    floor = -np.inf if row.floor is None else row.floor
    if not already:
        place = {int(item_id): k for k, item_id in enumerate(population.items)}
        of_pilot = np.array([place[int(item_id)] for item_id in pilot], dtype=np.int64)
        floor = focus(sure[~drawn], sure[of_pilot], known.wrong, row.error, whole=row.guarantee == "whole")
    eligible = np.flatnonzero(~drawn & (sure >= floor))
    more = certify.draw(eligible, planned - row.pilot, np.random.default_rng([row.seed, 3]))[already:]
    reached = len(known.items) + len(more)
    db.write(store.go_on, row, population, more, None if floor == -np.inf else floor, reached)
    return len(more) > 0


def _raw(row: Row[Any], population: Population) -> dict[str, Any]:
    """What stands in for a certificate's facts when somebody chose a threshold: no proof, and it says so."""
    covered = int((population.confidences >= row.threshold).sum())
    text = (
        f"Not certified: the {covered:,} items with a confidence of at least {row.threshold:g} were labeled; nothing is proven."
    )
    return {"statement": text, "method": "raw", "threshold": row.threshold, "covered": covered, "model": str(row.round)}


def _covered(row: Row[Any], population: Population) -> Ints:
    """Places of the population at least as sure as the certificate's threshold."""
    return np.flatnonzero(population.confidences >= row.facts["threshold"])


def _look_after(db: Database, policy: Policy, row: Row[Any]) -> bool:
    """Revoke it when the audit says so; draw more items to audit when the last ones are answered."""
    with db.read() as conn:
        known = store.outcomes(conn, row.id, AUDIT)
        population = store.population(conn, row.id)
        still_open = store.open_count(conn, row.id, AUDIT)
        drawn = store.drawn_items(conn, row.id)
    monitor = watched(row, known)
    if monitor.revoked:
        if db.write(store.end, row.id, CertificateState.REVOKED, monitor.reason()):
            _free(db, row.id)
            return True
        return False
    if still_open or policy.audit_rate == 0 or not known.answered.all():
        return False
    covered = _covered(row, population)
    order = covered[np.random.default_rng([row.seed, 2]).permutation(len(covered))]
    order = order[~np.isin(population.items[order], drawn)]
    first = looking.first_audits(policy, len(covered))
    more = order[: AUDITS_MORE if len(known.items) else first]
    if not len(more):
        return False
    db.write(store.draw_more, row.project_id, row.id, AUDIT, population, more, row.round)
    return True


def _free(db: Database, certificate_id: int) -> bool:
    freed = 0
    while taken := db.write(store.take_back, certificate_id):
        freed += taken
    return freed > 0


def watched(row: Row[Any], known: Outcomes) -> Monitor:
    """The audit so far: what it believes of the certificate after the labels people gave, in the order drawn."""
    monitor = Monitor(error=row.error, alpha=FALSE_ALARM)
    for wrong in known.wrong[known.answered].tolist():
        monitor = monitor.observe(wrong)
    return monitor


def evidence(monitor: Monitor) -> float:
    """How far the audit speaks against the certificate, from 0 to 1: at 1 it is revoked."""
    return float(np.clip(np.log(monitor.peak) / np.log(1 / monitor.alpha), 0, 1))


# --- looking -----------------------------------------------------------------------------------------------------------


def overview(db: Database, project: Project, *, batch: int | None = None) -> Certificates:
    """Every certificate, the newest first, and what one could say today as far as the blind holdout shows.

    `batch`, an import's number: what one of its items alone could say.
    """
    pull = biased(db, project.id)
    with db.read() as conn:
        rows = store.list_all(conn, project.id)
        found = [view(conn, row, pull) for row in rows]
    # looked at once for every label, however many pages show it
    found = [looking.seen(db, row, one) if one.method == "anytime" else one for row, one in zip(rows, found, strict=True)]
    today = wishes.wished(db, project, batch)
    point = today.point
    return Certificates(
        certificates=tuple(found),
        curve=tuple(wishes.shown(entry) for entry in today.curve),
        operating=None if point is None else wishes.shown(point),
        needed=today.needed,
        possible=not today.hint,
        hint=today.hint,
    )


def view(conn: Connection, row: Row[Any], pull: Interval | None = None) -> CertificateView:
    """One certificate as people see it; `pull` is how far suggestions pull people, where that is more than chance.

    It is quarantined while they do and some of what it rests on was said under a suggestion.
    """
    calibration = store.outcomes(conn, row.id, CALIBRATION)
    audited = store.outcomes(conn, row.id, AUDIT)
    facts = row.facts or {}
    return CertificateView(
        id=row.id,
        number=row.number,
        state=CertificateState(row.state),
        route=Route(row.route),
        certified=row.threshold is None,
        guarantee=row.guarantee,
        error=row.error,
        confidence=row.confidence,
        statement=facts.get("statement", ""),
        reason=row.reason,
        round=row.round,
        population=row.population,
        batch=row.batch,
        threshold=facts.get("threshold"),
        covered=facts.get("covered", 0),
        standing=store.standing(conn, row.id),
        calibration=_drawn(calibration, row.planned),
        audit=_drawn(audited, len(audited.items)),
        evidence=evidence(watched(row, audited)),
        quarantined=pull is not None and bool(calibration.seen.any() or audited.seen.any()),
        created=row.created,
        decided=row.decided,
        ended=row.ended,
        method=row.method,
        sofar=None,
    )


def _drawn(known: Outcomes, planned: int) -> Drawn:
    return Drawn(planned=planned, answered=int(known.answered.sum()), wrong=int(known.wrong.sum()))


def withdraw(db: Database, project: Project, number: int) -> CertificateView:
    """End a certificate because somebody wants it: its auto-labels are unlabeled again, what people said stays.

    Raises NotFoundError, and ConflictError when it has ended already.
    """
    with db.read() as conn:
        row = store.get(conn, project.id, number)
    if not db.write(store.end, row.id, CertificateState.WITHDRAWN, "somebody withdrew it"):
        raise ConflictError(f"certificate {number} has ended already: it is {row.state}")
    _free(db, row.id)
    with db.read() as conn:
        return view(conn, store.get(conn, project.id, number))


def facts(db: Database, project: Project, number: int) -> dict[str, Any]:
    """All that an issued certificate rests on. Raises NotFoundError, and ConflictError when it was never issued."""
    with db.read() as conn:
        row = store.get(conn, project.id, number)
    if row.facts is None:
        raise ConflictError(f"certificate {number} was not issued: there is nothing to verify ({row.state})")
    return {
        "project": project.slug,
        "number": number,
        "state": row.state,
        "route": row.route,
        "drawn": row.created.isoformat(),
        "decided": row.decided.isoformat(),
        "classes": row.classes,
        "certificate": row.facts,
    }
