"""Certificates: they hold as often as they say, refuse what they cannot carry, and can be recomputed from their facts."""

import json
import math
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom

from modicum.engine import wish
from modicum.engine.band import band
from modicum.engine.bounds import critical, log_wealth, lower_tail, needed
from modicum.engine.certify import Certificate, Refusal, anytime, draw, fingerprint, selective, share, stands, whole_pool
from modicum.engine.ladder import curve, focus
from modicum.engine.verify import read_facts, verify
from modicum.errors import InputError
from modicum.types import Interval

METHODS = (whole_pool, selective, anytime)


def pool(n=3_000, seed=0, strength=0.15):
    """Scores that are calibrated: an item of confidence p is right with chance p."""
    rng = np.random.default_rng(seed)
    scores = rng.random(n) ** strength
    return np.arange(n), scores, rng.random(n) > scores


def certified(method=selective, n=3_000, k=1_000, error=0.1, seed=0, **rest):
    ids, scores, wrong = pool(n, seed)
    order = draw(ids, k, np.random.default_rng(seed))
    return method(ids, scores, order, wrong[order], error=error, confidence=0.95, model="m1", schema="s1", **rest)


def kept(said, ids, scores, wrong):
    covered = (scores >= said.threshold) & ~np.isin(ids, said.ids[: said.pilot])
    assert covered.sum() == said.covered
    return wrong[covered].sum() <= said.error * (said.size if said.method == "whole-pool" else said.covered) + 1e-9


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("n", "k"), [(400, 250)])
def test_the_statement_breaks_no_more_often_than_it_says(method, n, k):
    ids, scores, wrong = pool(n, 3)
    delta, runs, breaks, found = 0.1, 50, 0, 0
    for run in range(runs):
        order = draw(ids, k, np.random.default_rng(run))
        said = method(ids, scores, order, wrong[order], error=0.08, confidence=1 - delta)
        if isinstance(said, Certificate):
            found += 1
            breaks += not kept(said, ids, scores, wrong)
    assert found > runs / 5
    assert binom.sf(breaks - 1, runs, delta) >= 0.01


def test_no_arrangement_of_errors_breaks_it_more_often_than_it_says():
    """Errors where they hurt: none among the surest, then just too many at every threshold, among many equal scores."""
    n, delta, runs = 600, 0.1, 60
    ids, scores = np.arange(n), 1 - np.arange(n) // 20 / 100
    wrong = np.arange(n) % 18 == 17
    breaks = 0
    for run in range(runs):
        order = draw(ids, 150, np.random.default_rng(run))
        said = selective(ids, scores, order, wrong[order], error=0.05, confidence=1 - delta)
        breaks += isinstance(said, Certificate) and not kept(said, ids, scores, wrong)
    assert binom.sf(breaks - 1, runs, delta) >= 0.01


def test_stopping_at_the_luckiest_look_does_not_break_an_anytime_certificate():
    ids, scores = np.arange(500), np.linspace(1, 0.5, 500)
    wrong = np.arange(500) % 18 == 17
    breaks, runs, delta = 0, 25, 0.1
    for run in range(runs):
        order = draw(ids, 400, np.random.default_rng(run))
        said = [anytime(ids, scores, order[:k], wrong[order[:k]], error=0.05, confidence=1 - delta) for k in range(20, 400, 40)]
        breaks += any(isinstance(one, Certificate) and not kept(one, ids, scores, wrong) for one in said)
    assert binom.sf(breaks - 1, runs, delta) >= 0.01


def test_what_an_anytime_certificate_tests_stays_the_same_at_every_look():
    ids, scores, wrong = pool(2_000, 4)
    order = draw(ids, 1_500, np.random.default_rng(0))
    said = [anytime(ids, scores, order[:k], wrong[order[:k]], error=0.1, confidence=0.9) for k in (300, 600, 1_500)]
    ladders = {one.ladder for one in said if isinstance(one, Certificate)}
    assert len(ladders) == 1
    assert isinstance(said[-1], Certificate)


