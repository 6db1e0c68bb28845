"""Batches: what arrives is compared with what is known, and its triage brings up only what is new.

The alarm comes from the worker; questions, stacks and figures follow from what people said, like everything else.
"""

import math
from typing import Any

from sqlalchemy import Connection, Row

from modicum import desk
from modicum.alarms import named, notice, of_new
from modicum.batch_report import Counted, counted, report
from modicum.batch_views import Alarm, BatchDetail, Batches, BatchReport, BatchView
from modicum.errors import ConflictError, ModicumError
from modicum.home import Home
from modicum.searching import Search, search
from modicum.stacks import stacks
from modicum.store import batches, labels, rounds, scores, tasks
from modicum.store.db import Database
from modicum.store.tasks import Holder, NewTask
from modicum.types import BatchState, Job, JobState, Project, Reason, Route, Status, Task
from modicum.views import Claim

BUDGET = 0.055  # of the items of a batch are asked about, at most
BUDGET_AT_LEAST = 20


# --- the machine's part ------------------------------------------------------------------------------------------------


def advance(db: Database, home: Home, project: Project) -> bool:
    """See to what arrived: raise the alarm and open the triage, or say why there is none. Complete reports that waited.

    Each step can be repeated, so that a killed process leaves nothing half done. True when something was done.
    """
    with db.read() as conn:
        waiting = batches.arrived(conn, project.id)
        pending = [row for row in batches.list_all(conn, project.id) if row.report is not None and row.report["pending"]]
    done = [_receive(db, home, project, row) for row in waiting]
    return any([*done, *(_complete(db, home, project, row) for row in pending)])


def _receive(db: Database, home: Home, project: Project, row: Row[Any]) -> bool:
    with db.read() as conn:
        items = len(batches.contents(conn, project.id, row.job_id).ids)
    if not items and row.args.get("again"):
        db.write(batches.forget, row.id)
        return True
    stamped = db.write(batches.stamp, row)
    with db.read() as conn:
        known = len(batches.reference(conn, stamped)[0])
    reason = _no_triage(row, items, known)
    if reason:
        db.write(batches.close, row.id, items=items, message=reason)
        return True
    try:
        found = search(db, home, project, stamped)
        alarm, hint = notice(db, home, project, stamped, found.questions())
    except ModicumError as error:  # it is no reason to hold up the project's rounds
        db.write(batches.close, row.id, items=items, message=f"No triage: {error.message}.")
        return True
    budget = min(items, max(BUDGET_AT_LEAST, math.ceil(BUDGET * items)))
    message = " ".join(part for part in (_cut_short(row), hint) if part)
    facts = None if alarm is None else alarm.model_dump(mode="json")
    db.write(batches.open_triage, row.id, items=items, budget=budget, alarm=facts, message=message)
    return True


def _no_triage(row: Row[Any], items: int, known: int) -> str:
    """Why there is nothing to triage, empty when there is."""
    if not items:
        if row.ended != JobState.DONE:
            return f"Nothing was imported: {row.said or row.ended}."
        if row.duplicates:
            apart = f"; {row.rejected:,} other files could not be read" if row.rejected else ""
            return f"Nothing new: the project has all {row.duplicates:,} of these images already{apart}."
        if row.rejected:
            return f"Nothing to look at: none of the {row.rejected:,} files could be read."
        return "Nothing to look at: the source held no images."
    if row.round is None or not known:
        return (
            "No triage: without a model there is nothing to compare these items with. They are in the pool like all others; "
            "label some of each class, and the next batch will be triaged."
        )
    return ""


def _cut_short(row: Row[Any]) -> str:
    if row.ended == JobState.DONE:
        return ""
    return f"Its import did not end ({row.said or row.ended}); this is about what came in, and the rest will be another batch."


