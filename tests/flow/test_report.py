"""The bill: everything people did is counted once and by what it was for, and a spent budget stops the queue."""

import re
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import event, update

from flow.certificate_parts import answer as answer_audits
from flow.certificate_parts import issued, run, sure_project
from flow.test_desk import TAB, answer, expire, label_some
from modicum import bill_page, certificates, desk, report, rounds, validate
from modicum.bill_views import Bill
from modicum.home import Home
from modicum.progress import progress
from modicum.store import items, projects, spending
from modicum.store.db import Database
from modicum.store.tables import task
from modicum.types import Action, Interval, Policy, Project, Purpose, Split, Task
from store.store_parts import make_project


def work(db: Database, project: Project, n: int, seconds: float | None = 2.0, tab: str = TAB) -> list[Task]:
    done = []
    for _ in range(n):
        tasks = desk.claim(db, project.id, "ann", tab, 1).tasks
        if not tasks:
            break
        answer(db, project, tasks[0], seconds=seconds)
        done.append(tasks[0])
    return done


def told(db: Database, home: Home, project: Project) -> Bill:
    with db.read() as conn:
        return report.bill(db, home, projects.get(conn, project.id), patient=True)


def set_policy(db: Database, project: Project, **changes: object) -> None:
    db.write(projects.patch, project.id, policy=Policy.model_validate(changes))


# --- what it was spent on ----------------------------------------------------------------------------------------------


def test_every_decision_is_counted_under_what_it_was_for(db: Database, home: Home) -> None:
    project = make_project(db, home, 300)
    work(db, project, 20, 3.0)
    rounds.run_round(db, home, project)
    work(db, project, 40, 2.0)
    rounds.run_round(db, home, project)
    page = validate.claim_page(db, project.id, "ann", TAB, 0, 0.0, 10).tasks
    tokens = [(entry.id, entry.lease_token) for entry in page]
    validate.confirm_page(db, project.id, "ann", page=tokens, wrong=[page[0].id], relabeled={}, key="page-one", seconds=5.0)
    rows = {row.purpose: row for row in told(db, home, project).purposes}
    assert rows[Purpose.VALIDATION].decisions == 10, "what was called wrong was looked at too"
    assert rows[Purpose.VALIDATION].spent.seconds.mean == pytest.approx(5.0)
    measured = rows[Purpose.HOLDOUT]
    assert measured.decisions > 0
    assert rows[Purpose.LEARNING].decisions + measured.decisions == 60
    assert rows[Purpose.LEARNING].spent.seconds.mean + measured.spent.seconds.mean == pytest.approx(20 * 3 + 40 * 2)


@pytest.mark.parametrize(
    ("reason", "purpose"),
    [
        ("calibration", Purpose.CALIBRATION),
        ("audit", Purpose.AUDIT),
        ("second-look", Purpose.SECOND_LOOK),
        ("triage", Purpose.TRIAGE),
    ],
)
def test_certificates_and_second_looks_have_lines_of_their_own(db: Database, home: Home, reason: str, purpose: Purpose) -> None:
    project = make_project(db, home, 40)
    entry = desk.claim(db, project.id, "ann", TAB, 1).tasks[0]
    db.write(lambda conn: conn.execute(update(task).where(task.c.id == entry.id).values(reason=reason)))
    answer(db, project, entry, seconds=4.0)
    assert [(row.purpose, row.decisions) for row in told(db, home, project).purposes] == [(purpose, 1)]


def test_stacks_have_a_line_and_a_pace_of_their_own(db: Database, home: Home) -> None:
    """Many images in one gesture: they make neither a label nor an image of a Validate page look cheap."""
    project = make_project(db, home, 300)
    work(db, project, 20, 3.0)
    rounds.run_round(db, home, project)
    page = validate.claim_page(db, project.id, "ann", TAB, 0, 0.0, 10).tasks
    tokens = [(entry.id, entry.lease_token) for entry in page]
    validate.confirm_page(db, project.id, "ann", page=tokens, wrong=(), relabeled={}, key="page-one", seconds=4.0)
    stack = validate.claim_page(db, project.id, "ann", TAB, 0, 0.0, 40).tasks
    ids = [entry.id for entry in stack]
    db.write(lambda conn: conn.execute(update(task).where(task.c.id.in_(ids)).values(reason="triage")))
    tokens = [(entry.id, entry.lease_token) for entry in stack]
    validate.confirm_page(db, project.id, "ann", page=tokens, wrong=(), relabeled={}, key="page-two", seconds=2.0)
    bill = told(db, home, project)
    rows = {row.purpose: row for row in bill.purposes}
    assert rows[Purpose.STACKS].decisions == len(stack) > 10
    assert rows[Purpose.STACKS].spent.seconds.mean == pytest.approx(2.0)
    assert bill.per_confirmation.mean == pytest.approx(0.4)


