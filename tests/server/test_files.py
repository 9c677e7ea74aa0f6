"""/v1/files with the official client, and edits that name what was uploaded."""

from __future__ import annotations

import asyncio
import base64
import errno
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import httpx2
import openai
import pytest
from openai import OpenAI
from PIL import Image
from starlette.applications import Starlette

from retouch.app import create_app
from retouch.server.running import BackgroundServer
from retouch.storage.files import FileStore
from tests.conftest import settings_for
from tests.forms import Field, encode, image

PhotoFile = Callable[[str], bytes]
Connect = Callable[..., OpenAI]
KEYS = ["sk-one-0123456789", "sk-two-0123456789"]
FORM = {"content-type": "multipart/form-data; boundary=1e34ddebadb0946c88c70540eb525c9f"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundServer]:
    """A server of two keys and small quotas."""
    settings = settings_for(
        tmp_path_factory.mktemp("files"),
        server={"api_keys": KEYS},
        files={"max_count": 12, "max_bytes": 4 << 20, "lifetime": 9000},
    )
    with BackgroundServer(create_app(settings), settings.server) as running:
        yield running


@pytest.fixture
def mine(server: BackgroundServer, connect: Connect) -> Iterator[OpenAI]:
    """The official client with the first key; what it uploads is gone after the test."""
    client = connect(server, api_key=KEYS[0])
    yield client
    for file in client.files.list():
        client.files.delete(file.id)


@pytest.fixture
def theirs(server: BackgroundServer, connect: Connect) -> OpenAI:
    return connect(server, api_key=KEYS[1])


def edit(client: OpenAI, **fields: Any) -> Any:
    return client.post("/images/edits", body={"model": "gpt-image-2", "prompt": "x", **fields}, cast_to=object)


@pytest.mark.rule("2.5/files")
def test_a_file_is_uploaded_seen_read_and_deleted(mine: OpenAI, photo_file: PhotoFile) -> None:
    photo = photo_file("cat")
    made = mine.files.create(file=("cat.jpg", photo, "image/jpeg"), purpose="vision")
    assert (made.object, made.bytes, made.filename, made.purpose) == ("file", len(photo), "cat.jpg", "vision")
    assert made.status == "processed"
    assert made.expires_at == made.created_at + 9000
    assert mine.files.retrieve(made.id) == made
    assert mine.files.wait_for_processing(made.id) == made
    assert mine.files.content(made.id).read() == photo
    assert list(mine.files.list()) == [made]
    gone = mine.files.delete(made.id)
    assert (gone.id, gone.object, gone.deleted) == (made.id, "file", True)
    assert list(mine.files.list()) == []


