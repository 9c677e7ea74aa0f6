"""What the log says of a request and of an edit, and what it never says."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog

from retouch.app import create_app
from retouch.server.running import BackgroundServer
from tests.conftest import settings_for

PhotoFile = Callable[[str], bytes]
EDITS = "/v1/images/edits"
PHOTOS = Path(__file__).parent.parent / "data" / "photos"
SECRET = "a portrait of my neighbour"


class Told:
    """A server that asks for a key, and the lines it has logged."""

    def __init__(self, server: BackgroundServer, client: httpx2.Client, photo: bytes) -> None:
        self.url = server.url
        self.client = client
        self.entries: list[dict[str, Any]] = []
        self._photo = photo

    def keep(self, logger: Any, method: str, entry: MutableMapping[str, Any]) -> str:
        self.entries.append({**entry, "level": method})
        raise structlog.DropEvent

    def edit(self, prompt: str = "as it is", **headers: str) -> httpx2.Response:
        return self.client.post(
            f"{self.url}{EDITS}",
            data={"prompt": prompt, "model": "echo"},
            files={"image": ("a.jpg", self._photo, "image/jpeg")},
            headers=headers,
            timeout=30,
        )

    def line(self, event: str, **having: Any) -> dict[str, Any]:
        """The line of that event with such fields, once it is there."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            for entry in list(self.entries):
                if entry["event"] == event and having.items() <= entry.items():
                    return entry
            time.sleep(0.02)
        raise AssertionError(f"no line {event} {having} in {self.entries}")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, photo_file: PhotoFile) -> Iterator[Told]:
    settings = settings_for(
        tmp_path_factory.mktemp("witness"),
        service={"workers": 1, "grace": 0.2},
        server={"api_keys": ["sk-very-secret"]},
    )
    headers = {"authorization": "Bearer sk-very-secret"}
    with (
        BackgroundServer(create_app(settings), settings.server) as server,
        httpx2.Client(trust_env=False, headers=headers) as client,
    ):
        yield Told(server, client, photo_file("cat"))


@pytest.fixture
def told(running: Told) -> Iterator[Told]:
    running.entries.clear()
    before = structlog.get_config()
    level = structlog.make_filtering_bound_logger(logging.DEBUG)
    structlog.configure(processors=[running.keep], wrapper_class=level)
    try:
        yield running
    finally:
        structlog.configure(**before)


def test_an_edit_is_one_line_with_what_it_was_and_what_its_stages_took(told: Told) -> None:
    answer = told.edit("[sleep 0.1]")
    request_id = answer.headers["x-request-id"]
    edit = told.line("edit", request_id=request_id)
    assert (edit["model"], edit["engine"], edit["outcome"], edit["level"]) == ("echo", "echo", "done", "info")
    assert edit["caller"]
    assert edit["sources"] == edit["pictures"] == ["451x300"]
    assert edit["pixels_in"] == edit["pixels_out"] == 451 * 300
    assert list(edit["spans"]) == ["queue", "decode", "plan", "engine", "encode"]
    assert edit["spans"]["engine"] >= 100
    assert edit["ms"] >= 100


def test_a_request_is_one_line_with_who_asked_and_what_came_of_it(told: Told) -> None:
    answer = told.edit()
    line = told.line("request", request_id=answer.headers["x-request-id"])
    assert (line["method"], line["route"], line["status"], line["code"]) == ("POST", EDITS, 200, None)
    assert line["caller"] == told.line("edit", request_id=line["request_id"])["caller"]
    assert line["model"] == "echo"
    assert line["bytes_in"] > 1000
    assert line["bytes_out"] == len(answer.content)
    assert list(line["spans"]) == ["parse", "send"]


def test_a_request_that_is_sent_again_names_the_edit_that_answered_it(told: Told) -> None:
    first = told.edit(**{"idempotency-key": "one"})
    again = told.edit(**{"idempotency-key": "one"})
    line = told.line("request", request_id=again.headers["x-request-id"])
    assert line["reused"] == "replayed"
    assert line["edit"] == first.headers["x-request-id"]
    assert len([entry for entry in told.entries if entry["event"] == "edit"]) == 1


def test_getting_pictures_that_are_only_named_is_a_stage_of_its_own(told: Told) -> None:
    picture = PHOTOS.joinpath("cat.jpg").read_bytes()
    upload = told.client.post(
        f"{told.url}/v1/files", data={"purpose": "vision"}, files={"file": ("a.jpg", picture)}
    )
    body = {"model": "echo", "prompt": "as it is", "images": [{"file_id": upload.json()["id"]}]}
    answer = told.client.post(f"{told.url}{EDITS}", json=body)
    assert answer.status_code == 200
    line = told.line("request", request_id=answer.headers["x-request-id"])
    assert list(line["spans"]) == ["parse", "fetch", "send"]
    assert told.line("request", route="/v1/files")["caller"] == line["caller"]


