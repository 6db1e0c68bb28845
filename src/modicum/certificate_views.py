"""What is told of certificates: what they could cover, what they have proven; frozen, and sent to the browser as it is."""

from datetime import datetime

from pydantic import Field

from modicum.frozen import Frozen
from modicum.types import CertificateState, Interval, Method, Route


class Drawn(Frozen):
    """Items drawn at random and shown blind: how many there are, how many were answered, on how many the model was wrong."""

    planned: int
    answered: int
    wrong: int


class SoFar(Frozen):
    """What an anytime draw proves already: after so many `labels`, in the order drawn, `covered` items.

    `said` is the certificate it would be now, or why there is none yet; `evidence`, from 0 to 1, how near the next step is.
    """

    labels: int
    covered: int
    said: str
    evidence: float


class CertificateView(Frozen):
    """One certificate. `statement` is its sentence once it is issued; `reason` why it was refused, revoked or withdrawn.

    `population` counts the items it speaks of, `covered` those its threshold takes in, `standing` those that carry its label
    today. `certified` is false for a raw threshold that somebody chose. `evidence` of the audit against it runs from 0 to 1:
    at 1 it is revoked.
    """

    id: int
    number: int
    state: CertificateState
    route: Route
    certified: bool
    guarantee: str
    error: float
    confidence: float
    statement: str
    reason: str
    round: int
    population: int
    batch: int | None
    threshold: float | None = Field(description="the confidence from which it covers")
    covered: int
    standing: int
    calibration: Drawn
    audit: Drawn
    evidence: float
    quarantined: bool
    created: datetime
    decided: datetime | None
    ended: datetime | None
    method: Method
    sofar: SoFar | None = Field(description="of an anytime one that is being drawn")


class Fallen(Frozen):
    """A certificate that the audit revoked, as long as no other has taken its place."""

    number: int
    route: Route
    reason: str
    ended: datetime


class CoveragePoint(Frozen):
    """What a threshold on the confidence would take in, and the share of it that would be wrong."""

    confidence: float
    coverage: float
    items: int
    error: Interval


class Certificates(Frozen):
    """`curve` rests on the blind holdout, the loosest threshold last; it is empty before anything was measured.

    `operating` is where the policy's wish would come to lie on it, `needed` how many random items that would take to certify,
    `possible` whether the wish can be met at all as far as one can see, `hint` one line about what to do.
    """

    certificates: tuple[CertificateView, ...]
    curve: tuple[CoveragePoint, ...]
    operating: CoveragePoint | None
    needed: int | None
    possible: bool
    hint: str