def test_the_rest_holds_the_audits_that_are_due(db: Database, home: Home) -> None:
    project = sure_project(db, home)
    assert told(db, home, project).rest.to_audit == 0
    issued(db, home, project)
    run(db, project)
    bill = told(db, home, project)
    assert bill.rest.to_audit == certificates.overview(db, project).certificates[0].audit.planned > 50
    assert f"{bill.rest.to_audit} audits" in bill.rest.said
    assert any("Audits go on" in note for note in bill.notes)
    answer_audits(db, project, "audit", most=5)
    assert told(db, home, project).rest.to_audit < bill.rest.to_audit


def test_the_time_left_on_progress_holds_the_audits_too(db: Database, home: Home) -> None:
    project = sure_project(db, home)
    issued(db, home, project)
    run(db, project)
    before = progress(db, home, project)
    work(db, project, 3, 2.0)
    bill, pace = told(db, home, project), progress(db, home, project)
    assert before.seconds_left is None  # nobody was timed
    assert bill.rest.to_audit > 50
    assert pace.seconds_per_label is not None
    assert pace.seconds_left is not None
    assert pace.seconds_left >= bill.rest.to_audit * pace.seconds_per_label


def test_a_holdout_item_measures_whichever_way_it_came_up(db: Database, home: Home) -> None:
    project = make_project(db, home, 40)
    with db.read() as conn:
        held_out = next(k for k in range(1, 41) if items.get(conn, project.id, k).split is Split.HOLDOUT)
    entry = desk.claim_item(db, project.id, held_out, "ann", TAB)
    answer(db, project, entry, seconds=2.0)
    assert [row.purpose for row in told(db, home, project).purposes] == [Purpose.HOLDOUT]


def test_work_that_was_taken_back_was_paid_for(db: Database, home: Home) -> None:
    project = make_project(db, home, 40)
    entry = desk.claim(db, project.id, "ann", TAB, 1).tasks[0]
    said = answer(db, project, entry, seconds=4.0)
    again = desk.retract(db, project.id, "ann", annotation_id=said, client=TAB, key="take-back")
    answer(db, project, again, seconds=3.0)
    bill = told(db, home, project)
    assert (bill.purposes[0].decisions, bill.purposes[0].taken_back) == (2, 1)
    assert bill.spent.seconds.mean == pytest.approx(7.0)
    assert any("taken back" in note for note in bill.notes)


def test_skips_cost_time_too(db: Database, home: Home) -> None:
    project = make_project(db, home, 40)
    entry = desk.claim(db, project.id, "ann", TAB, 1).tasks[0]
    sent = {"task_id": entry.id, "lease_token": entry.lease_token, "key": "skipped-1", "action": Action.SKIP, "seconds": 6.0}
    desk.submit(db, project.id, "ann", **sent)
    assert told(db, home, project).spent.seconds.mean == pytest.approx(6.0)


def test_decisions_without_a_time_are_estimated_and_marked(db: Database, home: Home) -> None:
    project = make_project(db, home, 60)
    work(db, project, 10, 3.0)
    work(db, project, 5, None)
    bill = told(db, home, project)
    assert sum(row.decisions - row.timed for row in bill.purposes) == 5
    assert bill.spent.seconds.mean == pytest.approx(45.0)
    assert any("5 decisions came without a time" in note for note in bill.notes)


