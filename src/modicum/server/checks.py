"""What the settings may name."""

from functools import cache

from modicum.errors import InputError, ModicumError
from modicum.types import Policy

AUTO = "auto"


@cache
def strategies() -> tuple[str, ...]:
    """Names a policy may give as its strategy: those that can choose among items with a prediction of one class each."""
    from modicum import plugins

    names = (AUTO, *(name for name in plugins.names("modicum.strategies") if name != AUTO))
    return tuple(name for name in names if _can_choose(name, predicted=True))


def wrappers() -> tuple[str, ...]:
    """Names that may follow a strategy's, each behind a plus."""
    from modicum import plugins

    return plugins.names("modicum.wrappers")


@cache
def seed_strategies() -> tuple[str, ...]:
    """Those of them that can choose while there is no model."""
    return tuple(name for name in strategies() if _can_choose(name, predicted=False))


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
    if seed and not _can_choose(name, predicted=False):
        return f"{name!r} needs a model, and there is none at first"
    return None if _can_choose(name, predicted=True) else f"{name!r} is not for answers of one class"


def _can_choose(name: str, *, predicted: bool) -> bool:
    """Whether the strategy chooses among four points, with a prediction and a label or while nothing is known of them."""
    import numpy as np

    from modicum.engine.pool import Pool
    from modicum.engine.strategies.naming import find_strategy

    vectors = np.eye(6, dtype=np.float32)
    proba = np.full((4, 2), 0.5, dtype=np.float32) if predicted else None
    labels = np.arange(2 if predicted else 0)
    pool = Pool(
        ids=np.arange(4), vectors=vectors, rows=np.arange(4), proba=proba, labeled_rows=4 + np.arange(len(labels)), labels=labels
    )
    try:
        find_strategy(name)(pool, 1, np.random.default_rng(0))
    except Exception:  # whatever a stranger's strategy raises: it is not for this
        return False
    return True
