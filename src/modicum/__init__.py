"""modicum: model-assisted labeling with a modicum of human labels."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modicum.engine.loop import Loop

__version__ = "0.1.0"

__all__ = ["Loop", "__version__"]


def __getattr__(name: str) -> object:
    # Loop brings numpy and scipy along; `modicum --help` and `import modicum` do without them.
    if name == "Loop":
        from modicum.engine.loop import Loop

        return Loop
    raise AttributeError(f"module 'modicum' has no attribute {name!r}; it has {', '.join(__all__)}")
