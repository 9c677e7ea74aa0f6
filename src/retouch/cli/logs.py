"""Logs for people at a terminal, and one JSON object a line for everyone else."""

from __future__ import annotations

import logging
import sys

import structlog

from retouch.service.logs import Lines, write_lines
from retouch.service.tracebacks import where


def configure(level: str = "info") -> None:
    """Send structlog and the standard library's logging to standard error at ``level``. What an exception says is
    never written, only where it arose: it may quote a client."""
    number = logging.getLevelNamesMapping()[level.upper()]
    people = sys.stderr.isatty()
    write_lines(Lines(people=people), number)
    renderer: structlog.typing.Processor
    renderer = structlog.dev.ConsoleRenderer() if people else structlog.processors.JSONRenderer(default=str)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_nones,
            _without_words,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _without_nones(logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {key: value for key, value in event.items() if value is not None}


def _without_words(logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """An exception in the log as the place where it arose."""
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    return event if error is None else {**event, "error": where(error)}
