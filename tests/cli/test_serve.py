"""The server as a process of its own, started and stopped as people do."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner
from PIL import Image

from retouch.cli import main

PHOTO = Path(__file__).parent.parent / "data" / "photos" / "cat.jpg"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "PYTHONUNBUFFERED": "1"}


def start(environment: dict[str, str], *flags: str) -> tuple[subprocess.Popen[str], str, list[str]]:
    """A server on a free port: (process, address, what it has said)."""
    command = [sys.executable, "-m", "retouch.cli", "serve", "--port", "0", "--workers", "1", *flags]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    said: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if "Point any client there" in line:
            break
    (url,) = re.findall(r" at (http://\S+)/v1", "".join(said))
    return process, url, said


def test_the_demonstration_shows_one_real_edit_and_goes_on_serving(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    demo = tmp_path / "demo"
    process, url, said = start(environment, "--demo", str(demo))
    try:
        text = "".join(said)
        assert str(demo / "before.jpg") in text
        assert str(demo / "after.png") in text
        with Image.open(demo / "after.png") as after:
            assert after.size == (1536, 1024)
        assert httpx2.get(f"{url}/readyz").status_code == 200
    finally:
        process.terminate()
        assert process.wait(20) in (0, -signal.SIGTERM)
        assert process.stdout is not None
        process.stdout.close()


def test_a_running_edit_is_finished_when_the_server_is_told_to_stop(
    environment: dict[str, str],
) -> None:
    process, url, _ = start(environment, "--engine", "echo")
    answers: list[int] = []

    def edit() -> None:
        with PHOTO.open("rb") as photo:
            answer = httpx2.post(
                f"{url}/v1/images/edits", data={"prompt": "[sleep 1]"}, files={"image": photo}, timeout=20
            )
        answers.append(answer.status_code)

    editing = threading.Thread(target=edit)
    editing.start()
    while httpx2.get(f"{url}/readyz").json()["in_flight"] == 0:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    editing.join()
    assert process.wait(20) == 0
    assert process.stdout is not None
    process.stdout.close()
    assert answers == [200]


def test_what_does_not_end_in_time_is_refused_in_a_shape_that_clients_try_again(
    environment: dict[str, str],
) -> None:
    process, url, _ = start(environment | {"RETOUCH_SERVER__SHUTDOWN": "0.5"}, "--engine", "echo")
    answers: dict[str, httpx2.Response] = {}

    def edit(name: str, **fields: str) -> None:
        with PHOTO.open("rb") as photo:
            answers[name] = httpx2.post(f"{url}/v1/images/edits", data=fields, files={"image": photo}, timeout=20)

    kinds = {
        "stream": {"prompt": "[sleep 30]", "stream": "true", "partial_images": "1"},
        "queued": {"prompt": "as it is"},
        "queued stream": {"prompt": "as it is", "stream": "true"},
    }
    editing = []
    for number, (name, fields) in enumerate(kinds.items(), 1):
        editing.append(threading.Thread(target=edit, args=(name,), kwargs=fields))
        editing[-1].start()
        while httpx2.get(f"{url}/readyz").json()["in_flight"] < number:
            time.sleep(0.01)
    time.sleep(0.5)  # the stream is under way
    process.terminate()
    for thread in editing:
        thread.join()
    process.wait(20)
    assert process.stdout is not None
    process.stdout.close()
    for name in ("queued", "queued stream"):
        assert answers[name].status_code == 503
        assert answers[name].json()["error"]["code"] == "not_ready"
        assert answers[name].headers["x-request-id"].startswith("req_")
    assert answers["stream"].status_code == 200
    assert answers["stream"].text.endswith('"code":"not_ready"}}\n\n')


def test_workers_do_not_outlive_a_server_that_is_killed(environment: dict[str, str]) -> None:
    process, _, _ = start(environment, "--engine", "echo")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert children
    process.kill()
    process.wait(20)
    assert process.stdout is not None
    process.stdout.close()
    end = time.monotonic() + 10
    while any(_alive(int(pid)) for pid in children):
        assert time.monotonic() < end, "a worker is left"
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--host", "0.0.0.0"], "no API key is set"),
        (["--engine", "nope"], "there is no engine 'nope'"),
        (["--workers", "0"], "service.workers"),
        (["--config", "/nonexistent.toml"], "cannot read /nonexistent.toml"),
    ],
)
def test_settings_that_cannot_be_are_a_usage_error(flags: list[str], reason: str) -> None:
    result = CliRunner().invoke(main, ["serve", *flags])
    assert result.exit_code == 2
    assert reason in result.output


def test_a_misspelt_setting_in_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "retouch.toml"
    file.write_text("[server]\nprot = 9000\n")
    result = CliRunner().invoke(main, ["serve", "--config", str(file)])
    assert result.exit_code == 2
    assert "server.prot" in result.output
