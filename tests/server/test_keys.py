"""Keys and budgets over the wire, as the official client meets them."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
import structlog
from openai import OpenAI
from PIL import Image

from retouch.app import create_app
from retouch.server.running import BackgroundServer
from retouch.storage.keys import KeyFile
from tests.conftest import settings_for

Connect = Callable[..., OpenAI]
AGAIN = {"x-stainless-retry-count": "1"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> KeyFile:
    return KeyFile(tmp_path_factory.mktemp("keys") / "keys.json")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, file: KeyFile) -> Iterator[BackgroundServer]:
    """A server that asks for the keys of ``file``, with one worker and nothing waiting."""
    settings = settings_for(
        tmp_path_factory.mktemp("keyed"),
        service={"workers": 1, "waiting": 0},
        server={"keys_file": str(file.path), "keys_reload": 0.05},
    )
    with BackgroundServer(create_app(settings), settings.server) as server:
        yield server


@pytest.fixture(scope="module")
def picture(picture_file: Callable[..., bytes]) -> bytes:
    return picture_file(Image.new("RGB", (64, 64), "teal"))


@pytest.fixture
def enter(server: BackgroundServer, file: KeyFile, connect: Connect) -> Callable[..., OpenAI]:
    """``enter(requests_per_minute=1)`` is the client with a new key of that kind, once the server knows it."""

    def enter(**kind: Any) -> OpenAI:
        _, text = file.add("test", **kind)
        client = connect(server, api_key=text)
        until(lambda: status(client) == 200)
        return client

    return enter


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def status(client: OpenAI) -> int:
    headers = {"authorization": f"Bearer {client.api_key}"}
    return httpx2.get(f"{client.base_url}models", headers=headers).status_code


def edit(client: OpenAI, picture: bytes, count: int = 1, **more: Any) -> Any:
    request = {"prompt": "as it is", "model": "echo"} | more
    images = [(f"{number}.png", picture, "image/png") for number in range(count)]
    return client.images.with_raw_response.edit(image=images, **request)


@pytest.mark.rule("3.2/401-no-key", "3.2/401-bad-key")
def test_a_key_is_asked_for_although_the_file_is_not_there_yet(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, server={"keys_file": str(tmp_path / "none.json")}, service={"workers": 1})
    with BackgroundServer(create_app(settings), settings.server) as server:
        for headers in ({}, {"authorization": "Bearer anything-goes"}):
            assert httpx2.get(f"{server.url}/v1/models", headers=headers).status_code == 401
        assert httpx2.get(f"{server.url}/healthz", headers={"host": "images.example"}).status_code == 200


def test_a_key_opens_the_server_until_it_is_revoked_without_a_restart(
    enter: Callable[..., OpenAI], file: KeyFile, picture: bytes
) -> None:
    client = enter()
    assert edit(client, picture).status_code == 200
    file.revoke(file.read()[-1].id)
    until(lambda: status(client) == 401)
    with pytest.raises(openai.AuthenticationError) as caught:
        edit(client, picture)
    assert caught.value.code == "invalid_api_key"
    assert client.api_key not in caught.value.message


@pytest.mark.rule("A.9/key-models")
def test_a_key_has_its_models_alone(enter: Callable[..., OpenAI], picture: bytes) -> None:
    client = enter(models=["echo", "gpt-image-2"])
    assert {model.id for model in client.models.list()} == {"echo", "gpt-image-2"}
    assert client.models.retrieve("echo").id == "echo"
    assert edit(client, picture).status_code == 200
    for ask in (
        lambda: edit(client, picture, model="gpt-image-1", size="not even a size"),
        lambda: client.models.retrieve("gpt-image-1"),
    ):
        with pytest.raises(openai.PermissionDeniedError) as caught:
            ask()
        assert caught.value.body == {
            "message": "Your API key does not have access to model `gpt-image-1`.",
            "type": "invalid_request_error",
            "param": None,
            "code": "model_not_found",
        }
    with pytest.raises(openai.PermissionDeniedError, match=r"gpt-image-1\.5"):
        edit(client, picture, model=openai.omit)
    with pytest.raises(openai.BadRequestError, match="does not exist"):
        edit(client, picture, model="gpt-9")


@pytest.mark.rule("A.9/budgets", "3.2/429-images")
def test_a_spent_budget_is_a_429_that_says_when_to_come_back(enter: Callable[..., OpenAI], picture: bytes) -> None:
    client = enter(requests_per_minute=3, images_per_minute=4)
    first = edit(client, picture, count=3)
    assert {name: value for name, value in first.headers.items() if name.startswith("x-ratelimit-")} == {
        "x-ratelimit-limit-requests": "3",
        "x-ratelimit-remaining-requests": "2",
        "x-ratelimit-reset-requests": "1m0s",
        "x-ratelimit-limit-input-images": "4",
        "x-ratelimit-remaining-input-images": "1",
        "x-ratelimit-reset-input-images": "1m0s",
    }
    with pytest.raises(openai.RateLimitError, match="Limit 4, Used 3, Requested 2") as images:
        edit(client, picture, count=2)
    assert (images.value.type, images.value.code) == ("input-images", "rate_limit_exceeded")
    assert edit(client, picture).headers["x-ratelimit-remaining-requests"] == "0"
    with pytest.raises(openai.RateLimitError, match="requests per min") as requests:
        edit(client, picture)
    answer = requests.value.response
    assert requests.value.type == "requests"
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert 0 < int(answer.headers["retry-after-ms"]) <= 60_000
    assert answer.headers["x-ratelimit-remaining-requests"] == "0"
    assert answer.headers["x-request-id"].startswith("req_")


def test_an_invalid_request_counts_and_tells_what_is_left(enter: Callable[..., OpenAI], picture: bytes) -> None:
    client = enter(requests_per_minute=1, images_per_minute=1)
    with pytest.raises(openai.BadRequestError) as caught:
        edit(client, picture, n=11)
    assert caught.value.response.headers["x-ratelimit-remaining-requests"] == "0"
    for headers in ({}, AGAIN):
        with pytest.raises(openai.RateLimitError):
            edit(client, picture, n=11, extra_headers=headers)


@pytest.mark.rule("A.9/budgets")
def test_a_retry_that_joins_or_replays_costs_nothing(enter: Callable[..., OpenAI], picture: bytes) -> None:
    client = enter(requests_per_minute=1, images_per_minute=1)
    named = {"idempotency-key": "one"}
    running = threading.Thread(
        target=edit, args=(client, picture), kwargs={"prompt": "[sleep 1]", "extra_headers": named}
    )
    running.start()
    until(lambda: httpx2.get(f"{client.base_url}../readyz").json()["in_flight"] == 1)
    joined = edit(client, picture, prompt="[sleep 1]", extra_headers=named)
    replayed = edit(client, picture, prompt="[sleep 1]", extra_headers=named)
    running.join()
    for answer in (joined, replayed):
        assert answer.status_code == 200
        assert answer.headers["x-ratelimit-remaining-input-images"] == "0"
    with pytest.raises(openai.RateLimitError):
        edit(client, picture, extra_headers={"idempotency-key": "two"})
    with pytest.raises(openai.RateLimitError):
        edit(client, picture, prompt="another", extra_headers=AGAIN)


def test_a_retry_without_a_name_costs_nothing_either(enter: Callable[..., OpenAI], picture: bytes) -> None:
    client = enter(requests_per_minute=1, images_per_minute=1)
    edit(client, picture)
    assert edit(client, picture, extra_headers=AGAIN).status_code == 200


@pytest.mark.parametrize("budget", ["requests_per_minute", "images_per_minute"])
def test_the_retry_of_a_call_that_was_refused_does_not_get_the_picture_of_an_equal_one(
    enter: Callable[..., OpenAI], picture: bytes, budget: str
) -> None:
    client = enter(**{budget: 1})
    edit(client, picture)
    with pytest.raises(openai.RateLimitError):
        edit(client, picture)
    for _ in range(2):
        with pytest.raises(openai.RateLimitError):
            edit(client, picture, extra_headers=AGAIN)


def test_what_a_full_queue_refuses_costs_nothing(enter: Callable[..., OpenAI], picture: bytes) -> None:
    busy, client = enter(), enter(requests_per_minute=1, images_per_minute=1)
    running = threading.Thread(target=edit, args=(busy, picture), kwargs={"prompt": "[sleep 2]"})
    running.start()
    until(lambda: httpx2.get(f"{client.base_url}../readyz").json()["in_flight"] == 1)
    with pytest.raises(openai.RateLimitError, match="busy") as caught:
        edit(client, picture)
    running.join()
    assert caught.value.response.headers["x-ratelimit-remaining-requests"] == "1"
    assert edit(client, picture).headers["x-ratelimit-remaining-input-images"] == "0"


def test_a_body_over_the_budget_is_not_read(enter: Callable[..., OpenAI], picture: bytes) -> None:
    client = enter(requests_per_minute=1)
    edit(client, picture)
    answer = httpx2.post(
        f"{client.base_url}images/edits",
        content=iter([b"x" * 65536] * 160),
        headers={"authorization": f"Bearer {client.api_key}", "content-type": "multipart/form-data; boundary=x"},
    )
    assert answer.status_code == 429


def test_where_no_key_is_asked_for_an_address_has_a_budget(
    tmp_path: Path, connect: Connect, picture: bytes
) -> None:
    page = "https://a.example"
    settings = settings_for(
        tmp_path, service={"workers": 1}, server={"requests_per_minute": 1, "cors_origins": [page]}
    )
    with BackgroundServer(create_app(settings), settings.server) as server:
        client = connect(server, api_key="sk-whatever")
        told = edit(client, picture, extra_headers={"origin": page}).headers
        assert told["x-ratelimit-remaining-requests"] == "0"
        assert "x-ratelimit-remaining-requests" in told["access-control-expose-headers"]  # a page may read it
        with pytest.raises(openai.RateLimitError):
            edit(connect(server, api_key="sk-another"), picture)


def test_no_line_of_the_log_has_a_key_and_an_edit_has_its_id(
    enter: Callable[..., OpenAI], file: KeyFile, picture: bytes
) -> None:
    before = structlog.get_config()
    with structlog.testing.capture_logs() as lines:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
        client = enter(requests_per_minute=1)
        edit(client, picture)
        with pytest.raises(openai.RateLimitError):
            edit(client, picture)
        with pytest.raises(openai.AuthenticationError):
            edit(client.with_options(api_key=f"{client.api_key}x"), picture)
        until(lambda: any(line.get("status") == 401 for line in lines))
    structlog.configure(**before)
    told = str(lines)
    assert file.read()[-1].id in told
    assert client.api_key[-43:] not in told
    assert file.read()[-1].sha256 not in told


def test_answers_without_a_budget_tell_none(enter: Callable[..., OpenAI], picture: bytes) -> None:
    assert not [name for name in edit(enter(), picture).headers if name.startswith("x-ratelimit-")]


def test_what_claims_to_be_a_retry_and_is_never_sent_whole_is_paid_for(
    server: BackgroundServer, enter: Callable[..., OpenAI], picture: bytes
) -> None:
    client = enter(requests_per_minute=1)
    host, port = server.url.removeprefix("http://").split(":")
    state = server._server.server_state
    until(lambda: not state.tasks)
    with socket.create_connection((host, int(port))) as leaving:
        leaving.sendall(
            b"POST /v1/images/edits HTTP/1.1\r\nhost: localhost\r\nx-stainless-retry-count: 1\r\n"
            b"content-length: 9\r\n"
            b"content-type: application/json\r\nauthorization: Bearer " + client.api_key.encode() + b"\r\n\r\n{"
        )
        until(lambda: bool(state.tasks))
    until(lambda: not state.tasks)

    def spent() -> bool:
        try:
            edit(client, picture, extra_headers=AGAIN, size="nonsense")
        except openai.RateLimitError:
            return True
        except openai.BadRequestError:
            return False
        return False

    assert spent()
