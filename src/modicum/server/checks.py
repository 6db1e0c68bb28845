"""What the settings may name."""

from modicum.errors import InputError
from modicum.types import Policy

AUTO = "auto"


def strategies() -> tuple[str, ...]:
    """Names a policy may give as its strategy."""
    from modicum import plugins

    return (AUTO, *(name for name in plugins.names("modicum.strategies") if name != AUTO))


def check_policy(policy: Policy) -> None:
    """Raises InputError for a strategy nobody registered."""
    for field, name in (("strategy", policy.strategy), ("seed_strategy", policy.seed_strategy)):
        if name not in strategies():
            raise InputError(f"there is no strategy {name!r}; strategies: {', '.join(strategies())}", path=f"$.policy.{field}")