def _complete(db: Database, home: Home, project: Project, row: Row[Any]) -> bool:
    """Write the report once more when a model knows everything that was said."""
    with db.read() as conn:
        newest = rounds.newest(conn, project.id)
        if newest is None or newest.annotations < batches.last_said(conn, row):
            return False
    before = BatchReport.model_validate(row.report)
    final = report(db, home, project, row, remaining=before.remaining, at=before.finished)
    db.write(batches.finish, row.id, final.model_dump(mode="json"), final.finished)
    return True


# --- looking -----------------------------------------------------------------------------------------------------------


def overview(db: Database, home: Home, project: Project) -> Batches:
    """Every batch, the newest first. What searches have to say may be a moment old: nobody waits for them here."""
    with db.read() as conn:
        rows = [(row, counted(conn, row)) for row in batches.list_all(conn, project.id)]
        stamp = labels.newest_annotation(conn, project.id)
    return Batches(batches=tuple(_soon(db, home, project, row, said, stamp) for row, said in rows))


def _soon(db: Database, home: Home, project: Project, row: Row[Any], said: Counted, stamp: int) -> BatchView:
    if row.state != BatchState.OPEN:
        return _view(project, row, said, None)
    key = ("batch", row.id)
    found = db.remember_soon(key, (row.opened, stamp), lambda: _estimate(search(db, home, project, row)))
    return _view(project, row, said, found)


def view(db: Database, home: Home, project: Project, number: int) -> BatchView:
    """One batch as it is now. Raises NotFoundError."""
    with db.read() as conn:
        row = batches.get(conn, project.id, number)
    found = _estimate(search(db, home, project, row)) if row.state == BatchState.OPEN else None
    with db.read() as conn:
        return _view(project, row, counted(conn, row), found)


def of_job(db: Database, project: Project, job: Job) -> BatchView | None:
    """The batch that an import is, without what its search has to say; none when it is no batch."""
    with db.read() as conn:
        found = [row for row in batches.list_all(conn, project.id) if row.job_id == job.id]
        return _view(project, found[0], counted(conn, found[0]), None) if found else None


def detail(db: Database, home: Home, project: Project, number: int) -> BatchDetail:
    """One batch with its stacks and, once its triage is over, its report. Raises NotFoundError."""
    seen = view(db, home, project, number)
    with db.read() as conn:
        row = batches.get(conn, project.id, number)
    found = stacks(db, home, project, row) if row.state == BatchState.OPEN else ()
    return BatchDetail(batch=seen, stacks=found, report=_report_of(project, row))


def _report_of(project: Project, row: Row[Any]) -> BatchReport | None:
    if row.report is None:
        return None
    kept = BatchReport.model_validate(row.report)
    return kept if row.alarm is None else kept.model_copy(update={"alarm": named(Alarm.model_validate(row.alarm), project)})


_Estimate = tuple[Any, bool]  # new items nobody has seen; whether asking on is not worth it


def _estimate(found: Search) -> _Estimate:
    with found.lock:
        return found.remaining(), found.finished


def _view(project: Project, row: Row[Any], said: Counted, found: _Estimate | None) -> BatchView:
    alarm = None if row.alarm is None else named(Alarm.model_validate(row.alarm), project)
    remaining = None if row.report is None else row.report["remaining"]
    if found is not None:
        remaining = found[0]
        if alarm is not None and said.found:
            alarm = alarm.model_copy(update={"findings": (of_new(said.found, found[0]), *alarm.findings)})
    return BatchView(
        number=row.number,
        job=row.job_id,
        name=row.name,
        source=row.source,
        created=row.created,
        state=BatchState(row.state),
        items=row.items,
        budget=row.budget,
        new_classes=said.new_classes,
        asked=said.asked,
        found=len(said.found),
        saved=row.items - said.asked,
        alarm=alarm,
        remaining=remaining,
        finished=row.state == BatchState.DONE or (found is not None and found[1]),
        message=row.message,
    )


# --- asking ------------------------------------------------------------------------------------------------------------


