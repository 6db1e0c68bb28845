"""The worker: rounds open by themselves, one project's trouble stays its own, imports and rounds run side by side."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from modicum import desk, ingest, rounds
from modicum.home import Home
from modicum.store import items, jobs, projects
from modicum.store import rounds as stored_rounds
from modicum.store.db import Database
from modicum.types import Choice, Job, JobState, Policy, Project
from modicum.worker import Worker
from store.store_parts import make_project, new_item, truth


def eventually(condition: Callable[[], Any], seconds: float = 60) -> None:
    """Wait until the condition holds; the limit only ends a hopeless test."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def worker(db: Database, home: Home) -> Iterator[Worker]:
    made = Worker(db, home)
    yield made
    made.stop()


def newest(db: Database, project: Project) -> int:
    with db.read() as conn:
        known = stored_rounds.newest(conn, project.id)
    return -1 if known is None else known.number


def label_some(db: Database, project: Project, n: int, tab: str = "tab-12345") -> None:
    for _ in range(n):
        task = desk.claim(db, project.id, "ann", tab, 1).tasks[0]
        value = Choice(class_id=truth(task.item.row, 3))
        key = f"key-of-{task.id:06}"
        desk.submit(db, project.id, "ann", task_id=task.id, lease_token=task.lease_token, key=key, value=value)


def test_rounds_open_by_themselves(db: Database, home: Home, worker: Worker) -> None:
    project = make_project(db, home, 60, policy=Policy(retrain_after=6))
    worker.start()
    eventually(lambda: newest(db, project) == 0)
    label_some(db, project, 6)
    eventually(lambda: newest(db, project) == 1)
    eventually(lambda: not worker.training(project.id))


