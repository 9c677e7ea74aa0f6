"""Each leniency over the wire: honoured by a friendly server, refused as the vendor refuses it by a strict one."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from collections.abc import Callable

import httpx2
import numpy as np
import pytest
from PIL import Image

from retouch.server.running import BackgroundServer
from tests.forms import Field, image, post, send

PhotoFile = Callable[[str], bytes]
PictureFile = Callable[..., bytes]

IRE = "invalid_request_error"
IGUE = "image_generation_user_error"
BAD_PICTURE = "Invalid image file or mode for image 1, please check your image file."


@pytest.fixture(scope="module")
def photo(photo_file: PhotoFile) -> Image.Image:
    """A photograph of 96 × 64."""
    return Image.open(io.BytesIO(photo_file("china"))).convert("RGB").resize((96, 64))


@pytest.fixture(scope="module")
def png(photo: Image.Image, picture_file: PictureFile) -> bytes:
    return picture_file(photo)


def edited(answer: httpx2.Response) -> np.ndarray:
    """The pixels of the one picture of a 200 answer in base64."""
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()["data"]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(item["b64_json"]))))


def refused(answer: httpx2.Response, kind: str, message: str, param: str | None, code: str | None) -> None:
    assert answer.status_code == 400, answer.text
    error = {"message": message, "type": kind, "param": param, "code": code}
    assert answer.content == json.dumps({"error": error}, indent=2).encode()


@pytest.mark.rule("A.5/quality-standard", "3.2/quality-standard")
def test_quality_standard(echo_server: BackgroundServer, strict_server: BackgroundServer, png: bytes) -> None:
    friendly = post(echo_server, image(png), model="gpt-image-1.5", quality="standard")
    assert edited(friendly).shape == (1024, 1536, 3)
    assert friendly.json()["quality"] == "medium"
    refused(
        post(strict_server, image(png), model="gpt-image-1.5", quality="standard"),
        IRE,
        "Invalid value: 'standard'. Supported values are: 'low', 'medium', 'high', and 'auto'.",
        "quality",
        "invalid_value",
    )


@pytest.mark.rule("A.5/input-fidelity", "3.2/input-fidelity-later-models")
@pytest.mark.parametrize("model", ["gpt-image-2", "gpt-image-2-2026-04-21", "gpt-image-2.5-sunburst"])
@pytest.mark.parametrize("value", ["low", "high"])
def test_input_fidelity_on_later_models(
    echo_server: BackgroundServer, strict_server: BackgroundServer, png: bytes, model: str, value: str
) -> None:
    edited(post(echo_server, image(png), model=model, input_fidelity=value))
    refused(
        post(strict_server, image(png), model=model, input_fidelity=value),
        IGUE,
        f"The model '{model}' does not support the 'input_fidelity' parameter.",
        "input_fidelity",
        "invalid_input_fidelity_model",
    )


@pytest.mark.rule("A.5/fidelity-mini", "3.2/input-fidelity-mini")
def test_input_fidelity_on_the_mini_model_is_refused_by_both(
    echo_server: BackgroundServer, strict_server: BackgroundServer, png: bytes
) -> None:
    for server in (echo_server, strict_server):
        refused(
            post(server, image(png), model="gpt-image-1-mini", input_fidelity="low"),
            IRE,
            "Unknown parameter: 'input_fidelity'.",
            "input_fidelity",
            "unknown_parameter",
        )


@pytest.mark.rule("A.5/bytes-decide", "3.2/mimetype")
@pytest.mark.parametrize(
    ("claimed", "named"),
    [
        ("application/octet-stream", "application/octet-stream"),
        ("image/heic", "image/heic"),
        ("text/plain", "text/plain"),
        ("", "application/octet-stream"),
    ],
    ids=["octet-stream", "heic", "text", "none"],
)
def test_a_part_that_says_another_type_or_none(
    echo_server: BackgroundServer, strict_server: BackgroundServer, png: bytes, claimed: str, named: str
) -> None:
    part = image(png, content_type=claimed)
    result = edited(post(echo_server, part, model="echo"))
    np.testing.assert_array_equal(result, np.asarray(Image.open(io.BytesIO(png))))
    refused(
        post(strict_server, part, model="echo"),
        IRE,
        f"Invalid file 'image': unsupported mimetype ('{named}'). Supported file formats are 'image/jpeg', "
        "'image/png', and 'image/webp'.",
        "image",
        "unsupported_file_mimetype",
    )


@pytest.mark.rule("A.5/bytes-decide", "3.2/mimetype-dall-e-2")
def test_dall_e_2_takes_a_png_by_its_bytes(
    echo_server: BackgroundServer, strict_server: BackgroundServer, photo: Image.Image, picture_file: PictureFile
) -> None:
    square = photo.resize((64, 64)).convert("RGBA")
    square.putpixel((0, 0), (0, 0, 0, 0))
    part = image(picture_file(square), content_type="application/octet-stream")
    texts = {"model": "dall-e-2", "size": "256x256", "response_format": "b64_json"}
    assert edited(post(echo_server, part, **texts)).shape == (256, 256, 3)
    refused(
        post(strict_server, part, **texts),
        IRE,
        "Invalid file 'image': unsupported mimetype ('application/octet-stream'). Supported file formats are "
        "'image/png'.",
        "image",
        "unsupported_file_mimetype",
    )


@pytest.mark.rule("A.5/bytes-decide")
def test_a_jpeg_that_says_it_is_a_png_is_read_by_both(
    echo_server: BackgroundServer, strict_server: BackgroundServer, photo_file: PhotoFile
) -> None:
    """The vendor was seen to judge the type that the part claims; what it makes of a wrong one is not known."""
    for server in (echo_server, strict_server):
        assert edited(post(server, image(photo_file("cat")), model="echo")).shape == (300, 451, 3)


@pytest.mark.rule("A.5/bytes-decide", "3.2/image-as-text")
def test_a_picture_without_a_file_name(
    echo_server: BackgroundServer, strict_server: BackgroundServer, png: bytes
) -> None:
    part = Field("image", png)
    np.testing.assert_array_equal(
        edited(post(echo_server, part, model="echo")), np.asarray(Image.open(io.BytesIO(png)))
    )
    refused(
        post(strict_server, part, model="echo"),
        IRE,
        "Invalid type for 'image': expected one of an array of files or file, but got a string instead.",
        "image",
        "invalid_type",
    )


def sixteen_bits() -> bytes:
    """A 16-bit RGB PNG of 8 × 8, mid-grey."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + struct.pack(">24H", *[32896] * 24) for _ in range(8))
    header = struct.pack(">IIBBBBB", 8, 8, 16, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


@pytest.mark.rule("A.5/modes", "3.2/undecodable")
@pytest.mark.parametrize("kind", ["palette", "one bit", "cmyk", "16 bits", "mpo"])
def test_a_picture_of_another_mode(
    echo_server: BackgroundServer,
    strict_server: BackgroundServer,
    photo: Image.Image,
    picture_file: PictureFile,
    kind: str,
) -> None:
    jpeg = "image/jpeg"
    part, expected = {
        "palette": lambda: (image(picture_file(photo.quantize(32))), photo.quantize(32).convert("RGB")),
        "one bit": lambda: (image(picture_file(photo.convert("1"))), photo.convert("1").convert("RGB")),
        "cmyk": lambda: (image(picture_file(photo.convert("CMYK"), "JPEG"), content_type=jpeg), photo),
        "16 bits": lambda: (image(sixteen_bits()), Image.new("RGB", (8, 8), (128, 128, 128))),
        "mpo": lambda: (
            image(picture_file(photo, "MPO", save_all=True, append_images=[photo]), content_type=jpeg),
            photo,
        ),
    }[kind]()
    result = edited(post(echo_server, part, model="echo")).astype(int)
    assert result.shape[:2] == expected.size[::-1]
    assert np.abs(result - np.asarray(expected)).mean() < 12
    refused(post(strict_server, part, model="echo"), IGUE, BAD_PICTURE, None, "invalid_image_file")


@pytest.mark.rule("A.5/modes")
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_grey_and_plain_pictures_are_taken_by_both(
    echo_server: BackgroundServer,
    strict_server: BackgroundServer,
    photo: Image.Image,
    picture_file: PictureFile,
    mode: str,
) -> None:
    part = image(picture_file(photo.convert(mode)))
    for server in (echo_server, strict_server):
        np.testing.assert_array_equal(
            edited(post(server, part, model="echo")), np.asarray(photo.convert(mode).convert("RGB"))
        )


@pytest.mark.rule("A.5/response-format", "3.2/response-format")
@pytest.mark.parametrize("model", ["gpt-image-1.5", "gpt-image-2", "gpt-image-2.6-flare"])
def test_response_format_of_what_gpt_models_return(
    echo_server: BackgroundServer, strict_server: BackgroundServer, png: bytes, model: str
) -> None:
    edited(post(echo_server, image(png), model=model, response_format="b64_json"))
    unknown = (IRE, "Unknown parameter: 'response_format'.", "response_format", "unknown_parameter")
    refused(post(strict_server, image(png), model=model, response_format="b64_json"), *unknown)
    for server in (echo_server, strict_server):
        refused(post(server, image(png), model=model, response_format="url"), *unknown)


NULLS = [
    ("n", "expected an integer, but got a string value that could not be converted into an integer."),
    ("size", "Supported values are: '1024x1024', '1024x1536', '1536x1024', and 'auto'."),
    ("quality", "Supported values are: 'low', 'medium', 'high', and 'auto'."),
    ("background", "Supported values are: 'transparent', 'opaque', and 'auto'."),
    ("input_fidelity", "Supported values are: 'high' and 'low'."),
    ("output_format", "Supported values are: 'png', 'webp', and 'jpeg'."),
    (
        "output_compression",
        "expected an integer, but got a string value that could not be converted into an integer.",
    ),
    ("partial_images", "expected an integer, but got a string value that could not be converted into an integer."),
    ("stream", "expected a boolean, but got a string value that could not be converted into a boolean."),
    ("moderation", "Supported values are: 'auto' and 'low'."),
    ("mask", "expected a file, but got a string instead."),
    ("response_format", "Unknown parameter: 'response_format'."),
]


@pytest.mark.rule("A.5/null-texts", "2/null-texts")
@pytest.mark.parametrize("null", ["", "null"], ids=["empty", "null"])
@pytest.mark.parametrize(("name", "ending"), NULLS, ids=[name for name, _ in NULLS])
def test_an_empty_or_null_text(
    echo_server: BackgroundServer, strict_server: BackgroundServer, png: bytes, name: str, ending: str, null: str
) -> None:
    parts = [Field("prompt", "as it is"), Field(name, null, content_type="application/json"), image(png)]
    assert edited(send(echo_server, parts)).shape == (1024, 1536, 3)
    answer = send(strict_server, parts)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["type"], error["param"]) == (IRE, name)
    assert error["message"].endswith(ending)