def test_a_pilot_and_a_floor_keep_the_statement_and_cover_more_where_few_items_are_sure():
    ids, scores, wrong = pool(6_000, 5, 0.6)
    breaks, runs = 0, 25
    for run in range(runs):
        rng = np.random.default_rng(run)
        pilot = draw(ids, 60, rng)
        free = np.setdiff1d(ids, pilot)
        floor = focus(scores[free], scores[pilot], wrong[pilot], 0.1)
        order = np.concatenate([pilot, draw(free[scores[free] >= floor], 240, rng)])
        said = selective(ids, scores, order, wrong[order], error=0.1, confidence=0.9, pilot=60, floor=floor)
        breaks += isinstance(said, Certificate) and not kept(said, ids, scores, wrong)
    assert binom.sf(breaks - 1, runs, 0.1) >= 0.01


@pytest.mark.parametrize(("error", "clean"), [(0.01, 299), (0.02, 149), (0.05, 59)])
def test_so_many_clean_items_are_needed(error, clean):
    assert needed(10**7, error, 0.05) == clean


def test_a_refusal_says_how_many_more_are_needed_and_these_do():
    ids, scores = np.arange(100_000), np.linspace(1, 0.9, 100_000)
    wrong = np.zeros(100_000, dtype=bool)
    order = draw(ids, 400, np.random.default_rng(0))
    said = selective(ids, scores, order[:40], wrong[:40], error=0.02, confidence=0.95)
    assert isinstance(said, Refusal)
    assert said.reason == "too-few"
    assert said.more is not None
    assert 100 <= said.more <= 140
    enough = order[: 40 + said.more]
    assert isinstance(selective(ids, scores, enough, wrong[enough], error=0.02, confidence=0.95), Certificate)


def test_an_anytime_refusal_says_about_how_many_more_are_needed():
    """Where errors are not much rarer than they may be it takes hundreds, and it says so from the start."""
    asked, took = [], []
    for seed in range(12):
        ids, scores, wrong = pool(1_500, seed, 0.025)
        order = draw(ids, 1_400, np.random.default_rng(seed))
        for k in range(100, 1_400, 25):
            said = anytime(ids, scores, order[:k], wrong[order[:k]], error=0.05, confidence=0.95)
            if isinstance(said, Certificate):
                took.append(k)
                break
            if k == 100:
                asked.append(k + (said.more or 1_400))
    assert len(took) == 12
    assert np.median(took) / 2 < np.median(asked) < 2 * np.median(took)


@pytest.mark.parametrize("method", METHODS)
def test_what_cannot_carry_a_certificate_is_refused_with_the_reason(method):
    ids, scores, wrong = pool(2_000)
    order = draw(ids, 500, np.random.default_rng(0))
    flags = wrong[order]

    def reason(ids=ids, scores=scores, order=order, flags=flags, **rest):
        said = method(ids, scores, order, flags, error=0.05, confidence=0.95, **rest)
        assert isinstance(said, Refusal)
        assert said.message
        return said.reason

    assert reason(order=order[:0], flags=flags[:0]) == "no-calibration"
    assert reason(pilot=len(order)) == "no-calibration"
    assert reason(labels=np.zeros(len(order), dtype=int)) == "one-class"
    assert reason(flags=np.ones(len(order), dtype=bool)) == "too-many-wrong"
    assert reason(order=np.append(order, order[:1]), flags=np.append(flags, flags[:1])) == "duplicates"
    assert reason(ids=np.where(ids == 7, 8, ids)) == "duplicates"
    assert reason(order=np.append(order[:-1], 10**6)) == "duplicates"
    assert reason(scores=np.where(ids == 3, np.nan, scores)) == "input"
    assert reason(flags=flags[:-1]) == "input"
    assert reason(floor=2.0) == "input"


