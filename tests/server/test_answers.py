"""Answers and streams over the wire, and what surrounds them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import logging
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
import structlog
from PIL import Image

from retouch.app import create_app
from retouch.server.running import BackgroundServer
from tests.conftest import settings_for
from tests.forms import BOUNDARY, Field, encode, image, post, send

PictureFile = Callable[..., bytes]

GPT_KEYS = ["created", "background", "data", "output_format", "quality", "size", "usage"]
EVENT_KEYS = ["type", "b64_json", "created_at", "size", "quality", "background", "output_format"]


@pytest.fixture(scope="module")
def grey(picture_file: PictureFile) -> bytes:
    return picture_file(Image.new("RGB", (96, 64), (100, 100, 100)))


def picture(answer: httpx2.Response) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(answer.json()["data"][0]["b64_json"]))))


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of a stream that ends with an empty line, comments left out."""
    *blocks, rest = text.split("\n\n")
    assert rest == ""
    found = []
    for block in blocks:
        if block.startswith(":"):
            continue
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


@pytest.mark.rule("4.1/shape", "4.3/headers", "A.9/headers")
def test_a_strict_answer_is_an_indented_dump_with_the_recorded_keys(
    strict_server: BackgroundServer, grey: bytes
) -> None:
    answer = post(strict_server, image(grey), model="gpt-image-2", size="1536x864", n="2")
    told = answer.json()
    assert answer.text == json.dumps(told, indent=2)
    assert list(told) == GPT_KEYS
    assert [list(item) for item in told["data"]] == [["b64_json"]] * 2
    assert list(told["usage"]) == [
        "input_tokens",
        "input_tokens_details",
        "output_tokens",
        "output_tokens_details",
        "total_tokens",
    ]
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["openai-version"] == "2020-10-01"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"].startswith("req_")
    assert int(answer.headers["openai-processing-ms"]) >= 0


@pytest.mark.rule("4.1/resolved")
@pytest.mark.parametrize("model", ["gpt-image-1", "gpt-image-2", "gpt-image-2.6-flare", "echo"])
def test_what_was_auto_is_told_as_what_it_became(
    echo_server: BackgroundServer, strict_server: BackgroundServer, grey: bytes, model: str
) -> None:
    for server in (echo_server, strict_server):
        answer = post(server, image(grey), model=model, size="auto", quality="auto", background="auto")
        told, (height, width) = answer.json(), picture(answer).shape[:2]
        assert told["size"] == f"{width}x{height}"
        assert told["quality"] in ("low", "medium", "high")
        assert told["background"] == "opaque"


@pytest.mark.rule("2/accept", "4.4/json-answer", "4.4/content-type")
def test_the_field_stream_decides_and_not_the_accept_header(echo_server: BackgroundServer, grey: bytes) -> None:
    for stream, accept, expected in (
        ("true", "application/json", "text/event-stream"),
        ("false", "text/event-stream", "application/json"),
    ):
        answer = httpx2.post(
            f"{echo_server.url}/v1/images/edits",
            content=encode([Field("prompt", "x"), Field("stream", stream), image(grey)]),
            headers={"content-type": f"multipart/form-data; boundary={BOUNDARY}", "accept": accept},
        )
        assert answer.status_code == 200
        assert answer.headers["content-type"] == expected


@pytest.mark.rule("2/text-types")
def test_texts_may_say_that_they_are_texts(
    echo_server: BackgroundServer, strict_server: BackgroundServer, grey: bytes
) -> None:
    texts = {"prompt": "x", "model": "echo", "n": "2", "size": "64x48"}
    parts = [Field(name, value, content_type="text/plain") for name, value in texts.items()]
    for server in (echo_server, strict_server):
        answer = send(server, [*parts, image(grey)])
        assert answer.json()["size"] == "64x48"
        assert len(answer.json()["data"]) == 2


@pytest.mark.rule("4.4/partial", "4.4/completed", "4.4/no-error-key", "4.4/count", "A.10/no-done")
def test_a_strict_stream_has_the_specified_fields_and_no_more(
    strict_server: BackgroundServer, grey: bytes
) -> None:
    answer = post(strict_server, image(grey), model="gpt-image-1.5", stream="true", partial_images="2")
    first, second, last = events(answer.text)
    for index, (name, data) in enumerate((first, second)):
        assert name == data["type"] == "image_edit.partial_image"
        assert list(data) == [*EVENT_KEYS, "partial_image_index"]
        assert data["partial_image_index"] == index
    assert last[0] == last[1]["type"] == "image_edit.completed"
    assert list(last[1]) == [*EVENT_KEYS, "usage"]
    assert "[DONE]" not in answer.text
    assert len({data["b64_json"] for _, data in (first, second, last)}) == 3


@pytest.mark.rule("4.4/lines")
def test_no_text_in_an_event_breaks_its_line(echo_server: BackgroundServer, grey: bytes) -> None:
    name = "größe\u2028\u0085\n\nevent: error"
    answer = post(echo_server, image(grey), model="gpt-image-2.5-flare", stream="true", safety_identifier=name)
    assert answer.content.isascii()
    ((_, completed),) = events(answer.text)
    assert completed["safety_identifier"] == name


@pytest.mark.rule("A.10/late-error", "4.4/no-error-key")
def test_a_late_error_is_an_event_with_the_envelope_and_the_last(
    echo_server: BackgroundServer, grey: bytes
) -> None:
    answer = post(echo_server, image(grey), prompt="[raise]", stream="true", partial_images="1")
    assert answer.status_code == 200
    (_, partial), (name, data) = events(answer.text)
    assert "error" not in partial
    assert name == "error"
    assert list(data) == ["error"]
    assert list(data["error"]) == ["message", "type", "param", "code"]


