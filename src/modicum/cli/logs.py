"""Logging: structured lines on standard error, never a token in them."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET = ("token", "authorization", "cookie", "password", "secret")


def hide_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replaces the value of every field whose name says that it is a secret."""
    for name in event:
        if any(word in name.lower() for word in SECRET):
            event[name] = "***"
    return event


def configure(level: str = "warning") -> None:
    """Sends structlog and the standard library's logging to standard error. Level: debug, info, warning or error."""
    number = logging.getLevelNamesMapping()[level.upper()]
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper("iso"),
            hide_secrets,
            structlog.dev.ConsoleRenderer(colors=terminal, exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(stream=sys.stderr, level=number, format="%(asctime)s [%(levelname)s] %(name)s: %(message)s", force=True)
    # its access log prints whole URLs, and the first one holds the token
    logging.getLogger("uvicorn.access").disabled = True