def test_a_file_keeps_as_long_as_its_upload_says(mine: OpenAI) -> None:
    made = mine.files.create(
        file=b"some bytes", purpose="user_data", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    assert made.expires_at == made.created_at + 3600
    assert (made.filename, made.purpose) == ("upload", "user_data")


@pytest.mark.rule("2.5/files")
def test_files_come_page_by_page(mine: OpenAI) -> None:
    purposes: list[Literal["vision", "user_data"]] = ["vision", "user_data"] * 3
    made = [mine.files.create(file=(f"{n}.png", b"x"), purpose=one).id for n, one in enumerate(purposes)]
    assert [file.id for file in mine.files.list()] == made[::-1]
    assert [file.id for file in mine.files.list(order="asc")] == made
    assert [file.id for file in mine.files.list(limit=2)] == made[::-1]
    assert [file.id for file in mine.files.list(purpose="user_data", order="asc")] == made[1::2]
    page = mine.files.list(limit=2, after=made[4])
    assert ([file.id for file in page.data], page.has_more) == ([made[3], made[2]], True)
    with pytest.raises(openai.NotFoundError):
        mine.files.list(after="file-none")


@pytest.mark.parametrize(
    ("query", "param", "code"),
    [
        ("limit=0", "limit", "integer_below_min_value"),
        ("limit=10001", "limit", "integer_above_max_value"),
        ("limit=many", "limit", "invalid_type"),
        ("order=up", "order", "invalid_value"),
        ("purpose=batch", "purpose", "invalid_value"),
        ("before=x", "before", "unknown_parameter"),
    ],
)
def test_a_list_that_cannot_be_is_refused(server: BackgroundServer, query: str, param: str, code: str) -> None:
    got = httpx2.get(f"{server.url}/v1/files?{query}", headers={"authorization": f"Bearer {KEYS[0]}"})
    assert got.status_code == 400
    assert (got.json()["error"]["param"], got.json()["error"]["code"]) == (param, code)


@pytest.mark.rule("2.5/file-id")
def test_another_keys_file_does_not_exist(mine: OpenAI, theirs: OpenAI, photo_file: PhotoFile) -> None:
    made = mine.files.create(file=photo_file("cat"), purpose="vision")
    expected = {
        "message": f"No such File object: {made.id}",
        "type": "invalid_request_error",
        "param": "id",
        "code": None,
    }
    asked: list[Callable[[str], Any]] = [theirs.files.retrieve, theirs.files.content, theirs.files.delete]
    for ask in asked:
        with pytest.raises(openai.NotFoundError) as caught:
            ask(made.id)
        assert caught.value.body == expected
    assert list(theirs.files.list()) == []
    with pytest.raises(openai.BadRequestError) as refused:
        edit(theirs, images=[{"file_id": made.id}])
    assert (refused.value.param, refused.value.code) == ("images[0].file_id", "file_not_found")
    assert edit(mine, images=[{"file_id": made.id}])["data"]


def test_without_a_key_nobody_comes_in(server: BackgroundServer) -> None:
    for method, path in (
        ("GET", ""),
        ("POST", ""),
        ("GET", "/file-1"),
        ("DELETE", "/file-1"),
        ("GET", "/file-1/content"),
    ):
        got = httpx2.request(method, f"{server.url}/v1/files{path}")
        assert (got.status_code, got.json()["error"]["type"]) == (401, "invalid_request_error")


@pytest.mark.rule("2.5/file-id")
def test_an_edit_takes_images_and_mask_by_their_ids(
    mine: OpenAI, photo_file: PhotoFile, picture_file: Callable[..., bytes]
) -> None:
    photo = photo_file("cat")
    mask = Image.new("LA", Image.open(io.BytesIO(photo)).size, (0, 255))
    mask.paste((0, 0), (40, 40, 120, 120))
    ids = [mine.files.create(file=file, purpose="vision").id for file in (photo, picture_file(mask))]
    by_id = edit(mine, images=[{"file_id": ids[0]}, {"file_id": ids[0]}], mask={"file_id": ids[1]})
    data = [base64.b64encode(file).decode() for file in (photo, picture_file(mask))]
    mixed = edit(
        mine,
        images=[{"file_id": ids[0]}, {"image_url": f"data:image/jpeg;base64,{data[0]}"}],
        mask={"image_url": f"data:image/png;base64,{data[1]}"},
    )
    sent = mine.images.edit(model="gpt-image-2", prompt="x", image=[photo, photo], mask=picture_file(mask))
    assert sent.data is not None
    assert by_id["data"][0]["b64_json"] == mixed["data"][0]["b64_json"] == sent.data[0].b64_json
    assert by_id["usage"] == mixed["usage"]
    assert next(iter(mine.files.list())).id == ids[1]


def test_markup_is_taken_by_its_id_and_a_stream_too(
    mine: OpenAI, server: BackgroundServer, photo_file: PhotoFile, picture_file: Callable[..., bytes]
) -> None:
    photo = photo_file("cat")
    markup = Image.new("RGBA", Image.open(io.BytesIO(photo)).size)
    markup.paste((255, 0, 0, 255), (40, 40, 120, 120))
    ids = [mine.files.create(file=file, purpose="vision").id for file in (photo, picture_file(markup))]
    body = {
        "model": "gpt-image-2.5-flare",
        "prompt": "x",
        "images": [{"file_id": ids[0]}],
        "markup": {"file_id": ids[1]},
        "stream": True,
    }
    got = httpx2.post(
        f"{server.url}/v1/images/edits", json=body, headers={"authorization": f"Bearer {KEYS[0]}"}, timeout=60
    )
    assert "event: image_edit.completed" in got.text


@pytest.mark.rule("3.2/file-not-found")
@pytest.mark.parametrize("place", ["images", "mask"])
def test_a_file_that_is_not_there_is_named(mine: OpenAI, photo_file: PhotoFile, place: str) -> None:
    there = mine.files.create(file=photo_file("cat"), purpose="vision").id
    fields: dict[str, Any] = {"images": [{"file_id": there}], "mask": None}
    if place == "images":
        fields["images"].append({"file_id": "file-nowhere"})
    else:
        fields["mask"] = {"file_id": "file-nowhere"}
    with pytest.raises(openai.BadRequestError) as caught:
        edit(mine, **fields)
    assert caught.value.body == {
        "message": "No such File object: file-nowhere",
        "type": "invalid_request_error",
        "param": "images[1].file_id" if place == "images" else "mask.file_id",
        "code": "file_not_found",
    }


def test_an_invalid_request_is_refused_before_its_files_are_looked_for(mine: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        edit(mine, images=[{"file_id": "file-nowhere"}], n=11)
    assert caught.value.param == "n"


def test_a_file_that_is_no_picture_is_named_by_its_id(mine: OpenAI) -> None:
    made = mine.files.create(file=("a.png", b"hello"), purpose="user_data")
    with pytest.raises(openai.BadRequestError) as caught:
        edit(mine, images=[{"file_id": made.id}])
    assert caught.value.body == {
        "message": "Invalid image data.",
        "type": "image_generation_user_error",
        "param": "images[0].file_id",
        "code": "invalid_image_file",
    }


def test_a_mask_that_is_too_large_is_refused_once_it_is_found(mine: OpenAI, photo_file: PhotoFile) -> None:
    photo = mine.files.create(file=photo_file("cat"), purpose="vision").id
    with pytest.raises(openai.BadRequestError) as caught:
        edit(mine, model="dall-e-2", images=[{"file_id": photo}], mask={"file_id": "file-nowhere"})
    assert caught.value.code == "file_not_found"


@pytest.mark.parametrize(
    ("fields", "message", "param", "code"),
    [
        ([], "Missing required parameter: 'file'.", "file", "missing_required_parameter"),
        (
            [Field("purpose", "vision"), Field("file", "path.png")],
            "Invalid type for 'file': expected a file, but got a string instead.",
            "file",
            "invalid_type",
        ),
        ([image(b"", "file")], "Invalid file 'file': the file is empty.", "file", "empty_file"),
        ([image(b"x", "file")], "Missing required parameter: 'purpose'.", "purpose", "missing_required_parameter"),
        (
            [image(b"x", "file"), Field("purpose", "batch")],
            "Invalid value: 'batch'. Supported values are: 'vision' and 'user_data'.",
            "purpose",
            "invalid_value",
        ),
        (
            [image(b"x", "file"), Field("purpose", "vision"), Field("expires_after[seconds]", "3600")],
            "Missing required parameter: 'expires_after[anchor]'.",
            "expires_after[anchor]",
            "missing_required_parameter",
        ),
        (
            [image(b"x", "file"), Field("purpose", "vision"), Field("expires_after[anchor]", "created_at")],
            "Missing required parameter: 'expires_after[seconds]'.",
            "expires_after[seconds]",
            "missing_required_parameter",
        ),
        (
            [
                image(b"x", "file"),
                Field("purpose", "vision"),
                Field("expires_after[anchor]", "created_at"),
                Field("expires_after[seconds]", "3599"),
            ],
            "Invalid 'expires_after[seconds]': integer below minimum value. Expected a value >= 3600, but got 3599"
            " instead.",
            "expires_after[seconds]",
            "integer_below_min_value",
        ),
        (
            [image(b"x", "file"), Field("purpose", "vision"), image(b"x", "image")],
            "Unknown parameter: 'image'.",
            "image",
            "unknown_parameter",
        ),
        (
            [image(b"x", "file"), image(b"y", "file"), Field("purpose", "vision")],
            None,
            "file",
            "duplicate_parameter",
        ),
    ],
)
def test_an_upload_that_breaks_a_rule_is_refused_and_nothing_kept(
    server: BackgroundServer, mine: OpenAI, fields: list[Field], message: str | None, param: str, code: str
) -> None:
    got = httpx2.post(
        f"{server.url}/v1/files",
        content=encode(fields),
        headers={"authorization": f"Bearer {KEYS[0]}"} | FORM,
    )
    assert got.status_code == 400
    error = got.json()["error"]
    assert (error["param"], error["code"]) == (param, code)
    assert message in (None, error["message"])
    assert list(mine.files.list()) == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\pictures\\a.png", "a.png"),
        ("ünï.png", "ünï.png"),
        ("a\u200bb\u2028.png", "ab.png"),
        ("/", "upload"),
        ("x" * 400 + ".png", "x" * 251 + ".png"),
    ],
)
def test_a_file_name_is_a_name_and_no_path(mine: OpenAI, sent: str, kept: str) -> None:
    made = mine.files.create(file=(sent, b"x"), purpose="vision")
    assert made.filename == kept
    assert mine.files.content(made.id).read() == b"x"


