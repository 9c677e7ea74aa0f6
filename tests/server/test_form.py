from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from retouch.contract.form import FilePart, TextPart
from retouch.errors import InvalidRequest, PayloadTooLarge, RetouchError
from retouch.server.form import read_form
from retouch.server.settings import ServerSettings

TYPE = "multipart/form-data; boundary=xyz"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def part(head: str, body: bytes) -> bytes:
    return b"--xyz\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + body + b"\r\n"


END = b"--xyz--\r\n"


def read(
    body: bytes, *, content_type: str = TYPE, piece: int = 1 << 20, **limits: int | Path
) -> list[TextPart | FilePart]:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), piece):
            yield body[start : start + piece]

    settings = ServerSettings.model_validate(limits)
    return asyncio.run(read_form(content_type, chunks(), settings))


def close(parts: list[TextPart | FilePart]) -> None:
    for one in parts:
        if isinstance(one, FilePart):
            one.blob.close()


@pytest.mark.rule("2/multipart")
@pytest.mark.parametrize("piece", [1, 2, 7, 64, 1 << 20])
def test_parts_are_the_same_however_the_body_is_cut(piece: int) -> None:
    body = part('name="prompt"', "größer\r\n--xy".encode()) + part('name="image"; filename="a.png"', PNG) + END
    prompt, image = parts = read(body, piece=piece)
    assert prompt == TextPart("prompt", "größer\r\n--xy")
    assert isinstance(image, FilePart)
    assert (image.name, image.filename, image.size) == ("image", "a.png", len(PNG))
    assert image.blob.content() == PNG
    close(parts)


@pytest.mark.rule("2/unnamed")
def test_a_picture_without_a_file_name_is_a_file() -> None:
    (image,) = parts = read(part('name="image"', PNG) + END)
    assert isinstance(image, FilePart)
    assert image.filename is None
    close(parts)


def test_a_text_in_the_place_of_a_picture_is_a_text() -> None:
    assert read(part('name="image"', b"photo.png") + END) == [TextPart("image", "photo.png")]


@pytest.mark.rule("2/text-types")
def test_the_content_type_of_a_part_is_kept() -> None:
    head = 'name="n"\r\nContent-Type: text/plain'
    assert read(part(head, b"2") + END) == [TextPart("n", "2", "text/plain")]


def test_parts_keep_the_order_they_were_sent_in() -> None:
    body = part('name="b"', b"1") + part('name="a"', b"2") + part('name="b"', b"3") + END
    assert [(one.name, one.value) for one in read(body) if isinstance(one, TextPart)] == [
        ("b", "1"),
        ("a", "2"),
        ("b", "3"),
    ]


@pytest.mark.rule("A.9/file-too-large")
def test_a_file_one_byte_over_the_limit_is_refused_and_named() -> None:
    body = part('name="mask"; filename="m.png"', b"x" * 2049) + END
    with pytest.raises(InvalidRequest, match="Invalid file 'mask': file too large") as caught:
        read(body, max_file_bytes=2048)
    assert (caught.value.param, caught.value.code) == ("mask", "file_too_large")
    close(read(part('name="mask"; filename="m.png"', b"x" * 2048) + END, max_file_bytes=2048))


def test_a_text_over_the_limit_is_refused_and_named() -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(part('name="prompt"', b"x" * 1025) + END, max_field_bytes=1024)
    assert (caught.value.param, caught.value.code) == ("prompt", "string_above_max_length")


def test_a_body_over_the_limit_is_refused() -> None:
    with pytest.raises(PayloadTooLarge):
        read(part('name="prompt"', b"x" * 2000) + END, max_request_bytes=1024)


def test_too_many_parts_are_refused() -> None:
    with pytest.raises(PayloadTooLarge):
        read(part('name="a"', b"1") * 9 + END, max_parts=8)


def test_a_part_with_an_endless_header_is_refused() -> None:
    with pytest.raises(PayloadTooLarge):
        read(part('name="a"; filename="' + "x" * 9000 + '"', b"1") + END)


@pytest.mark.parametrize(
    "body",
    [b"", b"--xyz", part('name="a"', b"1"), b"nonsense" * 100, b"--xyz\r\nNo-Colon\r\n\r\n1\r\n--xyz--\r\n"],
    ids=["empty", "cut boundary", "no end", "nonsense", "broken header"],
)
def test_a_broken_body_is_a_400(body: bytes) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(body)
    assert caught.value.code == "invalid_body"


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_another_content_type_is_named_in_the_refusal(content_type: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(b"a=1", content_type=content_type)
    assert caught.value.code == "unsupported_content_type"
    assert f"'Content-Type: {content_type}'" in caught.value.message


def test_a_missing_boundary_is_a_400() -> None:
    with pytest.raises(InvalidRequest, match="boundary is missing"):
        read(b"", content_type="multipart/form-data")


def test_a_text_that_is_not_utf_8_is_a_400() -> None:
    with pytest.raises(InvalidRequest, match="not valid UTF-8") as caught:
        read(part('name="prompt"', b"\xff\xfe") + END)
    assert caught.value.param == "prompt"


def test_a_refusal_leaves_no_file(tmp_path: Path) -> None:
    body = part('name="image"; filename="a.png"', PNG * 40) + part('name="n"', b"x" * 2000) + END
    with pytest.raises(RetouchError):
        read(body, upload_directory=tmp_path, max_field_bytes=1024)
    assert list(tmp_path.iterdir()) == []


def test_a_read_upload_has_no_name_on_disk(tmp_path: Path) -> None:
    parts = read(part('name="image"; filename="../../a.png"', PNG) + END, upload_directory=tmp_path)
    assert list(tmp_path.iterdir()) == []
    close(parts)


@pytest.mark.parametrize(
    "line",
    [
        b'Content-Disposition: form-data; name="' + b"\xff" * 900 + b'"',
        b"X-\xff: " + b"\0" * 900,
        b"Content-Length: 1e" + b"9" * 900,
        b"no colon " * 100,
    ],
)
def test_a_refused_header_line_is_not_repeated_to_whoever_sent_it(line: bytes) -> None:
    body = b"--xyz\r\nContent-Type: text/plain\r\n" + line + b"\r\n\r\nhi\r\n" + END
    with pytest.raises(InvalidRequest) as caught:
        read(body)
    assert len(caught.value.message) < 200
    assert not any(sign in caught.value.message for sign in ("Error", "b'", "\\x", "utf-8", "999", "colon"))


@pytest.mark.parametrize(("head", "size"), [('filename="a.png"; ', 1100), ("", 1100)])
def test_a_long_name_is_not_repeated_whole(head: str, size: int) -> None:
    with pytest.raises(RetouchError) as caught:
        read(part(f'{head}name="{"x" * 3000}"', b"y" * size) + END, max_file_bytes=1024, max_field_bytes=1024)
    assert len(caught.value.message) < 500
    assert len(caught.value.param or "") < 300
