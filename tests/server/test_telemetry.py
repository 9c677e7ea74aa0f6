"""Traces, as an exporter gets them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from retouch.app import create_app
from retouch.server import telemetry
from retouch.server.running import BackgroundServer
from retouch.server.telemetry import Telemetry
from tests.conftest import settings_for

PhotoFile = Callable[[str], bytes]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
SECRET = "a portrait of my neighbour"


class Traced:
    """A server whose spans are kept."""

    def __init__(self, server: BackgroundServer, exporter: InMemorySpanExporter, photo: bytes) -> None:
        self.url = server.url
        self._exporter = exporter
        self._photo = photo

    def edit(self, prompt: str = "as it is", **headers: str) -> httpx2.Response:
        return httpx2.post(
            f"{self.url}/v1/images/edits",
            data={"prompt": f"{prompt} {SECRET}", "model": "echo"},
            files={"image": ("a.jpg", self._photo, "image/jpeg")},
            headers=headers,
            timeout=30,
        )

    def spans(self, *names: str) -> dict[str, ReadableSpan]:
        """The spans by name, once these have ended."""
        end = time.monotonic() + 10
        while (
            not set(names) <= (found := {span.name: span for span in self._exporter.get_finished_spans()}).keys()
        ):
            assert time.monotonic() < end, f"only {sorted(found)}"
            time.sleep(0.02)
        return found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, photo_file: PhotoFile) -> Iterator[Traced]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    settings = settings_for(
        tmp_path_factory.mktemp("telemetry"), service={"workers": 1}, server={"telemetry": True}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Telemetry, "from_environment", classmethod(lambda cls: cls(provider)))
        app = create_app(settings)
    with BackgroundServer(app, settings.server) as server:
        yield Traced(server, exporter, photo_file("cat"))


@pytest.fixture
def traced(running: Traced) -> Traced:
    running._exporter.clear()
    return running


REQUEST = "POST /v1/images/edits"
STAGES = ("queue", "decode", "plan", "engine", "encode")


def span_id(span: ReadableSpan) -> int:
    context = span.get_span_context()
    assert context is not None
    return context.span_id


def attribute(span: ReadableSpan, name: str) -> object:
    return (span.attributes or {})[name]


def below(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent else None


def test_the_request_and_its_edit_and_their_stages_are_one_tree(traced: Traced) -> None:
    answer = traced.edit("[sleep 0.2]")
    spans = traced.spans(REQUEST, "edit", "parse", "send", *STAGES)
    request, edit = spans[REQUEST], spans["edit"]
    assert request.kind is SpanKind.SERVER
    assert below(request) is None
    for name in ("edit", "parse", "send"):
        assert below(spans[name]) == span_id(request), name
    for name in STAGES:
        assert below(spans[name]) == span_id(edit), name
    engine = spans["engine"]
    assert engine.start_time is not None
    assert engine.end_time is not None
    assert engine.end_time - engine.start_time >= 0.2e9
    assert attribute(request, "http.response.status_code") == 200
    assert attribute(request, "http.route") == "/v1/images/edits"
    assert attribute(request, "retouch.request_id") == answer.headers["x-request-id"]
    assert attribute(edit, "retouch.engine") == "echo"
    assert attribute(edit, "retouch.outcome") == "done"


def test_a_trace_that_the_client_has_begun_is_gone_on_with(traced: Traced) -> None:
    traced.edit(traceparent=f"00-{TRACE}-{PARENT}-01")
    spans = traced.spans(REQUEST, "edit", *STAGES)
    assert below(spans[REQUEST]) == int(PARENT, 16)
    for span in spans.values():
        context = span.get_span_context()
        assert context is not None
        assert context.trace_id == int(TRACE, 16)


@pytest.mark.parametrize("header", ["nonsense", f"00-{'0' * 32}-{PARENT}-01", "00-" + "f" * 5000, "\xff"])
def test_a_trace_that_is_none_is_not_gone_on_with(traced: Traced, header: str) -> None:
    answer = httpx2.get(f"{traced.url}/v1/models", headers={b"traceparent": header.encode("latin-1")})
    assert answer.status_code == 200
    assert below(traced.spans("GET /v1/models")["GET /v1/models"]) is None


def test_a_client_that_asks_for_no_trace_gets_none(traced: Traced) -> None:
    traced.edit(traceparent=f"00-{TRACE}-{PARENT}-00")
    httpx2.get(f"{traced.url}/v1/models")
    assert set(traced.spans("GET /v1/models")) == {"GET /v1/models"}


def test_probes_leave_no_trace(traced: Traced) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/v1/models"):
        httpx2.get(f"{traced.url}{path}")
    assert set(traced.spans("GET /v1/models")) == {"GET /v1/models"}


def test_our_failures_are_marked_and_the_clients_are_not(traced: Traced) -> None:
    traced.edit("[raise]")
    spans = traced.spans(REQUEST, "edit")
    assert spans[REQUEST].status.status_code is spans["edit"].status.status_code is StatusCode.ERROR
    assert attribute(spans[REQUEST], "error.type") == "internal_error"
    traced._exporter.clear()
    traced.edit("[refuse]")
    spans = traced.spans(REQUEST, "edit")
    assert spans[REQUEST].status.status_code is StatusCode.UNSET
    assert attribute(spans[REQUEST], "error.type") == "unsupported_instruction"


@pytest.mark.parametrize("prompt", ["as it is", "[raise]", "[refuse]"])
def test_no_span_carries_a_prompt_a_url_or_a_key(traced: Traced, prompt: str) -> None:
    traced.edit(prompt, authorization="Bearer sk-very-secret")
    httpx2.get(f"{traced.url}/results/a-name?sig=very-secret")
    spans = traced.spans(REQUEST, "edit", "GET /results/{name}")
    told = "".join(span.to_json() for span in spans.values())
    for secret in (SECRET, "very-secret", "a-name", traced.url):
        assert secret not in told


def test_nothing_of_opentelemetry_is_imported_when_traces_are_off() -> None:
    code = (
        "import sys; from retouch.app import create_app; from retouch.settings import load; create_app(load());"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


class Collector(BaseHTTPRequestHandler):
    """Takes what is sent to it and keeps the paths."""

    def do_POST(self) -> None:
        self.server.seen.append((self.path, self.rfile.read(int(self.headers["content-length"]))))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_spans_go_where_the_standard_variables_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(("127.0.0.1", 0), Collector) as collector:
        collector.seen = []  # type: ignore[attr-defined]
        threading.Thread(target=collector.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
        settings = settings_for(tmp_path, service={"workers": 1}, server={"telemetry": True})
        with BackgroundServer(create_app(settings), settings.server) as server:
            httpx2.get(f"{server.url}/v1/models")
        collector.shutdown()
        ((path, body),) = collector.seen  # type: ignore[attr-defined]
    assert path == "/v1/traces"
    assert b"GET /v1/models" in body
    assert b"retouch" in body


def test_a_collector_out_of_reach_neither_fails_a_request_nor_holds_up_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr(telemetry, "PATIENCE", 0.5)
    settings = settings_for(tmp_path, service={"workers": 1}, server={"telemetry": True})
    with BackgroundServer(create_app(settings), settings.server) as server:
        assert httpx2.get(f"{server.url}/v1/models").status_code == 200
        began = time.monotonic()
    assert time.monotonic() - began < 15


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"OTEL_TRACES_EXPORTER": "carrier-pigeon"}, "'carrier-pigeon' is not installed"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "smoke"}, "'smoke' is not installed"),
    ],
)
def test_an_exporter_that_is_not_there_is_a_wrong_setting(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=said):
        Telemetry.from_environment()


def test_without_opentelemetry_the_setting_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ValueError, match=r"retouch\[otel\]"):
        Telemetry.from_environment()


def test_the_service_has_the_name_that_the_variables_give_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    assert Telemetry.from_environment()._provider.resource.attributes["service.name"] == "retouch"
    monkeypatch.setenv("OTEL_SERVICE_NAME", "pictures")
    assert Telemetry.from_environment()._provider.resource.attributes["service.name"] == "pictures"
