"""A JSON body, read piece by piece, and the endpoint that is sent one."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI
from PIL import Image

from retouch.contract.json_body import Store
from retouch.errors import InvalidRequest, PayloadTooLarge
from retouch.server.blobs import Blob
from retouch.server.json_body import is_json, parse_stored, read_json
from retouch.server.running import BackgroundServer
from retouch.server.settings import ServerSettings

PhotoFile = Callable[[str], bytes]


def read(raw: bytes, *, piece: int = 1 << 20, **limits: int) -> object:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(raw), piece):
            yield raw[start : start + piece]

    return asyncio.run(read_json(chunks(), ServerSettings.model_validate(limits)))


def data_url(file: bytes, media_type: str = "image/jpeg") -> str:
    return f"data:{media_type};base64,{base64.b64encode(file).decode()}"


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"]
)
def test_a_content_type_of_json_may_have_parameters(content_type: str) -> None:
    assert is_json(content_type)


@pytest.mark.parametrize(
    "content_type", ["", "multipart/form-data; boundary=application/json", "application/jsonl"]
)
def test_another_content_type_is_no_json(content_type: str) -> None:
    assert not is_json(content_type)


@pytest.mark.parametrize("piece", [1, 3, 1 << 20])
def test_the_value_is_the_same_however_the_body_is_cut(piece: int) -> None:
    value = {"prompt": "größer 😀", "n": 2, "images": [{"image_url": "data:,"}], "stream": None}
    assert read(json.dumps(value, ensure_ascii=False).encode(), piece=piece) == value
    assert read(json.dumps(value).encode(), piece=piece) == value


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read(b'\xef\xbb\xbf{"n": 1}') == {"n": 1}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "expecting value at line 1, column 1."),
        (b'{"n": 1', "expecting ',' delimiter at line 1, column 8."),
        (b'{"n": 1}\n{', "extra data at line 2, column 1."),
        (b'{"a": "\x01"}', "invalid control character at line 1, column 8."),
        (b"prompt=hi&n=1", "expecting value at line 1, column 1."),
        (b'{"a": "\xff"}', "it is not valid UTF-8."),
        ('{"a": "ä"}'.encode("utf-16"), "it is not valid UTF-8."),
        (b'{"a": NaN}', "NaN is no number that can be used."),
        (b'{"a": Infinity}', "Infinity is no number that can be used."),
        (b'{"a": -Infinity}', "-Infinity is no number that can be used."),
        (b'{"a": 1e999}', "1e999 is no number that can be used."),
        (b"9" * 100_000, "it has a number of too many digits."),
        (b"[" * 90_000, "it is nested too deeply."),
        (b'{"a":' * 90_000, "it is nested too deeply."),
        (b'{"a": "\\ud800"}', "it escapes half a character."),
        (b'{"\\udc00": 1}', "it escapes half a character."),
        (b'[[{"a": ["\\ud800"]}]]', "it escapes half a character."),
        (b'{"n": 1, "n": 2}', "the key 'n' is there twice."),
        (b'{"a": {"\\ud800": 1, "\\ud800": 2}}', "the key '?' is there twice."),
    ],
    ids=range(19),
)
def test_what_is_no_usable_json_is_a_400_that_says_why(raw: bytes, reason: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(raw)
    assert caught.value.message == f"We could not parse the JSON body of your request: {reason}"
    assert (caught.value.param, caught.value.code) == (None, "invalid_json")


def test_a_body_one_byte_over_the_limit_is_refused() -> None:
    assert read(b'"' + b"x" * 2046 + b'"', max_json_bytes=2048)
    with pytest.raises(PayloadTooLarge, match="at most 2048 bytes"):
        read(b'"' + b"x" * 2047 + b'"', max_json_bytes=2048, piece=100)


@pytest.mark.parametrize("value", [b"[],", b"{},", b"0,", b'"",', b'{"a":'])
def test_a_body_of_endless_small_values_is_refused_before_it_is_decoded(value: bytes) -> None:
    taken = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal taken
        yield b"["
        while True:
            taken += 1
            yield value * 1000

    with pytest.raises(InvalidRequest, match="it has too many values"):
        asyncio.run(read_json(chunks(), ServerSettings()))
    assert taken <= 101


def test_what_parsing_stores_is_on_disk_without_a_name(tmp_path: Path) -> None:
    def parse(store: Store) -> list[Blob]:
        assert threading.current_thread() is not threading.main_thread()
        return [store(b"one"), store(b"two")]

    blobs = asyncio.run(parse_stored(parse, ServerSettings(upload_directory=tmp_path)))
    assert [(blob.content(), blob.size) for blob in blobs] == [(b"one", 3), (b"two", 3)]
    assert list(tmp_path.iterdir()) == []
    for blob in blobs:
        blob.close()


def test_what_was_stored_is_closed_when_parsing_fails(tmp_path: Path) -> None:
    stored: list[Blob] = []

    def parse(store: Store) -> None:
        stored.extend([store(b"one"), store(b"two")])
        raise InvalidRequest("no")

    with pytest.raises(InvalidRequest):
        asyncio.run(parse_stored(parse, ServerSettings(upload_directory=tmp_path)))
    for blob in stored:
        with pytest.raises(ValueError, match="closed file"):
            blob.fileno()


def test_what_is_stored_after_a_cancellation_is_closed_too(tmp_path: Path) -> None:
    stored: list[Blob] = []
    begun, go_on = threading.Event(), threading.Event()

    def parse(store: Store) -> None:
        begun.set()
        go_on.wait()
        stored.append(store(b"late"))

    async def story() -> None:
        task = asyncio.ensure_future(parse_stored(parse, ServerSettings(upload_directory=tmp_path)))
        await asyncio.to_thread(begun.wait)
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())
    with pytest.raises(ValueError, match="closed file"):
        stored[0].fileno()


@pytest.mark.rule("2.5/json", "2.5/nulls")
def test_the_official_client_edits_with_json(client: OpenAI, photo_file: PhotoFile) -> None:
    answer: Any = client.post(
        "/images/edits",
        body={
            "model": "gpt-image-2",
            "prompt": "as it is",
            "images": [{"image_url": data_url(photo_file("china"))}],
            "mask": None,
            "size": "1024x1024",
            "n": None,
        },
        cast_to=object,
    )
    image = Image.open(io.BytesIO(base64.b64decode(answer["data"][0]["b64_json"])))
    assert (answer["size"], image.size, len(answer["data"])) == ("1024x1024", (1024, 1024), 1)


@pytest.mark.rule("2.5/json")
def test_json_and_form_are_answered_with_the_same_picture(
    client: OpenAI, echo_server: BackgroundServer, photo_file: PhotoFile, picture_file: Callable[..., bytes]
) -> None:
    photo = photo_file("cat")
    mask = Image.new("LA", Image.open(io.BytesIO(photo)).size, (0, 255))
    mask.paste((0, 0), (40, 40, 120, 120))
    mask_file = picture_file(mask)
    sent = client.images.edit(
        model="gpt-image-1.5",
        image=("a.jpg", photo, "image/jpeg"),
        mask=("m.png", mask_file, "image/png"),
        prompt="x",
    )
    got = httpx2.post(
        f"{echo_server.url}/v1/images/edits",
        content=json.dumps(
            {
                "model": "gpt-image-1.5",
                "images": [{"image_url": data_url(photo)}],
                "mask": {"image_url": data_url(mask_file, "image/png")},
                "prompt": "x",
            }
        ),
        headers={"content-type": "application/json; charset=utf-8"},
        timeout=60,
    )
    assert got.status_code == 200
    assert sent.data is not None
    assert sent.usage is not None
    assert got.json()["data"][0]["b64_json"] == sent.data[0].b64_json
    assert got.json()["usage"] == sent.usage.model_dump(exclude_none=True)


def test_a_json_request_can_be_streamed(echo_server: BackgroundServer, photo_file: PhotoFile) -> None:
    body = {
        "prompt": "x",
        "images": [{"image_url": data_url(photo_file("cat"))}],
        "stream": True,
        "partial_images": 2,
    }
    got = httpx2.post(f"{echo_server.url}/v1/images/edits", json=body, timeout=60)
    assert got.headers["content-type"].startswith("text/event-stream")
    names = [line.removeprefix("event: ") for line in got.text.splitlines() if line.startswith("event: ")]
    assert names == ["image_edit.partial_image"] * 2 + ["image_edit.completed"]


def test_a_json_body_sent_in_chunks_is_read(echo_server: BackgroundServer, photo_file: PhotoFile) -> None:
    body = json.dumps({"prompt": "x", "images": [{"image_url": data_url(photo_file("cat"))}]}).encode()

    def pieces() -> Any:
        for start in range(0, len(body), 1000):
            yield body[start : start + 1000]

    got = httpx2.post(
        f"{echo_server.url}/v1/images/edits",
        content=pieces(),
        headers={"content-type": "application/json"},
        timeout=60,
    )
    assert got.status_code == 200


def test_a_refusal_of_json_reaches_the_official_client(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/images/edits", body={"prompt": "x", "images": [{"file_id": "file-1"}]}, cast_to=object)
    assert caught.value.param == "images[0].file_id"
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/images/edits", body=["x"], cast_to=object)
    assert caught.value.code == "invalid_type"


@pytest.mark.parametrize(
    ("raw", "code"), [(b'{"prompt": ', "invalid_json"), (b"", "invalid_json"), (b"[1]", "invalid_type")]
)
def test_a_broken_json_body_is_answered_in_the_envelope(
    echo_server: BackgroundServer, raw: bytes, code: str
) -> None:
    headers = {"content-type": "application/json"}
    got = httpx2.post(f"{echo_server.url}/v1/images/edits", content=raw, headers=headers)
    assert got.status_code == 400
    assert list(got.json()["error"]) == ["message", "type", "param", "code"]
    assert got.json()["error"]["code"] == code


def test_a_key_that_is_half_a_character_is_answered(echo_server: BackgroundServer) -> None:
    headers = {"content-type": "application/json"}
    raw = b'{"prompt": "x", "\\ud800": 1}'
    got = httpx2.post(f"{echo_server.url}/v1/images/edits", content=raw, headers=headers)
    assert (got.status_code, got.json()["error"]["code"]) == (400, "invalid_json")


@pytest.mark.rule("3.2/json-not-an-image")
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("damage", ["no picture", "no header", "no pixels"])
def test_what_is_no_picture_is_told_in_the_recorded_bytes(
    echo_server: BackgroundServer,
    strict_server: BackgroundServer,
    picture_file: Callable[..., bytes],
    damage: str,
    place: int,
) -> None:
    png = picture_file(Image.effect_noise((64, 64), 90))
    broken = {"no picture": b"hello", "no header": png[:20], "no pixels": png[:200] + bytes(len(png) - 200)}[
        damage
    ]
    urls = [data_url(png, "image/png")] * 2
    urls[place] = data_url(broken, "image/png")
    for server in (echo_server, strict_server):
        body = {"prompt": "x", "images": [{"image_url": url} for url in urls]}
        got = httpx2.post(f"{server.url}/v1/images/edits", json=body, timeout=60)
        error = {
            "message": "Invalid image data.",
            "type": "image_generation_user_error",
            "param": f"images[{place}].image_url",
            "code": "invalid_image_file",
        }
        assert got.status_code == 400
        assert got.content == json.dumps({"error": error}, indent=2).encode()
        assert got.headers["content-length"] == "170"


def test_a_picture_of_a_format_that_is_not_read_is_named(
    echo_server: BackgroundServer, picture_file: Callable[..., bytes]
) -> None:
    gif = data_url(picture_file(Image.new("RGB", (64, 64)), "GIF"), "image/gif")
    body = {"prompt": "x", "images": [{"image_url": gif}]}
    told = httpx2.post(f"{echo_server.url}/v1/images/edits", json=body, timeout=60).json()["error"]
    assert told["message"] == "Invalid image data. The file is GIF; supported formats are PNG, JPEG, and WebP."
    assert told["param"] == "images[0].image_url"


@pytest.mark.rule("A.5/json-dall-e-2")
def test_the_older_model_takes_json_unless_strict(
    echo_server: BackgroundServer, strict_server: BackgroundServer, picture_file: Callable[..., bytes]
) -> None:
    png = data_url(picture_file(Image.new("RGBA", (64, 64))), "image/png")
    body = {"model": "dall-e-2", "prompt": "x", "images": [{"image_url": png}], "size": "256x256"}
    got = [
        httpx2.post(f"{server.url}/v1/images/edits", json=body, timeout=60)
        for server in (echo_server, strict_server)
    ]
    assert [answer.status_code for answer in got] == [200, 400]
    assert got[1].json()["error"]["code"] == "unsupported_content_type"