@pytest.mark.rule("A.10/dall-e-2")
def test_dall_e_2_does_not_stream(
    echo_server: BackgroundServer, strict_server: BackgroundServer, grey: bytes
) -> None:
    for server in (echo_server, strict_server):
        told = post(server, image(grey), model="dall-e-2", stream="true").json()["error"]
        assert (told["param"], told["code"]) == ("stream", "unknown_parameter")


@pytest.mark.rule("3.2/dall-e-2-square")
def test_dall_e_2_takes_square_pictures(
    echo_server: BackgroundServer, strict_server: BackgroundServer, picture_file: PictureFile
) -> None:
    wide = image(picture_file(Image.new("RGBA", (96, 64))))
    for server in (echo_server, strict_server):
        told = post(server, wide, model="dall-e-2", size="256x256").json()["error"]
        assert told["message"] == "Uploaded image must be square, but got 96x64."
        assert (told["type"], told["param"], told["code"]) == ("invalid_request_error", None, None)


# --- a server of its own ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundServer]:
    """One that is impatient, has keys and is known by another address."""
    settings = settings_for(
        tmp_path_factory.mktemp("other"),
        server={"heartbeat": 0.05, "api_keys": ["sk-right"], "public_url": "https://images.example/retouch"},
    )
    with BackgroundServer(create_app(settings), settings.server) as server:
        yield server


def ask(server: BackgroundServer, *files: Field, **texts: str) -> httpx2.Response:
    """`post`, with the key."""
    fields = [Field(name, value) for name, value in ({"prompt": "as it is"} | texts).items()]
    return httpx2.post(
        f"{server.url}/v1/images/edits",
        content=encode([*fields, *files]),
        headers={
            "content-type": f"multipart/form-data; boundary={BOUNDARY}",
            "authorization": "Bearer sk-right",
        },
        timeout=60,
    )


@pytest.mark.rule("A.10/heartbeat", "4.4/comments")
def test_silence_is_filled_with_comments(other: BackgroundServer, grey: bytes) -> None:
    answer = ask(other, image(grey), prompt="[sleep 0.6]", stream="true")
    assert ": keepalive\n\n" in answer.text
    assert [name for name, _ in events(answer.text)] == ["image_edit.completed"]


@pytest.mark.rule("A.12/public-url", "4.2/url", "A.12/signed")
def test_links_have_the_public_address_and_are_read_without_a_key(other: BackgroundServer, grey: bytes) -> None:
    url = ask(other, image(grey), model="echo", response_format="url").json()["data"][0]["url"]
    assert url.startswith("https://images.example/retouch/results/")
    got = httpx2.get(other.url + url.removeprefix("https://images.example/retouch"))
    assert got.status_code == 200
    assert got.headers["content-type"] == "image/png"
    assert got.headers["content-length"] == str(len(got.content))
    assert np.asarray(Image.open(io.BytesIO(got.content))).shape == (64, 96, 3)


@pytest.mark.rule("3.2/401-no-key", "3.2/401-bad-key", "A.9/envelope")
def test_a_wrong_key_and_none_are_told_apart(other: BackgroundServer, grey: bytes) -> None:
    answer = post(other, image(grey))
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] is None
    answer = httpx2.get(f"{other.url}/v1/models", headers={"authorization": "Bearer sk-0123456789abcd"})
    told = answer.json()["error"]
    assert answer.status_code == 401
    assert answer.text == json.dumps({"error": told}, indent=2)
    assert told["message"] == "Incorrect API key provided: sk-…abcd."
    assert (told["type"], told["param"], told["code"]) == ("invalid_request_error", None, "invalid_api_key")


@pytest.mark.rule("A.9/not-ready", "3.2/503")
def test_a_server_that_is_draining_says_so(tmp_path: Path, grey: bytes) -> None:
    settings = settings_for(tmp_path, service={"workers": 1})
    app = create_app(settings)
    with BackgroundServer(app, settings.server) as server:
        assert post(server, image(grey), model="echo").status_code == 200
        app.state.editor.draining = True
        answer = post(server, image(grey), model="echo")
        assert httpx2.get(f"{server.url}/readyz").status_code == 503
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["error"]["type"] == "server_error"


@pytest.mark.rule("A.5/end-user")
@pytest.mark.parametrize("name", ["user", "safety_identifier"])
def test_the_end_user_is_in_the_log_hashed_and_nowhere_in_the_clear(
    tmp_path: Path, grey: bytes, name: str
) -> None:
    entries: list[dict[str, Any]] = []

    def keep(logger: Any, method: str, entry: MutableMapping[str, Any]) -> str:
        entries.append(dict(entry))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[keep], wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    try:
        settings = settings_for(tmp_path, service={"workers": 1})
        with BackgroundServer(create_app(settings), settings.server) as server:
            texts = {"model": "gpt-image-2.5-flare", name: "someone@example.org"}
            assert post(server, image(grey), **texts).status_code == 200
    finally:
        structlog.configure(**before)
    digest = hashlib.sha256(b"someone@example.org").hexdigest()
    (line,) = [entry for entry in entries if entry["event"] == "request"]
    assert line["end_user"]
    assert digest.startswith(line["end_user"])
    assert "someone" not in str(entries)
