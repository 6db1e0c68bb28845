"""Certificates: what they speak of, what was drawn at random for them, and the items that carry their label."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, case, delete, func, insert, or_, select, update

from modicum.errors import ConflictError, NotFoundError
from modicum.store import labels, tasks
from modicum.store.db import arrays
from modicum.store.tables import annotation, certificate, certificate_population, draw, item, label, task
from modicum.store.tasks import LEASED, LIVE, OPEN, NewTask
from modicum.types import CertificateState, Choice, Method, Origin, Prediction, Reason, Route, Split, Status

CALIBRATION, AUDIT = "calibration", "audit"
CALIBRATION_PRIORITY = 1e5  # after what came back from Validate, before what a round opens
AUDIT_PRIORITY = 150.0  # and up to 100 more: among the first that a round asks, whose priorities end at 200
APPLIED = 2_000  # items a transaction labels or takes back: people are served between two of them

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Population:
    """What a model said of the items of a certificate when it was drawn: row-aligned int64, uint16 and float32 [n].

    `scores` are log-odds of the likeliest class.
    """

    items: Ints
    classes: npt.NDArray[np.uint16]
    scores: npt.NDArray[np.float32]

    @property
    def confidences(self) -> npt.NDArray[np.float64]:
        """The confidence that belongs to each score: what thresholds speak of."""
        return 1 / (1 + np.exp(-self.scores.astype(np.float64)))


@dataclass(frozen=True)
class NewCertificate:
    """A certificate about to be drawn; `pilot` are places in the population, in the order drawn, of `planned` in the end."""

    route: Route
    guarantee: str
    method: Method
    error: float
    confidence: float
    threshold: float | None
    round: int
    seed: int
    batch: int | None
    classes: Sequence[str]
    population: Population
    planned: int
    pilot: Ints


@dataclass(frozen=True)
class Outcomes:
    """What people said of drawn items, in the order drawn: item ids, class ids (-1 without an answer) and flags, all [n].

    `answered`: there is an answer, or it was skipped, which counts as wrong. `seen`: the answer was given under a pre-label.
    """

    items: Ints
    said: Ints
    answered: npt.NDArray[np.bool_]
    wrong: npt.NDArray[np.bool_]
    seen: npt.NDArray[np.bool_]


# --- beginning ---------------------------------------------------------------------------------------------------------


_CHOSEN = ("route", "guarantee", "method", "error", "confidence", "threshold", "round", "seed")


def begin(conn: Connection, project_id: int, new: NewCertificate) -> int:
    """Store the certificate with its population and open a blind task for every item drawn; returns its number.

    Raises ConflictError while another one of the project is being drawn.
    """
    if state_of_any(conn, project_id, CertificateState.DRAWING):
        raise ConflictError("random items are being labeled for a certificate already: finish or withdraw that one first")
    number = 1 + (conn.scalar(select(func.max(certificate.c.number)).where(certificate.c.project_id == project_id)) or 0)
    values = {name: getattr(new, name) for name in _CHOSEN}
    certificate_id = conn.execute(
        insert(certificate).returning(certificate.c.id),
        {
            **values,
            "project_id": project_id,
            "number": number,
            "state": CertificateState.DRAWING,
            "batch": new.batch,
            "population": len(new.population.items),
            "planned": new.planned,
            "pilot": len(new.pilot),
            "classes": list(new.classes),
            "applied": False,
            "reason": "",
            "created": datetime.now(UTC),
        },
    ).scalar_one()
    conn.execute(
        insert(certificate_population),
        {
            "certificate_id": certificate_id,
            "items": new.population.items.astype(np.int64).tobytes(),
            "classes": new.population.classes.astype(np.uint16).tobytes(),
            "scores": new.population.scores.astype(np.float32).tobytes(),
        },
    )
    draw_more(conn, project_id, certificate_id, CALIBRATION, new.population, new.pilot, new.round)
    return number


def draw_more(
    conn: Connection, project_id: int, certificate_id: int, purpose: str, population: Population, drawn: Ints, number: int
) -> None:
    """Add items (places in the population) to those drawn, and open a blind task for each that nobody has in hand."""
    before: int = conn.execute(
        select(func.count()).where(draw.c.certificate_id == certificate_id, draw.c.purpose == purpose)
    ).scalar_one()
    if not len(drawn):
        return
    conn.execute(
        insert(draw),
        [
            {
                "certificate_id": certificate_id,
                "purpose": purpose,
                "position": before + k,
                "item_id": int(population.items[place]),
                "predicted": int(population.classes[place]),
                "score": float(population.scores[place]),
            }
            for k, place in enumerate(drawn.tolist())
        ],
    )
    open_draws(conn, project_id, certificate_id, purpose, number)


def go_on(conn: Connection, row: Row[Any], found: Population, drawn: Ints, floor: float | None, planned: int) -> None:
    """Draw more, `planned` in all, from the items that score at least `floor` (none: from all)."""
    conn.execute(update(certificate).where(certificate.c.id == row.id).values(planned=planned, floor=floor))
    draw_more(conn, row.project_id, row.id, CALIBRATION, found, drawn, row.round)


def open_draws(conn: Connection, project_id: int, certificate_id: int, purpose: str, number: int) -> int:
    """Open a blind task for every drawn item that has neither an answer nor is being annotated by somebody; how many.

    Pages of Validate lose the item: confirmed there, under its pre-label, it would prove nothing.
    """
    waiting = (
        select(draw.c.item_id)
        .join(item, item.c.id == draw.c.item_id)
        .where(
            draw.c.certificate_id == certificate_id,
            draw.c.purpose == purpose,
            item.c.status.in_([Status.POOL, Status.AUTO, Status.DISCARDED]),
            item.c.skipped.is_(False),
            ~select(task.c.id).where(task.c.item_id == item.c.id, LIVE, task.c.reason == purpose).exists(),
        )
        .order_by(draw.c.position)
    )
    ids = list(conn.execute(waiting).scalars())
    locked = labels.lock_items(conn, ids)
    live = tasks.live(conn, ids)
    ids = [k for k in ids if k in locked and (k not in live or live[k].state == "open" or live[k].route == Route.VALIDATE)]
    tasks.close(conn, [live[k].id for k in ids if k in live], "superseded")
    rng = np.random.default_rng([certificate_id, len(ids)])
    # what may be looked at any time counts in the order drawn, so it is asked in that order too
    spread = AUDIT_PRIORITY + 100 * (np.sort(rng.random(len(ids)))[::-1] if purpose == CALIBRATION else rng.random(len(ids)))
    reason = Reason(code=purpose)
    first = CALIBRATION_PRIORITY if purpose == CALIBRATION else 0.0
    new = [NewTask(k, reason, first + float(at), None, blind=True) for k, at in zip(ids, spread, strict=True)]
    return len(tasks.open_tasks(conn, project_id, number, new))


# --- reading -----------------------------------------------------------------------------------------------------------


def state_of_any(conn: Connection, project_id: int, *states: CertificateState) -> bool:
    """Whether the project has a certificate in one of these states."""
    query = select(certificate.c.id).where(certificate.c.project_id == project_id, certificate.c.state.in_(states)).limit(1)
    return conn.execute(query).first() is not None


def list_all(conn: Connection, project_id: int) -> list[Row[Any]]:
    """Every certificate, the newest first."""
    query = select(certificate).where(certificate.c.project_id == project_id).order_by(certificate.c.number.desc())
    return list(conn.execute(query))


def fallen(conn: Connection, project_id: int) -> Row[Any] | None:
    """Number, route, reason, end and batch of the last one that was revoked, unless another has taken its place since."""
    mine = certificate.c.project_id == project_id
    # without the facts: these are large, and every pulse looks here
    told: tuple[ColumnElement[Any], ...] = (
        certificate.c.number,
        certificate.c.route,
        certificate.c.reason,
        certificate.c.ended,
        certificate.c.batch,
    )
    revoked = select(*told).where(mine, certificate.c.state == CertificateState.REVOKED)
    row = conn.execute(revoked.order_by(certificate.c.ended.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    proven = (certificate.c.state == CertificateState.ISSUED, certificate.c.threshold.is_(None))
    there = or_(certificate.c.batch.is_(None), certificate.c.batch == row.batch)
    since = select(certificate.c.id).where(mine, *proven, there, certificate.c.decided > row.ended).limit(1)
    return None if conn.execute(since).first() else row


def unfinished(conn: Connection, project_id: int) -> list[Row[Any]]:
    """Those that something may be due for: being drawn or issued, or ended with items that still carry its label."""
    alive = certificate.c.state.in_([CertificateState.DRAWING, CertificateState.ISSUED])
    covering = select(item.c.id).where(item.c.certificate_id == certificate.c.id).exists()
    query = select(certificate).where(certificate.c.project_id == project_id, or_(alive, covering))
    return list(conn.execute(query.order_by(certificate.c.number)))


def get(conn: Connection, project_id: int, number: int) -> Row[Any]:
    """Raises NotFoundError."""
    query = select(certificate).where(certificate.c.project_id == project_id, certificate.c.number == number)
    row = conn.execute(query).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no certificate {number} in this project")
    return row


def population(conn: Connection, certificate_id: int) -> Population:
    """What the certificate speaks of."""
    row = conn.execute(select(certificate_population).where(certificate_population.c.certificate_id == certificate_id)).one()
    return Population(
        np.frombuffer(row.items, np.int64), np.frombuffer(row.classes, np.uint16), np.frombuffer(row.scores, np.float32)
    )


def outcomes(conn: Connection, certificate_id: int, purpose: str) -> Outcomes:
    """What people said of the items drawn for it, in the order drawn. An item somebody skipped counts as wrong."""
    human = and_(label.c.item_id == draw.c.item_id, label.c.origin == Origin.HUMAN)
    columns = (
        draw.c.position,
        draw.c.item_id,
        draw.c.predicted,
        func.coalesce(label.c.class_id, -1),
        case((item.c.skipped, 1), else_=0),
        case((label.c.blind, 0), else_=1),
    )
    joined = draw.join(item, item.c.id == draw.c.item_id).outerjoin(label, human)
    where = (draw.c.certificate_id == certificate_id, draw.c.purpose == purpose)
    position, ids, predicted, said, skipped, seen = arrays(conn, joined, columns, *where)
    order = np.argsort(position)
    ids, predicted, said, skipped = ids[order], predicted[order], said[order], skipped[order] == 1
    answered = (said >= 0) | skipped
    return Outcomes(ids, said, answered, answered & (said != predicted), (said >= 0) & (seen[order] == 1))


def drawn_items(conn: Connection, certificate_id: int) -> Ints:
    """Items drawn for it, whatever for."""
    (ids,) = arrays(conn, draw, (draw.c.item_id,), draw.c.certificate_id == certificate_id)
    return ids


def standing(conn: Connection, certificate_id: int) -> int:
    """Items that carry its label, or lie apart under it, today."""
    count: int = conn.execute(
        select(func.count()).where(item.c.certificate_id == certificate_id, item.c.status != Status.LABELED)
    ).scalar_one()
    return count


def open_count(conn: Connection, certificate_id: int, purpose: str) -> int:
    """Tasks of items drawn for it that wait for somebody or are in somebody's hands."""
    drawn = select(draw.c.item_id).where(draw.c.certificate_id == certificate_id, draw.c.purpose == purpose)
    count: int = conn.execute(select(func.count()).where(task.c.item_id.in_(drawn), LIVE, task.c.reason == purpose)).scalar_one()
    return count


