"""Strategies by name: `margin`, or with wrappers, applied from left to right, `margin+dense+distinct`.

A number behind a colon sets the one parameter a strategy or wrapper has: `medium-confidence:0.3`, `margin+explore:0.2`.
"""

from collections.abc import Callable
from functools import partial
from inspect import Parameter, signature
from typing import Any

from modicum import plugins
from modicum.engine.pool import Strategy
from modicum.errors import InputError

_LONGEST = 100
_MOST_WRAPPERS = 6


def find_strategy(name: str) -> Strategy:
    """The strategy of this name, with the wrappers it names.

    Raises NotFoundError, listing those there are, for a name nobody registered, and InputError for one that cannot be read.
    """
    first, *others = name.split("+")
    if len(name) > _LONGEST or len(others) > _MOST_WRAPPERS:
        raise InputError(
            f"a strategy's name has up to {_LONGEST} characters and {_MOST_WRAPPERS} wrappers, received {name[:_LONGEST]!r}"
        )
    strategy: Strategy = _find("modicum.strategies", first, "(pool, n, rng) -> Selection")
    for other in others:
        wrap = _find("modicum.wrappers", other, "(strategy) -> strategy")
        strategy = wrap(strategy)
    return strategy


def _find(group: str, text: str, form: str) -> Callable[..., Any]:
    name, colon, number = text.partition(":")
    found = plugins.get(group, name)
    if not callable(found):
        raise InputError(f"{name!r} of {group} is a {type(found).__name__}; it has to be a function {form}")
    return partial(found, **_parameter(found, name, number)) if colon else found


def _parameter(function: Callable[..., Any], name: str, number: str) -> dict[str, float]:
    """The one keyword-only parameter of the function, with the number as its value."""
    own = [p.name for p in signature(function).parameters.values() if p.kind is Parameter.KEYWORD_ONLY]
    if len(own) != 1:
        raise InputError(f"{name!r} has no parameter to set: write it without the colon")
    try:
        return {own[0]: float(number)}
    except ValueError as error:
        raise InputError(f"behind {name}: stands its {own[0]}, a number; received {number!r}") from error
