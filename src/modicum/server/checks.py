"""What the settings may name."""

from functools import cache

from modicum.errors import InputError
from modicum.types import Policy

AUTO = "auto"


def strategies() -> tuple[str, ...]:
    """Names a policy may give as its strategy."""
    from modicum import plugins

    return (AUTO, *(name for name in plugins.names("modicum.strategies") if name != AUTO))


@cache
def seed_strategies() -> tuple[str, ...]:
    """Those of them that can choose while there is no model; each is tried on four points."""
    import numpy as np

    from modicum.engine.pool import Pool
    from modicum.engine.step import find_strategy

    four, none = np.arange(4), np.empty(0, dtype=np.int64)
    pool = Pool(ids=four, vectors=np.eye(4, dtype=np.float32), rows=four, proba=None, labeled_rows=none, labels=none)
    able = []
    for name in strategies():
        try:
            find_strategy(name)(pool, 1, np.random.default_rng(0))
        except Exception:  # noqa: S112  whatever a stranger's strategy raises: it cannot do without a model
            continue
        able.append(name)
    return tuple(able)


def check_policy(policy: Policy) -> None:
    """Raises InputError for a strategy nobody registered, and for a seed strategy that needs a model."""
    for field, name, known in (
        ("strategy", policy.strategy, strategies()),
        ("seed_strategy", policy.seed_strategy, seed_strategies()),
    ):
        if name in known:
            continue
        why = f"{name!r} needs a model, and there is none at first" if name in strategies() else f"there is no strategy {name!r}"
        raise InputError(f"{why}; allowed: {', '.join(known)}", path=f"$.policy.{field}")