def test_all_right_is_certified_whole_when_there_are_enough():
    ids, scores, _ = pool(2_000)
    order = draw(ids, 500, np.random.default_rng(0))
    said = selective(ids, scores, order, np.zeros(500, dtype=bool), error=0.01, confidence=0.95)
    assert isinstance(said, Certificate)
    assert said.covered == 2_000
    assert "95% certainty at most 1% of these 2,000 labels are wrong: people gave 500 of them" in said.statement


def test_an_oracle_that_errs_makes_the_certificate_cover_less_never_more():
    """An oracle wrong at 5% contradicts right predictions: what is certified is agreement with it, so less is certified."""
    ids, scores, wrong = pool(6_000, 1)
    noisy = wrong ^ (np.random.default_rng(9).random(len(ids)) < 0.05)
    for run in range(3):
        order = draw(ids, 1_000, np.random.default_rng(run))
        assert isinstance(selective(ids, scores, order, noisy[order], error=0.02, confidence=0.95), Refusal)
        assert isinstance(selective(ids, scores, order, wrong[order], error=0.1, confidence=0.95), Certificate)
        lax = selective(ids, scores, order, noisy[order], error=0.1, confidence=0.95)
        strict = selective(ids, scores, order, wrong[order], error=0.1, confidence=0.95)
        assert isinstance(strict, Certificate)
        assert isinstance(lax, Refusal) or (lax.covered <= strict.covered and kept(lax, ids, scores, wrong))


def test_equal_scores_stay_together():
    ids, scores = np.arange(1_000), np.repeat([0.9, 0.6], 500)
    wrong = (ids >= 500) & (ids % 2 == 0)
    order = draw(ids, 400, np.random.default_rng(0))
    said = selective(ids, scores, order, wrong[order], error=0.05, confidence=0.95)
    assert isinstance(said, Certificate)
    assert said.threshold == 0.9
    assert isinstance(selective(ids, np.full(1_000, 0.7), order, wrong[order], error=0.05, confidence=0.95), Refusal)


def test_a_certificate_stands_for_its_own_pool_model_and_schema_only():
    ids, scores, _ = pool()
    said = certified()
    assert isinstance(said, Certificate)
    assert stands(said, ids[::-1], scores[::-1], model="m1", schema="s1") is None
    for rest in ({"model": "m2", "schema": "s1"}, {"model": "m1", "schema": "s2"}):
        refused = stands(said, ids, scores, **rest)
        assert refused is not None
        assert refused.reason == "changed"
    assert stands(said, ids, scores + 1e-9, model="m1", schema="s1") is not None
    assert fingerprint(ids, scores) != fingerprint(ids[:-1], scores[:-1])


@given(st.integers(0, 60), st.integers(0, 80), st.integers(0, 2**32))
def test_a_draw_is_prolonged_by_asking_for_more(few, more, seed):
    ids = np.arange(100, 160)
    first, second = draw(ids, few, np.random.default_rng(seed)), draw(ids[::-1], few + more, np.random.default_rng(seed))
    assert second[: len(first)].tolist() == first.tolist()
    assert len(set(second.tolist())) == len(second) == min(60, few + more)


def test_all_rounds_for_ever_spend_the_budget():
    spent = sum(share(0.05, r) for r in range(1, 20_000))
    assert 0.0499 < spent < 0.05
    with pytest.raises(InputError):
        share(0.05, 0)


