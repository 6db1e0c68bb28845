"""The bill: what the labels cost, what other ways would have cost, what is left to pay. Counted, never stored."""

from dataclasses import dataclass

import numpy as np

from modicum.amounts import about, amount, between, count, counted, duration, durations, money
from modicum.bill_views import Alternative, Bill, BudgetView, Cost, PurposeCost, Rest
from modicum.engine import costs
from modicum.engine.costs import CLASSIFY, CONFIRM, Rate
from modicum.home import Home
from modicum.looking import audits_due
from modicum.progress import progress
from modicum.store import counts, spending
from modicum.store.db import Database
from modicum.store.spending import Spending
from modicum.types import Interval, Policy, Project, Purpose, Route
from modicum.views import Counts, Progress, Unit

DAYS = 7  # with work in them, from which the pace is told
ENOUGH_TO_COMPARE = 30  # holdout labels below which the random control is a guess

WORDS = {
    Purpose.LEARNING: ("Teaching the model", "chosen by a strategy, or asked about once more"),
    Purpose.HOLDOUT: ("Measuring the model", "held-out items, shown blind; the model never learns from them"),
    Purpose.CALIBRATION: ("Certifying", "items drawn at random for a certificate"),
    Purpose.AUDIT: ("Auditing", "a random share of what the model labeled, looked at by people"),
    Purpose.VALIDATION: ("Validating", "pages of suggestions, confirmed or corrected"),
    Purpose.TRIAGE: ("Triage", "questions about what may be new in a batch"),
    Purpose.STACKS: ("Naming stacks", "similar new images of a batch, decided in one gesture"),
    Purpose.SECOND_LOOK: ("Second looks", "labels that model and neighbours contradict"),
}


@dataclass(frozen=True)
class _Price:
    """What an hour costs, if anybody said so."""

    rate: float | None
    currency: str

    def cost(self, seconds: Interval) -> Cost:
        return Cost(seconds=seconds, money=None if self.rate is None else _scaled(seconds, self.rate / 3600))

    def said(self, cost: Cost, *, band: bool = False) -> str:
        """`42 min (EUR 14)`; with its band `9 h 10 min (EUR 183, between 160 and 210)`."""
        told = duration(cost.seconds.mean)
        if cost.money is None:
            more = durations(cost.seconds) if band else ""
        else:
            more = money(cost.money.mean, self.currency)
            ends = between(amount(cost.money.low), amount(cost.money.high)) if band else ""
            more += f", {ends}" if ends else ""
        return f"{told} ({more})" if more else told


@dataclass(frozen=True)
class _Facts:
    """Everything the bill is told from."""

    policy: Policy
    price: _Price
    known: Progress
    asked: int
    spending: Spending
    spent: Interval
    per_label: Rate
    per_confirmation: Rate
    a_day: list[float]
    to_audit: int


def bill(db: Database, home: Home, project: Project, *, patient: bool = False) -> Bill:
    """The bill as of now. What takes seconds to compute is missing at first, or is waited for when `patient`."""
    seen = _look(db, home, project, patient=patient)
    counted_ = seen.known.counts
    rest = _rest(seen)
    everything = _everything(seen, rest)
    return Bill(
        currency=seen.price.currency,
        rate_per_hour=seen.price.rate,
        items=counted_.items,
        labeled=counted_.labeled,
        auto=counted_.auto,
        headline=_headline(seen, everything),
        notes=_notes(seen),
        purposes=_purposes(seen),
        spent=seen.price.cost(seen.spent),
        per_label=seen.per_label.interval(),
        per_confirmation=seen.per_confirmation.interval(),
        rest=rest,
        everything=everything,
        random=_random(seen),
        budgets=_budgets(seen),
    )


def _look(db: Database, home: Home, project: Project, *, patient: bool) -> _Facts:
    known = progress(db, home, project, patient=patient)
    done = spending.spending(db, project.id)
    with db.read() as conn:
        asked = counts.asked(conn, project.id)
        a_day = spending.by_day(conn, project.id, DAYS)
    rng = np.random.default_rng([project.seed, 3])
    policy = project.policy
    return _Facts(
        policy=policy,
        price=_Price(policy.rate_per_hour, policy.currency),
        known=known,
        asked=asked,
        spending=done,
        spent=_sum([done.seconds(purpose) for purpose in done.times]),
        per_label=costs.rate(done.alike(Purpose.LEARNING), CLASSIFY, rng),
        per_confirmation=costs.rate(done.alike(Purpose.VALIDATION), CONFIRM, rng),
        a_day=a_day,
        to_audit=audits_due(db, project),
    )


def _purposes(seen: _Facts) -> tuple[PurposeCost, ...]:
    found = []
    for purpose, (title, meaning) in WORDS.items():
        times = seen.spending.times.get(purpose)
        if times is None:
            continue
        found.append(
            PurposeCost(
                purpose=purpose,
                title=title,
                meaning=meaning,
                decisions=times.decisions,
                taken_back=seen.spending.taken_back.get(purpose, 0),
                timed=times.timed,
                median=times.quantile(0.5) if times.timed else None,
                spent=seen.price.cost(seen.spending.seconds(purpose)),
            )
        )
    return tuple(found)


