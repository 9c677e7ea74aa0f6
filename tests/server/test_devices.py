"""Several engines of one device, asked over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from retouch.app import create_app
from retouch.server.running import BackgroundServer
from tests.conftest import settings_for

PhotoFile = Callable[[str], bytes]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Any, str]]:
    """A server whose two device engines share a process, the first of which takes a second to load."""
    engines = {
        "darkroom": {"kind": "echo"},
        "klein": {"kind": "echo-device", "options": {"loads": 1.0}},
        "kontext": {"kind": "echo-device", "options": {"extras": ["seed"]}},
    }
    service = {
        "engines": engines,
        "chain": ["kontext", "darkroom"],
        "workers": 1,
        "deadline": 6,
        "device_deadline": 6,
    }
    settings = settings_for(tmp_path, service=service)
    app = create_app(settings)
    with BackgroundServer(app, settings.server) as server:
        yield app.state.editor, server.url


def edit(url: str, photo: bytes, model: str, **fields: str) -> httpx2.Response:
    form = {"prompt": "as it is", "model": model, **fields}
    return httpx2.post(f"{url}/v1/images/edits", data=form, files={"image": photo}, timeout=30, trust_env=False)


def test_edits_sent_while_the_model_is_being_loaded_wait_for_it(
    served: tuple[Any, str], photo_file: PhotoFile
) -> None:
    _, url = served
    probe = httpx2.get(f"{url}/readyz", trust_env=False)
    if probe.status_code == 503:
        assert probe.json()["reason"] == "starting"
    with ThreadPoolExecutor(4) as threads:
        sent = [
            threads.submit(edit, url, photo_file("cat"), model)
            for model in ("klein", "kontext", "gpt-image-1", "klein")
        ]
        assert [one.result().status_code for one in sent] == [200] * 4
    assert httpx2.get(f"{url}/readyz", trust_env=False).status_code == 200


def test_a_device_is_one_pool_in_the_figures_and_its_engines_are_told_of(served: tuple[Any, str]) -> None:
    editor, url = served
    assert list(editor.pools) == ["cpu", "device:auto"]
    end = time.monotonic() + 20
    while 'retouch_workers_alive{pool="device:auto"} 1.0' not in (text := figures(url)):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert 'retouch_queue_depth{pool="device:auto"} 0.0' in text
    model = httpx2.get(f"{url}/v1/models/gpt-image-1", trust_env=False).json()
    first, second = model["capabilities"]["engines"]
    assert (first["engine"], first["place"], first["device"]) == ("kontext", "device", "auto")
    assert (second["engine"], second["place"]) == ("darkroom", "worker")


def test_an_edit_that_takes_too_long_does_not_cost_the_device_its_models(
    served: tuple[Any, str], photo_file: PhotoFile
) -> None:
    editor, url = served
    assert edit(url, photo_file("cat"), "klein").status_code == 200
    pids = list(editor.pools["device:auto"].pids)
    answer = edit(url, photo_file("cat"), "klein", prompt="[sleep 25]")
    assert answer.json()["error"]["code"] == "deadline_exceeded"
    assert edit(url, photo_file("cat"), "kontext").status_code == 200
    assert editor.pools["device:auto"].pids == pids


def test_an_edit_after_a_lost_device_waits_until_its_model_is_back(
    served: tuple[Any, str], photo_file: PhotoFile
) -> None:
    editor, url = served
    answer = edit(url, photo_file("cat"), "klein", prompt="[abort]")
    assert answer.json()["error"]["code"] == "worker_lost"
    assert edit(url, photo_file("cat"), "klein").status_code == 200
    assert editor.pools["device:auto"].replaced == 1


def test_a_refusal_names_the_parameter_although_the_last_engine_did_not_understand(
    served: tuple[Any, str], photo_file: PhotoFile
) -> None:
    _, url = served
    answer = edit(url, photo_file("cat"), "gpt-image-1", prompt="[refuse]")
    assert answer.json()["error"]["code"] == "unsupported_instruction"
    markup = {"complexity": "high"}
    answer = edit(url, photo_file("cat"), "kontext", prompt="[refuse]", **markup)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "complexity"


def figures(url: str) -> str:
    return httpx2.get(f"{url}/metrics", trust_env=False).text
