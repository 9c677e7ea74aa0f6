"""Whoever runs the server is told here: of each request and each edit, in the log, in figures and in traces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from retouch.errors import RetouchError
from retouch.server.metrics import Metrics
from retouch.server.record import Record
from retouch.server.report import Beginning, EditReport
from retouch.server.telemetry import Telemetry
from retouch.service.edit import Edit

log = structlog.get_logger("retouch.requests")


class Witness:
    """``telemetry``: None where no traces are made."""

    def __init__(self, metrics: Metrics | None = None, telemetry: Telemetry | None = None) -> None:
        self.metrics = metrics or Metrics()
        self._telemetry = telemetry

    def request_begins(self, record: Record, headers: Mapping[str, str]) -> None:
        """``headers``: of the request, their names in lower case."""
        if self._telemetry is not None:
            record.trace = self._telemetry.request_begins(record, headers)

    def request_ends(self, record: Record) -> None:
        self.metrics.request(record)
        if self._telemetry is not None:
            self._telemetry.request_ends(record)
        write = log.debug if record.routine else log.info
        write(
            "request",
            request_id=record.id,
            method=record.method,
            route=record.route or None,
            status=record.status or None,
            code=record.code,
            reason=record.reason,
            caller=record.caller,
            end_user=record.end_user,
            model=record.model,
            edit=record.edit if record.edit != record.id else None,
            reused=record.reused,
            bytes_in=record.bytes_in,
            bytes_out=record.bytes_out,
            gone=record.gone or None,
            ms=round(record.seconds * 1000),
            spans=_milliseconds(record.journal.seconds()) if record.edit is not None else None,
            trace=self._telemetry.id_of(record.trace) if self._telemetry is not None else None,
        )

    def connection_refused(self, request_id: str, error: RetouchError) -> None:
        """A connection has ended with ``error`` before there was a request on it."""
        record = Record(request_id, "", status=error.status)
        record.refused(error)
        self.metrics.refusal(record)
        log.info(
            "connection_refused",
            request_id=record.id,
            status=record.status,
            code=record.code,
            reason=record.reason,
        )

    def edit_begins(self, record: Record, edit: Edit) -> None:
        """``edit`` has begun for the request of ``record``; its end is seen to here."""
        trace = self._telemetry.edit_begins(record) if self._telemetry is not None else None
        beginning = Beginning(edit, record.caller or "", record.model or "", trace)
        edit.on_done(lambda _: self._edit_ends(beginning))

    def _edit_ends(self, beginning: Beginning) -> None:
        report = EditReport.of(beginning)
        self.metrics.edit(report)
        if self._telemetry is not None:
            self._telemetry.edit_ends(beginning.trace, report)
        log.info(
            "edit",
            request_id=report.request_id,
            caller=report.caller,
            model=report.model,
            engine=report.engine or None,
            outcome=report.outcome,
            sources=_sizes(report.sources),
            pictures=_sizes(report.pictures),
            pixels_in=_pixels(report.sources),
            pixels_out=_pixels(report.pictures),
            bytes_out=report.bytes_out,
            ms=round(report.seconds * 1000),
            spans=_milliseconds(report.journal.seconds()),
        )


def _milliseconds(seconds: Mapping[str, float]) -> dict[str, Any]:
    return {stage: round(value * 1000, 1) for stage, value in seconds.items()}


def _sizes(sizes: tuple[tuple[int, int], ...]) -> list[str]:
    return [f"{width}x{height}" for width, height in sizes]


def _pixels(sizes: tuple[tuple[int, int], ...]) -> int:
    return sum(width * height for width, height in sizes)