@given(st.integers(20, 200), st.floats(0.1, 0.95), st.floats(0.02, 0.6), st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_a_band_bounds_what_is_wrong_above_every_threshold_at_once(size, part, rate, seed):
    """Wherever the errors lie: in no more than delta of the draws does any of the bounds fail."""
    rng = np.random.default_rng(seed)
    drawn, last, runs, delta = max(int(part * size), 1), max(int(rate * size), 1), 400, 0.1
    one = band(size, drawn, max(last // 4, 1), last, delta)
    wrong = rng.random(size) < rng.random() * 2 * rate
    inside = rng.permuted(np.tile(np.arange(size) < drawn, (runs, 1)), axis=1)
    most = one.most_wrong(np.cumsum(inside & wrong, axis=1))
    failed = int((most < np.cumsum(wrong)).any(axis=1).sum())
    assert binom.sf(failed - 1, runs, delta) >= 1e-4


def test_a_band_spends_what_it_may_and_stays_sound_where_its_tables_would_be_too_large():
    rng = np.random.default_rng(0)
    for size, drawn, first, last, least in ((600, 300, 4, 31, 0.06), (4_000, 3_600, 700, 3_200, 0.0)):
        one = band(size, drawn, first, last, 0.1)
        inside = rng.permuted(np.tile(np.arange(size) < drawn, (500, 1)), axis=1)
        touched = (np.cumsum(inside, axis=1)[:, one.marked - 1] <= one.limits).any(axis=1).mean()
        assert least <= touched <= 0.14
        assert (np.diff(one.limits) >= 0).all()


@given(st.integers(2, 400), st.data())
@settings(max_examples=60, deadline=None)
def test_the_critical_count_is_the_largest_that_refutes(size, data):
    marked, n = data.draw(st.integers(1, size)), data.draw(st.integers(1, size))
    c = int(critical(np.array([size]), np.array([marked]), np.array([n]), 0.1)[0])
    if c >= 0:
        assert hypergeom.cdf(c, size, marked, n) <= 0.1
    if c < min(marked, n):
        assert hypergeom.cdf(c + 1, size, marked, n) > 0.1
    # Whatever more is wrong is refuted at least as surely.
    assert all(lower_tail(c, size, more, n) <= 0.1 + 1e-12 for more in range(marked, size + 1))


@pytest.mark.parametrize(("size", "marked"), [(30, 6), (12, 3)])
def test_wealth_is_a_fair_game_when_as_many_are_wrong(size, marked):
    rng = np.random.default_rng(0)
    final = []
    for _ in range(1_500):
        wrong = rng.permutation(size) < marked
        final.append(np.exp(log_wealth(wrong[: size // 2], size, marked)[-1]))
    assert np.mean(final) == pytest.approx(1, abs=5 * np.std(final) / math.sqrt(len(final)))


@pytest.mark.parametrize("method", METHODS)
def test_a_certificate_is_recomputed_from_its_facts_as_json(method):
    ids, scores, _ = pool()
    said = certified(method)
    assert isinstance(said, Certificate)
    facts = json.loads(json.dumps(said.to_facts(), allow_nan=False))
    assert read_facts(facts) == said
    assert verify(facts).holds
    assert verify(facts, ids=ids, scores=scores).holds
    assert not verify(facts, ids=ids, scores=scores[::-1]).holds


@pytest.mark.parametrize(
    "change",
    [
        {"error": 0.01},
        {"confidence": 0.999999},
        {"covered": 1},
        {"statement": "Nothing is wrong."},
        {"round": 40},
        {"threshold": 0.0},
        {"size": 10},
        {"pilot": 990},
        {"frame": 1},
        {"method": "guess"},
        {"method": []},
        {"error": float("nan")},
        {"error": 10**400},
        {"confidence": True},
        {"ids": [1, 1]},
        {"ids": None},
        {"wrong": [2]},
        {"scores": ["0.5"]},
        {"scores": [float("nan")]},
        {"ladder": [[0.5]]},
        {"ladder": []},
        {"ladder": [[0.9, 100], [0.95, 200]]},
        {"statement": "x" * 10_000},
        {"seed": -1},
        {"surprise": 1},
    ],
)
def test_altered_facts_do_not_hold_and_never_raise(change):
    said = certified()
    assert isinstance(said, Certificate)
    assert not verify(said.to_facts() | change).holds


@pytest.mark.parametrize("facts", [None, [], "x", 3, {}, {"method": "selective"}])
def test_what_is_no_certificate_at_all_does_not_hold(facts):
    assert not verify(facts).holds


def test_draws_said_to_be_wrong_that_were_right_do_not_hold():
    """The other way round, wrong ones said to be right, cannot be noticed from the facts: only by labeling draws again."""
    said = certified()
    assert isinstance(said, Certificate)
    more_wrong = tuple(score >= said.threshold for score in said.scores)
    assert not verify(replace(said, wrong=more_wrong).to_facts()).holds


def test_the_curve_runs_from_strict_to_loose_with_intervals_that_hold_the_truth():
    ids, scores, wrong = pool(4_000)
    order = draw(ids, 600, np.random.default_rng(0))
    points = curve(scores, scores[order], wrong[order], points=30)
    assert 20 <= len(points) <= 30
    assert all(a.threshold > b.threshold and a.coverage < b.coverage for a, b in pairwise(points))
    held = [one.error.low <= wrong[scores >= one.threshold].mean() <= one.error.high for one in points]
    assert np.mean(held) > 0.8
    assert curve(scores, [], []) == []
    with pytest.raises(InputError):
        curve(scores, [0.5], [True, False])


def test_as_many_draws_as_a_wish_names_mostly_give_what_it_promised():
    kept = []
    for run in range(20):
        rng = np.random.default_rng(run)
        ids, scores, wrong = pool(3_000, 20 + run)
        held = rng.permutation(len(ids)) < 300
        point = wish.operating(wish.curve(scores[~held], scores[held], wrong[held]), 0.1)
        assert point is not None
        named = wish.draws(point, 2_700, 0.1, 0.05)
        assert named is not None
        left, right, flags = np.arange(2_700), scores[~held], wrong[~held]
        pilot = draw(left, named // 10, rng)
        free = np.setdiff1d(left, pilot)
        floor = focus(right[free], right[pilot], flags[pilot], 0.1)
        order = np.concatenate([pilot, draw(free[right[free] >= floor], named - len(pilot), rng)])
        said = selective(left, right, order, flags[order], error=0.1, confidence=0.95, pilot=len(pilot), floor=floor)
        kept.append(isinstance(said, Certificate) and (right >= said.threshold).sum() >= 0.9 * point.items)
    assert np.mean(kept) >= 0.7


def test_a_wish_asks_for_more_draws_when_it_wants_fewer_errors_and_says_when_none_would_do():
    def named(mean, n, error, items=5_000):
        point = wish.Point(0.9, items, items / 10_000, Interval(mean=mean, low=0.0, high=1.0, n=n))
        return wish.draws(point, 10_000, error, 0.05)

    assert named(0.0, 300, 0.05) < named(0.0, 300, 0.02) < named(0.004, 300, 0.02)
    assert named(0.0, 10, 0.02) is not None
    assert named(0.03, 300, 0.02) is None


@pytest.mark.parametrize("method", METHODS)
def test_both_numbers_of_the_sentence_are_true_whenever_the_bound_is_kept(method):
    """The bound on all labels, and what it leaves for those the model gives once what people found is put right."""
    held = 0
    for run in range(30):
        ids, scores, wrong = pool(1_500, run)
        order = draw(ids, 700, np.random.default_rng(run))
        said = method(ids, scores, order, wrong[order], error=0.06, confidence=0.9, pilot=0)
        if not isinstance(said, Certificate) or not kept(said, ids, scores, wrong):
            continue
        alone = (scores >= said.threshold) & ~np.isin(ids, order)
        at_most = re.search(r"at most ([\d,]+) (?:of the|are wrong)", said.statement)
        assert at_most is not None
        assert f"{alone.sum():,}" in said.statement
        assert wrong[alone].sum() <= int(at_most[1].replace(",", ""))
        held += 1
    assert held > 10
