"""The server as a process of its own, started and stopped as people do."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner
from PIL import Image

from retouch.cli import main
from retouch.storage.keys import KeyFile

PHOTO = Path(__file__).parent.parent / "data" / "photos" / "cat.jpg"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "PYTHONUNBUFFERED": "1"}


def start(
    environment: dict[str, str], *flags: str, prefix: Sequence[str] = ()
) -> tuple[subprocess.Popen[str], str, list[str]]:
    """A server on a free port: (process, address, what it has said)."""
    command = [*prefix, sys.executable, "-m", "retouch.cli", "serve", "--port", "0", "--workers", "1", *flags]
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


def test_an_upload_under_way_is_refused_retryably_and_nobody_waits_for_it(environment: dict[str, str]) -> None:
    process, url, _ = start(environment, "--engine", "echo")
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        head = "host: localhost\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: 1000\r\n"
        connection.sendall(f"POST /v1/images/edits HTTP/1.1\r\n{head}\r\n--x\r\n".encode())
        while b"retouch_uploads_in_flight 1" not in httpx2.get(f"{url}/metrics").content:
            time.sleep(0.01)
        process.terminate()
        answer = b""
        while b"not_ready" not in answer:
            answer += connection.recv(1 << 16)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: " in answer
    process.wait(10)  # and not the thirty seconds that edits get
    assert process.stdout is not None
    process.stdout.close()


def test_more_silent_connections_than_descriptors_keep_nobody_out(environment: dict[str, str]) -> None:
    process, url, _ = start(environment, "--engine", "echo", prefix=["prlimit", "--nofile=200:200"])
    host, port = url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as held:
        for _ in range(400):
            held.enter_context(socket.create_connection((host, int(port)), timeout=20))
        with PHOTO.open("rb") as photo:
            answer = httpx2.post(
                f"{url}/v1/images/edits", data={"prompt": "x"}, files={"image": photo}, timeout=20
            )
        assert answer.status_code == 200
    process.terminate()
    process.wait(20)
    assert process.stdout is not None
    process.stdout.close()


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


def test_the_demonstration_is_let_in_where_keys_of_a_file_are_asked_for(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    keys = KeyFile(tmp_path / "keys.json")
    _, text = keys.add("laptop")
    demo = tmp_path / "demo"
    # Told to everybody, since it asks for a key.
    flags = ("--host", "0.0.0.0", "--engine", "echo", "--keys-file", str(keys.path), "--demo", str(demo))
    process, url, said = start(environment, *flags)
    try:
        assert f"asks for a key of {keys.path}" in "".join(said)
        assert (demo / "after.png").exists()
        assert httpx2.get(f"{url}/v1/models").status_code == 401
        assert httpx2.get(f"{url}/v1/models", headers={"authorization": f"Bearer {text}"}).status_code == 200
    finally:
        process.terminate()
        process.wait(20)
        assert process.stdout is not None
        process.stdout.close()


def test_a_broken_file_of_keys_is_a_usage_error(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text("{")
    result = CliRunner().invoke(main, ["serve", "--keys-file", str(file)])
    assert result.exit_code == 2
    assert "no file of keys" in result.output


def test_a_list_in_the_environment_that_is_no_json_is_told_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RETOUCH_SERVER__API_KEYS", "sk-of-somebody")
    result = CliRunner().invoke(main, ["serve"])
    assert result.exit_code == 2
    assert "written as JSON" in result.output
    assert "sk-of-somebody" not in result.output


def test_a_misspelt_setting_in_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "retouch.toml"
    file.write_text("[server]\nprot = 9000\n")
    result = CliRunner().invoke(main, ["serve", "--config", str(file)])
    assert result.exit_code == 2
    assert "server.prot" in result.output