def claim(db: Database, home: Home, project: Project, number: int, annotator: str, client: str, n: int) -> Claim:
    """Lease up to n questions of a triage to one browser tab, those it holds first; they are answered by desk.submit.

    Nothing is left when asking on is not worth it, when the budget of the batch is spent, and before and after its triage.
    Raises NotFoundError.
    """
    with db.read() as conn:
        row = batches.get(conn, project.id, number)
        if row.state != BatchState.OPEN:
            return Claim(tasks=(), left=0, budget_spent=None)
    found = search(db, home, project, row)
    asked = found.asked
    questions = [] if found.finished else found.questions()
    got, budget = db.write(_lease, db, project.id, row, questions, asked, annotator, client, n)
    if len(got) < n and not found.finished and budget is None:
        got, budget = db.write(_lease, db, project.id, row, found.more(questions), asked, annotator, client, n)
    left = 0 if found.finished or row.budget <= asked else row.budget - asked
    return Claim(tasks=tuple(got[:n]), left=max(left, len(got)), budget_spent=None if got else budget)


def _lease(
    conn: Connection,
    db: Database,
    project_id: int,
    row: Row[Any],
    questions: list[int],
    asked: int,
    annotator: str,
    client: str,
    n: int,
) -> tuple[list[Task], Any]:
    """What this tab holds of the batch, filled up to n with the first of these items that are free; a spent budget."""
    policy, held = tasks.held(conn, project_id, annotator, client)
    holder = Holder.now(annotator, client, policy.lease_s)
    tasks.renew(conn, project_id, holder)
    held = [task for task in tasks.held(conn, project_id, annotator, client)[1] if _of(task, row)]
    allowed, spent = desk.allowed(conn, db, project_id, policy)
    left = row.budget - asked - batches.leased(conn, row)
    wanted = min(n - len(held), left if allowed is None else min(left, allowed))
    if wanted <= 0 or not questions:
        return held, spent or ("labels" if left <= 0 and not held else None)
    locked = labels.lock_items(conn, questions)
    live = tasks.live(conn, locked)
    free = [i for i in questions if i in locked and _free(locked[i], live.get(i))][:wanted]
    tasks.close(conn, [live[i].id for i in free if i in live], "superseded")
    new = [NewTask(i, Reason(code=labels.TRIAGE), float(len(free) - k), blind=True) for k, i in enumerate(free)]
    opened = tasks.open_leased(conn, project_id, scores.newest_model(conn, project_id) or 0, new, holder)
    return [*held, *tasks.show(conn, opened)], None


def _of(task: Task, row: Row[Any]) -> bool:
    return task.reason.code == labels.TRIAGE and task.item.batch == row.job_id and task.route is Route.ANNOTATE


def _free(item: Row[Any], live: Row[Any] | None) -> bool:
    """Whether a triage may ask about this item: nobody has it in hand, nor was it drawn for a certificate or sent back."""
    waiting = live is None or (live.state == "open" and live.reason not in tasks.KEPT)
    return waiting and item.status != Status.LABELED and not item.skipped


# --- ending ------------------------------------------------------------------------------------------------------------


def finish(db: Database, home: Home, project: Project, number: int) -> BatchView:
    """End a triage and write its report; what nobody looked at stays in the pool. Twice is the same as once.

    Raises NotFoundError, and ConflictError while the batch is arriving.
    """
    with db.read() as conn:
        row = batches.get(conn, project.id, number)
    if row.state == BatchState.ARRIVING:
        raise ConflictError(f"batch {number} is still arriving: wait until its import is done, or cancel that")
    if row.state == BatchState.OPEN:
        remaining = search(db, home, project, row).remaining()
        written = report(db, home, project, row, remaining=remaining)
        db.write(batches.finish, row.id, written.model_dump(mode="json"), written.finished)
    return view(db, home, project, number)


def report_of(db: Database, project: Project, number: int) -> BatchReport:
    """The report of a batch whose triage is over. Raises NotFoundError, ConflictError without one."""
    with db.read() as conn:
        row = batches.get(conn, project.id, number)
    kept = _report_of(project, row)
    if kept is None:
        why = row.message if row.state == BatchState.DONE else "finish its triage first"
        raise ConflictError(f"batch {number} has no report: {why}")
    return kept
