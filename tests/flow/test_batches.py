"""The Monday batch: what arrives is compared with what is known, only what is new is asked about, and nothing is lost."""

import numpy as np
import pytest

from flow.batch_parts import NEW, Bench, keyed, monday
from modicum import batch_page, batches, desk, rounds, stacks, validate
from modicum.errors import ConflictError, InputError
from modicum.home import Home
from modicum.store import batches as store
from modicum.store import facts, jobs, projects, tasks
from modicum.store.db import Database
from modicum.types import BatchState, JobState, Status


@pytest.fixture
def bench(db: Database, home: Home) -> Bench:
    made = Bench(db, home)
    made.known()
    return made


def test_only_what_is_new_is_asked_about(bench: Bench) -> None:
    seen = bench.arrive(monday(), "Monday")
    assert (seen.name, seen.state, seen.items, seen.budget) == ("Monday", BatchState.OPEN, 240, 20)
    assert seen.alarm is not None
    assert seen.alarm.drift
    assert len(seen.alarm.findings[0].items) == 9
    asked = bench.triage(1)
    assert len(asked) <= 20
    assert (bench.kinds[asked] == NEW).mean() > 0.7
    seen = bench.view(1)
    assert seen.new_classes == (3,)
    assert (seen.asked, seen.saved) == (len(asked), 240 - len(asked))
    assert seen.found == (bench.kinds[asked] == NEW).sum()
    assert seen.alarm is not None
    assert seen.alarm.findings[0].kind == "new"
    assert seen.alarm.findings[0].count is not None
    assert seen.alarm.findings[0].count.low <= 16 <= seen.alarm.findings[0].count.high
    assert seen.remaining is not None
    assert batches.claim(bench.db, bench.home, bench.project, 1, "ann", "tab-other", 3).budget_spent == "labels"


def test_a_stack_is_named_once_learned_at_once_and_taken_back(bench: Bench) -> None:
    bench.arrive(monday())
    bench.triage(1, 8)
    [stack, *named] = bench.detail(1).stacks
    assert stack.nearest == 3
    assert stack.named is None
    assert [entry.named for entry in named] == [3]
    assert bench.kinds[bench.rows(stack.items)].tolist() == [NEW] * stack.count
    bench.round()
    receipt = bench.name(stack.id, class_name="KIND 3")
    assert (receipt.class_id, receipt.labeled, receipt.left_out) == (3, stack.count, 0)
    assert bench.name(stack.id, class_name="KIND 3") == receipt
    assert bench.view(1).found == named[0].count + stack.count
    assert {bench.label(item_id) for item_id in stack.items} == {3}
    bench.round()  # due, however few they are
    with bench.db.read() as conn:
        _, classes = facts.holdout_labels(conn, bench.project.id)
    assert NEW not in classes, "what a stack or a triage brought up is no random sample"
    assert validate.retract_page(bench.db, bench.project.id, "ann", "tab-undo1", receipt.page) == ()
    assert {bench.label(item_id) for item_id in stack.items} == {None}
    assert bench.detail(1).stacks[0].items == stack.items
    bench.round()


def test_left_out_items_stay_where_they_are(bench: Bench) -> None:
    bench.arrive(monday())
    bench.triage(1, 8)
    stack = bench.detail(1).stacks[0]
    out = stack.items[0]
    receipt = bench.name(stack.id, class_name="ferret", leave_out=[out])
    assert receipt.labeled == stack.count - 1
    assert bench.label(out) is None
    assert bench.label(stack.items[1]) == receipt.class_id == 4


