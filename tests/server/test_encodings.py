"""Encodings that no capture shows: what other clients are known to send, built by hand."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from retouch.contract.catalogue import Catalogue
from retouch.contract.form import FilePart, Part
from retouch.contract.parameters import EditRequest, parse_form
from retouch.errors import RetouchError
from retouch.server.form import read_form
from retouch.server.settings import ServerSettings

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\r\n--\r\n" + bytes(range(256)) + b"IEND\xaeB`\x82"
OCTETS = "Content-Type: application/octet-stream"
TYPED = "Content-Type: image/png"
TEXT = "Content-Type: text/plain"

NODE_STREAM = "openai-8f14e45fceea167a"
NODE_FORM = "----formdata-undici-075114358493"
CURL = "------------------------d74496d66958873e"
RUBY = "t-2DK3_DOY-ix1zy4g95IFYNL0VM3k2ASQ5LRQ5E"

both_modes = pytest.mark.parametrize("strict", [False, True], ids=["friendly", "strict"])


def part(disposition: str, value: str | bytes, *headers: str) -> bytes:
    """A part whose Content-Disposition is ``form-data; `` and ``disposition``."""
    head = "\r\n".join([f"Content-Disposition: form-data; {disposition}", *headers])
    return head.encode() + b"\r\n\r\n" + (value if isinstance(value, bytes) else value.encode())


def text(name: str, value: str, *headers: str) -> bytes:
    return part(f'name="{name}"', value, *headers)


def file(name: str, filename: str, *headers: str) -> bytes:
    return part(f'name="{name}"; filename="{filename}"', PNG, *headers)


PROMPT = text("prompt", "hi")


def read(parts: Sequence[bytes], boundary: str = CURL, content_type: str | None = None) -> list[Part]:
    """What the server makes of the parts, coming in pieces of 100 bytes; each file's blob is its content."""
    line = f"--{boundary}".encode()
    body = b"".join(line + b"\r\n" + one + b"\r\n" for one in parts) + line + b"--\r\n"

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100):
            yield body[start : start + 100]

    content_type = content_type or f"multipart/form-data; boundary={boundary}"
    form = asyncio.run(read_form(content_type, chunks(), ServerSettings()))
    return [_with_content(one) if isinstance(one, FilePart) else one for one in form]


def _with_content(sent: FilePart) -> FilePart:
    content = sent.blob.content()
    sent.blob.close()
    assert content == PNG
    return replace(sent, blob=content)


def parse(parts: Sequence[bytes], boundary: str = CURL, *, strict: bool = False) -> EditRequest:
    return parse_form(read(parts, boundary), Catalogue(), strict=strict)


def refusal(
    parts: Sequence[bytes], boundary: str = CURL, *, strict: bool = False
) -> tuple[str | None, str | None]:
    with pytest.raises(RetouchError) as caught:
        parse(parts, boundary, strict=strict)
    assert caught.value.status == 400
    return caught.value.param, caught.value.code


def test_node_streams_come_as_octets_in_the_callers_order() -> None:
    parts = [
        file("image[]", "photo.png", OCTETS),
        text("model", "gpt-image-1.5"),
        file("image[]", "second.png", OCTETS),
        text("n", "2"),
        file("mask", "mask.png", OCTETS),
        PROMPT,
        text("stream", "true"),
        text("partial_images", "1"),
    ]
    request = parse(parts, NODE_STREAM)
    assert [image.filename for image in request.images] == ["photo.png", "second.png"]
    assert request.mask is not None
    assert (request.n, request.prompt, request.stream, request.partial_images) == (2, "hi", True, 1)
    assert refusal(parts, NODE_STREAM, strict=True) == ("image[0]", "unsupported_file_mimetype")


@both_modes
def test_node_files_come_with_their_own_type(strict: bool) -> None:
    request = parse([file("image", "otter.png", TYPED), PROMPT, text("n", "2")], NODE_FORM, strict=strict)
    assert (request.images[0].filename, request.n) == ("otter.png", 2)


