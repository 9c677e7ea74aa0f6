"""JSON edits whose pictures are elsewhere: what is fetched when, and what a client is told."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import OpenAI
from PIL import Image

from retouch.app import create_app, create_fetcher
from retouch.server.running import BackgroundServer
from tests.conftest import settings_for
from tests.server.fetching.conftest import Elsewhere, Page

PhotoFile = Callable[[str], bytes]


@pytest.fixture(scope="module")
def shared() -> Iterator[Elsewhere]:
    server = Elsewhere()
    yield server
    server.close()


@pytest.fixture
def elsewhere(shared: Elsewhere, photo_file: PhotoFile) -> Elsewhere:
    shared.seen.clear()
    shared.pages = {"/cat.jpg": Page(200, {"content-type": "application/octet-stream"}, photo_file("cat"))}
    return shared


@pytest.fixture(scope="module")
def server(shared: Elsewhere, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundServer]:
    settings = settings_for(
        tmp_path_factory.mktemp("urls"),
        fetching={
            "allowed_networks": ["127.0.0.1/32"],
            "ports": [shared.port],
            "seconds": 20,
            "requests_per_caller": 2,
        },
    )
    with BackgroundServer(create_app(settings), settings.server) as running:
        yield running


def post(
    server: BackgroundServer, *urls: str, headers: dict[str, str] | None = None, **fields: Any
) -> httpx2.Response:
    body = {"prompt": "x", "images": [{"image_url": url} for url in urls], **fields}
    return httpx2.post(f"{server.url}/v1/images/edits", json=body, headers=headers, timeout=60)


def at(elsewhere: Elsewhere, path: str) -> str:
    return f"http://127.0.0.1:{elsewhere.port}{path}"


def visited(elsewhere: Elsewhere) -> list[str]:
    return [path for path, _ in elsewhere.seen]


@pytest.mark.rule("2.5/address")
def test_a_picture_elsewhere_is_edited_like_one_that_is_sent(
    server: BackgroundServer,
    elsewhere: Elsewhere,
    connect: Callable[..., OpenAI],
    photo_file: PhotoFile,
    picture_file: Callable[..., bytes],
) -> None:
    photo = photo_file("cat")
    mask = Image.new("LA", Image.open(io.BytesIO(photo)).size, (0, 255))
    mask.paste((0, 0), (40, 40, 120, 120))
    elsewhere.pages |= {
        "/mask": Page(body=picture_file(mask)),
        "/here": Page(302, {"location": "/cat.jpg"}),
    }
    got = post(
        server,
        at(elsewhere, "/cat.jpg"),
        at(elsewhere, "/here"),
        model="gpt-image-2",
        mask={"image_url": at(elsewhere, "/mask")},
    )
    sent = connect(server).images.edit(
        model="gpt-image-2", prompt="x", image=[photo, photo], mask=picture_file(mask)
    )
    assert sent.data is not None
    assert got.json()["data"][0]["b64_json"] == sent.data[0].b64_json
    assert sorted(visited(elsewhere)) == ["/cat.jpg", "/cat.jpg", "/here", "/mask"]


@pytest.mark.rule("3.2/json-url-404")
@pytest.mark.parametrize("stream", [False, True])
def test_a_picture_that_is_not_there_is_told_in_the_recorded_bytes(
    server: BackgroundServer, elsewhere: Elsewhere, stream: bool
) -> None:
    got = post(server, at(elsewhere, "/cat.jpg"), at(elsewhere, "/missing"), stream=stream)
    error = {
        "message": "Error while downloading file. Upstream status code: 404.",
        "type": "invalid_request_error",
        "param": "url",
        "code": "invalid_value",
    }
    assert got.status_code == 400
    assert got.content == json.dumps({"error": error}, indent=2).encode()
    assert got.headers["content-length"] == "180"


@pytest.mark.rule("3.2/json-not-an-image")
def test_what_is_there_but_no_picture_is_told_in_the_recorded_bytes(
    server: BackgroundServer, elsewhere: Elsewhere
) -> None:
    elsewhere.pages["/page"] = Page(200, {"content-type": "image/png"}, b"<html>hello</html>")
    got = post(server, at(elsewhere, "/page"))
    error = {
        "message": "Invalid image data.",
        "type": "image_generation_user_error",
        "param": "images[0].image_url",
        "code": "invalid_image_file",
    }
    assert got.status_code == 400
    assert got.content == json.dumps({"error": error}, indent=2).encode()
    assert got.headers["content-length"] == "170"


@pytest.mark.rule("2.5/address")
@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 11}, "n"),
        ({"size": "bogus", "model": "gpt-image-2"}, "size"),
        ({"style": "vivid"}, "style"),
        ({"prompt": ""}, "prompt"),
        ({"partial_images": 2}, "partial_images"),
        ({"mask": {"image_url": "data:,"}}, "mask.image_url"),
        ({"mask": {"file_id": "file-none"}}, "mask.file_id"),
        ({"mask": {"image_url": "http://127.1/"}}, "url"),
    ],
)
def test_nothing_is_fetched_for_a_request_that_is_wrong_anyway(
    server: BackgroundServer, elsewhere: Elsewhere, fields: dict[str, Any], param: str
) -> None:
    got = post(server, at(elsewhere, "/cat.jpg"), **fields)
    assert (got.status_code, got.json()["error"]["param"]) == (400, param)
    assert visited(elsewhere) == []


def test_a_retry_that_is_answered_by_its_first_try_fetches_nothing(
    server: BackgroundServer, elsewhere: Elsewhere
) -> None:
    url = at(elsewhere, "/cat.jpg?retry")
    elsewhere.pages["/cat.jpg?retry"] = elsewhere.pages["/cat.jpg"]
    first = post(server, url)
    again = post(server, url, headers={"x-stainless-retry-count": "1"})
    assert first.status_code == 200
    assert again.content == first.content
    assert visited(elsewhere) == ["/cat.jpg?retry"]


@pytest.mark.rule("3.2/json-url-unreachable")
def test_addresses_that_are_not_to_be_reached_read_like_those_that_cannot(
    server: BackgroundServer, elsewhere: Elsewhere
) -> None:
    port = elsewhere.port
    told = {
        post(server, url).text
        for url in (
            f"http://10.0.0.1:{port}/",
            f"http://169.254.169.254:{port}/latest/meta-data/",
            f"http://[::ffff:127.0.0.1]:{port}/cat.jpg",
            f"http://2130706433:{port}/cat.jpg",
            f"http://user@127.0.0.1:{port}/cat.jpg",
            "http://127.0.0.1:22/",
            f"https://127.0.0.1:{port}/cat.jpg",
        )
    }
    (one,) = told
    assert json.loads(one)["error"]["message"] == "Error while downloading file."
    assert visited(elsewhere) == []


def test_one_caller_has_so_many_requests_fetched_for_and_one_who_leaves_gives_up_the_place(
    server: BackgroundServer, elsewhere: Elsewhere
) -> None:
    elsewhere.pages["/slow"] = Page(body=b"x", pieces=300, pause=0.1)

    async def story() -> None:
        body = {"prompt": "x", "images": [{"image_url": at(elsewhere, "/slow")}]}
        address = f"{server.url}/v1/images/edits"
        async with httpx2.AsyncClient(timeout=60) as client:
            asked = [asyncio.ensure_future(client.post(address, json=body)) for _ in range(2)]
            while len(elsewhere.seen) < 2:
                await asyncio.sleep(0.02)
            refused = await client.post(address, json=body)
            assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit_exceeded")
            assert refused.headers["retry-after"] == "1"
            for task in asked:
                task.cancel()
            body["images"] = [{"image_url": at(elsewhere, "/cat.jpg")}]
            for _ in range(100):
                answered = await client.post(address, json=body)
                if answered.status_code == 200:
                    return
                await asyncio.sleep(0.05)
        raise AssertionError("the places of those who left are still taken")

    started = time.monotonic()
    asyncio.run(story())
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("server", "fetching", "fetches"),
    [
        ({"host": "127.0.0.1"}, {}, True),
        ({"host": "0.0.0.0"}, {}, False),
        ({"host": "::"}, {}, False),
        ({"host": "0.0.0.0", "api_keys": ["sk-one"]}, {}, True),
        ({"host": "0.0.0.0"}, {"enabled": True}, True),
        ({"host": "127.0.0.1"}, {"enabled": False}, False),
    ],
)
def test_an_open_server_fetches_nothing_unless_it_is_told_to(
    tmp_path: Path, server: dict[str, object], fetching: dict[str, object], fetches: bool
) -> None:
    settings = settings_for(tmp_path, server=server, fetching=fetching)
    assert (create_fetcher(settings) is not None) == fetches


def test_a_key_that_named_another_request_is_refused_before_anything_is_fetched(
    server: BackgroundServer, elsewhere: Elsewhere
) -> None:
    elsewhere.pages["/cat.jpg?other"] = elsewhere.pages["/cat.jpg"]
    headers = {"idempotency-key": "fetched-once"}
    assert post(server, at(elsewhere, "/cat.jpg"), headers=headers).status_code == 200
    got = post(server, at(elsewhere, "/cat.jpg?other"), headers=headers)
    assert (got.status_code, got.json()["error"]["code"]) == (400, "idempotency_key_reused")
    assert visited(elsewhere) == ["/cat.jpg"]
