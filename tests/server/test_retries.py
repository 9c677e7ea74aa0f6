"""Requests that come again: one edit, one answer."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import OpenAI
from starlette.applications import Starlette

from retouch.app import create_app
from retouch.contract.parameters import EditRequest
from retouch.server.budgets import Account
from retouch.server.running import BackgroundServer
from retouch.service.edit import Edit
from retouch.service.editor import File
from tests.conftest import settings_for

PhotoFile = Callable[[str], bytes]
RETRY = {"x-stainless-retry-count": "1"}


class Served:
    """A server with one worker and one place to wait, and the edits that it has begun."""

    def __init__(self, app: Starlette, server: BackgroundServer, photo: bytes, results: Path) -> None:
        self.server = server
        self.replays = app.state.replays
        self._editor: Any = app.state.editor
        self._submit = self._editor.submit
        self._editor.submit = self._note
        self._photo = photo
        self._results = results
        self.edits: list[Edit] = []

    @property
    def image(self) -> tuple[str, bytes, str]:
        return "a.jpg", self._photo, "image/jpeg"

    @property
    def runs(self) -> int:
        """How many edits have begun."""
        return len(self.edits)

    @property
    def results(self) -> int:
        """How many results are kept."""
        return len(list(self._results.glob("*-*")))

    def post(
        self,
        prompt: str,
        headers: dict[str, str] | None = None,
        *,
        name: str = "a.jpg",
        timeout: float = 30,
        **fields: str,
    ) -> httpx2.Response:
        """Send a request, with a boundary of its own as every attempt has."""
        response: httpx2.Response
        with self.stream(prompt, headers, name=name, timeout=timeout, **fields) as response:
            response.read()
        return response

    def stream(
        self,
        prompt: str,
        headers: dict[str, str] | None = None,
        *,
        name: str = "a.jpg",
        timeout: float = 30,
        **fields: str,
    ) -> Any:
        return httpx2.stream(
            "POST",
            f"{self.server.url}/v1/images/edits",
            data={"prompt": prompt, **fields},
            files={"image": (name, self._photo, "image/jpeg")},
            headers=headers,
            timeout=timeout,
        )

    def wait(self, until: Callable[[], bool]) -> None:
        end = time.monotonic() + 20
        while not until():
            assert time.monotonic() < end, "it never came to that"
            time.sleep(0.01)

    def busy(self, count: int = 1) -> None:
        """Wait until ``count`` edits are in flight."""
        self.wait(lambda: self._editor.in_flight == count)

    def kill_worker(self) -> None:
        (pid,) = self._editor._pool.pids
        os.kill(pid, signal.SIGKILL)

    def _note(self, request: EditRequest, files: Sequence[File], **details: Any) -> Edit:
        edit: Edit = self._submit(request, files, **details)
        self.edits.append(edit)
        return edit


@pytest.fixture(scope="module")
def one_server(tmp_path_factory: pytest.TempPathFactory, photo_file: PhotoFile) -> Iterator[Served]:
    directory = tmp_path_factory.mktemp("retries")
    settings = settings_for(
        directory,
        service={"engines": {"echo": {"kind": "echo"}}, "workers": 1, "waiting": 1, "seed": None},
    )
    app = create_app(settings)
    with BackgroundServer(app, settings.server) as server:
        yield Served(app, server, photo_file("cat"), directory / "results")


@pytest.fixture
def served(one_server: Served) -> Iterator[Served]:
    one_server.edits.clear()
    yield one_server
    one_server.busy(0)


def events(text: str) -> list[str]:
    """The events of a stream, without the comments."""
    return [event for event in text.split("\n\n") if event.startswith("event:")]


def kinds(text: str) -> list[str]:
    return [event.split("\n")[0].removeprefix("event: image_edit.") for event in events(text)]


@pytest.mark.rule("7/join")
@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_ran_out_of_patience_gets_the_picture_of_its_first_attempt(
    served: Served, connect: Callable[..., OpenAI], stream: bool
) -> None:
    client = connect(served.server, timeout=1.0, max_retries=2)
    arguments: dict[str, Any] = {"model": "echo", "image": served.image, "prompt": f"[sleep 2] stream {stream}"}
    if stream:
        # Once it has begun, a stream is not retried by the client: there the retry is another call.
        # The SDK's older line lets its HTTP client's own error through.
        with pytest.raises(Exception, match=r"(?i)timed out"):
            list(client.with_options(max_retries=0).images.edit(stream=True, **arguments))
        patient = client.with_options(timeout=30)
        done: list[Any] = list(patient.images.edit(stream=True, extra_headers=RETRY, **arguments))
        assert [event.type for event in done] == ["image_edit.completed"]
    else:
        answer = client.images.with_raw_response.edit(**arguments)
        assert answer.retries_taken >= 1
        assert answer.parse().data
    assert served.runs == 1


def test_a_client_whose_worker_was_lost_gets_the_picture_of_a_new_run(
    served: Served, connect: Callable[..., OpenAI]
) -> None:
    client = connect(served.server, max_retries=2)
    with ThreadPoolExecutor(1) as executor:
        editing = executor.submit(
            client.images.with_raw_response.edit, model="echo", image=served.image, prompt="[sleep 0.7] killed"
        )
        served.wait(lambda: bool(served.edits and served.edits[0]._kept))  # the engine has begun
        served.kill_worker()
        answer = editing.result()
    assert answer.retries_taken == 1
    assert answer.parse().data
    assert served.runs == 2


@pytest.mark.rule("7/deliberate")
def test_equal_requests_that_are_no_retries_each_get_an_edit(
    served: Served, connect: Callable[..., OpenAI]
) -> None:
    client = connect(served.server)
    for _ in range(2):
        client.images.edit(model="echo", image=served.image, prompt="equal")
    served.post("equal by hand")
    served.post("equal by hand", {"x-stainless-retry-count": "0"})
    served.post("equal by hand", {"x-stainless-retry-count": "many"})
    assert served.runs == 5


def test_equal_requests_of_which_one_found_the_queue_full_each_get_an_edit(
    served: Served, connect: Callable[..., OpenAI]
) -> None:
    client = connect(served.server, max_retries=5)
    started = threading.Barrier(3)

    def edit() -> int:
        started.wait()
        image = served.image
        return client.images.with_raw_response.edit(
            model="echo", image=image, prompt="[sleep 0.5] full"
        ).retries_taken

    with ThreadPoolExecutor(3) as executor:
        retries = [one.result() for one in [executor.submit(edit) for _ in range(3)]]
    assert max(retries) >= 1
    assert served.runs == 3


def test_a_retry_gets_its_own_edit_and_not_the_one_that_an_equal_request_has_got(served: Served) -> None:
    options: dict[str, Any] = {"model": "echo", "response_format": "url"}
    with pytest.raises(httpx2.ReadTimeout):
        served.post("[sleep 1.2] two", timeout=0.8, **options)
    other = served.post("[sleep 1.2] two", **options)
    again = served.post("[sleep 1.2] two", RETRY, **options)
    assert again.json()["data"] != other.json()["data"]
    assert served.runs == 2


@pytest.mark.rule("7/replay", "7/boundary")
def test_a_retry_is_answered_with_the_same_bytes(served: Served) -> None:
    first = served.post("the same")
    created = first.json()["created"]
    served.wait(lambda: int(time.time()) > created)
    again = served.post("the same", RETRY, name="another name.jpg")
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert served.runs == 1


@pytest.mark.parametrize(
    "other",
    [
        {"prompt": "another prompt"},
        {"n": "2"},
        {"headers": {"authorization": "Bearer sk-another"} | RETRY},
        {"output_format": "webp"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_a_retry_of_something_else_gets_an_edit_of_its_own(served: Served, other: dict[str, Any]) -> None:
    served.post("something")
    served.post(**({"prompt": "something", "headers": RETRY} | other))
    assert served.runs == 2


@pytest.mark.rule("7/key")
def test_a_key_is_answered_with_the_same_bytes_and_only_for_the_same_request(
    served: Served, connect: Callable[..., OpenAI]
) -> None:
    key = {"idempotency-key": "the key"}
    assert served.post("keyed", key).content == served.post("keyed", key).content
    assert served.runs == 1
    refused = served.post("keyed, but other", key)
    assert refused.status_code == 400
    assert refused.json()["error"] == {
        "message": "Invalid header 'Idempotency-Key': this key was used before for a request with other"
        " parameters. Please use a new key for a new request.",
        "type": "invalid_request_error",
        "param": "idempotency-key",
        "code": "idempotency_key_reused",
    }
    assert served.runs == 1
    # The same key of another client is another key, and so is no key at all.
    client = connect(served.server, api_key="sk-another")
    image = served.image
    assert client.images.edit(model="echo", image=image, prompt="keyed, but other", extra_headers=key).data
    assert served.post("keyed", {"idempotency-key": ""}).status_code == 200
    assert served.runs == 3


@pytest.mark.rule("7/join", "7/key")
def test_two_requests_of_a_key_share_an_edit_while_it_runs(served: Served) -> None:
    key = {"idempotency-key": "at once"}
    with ThreadPoolExecutor(2) as executor:
        both = [executor.submit(served.post, "[sleep 0.5] at once", key) for _ in range(2)]
    assert both[0].result().content == both[1].result().content
    assert served.runs == 1


@pytest.mark.rule("7/no-5xx")
@pytest.mark.parametrize(("prompt", "status"), [("[raise]", 500), ("[abort]", 500), ("[refuse]", 400)])
def test_a_failure_is_not_kept(served: Served, prompt: str, status: int) -> None:
    for headers in ({"idempotency-key": prompt}, {"idempotency-key": prompt}, RETRY):
        assert served.post(prompt, headers).status_code == status
    assert served.runs == 3


def test_a_retry_has_the_same_links_and_nothing_is_stored_twice(served: Served) -> None:
    options: dict[str, Any] = {"model": "echo", "response_format": "url", "n": "2"}
    before = served.results
    first = served.post("links", **options)
    again = served.post("links", RETRY, **options)
    assert again.content == first.content
    links = [item["url"] for item in again.json()["data"]]
    assert len(set(links)) == 2
    assert served.results == before + 2
    assert httpx2.get(links[1]).headers["content-type"] == "image/png"


@pytest.mark.rule("7/replay")
def test_a_finished_stream_is_answered_with_its_completed_events(served: Served) -> None:
    options: dict[str, Any] = {"stream": "true", "partial_images": "2", "n": "2"}
    first = served.post("stream", **options)
    again = served.post("stream", RETRY, **options)
    assert kinds(first.text) == ["partial_image"] * 2 + ["completed"] * 2
    assert again.headers["content-type"] == "text/event-stream"
    assert events(again.text) == events(first.text)[2:]
    assert again.text.endswith("\n\n")
    assert served.runs == 1


@pytest.mark.rule("7/join")
@pytest.mark.parametrize("gone", [False, True])
def test_a_stream_that_comes_again_goes_on_where_the_edit_is(served: Served, gone: bool) -> None:
    prompt = f"[sleep 0.7] gone {gone}"
    options: dict[str, Any] = {"stream": "true", "partial_images": "2"}
    with ThreadPoolExecutor(1) as executor:
        with served.stream(prompt, **options) as first:
            lines = first.iter_lines()
            shown = [line for line in (next(lines) for _ in range(6)) if line.startswith("event:")]
            assert shown == ["event: image_edit.partial_image"] * 2
            if gone:
                first.close()
            joined = executor.submit(served.post, prompt, RETRY, **options)
            if not gone:
                rest = [line for line in lines if line]
        text = joined.result().text
    assert kinds(text) == ["completed"]
    (completed,) = events(text)
    # The previews were sent, if not to this attempt: the event is that of the edit, whoever asks.
    assert json.loads(completed.split("data: ")[1])["usage"]["output_tokens"] > 200
    if not gone:
        assert "\n".join(rest) == completed
    assert served.runs == 1


def test_an_edit_goes_on_for_whoever_is_left(served: Served) -> None:
    prompt = "[sleep 0.7] two clients"
    with ThreadPoolExecutor(1) as executor:
        with served.stream(prompt, {"x-retouch-grace": "0"}, stream="true"):
            patient = executor.submit(served.post, prompt, RETRY, stream="true")
            served.wait(lambda: len(served.edits[0]._followers) == 2)
        served.wait(lambda: len(served.edits[0]._followers) == 1)
        assert kinds(patient.result().text) == ["completed"]
    assert served.runs == 1


def test_an_edit_that_nobody_waits_for_any_more_is_not_joined(served: Served) -> None:
    prompt = "[sleep 0.7] given up"
    with served.stream(prompt, {"x-retouch-grace": "0"}, stream="true"):
        pass
    served.wait(lambda: not served.edits[0].joinable)
    assert kinds(served.post(prompt, RETRY, stream="true").text) == ["completed"]
    assert served.runs == 2


@pytest.mark.rule("7/replay")
def test_after_ten_minutes_a_retry_runs_anew(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    first = served.post("ten minutes")
    later = 599.0
    monkeypatch.setattr(served.replays, "_clock", lambda: time.monotonic() + later)
    assert served.post("ten minutes", RETRY).content == first.content
    later = 600.0
    assert served.post("ten minutes", RETRY).status_code == 200
    assert served.runs == 2


@pytest.mark.rule("7/replay")
def test_answers_beyond_the_budget_make_room(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(served.post("budget 1").content)
    monkeypatch.setattr(served.replays, "_budget", 2 * size)
    served.post("budget 2")
    served.post("budget 3")
    assert size < served.replays.bytes <= 2 * size
    served.post("budget 3", RETRY)
    assert served.runs == 3
    served.post("budget 1", RETRY)
    assert served.runs == 4


def test_the_settings_say_how_long_and_how_much_is_kept(tmp_path: Path) -> None:
    service: dict[str, object] = {"replay_seconds": 5, "replay_edits": 6, "replay_bytes": 7}
    replays = create_app(settings_for(tmp_path, service=service)).state.replays
    assert (replays._seconds, replays._edits, replays._budget) == (5, 6, 7)


def test_a_client_that_leaves_while_its_answer_is_sent_has_not_got_it(served: Served) -> None:
    host, port = served.server.url.removeprefix("http://").split(":")
    fields = {"prompt": "gone while sending", "size": "1536x1024", "n": "8"}
    message = httpx2.Request(
        "POST", f"{served.server.url}/v1/images/edits", data=fields, files={"image": served.image}
    )
    head = "".join(f"{name}: {value}\r\n" for name, value in message.headers.items())
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((host, int(port)))
        connection.sendall(f"POST /v1/images/edits HTTP/1.1\r\n{head}\r\n".encode() + message.read())
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
    served.wait(lambda: not served.edits[0].followed)
    assert not served.edits[0].delivered
    again = served.post("gone while sending", RETRY, size="1536x1024", n="8")
    assert len(again.json()["data"]) == 8
    assert served.runs == 1
    assert served.edits[0].delivered


def test_only_so_many_wait_for_one_edit(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served._editor._settings, "followers", 2)
    named = {"idempotency-key": "crowded"}
    with ThreadPoolExecutor(2) as executor:
        first = executor.submit(served.post, "[sleep 1] crowded", named)
        served.busy()
        second = executor.submit(served.post, "[sleep 1] crowded", named)
        served.wait(lambda: served.edits[0].crowded)
        third = served.post("[sleep 1] crowded", named)
        assert third.status_code == 429
        assert "this very request" in third.text
        assert first.result().status_code == second.result().status_code == 200
    assert served.post("[sleep 1] crowded", named).status_code == 200
    assert served.runs == 1


def test_what_turns_out_to_repeat_nothing_is_paid_for_and_gets_an_edit_of_its_own(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid: list[int] = []
    pay = Account.images

    async def spy(account: Account, count: int, model: str) -> None:
        paid.append(served.runs)
        await pay(account, count, model)

    monkeypatch.setattr(Account, "images", spy)
    # What it is to repeat is there when it is looked up, and has ended badly when it is to be joined.
    monkeypatch.setattr(served.replays, "knows", lambda identity: True)
    assert served.post("unpaid", RETRY).status_code == 200
    assert paid == [0]
    assert served.runs == 1
    assert served.post("unpaid", {"idempotency-key": "unpaid"}).status_code == 200
    assert paid == [0, 1]
    assert served.runs == 2
