"""Log lines of the standard library's `logging`, in the form of the server's own: one JSON object each."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import warnings
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

from retouch.service.tracebacks import where

_OURS = "retouch"
_PLAIN = re.compile(r"[\w %.,:;'/-]*")
"""What may be told of another library's message: its own words, up to where values usually begin."""

log = logging.getLogger("retouch.process")


class Lines(logging.Formatter):
    """``fields`` are on every line; change them as what the process does changes. ``people``: whether the lines
    are read at a terminal.

    What an exception says, and what other libraries put into their messages, is left out: it may quote a client.
    """

    def __init__(self, *, people: bool = False) -> None:
        super().__init__()
        self._people = people
        self.fields: dict[str, Any] = {}

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "event": _message(record),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        line |= {name: value for name, value in self.fields.items() if value}
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = where(record.exc_info[1])
        line["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat()
        if not self._people:
            return json.dumps(line, default=str)
        rest = " ".join(f"{name}={value}" for name, value in line.items() if name not in ("event", "level"))
        return f"[{line['level']}] {line['event']} {rest}"


def write_lines(lines: Lines, level: int, stream: TextIO | None = None) -> None:
    """Send the standard library's logging, warnings and uncaught exceptions of this process through ``lines``.

    ``level``: of our own loggers; other libraries' warnings are always shown, and nothing below them.
    ``stream``: standard error unless given.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(lines)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))
    logging.getLogger(_OURS).setLevel(level)
    warnings.showwarning = _warned
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _message(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] == _OURS:
        return record.getMessage()
    found = _PLAIN.match(str(record.msg))
    return found[0].strip() if found else ""


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    log.warning("warning", extra={"fields": {"category": category.__name__, "at": f"{filename}:{lineno}"}})


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    log.critical("uncaught", extra={"fields": {"error": where(error)}})


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        log.critical("uncaught_in_thread", extra={"fields": {"error": where(args.exc_value)}})
