"""The page of a batch: what was asked, what was saved, what is new, as one HTML file that needs nothing else."""

from collections.abc import Sequence
from html import escape
from importlib.metadata import version

from modicum.batch_views import BatchReport, DriftPoint
from modicum.types import Interval

_STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --quiet: #59636e; --line: #d1d9e0; --ground: #ffffff; --ours: #0b63c5;
  --other: #a9cbf2; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --quiet: #9aa5b1; --line: #3a424c; --ground: #14181d;
  --ours: #6cb1ff; --other: #2c4a6e; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); margin: 2rem auto; max-width: 50rem;
  padding: 0 1rem; }
h1 { font-size: 1.1rem; margin: 0 0 .3rem; color: var(--quiet); font-weight: 600; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
.headline { font-size: 1.5rem; line-height: 1.3; margin: 0 0 1rem; } p { max-width: 46rem; margin: .4rem 0; }
.quiet { color: var(--quiet); } .scroll { overflow-x: auto; } li { margin: .3rem 0; } ul { padding-left: 1.2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
th, td { text-align: right; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; } th:first-child { text-align: left; padding-left: 0; }
svg { width: 100%; height: auto; display: block; margin: 1rem 0; } svg text { fill: var(--ink); font-size: 13px; }
.ours { fill: var(--ours); } .other { fill: var(--other); }
"""
_WIDTH, _BAR = 720, 18


def page(report: BatchReport, title: str, names: Sequence[str]) -> str:
    """The report as a whole HTML document; `names` are those of the classes, by id. All text in it is escaped."""
    parts = [f'<h1>{escape(title)}</h1><p class="headline">{escape(headline(report, names))}</p>']
    parts += [f"<p>{escape(line)}</p>" for line in sentences(report)]
    if report.items:
        parts.append(_bar(report))
    if report.alarm is not None:
        lines = [finding.text for finding in report.alarm.findings] or ["nothing unusual"]
        parts.append(f"<h2>On arrival</h2><ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>")
    parts.append(_classes(report, names))
    parts.append(_history(report.drift))
    parts.append(f'<p class="quiet">modicum {escape(version("modicum"))}</p>')
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return f'<!doctype html><html lang="en"><head>{head}<style>{_STYLE}</style></head><body>{"".join(parts)}</body></html>\n'


def headline(report: BatchReport, names: Sequence[str]) -> str:
    """The batch in one sentence."""
    new = ", ".join(names[class_id] for class_id in report.new_classes)
    found = f"{report.found:,} items of {new}" if new else "nothing new"
    return f"{report.asked:,} of {report.items:,} items were looked at one by one: {found} found, {report.saved:,} looks saved."


def sentences(report: BatchReport) -> list[str]:
    """What the report says below its headline."""
    lines = []
    if report.by_stack:
        lines.append(f"{report.by_stack:,} labels came a stack at a time.")
    if report.discarded:
        lines.append(f"{report.discarded:,} items were set aside as noise; their like is known when the next batch comes.")
    if report.remaining is not None:
        left = report.remaining
        lines.append(f"New items nobody has seen: about {left.mean:.0f} ({left.low:.0f} to {left.high:.0f}).")
    if report.before is not None and report.after is not None:
        lines.append(f"Right on the blind holdout: {_share(report.before)} before, {_share(report.after)} after.")
    if report.pending:
        lines.append("A model that knows the last labels is still to come: what stands here after the batch will change.")
    return lines


def _bar(report: BatchReport) -> str:
    asked = report.asked / report.items * _WIDTH
    said = f"{report.asked:,} of {report.items:,} items looked at"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_BAR}" role="img" aria-label="{escape(said)}">'
        f'<rect class="other" width="{_WIDTH}" height="{_BAR}"/><rect class="ours" width="{asked:.1f}" height="{_BAR}"/></svg>'
    )


def _classes(report: BatchReport, names: Sequence[str]) -> str:
    rows = [row for row in report.classes if row.before is not None or row.after is not None]
    if not rows:
        return '<h2>By class</h2><p class="quiet">No holdout item is labeled yet: nothing can be said of accuracy.</p>'
    body = "".join(
        f'<tr><th scope="row">{escape(names[row.class_id])}{" (new)" if row.new else ""}</th>'
        f"<td>{_share(row.before)}</td><td>{_share(row.after)}</td><td>{row.after.n if row.after else 0:,}</td></tr>"
        for row in rows
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Class", "Right before", "Right after", "Holdout items"))
    return f'<h2>By class</h2><div class="scroll"><table><tr>{heads}</tr>{body}</table></div>'


def _history(drift: Sequence[DriftPoint]) -> str:
    body = "".join(
        f'<tr><th scope="row">{escape(point.name)}</th><td>{point.items:,}</td>'
        f"<td>{'' if point.p is None else f'{point.p:.3f}'}</td><td>{'yes' if point.drift else 'no'}</td>"
        f"<td>{point.found:,}</td></tr>"
        for point in drift
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Batch", "Items", "p", "Drift", "New items found"))
    return f'<h2>Drift over time</h2><div class="scroll"><table><tr>{heads}</tr>{body}</table></div>'


def _share(share: Interval | None) -> str:
    return "" if share is None else f"{share.mean:.1%} ({share.low:.0%} to {share.high:.0%})"
