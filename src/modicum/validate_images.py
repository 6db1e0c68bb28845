"""The people's half of validation where people draw: whole images on which the model is sure of every shape."""

from typing import Any

import numpy as np
from sqlalchemy import Connection

from modicum.store import drawings, facts, items, labels, projects, tasks
from modicum.store.db import Database
from modicum.store.tasks import Holder, NewTask
from modicum.types import Prediction, Reason, Route, Task
from modicum.views import PageView

FAINT = 0.25  # shapes below this score are taken for nothing
SPARE = 50  # further images looked at, for those that others have taken meanwhile


def claim_page(db: Database, project_id: int, annotator: str, client: str, above: float, size: int) -> PageView:
    """Lease up to `size` images whose every shape has at least this score, but for faint ones, the most doubtful first.

    The faint ones are left out of what is shown and confirmed. `total` counts all such images, `elsewhere` those on pages of
    others. The tab's earlier page is given back. Pages are confirmed and taken back like any other.
    """
    with db.read() as conn:
        rows, _ = projects.shape(conn, project_id)
        offered = projects.policy(conn, project_id).sure == "validate"
        mine, anybodys = (facts.waiting(conn, project_id, rows, tab) for tab in (client, None))
        found = {entry.row: entry.id for entry in items.by_rows(conn, project_id, np.flatnonzero(mine | anybodys))}
        sure = _sure(drawings.predictions(conn, found.values()), above) if offered else {}
    there = [row for row, item_id in found.items() if item_id in sure]
    wanted = sorted((row for row in there if mine[row]), key=lambda row: (sure[found[row]].confidence, row))
    elsewhere = sum(bool(anybodys[row]) and not mine[row] for row in there)
    page = db.write(_lease, project_id, annotator, client, wanted[: size + SPARE], sure, size)
    return PageView(tasks=tuple(page), total=max(len(wanted), len(page)), elsewhere=elsewhere, expected_wrong=None)


def _sure(predictions: dict[int, Prediction], above: float) -> dict[int, Prediction]:
    """What is shown of each image that qualifies; its confidence is the score of its least sure shape."""
    found = {}
    for item_id, prediction in predictions.items():
        if prediction.value.type != "shapes":
            continue
        scored = [(shape, 1.0 if shape.score is None else shape.score) for shape in prediction.value.shapes]
        kept = [(shape, score) for shape, score in scored if score >= above]
        if kept and all(score >= above or score < FAINT for _, score in scored):
            value = prediction.value.model_copy(update={"shapes": tuple(shape for shape, _ in kept)})
            least = min(score for _, score in kept)
            found[item_id] = prediction.model_copy(update={"value": value, "confidence": least})
    return found


def _lease(
    conn: Connection, project_id: int, annotator: str, client: str, rows: list[int], sure: dict[int, Prediction], size: int
) -> list[Task]:
    holder = Holder.now(annotator, client, projects.policy(conn, project_id).lease_s)
    tasks.sweep(conn, project_id)
    tasks.release_pages(conn, project_id, holder)
    free = {row.row: row for row in labels.lock_unlabeled(conn, project_id, rows)}
    live = tasks.live(conn, [row.id for row in free.values()])
    chosen = [free[row] for row in rows if row in free and _free(live.get(free[row].id))][:size]
    tasks.close(conn, [live[row.id].id for row in chosen if row.id in live], "superseded")
    page = []
    for row in chosen:
        shown = sure[row.id]
        new = NewTask(row.id, Reason(code="validate"), prediction=shown, route=Route.VALIDATE)
        page += tasks.open_leased(conn, project_id, shown.model, [new], holder)
    return sorted(tasks.show(conn, page), key=lambda task: task.prediction.confidence if task.prediction else 0.0)


def _free(live: Any | None) -> bool:
    return live is None or bool(live.state == "open" and live.reason not in tasks.KEPT)
