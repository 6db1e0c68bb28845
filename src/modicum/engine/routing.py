"""What happens to each pool item next: one route per item, from the calibrated confidence of its likeliest class."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from modicum.engine.pool import Pool, Selection
from modicum.errors import InputError
from modicum.types import Route

CODES: Final[Mapping[Route, int]] = MappingProxyType({route: code for code, route in enumerate(Route)})
"""The number that stands for a route in the array `plan` returns."""

ROUTES: Final[tuple[Route, ...]] = tuple(Route)
"""The route each number stands for: ROUTES[code]."""

PAGE: Final = 60
"""Items of a Validate page of a class nothing is known about."""

_WRONG_A_PAGE = 1.5  # wrong items a page should hold: none, and people stop looking; many, and marking takes longer than labeling
_BELIEF = PAGE / _WRONG_A_PAGE  # items' worth of belief in the share of wrong ones that goes with PAGE
_LEAST, _MOST, _ROW = 12, 200, 12  # twelve fill whole rows of 2, 3, 4, 6 or 12


def page_size(wrong: int, looked: int) -> int:
    """Items of a Validate page of a class of which `wrong` of `looked` items were wrong: one or two wrong ones to expect.

    From 12 to 192 in twelves; 60 as long as nothing is known, and the fewer are known, the nearer to that. Raises InputError
    unless 0 <= wrong <= looked.
    """
    if not 0 <= wrong <= looked:
        raise InputError(f"wrong ones lie in 0..looked, received {wrong} of {looked}")
    share = (wrong + 1) / (looked + _BELIEF)
    rows = round(_WRONG_A_PAGE / share / _ROW)
    return min(max(rows, -(-_LEAST // _ROW)), _MOST // _ROW) * _ROW


def plan(pool: Pool, *, validate_above: float, selection: Selection | None = None) -> npt.NDArray[np.uint8]:
    """One route per pool item, uint8 [n], as numbers of ROUTES.

    Chosen by the strategy: annotate. Else confidence of at least `validate_above`: validate. All others: hold, until a later
    round. Auto and discard do not occur: they take a certificate (`certify.selective`), which no confidence replaces.
    """
    if not 0 < validate_above <= 1:
        raise InputError(f"validate_above lies above 0 and up to 1, received {validate_above}")
    routes = np.full(len(pool), CODES[Route.HOLD], dtype=np.uint8)
    if pool.proba is not None:
        routes[pool.proba.max(axis=1) >= validate_above] = CODES[Route.VALIDATE]
    if selection is not None:
        routes[selection.indices] = CODES[Route.ANNOTATE]
    return routes