@pytest.mark.parametrize("filename", ["unknown_file", "blob", "anonymous_file", "upload"])
def test_nameless_buffers_come_under_a_name_of_their_clients(filename: str) -> None:
    parts = [file("image", filename, OCTETS), PROMPT]
    assert parse(parts, NODE_FORM).images[0].filename == filename
    assert refusal(parts, NODE_FORM, strict=True) == ("image", "unsupported_file_mimetype")


@pytest.mark.parametrize("null", ["null", ""])
@pytest.mark.parametrize(
    "name", ["n", "size", "quality", "stream", "user", "background", "output_format", "mask", "response_format"]
)
def test_a_literal_null_is_omitted_unless_strict(name: str, null: str) -> None:
    parts = [file("image", "a.png", TYPED), PROMPT]
    assert parse([*parts, text(name, null)], NODE_FORM) == parse(parts, NODE_FORM)
    if name == "user":
        assert parse([*parts, text(name, null)], NODE_FORM, strict=True).user == null
    else:
        assert refusal([*parts, text(name, null)], NODE_FORM, strict=True)[0] == name


@both_modes
def test_a_literal_null_is_a_prompt_and_no_model(strict: bool) -> None:
    image = file("image", "a.png", TYPED)
    assert parse([image, text("prompt", "null")], strict=strict).prompt == "null"
    assert refusal([image, PROMPT, text("model", "null")], strict=strict) == ("model", "invalid_value")
    assert refusal([image, PROMPT, text("model", "")], strict=strict) == ("model", "invalid_value")


def test_a_literal_null_is_no_image() -> None:
    assert refusal([PROMPT, text("image", "null")]) == ("image", "missing_required_parameter")
    assert refusal([PROMPT, text("image", "null")], strict=True) == ("image", "invalid_type")


def test_an_older_ruby_gem_sends_a_string_image_as_text_without_a_name() -> None:
    parts = [part('name="image"', PNG, TEXT), text("prompt", "hi", TEXT), text("n", "2", TEXT)]
    request = parse(parts, RUBY)
    assert (request.images[0].filename, request.images[0].size, request.n) == (None, len(PNG), 2)
    assert refusal(parts, RUBY, strict=True) == ("image", "invalid_type")
    nameless = [part('name="image[]"', PNG, TEXT)] * 2
    assert len(parse([*nameless, parts[1]], RUBY).images) == 2


@both_modes
def test_curl_sends_what_the_documents_show(strict: bool) -> None:
    parts = [
        text("model", "gpt-image-1.5"),
        file("image[]", "body-lotion.png", TYPED),
        file("image[]", "bath-bomb.png", TYPED),
        text("prompt", "Create a lovely gift basket with these two items in it"),
        text("stream", "true"),
    ]
    request = parse(parts, strict=strict)
    assert [image.filename for image in request.images] == ["body-lotion.png", "bath-bomb.png"]
    assert request.prompt.startswith("Create a lovely gift basket")
    assert request.stream


@both_modes
def test_curl_sends_the_older_models_form(strict: bool) -> None:
    parts = [
        file("image", "image_edit_original.png", TYPED),
        file("mask", "image_edit_mask.png", TYPED),
        text("model", "dall-e-2"),
        PROMPT,
        text("n", "2"),
        text("size", "1024x1024"),
    ]
    request = parse(parts, strict=strict)
    assert (request.model, request.n, request.size) == ("dall-e-2", 2, (1024, 1024))
    assert request.mask is not None


def test_what_curl_names_as_text_instead_of_a_file_is_told() -> None:
    assert refusal([text("image", "otter.png"), PROMPT]) == ("image", "invalid_type")
    assert refusal([text("image[]", "otter.png"), PROMPT]) == ("image[0]", "invalid_type")
    assert refusal([file("image", "a.png", TYPED), text("mask", "mask.png"), PROMPT]) == ("mask", "invalid_type")


