"""The bill: what labels cost, would have cost and will cost; frozen, and sent to the browser as it is."""

from modicum.frozen import Frozen
from modicum.types import Interval, Purpose
from modicum.views import Unit


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
