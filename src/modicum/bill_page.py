"""The page of a bill: what was spent beside what it would have cost, as one HTML file that needs nothing else."""

from dataclasses import dataclass
from html import escape
from importlib.metadata import version

from modicum.amounts import amount, duration, durations
from modicum.bill_views import Bill, BudgetView, Cost, PurposeCost
from modicum.types import Interval

_WIDTH, _ROW, _LEFT, _BAR = 720, 44, 190, 18
_STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --quiet: #59636e; --line: #d1d9e0; --ground: #ffffff;
  --ours: #0b63c5; --rest: #a9cbf2; --other: #8b8b86; --over: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --quiet: #9aa5b1; --line: #3a424c; --ground: #14181d;
  --ours: #6cb1ff; --rest: #2c4a6e; --other: #757b83; --over: #ff8a80; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); margin: 2rem auto; max-width: 50rem;
  padding: 0 1rem; }
h1 { font-size: 1.1rem; margin: 0 0 .3rem; color: var(--quiet); font-weight: 600; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
.headline { font-size: 1.5rem; line-height: 1.3; margin: 0 0 1rem; } p { max-width: 46rem; margin: .4rem 0; }
.quiet, small { color: var(--quiet); } small { font-size: 12px; display: block; white-space: normal; }
small { font-weight: 400; } svg { width: 100%; height: auto; display: block; margin: 1rem 0; }
svg text { fill: var(--ink); font-size: 13px; }
svg .quiet { fill: var(--quiet); font-size: 12px; } .ours { fill: var(--ours); } .rest { fill: var(--rest); }
.other { fill: var(--other); } .band { stroke: var(--ink); stroke-width: 1.5; fill: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
th, td { text-align: right; padding: .35rem .6rem; white-space: nowrap;
  border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; } th:first-child { text-align: left; padding-left: 0; white-space: normal; }
progress { width: 100%; height: 10px; accent-color: var(--ours); } li { margin: .3rem 0; } ul { padding-left: 1.2rem; }
"""


def page(bill: Bill, title: str) -> str:
    """The bill as a whole HTML document; all text in it is escaped."""
    parts = [f'<h1>{escape(title)}</h1><p class="headline">{escape(bill.headline)}</p>']
    parts += [f"<p>{escape(said)}</p>" for said in sentences(bill)]
    if bill.items:
        parts.append(_bars(bill))
    if bill.purposes:
        parts.append(_table(bill))
    if bill.budgets:
        parts.append(f"<h2>Budget</h2>{''.join(map(_budget, bill.budgets))}")
    if bill.notes:
        parts.append(f"<h2>What stands behind this</h2><ul>{''.join(f'<li>{escape(note)}</li>' for note in bill.notes)}</ul>")
    parts.append(f'<p class="quiet">modicum {escape(version("modicum"))}</p>')
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return f'<!doctype html><html lang="en"><head>{head}<style>{_STYLE}</style></head><body>{"".join(parts)}</body></html>\n'


def sentences(bill: Bill) -> list[str]:
    """What the bill says below its headline."""
    return [bill.rest.said, bill.everything.said, bill.random.said] if bill.items else []


# --- bars --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Bar:
    name: str
    told: str
    parts: tuple[tuple[str, float], ...]  # (look, seconds)
    band: Interval | None


def _bars(bill: Bill) -> str:
    """Ours with the rest, random to the same accuracy, everything: one scale, the bands as whiskers."""
    spent, rest = bill.spent.seconds, bill.rest.cost.seconds
    whole = Interval(mean=spent.mean + rest.mean, low=spent.low + rest.low, high=spent.high + rest.high, n=rest.n)
    ours = f"{duration(spent.mean)} spent, {duration(rest.mean)} left"
    found = [_Bar("This way", ours, (("ours", spent.mean), ("rest", rest.mean)), whole)] if bill.purposes else []
    for name, other in (("Random, as accurate", bill.random), ("Everything by hand", bill.everything)):
        if other.cost is not None:
            told = f"{duration(other.cost.seconds.mean)} ({durations(other.cost.seconds)})"
            found.append(_Bar(name, told, (("other", other.cost.seconds.mean),), other.cost.seconds))
    longest = max([bar.band.high for bar in found if bar.band] + [1.0])
    scale = (_WIDTH - _LEFT - 10) / longest
    drawn = "".join(_bar(bar, row * _ROW, scale) for row, bar in enumerate(found))
    said = "; ".join(f"{bar.name}: {bar.told}" for bar in found)
    return f'<svg viewBox="0 0 {_WIDTH} {len(found) * _ROW}" role="img" aria-label="{escape(said)}">{drawn}</svg>'


def _bar(bar: _Bar, top: float, scale: float) -> str:
    x, drawn = float(_LEFT), ""
    for look, seconds in bar.parts:
        drawn += f'<rect class="{look}" x="{x:.1f}" y="{top}" width="{seconds * scale:.1f}" height="{_BAR}"/>'
        x += seconds * scale
    if bar.band is not None and bar.band.high > bar.band.low:
        low, high, middle = _LEFT + bar.band.low * scale, _LEFT + bar.band.high * scale, top + _BAR / 2
        ends = f"M{low:.1f} {middle - 5}v10M{high:.1f} {middle - 5}v10"
        drawn += f'<path class="band" d="M{low:.1f} {middle}H{high:.1f}{ends}"/>'
    return (
        f'<text x="0" y="{top + 14}">{escape(bar.name)}</text>{drawn}'
        f'<text class="quiet" x="{_LEFT}" y="{top + _BAR + 14}">{escape(bar.told)}</text>'
    )


# --- table and budgets -------------------------------------------------------------------------------------------------


def _table(bill: Bill) -> str:
    priced = bill.rate_per_hour is not None
    head = ["For", "Decisions", "Median", "Time", *([escape(bill.currency)] if priced else [])]
    rows = "".join(_row(row) for row in bill.purposes)
    decisions = sum(row.decisions for row in bill.purposes)
    whole = f'<tr><th scope="row">In all</th><td>{decisions:,}</td><td></td>{_cost(bill.spent)}</tr>'
    heads = "".join(f'<th scope="col">{name}</th>' for name in head)
    return f'<h2>What it was spent on</h2><div class="scroll"><table><tr>{heads}</tr>{rows}{whole}</table></div>'


def _row(row: PurposeCost) -> str:
    median = "" if row.median is None else duration(row.median)
    back = f"<small>{row.taken_back:,} taken back</small>" if row.taken_back else ""
    untimed = row.decisions - row.timed
    estimated = f"<small>{untimed:,} estimated</small>" if untimed else ""
    return (
        f'<tr><th scope="row">{escape(row.title)}<small>{escape(row.meaning)}</small></th>'
        f"<td>{row.decisions:,}{back}</td><td>{median}{estimated}</td>{_cost(row.spent)}</tr>"
    )


def _cost(cost: Cost) -> str:
    paid = "" if cost.money is None else f"<td>{amount(cost.money.mean)}</td>"
    return f"<td>{duration(cost.seconds.mean)}</td>{paid}"


def _budget(budget: BudgetView) -> str:
    share = min(1.0, budget.used / budget.limit)
    return f'<p>{escape(budget.said)}<progress value="{share:.4f}" max="1">{share:.0%}</progress></p>'
