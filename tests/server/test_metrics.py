"""What Prometheus reads."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from retouch.app import create_app
from retouch.server.gauges import Gauges
from retouch.server.metrics import Metrics
from retouch.server.record import Record
from retouch.server.running import BackgroundServer
from tests.conftest import settings_for

PhotoFile = Callable[[str], bytes]
EDITS = "/v1/images/edits"


class Served:
    """A server with one worker and no place to wait, and its figures."""

    def __init__(self, app: Any, server: BackgroundServer, client: httpx2.Client, photo: bytes) -> None:
        self.editor = app.state.editor
        self.url = server.url
        self.client = client
        self._photo = photo
        self._before: dict[str, float] = {}

    def begin(self) -> None:
        """Count from here."""
        self._before = {}
        self._before = {
            name: value
            for name, value in self.figures().items()
            if name.partition("{")[0].endswith(("_total", "_count", "_sum"))
        }

    def edit(self, prompt: str = "as it is", **headers: str) -> httpx2.Response:
        return self.client.post(
            f"{self.url}{EDITS}",
            data={"prompt": prompt, "model": "echo"},
            files={"image": ("a.jpg", self._photo, "image/jpeg")},
            headers=headers,
            timeout=30,
        )

    def figures(self) -> dict[str, float]:
        """Every sample by its name and labels, as it is written."""
        answer = self.client.get(f"{self.url}/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        return {name: value - self._before.get(name, 0.0) for name, value in read(answer.text).items()}

    def until(self, name: str, value: float) -> dict[str, float]:
        """The figures once one of them is so: an answer is read before its request is over."""
        end = time.monotonic() + 10
        while (figures := self.figures()).get(name) != value:
            assert time.monotonic() < end, f"{name} is {figures.get(name)}, not {value}"
            time.sleep(0.02)
        return figures


def rendered(metrics: Metrics) -> dict[str, float]:
    return read(asyncio.run(metrics.render()).decode())


def read(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, photo_file: PhotoFile) -> Iterator[Served]:
    settings = settings_for(tmp_path_factory.mktemp("metrics"), service={"workers": 1, "waiting": 0})
    app = create_app(settings)
    with BackgroundServer(app, settings.server) as server, httpx2.Client(trust_env=False) as client:
        yield Served(app, server, client, photo_file("cat"))


@pytest.fixture
def served(running: Served) -> Served:
    running.begin()
    return running


def test_an_edit_is_counted_in_every_figure_that_it_concerns(served: Served) -> None:
    answer = served.edit()
    assert answer.status_code == 200
    figures = served.until(f"retouch_requests_total{{method=POST,route={EDITS},status=200}}", 1)
    assert figures["retouch_edits_total{engine=echo,model=echo,outcome=done}"] == 1
    assert figures[f"retouch_sent_bytes_total{{route={EDITS}}}"] == len(answer.content)
    assert figures[f"retouch_received_bytes_total{{route={EDITS}}}"] > 1000
    assert figures["retouch_pictures_total{direction=in}"] == figures["retouch_pictures_total{direction=out}"] == 1
    assert figures["retouch_pixels_total{direction=in}"] == figures["retouch_pixels_total{direction=out}"] > 0
    for stage in ("queue", "decode", "plan", "engine", "encode"):
        assert figures[f"retouch_stage_seconds_count{{engine=echo,stage={stage}}}"] == 1, stage
    for stage in ("parse", "send"):
        assert figures[f"retouch_stage_seconds_count{{engine=,stage={stage}}}"] == 1, stage
    assert figures["retouch_edits_in_flight"] == figures["retouch_uploads_in_flight"] == 0


def test_the_stages_of_an_edit_are_its_time(served: Served) -> None:
    served.edit("[sleep 0.5]")
    figures = served.until("retouch_edits_total{engine=echo,model=echo,outcome=done}", 1)
    stages = sum(
        value for name, value in figures.items() if name.startswith("retouch_stage_seconds_sum{engine=echo,")
    )
    whole = figures["retouch_edit_seconds_sum{engine=echo}"]
    assert figures["retouch_stage_seconds_sum{engine=echo,stage=engine}"] >= 0.5
    assert whole * 0.8 <= stages <= whole


@pytest.mark.parametrize("model", ["echo-device", "echo-loop"])
def test_stages_are_told_wherever_the_engine_paints(served: Served, photo_file: PhotoFile, model: str) -> None:
    answer = httpx2.post(
        f"{served.url}{EDITS}",
        data={"prompt": "[sleep 0.2]", "model": model},
        files={"image": ("a.jpg", photo_file("cat"), "image/jpeg")},
    )
    assert answer.status_code == 200
    figures = served.until(f"retouch_edits_total{{engine={model},model={model},outcome=done}}", 1)
    for stage in ("queue", "decode", "plan", "engine", "encode"):
        assert figures[f"retouch_stage_seconds_count{{engine={model},stage={stage}}}"] == 1, stage
    assert figures[f"retouch_stage_seconds_sum{{engine={model},stage=engine}}"] >= 0.2


def test_errors_are_counted_by_their_codes(served: Served) -> None:
    served.edit("[refuse]")
    served.edit("[raise]")
    httpx2.get(f"{served.url}/nope")
    httpx2.post(f"{served.url}{EDITS}", data={"prompt": "no picture"})
    figures = served.until("retouch_errors_total{code=internal_error,status=500}", 1)
    assert figures["retouch_errors_total{code=unsupported_instruction,status=400}"] == 1
    assert figures["retouch_edits_total{engine=,model=echo,outcome=unsupported_instruction}"] == 1
    assert figures["retouch_edits_total{engine=echo,model=echo,outcome=internal_error}"] == 1
    assert figures["retouch_requests_total{method=GET,route=none,status=404}"] == 1


def test_connections_are_counted_and_those_that_are_refused_too(served: Served) -> None:
    open_now = served.figures()["retouch_connections"]
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        served.until("retouch_connections", open_now + 1)
        connection.sendall(b"nonsense\r\n\r\n")
    figures = served.until("retouch_connections", open_now)
    assert figures["retouch_errors_total{code=invalid_http,status=400}"] == 1


def test_a_body_on_its_way_is_counted_with_what_has_come_of_it(served: Served) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        kind = "multipart/form-data; boundary=x"
        head = f"POST {EDITS} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 5000\r\ncontent-type: {kind}\r\n\r\n"
        connection.sendall(head.encode() + b"--x\r\n" + b"y" * 95)
        figures = served.until("retouch_uploads_in_flight_bytes", 100)
        assert figures["retouch_uploads_in_flight"] == 1
    served.until("retouch_uploads_in_flight", 0)


def test_a_refusal_for_want_of_room_is_counted_by_its_limit(served: Served) -> None:
    with ThreadPoolExecutor() as executor:
        running = executor.submit(served.edit, "[sleep 2]")
        served.until("retouch_edits_in_flight", 1)
        assert served.edit().status_code == 429
        running.result()
    figures = served.figures()
    assert figures["retouch_refused_total{reason=queue}"] == 1
    assert figures["retouch_errors_total{code=rate_limit_exceeded,status=429}"] == 1


def test_a_request_that_is_sent_again_is_counted_as_what_became_of_it(served: Served) -> None:
    with ThreadPoolExecutor() as executor:
        first = executor.submit(served.edit, "[sleep 1]", **{"idempotency-key": "one"})
        served.until("retouch_edits_in_flight", 1)
        assert served.edit("[sleep 1]", **{"idempotency-key": "one"}).content == first.result().content
    served.edit("[sleep 1]", **{"idempotency-key": "one"})
    figures = served.until("retouch_reused_total{how=replayed}", 1)
    assert figures["retouch_reused_total{how=joined}"] == 1
    assert figures["retouch_edits_total{engine=echo,model=echo,outcome=done}"] == 1
    assert figures["retouch_replay_bytes"] > 0


def test_a_dead_worker_is_counted_and_seen_until_it_is_replaced(served: Served) -> None:
    assert served.figures()["retouch_workers_alive{pool=cpu}"] == 1
    (pid,) = served.editor.pools["cpu"].pids
    os.kill(pid, signal.SIGKILL)
    served.until("retouch_worker_restarts_total{pool=cpu}", 1)
    figures = served.until("retouch_workers_alive{pool=cpu}", 1)
    assert figures["retouch_workers{pool=cpu}"] == 1
    assert figures["retouch_workers_resident_bytes{pool=cpu}"] > 10 << 20
    assert figures["retouch_workers{pool=device:auto}"] == 1


def test_the_process_tells_of_itself(served: Served) -> None:
    figures = served.figures()
    assert figures["process_resident_memory_bytes"] > 10 << 20
    assert 0 < figures["process_open_fds"] < figures["process_max_fds"]
    assert figures["process_start_time_seconds"] > 1e9
    served.until("retouch_ready", 1)


def test_nothing_that_a_client_makes_up_becomes_a_label(served: Served) -> None:
    before = set(served.figures())
    for number in range(5):
        served.client.get(f"{served.url}/made-up-{number}")
        served.client.get(f"{served.url}/v1/models/made-up-{number}")
        served.client.get(f"{served.url}/results/made-up-{number}?sig=x")
        served.client.post(f"{served.url}{EDITS}", data={"prompt": "x", "model": f"made-up-{number}"})
        served.client.request("PROPFIND", f"{served.url}/v1/models")
    after = {name for name in served.figures() if "_bucket{" not in name and "_created{" not in name}
    assert not any("made-up" in name for name in after)
    assert len(after - before) < 40


def test_codes_beyond_a_number_are_told_as_one() -> None:
    metrics = Metrics()
    for number in range(1000):
        metrics.request(Record("req_1", "POST", status=400, code=f"code-{number}"))
    figures = rendered(metrics)
    counted = {name: value for name, value in figures.items() if name.startswith("retouch_errors_total")}
    assert sum(counted.values()) == 1000
    assert counted["retouch_errors_total{code=other,status=400}"] == 800


def test_two_applications_count_apart(tmp_path: Path) -> None:
    one, other = Metrics(), Metrics()
    one.request(Record("req_1", "GET", route="/healthz", status=200))
    name = "retouch_requests_total{method=GET,route=/healthz,status=200}"
    assert rendered(one)[name] == 1
    assert name not in rendered(other)


def test_a_worker_that_ends_while_it_is_looked_at_does_no_harm() -> None:
    gone = SimpleNamespace(size=1, alive=0, replaced=1, pids=[2**22 + 1])
    editor = SimpleNamespace(ready=False, in_flight=0, pools={"cpu": gone}, waiting={"cpu": 0})
    bodies = SimpleNamespace(count=0, came=0)
    gauges = Gauges(cast(Any, editor), cast(Any, bodies), cast(Any, SimpleNamespace(bytes=0)))
    assert rendered(Metrics(gauges))["retouch_workers_resident_bytes{pool=cpu}"] == 0


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., BackgroundServer]]:
    """``serve(metrics=False)`` is a server with such settings."""
    running: list[BackgroundServer] = []

    def start(**server: object) -> BackgroundServer:
        settings = settings_for(tmp_path, service={"workers": 1}, server=server)
        running.append(BackgroundServer(create_app(settings), settings.server).__enter__())
        return running[-1]

    yield start
    for one in running:
        one.__exit__(None, None, None)


def test_a_key_is_asked_for_where_the_server_asks_for_keys(serve: Callable[..., BackgroundServer]) -> None:
    url = serve(api_keys=["sk-right"]).url
    assert httpx2.get(f"{url}/metrics").status_code == 401
    answer = httpx2.get(f"{url}/metrics", headers={"authorization": "Bearer sk-right"})
    assert answer.status_code == 200
    assert "sk-right" not in answer.text


def test_figures_can_be_open_although_edits_are_not(serve: Callable[..., BackgroundServer]) -> None:
    url = serve(api_keys=["sk-right"], metrics_open=True).url
    assert httpx2.get(f"{url}/metrics").status_code == 200
    assert httpx2.get(f"{url}/v1/models").status_code == 401


def test_figures_can_be_switched_off(serve: Callable[..., BackgroundServer]) -> None:
    url = serve(metrics=False).url
    assert httpx2.get(f"{url}/metrics").status_code == 404
    assert "/metrics" not in httpx2.get(f"{url}/openapi.json").json()["paths"]


def test_every_figure_says_what_it_is(served: Served) -> None:
    text = httpx2.get(f"{served.url}/metrics").text
    names = set(re.findall(r"^# TYPE (\w+)", text, re.M))
    described = set(re.findall(r"^# HELP (\w+) \S+", text, re.M))
    assert names == described
