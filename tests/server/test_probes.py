"""/healthz and /readyz, as a supervisor asks them."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from retouch.app import create_app
from retouch.server import metrics
from retouch.server.running import BackgroundServer
from tests.conftest import settings_for


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Any, str]]:
    settings = settings_for(tmp_path, service={"workers": 1})
    app = create_app(settings)
    with BackgroundServer(app, settings.server) as server:
        yield app.state.editor, server.url


def until(url: str, status: int) -> dict[str, Any]:
    """What /readyz says once it answers with that status."""
    end = time.monotonic() + 15
    while (answer := httpx2.get(f"{url}/readyz", trust_env=False)).status_code != status:
        assert time.monotonic() < end
        time.sleep(0.01)
    told: dict[str, Any] = answer.json()
    return told


def test_a_server_whose_workers_run_is_ready_and_gives_no_reason(served: tuple[Any, str]) -> None:
    _, url = served
    assert until(url, 200) == {"status": "ready", "in_flight": 0}


def test_a_pool_without_a_living_worker_is_not_ready_until_it_has_one(
    served: tuple[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    editor, url = served
    pool = editor.pools["cpu"]

    async def never() -> None:
        raise OSError

    monkeypatch.setattr(pool, "_spawn", never)
    (pid,) = pool.pids
    os.kill(pid, signal.SIGKILL)
    seen = set()
    while "failing" not in seen:  # which it is once it has been tried to start another
        seen.add(until(url, 503)["reason"])
    assert seen <= {"no_worker", "failing"}
    assert httpx2.get(f"{url}/healthz").json() == {"status": "ok"}
    monkeypatch.undo()
    assert "reason" not in until(url, 200)


def test_a_server_is_not_ready_before_a_worker_has_loaded_what_edits_need(served: tuple[Any, str]) -> None:
    editor, url = served
    until(url, 200)
    pool = editor.pools["cpu"]
    (process,) = pool._all
    pool._was_warm = process.warm = False
    assert until(url, 503)["reason"] == "starting"
    process.warm = True
    until(url, 200)


def test_a_draining_server_says_that_it_is(served: tuple[Any, str]) -> None:
    editor, url = served
    editor.draining = True
    assert until(url, 503) == {"status": "not ready", "reason": "draining", "in_flight": 0}


def test_whatever_blocks_the_event_loop_is_felt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "LAG_EVERY", 0.02)

    async def main(block: Callable[[], object]) -> float:
        figures = metrics.Metrics()
        late: list[float] = []
        monkeypatch.setattr(figures._lag, "observe", late.append)
        watching = asyncio.ensure_future(figures.watch_loop())
        await asyncio.sleep(0.05)
        block()
        while len(late) < 4:
            await asyncio.sleep(0.01)
        watching.cancel()
        return max(late)

    assert asyncio.run(main(lambda: time.sleep(0.3))) > 0.2


def test_a_server_that_cannot_look_up_its_budgets_and_lets_nobody_in_is_not_ready(tmp_path: Path) -> None:
    limits = {"limits_storage": "redis://127.0.0.1:1/0", "requests_per_minute": 9, "limits_unavailable": "closed"}
    settings = settings_for(tmp_path, service={"workers": 1}, server=limits)
    pytest.importorskip("redis")
    with BackgroundServer(create_app(settings), settings.server) as server:
        while (reason := until(server.url, 503)["reason"]) == "starting":
            time.sleep(0.01)
        assert reason == "limits_unavailable"
