"""What is known of one request, for those who run the server."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.types import Scope

from retouch.errors import RetouchError
from retouch.service.journal import Journal

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines: their lines are for debugging, and they leave no trace."""


@dataclass
class Record:
    """Filled as the request goes on, and told when it is over. Nothing in it is text that a client wrote.

    ``route``: the pattern that matched, empty if none did. ``status``: 0 until the answer has begun. ``code``: of
    the error it ended with. ``reason``: which limit refused it. ``caller``, ``end_user`` (hashed) and ``model``:
    once they are known. ``edit``: the request that began the edit which answers it. ``reused``: how it came to
    another's edit. ``bytes_in`` and ``bytes_out``: of the bodies. ``gone``: the client left before its answer was
    complete. ``journal``: reading and sending; the rest is the edit's. ``trace``: its span, where traces are made.
    """

    id: str
    method: str
    start: float = field(default_factory=time.time)
    began: float = field(default_factory=time.perf_counter)
    route: str = ""
    status: int = 0
    code: str | None = None
    reason: str | None = None
    caller: str | None = None
    end_user: str | None = None
    model: str | None = None
    edit: str | None = None
    reused: Literal["joined", "replayed"] | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    gone: bool = False
    journal: Journal = field(default_factory=Journal)
    trace: Any = None

    @property
    def seconds(self) -> float:
        """Since it came."""
        return time.perf_counter() - self.began

    @property
    def routine(self) -> bool:
        """Whether it was a probe and went well."""
        return self.route in PROBES and self.code is None

    @property
    def failed(self) -> bool:
        """Whether it ended with an error, or without an answer."""
        return self.status == 0 or self.status >= 400 or self.code is not None

    def refused(self, error: RetouchError) -> None:
        """It ended with ``error``."""
        self.code = error.code or error.type
        self.reason = getattr(error, "reason", None)


def record_of(scope: Scope) -> Record:
    """The record of the request that ``scope`` is of; `RequestContext` has put it there."""
    record = scope["state"]["record"]
    assert isinstance(record, Record)
    return record
