"""A batch is certified by itself: what is drawn comes from it, is answered one by one and blind, and the promise is about it."""

import json
import sys
from typing import Any

import numpy as np
import pytest

from flow.batch_parts import NEW, Bench, keyed, monday
from modicum import certificates, cli, desk, rounds, stacks
from modicum.certificate_views import CertificateView
from modicum.home import Home
from modicum.store import batches as batch_store
from modicum.store import certificates as store
from modicum.store import projects
from modicum.store.db import Database
from modicum.types import CertificateState, Choice, Policy, Status

WISH = Policy(recognised="auto", auto_error=0.1, calibration=60, audit_rate=0.0)


@pytest.fixture
def bench(db: Database, home: Home) -> Bench:
    made = Bench(db, home)
    made.known()
    db.write(projects.patch, made.project.id, policy=WISH)
    return made


def begin(bench: Bench, number: int = 1, **more: Any) -> CertificateView:
    with bench.db.read() as conn:
        job = batch_store.get(conn, bench.project.id, number).job_id
    return certificates.begin(bench.db, bench.home, bench.current, batch=job, **more)


def drawn(bench: Bench) -> list[int]:
    with bench.db.read() as conn:
        [row, *_] = store.list_all(conn, bench.project.id)
        return [int(item_id) for item_id in store.outcomes(conn, row.id, "calibration").items]


def answer_all(bench: Bench) -> CertificateView:
    """Answers what is drawn, as somebody who knows the truth, until the certificate is decided and done."""
    for turn in range(400):
        while certificates.advance(bench.db, bench.current):
            pass
        [now, *_] = certificates.overview(bench.db, bench.current).certificates
        if now.state != CertificateState.DRAWING:
            return now
        [task] = desk.claim(bench.db, bench.project.id, "ann", f"tab-{turn:06}", 1).tasks
        if task.reason.code == "calibration":
            assert task.prediction is None
        bench.say(task, bench.class_of(int(bench.kinds[task.item.row])))
    raise AssertionError("it is never decided")


def test_what_is_known_of_a_batch_is_labeled_under_its_own_certificate(bench: Bench) -> None:
    bench.add(np.arange(300) % 3, 0)  # of no batch: the certificate says nothing of them
    bench.arrive(monday(), "Monday")
    bench.triage(1)
    bench.finish(1)
    made = begin(bench)
    with bench.db.read() as conn:
        of_batch = set(batch_store.contents(conn, bench.project.id, made.batch).ids.tolist())
    now = answer_all(bench)
    assert now.state == CertificateState.ISSUED, now.reason
    assert set(drawn(bench)) < of_batch
    assert now.population < len(of_batch)
    auto = [item_id for item_id in range(1, len(bench.kinds) + 1) if bench.status(item_id) == Status.AUTO]
    assert len(auto) > 100
    assert set(auto) < of_batch
    wrong = [bench.label(i) != bench.kinds[row] for i, row in zip(auto, bench.rows(auto), strict=True)]
    assert np.mean(wrong) <= WISH.auto_error


def test_a_model_that_is_right_elsewhere_gets_no_certificate_where_it_is_wrong(bench: Bench) -> None:
    """The promise is about the batch. Most of this one is of a class the model does not know, and it is sure of it."""
    bench.add(np.arange(600) % 3, 0)
    kinds = np.arange(240) % 3
    kinds[:150] = NEW
    bench.arrive(kinds)
    made = begin(bench)
    assert made.population > 200
    now = answer_all(bench)
    assert now.state == CertificateState.REFUSED or now.covered < 120
    auto = [item_id for item_id in range(1, len(bench.kinds) + 1) if bench.status(item_id) == Status.AUTO]
    wrong = [bench.label(i) != bench.kinds[row] for i, row in zip(auto, bench.rows(auto), strict=True)]
    assert sum(wrong) <= WISH.auto_error * max(now.covered, 1)


def test_a_stack_named_meanwhile_answers_for_nothing_that_was_drawn(bench: Bench) -> None:
    """One gesture for many items is no look at each of them: what was drawn is still asked about by itself."""
    bench.arrive(monday(240, 40))
    bench.triage(1, 8)
    begin(bench, calibration=200)
    certificates.advance(bench.db, bench.current)
    stack = max(bench.detail(1).stacks, key=lambda entry: entry.count if entry.named is None else 0)
    random = set(drawn(bench)) & set(stack.items)
    assert random
    receipt = bench.name(stack.id, class_id=0)  # wrong, and so is what the model says of them
    assert receipt.left_out >= len(random)
    assert {bench.label(item_id) for item_id in random} == {None}
    stacks.noise(bench.db, bench.home, bench.current, 1, stack.id, "ann", leave_out=(), key=keyed(9))
    assert {bench.status(item_id) for item_id in random} == {Status.POOL}


def test_the_batch_is_named_by_its_number_on_the_command_line(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.arrive(monday())

    def modicum(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["modicum", "certify", bench.project.slug, "--home", str(bench.home.path), *words])
        code, said = cli.run(), capsys.readouterr()
        return code, said.out + said.err

    code, said = modicum("--start", "--batch", "4")
    assert code == 2
    assert "no batch 4" in said
    code, said = modicum("--start", "--batch", "1", "--error", "0.1", "--json")
    assert code == 0, said
    with bench.db.read() as conn:
        assert json.loads(said)["batch"] == batch_store.get(conn, bench.project.id, 1).job_id


def test_the_forecast_is_of_the_batch(bench: Bench) -> None:
    bench.add(np.arange(300) % 3, 0)
    bench.arrive(monday())
    assert rounds.run_round(bench.db, bench.home, bench.current) is not None
    for turn in range(12):
        for task in desk.claim(bench.db, bench.project.id, "ann", f"tab-{turn:06}", 20).tasks:
            if task.reason.code == "holdout":
                said = Choice(class_id=bench.class_of(int(bench.kinds[task.item.row])))
                key = f"holdout-{task.id}"
                desk.submit(bench.db, bench.project.id, "ann", task_id=task.id, lease_token=task.lease_token, key=key, value=said)
    bench.round()
    project = bench.current
    with bench.db.read() as conn:
        job = batch_store.get(conn, project.id, 1).job_id
    all_, one = certificates.overview(bench.db, project), certificates.overview(bench.db, project, batch=job)
    assert all_.curve[-1].items > one.curve[-1].items > 0
    assert one.curve[-1].items <= 240