def unlabeled(conn: Connection, project_id: int, batch: int | None) -> tuple[Ints, Ints]:
    """(item id, row) of every item a certificate may speak of: no label, not skipped, in nobody's hands, under no other."""
    where = [
        item.c.project_id == project_id,
        item.c.status == Status.POOL,
        item.c.certificate_id.is_(None),
        item.c.skipped.is_(False),
        item.c.id.not_in(select(task.c.item_id).where(task.c.project_id == project_id, LEASED)),
        item.c.id.not_in(
            select(annotation.c.item_id).where(
                annotation.c.project_id == project_id, annotation.c.action == "reject", labels.STANDS
            )
        ),
    ]
    if batch is not None:
        where.append(item.c.batch == batch)
    ids, rows = arrays(conn, item, (item.c.id, item.c.row), *where)
    order = np.argsort(rows)
    return ids[order], rows[order]


# --- deciding ----------------------------------------------------------------------------------------------------------


def decide(conn: Connection, certificate_id: int, state: CertificateState, facts: dict[str, Any] | None, reason: str) -> bool:
    """End the drawing: issued with its facts, or refused with the reason. False when somebody was faster."""
    now = datetime.now(UTC)
    drawing = (certificate.c.id == certificate_id, certificate.c.state == CertificateState.DRAWING)
    values = {"state": state, "facts": facts, "reason": reason, "decided": now}
    return conn.execute(update(certificate).where(*drawing).values(**values)).rowcount > 0


