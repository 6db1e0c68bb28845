"""What the desk and the progress report answer: frozen, and sent to the browser as they are."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from modicum.frozen import Frozen
from modicum.types import (
    Annotation,
    BatchState,
    CertificateState,
    Interval,
    Item,
    Label,
    Method,
    Prediction,
    Purpose,
    Round,
    Route,
    Task,
)

Unit = Literal["labels", "hours", "money"]  # of a budget


class Counts(Frozen):
    """Facts, counted. `labeled` are settled labels; `human` of them by people; `holdout` blind labels on the holdout.

    `skipped` counts unlabeled items somebody skipped; `rejected` and `duplicates` count files the imports left out.
    """

    items: int
    labeled: int
    human: int
    holdout: int
    holdout_items: int
    pool: int
    auto: int
    discarded: int
    skipped: int
    flagged: int
    rejected: int
    duplicates: int


# --- annotate ----------------------------------------------------------------------------------------------------------


class Claim(Frozen):
    """`left` counts the items a person could still be asked about; none left, or a spent budget, means finished."""

    tasks: tuple[Task, ...]
    left: int
    budget_spent: Unit | None = Field(description="the budget that stops the queue")


class Receipt(Frozen):
    """The decision is on disk."""

    annotation_id: int
    item_id: int


class Past(Frozen):
    """One decision of the film strip."""

    annotation: Annotation
    item: Item


# --- validate ----------------------------------------------------------------------------------------------------------


class ValidateClass(Frozen):
    """`histogram` counts the unlabeled items predicted as this class in 50 equal bins of confidence from 0 to 1."""

    class_id: int
    histogram: tuple[int, ...]
    confirmed: int
    page_size: int = Field(description="items of a page on which one or two wrong ones are to be expected")


class ValidateView(Frozen):
    model: int | None
    classes: tuple[ValidateClass, ...]
    holdout_errors: tuple[tuple[float, bool], ...] = Field(
        description="(confidence, wrong) for each blind holdout label under the current model"
    )


class PageView(Frozen):
    """Items predicted as one class, most doubtful first. `expected_wrong` counts items of this page, from the holdout."""

    tasks: tuple[Task, ...]
    total: int
    elsewhere: int = Field(description="further ones, on pages that others look at")
    expected_wrong: Interval | None


class PageReceipt(Frozen):
    """What became of a page. `left_out` counts items that somebody else had settled or held meanwhile: they are untouched."""

    page: str = Field(description="names the page for undo")
    confirmed: int
    relabeled: int
    returned: int
    left_out: int = 0


# --- progress ----------------------------------------------------------------------------------------------------------


class CurvePoint(Frozen):
    """Accuracy on the blind holdout once `labels` labels had been used, those of the holdout included."""

    labels: int
    accuracy: Interval
    extrapolated: bool = False


class ClassProgress(Frozen):
    class_id: int
    labeled: int
    predicted: int
    accuracy: Interval | None


class Confusion(Frozen):
    actual: int
    predicted: int
    count: int
    items: tuple[int, ...]


class Saving(Frozen):
    """Labels a random order would have needed for today's accuracy, with its interval, beside those used."""

    labels: int
    random_labels: Interval | None
    note: str


class Forecast(Frozen):
    """What the next labels would bring. `gain` is a difference of accuracies; `agreement` of the last models (kappa)."""

    more: int
    gain: Interval | None
    agreement: float | None
    settled: bool = Field(description="the last models agree so well that further labels hardly change a prediction")


class Progress(Frozen):
    curve: tuple[CurvePoint, ...]
    control: tuple[CurvePoint, ...]
    saving: Saving | None
    forecast: Forecast | None
    counts: Counts
    routes: dict[str, int]
    classes: tuple[ClassProgress, ...]
    confusions: tuple[Confusion, ...]
    labels_per_hour: float | None
    seconds_per_label: float | None
    seconds_left: float | None
    rounds: tuple[Round, ...]


# --- the bill ----------------------------------------------------------------------------------------------------------


class Cost(Frozen):
    """Work in seconds with its band, and the same in money once an hour has a price."""

    seconds: Interval
    money: Interval | None


class PurposeCost(Frozen):
    """What one purpose cost. `decisions` holds skips and what was taken back later as well: that was paid for too.

    `timed` of them were measured in the interface; the others count with the median, `median` seconds where it is known.
    """

    purpose: Purpose
    title: str
    meaning: str
    decisions: int
    taken_back: int
    timed: int
    median: float | None
    spent: Cost


class Alternative(Frozen):
    """What another way to get there would have cost and what is saved against it; `said` is the sentence, or why it is not
    known yet."""

    labels: Interval | None
    cost: Cost | None
    saved: Cost | None
    said: str


class Rest(Frozen):
    """What is left to do, and what it costs done as now: one by one, or by the page. `held` items cost nothing yet.

    `to_audit` auto-labels are to be looked at; when they are, others follow, as long as auto-labels stand.
    """

    to_annotate: int
    to_validate: int
    to_audit: int
    held: int
    cost: Cost
    said: str


class BudgetView(Frozen):
    """One budget: `limit` and `used` in labels, hours or money; `days` of work like the last ones until it is spent."""

    unit: Unit
    limit: float
    used: float
    days: float | None
    said: str


