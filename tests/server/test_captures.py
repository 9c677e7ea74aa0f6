"""What official clients sent, byte for byte, and what becomes of it."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from retouch.contract.catalogue import Catalogue
from retouch.contract.form import FilePart, Part, TextPart
from retouch.contract.json_body import parse_json
from retouch.contract.parameters import EditRequest, parse_form
from retouch.errors import RetouchError
from retouch.server.form import read_form
from retouch.server.json_body import is_json, read_json
from retouch.server.running import BackgroundServer
from retouch.server.settings import ServerSettings

CAPTURES = Path(__file__).parent.parent / "data" / "captures"
PNG, JPEG, STREAM, TEXT = "image/png", "image/jpeg", "application/octet-stream", "text/plain"
PNG_ENDS = (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82")

both_modes = pytest.mark.parametrize("strict", [False, True], ids=["friendly", "strict"])


@dataclass(frozen=True)
class Capture:
    headers: dict[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers["content-type"]


def capture(name: str) -> Capture:
    """A recorded request, its body free of the transfer coding."""
    head, _, body = (CAPTURES / f"{name}.raw").read_bytes().partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")[1:]
    headers = {key.lower(): value for key, _, value in (line.partition(": ") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = dechunked(body)
    else:
        assert len(body) == int(headers["content-length"])
    return Capture(headers, body)


def dechunked(body: bytes) -> bytes:
    whole = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        assert body[length : length + 2] == b"\r\n"
        if not length:
            assert body == b"\r\n"
            return whole
        whole += body[:length]
        body = body[length + 2 :]


def chunks(body: bytes, piece: int) -> AsyncIterator[bytes]:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), piece):
            yield body[start : start + piece]

    return pieces()


def form_of(sent: Capture, *, piece: int = 1 << 20) -> list[Part]:
    """The parts, their files already closed."""
    form = asyncio.run(read_form(sent.content_type, chunks(sent.body, piece), ServerSettings()))
    for part in form:
        if isinstance(part, FilePart):
            content = part.blob.content()
            part.blob.close()
            assert content in sent.body
            assert len(content) == part.size
            if part.content_type != JPEG:
                assert content.startswith(PNG_ENDS[0])
                assert content.endswith(PNG_ENDS[1])
    return list(form)


@dataclass(frozen=True)
class Case:
    """``parts``: (name, text) or (name, file name, type) in the order sent; a text's own type is ``text_type``.
    ``gives``: what the request then has. ``refused``: the (param, code) of the refusal in both modes;
    ``strictly``: of the one in strict mode only."""

    parts: list[tuple[Any, ...]]
    gives: dict[str, Any] = field(default_factory=dict)
    refused: tuple[str, str] | None = None
    strictly: tuple[str, str] | None = None
    text_type: str | None = None


HI = ("prompt", "hi")
A_PNG = ("image", "a.png", PNG)
A_STREAM = ("image", "a.png", STREAM)
X = ("prompt", "x")
MIMETYPE = ("image", "unsupported_file_mimetype")
MIMETYPE_0 = ("image[0]", "unsupported_file_mimetype")
MIMETYPE_1 = ("image[1]", "unsupported_file_mimetype")


def python_cases() -> dict[str, Case]:
    plain = Case([HI, A_PNG], {"prompt": "hi", "model": "gpt-image-1.5", "image_field": "image", "n": 1})
    streamed = [HI, ("stream", "true"), A_PNG]
    names = ("single_open.1", "pathlib.1", "nulls.1", "tuple2.1", "tuple3.1", "tuple4.1")
    cases = dict.fromkeys((*names, "retry_429.1", "retry_429.2", "retry_429.3"), plain) | {
        "bytes.1": Case([HI, ("image", "upload", STREAM)], strictly=MIMETYPE),
        "bytesio_noname.1": Case([HI, ("image", "upload", STREAM)], strictly=MIMETYPE),
        "bytesio_named.1": Case([HI, ("image", "x.png", PNG)]),
        "jpg.1": Case([HI, ("image", "photo.jpg", JPEG)]),
        "tuple_noname.1": Case([HI, ("image", None, None)], strictly=("image", "invalid_type")),
        "unicode.1": Case(
            [("prompt", "naïve “quotes” 日本語\nline2\r\nline3 "), ("image", 'ünï code "q".png', PNG)],
            {"prompt": "naïve “quotes” 日本語\nline2\r\nline3 "},
        ),
        "list_one.1": Case([HI, ("image[]", "a.png", PNG)], {"image_field": "image[]"}),
        "list_two_mask.1": Case(
            [
                HI,
                ("background", "auto"),
                ("input_fidelity", "high"),
                ("model", "gpt-image-2"),
                ("n", "2"),
                ("output_compression", "80"),
                ("output_format", "webp"),
                ("quality", "high"),
                ("size", "1536x864"),
                ("user", "u1"),
                ("image[]", "a.png", PNG),
                ("image[]", "b.png", PNG),
                ("mask", "m.png", PNG),
            ],
            {
                "model": "gpt-image-2",
                "background": "auto",
                "input_fidelity": "high",
                "n": 2,
                "output_compression": 80,
                "output_format": "webp",
                "quality": "high",
                "size": (1536, 864),
                "user": "u1",
                "stream": False,
            },
            strictly=("input_fidelity", "invalid_input_fidelity_model"),
        ),
        "stream_false.1": Case([HI, ("stream", "false"), A_PNG], {"stream": False}),
        "stream_true.1": Case(
            [HI, ("partial_images", "2"), ("stream", "true"), A_PNG], {"stream": True, "partial_images": 2}
        ),
        "retry_stream500.1": Case(streamed, {"stream": True, "partial_images": 0}),
        "retry_stream500.2": Case(streamed, {"stream": True, "partial_images": 0}),
        "empty_prompt.1": Case([("prompt", ""), A_PNG], refused=("prompt", "empty_string")),
        "image_empty_list.1": Case([HI], refused=("image", "missing_required_parameter")),
        "extra_body.1": Case(
            [
                HI,
                ("seed", "42"),
                ("flag", "true"),
                ("arr[]", "x"),
                ("arr[]", "y"),
                ("obj[k]", "1"),
                ("moderation", "low"),
                A_PNG,
            ],
            refused=("seed", "unknown_parameter"),
        ),
        "svg_nested.1": Case(
            [HI, ("output_format", "svg"), ("svg[model]", "m"), ("svg[reasoning][effort]", "low"), A_PNG],
            refused=("svg[model]", "unknown_parameter"),
        ),
        "complexity.1": Case(
            [
                HI,
                ("complexity", "high"),
                ("frame_count", "4"),
                ("frame_duration_ms", "100"),
                ("safety_identifier", "sid"),
                A_PNG,
                ("markup", "m.png", PNG),
            ],
            refused=("complexity", "unknown_parameter"),
        ),
    }
    return {f"python-3.54.0/{name}": case for name, case in cases.items()}


def ruby_cases() -> dict[str, Case]:
    cases = {
        "file_io": Case([A_STREAM, X], strictly=MIMETYPE),
        "filepart": Case([("image", "z.png", PNG), X]),
        "list_one": Case([("image[]", "a.png", STREAM), X], {"image_field": "image[]"}, strictly=MIMETYPE_0),
        "list_mask": Case(
            [
                ("image[]", "a.png", STREAM),
                ("image[]", "b.png", STREAM),
                ("mask", "m.png", STREAM),
                X,
                ("model", "gpt-image-2"),
            ],
            {"model": "gpt-image-2"},
            strictly=MIMETYPE_0,
        ),
        "nil_bool": Case(
            [A_STREAM, X, ("n", "null"), ("extra", "true"), ("seed", "7")], refused=("extra", "unknown_parameter")
        ),
        "single_path": Case(
            [A_STREAM, ("prompt", "héllo"), ("model", "gpt-image-1.5"), ("n", "2"), ("size", "1024x1024")],
            {"prompt": "héllo", "n": 2, "size": (1024, 1024)},
            strictly=MIMETYPE,
        ),
        "stream": Case(
            [A_STREAM, X, ("partial_images", "1"), ("stream", "true")],
            {"stream": True, "partial_images": 1},
            strictly=MIMETYPE,
        ),
        "stream_list": Case(
            [("image[]", "a.png", STREAM), ("image[]", "b.png", STREAM), X, ("stream", "true")],
            {"stream": True},
            strictly=MIMETYPE_0,
        ),
        "string": Case([("image", "upload", TEXT), X], strictly=MIMETYPE),
        "stringio": Case([("image", "upload", STREAM), X], strictly=MIMETYPE),
    }
    return {
        f"ruby-0.80.0/{name}": Case(case.parts, case.gives, case.refused, case.strictly, text_type=TEXT)
        for name, case in cases.items()
    }


def go_cases() -> dict[str, Case]:
    cases = {
        "bytes_reader": Case([("image", "anonymous_file", STREAM), X], strictly=MIMETYPE),
        "extra_null": Case([A_STREAM, X], strictly=MIMETYPE),
        "file_typed": Case([("image", "z.png", PNG), X]),
        "list_mask": Case(
            [
                ("image[]", "a.png", PNG),
                ("image[]", "b.png", STREAM),
                ("mask", "m.png", STREAM),
                ("model", "gpt-image-2"),
                X,
            ],
            {"model": "gpt-image-2"},
            strictly=MIMETYPE_1,
        ),
        "list_one": Case([("image[]", "a.png", STREAM), X], {"image_field": "image[]"}, strictly=MIMETYPE_0),
        "null": Case([A_STREAM, ("n", "null"), X, ("user", "null")], {"n": 1, "user": None}, strictly=MIMETYPE),
        "os_open": Case(
            [A_STREAM, ("model", "gpt-image-1.5"), ("n", "2"), ("prompt", "héllo"), ("size", "1024x1024")],
            {"prompt": "héllo", "n": 2, "size": (1024, 1024)},
            strictly=MIMETYPE,
        ),
        "stream": Case(
            [A_STREAM, ("partial_images", "1"), X, ("stream", "true")],
            {"stream": True, "partial_images": 1},
            strictly=MIMETYPE,
        ),
    }
    return {f"go-3.52.0/{name}": case for name, case in cases.items()}


def cli_cases() -> dict[str, Case]:
    image = ("image[]", "a.png", PNG)
    streamed = Case([image, X, ("stream", "true")], {"stream": True, "partial_images": 0})
    cases = {
        "cli_single": Case([image, ("model", "gpt-image-1.5"), ("n", "2"), X], {"n": 2, "image_field": "image[]"}),
        "cli_list_mask": Case([image, ("image[]", "b.png", PNG), ("mask", "m.png", PNG), X]),
        "cli_null": Case(
            [image, ("n", ""), X, ("size", "")], {"n": 1, "size": None}, strictly=("n", "invalid_type")
        ),
        "cli_streamtrue": streamed,
        "cli_stream_true_sp": streamed,
    }
    return {f"cli-1.8.0/{name}": case for name, case in cases.items()}


CASES = python_cases() | ruby_cases() | go_cases() | cli_cases()
JSON = {"python-3.54.0/json_post.1"}


def test_every_capture_is_accounted_for() -> None:
    there = {str(file.relative_to(CAPTURES).with_suffix("")) for file in CAPTURES.glob("*/*.raw")}
    assert there == CASES.keys() | JSON


@pytest.mark.rule("2/captures")
@pytest.mark.parametrize("piece", [1 << 20, 5])
@pytest.mark.parametrize("name", CASES)
def test_the_parts_are_what_the_client_was_given(name: str, piece: int) -> None:
    case = CASES[name]
    found: list[tuple[Any, ...]] = []
    for part in form_of(capture(name), piece=piece):
        if isinstance(part, FilePart):
            found.append((part.name, part.filename, part.content_type))
        else:
            found.append((part.name, part.value))
            null = case.text_type and part.value == "null"
            assert part.content_type == ("application/json" if null else case.text_type)
    assert found == case.parts


@pytest.mark.rule("2/captures")
@both_modes
@pytest.mark.parametrize("name", CASES)
def test_the_request_is_the_one_meant_or_refused_for_the_right_reason(name: str, strict: bool) -> None:
    case = CASES[name]
    form = form_of(capture(name))
    expected = case.refused or (case.strictly if strict else None)
    if expected is not None:
        with pytest.raises(RetouchError) as caught:
            parse_form(form, Catalogue(), strict=strict)
        assert (caught.value.status, caught.value.param, caught.value.code) == (400, *expected)
        return
    request = parse_form(form, Catalogue(), strict=strict)
    assert {key: getattr(request, key) for key in case.gives} == case.gives
    assert list(request.images) == [part for part in form if part.name in ("image", "image[]")]
    assert request.mask == next((part for part in form if part.name == "mask"), None)


def as_model(name: str, model: str, *left_out: str) -> EditRequest:
    """A capture's request for another model, without some of its parts."""
    form = [part for part in form_of(capture(name)) if part.name not in left_out]
    return parse_form([*form, TextPart("model", model)], Catalogue())


