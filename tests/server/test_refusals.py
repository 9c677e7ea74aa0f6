"""The recorded refusals over the wire, byte for byte, from a friendly server and from a strict one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from PIL import Image

from retouch.errors import InvalidImageFile, InvalidRequest, RetouchError, UserError
from retouch.server.answers import error_response
from retouch.server.running import BackgroundServer
from tests.forms import Field, image, post, send

IRE = "invalid_request_error"
IGUE = "image_generation_user_error"
UNCONVERTIBLE = "but got a string value that could not be converted into"
TYPES = "'image/jpeg', 'image/png', and 'image/webp'"


@pytest.fixture(scope="module")
def png(picture_file: Callable[..., bytes]) -> bytes:
    return picture_file(Image.new("RGB", (64, 64), (9, 90, 200)))


def body(kind: str, message: str, param: str | None, code: str | None) -> bytes:
    """The envelope: two-space indent, this order of keys, no newline at the end."""
    return json.dumps(
        {"error": {"message": message, "type": kind, "param": param, "code": code}}, indent=2
    ).encode()


def check(answer: httpx2.Response, expected: bytes, status: int = 400) -> None:
    assert answer.content == expected
    assert answer.status_code == status
    assert answer.headers["content-length"] == str(len(expected))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"].startswith("req_")


def row(
    rule: str, texts: dict[str, str], kind: str, message: str, param: str | None, code: str | None, id: str = ""
) -> Any:
    name = id or " ".join(f"{key}={value[:12]}" for key, value in texts.items())
    return pytest.param(texts, body(kind, message, param, code), marks=pytest.mark.rule(rule), id=name)


def off_the_list(rule: str, name: str, value: str, supported: str, **texts: str) -> Any:
    message = f"Invalid value: '{value}'. Supported values are: {supported}."
    return row(rule, {**texts, name: value}, IRE, message, name, "invalid_value")


def out_of_range(rule: str, name: str, value: int, side: str, limit: str, **texts: str) -> Any:
    word = "below minimum" if side == "min" else "above maximum"
    message = f"Invalid '{name}': integer {word} value. Expected a value {limit}, but got {value} instead."
    return row(
        rule,
        {**texts, name: str(value)},
        IRE,
        message,
        name,
        f"integer_{word.replace('imum', '').replace(' ', '_')}_value",
    )


def bad_size(rule: str, value: str, reason: str) -> Any:
    texts = {"model": "gpt-image-2", "size": value}
    return row(rule, texts, IGUE, f"Invalid size '{value}'. {reason}", "size", "invalid_value")


FORM = "Expected WIDTHxHEIGHT, for example '1824x1024'."
DIVISIBLE = "Width and height must both be divisible by 16."
QUALITIES = "'low', 'medium', 'high', and 'auto'"
SIZES = "'1024x1024', '1024x1536', '1536x1024', and 'auto'"

ROWS = [
    row(
        "3.2/model-unknown",
        {"model": "gpt-9"},
        IGUE,
        "The model 'gpt-9' does not exist.",
        "model",
        "invalid_value",
    ),
    row(
        "3.2/model-unknown",
        {"model": ""},
        IGUE,
        "The model '' does not exist.",
        "model",
        "invalid_value",
        "no name",
    ),
    row(
        "A.1/dall-e-3",
        {"model": "dall-e-3"},
        IGUE,
        "The model 'dall-e-3' does not exist.",
        "model",
        "invalid_value",
    ),
    row(
        "3.2/prompt-empty",
        {"prompt": ""},
        IRE,
        "Invalid 'prompt': empty string. Expected a string with minimum length 1, but got an empty string "
        "instead.",
        "prompt",
        "empty_string",
    ),
    row(
        "3.2/prompt-too-long",
        {"prompt": "x" * 32001},
        IRE,
        "Invalid 'prompt': string too long. Expected a string with maximum length 32000, but got a string with "
        "length 32001 instead.",
        "prompt",
        "string_above_max_length",
    ),
    row(
        "3.2/prompt-too-long",
        {"prompt": "x" * 1001, "model": "dall-e-2"},
        IRE,
        "Invalid 'prompt': string too long. Expected a string with maximum length 1000, but got a string with "
        "length 1001 instead.",
        "prompt",
        "string_above_max_length",
    ),
    row(
        "3.2/images-in-a-form",
        {"images": "[]"},
        IRE,
        "Unknown parameter: 'images'. For multipart/form-data use 'image' or 'image[]'.",
        "images",
        "invalid_value",
    ),
    out_of_range("3.2/n-range", "n", 0, "min", ">= 1"),
    out_of_range("3.2/n-range", "n", 11, "max", "<= 10"),
    *(
        row(
            "3.2/n-type",
            {"n": n},
            IRE,
            f"Invalid type for 'n': expected an integer, {UNCONVERTIBLE} an integer.",
            "n",
            "invalid_type",
        )
        for n in ("abc", "2.5", "true", "1e1")
    ),
    out_of_range("3.2/compression-partials-range", "output_compression", -1, "min", ">= 0", output_format="webp"),
    out_of_range(
        "3.2/compression-partials-range", "output_compression", 101, "max", "<= 100", output_format="webp"
    ),
    out_of_range("3.2/compression-partials-range", "partial_images", -1, "min", ">= 0", stream="true"),
    out_of_range("3.2/compression-partials-range", "partial_images", 4, "max", "<= 3", stream="true"),
    row(
        "3.2/png-compression",
        {"output_compression": "99"},
        IGUE,
        "Compression less than 100 is not supported for PNG output format",
        None,
        "invalid_png_output_compression",
    ),
    off_the_list("3.2/quality", "quality", "ultra", QUALITIES),
    off_the_list("3.2/quality", "quality", "hd", QUALITIES, model="gpt-image-2"),
    off_the_list("3.2/quality", "quality", "xhigh", QUALITIES, model="gpt-image-2"),
    off_the_list("3.2/output-format", "output_format", "gif", "'png', 'webp', and 'jpeg'", model="gpt-image-2"),
    off_the_list("3.2/background", "background", "bogus", "'transparent', 'opaque', and 'auto'"),
    off_the_list("3.2/moderation", "moderation", "bogus", "'auto' and 'low'"),
    off_the_list("3.2/input-fidelity", "input_fidelity", "bogus", "'high' and 'low'"),
    row(
        "3.2/transparent-jpeg",
        {"background": "transparent", "output_format": "jpeg"},
        IGUE,
        "Transparent background is not supported for JPEG output format.",
        "background",
        "invalid_value",
    ),
    row("3.2/unknown-key", {"style": "vivid"}, IRE, "Unknown parameter: 'style'.", "style", "unknown_parameter"),
    row("3.2/unknown-key", {"seed": "7"}, IRE, "Unknown parameter: 'seed'.", "seed", "unknown_parameter"),
    row(
        "3.2/response-format",
        {"response_format": "url"},
        IRE,
        "Unknown parameter: 'response_format'.",
        "response_format",
        "unknown_parameter",
    ),
    row(
        "3.2/stream-type",
        {"stream": "yes"},
        IRE,
        f"Invalid type for 'stream': expected a boolean, {UNCONVERTIBLE} a boolean.",
        "stream",
        "invalid_type",
    ),
    *(bad_size("3.2/size-form", value, FORM) for value in ("bogus", "0x0", "16:9", "1024X1024", "1024", "x")),
    bad_size("3.2/size-multiple", "9x9", DIVISIBLE),
    bad_size("3.2/size-edge", "4096x4096", "The longest edge must be less than or equal to 3840."),
    bad_size("3.2/size-too-few", "1024x576", "Requested resolution is below the current minimum pixel budget."),
    bad_size("3.2/size-too-few", "800x800", "Requested resolution is below the current minimum pixel budget."),
    bad_size("3.2/size-too-many", "3008x3008", "Requested resolution exceeds the current pixel budget."),
    bad_size("3.2/size-ratio", "3840x640", "The aspect ratio must be between 1:3 and 3:1."),
    *(
        off_the_list("3.2/size-fixed", "size", "1254x836", SIZES, model=model)
        for model in ("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "chatgpt-image-latest")
    ),
    row(
        "3.2/size-dall-e-2",
        {"model": "dall-e-2", "size": "1024x1536"},
        IRE,
        "'1024x1536' is not one of ['256x256', '512x512', '1024x1024'] - 'size'",
        None,
        None,
    ),
]


@pytest.mark.parametrize(("texts", "expected"), ROWS)
def test_a_wrong_text_is_refused_byte_for_byte(
    echo_server: BackgroundServer,
    strict_server: BackgroundServer,
    png: bytes,
    texts: dict[str, str],
    expected: bytes,
) -> None:
    for server in (echo_server, strict_server):
        check(post(server, image(png), **texts), expected)


@pytest.mark.rule("3.2/prompt-missing", "3.2/image-missing")
def test_what_is_missing_is_named(
    echo_server: BackgroundServer, strict_server: BackgroundServer, png: bytes
) -> None:
    for server in (echo_server, strict_server):
        for fields, name in (([image(png)], "prompt"), ([Field("prompt", "x")], "image")):
            check(
                send(server, fields),
                body(IRE, f"Missing required parameter: '{name}'.", name, "missing_required_parameter"),
            )


@pytest.mark.rule("3.2/prompt-blank")
def test_a_blank_prompt_is_a_prompt(
    echo_server: BackgroundServer, strict_server: BackgroundServer, png: bytes
) -> None:
    for server in (echo_server, strict_server):
        assert post(server, image(png), model="echo", prompt="   ").status_code == 200


@pytest.mark.rule("3.2/image-as-text")
def test_an_image_sent_as_text(echo_server: BackgroundServer, strict_server: BackgroundServer) -> None:
    for server in (echo_server, strict_server):
        check(
            send(server, [Field("prompt", "x"), Field("image", "cat.png")]),
            body(
                IRE,
                "Invalid type for 'image': expected one of an array of files or file, but got a string instead.",
                "image",
                "invalid_type",
            ),
        )


@pytest.mark.rule("3.2/duplicate-image", "2/duplicate")
def test_two_parts_of_the_name_image(
    echo_server: BackgroundServer, strict_server: BackgroundServer, png: bytes
) -> None:
    for server in (echo_server, strict_server):
        check(
            post(server, image(png), image(png)),
            body(
                IRE,
                "Duplicate parameter: 'image'. You provided multiple values for this parameter, whereas only one "
                "is allowed. If you are trying to provide a list of values, use the array syntax instead e.g. "
                "'image[]=<value>'.",
                "image",
                "duplicate_parameter",
            ),
        )


@pytest.mark.rule("3.2/too-many-images")
def test_seventeen_images(echo_server: BackgroundServer, strict_server: BackgroundServer, png: bytes) -> None:
    for server in (echo_server, strict_server):
        check(
            post(server, *[image(png, "image[]")] * 17),
            body(
                IRE,
                "Invalid 'image': array too long. Expected an array with maximum length 16, but got an array with "
                "length 17 instead.",
                "image",
                "array_above_max_length",
            ),
        )


@pytest.mark.rule("3.2/mimetype-list", "3.2/lengths")
def test_a_recording_as_an_image_of_a_list_is_the_recorded_273_bytes(
    strict_server: BackgroundServer, png: bytes
) -> None:
    expected = body(
        IRE,
        f"Invalid file 'image[0]': unsupported mimetype ('audio/wav'). Supported file formats are {TYPES}.",
        "image[0]",
        "unsupported_file_mimetype",
    )
    assert len(expected) == 273
    check(post(strict_server, image(png, "image[]", "a.wav", "audio/wav")), expected)


@pytest.mark.rule("3.2/lengths", "A.9/envelope")
@pytest.mark.parametrize(
    ("error", "length"),
    [
        (UserError("Invalid image data.", param="images[0].image_url", code="invalid_image_file"), 170),
        (
            InvalidRequest(
                "Error while downloading file. Upstream status code: 404.", param="url", code="invalid_value"
            ),
            180,
        ),
        (
            InvalidRequest(
                "Invalid image file or mode for image 0, please check the your image file.",
                code="invalid_image_file",
            ),
            201,
        ),
    ],
    ids=["170", "180", "201"],
)
def test_recorded_bodies_have_their_recorded_lengths(error: RetouchError, length: int) -> None:
    response = error_response(error)
    assert len(response.body) == length
    assert response.headers["content-length"] == str(length)


@pytest.mark.rule("3.2/undecodable")
@pytest.mark.parametrize("data", [b"nonsense", b"\x89PNG\r\n\x1a\n", b""], ids=["nonsense", "cut short", "empty"])
def test_what_cannot_be_decoded_is_told_by_its_number(
    echo_server: BackgroundServer, strict_server: BackgroundServer, png: bytes, data: bytes
) -> None:
    for server in (echo_server, strict_server):
        for files, number in ([image(data)], 1), ([image(png, "image[]"), image(data, "image[]")], 2):
            check(
                post(server, *files, model="echo"),
                body(
                    IGUE,
                    f"Invalid image file or mode for image {number}, please check your image file.",
                    None,
                    InvalidImageFile.code,
                ),
            )


@pytest.mark.rule("3.2/mask-alpha", "3.2/mask-size", "A.6/png-alpha", "A.6/dimensions")
@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (Image.new("RGB", (64, 64)), "mask image missing alpha channel"),
        (Image.new("RGBA", (64, 32)), "mask size does not match image size"),
        (Image.new("RGBA", (128, 128)), "mask size does not match image size"),
    ],
    ids=["no alpha", "another aspect", "another scale"],
)
def test_a_mask_that_does_not_fit(
    echo_server: BackgroundServer,
    strict_server: BackgroundServer,
    picture_file: Callable[..., bytes],
    png: bytes,
    mask: Image.Image,
    reason: str,
) -> None:
    for server in (echo_server, strict_server):
        check(
            post(server, image(png), image(picture_file(mask), "mask")),
            body(IGUE, f"Invalid mask image format - {reason}", None, "invalid_mask_image_format"),
        )


@pytest.mark.rule("3.2/mask-mimetype")
def test_the_type_that_a_mask_claims_is_not_looked_at(
    echo_server: BackgroundServer,
    strict_server: BackgroundServer,
    picture_file: Callable[..., bytes],
    png: bytes,
) -> None:
    mask = picture_file(Image.new("RGBA", (64, 64)))
    for server in (echo_server, strict_server):
        answer = post(server, image(png), image(mask, "mask", "m", "application/octet-stream"), model="echo")
        assert answer.status_code == 200


@pytest.mark.rule("3.2/dall-e-2-not-png")
def test_dall_e_2_has_one_text_for_what_is_no_small_png(
    echo_server: BackgroundServer, strict_server: BackgroundServer, picture_file: Callable[..., bytes]
) -> None:
    jpeg = picture_file(Image.new("L", (64, 64)), "JPEG")
    large = b"\x89PNG\r\n\x1a\n" + bytes(4 << 20)
    for server in (echo_server, strict_server):
        for data in (jpeg, b"nonsense", large):
            check(
                post(server, image(data), model="dall-e-2"),
                body(IRE, "Uploaded image must be a PNG and less than 4 MB.", None, None),
            )


@pytest.mark.rule("3.2/405")
def test_a_wrong_method(echo_server: BackgroundServer) -> None:
    check(
        httpx2.get(f"{echo_server.url}/v1/images/edits"),
        body(IRE, "Invalid method for URL (GET /v1/images/edits)", None, None),
        405,
    )


@pytest.mark.rule("3.2/404", "A.9/404-json")
@pytest.mark.parametrize("path", ["/v1/nope", "/v1/images/foo"])
def test_an_unknown_route_has_a_json_body(echo_server: BackgroundServer, path: str) -> None:
    answer = httpx2.post(echo_server.url + path)
    check(answer, body(IRE, f"Invalid URL (POST {path})", None, None), 404)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.rule("3.2/content-type")
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_body_that_is_neither_form_nor_json(echo_server: BackgroundServer, content_type: str) -> None:
    answer = httpx2.post(
        f"{echo_server.url}/v1/images/edits", content=b"a=1", headers={"content-type": content_type}
    )
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["message"].startswith(f"Unsupported content type: '{content_type}'.")
    assert (error["type"], error["param"], error["code"]) == (IRE, None, "unsupported_content_type")


def test_the_lists_of_values_are_the_same_in_both_modes(
    echo_server: BackgroundServer, strict_server: BackgroundServer, png: bytes
) -> None:
    names = ("quality", "background", "output_format", "moderation", "size", "stream", "n", "partial_images")
    for name in names:
        answers = [post(server, image(png), **{name: "?"}) for server in (echo_server, strict_server)]
        assert answers[0].status_code == 400
        assert answers[0].content == answers[1].content
