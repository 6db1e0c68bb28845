"""Watching auto-labels for ever: a random share goes to people, and too many errors revoke the certificate."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from modicum.engine.arrays import F64
from modicum.errors import InputError

_TIMES: Final[F64] = np.array([1.5, 2.0, 3.0, 5.0, 10.0])
"""How many times the allowed error each bettor believes the error to be; their wealth is mixed."""


@dataclass(frozen=True)
class Monitor:
    """Wealth of bettors that more than `error` of the auto-labels is wrong; at 1/alpha the certificate is revoked.

    Each audited label multiplies the wealth of the bettor who believes in an error q by q/error when it is wrong, and by
    (1 - q)/(1 - error) when it is right. While the error stays within bound, whatever it does there, the expected wealth never
    grows, so a false alarm ever happens with probability at most alpha, looked at after every label (Ville 1939; Waudby-Smith &
    Ramdas 2024). Errors may begin late: half of the money enters at the first label, the rest over time (1 / (2 t (t + 1)) at
    label t), so what was lost while all was well is not missed (a mixture over the change, as in Shin, Ramdas & Rinaldo 2022).
    `observe` returns the next state.
    """

    error: float
    alpha: float
    seen: int = 0
    wrong: int = 0
    wealth: tuple[float, ...] = (0.0,) * len(_TIMES)
    peak: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.error < 1 and 0 < self.alpha < 1):
            raise InputError(f"error and alpha lie between 0 and 1, received {self.error} and {self.alpha}")
        if len(self.wealth) != len(_TIMES):
            raise InputError(f"a monitor has {len(_TIMES)} bettors, received {len(self.wealth)}")

    @property
    def value(self) -> float:
        """The wealth now, what has not been staked yet with it; it starts at 1."""
        return float(np.mean(self.wealth)) + self._kept

    @property
    def revoked(self) -> bool:
        """Whether the wealth reached 1/alpha at any label so far."""
        return self.peak >= 1 / self.alpha

    def observe(self, wrong: bool) -> "Monitor":
        """The state after one more audited label. Audited items are drawn at random and shown without their auto-label."""
        if self.revoked:
            return replace(self, seen=self.seen + 1, wrong=self.wrong + wrong)
        belief = believed(self.error)
        factor = belief / self.error if wrong else (1 - belief) / (1 - self.error)
        t = self.seen + 1
        entering = 0.5 / (t * (t + 1)) + (0.5 if t == 1 else 0.0)
        wealth = (np.asarray(self.wealth) + entering) * factor
        after = replace(self, seen=t, wrong=self.wrong + wrong, wealth=tuple(wealth.tolist()))
        return replace(after, peak=max(self.peak, after.value))

    @property
    def _kept(self) -> float:
        return 1.0 if self.seen == 0 else 0.5 / (self.seen + 1)

    def reason(self) -> str:
        """What the team reads."""
        said = f"{self.wrong:,} of {self.seen:,} audited auto-labels were wrong; at most {100 * self.error:.6g}% may be."
        return f"Certificate revoked: {said}" if self.revoked else f"The certificate stands: {said}"


def believed(error: float) -> F64:
    """The errors the bettors believe in: multiples of `error`, and where these pass 1 something between `error` and 1."""
    times = _TIMES * error
    between = error + (1 - error) * _TIMES / (_TIMES[-1] + 1)
    return np.where(times < 0.95, times, between)