@pytest.mark.rule("A.5/null-texts")
@pytest.mark.parametrize("name", ["prompt", "model"])
def test_an_empty_prompt_or_model_is_refused_by_both(
    echo_server: BackgroundServer, strict_server: BackgroundServer, png: bytes, name: str
) -> None:
    for server in (echo_server, strict_server):
        answer = post(server, image(png), **{name: ""})
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, name)


@pytest.mark.rule("A.5/image-and-list")
def test_image_and_image_list_together(
    echo_server: BackgroundServer,
    strict_server: BackgroundServer,
    png: bytes,
    picture_file: PictureFile,
) -> None:
    first = image(picture_file(Image.new("RGB", (40, 20), (1, 2, 3))), "image[]")
    result = edited(post(echo_server, first, image(png), model="echo"))
    assert result.shape == (20, 40, 3), "the first sent is the one that is edited"
    refused(
        post(strict_server, first, image(png), model="echo"),
        IRE,
        "Duplicate parameter: 'image'. You provided multiple values for this parameter, whereas only one is "
        "allowed. If you are trying to provide a list of values, use the array syntax instead e.g. "
        "'image[]=<value>'.",
        "image",
        "duplicate_parameter",
    )


@pytest.mark.rule("A.5/dall-e-2-rgb-with-mask", "3.2/dall-e-2-rgb")
def test_rgb_for_dall_e_2_with_a_mask(
    echo_server: BackgroundServer, strict_server: BackgroundServer, photo: Image.Image, picture_file: PictureFile
) -> None:
    square = photo.resize((256, 256))
    alpha = Image.new("L", square.size, 255)
    alpha.paste(0, (64, 64, 128, 128))
    mask = Image.new("RGBA", square.size)
    mask.putalpha(alpha)
    files = (image(picture_file(square)), image(picture_file(mask), "mask", "m.png"))
    texts = {"model": "dall-e-2", "size": "256x256", "response_format": "b64_json", "prompt": "[paint 0,255,0]"}
    result = edited(post(echo_server, *files, **texts))
    hole = np.asarray(alpha) == 0
    assert (result[hole] == (0, 255, 0)).all()
    np.testing.assert_array_equal(result[~hole], np.asarray(square)[~hole])
    message = "Invalid input image - format must be in ['RGBA', 'LA', 'L'], got RGB."
    refused(post(strict_server, *files, **texts), IRE, message, None, None)
    for server in (echo_server, strict_server):
        refused(post(server, files[0], **texts), IRE, message, None, None)


