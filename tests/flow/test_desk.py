"""What people count on at the desk: nothing acknowledged is lost, a late answer is taken, a budget ends the asking."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter

import numpy as np
import pytest
from sqlalchemy import select, update

from modicum import desk, progress, rounds, validate
from modicum.errors import InputError, LeaseLostError
from modicum.home import Home
from modicum.store import counts, facts, labels, projects, scores, tasks
from modicum.store import rounds as stored_rounds
from modicum.store.db import Database
from modicum.store.tables import EPOCH, annotation, task
from modicum.types import Action, Choice, Policy, Project, Split, Task
from store.store_parts import make_project, truth

TAB = "tab-12345"
pytestmark = pytest.mark.both_databases


def answer(db: Database, project: Project, entry: Task, class_id: int | None = None, who: str = "ann", **more: object) -> int:
    said = truth(entry.item.row, 3) if class_id is None else class_id
    key = str(more.pop("key", f"{who}-{entry.id:08}-{entry.lease_token}"))
    return desk.submit(
        db, project.id, who, task_id=entry.id, lease_token=entry.lease_token, key=key, value=Choice(class_id=said), **more
    ).annotation_id


def label_some(db: Database, project: Project, n: int, who: str = "ann", tab: str = TAB) -> list[Task]:
    done = []
    for _ in range(n):
        entry = desk.claim(db, project.id, who, tab, 1).tasks[0]
        answer(db, project, entry, who=who)
        done.append(entry)
    return done


def expire(db: Database) -> None:
    db.write(lambda conn: conn.execute(update(task).where(task.c.state == "leased").values(lease_until=EPOCH)))


SUBMITTER = """
    import sys, itertools
    from modicum import desk
    from modicum.home import Home
    from modicum.store.db import Database
    from modicum.types import Choice
    import threading
    db = Database(Home(sys.argv[1]).database_url)
    print("ready", flush=True)
    def work(name):
        for number in itertools.count():
            found = desk.claim(db, int(sys.argv[2]), name, "tab-" + name, 1).tasks
            if not found:
                return
            said = desk.submit(db, int(sys.argv[2]), name, task_id=found[0].id, lease_token=found[0].lease_token,
                               key=f"{sys.argv[3]}-{name}-{number:06}", value=Choice(class_id=number % 3))
            sys.stdout.write(f"{said.annotation_id} {said.item_id} {number % 3}\\n")
            sys.stdout.flush()
    threads = [threading.Thread(target=work, args=(f"person{k}",)) for k in range(4)]
    [thread.start() for thread in threads]