def issue_early(conn: Connection, certificate_id: int, facts: dict[str, Any]) -> bool:
    """Issue it on the labels there are: drawn items nobody has answered are drawn no more, and covered like all others."""
    if not decide(conn, certificate_id, CertificateState.ISSUED, facts, ""):
        return False
    human = and_(label.c.item_id == draw.c.item_id, label.c.origin == Origin.HUMAN)
    mine = (draw.c.certificate_id == certificate_id, draw.c.purpose == CALIBRATION)
    joined = draw.join(item, item.c.id == draw.c.item_id).outerjoin(label, human)
    waiting = select(draw.c.item_id).select_from(joined).where(*mine, label.c.item_id.is_(None), item.c.skipped.is_(False))
    closing = update(task).where(task.c.item_id.in_(waiting), OPEN, task.c.reason == CALIBRATION)
    conn.execute(closing.values(state="superseded"))
    conn.execute(delete(draw).where(*mine, draw.c.item_id.in_(waiting)))
    left: int = conn.execute(select(func.count()).select_from(draw).where(*mine)).scalar_one()
    conn.execute(update(certificate).where(certificate.c.id == certificate_id).values(planned=left))
    return True


def end(conn: Connection, certificate_id: int, state: CertificateState, reason: str) -> bool:
    """Revoke or withdraw it: its open tasks are closed; `take_back` frees its items. False when it had ended before."""
    alive = certificate.c.state.in_([CertificateState.DRAWING, CertificateState.ISSUED])
    ended = (
        update(certificate)
        .where(certificate.c.id == certificate_id, alive)
        .values(state=state, reason=reason, ended=datetime.now(UTC))
    )
    if not conn.execute(ended).rowcount:
        return False
    drawn = select(draw.c.item_id).where(draw.c.certificate_id == certificate_id)
    closing = update(task).where(task.c.item_id.in_(drawn), OPEN, task.c.reason.in_([CALIBRATION, AUDIT]))
    conn.execute(closing.values(state="superseded"))
    return True


