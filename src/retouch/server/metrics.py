"""What Prometheus reads at /metrics. No label has a value that a client can make up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest

from retouch import __version__
from retouch.server.gauges import Gauges

if TYPE_CHECKING:
    from retouch.server.record import Record
    from retouch.server.report import EditReport
    from retouch.service.journal import Journal

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

LAG_EVERY = 0.5
"""Seconds between two looks at how late the event loop is."""

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_LAGS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_CODES = 200
"""How many different codes of errors are told apart: an engine may pass on those of another server."""


class Metrics:
    """The figures of one application, in a registry of its own. ``gauges``: read each time they are asked for."""

    def __init__(self, gauges: Gauges | None = None) -> None:
        self.registry = CollectorRegistry()
        self._gauges = gauges
        if gauges is not None:
            self.registry.register(gauges)
        self._codes: set[str] = set()
        ProcessCollector(registry=self.registry)
        Info("retouch_build", "The version that runs.", registry=self.registry).info({"version": __version__})
        self._requests = self._counter("requests", "Requests that are over.", "route", "method", "status")
        self._request_seconds = self._histogram("request_seconds", "From the headers to the last byte.", "route")
        self._errors = self._counter("errors", "Requests that ended with an error.", "status", "code")
        self._refused = self._counter("refused", "Requests refused with 429, by the limit.", "reason")
        self._bytes_in = self._counter("received_bytes", "Bytes of request bodies.", "route")
        self._bytes_out = self._counter("sent_bytes", "Bytes of response bodies.", "route")
        self._reused = self._counter("reused", "Requests answered by the edit of an earlier one.", "how")
        self._connections = Gauge("retouch_connections", "Open connections.", registry=self.registry)
        self._edits = self._counter("edits", "Edits that are over.", "model", "engine", "outcome")
        self._edit_seconds = self._histogram("edit_seconds", "From its place in the queue to its end.", "engine")
        self._stages = self._histogram("stage_seconds", "What a stage took of one edit.", "stage", "engine")
        self._pictures = self._counter("pictures", "Pictures of edits.", "direction")
        self._pixels = self._counter("pixels", "Pixels of the pictures of edits.", "direction")
        self._lag = self._histogram("loop_lag_seconds", "How late the event loop wakes up.", buckets=_LAGS)

    async def render(self) -> bytes:
        """Everything, in the text format."""
        if self._gauges is not None:
            self._gauges.look()
        # A thread: /proc is read for it, and there is one entry for every open descriptor.
        return await asyncio.to_thread(generate_latest, self.registry)

    def connected(self, change: int) -> None:
        """One more connection, or one less, is open."""
        self._connections.inc(change)

    async def watch_loop(self) -> None:
        """Until cancelled, observe how late the event loop wakes up: what blocks it makes every request wait."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_EVERY
            await asyncio.sleep(LAG_EVERY)
            self._lag.observe(max(0.0, loop.time() - due))

    def request(self, record: Record) -> None:
        """A request is over."""
        route = record.route or "none"
        method = record.method if record.method in _METHODS else "other"
        status = str(record.status or "none")
        self._requests.labels(route, method, status).inc()
        self._request_seconds.labels(route).observe(record.seconds)
        self._bytes_in.labels(route).inc(record.bytes_in)
        self._bytes_out.labels(route).inc(record.bytes_out)
        if record.failed:
            self.refusal(record)
        if record.reused is not None:
            self._reused.labels(record.reused).inc()
        if record.edit is not None:
            self._stage(record.journal, "")

    def refusal(self, record: Record) -> None:
        """A request has ended with an error, or a connection before there was one."""
        self._errors.labels(str(record.status or "none"), self._known(record.code or "none")).inc()
        if record.reason is not None:
            self._refused.labels(record.reason).inc()

    def edit(self, report: EditReport) -> None:
        """An edit is over."""
        self._edits.labels(report.model, report.engine, self._known(report.outcome)).inc()
        self._edit_seconds.labels(report.engine).observe(report.seconds)
        for direction, sizes in (("in", report.sources), ("out", report.pictures)):
            self._pictures.labels(direction).inc(len(sizes))
            self._pixels.labels(direction).inc(sum(width * height for width, height in sizes))
        self._stage(report.journal, report.engine)

    def _stage(self, journal: Journal, engine: str) -> None:
        for stage, seconds in journal.seconds().items():
            self._stages.labels(stage, engine).observe(seconds)

    def _known(self, code: str) -> str:
        if code not in self._codes:
            if len(self._codes) >= _CODES:
                return "other"
            self._codes.add(code)
        return code

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"retouch_{name}", what, labels, registry=self.registry)

    def _histogram(self, name: str, what: str, *labels: str, buckets: tuple[float, ...] = _SECONDS) -> Histogram:
        return Histogram(f"retouch_{name}", what, labels, buckets=buckets, registry=self.registry)