TOLERATED = [
    ("output_format", "png", "webp"),
    ("background", "auto", "transparent"),
    ("background", "opaque", "transparent"),
    ("quality", "auto", "high"),
    ("quality", "standard", "high"),
    ("output_compression", "100", "90"),
    ("partial_images", "0", "1"),
    ("stream", "false", "true"),
]


@pytest.mark.rule("A.5/dall-e-2-tolerated", "3.2/unknown-key")
@pytest.mark.parametrize(("name", "own", "other"), TOLERATED, ids=[f"{n}={v}" for n, v, _ in TOLERATED])
def test_gpt_parameters_at_dall_e_2s_own_values(
    echo_server: BackgroundServer,
    strict_server: BackgroundServer,
    photo: Image.Image,
    picture_file: PictureFile,
    name: str,
    own: str,
    other: str,
) -> None:
    square = photo.resize((64, 64)).convert("RGBA")
    square.putpixel((0, 0), (0, 0, 0, 0))
    part = image(picture_file(square))
    texts = {"model": "dall-e-2", "size": "256x256", "response_format": "b64_json"}
    assert edited(post(echo_server, part, **texts, **{name: own})).shape == (256, 256, 3)
    unknown = (IRE, f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    refused(post(strict_server, part, **texts, **{name: own}), *unknown)
    for server in (echo_server, strict_server):
        refused(post(server, part, **texts, **{name: other}), *unknown)


@pytest.mark.rule("A.5/revised-prompt", "6/revised-prompt")
def test_revised_prompt(echo_server: BackgroundServer, strict_server: BackgroundServer, png: bytes) -> None:
    (item,) = post(echo_server, image(png), model="gpt-image-1.5").json()["data"]
    assert item["revised_prompt"] == "Return the picture as it is."
    (item,) = post(strict_server, image(png), model="gpt-image-1.5").json()["data"]
    assert list(item) == ["b64_json"]
    assert "revised_prompt" in post(echo_server, image(png), stream="true").text
    assert "revised_prompt" not in post(strict_server, image(png), stream="true").text


@pytest.mark.rule("A.5/booleans")
def test_a_boolean_in_capitals(echo_server: BackgroundServer, strict_server: BackgroundServer, png: bytes) -> None:
    edited(post(echo_server, image(png), stream="False"))
    refused(
        post(strict_server, image(png), stream="False"),
        IRE,
        "Invalid type for 'stream': expected a boolean, but got a string value that could not be converted into a "
        "boolean.",
        "stream",
        "invalid_type",
    )


@pytest.mark.rule("A.5/transparent-gpt-image-2", "3.2/background-unsupported")
def test_a_transparent_background_of_gpt_image_2_is_refused_by_both(
    echo_server: BackgroundServer, strict_server: BackgroundServer, png: bytes
) -> None:
    for server in (echo_server, strict_server):
        refused(
            post(server, image(png), model="gpt-image-2", background="transparent"),
            IGUE,
            "Transparent background is not supported for this model.",
            "background",
            "invalid_value",
        )
        for model in ("gpt-image-2.5-sunburst", "gpt-image-2.6-sunburst", "gpt-image-1.5"):
            answer = post(server, image(png), model=model, background="transparent", prompt="[alpha]")
            assert edited(answer).shape[2] == 4
            assert answer.json()["background"] == "transparent"


@pytest.mark.rule("A.5/same-models", "A.1/every-model")
def test_both_serve_the_same_models(echo_server: BackgroundServer, strict_server: BackgroundServer) -> None:
    names = [
        [model["id"] for model in httpx2.get(f"{server.url}/v1/models").json()["data"]]
        for server in (echo_server, strict_server)
    ]
    assert names[0] == names[1]
    assert {"dall-e-2", "gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "chatgpt-image-latest"} <= set(
        names[0]
    )
    assert {"gpt-image-2", "gpt-image-2-2026-04-21", "gpt-image-2.5-flare", "gpt-image-2.6-flare"} <= set(names[0])
    assert "dall-e-3" not in names[0]
