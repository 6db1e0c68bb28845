"""From a wish to auto-labels and back: random items are answered blind, the certificate holds, is watched, and can fall."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flow.certificate_parts import CLASSES, WISH, N, answer, calibrate, issued, right, run, sure_project
from modicum import certificates, cli, desk, rounds, validate
from modicum.errors import ConflictError, InputError
from modicum.export import rows as export_rows
from modicum.home import Home
from modicum.store import certificates as store
from modicum.store import counts, facts, projects, scores
from modicum.store.db import Database
from modicum.types import CertificateState, Choice, Origin, Policy, Project, Status
from store.store_parts import truth


@pytest.fixture
def project(db: Database, home: Home) -> Project:
    return sure_project(db, home)


def statuses(db: Database, project: Project) -> dict[str, int]:
    with db.read() as conn:
        return counts.counts(conn, project.id).model_dump()


def test_what_is_recognised_is_labeled_under_a_certificate(db: Database, home: Home, project: Project) -> None:
    issued(db, home, project)
    [found] = certificates.overview(db, project).certificates
    assert found.certified
    assert found.covered > 900
    assert "5" in found.statement
    assert "95" in found.statement
    assert found.calibration.model_dump() == {"planned": 150, "answered": 150, "wrong": 0}
    assert found.standing == statuses(db, project)["auto"]
    assert 970 < found.standing <= found.covered - 120  # people labeled the others, and have some in hand
    rows = list(export_rows(db, project))
    by_model = [row for row in rows if row.origin == Origin.MODEL]
    assert len(by_model) == found.standing
    assert {row.certificate for row in by_model} == {"1"}
    assert {row.certificate for row in rows if row.origin != Origin.MODEL} == {None}
    names = ("basset", "chow", "poodle")
    assert all(row.label == names[truth(int(row.name[:6]), CLASSES)] for row in by_model)


def test_calibration_items_are_random_blind_and_not_on_validate(db: Database, home: Home, project: Project) -> None:
    certificates.begin(db, home, project)
    with db.read() as conn:
        [row] = store.list_all(conn, project.id)
        drawn = set(store.outcomes(conn, row.id, "calibration").items.tolist())
        held = store.population(conn, row.id)
    assert len(drawn) == 15
    assert drawn <= set(held.items.tolist())
    for class_id in range(CLASSES):
        page = validate.claim_page(db, project.id, "ann", "tab-ann-2", class_id, 0.0, 500)
        assert not drawn & {task.item.id for task in page.tasks}
    assert rounds.run_round(db, home, project) is not None
    assert calibrate(db, project) == 150  # neither a round nor an open page takes any of them away
    confirmed = validate.confirm_page(
        db, project.id, "ann", page=[(task.id, task.lease_token) for task in page.tasks], wrong=(), relabeled={}, key="page-0001"
    )
    assert confirmed.left_out > 10
    with db.read() as conn:
        assert not store.outcomes(conn, row.id, "calibration").seen.any()


def test_what_is_drawn_where_the_model_is_sure_measures_no_accuracy(db: Database, home: Home, project: Project) -> None:
    """Drawn from the surest part of the pool, holdout items among it would make the model look better than it is."""

    def measured() -> list[int]:
        with db.read() as conn:
            return [len(facts.holdout_labels(conn, project.id)[0]), len(facts.holdout_items(conn, project.id)[0])]

    before, labeled = measured(), statuses(db, project)["holdout"]
    certificates.begin(db, home, project)
    calibrate(db, project)
    run(db, project)
    assert answer(db, project, "audit", most=20) == 20
    assert statuses(db, project)["holdout"] > labeled + 10
    assert measured() == before


def test_an_interrupted_labeling_is_finished_by_the_next_look(
    db: Database, home: Home, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates.begin(db, home, project)
    calibrate(db, project)
    monkeypatch.setattr(certificates, "APPLIED", 100)
    whole, turns = store.apply, []

    def cut(*args: Any) -> int:
        turns.append(1)
        if len(turns) == 4:
            raise RuntimeError("killed")
        return int(whole(*args))

    monkeypatch.setattr(store, "apply", cut)
    with pytest.raises(RuntimeError, match="killed"):
        run(db, project)
    assert 290 < statuses(db, project)["auto"] <= 300
    run(db, project)
    [found] = certificates.overview(db, project).certificates
    assert 970 < statuses(db, project)["auto"] <= found.covered - 120


def test_a_model_that_is_often_wrong_gets_no_certificate_and_the_reason(db: Database, home: Home, project: Project) -> None:
    certificates.begin(db, home, project)
    rng = np.random.default_rng(3)
    calibrate(db, project, lambda task: (truth(task.item.row, CLASSES) + int(rng.random() < 0.3)) % CLASSES)
    run(db, project)
    [found] = certificates.overview(db, project).certificates
    assert found.state == CertificateState.REFUSED
    assert found.reason
    assert statuses(db, project)["auto"] == 0


def test_a_skipped_item_counts_as_wrong(db: Database, home: Home, project: Project) -> None:
    certificates.begin(db, home, project)
    skipped = iter([True, True])
    calibrate(db, project, lambda task: None if next(skipped, False) else right(task))
    run(db, project)
    [found] = certificates.overview(db, project).certificates
    assert found.calibration.answered == 150
    assert found.calibration.wrong == 2


def test_classes_renamed_meanwhile_give_no_certificate(db: Database, home: Home, project: Project) -> None:
    certificates.begin(db, home, project)
    calibrate(db, project)
    db.write(projects.patch_class, project.id, 1, name="spitz")
    run(db, project)
    [found] = certificates.overview(db, project).certificates
    assert found.state == CertificateState.REFUSED
    assert "renamed" in found.reason


def test_the_audit_goes_on_and_revokes(db: Database, home: Home, project: Project) -> None:
    issued(db, home, project)
    rounds.run_round(db, home, project)
    wrong = 0
    for _ in range(40):
        run(db, project)
        [found] = certificates.overview(db, project).certificates
        if found.state != CertificateState.ISSUED:
            break
        with db.read() as conn:
            audited = set(store.outcomes(conn, found.id, "audit").items.tolist())
        [task] = desk.claim(db, project.id, "ann", "tab-ann-1", 1).tasks
        said = truth(task.item.row, CLASSES)
        if task.item.id in audited:
            assert task.reason.code == "audit"
            assert task.prediction is None
            said, wrong = (said + 1) % CLASSES, wrong + 1
        key = f"audit-{task.id:06}"
        desk.submit(db, project.id, "ann", task_id=task.id, lease_token=task.lease_token, key=key, value=Choice(class_id=said))
    assert found.state == CertificateState.REVOKED
    assert f"{wrong} of " in found.reason
    assert found.standing == 0
    assert found.ended is not None
    after = statuses(db, project)
    assert after["auto"] == 0
    with db.read() as conn:
        model = scores.predictions(db, project.id)
        assert model is not None
        assert facts.waiting(conn, project.id, len(model.classes), None).sum() > 500  # they wait for validation again


def test_an_audit_that_agrees_never_revokes_and_never_ends(db: Database, home: Home, project: Project) -> None:
    issued(db, home, project)
    drawn = 0
    for _ in range(3):
        run(db, project)
        with db.read() as conn:
            [row] = store.list_all(conn, project.id)
            before, drawn = drawn, len(store.outcomes(conn, row.id, "audit").items)
        assert drawn > before
        while certificates.overview(db, project).certificates[0].audit.answered < drawn:
            [task] = desk.claim(db, project.id, "ann", "tab-ann-9", 1).tasks
            said = Choice(class_id=truth(task.item.row, CLASSES))
            desk.submit(db, project.id, "ann", task_id=task.id, lease_token=task.lease_token, key=f"key-{task.id:06}", value=said)
    [found] = certificates.overview(db, project).certificates
    assert found.state == CertificateState.ISSUED
    assert found.audit.wrong == 0
    assert found.evidence < 0.05


def test_what_people_say_goes_before_and_can_be_taken_back(db: Database, home: Home, project: Project) -> None:
    issued(db, home, project)
    run(db, project)
    with db.read() as conn:
        [row] = store.list_all(conn, project.id)
        [item_id, *_] = store.outcomes(conn, row.id, "audit").items.tolist()
    task = desk.claim_item(db, project.id, item_id, "ann", "tab-ann-1")
    assert task.prediction is None
    said = (truth(task.item.row, CLASSES) + 1) % CLASSES
    receipt = desk.submit(
        db, project.id, "ann", task_id=task.id, lease_token=task.lease_token, key="correct-1", value=Choice(class_id=said)
    )
    labeled = {row.name: row for row in export_rows(db, project)}[task.item.name]
    assert labeled.origin == Origin.HUMAN
    assert labeled.certificate is None
    desk.retract(db, project.id, "ann", annotation_id=receipt.annotation_id, client="tab-ann-1", key="take-back-1")
    labeled = {row.name: row for row in export_rows(db, project)}[task.item.name]
    assert labeled.origin == Origin.MODEL
    assert labeled.certificate == "1"


@pytest.mark.parametrize(("route", "status"), [("discard", Status.DISCARDED), ("hold", Status.POOL), ("validate", Status.POOL)])
def test_each_route_does_what_it_says(db: Database, home: Home, project: Project, route: str, status: Status) -> None:
    changed = db.write(projects.patch, project.id, policy=WISH.model_copy(update={"recognised": route, "audit_rate": 0.0}))
    number = issued(db, home, changed)
    found = certificates.overview(db, project).certificates[0]
    assert found.number == number
    after = statuses(db, project)
    assert after["auto"] == 0
    assert after["discarded"] == (found.standing if status is Status.DISCARDED else 0)
    model = scores.predictions(db, project.id)
    assert model is not None
    with db.read() as conn:
        on_validate = facts.waiting(conn, project.id, len(model.classes), None).sum()
        _, asked, holdout, _ = facts.pool(conn, project.id, N)
    assert (on_validate > 500) == (route == "validate")
    assert len(asked) - holdout.sum() < 100  # what is covered is not asked about; the holdout still is
    assert holdout.sum() > 100
    certificates.withdraw(db, changed, number)
    assert statuses(db, project)["discarded"] == 0
    with db.read() as conn:
        assert len(facts.pool(conn, project.id, N)[0]) > 900


def test_when_all_is_labeled_only_audits_are_asked(db: Database, home: Home, project: Project) -> None:
    """The holdout that a model labeled is measured beside other questions, and keeps nobody busy by itself."""
    issued(db, home, project)
    while statuses(db, project)["pool"]:
        [task] = desk.claim(db, project.id, "ann", "tab-ann-9", 1).tasks
        said = Choice(class_id=truth(task.item.row, CLASSES))
        desk.submit(db, project.id, "ann", task_id=task.id, lease_token=task.lease_token, key=f"key-{task.id:06}", value=said)
    rounds.run_round(db, home, project)
    left = desk.claim(db, project.id, "ann", "tab-ann-9", 50).tasks
    assert {task.reason.code for task in left} <= {"audit"}


def test_a_raw_threshold_labels_at_once_and_is_not_certified(db: Database, home: Home, project: Project) -> None:
    changed = db.write(projects.patch, project.id, policy=WISH.model_copy(update={"auto_threshold": 0.6}))
    made = certificates.begin(db, home, changed)
    run(db, changed)
    assert not made.certified
    [found] = certificates.overview(db, changed).certificates
    assert found.statement.startswith("Not certified")
    assert found.standing > 900
    assert {row.certificate for row in export_rows(db, project) if row.origin == Origin.MODEL} == {"1, not certified"}


def test_what_cannot_begin_says_why(db: Database, home: Home, project: Project) -> None:
    off = db.write(projects.patch, project.id, policy=Policy())
    with pytest.raises(InputError, match="Settings"):
        certificates.begin(db, home, off)
    assert "Settings" in certificates.overview(db, off).hint
    changed = db.write(projects.patch, project.id, policy=WISH)
    with pytest.raises(ConflictError, match="items are left"):
        certificates.begin(db, home, changed, calibration=5000)
    with pytest.raises(InputError, match="at least 20"):
        certificates.begin(db, home, changed, calibration=5)
    with pytest.raises(ConflictError, match="batch 9"):
        certificates.begin(db, home, changed, batch=9)
    certificates.begin(db, home, changed)
    with pytest.raises(ConflictError, match="already"):
        certificates.begin(db, home, changed)
    fresh = db.write(projects.create, "Cats", ["a", "b"], policy=WISH)
    with pytest.raises(ConflictError, match="no model"):
        certificates.begin(db, home, fresh)


def test_a_batch_is_certified_by_itself(db: Database, home: Home, project: Project) -> None:
    made = certificates.begin(db, home, project, batch=1)
    assert made.batch == 1
    assert made.population > 1000


def test_what_is_exported_is_verified_from_the_file_alone(
    db: Database,
    home: Home,
    project: Project,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = issued(db, home, project)
    file = tmp_path / "certificate.json"
    file.write_text(json.dumps(certificates.facts(db, project, number)))
    monkeypatch.setattr(sys, "argv", ["modicum", "verify", str(file)])
    assert cli.run() == 0
    assert "The certificate holds." in capsys.readouterr().out
    forged = json.loads(file.read_text())
    forged["certificate"]["wrong"][-10:] = [True] * 10
    file.write_text(json.dumps(forged))
    assert cli.run() == 2
    assert "DIFFERS" in capsys.readouterr().out
    file.write_text("[" * 100_000)
    assert cli.run() == 2
    assert "not JSON" in capsys.readouterr().err


def test_from_the_command_line(
    db: Database,
    home: Home,
    project: Project,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def modicum(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["modicum", *words])
        code, said = cli.run(), capsys.readouterr()
        return code, said.out + said.err

    at = ("certify", project.slug, "--home", str(home.path))
    db.close()
    code, said = modicum(*at, "--error", "0.05")
    assert code == 2
    assert "--start" in said
    code, said = modicum(*at, "--start", "--error", "0.9")
    assert code == 2
    assert "auto_error" in said
    code, said = modicum(*at, "--start", "--route", "discard", "--error", "0.05", "--calibration", "100")
    assert code == 0
    assert "0 of 100 random items" in said
    code, said = modicum(*at, "--json")
    assert json.loads(said)["certificates"][0]["route"] == "discard"
    code, said = modicum(*at, "--facts", "1", "--out", str(tmp_path / "facts.json"))
    assert code == 2
    assert "not issued" in said
    code, said = modicum(*at, "--withdraw", "1")
    assert code == 0
    assert "withdrawn" in said