@both_modes
@pytest.mark.parametrize(
    ("sent", "read_as"),
    [
        ("ünï çödé.png", "ünï çödé.png"),
        ("日本語 😀.png", "日本語 😀.png"),
        ("фото.png", "фото.png"),
        ("a %22quoted%22.png", 'a "quoted".png'),
        ('a \\"quoted\\".png', 'a "quoted".png'),
        ("semi;colon, comma.png", "semi;colon, comma.png"),
        ("no extension", "no extension"),
        ("../../etc/passwd", "../../etc/passwd"),
        ("", ""),
    ],
)
def test_any_file_name_is_a_file(sent: str, read_as: str, strict: bool) -> None:
    request = parse([file("image", sent, TYPED), PROMPT], strict=strict)
    assert request.images[0].filename == read_as


def test_a_file_name_in_the_extended_notation_does_not_make_a_text_of_a_picture() -> None:
    extended = part("name=\"image\"; filename*=UTF-8''%C3%BCn%C3%AF.png", PNG, TYPED)
    assert parse([extended, PROMPT]).images[0].size == len(PNG)
    both = part('name="image"; filename="uni.png"; filename*=UTF-8\'\'%C3%BCn%C3%AF.png', PNG, TYPED)
    assert parse([both, PROMPT], strict=True).images[0].filename == "uni.png"


@both_modes
def test_the_order_of_the_fields_does_not_matter(strict: bool) -> None:
    parts = [
        file("image", "a.png", TYPED),
        file("mask", "m.png", TYPED),
        text("model", "gpt-image-2"),
        text("size", "1536x864"),
        PROMPT,
    ]
    in_order = parse(parts, strict=strict)
    assert (in_order.size, in_order.prompt) == ((1536, 864), "hi")
    for order in itertools.permutations(parts):
        assert parse(order, strict=strict) == in_order


@both_modes
@pytest.mark.parametrize(
    "headers",
    [
        ("X-Part: 1", TYPED),
        (TYPED, "X-Part: 1"),
        (TYPED, "Content-Transfer-Encoding: binary"),
        (f"Content-Length: {len(PNG)}", TYPED),
        ("content-type: image/png",),
        ("Content-Type: image/png; charset=binary",),
        ("Content-Type:image/png",),
    ],
)
def test_headers_of_a_part_beyond_its_name_and_type_change_nothing(headers: tuple[str, ...], strict: bool) -> None:
    request = parse([file("image", "a.png", *headers), text("prompt", "hi", "X-Part: 2")], strict=strict)
    assert (request.prompt, request.images[0].size) == ("hi", len(PNG))


@both_modes
def test_names_without_quotes_and_a_boundary_in_quotes_are_read(strict: bool) -> None:
    parts = [
        part("name=prompt", "hi", "Content-Type: text/plain; charset=utf-8"),
        part("name=image; filename=a.png; filename*=utf-8''a.png", PNG, TYPED),
    ]
    boundary = "7b1c4e63-0d5b-4f0e-9c2f-1f6f3b5a0e11"
    form = read(parts, boundary, f'multipart/form-data; boundary="{boundary}"')
    request = parse_form(form, Catalogue(), strict=strict)
    assert (request.prompt, request.images[0].filename) == ("hi", "a.png")


@both_modes
@pytest.mark.parametrize("name", ["arr[]", "obj[k]", "obj[k][l]", "prompt[]", "n[]", "mask[]", "image[0]"])
def test_lists_and_objects_that_no_parameter_is_are_named(name: str, strict: bool) -> None:
    parts = [file("image", "a.png", TYPED), PROMPT, text(name, "x"), text(name.replace("k", "j"), "y")]
    param, code = refusal(parts, NODE_FORM, strict=strict)
    assert (param, code) in ((name, "unknown_parameter"), (name, "duplicate_parameter"))


@both_modes
def test_a_mask_sent_as_a_list_is_not_ignored(strict: bool) -> None:
    parts = [file("image", "a.png", TYPED), PROMPT, file("mask[]", "m.png", TYPED)]
    assert refusal(parts, NODE_FORM, strict=strict) == ("mask[]", "unknown_parameter")


@both_modes
def test_words_keep_their_line_ends_and_their_spaces(strict: bool) -> None:
    prompt = "  first\nsecond\r\nthird\r\n--" + CURL[2:] + "\r\n "
    assert parse([text("prompt", prompt), file("image", "a.png", TYPED)], strict=strict).prompt == prompt