# --- what is left, and other ways --------------------------------------------------------------------------------------


def _rest(seen: _Facts) -> Rest:
    """All that is unlabeled, done as now: what the model is sure of by the page, unless the policy says otherwise.

    And the audits that are due: auto-labels that people look at.
    """
    waiting, sure = seen.known.counts.pool, min(seen.known.routes.get(Route.VALIDATE, 0), seen.known.counts.pool)
    by_page = sure if seen.policy.sure == "validate" else 0
    held = sure if seen.policy.sure == "hold" else 0
    one_by_one, to_audit = waiting - by_page - held, seen.to_audit
    draws = (one_by_one + to_audit) * seen.per_label.draws + by_page * seen.per_confirmation.draws
    mean = (one_by_one + to_audit) * seen.per_label.mean + by_page * seen.per_confirmation.mean
    cost = seen.price.cost(costs.interval(mean, draws, seen.per_label.n))
    parts = [f"{count(one_by_one)} one by one"] if one_by_one else []
    parts += [f"{count(by_page)} by the page"] if by_page else []
    parts += [counted(to_audit, "audit")] if to_audit else []
    if not parts:
        said = f"{counted(held, 'image')} on hold; nothing else is left." if held else "Nothing is left to do."
    else:
        said = f"The rest takes {seen.price.said(cost, band=True)} if it goes on as now: {_listed(parts)}."
    return Rest(to_annotate=one_by_one, to_validate=by_page, to_audit=to_audit, held=held, cost=cost, said=said)


def _everything(seen: _Facts, rest: Rest) -> Alternative:
    """Every item labeled one by one, against what was spent and what the rest will take."""
    items = seen.known.counts.items
    mean, draws = items * seen.per_label.mean, items * seen.per_label.draws
    cost = seen.price.cost(costs.interval(mean, draws, seen.per_label.n))
    if not items:
        return Alternative(labels=None, cost=None, saved=None, said="There are no images yet.")
    ours = seen.spent.mean + rest.cost.seconds.mean
    left = (rest.to_annotate + rest.to_audit) * seen.per_label.draws + rest.to_validate * seen.per_confirmation.draws
    # both sides rest on the same seconds a label, so the difference is known better than either
    saved = seen.price.cost(costs.interval(mean - ours, draws - left - seen.spent.mean, seen.per_label.n))
    certain = Interval(mean=items, low=items, high=items, n=items)
    return Alternative(labels=certain, cost=cost, saved=saved, said=_saved_said(seen, saved, "labeling everything by hand"))


def _random(seen: _Facts) -> Alternative:
    """A random sample that reaches today's accuracy, against all that was spent so far."""
    saving, holdout = seen.known.saving, seen.known.counts.holdout

    def unknown(why: str) -> Alternative:
        return Alternative(labels=None, cost=None, saved=None, said=f"What a random sample would have cost {why}.")

    if holdout < ENOUGH_TO_COMPARE:
        return unknown(f"is told once about {ENOUGH_TO_COMPARE} held-out images are labeled; so far {_are(holdout)}")
    if saving is None:
        return unknown("is being computed, or waits for the next model")
    if saving.random_labels is None:
        return unknown(f"cannot be told: {saving.note}")
    labels = _at_most(saving.random_labels, seen.known.counts.items)
    control = seen.known.control
    open_end = labels.high >= control[-1].labels  # the control was not drawn any further: only the lower end is known
    measured = any(not point.extrapolated for point in control if point.labels >= labels.mean)
    cost = seen.price.cost(costs.times_of(labels, seen.per_label.interval()))
    seconds = cost.seconds
    saved = seen.price.cost(
        Interval(
            mean=seconds.mean - seen.spent.mean,
            low=seconds.low - seen.spent.high,
            high=seconds.high - seen.spent.low,
            n=seconds.n,
        )
    )
    band = f"at least {about(labels.low)}" if open_end else between(about(labels.low), about(labels.high))
    said = f"A random sample as accurate would have taken about {about(labels.mean)} labels{f' ({band})' if band else ''}: "
    said += f"{seen.price.said(cost, band=not open_end)}. {_saved_said(seen, saved, 'that')}"
    said += "" if measured else " More random labels than were held out are extrapolated."
    return Alternative(labels=labels, cost=cost, saved=saved, said=said)


def _at_most(labels: Interval, items: int) -> Interval:
    """No sample is larger than everything."""
    return Interval(mean=min(labels.mean, items), low=min(labels.low, items), high=min(labels.high, items), n=labels.n)


def _saved_said(seen: _Facts, saved: Cost, than: str) -> str:
    """`That is 3 h less than ...`; when the band reaches zero it is not claimed."""
    seconds = saved.seconds
    if seconds.low > 0:
        return f"Done this way it comes to {seen.price.said(saved, band=True)} less than {than}."
    if seconds.high < 0:
        more = seen.price.cost(Interval(mean=-seconds.mean, low=-seconds.high, high=-seconds.low, n=seconds.n))
        return f"So far it comes to {seen.price.said(more, band=True)} more than {than}."
    return f"Whether it comes to less than {than} cannot be told yet."


