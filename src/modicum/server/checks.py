"""What the settings may name."""

from functools import cache

from modicum.errors import InputError, ModicumError
from modicum.types import Policy

AUTO = "auto"


def strategies() -> tuple[str, ...]:
    """Names a policy may give as its strategy."""
    from modicum import plugins

    return (AUTO, *(name for name in plugins.names("modicum.strategies") if name != AUTO))


@cache
def seed_strategies() -> tuple[str, ...]:
    """Those of them that can choose while there is no model."""
    return tuple(name for name in strategies() if _can_seed(name))


def check_policy(policy: Policy) -> None:
    """Raises InputError for a strategy or wrapper nobody registered, and for a seed strategy that needs a model."""
    for field, name, known in (
        ("strategy", policy.strategy, strategies()),
        ("seed_strategy", policy.seed_strategy, seed_strategies()),
    ):
        if name in known:
            continue
        why = _objection(name, seed=field == "seed_strategy")
        if why:
            raise InputError(f"{why}; allowed: {', '.join(known)}, with wrappers behind a plus", path=f"$.policy.{field}")


def _objection(name: str, *, seed: bool) -> str | None:
    """What speaks against this name of a strategy, which may name wrappers too."""
    from modicum.engine.strategies.naming import find_strategy

    try:
        find_strategy(name)
    except ModicumError as error:
        return error.message
    return f"{name!r} needs a model, and there is none at first" if seed and not _can_seed(name) else None


def _can_seed(name: str) -> bool:
    """Whether the strategy chooses among four points that nothing is known of."""
    import numpy as np

    from modicum.engine.pool import Pool
    from modicum.engine.strategies.naming import find_strategy

    four, none = np.arange(4), np.empty(0, dtype=np.int64)
    pool = Pool(ids=four, vectors=np.eye(4, dtype=np.float32), rows=four, proba=None, labeled_rows=none, labels=none)
    try:
        find_strategy(name)(pool, 1, np.random.default_rng(0))
    except Exception:  # whatever a stranger's strategy raises: it cannot do without a model
        return False
    return True