def test_noise_is_set_aside_and_known_when_the_next_batch_comes(bench: Bench) -> None:
    bench.arrive(monday())
    bench.triage(1, 8)
    stacks_before = bench.detail(1).stacks
    for stack in stacks_before[:1]:
        receipt = stacks.noise(bench.db, bench.home, bench.project, 1, stack.id, "ann", leave_out=(), key=keyed(7), seconds=4.0)
        assert (receipt.class_id, receipt.labeled, receipt.left_out) == (None, 0, 0)
    aside = set(stacks_before[0].items)
    assert {bench.status(item_id) for item_id in aside} == {Status.DISCARDED}
    bench.round()
    with bench.db.read() as conn:
        asked = {task.item_id for task in tasks.live(conn, aside).values()}
    assert not asked, "nobody is asked about what was set aside"
    assert [stack.named for stack in bench.detail(1).stacks] == [3]
    report = bench.finish(1)
    assert report.discarded == len(aside)
    bench.arrive(monday(), "Tuesday")
    with bench.db.read() as conn:
        _, classes = store.reference(conn, store.get(conn, bench.project.id, 2))
    assert (classes == store.NOISE).sum() == len(aside)
    validate.retract_page(bench.db, bench.project.id, "ann", "tab-undo1", keyed(7))
    assert {bench.status(item_id) for item_id in aside} == {Status.POOL}


def test_known_after_all_settles_nothing_and_is_not_brought_up_again(bench: Bench) -> None:
    bench.arrive(monday())
    bench.triage(1, 8)
    stack = bench.detail(1).stacks[0]
    stacks.known(bench.db, bench.home, bench.project, 1, stack.id, "ann", leave_out=(), key=keyed(3))
    assert {bench.status(item_id) for item_id in stack.items} == {Status.POOL}
    again = bench.detail(1)
    assert not set(stack.items) & {item_id for entry in again.stacks for item_id in entry.items}
    assert not set(bench.rows(stack.items)) & set(bench.triage(1))


def test_a_stack_that_changed_is_not_decided_about(bench: Bench) -> None:
    bench.arrive(monday())
    with pytest.raises(ConflictError, match="look at it again"):
        bench.name("0123456789abcdef", class_name="ferret")
    with pytest.raises(InputError, match="class_name, or class_id"):
        bench.name("0123456789abcdef")
    bench.triage(1, 8)
    stack = bench.detail(1).stacks[0]
    with pytest.raises(InputError, match="there is no class 77"):
        bench.name(stack.id, class_id=77)
    assert bench.label(stack.items[0]) is None


def test_a_decision_taken_back_is_asked_about_again(bench: Bench) -> None:
    bench.arrive(monday())
    claim = batches.claim(bench.db, bench.home, bench.project, 1, "ann", "tab-first", 3)
    assert len(claim.tasks) == 3
    assert [task.id for task in batches.claim(bench.db, bench.home, bench.project, 1, "ann", "tab-first", 3).tasks] == [
        task.id for task in claim.tasks
    ]
    theirs = batches.claim(bench.db, bench.home, bench.project, 1, "bob", "tab-other", 10)
    assert len(theirs.tasks) == 10
    assert not {task.item.id for task in theirs.tasks} & {task.item.id for task in claim.tasks}
    bench.say(claim.tasks[0], 0)
    assert bench.view(1).asked == 1
    [past] = desk.history(bench.db, bench.project.id, "ann", 5)
    desk.retract(bench.db, bench.project.id, "ann", annotation_id=past.annotation.id, client="tab-first", key="take-back")
    assert bench.view(1).asked == 0
    mine = batches.claim(bench.db, bench.home, bench.project, 1, "ann", "tab-first", 3).tasks
    assert claim.tasks[0].item.id in {task.item.id for task in mine}


def test_skipping_is_an_answer_too(bench: Bench) -> None:
    bench.arrive(monday())
    [task] = batches.claim(bench.db, bench.home, bench.project, 1, "ann", "tab-first", 1).tasks
    bench.say(task, None)
    assert bench.view(1).asked == 1
    more = batches.claim(bench.db, bench.home, bench.project, 1, "ann", "tab-first", 20).tasks
    assert task.item.id not in {entry.item.id for entry in more}


def test_the_search_is_the_same_after_a_restart(bench: Bench) -> None:
    bench.arrive(monday())
    bench.triage(1, 10)
    before = bench.detail(1)
    again = Database(bench.home.database_url)
    assert batches.detail(again, bench.home, bench.current, 1) == before
    again.close()