def test_what_is_unknown_to_one_model_is_honoured_by_the_one_it_is_for() -> None:
    request = as_model("python-3.54.0/complexity.1", "gpt-image-2.5-flare", "frame_count", "frame_duration_ms")
    assert (request.complexity, request.safety_identifier) == ("high", "sid")
    assert request.markup is not None
    assert as_model("python-3.54.0/extra_body.1", "darkroom", "flag", "arr[]", "obj[k]").extras == {"seed": 42}
    assert as_model("ruby-0.80.0/nil_bool", "darkroom", "extra").extras == {"seed": 7}


@pytest.mark.parametrize(
    ("capture_name", "model", "left_out", "param"),
    [
        ("python-3.54.0/complexity.1", "gpt-image-2.5-flare", (), "frame_count"),
        ("python-3.54.0/extra_body.1", "darkroom", (), "flag"),
        ("python-3.54.0/extra_body.1", "darkroom", ("flag",), "arr[]"),
        ("python-3.54.0/extra_body.1", "darkroom", ("flag", "arr[]"), "obj[k]"),
    ],
)
def test_nothing_a_client_adds_is_ignored(
    capture_name: str, model: str, left_out: tuple[str, ...], param: str
) -> None:
    with pytest.raises(RetouchError) as caught:
        as_model(capture_name, model, *left_out)
    assert (caught.value.param, caught.value.code) == (param, "unknown_parameter")


