from __future__ import annotations

import os
import socket

import pytest

from retouch.engines import registry
from retouch.engines.echo import EchoEngine
from retouch.service import worker
from retouch.service.task import EngineSpec, WorkerConfig, dump
from retouch.service.wire import Frame, Kind, receive, send


class Slow(EchoEngine):
    """An echo that has something to get ready."""

    warmed = 0

    def warm(self) -> None:
        self.warmed += 1


@pytest.mark.parametrize("warm", [True, False])
def test_engines_get_ready_while_nobody_waits_if_they_are_to(warm: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Slow()
    built = {"slow": engine, "quick": EchoEngine()}
    monkeypatch.setattr(registry, "build", lambda kind, _options: built[kind])
    monkeypatch.setattr(worker, "count_tokens", len)
    config = WorkerConfig(engines=tuple(EngineSpec(kind, kind) for kind in built), warm=warm)
    ours, theirs = socket.socketpair()
    token = os.memfd_create("token")
    os.truncate(token, 4)
    with ours, theirs:
        send(ours, Frame(Kind.CONFIGURE, 0, payload=dump(config)))
        ours.shutdown(socket.SHUT_WR)
        worker.Worker(theirs, worker.Token(token)).serve()
        ready, ended = receive(ours), receive(ours)
    os.close(token)
    assert ready is not None
    assert ready.kind is Kind.READY
    assert ended is not None
    assert ended.kind is Kind.WARM
    assert engine.warmed == (1 if warm else 0)


@pytest.mark.parametrize(
    ("options", "event", "said"),
    [
        ({"stepz": 3}, "engine_not_built", "stepz"),
        ({"place": "device", "loads": 1e300}, "warm_up_failed", "OverflowError"),
    ],
)
def test_a_worker_that_cannot_start_says_why(
    options: dict[str, object], event: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    device = "gpu" if "place" in options else None
    config = WorkerConfig(engines=(EngineSpec("mine", "echo", options),), device=device)
    ours, theirs = socket.socketpair()
    token = os.memfd_create("token")
    os.truncate(token, 4)
    with ours, theirs:
        send(ours, Frame(Kind.CONFIGURE, 0, payload=dump(config)))
        ours.shutdown(socket.SHUT_WR)
        with pytest.raises(SystemExit):
            worker.Worker(theirs, worker.Token(token)).serve()
    os.close(token)
    (record,) = [record for record in caplog.records if record.message == event]
    assert said in record.__dict__["fields"]["error"]