def test_before_five_times_the_figures_are_the_literatures_and_say_so(db: Database, home: Home) -> None:
    project = make_project(db, home, 100)
    bill = told(db, home, project)
    assert bill.headline.startswith("Nothing has been spent yet.")
    assert bill.per_label == Interval(mean=2, low=1, high=3, n=0)
    assert bill.everything.cost is not None
    assert (bill.everything.cost.seconds.low, bill.everything.cost.seconds.high) == (100, 300)
    assert "by times from the literature" in bill.headline
    assert any("literature" in note for note in bill.notes)
    work(db, project, 5, 4.0)
    bill = told(db, home, project)
    assert bill.per_label.mean == 4
    assert "literature" not in bill.headline
    assert not any("a label counts with what the literature" in note for note in bill.notes)


def test_nothing_is_counted_twice_and_a_new_project_starts_at_nothing(db: Database, home: Home) -> None:
    project = make_project(db, home, 60)
    for n in (3, 0, 4):
        work(db, project, n, 2.0)
        assert spending.spending(db, project.id).worked() == spending.spending(db, project.id).worked()
    assert spending.spending(db, project.id).worked() == pytest.approx(14.0)
    db.write(projects.remove, project.id)
    home.remove_project(project.id)
    again = make_project(db, home, 60)
    assert again.id == project.id, "SQLite gives the number again"
    assert spending.spending(db, again.id).worked() == 0


# --- what other ways would have cost -----------------------------------------------------------------------------------


def test_the_comparison_waits_for_enough_holdout_labels_and_says_so(db: Database, home: Home) -> None:
    project = make_project(db, home, 200)
    label_some(db, project, 6)
    rounds.run_round(db, home, project)
    bill = told(db, home, project)
    assert bill.random.cost is None
    assert "about 30 held-out images" in bill.random.said


def test_the_bill_of_a_project_half_way(db: Database, home: Home) -> None:
    """Everything costs N times a label; ours and what is left of it are set against that, holdout included."""
    project = make_project(db, home, 600)
    rng = np.random.default_rng(0)
    for _ in range(3):
        for _ in range(80):
            work(db, project, 1, round(float(rng.gamma(4, 0.5)) + 0.1, 1))
        rounds.run_round(db, home, project)
    set_policy(db, project, rate_per_hour=36.0, currency="EUR")
    bill = told(db, home, project)
    everything, rest = bill.everything, bill.rest
    assert everything.cost is not None
    assert everything.saved is not None
    assert everything.cost.seconds.mean == pytest.approx(600 * bill.per_label.mean)
    assert everything.cost.seconds.low < everything.cost.seconds.mean < everything.cost.seconds.high
    assert rest.to_annotate + rest.to_validate == 600 - sum(row.decisions for row in bill.purposes)
    ours = bill.spent.seconds.mean + rest.cost.seconds.mean
    assert everything.saved.seconds.mean == pytest.approx(everything.cost.seconds.mean - ours)
    assert everything.cost.money is not None
    assert everything.cost.money.mean == pytest.approx(everything.cost.seconds.mean / 100)
    assert bill.random.labels is not None
    assert bill.random.labels.high <= 600, "no sample is larger than everything"
    assert "2048" not in bill.random.said
    assert re.match(
        r"You spent \d+ (s|min) \(EUR [\d.]+\)\. Labeling everything would have cost .* \(EUR .*between", bill.headline
    )


# --- budgets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "budget", "labels"),
    [
        ({"budget": 7}, "labels", 7),
        ({"budget_hours": 20 / 3600}, "hours", 10),
        ({"budget_money": 0.5, "rate_per_hour": 90.0}, "money", 10),
        ({"budget": 7, "budget_hours": 20 / 3600}, "labels", 7),
        ({"budget": 70, "budget_hours": 20 / 3600}, "hours", 10),
    ],
)
def test_the_budget_that_is_spent_first_stops_the_queue_and_says_which(
    db: Database, home: Home, policy: dict[str, float], budget: str, labels: int
) -> None:
    project = make_project(db, home, 100, policy=Policy.model_validate(policy))
    assert len(work(db, project, 30, 2.0)) == labels
    stopped = desk.claim(db, project.id, "ann", TAB, 3)
    assert (stopped.tasks, stopped.budget_spent) == ((), budget)
    assert any("Annotate asks nothing more" in view.said for view in told(db, home, project).budgets)
    set_policy(db, project)
    assert desk.claim(db, project.id, "ann", TAB, 3).tasks, "a raised budget goes on"