def test_what_was_uploaded_runs_in_no_browser(mine: OpenAI) -> None:
    made = mine.files.create(file=("a.html", b"<script>alert(1)</script>", "text/html"), purpose="user_data")
    headers = mine.files.content(made.id).response.headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"] == 'attachment; filename="a.html"'
    assert headers["x-content-type-options"] == "nosniff"


def test_a_caller_who_has_too_many_files_is_told(mine: OpenAI, theirs: OpenAI) -> None:
    for _ in range(12):
        mine.files.create(file=b"x", purpose="vision")
    with pytest.raises(openai.BadRequestError) as caught:
        mine.files.create(file=b"x", purpose="vision")
    assert caught.value.code == "file_quota_exceeded"
    theirs.files.delete(theirs.files.create(file=b"x", purpose="vision").id)


def ask(app: Starlette, method: str, path: str, **content: Any) -> httpx2.Response:
    """What the application answers without its workers, which files do not need."""

    async def story() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost/v1") as client:
            return await client.request(method, path, **content)

    return asyncio.run(story())


def upload(app: Starlette, data: bytes) -> httpx2.Response:
    return ask(app, "POST", "/files", files={"file": ("a.png", data)}, data={"purpose": "vision"})


def test_files_survive_a_restart(tmp_path: Path) -> None:
    made = upload(create_app(settings_for(tmp_path)), b"picture").json()
    restarted = create_app(settings_for(tmp_path))
    assert ask(restarted, "GET", f"/files/{made['id']}").json() == made
    assert ask(restarted, "GET", f"/files/{made['id']}/content").content == b"picture"
    assert ask(restarted, "GET", "/files").json()["data"] == [made]


