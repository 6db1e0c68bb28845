"""Recompute a certificate from its exported facts alone; nothing in them is believed before it is checked."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from modicum.engine.certify import METHODS, Certificate, Method, fingerprint, latest, passed, sentence, share
from modicum.engine.ladder import Ladder
from modicum.errors import InputError

_MANY: Final = 10_000_000  # entries; a longer list is not a certificate but an attack on the memory
_WORDS: Final = 2_000  # characters


@dataclass(frozen=True)
class Finding:
    """One thing checked: its name, whether it matches, and what was found."""

    name: str
    matches: bool
    found: str


@dataclass(frozen=True)
class Verdict:
    """All findings, in the order checked. `holds` when everything matches."""

    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        return all(finding.matches for finding in self.findings)


def verify(facts: object, *, ids: npt.ArrayLike | None = None, scores: npt.ArrayLike | None = None) -> Verdict:
    """What of a certificate's facts can be recomputed, and what matches. Never raises for what the facts hold.

    With the pool's `ids` and `scores` it is checked too that they are the ones certified, and how many lie above the threshold.
    """
    try:
        one = read_facts(facts)
    except InputError as error:
        return Verdict((Finding("facts", False, str(error)),))
    findings = [Finding("facts", True, f"{len(one.ids):,} calibration items, {len(one.ladder):,} thresholds")]
    findings.append(_counts(one))
    if findings[-1].matches:
        findings.append(_recomputed(one))
    above = np.asarray(one.scores[one.pilot :]) >= one.threshold
    found = int((np.asarray(one.wrong[one.pilot :], dtype=np.bool_) & above).sum())
    said = sentence(one.method, one.covered, int(above.sum()), found, one.size, one.error, one.confidence)
    findings.append(Finding("statement", one.statement == said, said))
    if ids is not None and scores is not None:
        findings.append(_pool(one, np.asarray(ids), np.asarray(scores)))
    return Verdict(tuple(findings))


def read_facts(facts: object) -> Certificate:
    """The certificate in these facts, each value of the right type, in range; InputError names the first that is not."""
    if not isinstance(facts, Mapping):
        raise InputError(f"a certificate's facts are an object, received {type(facts).__name__}")
    names = {f.name for f in fields(Certificate)}
    if set(facts) != names:
        odd = sorted(str(name)[:50] for name in set(facts) ^ names)
        raise InputError(f"these names are missing or unknown: {', '.join(odd[:5])}", path="$")
    method = facts["method"]
    if not isinstance(method, str) or method not in METHODS:
        raise InputError(f"the method is one of {', '.join(METHODS)}", path="$.method")
    ladder = _items(facts, "ladder")
    if not all(isinstance(step, (list, tuple)) and len(step) == 2 for step in ladder):
        raise InputError("a step is a threshold and a size", path="$.ladder")
    return Certificate(
        statement=_text(facts, "statement"),
        method=cast(Method, method),
        error=_number(facts["error"], "error", 0.0, 1.0, within=True),
        confidence=_number(facts["confidence"], "confidence", 0.0, 1.0, within=True),
        round=_whole(facts["round"], "round", 1),
        size=_whole(facts["size"], "size", 1),
        covered=_whole(facts["covered"], "covered", 0),
        threshold=_number(facts["threshold"], "threshold"),
        floor=-math.inf if facts["floor"] is None else _number(facts["floor"], "floor"),
        frame=_whole(facts["frame"], "frame", 1),
        pilot=_whole(facts["pilot"], "pilot", 0),
        ladder=tuple((_number(step[0], "ladder"), _whole(step[1], "ladder", 1)) for step in ladder),
        ids=tuple(_whole(x, "ids", -(2**63)) for x in _items(facts, "ids")),
        scores=tuple(_number(x, "scores") for x in _items(facts, "scores")),
        wrong=tuple(_flag(x) for x in _items(facts, "wrong")),
        sha256=_text(facts, "sha256"),
        model=_text(facts, "model"),
        schema=_text(facts, "schema"),
        seed=_whole(facts["seed"], "seed", 0, most=2**256),
        offsets=tuple(_number(x, "offsets") for x in _items(facts, "offsets")),
    )


def _counts(one: Certificate) -> Finding:
    """Whether counts, orders and lengths go together."""
    thresholds, sizes = [step[0] for step in one.ladder], [step[1] for step in one.ladder]
    scores = np.asarray(one.scores)
    drawn = scores[one.pilot :]
    reasons = {
        "ids, scores and flags differ in length": not len(one.ids) == len(one.scores) == len(one.wrong),
        "a calibration item occurs twice": len(set(one.ids)) != len(one.ids),
        "nothing was drawn after the pilot": one.pilot >= len(one.ids),
        "more items were drawn than there are": len(one.ids) > one.size or len(one.ids) - one.pilot > one.frame,
        "the frame is larger than the pool without its pilot": one.frame > one.size - one.pilot,
        "an open frame is all of the pool but the pilot": one.floor == -math.inf and one.frame != one.size - one.pilot,
        "a draw lies below the floor": bool((drawn < one.floor).any()),
        "no thresholds": not one.ladder,
        "thresholds do not run from strict to loose": any(a <= b for a, b in pairwise(thresholds)),
        "sizes do not grow, or pass the frame": any(a >= b for a, b in zip([0, *sizes], [*sizes, one.frame + 1], strict=True)),
        "a threshold lies below the floor": bool(thresholds) and thresholds[-1] < one.floor,
        "the threshold is not one of those tested": one.threshold not in thresholds,
    }
    above = [int((drawn >= t).sum()) for t in thresholds]
    reasons["more were drawn above a threshold than there are, or below it"] = any(
        n > size or len(drawn) - n > one.frame - size for n, size in zip(above, sizes, strict=True)
    )
    if any(reasons.values()):
        return Finding("counts", False, next(reason for reason, holds in reasons.items() if holds))
    at = thresholds.index(one.threshold)
    covered = sizes[at]
    return Finding("counts", covered == one.covered > above[at], f"{covered:,} auto-labels at or above {one.threshold:.6g}")


def _recomputed(one: Certificate) -> Finding:
    """Whether the draws show what the certificate says."""
    thresholds, sizes = np.array([step[0] for step in one.ladder]), np.array([step[1] for step in one.ladder], dtype=np.int64)
    scores, wrong = np.asarray(one.scores)[one.pilot :], np.asarray(one.wrong, dtype=np.bool_)[one.pilot :]
    steps = Ladder(thresholds, sizes, one.frame, len(scores))
    delta = share(1 - one.confidence, one.round)
    if one.method == "anytime":
        last = latest(steps, scores, wrong, one.error, delta)
    else:
        k = np.array([int((wrong & (scores >= t)).sum()) for t in thresholds], dtype=np.int64)
        last = passed(one.method, steps, k, one.error, delta, one.size)
    if last is None:
        return Finding("certified", False, "the draws show no threshold at all")
    inside = wrong[scores >= thresholds[last]]
    found = f"threshold {thresholds[last]:.6g}, {int(inside.sum()):,} of {len(inside):,} draws above it wrong"
    return Finding("certified", bool(thresholds[last] == one.threshold), found)


def _pool(one: Certificate, ids: npt.NDArray[Any], scores: npt.NDArray[Any]) -> Finding:
    if ids.ndim != 1 or ids.shape != scores.shape or ids.dtype.kind not in "iu" or scores.dtype.kind not in "iuf":
        return Finding("pool", False, "the pool has one whole-numbered id and one score per item")
    in_pilot = np.isin(ids, np.asarray(one.ids[: one.pilot], dtype=np.int64))
    above = int(((scores >= one.threshold) & ~in_pilot).sum())
    same = len(ids) == one.size and fingerprint(ids, scores) == one.sha256
    return Finding(
        "pool",
        same and above == one.covered,
        f"{len(ids):,} items, {above:,} auto-labels, {'the same' if same else 'other'} data",
    )


def _items(facts: Mapping[str, Any], name: str) -> list[Any]:
    value = facts[name]
    if not isinstance(value, (list, tuple)) or len(value) > _MANY:
        raise InputError(f"a list of at most {_MANY:,} entries is allowed", path=f"$.{name}")
    return list(value)


def _text(facts: Mapping[str, Any], name: str) -> str:
    value = facts[name]
    if not isinstance(value, str) or len(value) > _WORDS:
        raise InputError(f"a text of at most {_WORDS:,} characters is allowed", path=f"$.{name}")
    return value


def _number(value: object, name: str, low: float = -1e300, high: float = 1e300, *, within: bool = False) -> float:
    # A whole number of a thousand digits is valid JSON and no float.
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not low <= value <= high
        or (within and value in (low, high))
    ):
        raise InputError(f"a number between {low:g} and {high:g} is allowed", path=f"$.{name}")
    return float(value)


def _whole(value: object, name: str, least: int, most: int = 2**53) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InputError(f"a whole number from {least} to {most} is allowed", path=f"$.{name}")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise InputError("true or false is allowed", path="$.wrong")
    return value
