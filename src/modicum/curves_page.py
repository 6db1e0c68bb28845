"""The page of a comparison: learning curves with their bands and a table, as one HTML file that needs nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.metadata import version

from modicum.simulate import CONTROL, Compared, Comparison, CurveEntry, Difference

_WIDTH, _HEIGHT = 340, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 8, 8, 26
_STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --quiet: #59636e; --line: #d1d9e0; --ground: #ffffff;
  --ours: #0b63c5; --chance: #8a6d1d; --worse: #b3261e; --better: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --quiet: #9aa5b1; --line: #3a424c; --ground: #14181d;
  --ours: #6cb1ff; --chance: #d4b45f; --worse: #ff8a80; --better: #6fdd8b; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); margin: 2rem auto; max-width: 72rem;
  padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; } h2 { font-size: 1rem; margin: 0 0 .3rem; }
p { color: var(--quiet); margin: .2rem 0 1rem; max-width: 46rem; }
.curves { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 1.2rem; margin: 1.5rem 0; }
.curves section { border: 1px solid var(--line); border-radius: 8px; padding: .8rem; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--quiet); font-size: 11px; }
.grid { stroke: var(--line); } .ours { stroke: var(--ours); } .chance { stroke: var(--chance); stroke-dasharray: 5 3; }
.line { fill: none; stroke-width: 2; } .band { stroke: none; opacity: .18; } .band.ours { fill: var(--ours); }
.band.chance { fill: var(--chance); }
.scroll { overflow-x: auto; margin-bottom: 1.5rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--ground); }
.better { color: var(--better); } .worse { color: var(--worse); } small { color: var(--quiet); font-size: 11px; }
"""


def page(comparison: Comparison, title: str) -> str:
    """The comparison as a whole HTML document; all text in it is escaped."""
    found = comparison["strategies"]
    control = next(one["curve"] for one in found if one["strategy"] == CONTROL)
    others = [one for one in found if one["strategy"] != CONTROL]
    seeds = f"{comparison['seed']} to {comparison['seed'] + comparison['runs'] - 1}"
    said = (
        f"Accuracy on the rows that are tested, mean of {comparison['runs']} runs (seeds {seeds}) with 95% intervals. Seed "
        f"strategy {comparison['seed_strategy']}; the dashed control takes random labels from the first one on. Differences "
        f"are paired by seed. modicum {version('modicum')}."
    )
    left_out = "".join(f"<li>{escape(name)}: {escape(why)}</li>" for name, why in comparison["left_out"].items())
    # One scale for all sections; what lies below every band would only make the curves flat.
    floor = min(0.9, int(10 * min(entry["low"] for one in found for entry in one["curve"])) / 10)
    parts = [
        f"<h1>{escape(title)}</h1><p>{escape(said)}</p>",
        _table("Accuracy", found, _accuracies),
        _table(f"Points above {CONTROL}", others, _differences) if others else "",
        f'<div class="curves">{"".join(_section(one, control, floor) for one in others or found)}</div>',
        f"<h2>Left out</h2><ul>{left_out}</ul>" if left_out else "",
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return f'<!doctype html><html lang="en"><head>{head}<style>{_STYLE}</style></head><body>{"".join(parts)}</body></html>\n'


# --- tables ------------------------------------------------------------------------------------------------------------


def _table(title: str, rows: Sequence[Compared], cells: Callable[[Compared], list[tuple[int, str]]]) -> str:
    filled = [cells(one) for one in rows]
    heads = "".join(f'<th scope="col">{labels}</th>' for labels, _ in filled[0])
    body = "".join(
        f'<tr><th scope="row">{escape(one["strategy"])}</th>{"".join(text for _, text in row)}</tr>'
        for one, row in zip(rows, filled, strict=True)
    )
    return f'<h2>{escape(title)}</h2><div class="scroll"><table><tr><th scope="col">labels</th>{heads}</tr>{body}</table></div>'


def _accuracies(one: Compared) -> list[tuple[int, str]]:
    step = max(1, len(one["curve"]) // 10)
    picked = one["curve"][::-step][::-1]
    return [
        (entry["labels"], f"<td>{entry['accuracy']:.1%}<br><small>{entry['low']:.1%} to {entry['high']:.1%}</small></td>")
        for entry in picked
    ]


def _differences(one: Compared) -> list[tuple[int, str]]:
    return [(entry["labels"], _difference(entry)) for entry in one["differences"]]


def _difference(entry: Difference) -> str:
    kind = "better" if entry["low"] > 0 else "worse" if entry["high"] < 0 else ""
    span = f"{100 * entry['low']:+.1f} to {100 * entry['high']:+.1f}"
    return f'<td class="{kind}">{100 * entry["difference"]:+.1f}<br><small>{span}</small></td>'


# --- curves ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Scale:
    labels: int
    floor: float

    def x(self, labels: int) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * labels / self.labels

    def y(self, share: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * (share - self.floor) / (1 - self.floor)


def _section(one: Compared, control: Sequence[CurveEntry], floor: float) -> str:
    """One strategy beside the control."""
    scale = _Scale(max(entry["labels"] for entry in [*one["curve"], *control]), floor)
    marks = "".join(
        f'<path class="grid" d="M{_LEFT} {scale.y(share):.1f}H{_WIDTH - _RIGHT}"/>'
        f'<text x="{_LEFT - 5}" y="{scale.y(share) + 4:.1f}" text-anchor="end">{share:.0%}</text>'
        for share in (floor, (1 + floor) / 2, 1)
    )
    ends = "".join(
        f'<text x="{scale.x(labels):.1f}" y="{_HEIGHT - 8}" text-anchor="{anchor}">{labels}</text>'
        for labels, anchor in ((0, "start"), (scale.labels // 2, "middle"), (scale.labels, "end"))
    )
    curves = _curve(control, scale, "chance") + _curve(one["curve"], scale, "ours")
    reached = one["curve"][-1]
    told = f"{one['strategy']}: {reached['accuracy']:.1%} with {reached['labels']} labels"
    return (
        f"<section><h2>{escape(one['strategy'])}</h2>"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(told)}">{marks}{ends}{curves}</svg></section>'
    )


def _curve(curve: Sequence[CurveEntry], scale: _Scale, kind: str) -> str:
    def path(height: Callable[[CurveEntry], float]) -> list[str]:
        return [f"{scale.x(entry['labels']):.1f} {scale.y(height(entry)):.1f}" for entry in curve]

    band = [*path(lambda entry: entry["high"]), *path(lambda entry: entry["low"])[::-1]]
    line = path(lambda entry: entry["accuracy"])
    return f'<path class="band {kind}" d="M{"L".join(band)}Z"/><path class="line {kind}" d="M{"L".join(line)}"/>'