def test_a_disk_that_fills_up_is_a_507_and_leaves_nothing(tmp_path: Path, small_files: None) -> None:
    app = create_app(settings_for(tmp_path))
    refused = upload(app, bytes(100_000))
    assert (refused.status_code, refused.json()["error"]["code"]) == (507, "storage_full")
    assert ask(app, "GET", "/files").json()["data"] == []
    assert upload(app, bytes(1000)).status_code == 200


def test_a_file_that_only_fits_where_uploads_lie_is_a_507_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    app = create_app(settings_for(tmp_path))
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        refused = upload(app, b"picture")
    assert (refused.status_code, refused.json()["error"]["code"]) == (507, "storage_full")
    assert list((tmp_path / "files").glob("*/*")) == []
    assert upload(app, b"picture").status_code == 200


def test_files_of_one_address_are_not_those_of_another(tmp_path: Path) -> None:
    """Where no key is asked for, an address is who one is."""
    app = create_app(settings_for(tmp_path))
    made = upload(app, b"picture").json()

    async def story() -> int:
        transport = httpx2.ASGITransport(app=app, client=("192.0.2.7", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost/v1") as client:
            return (await client.get(f"/files/{made['id']}")).status_code

    assert asyncio.run(story()) == 404


@pytest.mark.parametrize(
    ("server", "files"), [({"host": "0.0.0.0"}, {}), ({}, {"enabled": False})], ids=["open", "off"]
)
def test_a_server_that_keeps_no_files_says_so(
    tmp_path: Path, server: dict[str, object], files: dict[str, object]
) -> None:
    app = create_app(settings_for(tmp_path, server=server, files=files))
    assert ask(app, "GET", "/files").status_code == 404
    assert upload(app, b"picture").status_code == 404
    body = {"prompt": "x", "images": [{"file_id": "file-1"}]}
    error = ask(app, "POST", "/images/edits", json=body).json()["error"]
    assert (error["code"], error["param"]) == ("unsupported_value", "images[0].file_id")
    assert "/v1/files" not in ask(app, "GET", "/openapi.json").text
    assert not (tmp_path / "files").exists()


def test_a_file_that_goes_between_look_up_and_answer_is_one_that_is_not_there(
    mine: OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = mine.files.create(file=b"some bytes", purpose="user_data")
    get = FileStore.get

    def get_and_lose(store: FileStore, owner: str, id: str) -> Any:
        found = get(store, owner, id)
        assert found is not None
        found.path.unlink()
        return found

    monkeypatch.setattr(FileStore, "get", get_and_lose)
    with pytest.raises(openai.NotFoundError, match="No such File object"):
        mine.files.content(made.id)
    monkeypatch.undo()


def test_an_upload_is_a_request_of_the_budget(tmp_path: Path, connect: Connect) -> None:
    settings = settings_for(tmp_path, server={"requests_per_minute": 2}, service={"workers": 1})
    with BackgroundServer(create_app(settings), settings.server) as server:
        client = connect(server, max_retries=0)
        answers = [
            client.files.with_raw_response.create(file=b"some bytes", purpose="user_data").headers
            for _ in range(2)
        ]
        assert [one["x-ratelimit-remaining-requests"] for one in answers] == ["1", "0"]
        with pytest.raises(openai.RateLimitError, match="requests per min"):
            client.files.create(file=b"some bytes", purpose="user_data")
        assert len(list(client.files.list())) == 2