def test_people_get_the_machine_between_rounds(db: Database, home: Home, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    make_project(db, home, 30)
    monkeypatch.setattr(rounds, "due", lambda *_: True)
    turns: list[tuple[float, float]] = []

    def slow_round(*_: object) -> object:
        began = time.monotonic()
        time.sleep(0.05)
        turns.append((began, time.monotonic()))
        return object()

    monkeypatch.setattr(rounds, "run_round", slow_round)
    worker.start()
    eventually(lambda: len(turns) >= 3)
    for (began, ended), (next_one, _) in pairwise(turns):
        assert next_one - ended >= 2 * (ended - began)


def test_one_failing_project_says_so_and_stops_no_other(
    db: Database, home: Home, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, healthy = make_project(db, home, 30), make_project(db, home, 30)
    home.vectors_of(broken.id).unlink()
    monkeypatch.setattr("modicum.worker.BACK_OFF_S", (0.1,))
    worker.start()
    eventually(lambda: newest(db, healthy) == 0)

    def message() -> str:
        with db.read() as conn:
            return projects.message(conn, broken.id)

    eventually(lambda: "could not be trained" in message())
    assert "fewer than the 30 rows" in message()
    home.vectors_of(broken.id).write_bytes(home.vectors_of(healthy.id).read_bytes())
    eventually(lambda: newest(db, broken) == 0 and message() == "")


def test_labeling_starts_while_the_import_runs(db: Database, home: Home, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(db, home, 210)
    running, finish = threading.Event(), threading.Event()

    def slow_import(db: Database, home: Home, job: Job, *, stop: Callable[[], bool]) -> None:
        running.set()
        finish.wait(60)
        db.write(jobs.finish, job.id, JobState.DONE)

    monkeypatch.setattr(ingest, "run_import", slow_import)
    db.write(jobs.enqueue, project.id, {"source": "/pictures"})
    worker.start()
    eventually(running.is_set)
    eventually(lambda: newest(db, project) == 0)
    finish.set()


def test_an_import_cut_off_by_a_kill_is_taken_up_again(
    db: Database, home: Home, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(db, home, 0)
    db.write(jobs.enqueue, project.id, {"source": "/pictures"})
    killed = db.write(jobs.take)  # and the process dies here
    seen: list[int] = []

    def run_import(db: Database, home: Home, job: Job, *, stop: Callable[[], bool]) -> None:
        seen.append(job.id)
        db.write(jobs.finish, job.id, JobState.DONE)

    monkeypatch.setattr(ingest, "run_import", run_import)
    worker.start()
    eventually(lambda: bool(seen))
    assert killed is not None
    assert seen == [killed.id]


# --- when a round is due ----------------------------------------------------------------------------------------------


def test_the_first_round_waits_for_200_items_or_the_end_of_the_import(db: Database, home: Home) -> None:
    project = make_project(db, home, 100)
    job = db.write(jobs.enqueue, project.id, {"source": "/pictures"})
    assert not rounds.due(db, project)
    db.write(items.add_items, project.id, [new_item(k) for k in range(100, 200)], 100)
    assert rounds.due(db, project)
    db.write(jobs.finish, job.id, JobState.DONE)
    assert rounds.due(db, project)
    assert not rounds.due(db, db.write(projects.create, "Empty"))


def test_items_an_import_added_are_asked_about_once_it_has_ended(db: Database, home: Home) -> None:
    project = make_project(db, home, 30)
    rounds.run_round(db, home, project)
    assert not rounds.due(db, project)
    job = db.write(jobs.enqueue, project.id, {"source": "/pictures"})
    db.write(items.add_items, project.id, [new_item(k) for k in range(30, 40)], 30)
    assert not rounds.due(db, project)
    db.write(jobs.finish, job.id, JobState.DONE)
    assert rounds.due(db, project)


@pytest.mark.parametrize(("settled", "wait"), [(0, 5), (50, 5), (120, 12), (5000, 200)])
def test_the_wait_grows_with_the_labels(settled: int, wait: int) -> None:
    assert rounds.retrain_after(Policy(), settled) == wait
    assert rounds.retrain_after(Policy(retrain_after=7), settled) == 7


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities of single threads")
def test_requests_come_before_rounds(db: Database, home: Home, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    make_project(db, home, 30)
    found: list[int] = []

    def look(*_: object) -> None:
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    monkeypatch.setattr(rounds, "due", lambda *_: True)
    monkeypatch.setattr(rounds, "run_round", look)
    worker.start()
    eventually(lambda: found)
    assert found[0] > os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_an_import_that_a_stop_cuts_off_is_taken_up_again_without_a_word(
    db: Database, home: Home, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(db, home, 10)
    job = db.write(jobs.enqueue, project.id, {"source": "nowhere"})
    begun, released, said = threading.Event(), threading.Event(), []

    def cut_off(*_: object, **__: object) -> None:
        begun.set()
        released.wait(60)
        raise RuntimeError("the database is closed")

    monkeypatch.setattr(ingest, "run_import", cut_off)
    monkeypatch.setattr("modicum.worker.log.exception", lambda *words, **_: said.append(words))
    worker.start()
    assert begun.wait(60)
    worker.stop(0.01)
    released.set()
    for thread in worker._threads:
        thread.join(60)
    assert said == []
    db.write(jobs.take_up)
    with db.read() as conn:
        assert jobs.get(conn, job.id).state is JobState.QUEUED


def test_only_projects_with_news_are_looked_at_closely(
    db: Database, home: Home, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home may have many: where nothing happened, nothing is asked of the database again and again."""
    monkeypatch.setattr("modicum.worker.QUIET_S", 3600.0)
    first, second = (make_project(db, home, 60, policy=Policy(retrain_after=6)) for _ in range(2))
    looked: list[int] = []
    due = rounds.due

    def noted(db: Database, project: Project) -> bool:
        looked.append(project.id)
        return due(db, project)

    monkeypatch.setattr("modicum.worker.rounds.due", noted)
    monkeypatch.setattr("modicum.worker.REST", 0.0)
    while worker._due_rounds():
        pass
    assert {newest(db, first), newest(db, second)} == {0}
    looked.clear()
    worker._due_rounds()
    assert looked == []
    label_some(db, second, 6)
    while worker._due_rounds():
        pass
    assert set(looked) == {second.id}
    assert (newest(db, first), newest(db, second)) == (0, 1)