"""


def test_kill_nine_loses_no_acknowledged_submission(home: Home) -> None:
    """A process that answers as fast as it can is killed several times; what it printed was acknowledged and must be there."""
    database = Database(home.database_url)
    project = make_project(database, home, 2000)
    database.close()
    rng, acknowledged = np.random.default_rng(0), []
    for turn in range(4):
        command = [sys.executable, "-c", textwrap.dedent(SUBMITTER), str(home.path), str(project.id), f"turn{turn}"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        wanted = int(rng.integers(5, 60))
        lines = [process.stdout.readline() for _ in range(wanted)]
        os.kill(process.pid, signal.SIGKILL)
        lines += process.stdout.readlines()
        process.wait()
        acknowledged += [tuple(map(int, line.split())) for line in lines if line.endswith("\n") and line.count(" ") == 2]
    database = Database(home.database_url)
    with database.read() as conn:
        stored = {row.id: row for row in conn.execute(select(annotation))}
        settled = {entry.item_id: labels.of_item(conn, entry.item_id) for entry in stored.values()}
        counted = counts.counts(conn, project.id)
    database.close()
    assert len(acknowledged) >= 20
    for annotation_id, item_id, class_id in acknowledged:
        assert stored[annotation_id].item_id == item_id
        label = settled[item_id]
        assert label is not None
        assert label.value.class_id == class_id
    assert counted.labeled == len(stored)


def test_many_people_never_get_the_same_item(db: Database, home: Home) -> None:
    project = make_project(db, home, 120)
    rounds.run_round(db, home, project)
    got: list[int] = []

    def person(number: int) -> None:
        for _ in range(8):
            entry = desk.claim(db, project.id, f"p{number}", f"tab-of-{number:03}", 1).tasks[0]
            got.append(entry.item.id)
            answer(db, project, entry, who=f"p{number}")

    threads = [threading.Thread(target=person, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [item_id for item_id, count in Counter(got).items() if count > 1] == []
    assert len(got) == 96


def test_a_late_answer_counts_unless_somebody_else_has_the_item(db: Database, home: Home) -> None:
    project = make_project(db, home, 2)
    first, second = desk.claim(db, project.id, "ann", TAB, 2).tasks
    expire(db)
    answer(db, project, first)  # nobody has taken it up: taken
    taken = desk.claim_item(db, project.id, second.item.id, "bob", "tab-of-bob")
    with pytest.raises(LeaseLostError, match="belongs to somebody else"):
        answer(db, project, second)
    answer(db, project, taken, who="bob")
    with pytest.raises(LeaseLostError, match="answered already"):
        answer(db, project, taken, who="bob", key="another-key")


def test_a_late_answer_counts_even_after_a_round_has_replaced_the_queue(db: Database, home: Home) -> None:
    project = make_project(db, home, 60)
    rounds.run_round(db, home, project)
    late = desk.claim(db, project.id, "ann", TAB, 1).tasks[0]
    expire(db)
    db.write(tasks.sweep, project.id)
    rounds.run_round(db, home, project)
    answer(db, project, late)
    with db.read() as conn:
        assert labels.of_item(conn, late.item.id) is not None


def test_values_the_schema_does_not_have_are_refused_and_nothing_is_lost(db: Database, home: Home) -> None:
    project = make_project(db, home, 5)
    entry = desk.claim(db, project.id, "ann", TAB, 1).tasks[0]
    with pytest.raises(InputError, match=r"\$\.value\.class_id.*no class 3"):
        answer(db, project, entry, 3)
    db.write(projects.patch_class, project.id, 2, archived=True)
    with pytest.raises(InputError, match="'poodle' is archived"):
        answer(db, project, entry, 2)
    with pytest.raises(InputError, match="needs a value"):
        desk.submit(db, project.id, "ann", task_id=entry.id, lease_token=entry.lease_token, key="key-00001")
    answer(db, project, entry, 1)


def test_a_tab_gets_back_what_it_holds_in_the_same_order(db: Database, home: Home) -> None:
    project = make_project(db, home, 300)
    rounds.run_round(db, home, project)
    first = desk.claim(db, project.id, "ann", TAB, 3).tasks
    rounds.run_round(db, home, project)
    again = desk.claim(db, project.id, "ann", TAB, 4).tasks
    assert [entry.id for entry in again[:3]] == [entry.id for entry in first]
    other_tab = desk.claim(db, project.id, "ann", "tab-67890", 3).tasks
    assert not {entry.item.id for entry in again} & {entry.item.id for entry in other_tab}


def test_a_budget_ends_the_asking_to_the_label(db: Database, home: Home) -> None:
    project = make_project(db, home, 60, policy=Policy(budget=7))
    done = 0
    while (claimed := desk.claim(db, project.id, "ann", TAB, 3)).tasks:
        answer(db, project, claimed.tasks[0])
        done += 1
    assert (done, claimed.budget_spent, claimed.left) == (7, "labels", 53)


def test_skipped_items_come_back_when_nothing_else_is_left(db: Database, home: Home) -> None:
    project = make_project(db, home, 6)
    entry = desk.claim(db, project.id, "ann", TAB, 1).tasks[0]
    desk.submit(db, project.id, "ann", task_id=entry.id, lease_token=entry.lease_token, key="skip-0001", action=Action.SKIP)
    rest = label_some(db, project, 5)
    assert entry.item.id not in {other.item.id for other in rest}
    last = desk.claim(db, project.id, "ann", TAB, 3)
    assert [other.item.id for other in last.tasks] == [entry.item.id]
    assert last.left == 1


def test_the_queue_is_never_empty_while_the_pool_is_not(db: Database, home: Home) -> None:
    project = make_project(db, home, 40)
    seen = {entry.item.id for entry in label_some(db, project, 40)}  # no round ever opened
    assert len(seen) == 40
    assert desk.claim(db, project.id, "ann", TAB, 1).tasks == ()


# --- rounds ------------------------------------------------------------------------------------------------------------


def test_holdout_is_shown_blind_and_never_trained_on(db: Database, home: Home) -> None:
    project = make_project(db, home, 400, policy=Policy(holdout_rate=0.3))
    rounds.run_round(db, home, project)
    done = label_some(db, project, 40)
    opened = rounds.run_round(db, home, project)
    done += label_some(db, project, 40)
    blind = [entry for entry in done if entry.item.split == "holdout"]
    assert 12 <= len(blind) <= 36
    assert all(entry.prediction is None and entry.blind and entry.reason.code == "holdout" for entry in blind)
    assert all(entry.prediction is not None for entry in done[40:] if entry not in blind)
    assert opened is not None
    assert opened.accuracy is not None
    first = sum(entry.item.split == "holdout" for entry in done[:40])
    assert (opened.labels, opened.holdout, opened.accuracy.n) == (40 - first, first, first)


def test_imported_labels_on_the_holdout_measure_the_model(db: Database, home: Home) -> None:
    project = make_project(db, home, 100, given={k: truth(k, 3) for k in range(60)})
    opened = rounds.run_round(db, home, project)
    assert opened is not None
    assert opened.labels + opened.holdout == 60
    assert opened.accuracy is not None
    assert opened.accuracy.n == opened.holdout > 0


def test_a_round_is_reproducible(db: Database, home: Home) -> None:
    """Two projects with one seed and the same answers ask the same questions."""
    asked = []
    for _ in range(2):
        project = make_project(db, home, 300)
        rounds.run_round(db, home, project)
        label_some(db, project, 12)
        rounds.run_round(db, home, project)
        asked.append([entry.item.row for entry in label_some(db, project, 20)])
    assert asked[0] == asked[1]


@pytest.mark.parametrize("given", [{}, {0: 1}, {0: 1, 3: 1, 6: 1}, {0: 0, 1: 1}, {k: k % 3 for k in range(30)}])
def test_odd_label_sets_never_stop_a_round(db: Database, home: Home, given: dict[int, int]) -> None:
    project = make_project(db, home, 30, given=given)
    opened = rounds.run_round(db, home, project)
    assert opened is not None
    if len(given) < 30:
        assert len(desk.claim(db, project.id, "ann", TAB, 1).tasks) == 1


def test_a_class_added_after_the_last_round_changes_nothing_until_it_has_labels(db: Database, home: Home) -> None:
    project = make_project(db, home, 60, given={k: truth(k, 3) for k in range(20)})
    rounds.run_round(db, home, project)
    added = db.write(projects.add_class, project.id, "pug")
    rounds.run_round(db, home, added)
    entry = desk.claim(db, project.id, "ann", TAB, 1).tasks[0]
    answer(db, project, entry, 3)
    assert rounds.run_round(db, home, added) is not None


def test_predictions_are_row_aligned_and_old_ones_go(db: Database, home: Home) -> None:
    project = make_project(db, home, 90, given={k: truth(k, 3) for k in range(30)})
    for _ in range(4):
        rounds.run_round(db, home, project)
    known = scores.predictions(db, project.id)
    assert known is not None
    assert known.model == 3
    assert (known.classes == [truth(k, 3) for k in range(90)]).mean() > 0.95
    with db.read() as conn:
        few = scores.of_rows(conn, project.id, [4, 70])
        heads = stored_rounds.newest_head(conn, project.id)
    assert {row: entry.value.class_id for row, entry in few.items()} == {row: int(known.classes[row]) for row in (4, 70)}
    assert heads is not None
    assert heads[0] == 3


def test_an_item_decided_while_a_round_was_thinking_is_not_asked_about_again(
    db: Database, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(db, home, 40, given={k: truth(k, 3) for k in range(6)})
    real, decided = stored_rounds.open_round, []

    def meanwhile(*args: object) -> object:
        if not decided:
            decided.extend(label_some(db, project, 10))
        return db_write(*args)

    db_write = db.write
    monkeypatch.setattr(db, "write", lambda fn, *args: meanwhile(fn, *args) if fn is real else db_write(fn, *args))
    rounds.run_round(db, home, project)
    monkeypatch.undo()
    rest = label_some(db, project, 24)
    assert not {entry.item.id for entry in rest} & {entry.item.id for entry in decided}


# --- validate ----------------------------------------------------------------------------------------------------------


def test_a_page_is_confirmed_corrected_and_undone(db: Database, home: Home) -> None:
    project = make_project(db, home, 200, given={k: truth(k, 3) for k in range(30)})
    rounds.run_round(db, home, project)
    with db.read() as conn:
        before = counts.counts(conn, project.id)
    view = validate.claim_page(db, project.id, "ann", TAB, 1, 0.5, 10)
    ids = [entry.id for entry in view.tasks]
    receipt = validate.confirm_page(
        db,
        project.id,
        "ann",
        page=[(entry.id, entry.lease_token) for entry in view.tasks],
        wrong=ids[:2],
        relabeled={ids[2]: 0},
        key="page-00001",
    )
    assert (receipt.confirmed, receipt.relabeled, receipt.returned, receipt.left_out) == (7, 1, 2, 0)
    with db.read() as conn:
        assert counts.counts(conn, project.id).human == before.human + 8
        assert counts.confirmed(conn, project.id) == {1: 7, 0: 1}
        alone = facts.train_labels(conn, project.id)[2]
        assert (~alone).sum() == 8, "they do not tell the model how common their classes are"
    back = desk.claim(db, project.id, "bob", "tab-of-bob", 2).tasks
    assert [entry.reason.code for entry in back] == ["returned", "returned"]
    assert all(entry.prediction is None for entry in back)
    again = validate.claim_page(db, project.id, "ann", TAB, 1, 0.5, 200)
    assert not {entry.item.id for entry in again.tasks} & {entry.item.id for entry in view.tasks}
    expire(db)
    validate.retract_page(db, project.id, "ann", TAB, "page-00001")
    with db.read() as conn:
        assert counts.counts(conn, project.id) == before
    whole = validate.claim_page(db, project.id, "ann", TAB, 1, 0.5, 10)
    assert whole.total == view.total


def test_a_page_taken_back_after_a_new_model_is_the_page_that_was_shown(db: Database, home: Home) -> None:
    project = make_project(db, home, 200, given={k: truth(k, 3) for k in range(30)})
    rounds.run_round(db, home, project)
    view = validate.claim_page(db, project.id, "ann", TAB, 1, 0.5, 10)
    ids = [entry.id for entry in view.tasks]
    sent = {"page": [(entry.id, entry.lease_token) for entry in view.tasks], "wrong": ids[:2], "relabeled": {ids[2]: 0}}
    validate.confirm_page(db, project.id, "ann", **sent, key="page-00001")
    bobs = validate.claim_page(db, project.id, "bob", "tab-of-bob", 1, 0.5, 200)
    assert len(bobs.tasks) == view.total - len(view.tasks)
    nothing = validate.claim_page(db, project.id, "ann", TAB, 1, 0.5, 10)
    assert (nothing.tasks, nothing.total, nothing.elsewhere) == ((), 0, len(bobs.tasks))
    [taken] = desk.claim(db, project.id, "bob", "tab-of-bob", 1).tasks  # one of those that were sent back
    rounds.run_round(db, home, project)
    for _ in range(2):  # the answer may have been lost on the way
        back = validate.retract_page(db, project.id, "ann", TAB, "page-00001")
        shown = {entry.item.id: entry.prediction for entry in view.tasks if entry.item.id != taken.item.id}
        assert {entry.item.id: entry.prediction for entry in back} == shown
    again = [(entry.id, entry.lease_token) for entry in back]
    receipt = validate.confirm_page(db, project.id, "ann", page=again, wrong=[], relabeled={}, key="page-00002")
    assert (receipt.confirmed, receipt.left_out) == (9, 0)


def test_what_somebody_else_settled_meanwhile_is_left_out_and_reported(db: Database, home: Home) -> None:
    project = make_project(db, home, 200, given={k: truth(k, 3) for k in range(30)})
    rounds.run_round(db, home, project)
    view = validate.claim_page(db, project.id, "ann", TAB, 1, 0.5, 5)
    expire(db)
    stolen = desk.claim_item(db, project.id, view.tasks[0].item.id, "bob", "tab-of-bob")
    answer(db, project, stolen, 2, who="bob")
    page = [(entry.id, entry.lease_token) for entry in view.tasks]
    receipt = validate.confirm_page(db, project.id, "ann", page=page, wrong=(), relabeled={}, key="page-00001")
    assert (receipt.confirmed, receipt.left_out) == (4, 1)
    with db.read() as conn:
        label = labels.of_item(conn, stolen.item.id)
    assert label is not None
    assert (label.value.class_id, label.annotator) == (2, "bob")


def test_the_histogram_counts_what_a_page_can_show(db: Database, home: Home) -> None:
    project = make_project(db, home, 200, given={k: truth(k, 3) for k in range(30)})
    assert validate.view(db, project.id).model is None
    rounds.run_round(db, home, project)
    seen = validate.view(db, project.id)
    with db.read() as conn:
        open_train = int(facts.waiting(conn, project.id, 200, None).sum())
    assert sum(sum(entry.histogram) for entry in seen.classes) == open_train
    for entry in seen.classes:
        assert validate.claim_page(db, project.id, "ann", TAB, entry.class_id, 0.0, 1).total == sum(entry.histogram)
    assert len(seen.holdout_errors) == sum(1 for _ in seen.holdout_errors) > 0


def test_pages_that_contradict_themselves_are_refused(db: Database, home: Home) -> None:
    project = make_project(db, home, 5)
    with pytest.raises(InputError, match="not on this page"):
        validate.confirm_page(db, project.id, "ann", page=[(1, "x")], wrong=[2], relabeled={}, key="page-00001")
    with pytest.raises(InputError, match="both wrong and relabeled"):
        validate.confirm_page(db, project.id, "ann", page=[(1, "x")], wrong=[1], relabeled={1: 0}, key="page-00001")


# --- progress ----------------------------------------------------------------------------------------------------------


def test_progress_tells_curve_control_and_speed(db: Database, home: Home) -> None:
    project = make_project(db, home, 300, policy=Policy(holdout_rate=0.5))
    empty = progress.progress(db, home, project)
    assert (empty.curve, empty.control, empty.saving, empty.labels_per_hour) == ((), (), None, None)
    rounds.run_round(db, home, project)
    for _ in range(3):
        for _ in range(15):
            entry = desk.claim(db, project.id, "ann", TAB, 1).tasks[0]
            answer(db, project, entry, seconds=2.0)
        rounds.run_round(db, home, project)
    told = progress.progress(db, home, project)
    assert [point.labels for point in told.curve] == [15, 30, 45]
    assert told.curve[-1].accuracy.n == told.counts.holdout
    until = time.monotonic() + 60
    while not progress.progress(db, home, project).control:  # computed in the background; the limit ends a hopeless test
        assert time.monotonic() < until
        time.sleep(0.05)
    assert told.seconds_per_label == 2.0
    assert told.labels_per_hour is not None
    assert sum(told.routes.values()) == told.counts.items
    assert sum(entry.labeled for entry in told.classes) == told.counts.labeled == 45


def test_confusions_name_the_items(db: Database, home: Home) -> None:
    project = make_project(db, home, 200, given={k: truth(k, 3) for k in range(30)})
    rounds.run_round(db, home, project)
    entry = next(e for e in desk.claim(db, project.id, "ann", TAB, 5).tasks if e.prediction is not None)
    assert entry.prediction is not None
    guessed = entry.prediction.value.class_id
    answer(db, project, entry, (guessed + 1) % 3)
    [confusion] = [c for c in progress.progress(db, home, project).confusions if entry.item.id in c.items]
    assert (confusion.actual, confusion.predicted) == ((guessed + 1) % 3, guessed)


def test_what_the_model_is_sure_of_can_be_held(db: Database, home: Home) -> None:
    """Neither the queue, nor the fallback, nor Validate brings up a sure item; the holdout is measured all the same."""
    given = {row: truth(row, 3) for row in range(60)}
    project = make_project(db, home, 400, policy=Policy(sure="hold", validate_above=0.5), given=given)
    assert rounds.run_round(db, home, project) is not None
    asked = desk.claim(db, project.id, "ann", "tab-ann-1", 50).tasks
    assert asked
    assert {task.item.split for task in asked} == {Split.HOLDOUT}
    assert validate.claim_page(db, project.id, "ann", "tab-ann-2", 0, 0.5, 60).tasks == ()
    assert sum(map(sum, (entry.histogram for entry in validate.view(db, project.id).classes))) == 0
