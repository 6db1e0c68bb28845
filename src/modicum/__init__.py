"""modicum: model-assisted labeling with a modicum of human labels."""

__version__ = "0.1.0"

__all__ = ["__version__"]