def test_what_is_in_hand_when_the_budget_ends_may_be_finished(db: Database, home: Home) -> None:
    project = make_project(db, home, 100, policy=Policy(budget_hours=10 / 3600))
    held = desk.claim(db, project.id, "ann", TAB, 3)
    answer(db, project, held.tasks[0], seconds=60.0)
    now = desk.claim(db, project.id, "ann", TAB, 3)
    assert [entry.id for entry in now.tasks] == [entry.id for entry in held.tasks[1:]]
    assert now.budget_spent is None
    assert desk.claim(db, project.id, "bob", "tab-bobs-1", 3).budget_spent == "hours"


def test_validating_counts_towards_a_budget_in_hours(db: Database, home: Home) -> None:
    project = make_project(db, home, 300)
    work(db, project, 20, 2.0)
    rounds.run_round(db, home, project)
    expire(db)
    page = validate.claim_page(db, project.id, "ann", TAB, 0, 0.0, 10).tasks
    tokens = [(entry.id, entry.lease_token) for entry in page]
    validate.confirm_page(db, project.id, "ann", page=tokens, wrong=[], relabeled={}, key="page-one", seconds=100.0)
    set_policy(db, project, budget_hours=120 / 3600)
    assert desk.claim(db, project.id, "ann", TAB, 1).budget_spent == "hours"


def test_a_claim_looks_only_at_what_came_since_the_last(db: Database, home: Home) -> None:
    """Counting must not grow with the project: no statement of a later claim reads the older annotations again."""
    project = make_project(db, home, 100, policy=Policy(budget_hours=40 / 3600))
    work(db, project, 10)
    seen: list[tuple[int, ...]] = []

    def listen(conn: object, cursor: object, statement: str, parameters: tuple[object, ...], *_: object) -> None:
        if "sum(" in statement.lower() and "annotation" in statement:
            seen.append(tuple(value for value in parameters if isinstance(value, int))[-2:])

    event.listen(db._engine, "before_cursor_execute", listen)
    work(db, project, 3)
    event.remove(db._engine, "before_cursor_execute", listen)
    assert seen == [(9, 10), (10, 11), (11, 12)]


def test_the_forecast_says_when_the_budget_is_spent(db: Database, home: Home) -> None:
    project = make_project(db, home, 100, policy=Policy(budget_hours=100 / 3600))
    assert "once somebody has worked" in told(db, home, project).budgets[0].said
    work(db, project, 10, 2.0)
    [budget] = told(db, home, project).budgets
    assert budget.used * 3600 == pytest.approx(20)
    assert budget.days == pytest.approx(4)
    assert "At today's pace, 20 s a day, it is spent in about 4 days of work." in budget.said


# --- the page ----------------------------------------------------------------------------------------------------------


def test_the_page_says_what_the_bill_says_and_escapes_what_people_typed(db: Database, home: Home, tmp_path: Path) -> None:
    project = make_project(db, home, 120, policy=Policy(rate_per_hour=20, currency="<b>", budget=50))
    work(db, project, 20, 2.0)
    bill = told(db, home, project)
    html = bill_page.page(bill, 'Dogs <script>alert("1")</script>')
    assert "<script" not in html
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    assert "http" not in html, "it needs nothing else"
    for said in ("You spent 40 s", "Everything by hand", "Teaching the model", "20 of 50 labels"):
        assert said in html


def test_the_page_of_an_empty_project_stands(db: Database, home: Home) -> None:
    project = make_project(db, home, 0)
    bill = told(db, home, project)
    assert bill.everything.cost is None
    assert "Nothing has been spent yet." in bill_page.page(bill, "Dogs")


def test_the_answer_can_be_read_back(db: Database, home: Home) -> None:
    project = make_project(db, home, 60, policy=Policy(budget=10, rate_per_hour=20))
    work(db, project, 6)
    bill = told(db, home, project)
    assert Bill.model_validate_json(bill.model_dump_json()) == bill