def test_the_report_compares_before_and_after(bench: Bench) -> None:
    bench.arrive(monday(300, 30), "Monday")
    bench.triage(1, 9)
    for stack in bench.detail(1).stacks:
        if stack.named is None:
            bench.name(stack.id, class_id=3)
    with bench.db.read() as conn:
        assert store.get(conn, bench.project.id, 1).report is None
    report = bench.finish(1)
    assert report.pending
    bench.round()
    assert batches.advance(bench.db, bench.home, bench.project)
    report = batches.report_of(bench.db, bench.current, 1)
    assert not report.pending
    assert report.model_after is not None
    assert report.model_before == 0
    assert report.model_after > 0
    assert report.saved == 300 - report.asked
    assert report.by_stack > 0
    assert report.found == report.asked + report.by_stack - sum(bench.kinds[bench.rows(bench.labeled(1))] != NEW)
    new = report.classes[3]
    assert new.new
    assert new.before is not None
    assert new.after is not None
    assert (new.before.mean, new.after.mean) == (0.0, 1.0)
    for old in report.classes[:3]:
        assert old.before is not None
        assert old.after is not None
        assert old.after.mean >= old.before.mean - 0.005
    assert [(point.number, point.drift) for point in report.drift] == [(1, True)]
    assert not batches.advance(bench.db, bench.home, bench.project)
    assert batches.finish(bench.db, bench.home, bench.current, 1).state == BatchState.DONE
    page = batch_page.page(report, "<Dogs>", [entry.name for entry in bench.current.task_schema.classes])
    assert "&lt;Dogs&gt;" in page
    assert "kind 3 (new)" in page


def test_a_report_does_not_wait_for_ever_for_its_last_answer(bench: Bench) -> None:
    bench.arrive(monday())
    bench.round()
    bench.triage(1, 1)
    assert not bench.due(), "one answer is no reason to train"
    assert bench.finish(1).pending
    bench.round()
    batches.advance(bench.db, bench.home, bench.project)
    assert not batches.report_of(bench.db, bench.current, 1).pending
    assert not bench.due()


# --- what can be odd about a batch -------------------------------------------------------------------------------------


def test_nothing_new_ends_at_once_and_says_so(bench: Bench) -> None:
    empty = bench.arrive(monday()[:0], "empty")
    assert (empty.state, empty.message) == (BatchState.DONE, "Nothing to look at: the source held no images.")
    same = bench.arrive(monday()[:0], "same", duplicates=40, rejected=2)
    assert same.state == BatchState.DONE
    assert same.message == "Nothing new: the project has all 40 of these images already; 2 other files could not be read."
    broken = bench.arrive(monday()[:0], "broken", rejected=3)
    assert "none of the 3 files could be read" in broken.message
    assert [entry.name for entry in batches.overview(bench.db, bench.home, bench.project).batches] == ["broken", "same", "empty"]
    assert batches.claim(bench.db, bench.home, bench.project, 1, "ann", "tab-first", 3).tasks == ()
    with pytest.raises(ConflictError, match="no report: Nothing to look at"):
        batches.report_of(bench.db, bench.project, 1)


def test_one_item_is_a_batch(bench: Bench) -> None:
    seen = bench.arrive(np.array([NEW]))
    assert (seen.state, seen.budget) == (BatchState.OPEN, 1)
    assert len(bench.triage(1)) == 1
    assert bench.view(1).new_classes == (3,)
    assert bench.view(1).finished
    assert bench.finish(1).found == 1


def test_a_batch_like_the_reference_raises_no_alarm_and_is_done_soon(bench: Bench) -> None:
    seen = bench.arrive(np.arange(240) % 3)
    assert seen.alarm is not None
    assert not seen.alarm.drift
    asked = bench.triage(1)
    assert len(asked) <= 8, "a step beyond the five that such a batch needs"
    assert bench.view(1).finished
    assert bench.view(1).new_classes == ()


def test_files_that_cannot_be_read_do_not_stop_the_rest(bench: Bench) -> None:
    assert bench.arrive(monday(), "Monday", rejected=5).state == BatchState.OPEN


