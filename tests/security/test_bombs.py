"""Pictures, forms and bodies made to break a server, sent to one: each is refused as the contract says, and the
server is as it was before."""

from __future__ import annotations

import base64
import gzip
import io
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from PIL import Image

from retouch.app import create_app
from retouch.server.running import BackgroundServer
from tests.conftest import settings_for
from tests.descriptors import descriptors
from tests.forms import BOUNDARY, Field, encode, image, post, send
from tests.security.targets.files import pictures

PhotoFile = Callable[[str], bytes]

FORM = f"multipart/form-data; boundary={BOUNDARY}"
WORKER_GROWTH = 160 << 20
"""Bytes that hostile pictures may cost a worker at most: less than any bomb here unpacks to."""


def children() -> set[int]:
    tasks = Path("/proc/self/task").iterdir()
    return {int(pid) for task in tasks for pid in (task / "children").read_text().split()}


def peak(pid: int) -> int:
    """The most memory that a process has had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, photo_file: PhotoFile) -> Iterator[BackgroundServer]:
    """A server with the limits it comes with. At the end its workers must be the same and have kept their size,
    and it must hold no file and serve."""
    folder = tmp_path_factory.mktemp("attacked")
    settings = settings_for(folder)
    before = children()
    with BackgroundServer(create_app(settings), settings.server) as running:
        photograph = image(photo_file("china"))
        for _ in range(4):
            assert post(running, photograph, model="echo").status_code == 200
        workers = {pid: peak(pid) for pid in children() - before}
        files = descriptors()
        yield running
        assert post(running, photograph, model="echo").status_code == 200
        assert httpx2.get(f"{running.url}/readyz").status_code == 200
        assert children() - before == set(workers), "a worker was lost"
        assert all(peak(pid) - was < WORKER_GROWTH for pid, was in workers.items())
        assert descriptors() <= files + 8
        assert not [path for path in folder.rglob("*") if path.is_file()]


def refused(answer: httpx2.Response, status: int, code: str | None) -> dict[str, Any]:
    """The error of a refusal that is in order."""
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"].startswith("req_")
    error: dict[str, Any] = answer.json()["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert error["code"] == code
    assert 0 < len(error["message"]) < 1000
    return error


# Pictures.


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, data: bytes, *, colour: int = 2, depth: int = 8, before: bytes = b"") -> bytes:
    """A PNG of any dimensions with compressed ``data`` for its pixels."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + before + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def saved(picture: Image.Image, format_: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, format_, **options)
    return file.getvalue()


SMALL = Image.fromarray(np.arange(16 * 12 * 3, dtype=np.uint8).reshape(12, 16, 3))