# --- budgets -----------------------------------------------------------------------------------------------------------


def _budgets(seen: _Facts) -> tuple[BudgetView, ...]:
    policy, worked = seen.policy, seen.spent.mean
    found = []
    if policy.budget is not None:
        left = max(0, policy.budget - seen.asked) * seen.per_label.mean
        told = f"{count(seen.asked)} of {counted(policy.budget, 'label')}"
        found.append(_budget(seen, "labels", policy.budget, seen.asked, left, told))
    if policy.budget_hours is not None:
        left = max(0.0, policy.budget_hours * 3600 - worked)
        told = f"{duration(worked)} of {duration(policy.budget_hours * 3600)}"
        found.append(_budget(seen, "hours", policy.budget_hours, worked / 3600, left, told))
    if policy.budget_money is not None and policy.rate_per_hour is not None:
        used = worked * policy.rate_per_hour / 3600
        left = max(0.0, policy.budget_money - used) / policy.rate_per_hour * 3600
        told = f"{money(used, policy.currency)} of {amount(policy.budget_money)}"
        found.append(_budget(seen, "money", policy.budget_money, used, left, told))
    return tuple(found)


def _budget(seen: _Facts, unit: Unit, limit: float, used: float, left: float, told: str) -> BudgetView:
    """`left` is the work, in seconds, until it is spent."""
    worked_a_day = float(np.mean(seen.a_day)) if seen.a_day else 0.0
    days = left / worked_a_day if worked_a_day else None
    if used >= limit:
        said = f"{told}: it is spent, and Annotate asks nothing more."
    elif days is None:
        said = f"{told}. When it is spent can be told once somebody has worked."
    else:
        pace = "today's pace" if len(seen.a_day) == 1 else f"the pace of the last {len(seen.a_day)} days with work"
        when = "within a day of work" if days <= 1 else f"in about {about(np.ceil(days))} days of work"
        said = f"{told}. At {pace}, {duration(worked_a_day)} a day, it is spent {when}."
    return BudgetView(unit=unit, limit=limit, used=used, days=days, said=said)


# --- sentences ---------------------------------------------------------------------------------------------------------


def _headline(seen: _Facts, everything: Alternative) -> str:
    begun = bool(seen.spending.times)
    first = f"You spent {seen.price.said(seen.price.cost(seen.spent))}." if begun else "Nothing has been spent yet."
    if everything.cost is None:
        return first
    would = "would have cost" if begun else "would cost"
    source = "" if seen.per_label.n else ", by times from the literature"
    return f"{first} Labeling everything {would} {seen.price.said(everything.cost, band=True)}{source}."


def _notes(seen: _Facts) -> tuple[str, ...]:
    """What stands behind the figures, and what they leave open."""
    times, taken_back = seen.spending.times, sum(seen.spending.taken_back.values())
    notes = []
    if not seen.per_label.n:
        notes.append(
            f"Fewer than {costs.ENOUGH} decisions were timed, so a label counts with what the literature says: "
            f"{CLASSIFY[0]:g} to {CLASSIFY[1]:g} seconds."
        )
    if not seen.per_confirmation.n and (seen.known.routes.get(Route.VALIDATE) or Purpose.VALIDATION in times):
        notes.append(
            f"An item on a Validate page counts with what the literature says, {CONFIRM[0]:g} to {CONFIRM[1]:g} seconds, "
            f"until {costs.ENOUGH} were timed."
        )
    untimed = sum(found.untimed for found in times.values())
    if untimed:
        notes.append(f"{counted(untimed, 'decision')} came without a time and {_is(untimed)} estimated from the others.")
    if taken_back:
        notes.append(
            f"{counted(taken_back, 'decision')} {_was(taken_back)} taken back later. The work was paid for all the same."
        )
    if seen.to_audit:
        notes.append("Audits go on as long as auto-labels stand; the rest counts those that are due.")
    overhead = sum(seen.spending.seconds(p).mean for p in times if p in (Purpose.HOLDOUT, Purpose.CALIBRATION, Purpose.AUDIT))
    if overhead:
        notes.append(f"{duration(overhead)} went into measuring: knowing how good the labels are is part of their cost.")
    return (*notes, *_auto_note(seen.known.counts))


def _auto_note(known: Counts) -> tuple[str, ...]:
    if not known.auto:
        return ()
    return (f"The model labeled {counted(known.auto, 'image')} by itself, {known.auto / known.items:.0%} of all.",)


def _listed(parts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _are(number: int) -> str:
    return f"{number} {_is(number)}"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _sum(parts: list[Interval]) -> Interval:
    """Their ends add up too: the same doubt is behind all of them."""
    return Interval(
        mean=sum(part.mean for part in parts),
        low=sum(part.low for part in parts),
        high=sum(part.high for part in parts),
        n=sum(part.n for part in parts),
    )


def _scaled(one: Interval, factor: float) -> Interval:
    return Interval(mean=one.mean * factor, low=one.low * factor, high=one.high * factor, n=one.n)
