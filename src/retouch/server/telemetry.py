"""Traces in OpenTelemetry: a span for each request, one for each edit, and theirs for the stages.

OpenTelemetry is imported only where a `Telemetry` is made; the extra ``retouch[otel]`` brings it.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from retouch import __version__
from retouch.server.record import Record
from retouch.server.report import EditReport
from retouch.service.journal import Journal

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

PATIENCE = 3.0
"""Seconds that the last spans get to leave when the server stops; a collector may be out of reach."""

_PROTOCOLS = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}


class Telemetry:
    """Makes spans with ``provider`` and closes it in the end. No span carries a prompt, a picture or a URL."""

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer: Tracer = provider.get_tracer("retouch", __version__)
        self._propagator = TraceContextTextMapPropagator()

    @classmethod
    def from_environment(cls) -> Telemetry:
        """As the standard ``OTEL_*`` variables say: resource, sampler, limits, exporters and theirs.

        Raises ValueError if OpenTelemetry or an exporter that is named is not installed.
        """
        try:
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise ValueError("server.telemetry needs OpenTelemetry: pip install 'retouch[otel]'") from error
        resource = Resource.create({"service.version": __version__})
        if str(resource.attributes["service.name"]).startswith("unknown_service"):
            resource = resource.merge(Resource({"service.name": "retouch"}))
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        for exporter in _exporters(os.environ):
            provider.add_span_processor(BatchSpanProcessor(exporter))
        return cls(provider)

    def request_begins(self, record: Record, headers: Mapping[str, str]) -> Span:
        """The request's span, below the one that its ``traceparent`` names."""
        from opentelemetry.context import Context
        from opentelemetry.trace import SpanKind

        carrier = {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
        return self._tracer.start_span(
            record.method,
            context=self._propagator.extract(carrier, Context()),
            kind=SpanKind.SERVER,
            start_time=_nanoseconds(record.start),
            attributes={"http.request.method": record.method, "retouch.request_id": record.id},
        )

    def request_ends(self, record: Record) -> None:
        if record.routine:
            return  # a span that is never ended is never sent
        span: Span = record.trace
        if record.route:
            span.update_name(f"{record.method} {record.route}")
        known = {
            "http.route": record.route or None,
            "http.response.status_code": record.status or None,
            "http.request.body.size": record.bytes_in,
            "http.response.body.size": record.bytes_out,
            "enduser.id": record.caller,
            "gen_ai.request.model": record.model,
            "retouch.edit": record.edit,
            "retouch.reused": record.reused,
            "error.type": record.code,
        }
        for name, value in known.items():
            if value is not None:
                span.set_attribute(name, value)
        if record.failed and (record.status == 0 or record.status >= 500 or record.status < 400):
            _fail(span)
        self._stages(span, record.journal)
        span.end()

    def edit_begins(self, record: Record) -> Span:
        """The span of an edit that the request of ``record`` has begun."""
        from opentelemetry.context import Context
        from opentelemetry.trace import set_span_in_context

        return self._tracer.start_span(
            "edit",
            context=set_span_in_context(record.trace, Context()),
            attributes={"retouch.request_id": record.id, "gen_ai.request.model": record.model or ""},
        )

    def edit_ends(self, span: Span, report: EditReport) -> None:
        span.set_attribute("retouch.engine", report.engine)
        span.set_attribute("retouch.outcome", report.outcome)
        span.set_attribute("retouch.pixels_in", sum(width * height for width, height in report.sources))
        span.set_attribute("retouch.pixels_out", sum(width * height for width, height in report.pictures))
        if report.outcome != "done":
            span.set_attribute("error.type", report.outcome)
            _fail(span)
        self._stages(span, report.journal)
        span.end()

    def id_of(self, span: Span) -> str:
        """Its trace's id, as collectors show it."""
        from opentelemetry.trace import format_trace_id

        return format_trace_id(span.get_span_context().trace_id)

    async def close(self) -> None:
        """Send what is left, for `PATIENCE` seconds at most."""
        # A daemon: a collector that never answers must not keep the process from ending.
        closing = threading.Thread(target=self._provider.shutdown, name="retouch-telemetry", daemon=True)
        closing.start()
        await asyncio.to_thread(closing.join, PATIENCE)

    def _stages(self, parent: Span, journal: Journal) -> None:
        from opentelemetry.context import Context
        from opentelemetry.trace import set_span_in_context

        if not parent.is_recording():
            return
        context = set_span_in_context(parent, Context())
        for stage, start, seconds in journal.spans:
            span = self._tracer.start_span(stage, context=context, start_time=_nanoseconds(start))
            span.end(_nanoseconds(start + seconds))


def _exporters(environment: Mapping[str, str]) -> list[SpanExporter]:
    """What ``OTEL_TRACES_EXPORTER`` names, each set up by its own variables. Raises ValueError for one that is not
    installed."""
    from importlib.metadata import entry_points

    known = {entry.name: entry for entry in entry_points(group="opentelemetry_traces_exporter")}
    exporters: list[SpanExporter] = []
    for name in environment.get("OTEL_TRACES_EXPORTER", "otlp").split(","):
        chosen = name.strip()
        if chosen in ("", "none"):
            continue
        if chosen == "otlp":
            protocol = environment.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or environment.get(
                "OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"
            )
            chosen = _PROTOCOLS.get(protocol, protocol)
        if chosen not in known:
            raise ValueError(f"OTEL_TRACES_EXPORTER: '{chosen}' is not installed, only {', '.join(sorted(known))}")
        exporters.append(known[chosen].load()())
    return exporters


def _fail(span: Span) -> None:
    from opentelemetry.trace import StatusCode

    span.set_status(StatusCode.ERROR)


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)