def test_an_import_that_failed_in_the_middle_is_triaged_as_far_as_it_came(bench: Bench) -> None:
    seen = bench.arrive(monday(), state=JobState.FAILED, said="the disk is full")
    assert seen.state == BatchState.OPEN
    assert "the disk is full" in seen.message


def test_a_replaced_encoder_ends_the_batch_with_its_reason(bench: Bench) -> None:
    seen = bench.arrive(monday()[:0], state=JobState.FAILED, said="the encoder x is not the one that made these vectors")
    assert seen.state == BatchState.DONE
    assert seen.message == "Nothing was imported: the encoder x is not the one that made these vectors."


def test_a_class_renamed_meanwhile_keeps_its_labels_and_has_its_new_name(bench: Bench) -> None:
    kinds = np.zeros(300, dtype=np.int64)  # a surge of one class
    seen = bench.arrive(kinds)
    assert seen.alarm is not None
    more = next(finding for finding in seen.alarm.findings if finding.kind == "more")
    assert more.class_id == 0
    assert "basset" in more.text
    assert more.items
    bench.db.write(projects.patch_class, bench.project.id, 0, name="dachshund")
    alarm = bench.view(1).alarm
    assert alarm is not None
    assert "more of dachshund" in next(finding.text for finding in alarm.findings if finding.kind == "more")
    [task, *_] = batches.claim(bench.db, bench.home, bench.project, 1, "ann", "tab-first", 3).tasks
    bench.say(task, 0)
    assert bench.view(1).new_classes == ()


def test_two_batches_at_once_do_not_disturb_each_other(bench: Bench) -> None:
    bench.arrive(monday(), "first")
    bench.arrive(np.where(monday() == NEW, NEW + 1, monday()), "second")
    one = batches.claim(bench.db, bench.home, bench.project, 1, "ann", "tab-one00", 3).tasks
    two = batches.claim(bench.db, bench.home, bench.project, 2, "ann", "tab-two00", 3).tasks
    assert len({task.item.batch for task in one}) == len({task.item.batch for task in two}) == 1
    bench.triage(1)
    bench.triage(2)
    assert bench.view(1).new_classes == (3,)
    assert bench.view(2).new_classes == (4,)
    assert bench.finish(1).found > 10
    assert bench.finish(2).found > 10
    third = bench.arrive(monday(), "third")
    assert third.alarm is not None
    bench.triage(3)
    assert bench.view(3).new_classes == (), "what the first batch brought is known by now"


def test_without_a_model_a_batch_says_that_there_is_no_triage(db: Database, home: Home) -> None:
    bench = Bench(db, home)
    assert bench.begin(monday()) == 0, "an import into a new project is no batch"
    seen = bench.arrive(monday(), "Monday")
    assert seen.state == BatchState.DONE
    assert "without a model" in seen.message
    assert desk.claim(db, bench.project.id, "ann", "tab-12345", 3).left > 0


def test_few_labels_are_said_to_be_few(db: Database, home: Home) -> None:
    bench = Bench(db, home)
    bench.add(np.arange(6) % 3, 0, labeled=True)
    assert rounds.run_round(db, home, bench.project) is not None
    seen = bench.arrive(monday())
    assert seen.alarm is None
    assert seen.message == "6 labels are too few to say how it differs from what is known; 20 would do."
    assert seen.state == BatchState.OPEN


def test_looking_through_the_projects_own_folder_again_is_no_batch(bench: Bench) -> None:
    job = bench.db.write(jobs.enqueue, bench.project.id, {"source": "/pictures", "again": True})
    bench.db.write(jobs.finish, job.id, JobState.DONE)
    batches.advance(bench.db, bench.home, bench.project)
    assert batches.overview(bench.db, bench.home, bench.project).batches == ()


def test_a_project_is_deleted_with_its_batches(bench: Bench) -> None:
    bench.arrive(monday())
    bench.db.write(projects.remove, bench.project.id)
    with bench.db.read() as conn:
        assert store.list_all(conn, bench.project.id) == []