def apply(conn: Connection, row: Row[Any], found: Population, places: Ints) -> int:
    """Let the certificate cover these places of its population, as far as they are still in the pool; how many it took.

    Left out are items somebody has in hand or that were drawn for a certificate; their other open tasks are closed.
    """
    by_item = {int(found.items[place]): place for place in places.tolist()}
    wanted = select(item).where(item.c.id.in_(by_item), item.c.status == Status.POOL, item.c.certificate_id.is_(None))
    locked = {entry.id: entry for entry in conn.execute(wanted.order_by(item.c.id).with_for_update())}
    live = tasks.live(conn, locked)
    free = [k for k in locked if k not in live or (live[k].state == "open" and live[k].reason not in tasks.KEPT)]
    if not free:
        return 0
    tasks.close(conn, [live[k].id for k in free if k in live and locked[k].split != Split.HOLDOUT], "superseded")
    predictions = [_prediction(row.round, found, by_item[k]) for k in free]
    status = {Route.AUTO: Status.AUTO, Route.DISCARD: Status.DISCARDED}.get(Route(row.route), Status.POOL)
    values = [{"one": k, "auto": entry} for k, entry in zip(free, predictions, strict=True)]
    conn.execute(_COVER, [{**entry, "certificate": row.id, "status": status} for entry in values])
    if status is Status.AUTO:
        now = datetime.now(UTC)
        project_id = row.project_id
        conn.execute(insert(label), [labels.auto_label(entry["one"], project_id, entry["auto"], now) for entry in values])
    return len(free)


def set_applied(conn: Connection, certificate_id: int) -> None:
    """Every item the certificate covers has been told so."""
    conn.execute(update(certificate).where(certificate.c.id == certificate_id).values(applied=True))


def take_back(conn: Connection, certificate_id: int, n: int = APPLIED) -> int:
    """Free up to n items of a certificate that ended; what people said stays. Returns how many it freed."""
    query = select(item).where(item.c.certificate_id == certificate_id).order_by(item.c.id).limit(n).with_for_update()
    locked = {row.id: row for row in conn.execute(query)}
    if not locked:
        return 0
    free = [{"one": k, "auto": None, "certificate": None, "status": row.status} for k, row in locked.items()]
    conn.execute(_COVER, free)
    labels.settle(conn, labels.lock_items(conn, locked))
    return len(locked)


_COVER = (
    update(item)
    .where(item.c.id == bindparam("one"))
    .values(certificate_id=bindparam("certificate"), auto=bindparam("auto"), status=bindparam("status"))
)


def _prediction(model: int, found: Population, place: int) -> dict[str, Any]:
    confidence = round(1 / (1 + float(np.exp(-np.float64(found.scores[place])))), 4)
    said = Prediction(model=model, value=Choice(class_id=int(found.classes[place])), confidence=confidence)
    return said.model_dump(mode="json")