@pytest.mark.rule("7/boundary")
@pytest.mark.parametrize(("name", "attempts"), [("retry_429", 3), ("retry_stream500", 2)])
def test_an_attempt_repeats_the_same_parts_behind_another_boundary(name: str, attempts: int) -> None:
    sent = [capture(f"python-3.54.0/{name}.{attempt}") for attempt in range(1, attempts + 1)]
    assert [one.headers["x-stainless-retry-count"] for one in sent] == [str(n) for n in range(attempts)]
    assert len({one.content_type for one in sent}) == attempts

    def parts(one: Capture) -> list[tuple[Any, ...]]:
        return [(p.name, p.size if isinstance(p, FilePart) else p.value) for p in form_of(one)]

    assert all(parts(one) == parts(sent[0]) for one in sent)


@pytest.mark.rule("2/captures")
@both_modes
def test_the_json_body_is_read_and_its_file_id_named(strict: bool) -> None:
    sent = capture("python-3.54.0/json_post.1")
    assert is_json(sent.content_type)
    body: Any = asyncio.run(read_json(chunks(sent.body, 7), ServerSettings()))
    assert body == json.loads(sent.body)
    with pytest.raises(RetouchError) as caught:
        parse_json(body, Catalogue(), strict=strict, store=bytes)
    assert (caught.value.param, caught.value.code) == ("images[1].file_id", "unsupported_value")
    del body["images"][1], body["mask"]
    request = parse_json(body, Catalogue(), strict=strict, store=bytes)
    assert (request.model, request.n, [part.blob for part in request.images]) == ("gpt-image-2", 1, [b"\0\0\0"])


@pytest.mark.rule("2/captures")
@pytest.mark.parametrize(
    "name",
    [
        "python-3.54.0/single_open.1",
        "python-3.54.0/tuple_noname.1",
        "ruby-0.80.0/single_path",
        "go-3.52.0/os_open",
        "cli-1.8.0/cli_list_mask",
    ],
)
def test_the_recorded_bytes_are_answered_with_pictures(echo_server: BackgroundServer, name: str) -> None:
    raw = (CAPTURES / f"{name}.raw").read_bytes()
    raw = re.sub(rb"\APOST \S+", b"POST /v1/images/edits", raw)
    host, _, port = echo_server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(raw)
        answer = http.client.HTTPResponse(connection, method="POST")
        answer.begin()
        body = json.loads(answer.read())
        answer.close()
    assert answer.status == 200
    assert len(body["data"]) == (2 if name.endswith(("single_path", "os_open")) else 1)
    assert all(item["b64_json"] for item in body["data"])