def zeros(megabytes: int) -> bytes:
    """So many megabytes of nothing, compressed a thousand times over without being made."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = ((megabytes << 20) % 65521 << 16) + 1
    return b"\x78\xda" + block * megabytes + packer.flush() + struct.pack(">I", checksum)


ZEROS = zeros(512)


def huge_jpeg() -> bytes:
    data = bytearray(saved(SMALL, "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    return bytes(data)


def huge_webp() -> bytes:
    data = bytearray(saved(SMALL.convert("RGBA"), "WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0"))
    at = data.index(b"VP8X") + 8
    data[at + 4 : at + 10] = b"\xff\xff\x3f\xff\xff\x3f"
    return bytes(data)


TOO_LARGE = {
    "a PNG of two thousand million pixels a side": png(2**31 - 1, 2**31 - 1, ZEROS),
    "a PNG of one bit a pixel": png(40_000, 40_000, ZEROS, colour=0, depth=1),
    "a PNG that is one line": png(60_000_000, 1, ZEROS, colour=0),
    "a JPEG of 65535 squared": huge_jpeg(),
    "a WebP canvas of four million squared": huge_webp(),
    "an animation that says it has a thousand million frames": png(
        1, 1, zlib.compress(bytes(4)), before=chunk(b"acTL", struct.pack(">II", 10**9, 0))
    ),
}


@pytest.mark.rule("A.9/image-too-large")
@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_picture_that_would_unpack_to_gigabytes_is_refused(server: BackgroundServer, name: str) -> None:
    refused(post(server, image(TOO_LARGE[name])), 400, "image_too_large")


@pytest.mark.rule("A.9/image-too-large")
def test_pictures_that_are_too_large_together_are_refused(server: BackgroundServer) -> None:
    large = png(7000, 7000, ZEROS, colour=0, depth=1)
    error = refused(post(server, *[image(large, "image[]") for _ in range(5)]), 400, "image_too_large")
    assert "in all images together" in error["message"]


NO_PICTURES = {
    "a text": b"This is a text, honestly.",
    "a text in UTF-16": "a text".encode("utf-16"),
    "nothing": b"",
    "zeros": bytes(4096),
    "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "a page": b"<!DOCTYPE html><script>alert(1)</script>",
    "a document before a picture": b"%PDF-1.7\n" + saved(SMALL),
    "an archive before a picture": b"PK\x03\x04" + saved(SMALL),
    "a program": b"\x7fELF\x02\x01\x01" + bytes(100),
    "a script of ImageMagick": b"push graphic-context\nfill 'url(https://127.0.0.1/)'\npop graphic-context",
    "a GIF": saved(SMALL, "GIF"),
    "a GIF that is a script": b"GIF89a/*" + saved(SMALL) + b"*/=1;alert(1)",
    "a BMP": saved(SMALL, "BMP"),
    "a TIFF": saved(SMALL, "TIFF"),
    "a JPEG that begins as a PNG": b"\x89PNG\r\n\x1a\n" + saved(SMALL, "JPEG"),
    "a PNG of no size": png(0, 0, zlib.compress(b"")),
    "a PNG whose pixels are missing": png(100, 100, zlib.compress(bytes(10))),
    "a PNG whose pixels are no data": png(4000, 4000, b"\0" * 1000),
    "a PNG of an unknown colour": png(16, 12, ZEROS, colour=5),
    "a PNG of ten thousand headers": saved(SMALL)[:33] + saved(SMALL)[8:33] * 10_000 + saved(SMALL)[33:],
    "a JPEG of five thousand comments": saved(SMALL, "JPEG")[:2]
    + b"\xff\xfe\0\x02" * 5000
    + saved(SMALL, "JPEG")[2:],
    "a WebP that says it is longer than it is": saved(SMALL, "WEBP")[:4] + b"\xff" * 4 + saved(SMALL, "WEBP")[8:],
}


@pytest.mark.parametrize("name", NO_PICTURES)
def test_what_is_no_picture_is_refused_whatever_its_part_says(server: BackgroundServer, name: str) -> None:
    refused(post(server, image(NO_PICTURES[name])), 400, "invalid_image_file")


METADATA = {
    "zTXt": chunk(b"zTXt", b"a\0\0" + ZEROS),
    "iTXt": chunk(b"iTXt", b"a\0\1\0\0\0" + ZEROS),
    "iCCP": chunk(b"iCCP", b"a\0\0" + ZEROS),
    "eXIf": chunk(b"eXIf", b"MM\0*\0\0\0\x08\xff\xff" + struct.pack(">HHII", 0x0112, 3, 2**31, 8) * 5000),
    "a frame": chunk(b"fdAT", ZEROS),
}


@pytest.mark.parametrize("name", METADATA)
def test_a_bomb_in_what_is_not_the_picture_is_never_unpacked(server: BackgroundServer, name: str) -> None:
    """See `server` for the memory it may take."""
    bomb = png(16, 12, zlib.compress((b"\0" + bytes(48)) * 12), before=METADATA[name])
    assert post(server, image(bomb), model="echo").status_code == 200


def test_pixels_beyond_the_picture_are_not_unpacked_for_long(server: BackgroundServer) -> None:
    """libpng unpacks and throws away up to 4 GiB after the last row, which costs ten seconds of a processor."""
    refused(post(server, image(png(16, 12, zeros(4096)))), 400, "invalid_image_file")


def test_what_hides_in_a_picture_is_not_in_the_answer(server: BackgroundServer) -> None:
    """A file that is a picture to one program and a script to another."""
    script = b"<?php system($_GET['x']); ?>"
    jpeg = saved(SMALL, "JPEG", comment=script)
    for file in (
        jpeg[:-2] + script + jpeg[-2:] + script,
        saved(SMALL) + b"PK\x03\x04" + script,
        png(16, 12, zlib.compress((b"\0" + bytes(48)) * 12), before=chunk(b"tEXt", b"a\0" + script)),
    ):
        answer = post(server, image(file), model="echo")
        if answer.status_code == 200:
            assert script not in base64.b64decode(answer.json()["data"][0]["b64_json"])
        else:
            refused(answer, 400, "invalid_image_file")


MASKS = {
    "larger than the picture": png(40_000, 40_000, ZEROS, colour=6),
    "animated": saved(SMALL.convert("RGBA"), save_all=True, append_images=[Image.new("RGBA", (16, 12))]),
    "without transparency": saved(SMALL),
    "a JPEG": saved(SMALL, "JPEG"),
    "a text in a file": b"\xffmask",
    "cut short": saved(SMALL.convert("RGBA"))[:-30],
    "of pixels that are missing": png(16, 12, zlib.compress(bytes(10)), colour=6),
}


@pytest.mark.parametrize("name", MASKS)
def test_a_hostile_mask_is_refused(server: BackgroundServer, name: str) -> None:
    answer = post(server, image(saved(SMALL)), image(MASKS[name], "mask"))
    refused(answer, 400, "invalid_mask_image_format")


def test_damaged_files_of_every_format_are_read_or_refused(server: BackgroundServer) -> None:
    chance = np.random.default_rng(5)
    damaged = []
    for file in pictures():
        damaged.append(file[: int(chance.integers(1, len(file)))])
        changed = bytearray(file)
        for _ in range(3):
            changed[int(chance.integers(12, len(file)))] = int(chance.integers(256))
        damaged.append(bytes(changed))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda file: post(server, image(file), model="echo"), damaged))
    for answer in answers:
        if answer.status_code != 200:
            assert refused(answer, 400, answer.json()["error"]["code"])["code"] in (
                "invalid_image_file",
                "image_too_large",
            )


# Forms.


def raw(server: BackgroundServer, body: bytes, content_type: str = FORM, **headers: str) -> httpx2.Response:
    sent = {"content-type": content_type} | {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.post(f"{server.url}/v1/images/edits", content=body, headers=sent, timeout=60)


PROMPT = Field("prompt", "as it is")
TINY = image(saved(SMALL))

FORMS: dict[str, tuple[list[Field], int, str]] = {
    "a thousand parts": ([Field(f"a{n}", "1") for n in range(1000)], 413, "request_too_large"),
    "a thousand files": ([image(b"x", "image[]") for _ in range(1000)], 413, "request_too_large"),
    "a part of many headers": (
        [Field("prompt", "x", content_type="text/plain" + "\r\nX-A: 1" * 50)],
        413,
        "request_too_large",
    ),
    "a part of a huge header": ([Field("prompt", "x", content_type="x" * 100_000)], 413, "request_too_large"),
    "a huge name": ([PROMPT, Field("n" * 100_000, "1"), TINY], 413, "request_too_large"),
    "a long name": ([PROMPT, Field("n" * 4000, "1"), TINY], 400, "unknown_parameter"),
    "a huge text": ([Field("prompt", "x" * 300_000), TINY], 400, "string_above_max_length"),
    "a long prompt": ([Field("prompt", "x" * 40_000), TINY], 400, "string_above_max_length"),
    "a file where a text belongs": ([Field("prompt", b"\x89PNG\xff", "a.png"), TINY], 400, "invalid_type"),
    "a text of no characters": ([Field("prompt", b"\xff\xfe\xfd"), TINY], 400, "invalid_value"),
    "a form in a form": (
        [PROMPT, Field("image", encode([TINY]), content_type=f"multipart/mixed; boundary={BOUNDARY}0")],
        400,
        "invalid_image_file",
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_made_to_be_too_much_is_refused(server: BackgroundServer, name: str) -> None:
    fields, status, code = FORMS[name]
    refused(send(server, fields), status, code)


WHOLE = encode([PROMPT, TINY])


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (WHOLE, "multipart/form-data; boundary=another"),
        (WHOLE, "multipart/form-data; boundary=" + BOUNDARY.upper()),
        (WHOLE, "multipart/form-data; boundary=" + BOUNDARY[:-1]),
        (WHOLE, "multipart/form-data; boundary=" + "x" * 30_000),
        (WHOLE, 'multipart/form-data; boundary=""'),
        (WHOLE, "multipart/form-data"),
        (WHOLE[:-4], FORM),
        (WHOLE[: len(WHOLE) // 2], FORM),
        (b"x" * 100_000 + WHOLE, FORM),
        (b"x" + WHOLE, FORM),
        (WHOLE.replace(b"\r\n", b"\n"), FORM),
        (WHOLE.replace(b'"prompt"', b'"prompt"\n'), FORM),
        (WHOLE.replace(b"form-data;", b"attachment;"), FORM),
        (b"\r\n" * 100_000, FORM),
    ],
    ids=range(14),
)
def test_a_wrong_boundary_or_a_broken_form_is_refused(
    server: BackgroundServer, body: bytes, content_type: str
) -> None:
    refused(raw(server, body, content_type), 400, "invalid_body")


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/passwd",
        "/etc/passwd",
        "C:\\\\windows\\\\win.ini",
        "\\\\\\\\host\\\\share",
        "a.png%00.exe",
        "a\0.png",
        "a%0d%0aX-Evil: 1.png",
        ".",
        "..",
        "",
        "-rf",
        "$(touch evil)",
        "; rm -rf .",
        "con",
        "x" * 3000,
        "\u202egnp.exe",
        "<script>",
    ],
)
def test_a_file_name_is_never_a_path_a_header_or_a_command(server: BackgroundServer, name: str) -> None:
    answer = post(server, image(saved(SMALL), filename=name), model="echo")
    assert answer.status_code == 200
    assert "x-evil" not in answer.headers
    assert name not in answer.text or name in ("", ".", "..")


def test_a_file_name_that_breaks_its_line_is_refused_or_is_no_header_of_the_answer(
    server: BackgroundServer,
) -> None:
    for end in ("\r\n", "\n", "\r"):
        answer = post(server, image(saved(SMALL), filename=f"a{end}X-Evil: 1"), model="echo")
        assert answer.status_code in (200, 400)
        assert "x-evil" not in answer.headers


NUMBERS = (
    *("NaN", "nan", "Infinity", "-Infinity", "1e0", "1e9", "1.0", "0x1", "1_0", "٣", "①", "-1", "1,5"),
    *("1;2", "1 1", "1\0", "True", "[]", "{}", "None", "--1", "1/1", "9" * 20, "9" * 5000),
)


@pytest.mark.parametrize("name", ["n", "output_compression", "partial_images"])
def test_what_looks_like_a_number_is_refused_by_its_name(server: BackgroundServer, name: str) -> None:
    for value in NUMBERS:
        answer = post(server, TINY, **{name: value})
        error = refused(answer, 400, answer.json()["error"]["code"])
        assert error["param"] == name, value


@pytest.mark.parametrize(
    "value", ["NaNxNaN", "1e3x1e3", "-16x-16", "0x0", "1024x1024x", "9" * 4000 + "x16", "1024x1024\0", "inf"]
)
def test_what_looks_like_a_size_is_refused(server: BackgroundServer, value: str) -> None:
    assert refused(post(server, TINY, size=value, model="gpt-image-2"), 400, "invalid_value")["param"] == "size"


def test_a_compressed_body_is_never_unpacked(server: BackgroundServer) -> None:
    bomb = gzip.compress(encode([Field("prompt", "x" * (50 << 20))]))
    refused(raw(server, bomb, content_encoding="gzip"), 400, "invalid_body")


# JSON.


def told(server: BackgroundServer, body: bytes) -> httpx2.Response:
    return raw(server, body, "application/json")


def data_url(file: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(file).decode()


JSON: dict[str, tuple[bytes, str]] = {
    "lists in lists": (b'{"prompt": "x", "images": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "invalid_json"),
    "objects in objects": (b'{"images":' * 50_000 + b"1" + b"}" * 50_000, "invalid_json"),
    "lists just below the limit": (
        b'{"prompt": "x", "images": ' + b"[" * 400 + b"]" * 400 + b"}",
        "invalid_type",
    ),
    "forty thousand pictures": (
        json.dumps({"prompt": "x", "images": [{"image_url": ""}] * 40_000}).encode(),
        "array_above_max_length",
    ),
    "a number of many digits": (b'{"prompt": "x", "images": [], "n": ' + b"9" * 100_000 + b"}", "invalid_json"),
    "no number": (b'{"prompt": "x", "n": NaN}', "invalid_json"),
    "a huge number": (b'{"prompt": "x", "n": 1e400}', "invalid_json"),
    "a long key": (json.dumps({"prompt": "x", "k" * 200_000: 1}).encode(), "unknown_parameter"),
    "a bomb for a picture": (
        json.dumps({"prompt": "x", "images": [{"image_url": data_url(png(40_000, 40_000, ZEROS))}]}).encode(),
        "image_too_large",
    ),
    "a text for a picture": (
        json.dumps({"prompt": "x", "images": [{"image_url": data_url(b"a text")}]}).encode(),
        "invalid_image_file",
    ),
    "twenty million letters for a picture": (
        json.dumps(
            {"prompt": "x", "images": [{"image_url": "data:image/png;base64," + "A" * 20_971_520}]}
        ).encode(),
        "string_above_max_length",
    ),
    "padding only": (
        json.dumps(
            {"prompt": "x", "images": [{"image_url": "data:image/png;base64," + "=" * 1_000_000}]}
        ).encode(),
        "invalid_image_file",
    ),
    "padding in the middle": (
        json.dumps(
            {"prompt": "x", "images": [{"image_url": data_url(saved(SMALL)).replace("AAAA", "A===", 1)}]}
        ).encode(),
        "invalid_image_file",
    ),
    "many pictures that are none": (
        json.dumps({"prompt": "x", "images": [{"image_url": "data:;base64,AAAA"}] * 16}).encode(),
        "invalid_image_file",
    ),
}


@pytest.mark.parametrize("name", JSON)
def test_hostile_json_is_refused(server: BackgroundServer, name: str) -> None:
    body, code = JSON[name]
    refused(told(server, body), 400, code)
