"""Triage: it finds what is new, learns from every answer, says honestly what is left, and takes whatever a person tells it."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.cli.triaging import answered
from modicum.engine.triage import Triage
from modicum.errors import InputError


def world(seed: int, novel: int = 30, known: int = 470, classes: int = 8, kinds: int = 2) -> tuple[np.ndarray, ...]:
    """Reference vectors and labels, batch vectors and labels; new classes have ids from `classes` up."""
    rng = np.random.default_rng([seed, 3])
    centres = rng.standard_normal((classes + kinds, 24)) * 1.2
    of_reference = rng.integers(0, classes, 600)
    of_batch = np.concatenate([rng.integers(0, classes, known), classes + rng.integers(0, kinds, novel)])
    of_batch = rng.permutation(of_batch)
    place = lambda ids: (centres[ids] + rng.standard_normal((len(ids), 24))).astype(np.float32)  # noqa: E731
    return place(of_reference), of_reference, place(of_batch), of_batch


def begun(seed: int, **parts: int) -> tuple[Triage, np.ndarray]:
    reference, labels, batch, truth = world(seed, **parts)
    return Triage(reference, labels, batch, np.random.default_rng(seed)), truth


@pytest.mark.parametrize("seed", range(4))
def test_nearly_every_new_item_is_found_with_few_questions_more_than_there_are(seed: int) -> None:
    triage, truth = begun(seed)
    queried = answered(triage, truth, 38)
    assert len(queried) == len(set(queried)) <= 38
    assert (truth[queried] >= 8).sum() >= 28


def test_what_is_new_without_being_alike_is_found_too() -> None:
    """Items that no class explains and that have no company: nothing found leads to the next one."""
    shares = []
    for seed in range(5):
        reference, labels, batch, truth = world(seed, novel=0, known=500)
        rng = np.random.default_rng([seed, 5])
        rows = rng.choice(len(batch), 30, replace=False)
        batch[rows] = rng.standard_normal((30, 24)) * batch.std(axis=0) + batch.mean(axis=0)
        truth[rows] = 99
        queried = answered(Triage(reference, labels, batch, np.random.default_rng(seed)), truth, 60)
        shares.append((truth[queried] == 99).mean() * len(queried) / 30)
    assert min(shares) >= 0.6  # at random: 0.12
    assert np.mean(shares) >= 0.8


def test_a_batch_without_novelty_is_done_within_a_quarter_of_the_budget() -> None:
    for seed in range(5):
        triage, truth = begun(seed, novel=0, known=800)
        assert len(answered(triage, truth, 44)) <= 11
        assert triage.finished


def test_it_rarely_stops_while_much_is_left() -> None:
    early = 0
    for seed in range(5):
        triage, truth = begun(seed)
        queried = answered(triage, truth, 400)
        assert len(queried) < 400  # it does stop
        early += (truth[queried] >= 8).sum() < 27
    assert early <= 1


def test_what_is_left_lies_in_the_interval() -> None:
    covered = []
    for seed in range(5):
        triage, truth = begun(seed)
        queried = answered(triage, truth, 20)
        left = triage.remaining()
        covered.append(left.low <= 30 - (truth[queried] >= 8).sum() <= left.high)
        assert left.n == len(truth) - len(queried)
        assert left.low <= left.mean <= left.high <= left.n
    assert sum(covered) >= 4


def test_halfway_the_estimate_of_what_is_left_leans_to_neither_side() -> None:
    """Finds come oftener than the model foresees, and of many kinds some are met last: it once came to .6 of the truth here."""
    ratios = []
    for seed in range(6):
        triage, truth = begun(seed, novel=90, known=900, kinds=12)
        left = 90 - (truth[answered(triage, truth, 45)] >= 8).sum()
        ratios.append(triage.remaining().mean / left)
    assert 0.75 < np.mean(ratios) < 1.3


def test_the_same_generator_asks_the_same() -> None:
    first, second = (answered(*begun(1), 20) for _ in range(2))
    assert first == second


def test_looking_at_the_estimate_changes_nothing() -> None:
    (plain, truth), (watched, _) = begun(2), begun(2)
    for _ in range(4):
        watched.remaining()
        rows = plain.query(3)
        assert rows.tolist() == watched.query(3).tolist()
        plain.tell(rows, truth[rows])
        watched.tell(rows, truth[rows])


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 600), st.integers(0, 5))
def test_any_number_can_be_asked_for(n: int, seed: int) -> None:
    triage, truth = begun(seed, novel=5, known=45)
    rows = triage.query(n)
    assert len(rows) == min(n, 50) == len(set(rows.tolist()))
    triage.tell(rows, truth[rows])
    assert not set(triage.query(5).tolist()) & set(rows.tolist())


def test_answers_nobody_asked_for_count_and_the_last_one_of_an_item_wins() -> None:
    triage, truth = begun(0)
    new = np.flatnonzero(truth >= 8)
    triage.tell(new[:5], truth[new[:5]])
    assert sorted(triage.found) == sorted(new[:5])
    triage.tell(new[:5], truth[new[:5]])
    assert triage.asked == 5
    triage.tell(new[:1], np.array([0]))
    assert sorted(triage.found) == sorted(new[1:5])
    assert not set(triage.query(10).tolist()) & set(new[:5].tolist())
    other, _ = begun(0)
    other.tell(new[1:5], truth[new[1:5]])
    other.tell(new[:1], np.array([0]))
    np.testing.assert_allclose(triage.chances(), other.chances(), atol=1e-3)


def test_odd_batches_have_a_defined_answer() -> None:
    reference, labels, batch, truth = world(0)
    rng = np.random.default_rng(0)
    empty = Triage(reference, labels, batch[:0], rng)
    assert empty.finished
    assert len(empty.query(3)) == 0
    assert empty.remaining().high == 0
    one = Triage(reference, labels, batch[:1], rng)
    assert one.query(1).tolist() == [0]
    one.tell(np.array([0]), truth[:1])
    assert one.finished
    same = Triage(reference, labels, reference, rng)
    assert same.finished or len(answered(same, labels, 100)) <= 8
    for few in (1, 2, 5):
        tiny = Triage(reference[:few], labels[:few], batch, rng)
        assert len(answered(tiny, truth, 10)) <= 10
    single = Triage(reference[labels == 0], labels[labels == 0], batch, rng)
    assert len(answered(single, truth, 20)) == 20
    equal = Triage(reference, labels, np.ones((20, 24), dtype=np.float16), rng)
    assert len(equal.query(20)) == 20


def test_half_precision_on_disk_serves_as_well(tmp_path: Path) -> None:
    reference, labels, batch, truth = world(3)
    batch.astype(np.float16).tofile(tmp_path / "vectors")
    mapped = np.memmap(tmp_path / "vectors", dtype=np.float16, mode="r", shape=batch.shape)
    queried = answered(Triage(reference, labels, mapped, np.random.default_rng(0)), truth, 38)
    assert (truth[queried] >= 8).sum() >= 27


def test_what_cannot_be_used_is_said() -> None:
    reference, labels, batch, _ = world(0)
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="same encoder"):
        Triage(reference[:, :8], labels, batch, rng)
    with pytest.raises(InputError, match="reference is empty"):
        Triage(reference[:0], labels[:0], batch, rng)
    with pytest.raises(InputError, match="one class id per reference vector"):
        Triage(reference, labels[:5], batch, rng)
    broken = batch.copy()
    broken[7, 3] = np.nan
    with pytest.raises(InputError, match="vector 7 holds NaN"):
        Triage(reference, labels, broken, rng)
    triage = Triage(reference, labels, batch, rng)
    with pytest.raises(InputError, match="at least 1"):
        triage.query(0)
    for rows, names in (([500], [1]), ([-1], [1])):
        with pytest.raises(InputError, match=r"items of this batch are 0\.\.499"):
            triage.tell(np.array(rows), np.array(names))
    with pytest.raises(InputError, match="one label per item"):
        triage.tell(np.array([1, 2]), np.array([1]))


def test_what_is_taken_back_might_never_have_been_said() -> None:
    said, plain = begun(2)[0], begun(2)[0]
    truth = begun(2)[1]
    new, known = np.flatnonzero(truth >= 8)[:3], np.flatnonzero(truth < 8)[:5]
    for triage in (said, plain):
        triage.tell(new, truth[new])
    said.tell(known, truth[known])
    said.tell(new[:1], truth[known[:1]])
    said.forget(np.concatenate([known, new[:1], known]))
    said.tell(new[:1], truth[new[:1]])
    assert said.asked == 3
    assert sorted(said.found) == sorted(new)
    np.testing.assert_allclose(said.chances(), plain.chances(), atol=1e-4)


def test_the_command_tells_what_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from modicum import cli

    reference, labels, batch, truth = world(1)
    np.savez(tmp_path / "ref.npz", emb=reference.astype(np.float16), label=labels)
    np.savez(tmp_path / "batch.npz", emb=batch, label=truth)
    command = [
        "modicum",
        "triage",
        "--reference",
        str(tmp_path / "ref.npz"),
        "--batch",
        str(tmp_path / "batch.npz"),
        "--budget",
        "38",
    ]
    monkeypatch.setattr("sys.argv", [*command, "--json"])
    assert cli.run() == 2
    assert "--oracle" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", [*command, "--oracle", "--seed", "1", "--json"])
    assert cli.run() == 0
    told = json.loads(capsys.readouterr().out)
    assert told["novel_total"] == 30
    assert told["novel_found"] == (truth[told["queried"]] >= 8).sum() >= 27
    assert told["recall"] == pytest.approx(told["novel_found"] / 30)
    assert told["alarm"]["drift"] is (told["alarm"]["p"] <= 0.05)
    (tmp_path / "batch.npz").write_bytes(b"PK\x03\x04 nothing")
    assert cli.run() == 2