class Bill(Frozen):
    """What the labels cost, beside what other ways would have cost. Holdout, calibration and audit are part of it.

    `per_label` and `per_confirmation` are seconds of a decision on one item and of an item on a Validate page; with n = 0 they
    are the literature's.
    """

    currency: str
    rate_per_hour: float | None
    items: int
    labeled: int
    auto: int
    headline: str
    notes: tuple[str, ...]
    purposes: tuple[PurposeCost, ...]
    spent: Cost
    per_label: Interval
    per_confirmation: Interval
    rest: Rest
    everything: Alternative
    random: Alternative
    budgets: tuple[BudgetView, ...]


# --- second look -------------------------------------------------------------------------------------------------------


class Neighbour(Frozen):
    """A labeled item that is most like another one, with the class it is labeled as."""

    item_id: int
    class_id: int


class Suspect(Frozen):
    """A label that is contradicted. `prediction` is what a model says that has not seen it; neighbours are nearest first."""

    item: Item
    label: Label
    prediction: Prediction
    neighbours: tuple[Neighbour, ...]
    score: float = Field(description="from 0 to 1, grows with the probability that the label is wrong")


class SuspectPage(Frozen):
    """Contradicted labels nobody has looked at again, those first where a look is worth most.

    `model` is the round after which they were found, among so many `labels`; `checking`: a newer list is on its way. `hint`
    says why there are none when nothing can be said yet.
    """

    model: int | None
    rows: tuple[Suspect, ...]
    total: int
    labels: int
    checking: bool
    hint: str


# --- one person --------------------------------------------------------------------------------------------------------


class Bias(Frozen):
    """What suggestions do to answers. `followed` of `seeded` wrong suggestions, shown on purpose, were taken over; `same` of
    `blind` answers without any named the class that would have been suggested; `pull` is the difference of the shares.

    `overlooked` of `planted` wrong items on Validate pages were confirmed. The intervals are none and the sentences empty as
    long as there are too few to say anything.
    """

    seeded: int
    followed: int
    blind: int
    same: int
    pull: Interval | None
    suggestions_said: str
    planted: int
    overlooked: int
    overlooked_share: Interval | None
    pages_said: str


class Mine(Frozen):
    """One person's own figures. `seconds` is the median of the newest `timed` answers on Annotate; `enough` is how many
    decisions of a kind it takes to say something; `measuring` whether suggestions are planted and kept back at present."""

    annotator: str
    measuring: bool
    answers: int
    on_pages: int
    seconds: float | None
    timed: int
    enough: int
    own: Bias
    everyone: Bias


# --- certificates ------------------------------------------------------------------------------------------------------


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


# --- batches -----------------------------------------------------------------------------------------------------------


class Finding(Frozen):
    """One thing noticed of a batch, in plain words, with up to nine items that show it. `count`: of items, for new ones."""

    kind: Literal["new", "more", "less", "unsure", "different"]
    text: str
    class_id: int | None = Field(description="of more and less")
    items: tuple[int, ...]
    count: Interval | None


class Alarm(Frozen):
    """`p` belongs to the question whether the batch is the same content, in the same mixture, as what has labels; `drift`: no."""

    p: float
    drift: bool
    findings: tuple[Finding, ...]


class BatchView(Frozen):
    """One arrival of data. `new_classes` had no label before it; `found` counts items labeled as one of those, `asked` the
    questions answered of a `budget`, `saved` the items nobody had to look at; `finished`: asking on is not worth it.

    `remaining` is the number of new items nobody has seen, none while it is not known. `message` says why there is no triage.
    `job` is the import it came with, which is what items and certificates call their batch.
    """

    number: int
    job: int
    name: str
    source: str
    created: datetime
    state: BatchState
    items: int
    budget: int
    new_classes: tuple[int, ...]
    asked: int
    found: int
    saved: int
    alarm: Alarm | None
    remaining: Interval | None
    finished: bool
    message: str


class Batches(Frozen):
    batches: tuple[BatchView, ...] = Field(description="newest first")


class Stack(Frozen):
    """Items of a batch that belong together and seem new, the most typical first, up to 60 of `count`.

    `nearest` is the class they look most like; `named` the class they have, once people said so.
    """

    id: str
    items: tuple[int, ...]
    count: int
    chance: float = Field(description="mean probability to be new")
    nearest: int | None
    named: int | None


class ClassAccuracy(Frozen):
    """Of holdout items of one class, the share that was recognised before the batch and is recognised now."""

    class_id: int
    new: bool
    before: Interval | None
    after: Interval | None


class DriftPoint(Frozen):
    """One batch in the history: how it differed (p, none where it was not compared), and the new items found in it."""

    number: int
    name: str
    created: datetime
    items: int
    p: float | None
    drift: bool
    found: int


class BatchReport(Frozen):
    """What came of a batch. Labels are those of its items by people: `asked` one by one, `by_stack` a stack at a time.

    `before` and `after` are models' accuracy on holdout items drawn at random; `classes` also counts those the triage found, for
    new classes. `pending`: a model that knows the last labels is still to come, and `after` with it.
    """

    number: int
    name: str
    source: str
    created: datetime
    finished: datetime
    items: int
    asked: int
    by_stack: int
    saved: int
    found: int
    new_classes: tuple[int, ...]
    remaining: Interval | None
    discarded: int
    alarm: Alarm | None
    model_before: int | None
    model_after: int | None
    before: Interval | None
    after: Interval | None
    classes: tuple[ClassAccuracy, ...]
    drift: tuple[DriftPoint, ...]
    pending: bool


class BatchDetail(Frozen):
    batch: BatchView
    stacks: tuple[Stack, ...]
    report: BatchReport | None


class StackReceipt(Frozen):
    """What became of a stack. `page` takes it back at /validate/retract; `left_out` were settled or taken up by others."""

    page: str
    class_id: int | None
    labeled: int
    left_out: int