def test_a_refusal_says_which_rule_it_was(told: Told) -> None:
    told.edit("[refuse]")
    assert told.line("edit", outcome="unsupported_instruction")["engine"] is None
    assert told.line("request", status=400)["code"] == "unsupported_instruction"


def test_a_failure_in_the_middle_of_a_stream_is_in_the_line_although_the_status_was_200(told: Told) -> None:
    told.client.post(
        f"{told.url}{EDITS}",
        data={"prompt": "[abort]", "model": "echo", "stream": "true"},
        files={"image": ("a.jpg", PHOTOS.joinpath("cat.jpg").read_bytes(), "image/jpeg")},
    )
    line = told.line("request", code="worker_lost")
    assert line["status"] == 200
    assert told.line("edit", outcome="worker_lost")["engine"] == "echo"


def test_a_client_that_leaves_is_told_with_what_became_of_its_edit(told: Told) -> None:
    with pytest.raises(httpx2.TimeoutException):
        told.client.post(
            f"{told.url}{EDITS}",
            data={"prompt": "[sleep 20]", "model": "echo"},
            files={"image": ("a.jpg", PHOTOS.joinpath("cat.jpg").read_bytes(), "image/jpeg")},
            timeout=0.5,
        )
    assert told.line("edit", outcome="cancelled")["pictures"] == []
    assert told.line("request", gone=True)["status"] is None


def test_a_connection_that_is_refused_is_found_by_the_id_it_was_given(told: Told) -> None:
    host, port = told.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    (request_id,) = re.findall(rb"x-request-id: (\w+)", answer)
    line = told.line("connection_refused", request_id=request_id.decode())
    assert (line["status"], line["code"]) == (400, "invalid_http")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_do_not_fill_the_log(told: Told, path: str) -> None:
    told.client.get(f"{told.url}{path}")
    assert told.line("request", route=path)["level"] == "debug"


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/v1/models/a-private-name", "/v1/models/{model:path}"),
        ("/results/a-private-name.png?sig=very-secret", "/results/{name}"),
        ("/a-private-name", None),
    ],
)
def test_addresses_are_told_by_their_pattern(told: Told, path: str, route: str | None) -> None:
    told.client.get(f"{told.url}{path}")
    told.line("request", route=route)
    assert "a-private-name" not in str(told.entries)
    assert "very-secret" not in str(told.entries)


def test_a_server_on_its_own_tells_all_of_an_edit_and_no_word_of_the_client(tmp_path: Path) -> None:
    """The whole of standard error, of the server and its workers, through failures of every kind."""
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "RETOUCH_SERVER__API_KEYS": '["sk-very-secret"]'}
    command = [sys.executable, "-m", "retouch.cli", "serve", "--port", "0", "--workers", "1", "--engine", "echo"]
    process = subprocess.Popen(
        [*command, "--log-level", "debug"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    said: list[str] = []
    listening = threading.Thread(target=lambda: said.extend(process.stderr or ()))
    listening.start()
    try:
        url = next(line.split(" at ")[1].strip() for line in process.stdout if " at http" in line)
        photo = PHOTOS.joinpath("cat.jpg").read_bytes()
        headers = {"authorization": "Bearer sk-very-secret"}
        with httpx2.Client(trust_env=False, headers=headers, timeout=30) as client:
            for order in ("as it is", "[raise]", "[refuse]"):
                for more in ({}, {"stream": "true", "user": f"someone {SECRET}"}):
                    fields = {"prompt": f"{order} {SECRET}", "model": "echo", **more}
                    client.post(f"{url}/images/edits", data=fields, files={"image": (f"{SECRET}.jpg", photo)})
            client.post(f"{url}/images/edits", json={"prompt": SECRET, "images": [{"image_url": f"x:{SECRET}"}]})
            client.post(
                f"{url}/images/edits", data={"prompt": SECRET, SECRET: "1"}, files={"image": b"no picture"}
            )
            client.get(f"{url}/{SECRET}?sig=very-secret", headers={"authorization": f"Bearer {SECRET}"})
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        listening.join()
        process.stdout.close()
        process.stderr.close()
    text = "".join(said)
    for secret in (SECRET, SECRET.replace(" ", "%20"), "very-secret", "cat.jpg", "neighbour"):
        assert secret not in text
    lines = [json.loads(line) for line in said]
    edits = [line for line in lines if line["event"] == "edit"]
    assert [line["outcome"] for line in edits].count("done") == 2
    failed = [line for line in lines if line["event"] == "edit_failed"]
    assert {line["request_id"] for line in failed} == {
        line["request_id"] for line in edits if line["outcome"] == "internal_error"
    }
    assert all(line["error"].startswith("RuntimeError < echo.py") for line in failed)
    assert all(line["logger"] == "retouch.worker" for line in failed)
