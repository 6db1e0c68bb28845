"""Draws docs/images/two-rings.svg: two rings, one label each, as a straight line and as Poisson learning see them.

python docs/make_rings.py
"""

from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from modicum.engine.propagate import graph, neighbours, poisson

PICTURE = Path(__file__).parent / "images" / "two-rings.svg"
COLOURS = ("#0072b2", "#d55e00")  # apart for every kind of colour vision
SIZE, MARGIN, TITLE = 260, 20, 30


def rings(rng: np.random.Generator, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    outer = np.arange(n) < n // 2
    angle = rng.uniform(0, 2 * np.pi, n)
    radius = np.where(outer, 1.0, 0.5) + 0.05 * rng.standard_normal(n)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32), (~outer).astype(np.int64)


def panel(x: np.ndarray, codes: np.ndarray, labeled: np.ndarray, title: str, left: int) -> list[str]:
    place = MARGIN + (SIZE - 2 * MARGIN) * (x + 1.2) / 2.4
    lines = [
        f'<text x="{left + SIZE / 2:.0f}" y="20" text-anchor="middle" font-family="sans-serif" font-size="14">{title}</text>'
    ]
    for (across, down), code in zip(place, codes, strict=True):
        lines.append(f'<circle cx="{left + across:.1f}" cy="{TITLE + down:.1f}" r="2.5" fill="{COLOURS[code]}"/>')
    for across, down in place[labeled]:
        lines.append(
            f'<circle cx="{left + across:.1f}" cy="{TITLE + down:.1f}" r="7" fill="none" stroke="#000" stroke-width="2.5"/>'
        )
    return lines


def main() -> None:
    rng = np.random.default_rng(1)
    x, y = rings(rng)
    labeled = np.array([rng.choice(np.flatnonzero(y == code)) for code in (0, 1)])
    line = LogisticRegression().fit(x[labeled], y[labeled]).predict(x)
    spread = poisson(graph(neighbours(x)), labeled, y[labeled], 2).argmax(axis=1)
    body = panel(x, line, labeled, f"a straight line: {(line == y).mean():.0%} right", 0)
    body += panel(x, spread, labeled, f"Poisson learning: {(spread == y).mean():.0%} right", SIZE)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * SIZE} {SIZE + TITLE}" role="img">'
    named = "<title>Two rings with one label each, pre-labeled by a straight line and by Poisson learning</title>"
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    PICTURE.write_text("\n".join([head, named, ground, *body, "</svg>", ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
