"""A decoded JSON body, and what becomes of it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from retouch.contract.catalogue import BY_PARAMETERS, Catalogue
from retouch.contract.form import FilePart, TextPart
from retouch.contract.json_body import MAX_URL_LENGTH, parse_json
from retouch.contract.parameters import EditRequest, parse_form
from retouch.errors import RetouchError

IRE, IGUE = "invalid_request_error", "image_generation_user_error"
BYTES = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
URL = "data:image/png;base64," + base64.b64encode(BYTES).decode()

both_modes = pytest.mark.parametrize("strict", [False, True], ids=["friendly", "strict"])

Parse = Callable[..., EditRequest]
Refusal = Callable[..., tuple[str, str, str | None, str | None]]


def body(**fields: Any) -> dict[str, Any]:
    """A valid body but for ``fields``; one whose value is `...` is left out."""
    whole: dict[str, Any] = {"prompt": "hi", "images": [{"image_url": URL}]} | fields
    return {name: value for name, value in whole.items() if value is not ...}


@pytest.fixture
def parse(catalogue: Catalogue) -> Parse:
    def read(*, strict: bool = False, **fields: Any) -> EditRequest:
        return parse_json(body(**fields), catalogue, strict=strict, store=bytes)

    return read


@pytest.fixture
def refusal(parse: Parse) -> Refusal:
    def refuse(**fields: Any) -> tuple[str, str, str | None, str | None]:
        with pytest.raises(RetouchError) as caught:
            parse(**fields)
        assert caught.value.status == 400
        return caught.value.type, caught.value.message, caught.value.param, caught.value.code

    return refuse


@pytest.mark.rule("2.5/json")
@both_modes
def test_json_and_form_make_the_same_request(catalogue: Catalogue, parse: Parse, strict: bool) -> None:
    values = {
        "model": "gpt-image-1.5",
        "prompt": "hi",
        "n": 2,
        "quality": "high",
        "background": "opaque",
        "input_fidelity": "high",
        "output_format": "webp",
        "output_compression": 80,
        "size": "1536x1024",
        "stream": True,
        "partial_images": 3,
        "moderation": "low",
        "user": "u1",
    }
    form = [TextPart(name, str(value).lower()) for name, value in values.items()]
    image = FilePart("image", "a.png", "image/png", len(BYTES), BYTES)
    sent = parse_form([*form, image], catalogue, strict=strict)
    got = parse(**values, strict=strict)
    assert got.image_field == "images"
    assert [part.blob for part in got.images] == [BYTES]
    assert got == replace(sent, images=got.images, image_field="images")


@both_modes
def test_pictures_and_mask_keep_their_order_and_their_bytes(parse: Parse, strict: bool) -> None:
    blobs = [bytes([number]) * 9 for number in range(3)]
    one, two, mask = ({"image_url": f"data:image/png;base64,{base64.b64encode(b).decode()}"} for b in blobs)
    request = parse(images=[one, two], mask=mask, strict=strict)
    assert [(part.blob, part.size, part.content_type) for part in request.images] == [
        (blobs[0], 9, "image/png"),
        (blobs[1], 9, "image/png"),
    ]
    assert request.mask is not None
    assert request.mask.blob == blobs[2]


@both_modes
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (5, "an integer"),
        (1.5, "a decimal number"),
        (True, "a boolean"),
        ({}, "an object"),
        ([], "an array"),
    ],
)
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.rule(f"3.2/{name}-type")) for name in ("model", "prompt")],
)
def test_a_model_or_prompt_that_is_no_string_is_told_what_it_is(
    refusal: Refusal, name: str, value: Any, kind: str, strict: bool
) -> None:
    assert refusal(**{name: value}, strict=strict) == (
        IRE,
        f"Invalid type for '{name}': expected a string, but got {kind} instead.",
        name,
        "invalid_type",
    )


@both_modes
@pytest.mark.parametrize(
    ("name", "value", "expected", "kind"),
    [
        pytest.param("n", 1.5, "an integer", "a decimal number", marks=pytest.mark.rule("3.2/json-n-type")),
        ("n", 2.0, "an integer", "a decimal number"),
        pytest.param("n", "2", "an integer", "a string", marks=pytest.mark.rule("3.2/json-n-type")),
        ("n", "", "an integer", "a string"),
        pytest.param("n", True, "an integer", "a boolean", marks=pytest.mark.rule("3.2/json-n-type")),
        ("output_compression", [80], "an integer", "an array"),
        ("partial_images", {}, "an integer", "an object"),
        pytest.param(
            "quality",
            1,
            "one of 'low', 'medium', 'high', or 'auto'",
            "an integer",
            marks=pytest.mark.rule("3.2/json-quality-type"),
        ),
        ("moderation", False, "one of 'auto' or 'low'", "a boolean"),
        ("background", ["auto"], "one of 'transparent', 'opaque', or 'auto'", "an array"),
        ("input_fidelity", 1, "one of 'high' or 'low'", "an integer"),
        ("output_format", {"a": 1}, "one of 'png', 'webp', or 'jpeg'", "an object"),
        pytest.param("size", 1024, "a string", "an integer", marks=pytest.mark.rule("3.2/json-size-type")),
        pytest.param("stream", "yes", "a boolean", "a string", marks=pytest.mark.rule("3.2/json-stream-type")),
        ("stream", 1, "a boolean", "an integer"),
        ("user", {"name": "u"}, "a string", "an object"),
        pytest.param(
            "images", {}, "an array of objects", "an object", marks=pytest.mark.rule("3.2/json-images-type")
        ),
        pytest.param(
            "images", None, "an array of objects", "null", marks=pytest.mark.rule("3.2/json-images-type")
        ),
        ("images", URL, "an array of objects", "a string"),
        ("mask", URL, "an object", "a string"),
    ],
)
def test_a_wrong_type_is_told_in_the_recorded_words(
    refusal: Refusal, name: str, value: Any, expected: str, kind: str, strict: bool
) -> None:
    assert refusal(**{name: value}, strict=strict) == (
        IRE,
        f"Invalid type for '{name}': expected {expected}, but got {kind} instead.",
        name,
        "invalid_type",
    )


@both_modes
@pytest.mark.parametrize("whole", [[], [body()], "x", 5, 1.5, None, True])
def test_a_body_that_is_no_object_is_refused(catalogue: Catalogue, whole: object, strict: bool) -> None:
    with pytest.raises(
        RetouchError, match=r"^Invalid type for the request body: expected an object, but got "
    ) as e:
        parse_json(whole, catalogue, strict=strict, store=bytes)
    assert (e.value.status, e.value.type, e.value.param, e.value.code) == (400, IRE, None, "invalid_type")


@both_modes
@pytest.mark.parametrize(
    ("fields", "message", "param", "code"),
    [
        ({"prompt": ...}, "Missing required parameter: 'prompt'.", "prompt", "missing_required_parameter"),
        pytest.param(
            {"images": ...},
            "Missing required parameter: 'images'.",
            "images",
            "missing_required_parameter",
            marks=pytest.mark.rule("3.2/json-images-missing"),
        ),
        pytest.param(
            {"images": []},
            "Invalid 'images': empty array. Expected an array with minimum length 1, but got an empty array"
            " instead.",
            "images",
            "empty_array",
            marks=pytest.mark.rule("3.2/json-images-empty"),
        ),
        (
            {"images": [{"image_url": URL}] * 17},
            "Invalid 'images': array too long. Expected an array with maximum length 16, but got an array with"
            " length 17 instead.",
            "images",
            "array_above_max_length",
        ),
        pytest.param(
            {"images": ["str"]},
            "Invalid type for 'images[0]': expected an object, but got a string instead.",
            "images[0]",
            "invalid_type",
            marks=pytest.mark.rule("3.2/json-images-item"),
        ),
        (
            {"images": [{"image_url": URL}, None]},
            "Invalid type for 'images[1]': expected an object, but got null instead.",
            "images[1]",
            "invalid_type",
        ),
        (
            {"images": [{}]},
            "Missing required parameter: 'images[0].image_url' or 'images[0].file_id'.",
            "images[0]",
            "missing_required_parameter",
        ),
        (
            {"images": [{"image_url": URL, "file_id": "file-1"}]},
            "Mutually exclusive parameters: 'images[0].image_url' and 'images[0].file_id'. Ensure you are only"
            " providing one of: 'image_url' or 'file_id'.",
            "images[0]",
            "mutually_exclusive_parameters",
        ),
        (
            {"images": [{"image_url": URL, "detail": "high"}]},
            "Unknown parameter: 'images[0].detail'.",
            "images[0].detail",
            "unknown_parameter",
        ),
        (
            {"images": [{"image_url": {"url": URL}}]},
            "Invalid type for 'images[0].image_url': expected a string, but got an object instead.",
            "images[0].image_url",
            "invalid_type",
        ),
        (
            {"images": [{"file_id": 1}]},
            "Invalid type for 'images[0].file_id': expected a string, but got an integer instead.",
            "images[0].file_id",
            "invalid_type",
        ),
        pytest.param(
            {"image": URL},
            "Unknown parameter: 'image'. For application/json on /v1/images/edits, use 'images' (array).",
            "image",
            "invalid_value",
            marks=pytest.mark.rule("3.2/image-in-json"),
        ),
        pytest.param(
            {"image[]": URL, "images": ...},
            "Unknown parameter: 'image'. For application/json on /v1/images/edits, use 'images' (array).",
            "image",
            "invalid_value",
            marks=pytest.mark.rule("3.2/image-in-json"),
        ),
        ({"style": "vivid"}, "Unknown parameter: 'style'.", "style", "unknown_parameter"),
        ({"obj": {"k": 1}}, "Unknown parameter: 'obj'.", "obj", "unknown_parameter"),
        (
            {"quality": ""},
            "Invalid value: ''. Supported values are: 'low', 'medium', 'high', and 'auto'.",
            "quality",
            "invalid_value",
        ),
        (
            {"n": 11},
            "Invalid 'n': integer above maximum value. Expected a value <= 10, but got 11 instead.",
            "n",
            "integer_above_max_value",
        ),
        (
            {"mask": {"url": URL}},
            "Unknown parameter: 'mask.url'.",
            "mask.url",
            "unknown_parameter",
        ),
    ],
)
def test_what_is_wrong_is_named(
    refusal: Refusal, fields: Any, message: str, param: str, code: str, strict: bool
) -> None:
    assert refusal(**fields, strict=strict) == (IRE, message, param, code)


@both_modes
@pytest.mark.parametrize("url", ["https://example.com/a.png", "HTTP://example.com/a.png"])
def test_a_picture_elsewhere_is_refused_and_named(refusal: Refusal, url: str, strict: bool) -> None:
    type_, message, param, code = refusal(images=[{"image_url": URL}, {"image_url": url}], strict=strict)
    assert "does not fetch images" in message
    assert (type_, param, code) == (IRE, "images[1].image_url", "unsupported_value")


@both_modes
def test_an_uploaded_file_is_refused_and_named(refusal: Refusal, strict: bool) -> None:
    type_, message, param, code = refusal(images=[{"file_id": "file-1"}], strict=strict)
    assert "keeps no uploaded files" in message
    assert (type_, param, code) == (IRE, "images[0].file_id", "unsupported_value")
    assert refusal(mask={"file_id": "file-2"}, strict=strict)[2] == "mask.file_id"


@pytest.mark.rule("2.5/nulls")
@both_modes
@pytest.mark.parametrize(
    "name", ["n", "output_compression", "partial_images", "quality", "size", "stream", "mask"]
)
def test_these_nulls_are_as_good_as_omitted(parse: Parse, name: str, strict: bool) -> None:
    assert parse(**{name: None}, strict=strict) == parse(strict=strict)


@pytest.mark.rule("2.5/nulls")
@pytest.mark.parametrize("name", ["background", "input_fidelity", "moderation", "output_format"])
def test_other_nulls_are_omitted_unless_strict(parse: Parse, refusal: Refusal, name: str) -> None:
    assert parse(**{name: None}) == parse()
    _, message, param, code = refusal(**{name: None}, strict=True)
    assert message.endswith("but got null instead.")
    assert (param, code) == (name, "invalid_type")


def test_a_null_response_format_is_unknown_to_gpt_models_if_strict(parse: Parse, refusal: Refusal) -> None:
    assert parse(model="gpt-image-2", response_format=None).response_format == "b64_json"
    assert refusal(model="gpt-image-2", response_format=None, strict=True)[3] == "unknown_parameter"


def test_a_null_for_a_parameter_nobody_has_is_unknown(refusal: Refusal) -> None:
    assert refusal(style=None)[2:] == ("style", "unknown_parameter")


def test_a_null_beside_the_picture_is_omitted_unless_strict(parse: Parse, refusal: Refusal) -> None:
    image = {"image_url": URL, "file_id": None}
    assert parse(images=[image]).images[0].blob == BYTES
    assert refusal(images=[image], strict=True)[3] == "mutually_exclusive_parameters"
    assert refusal(images=[{"image_url": None}], strict=True)[2:] == ("images[0].image_url", "invalid_type")
    assert refusal(images=[{"image_url": None}])[2:] == ("images[0]", "missing_required_parameter")


@both_modes
def test_a_user_that_is_a_number_is_taken_as_text(parse: Parse, strict: bool) -> None:
    assert parse(user=123, strict=strict).user == "123"
    assert parse(user=None, strict=strict).user is None


@pytest.mark.rule("3.2/json-not-an-image")
@both_modes
@pytest.mark.parametrize(
    "url",
    [
        "",
        "photo.png",
        "ftp://example.com/a.png",
        "file:///etc/passwd",
        "data:image/png;base64",
        "data:image/png;base64,",
        "data:image/png," + URL.partition(",")[2],
        "data:," + URL.partition(",")[2],
        "data:base64," + URL.partition(",")[2],
        "image/png;base64," + URL.partition(",")[2],
        "data:image/png;base64;charset=utf-8,AAAA",
        "data:image/png;base64,A",
        "data:image/png;base64,AA",
        "data:image/png;base64,AAA",
        "data:image/png;base64,AA=",
        "data:image/png;base64,A===",
        "data:image/png;base64,AAAA=",
        "data:image/png;base64,AAAA====",
        "data:image/png;base64,====",
        "data:image/png;base64,=AAA",
        "data:image/png;base64,AA=A",
        "data:image/png;base64,AA==AAAA",
        "data:image/png;base64,AA==AA==",
        "data:image/png;base64,AAAA\n",
        "data:image/png;base64, AAAA",
        "data:image/png;base64,AA AA",
        "data:image/png;base64,AA\r\nAA",
        "data:image/png;base64,AA-_",
        "data:image/png;base64,AA%2B",
        "data:image/png;base64,AA%3D%3D",
        "data:image/png;base64,AAAA\0",
        "data:image/png;base64,ÄAAA",
        "data:image/png;base64,AAAA,AAAA",
        "data:" + "x" * 2000 + ";base64,AAAA",
    ],
)
def test_a_url_that_holds_no_picture_is_invalid_image_data(refusal: Refusal, url: str, strict: bool) -> None:
    wrong = {"image_url": url}
    assert refusal(images=[wrong], strict=strict) == (
        IGUE,
        "Invalid image data.",
        "images[0].image_url",
        "invalid_image_file",
    )
    assert refusal(images=[{"image_url": URL}] * 2 + [wrong], strict=strict)[2] == "images[2].image_url"
    assert refusal(mask=wrong, strict=strict)[2] == "mask.image_url"


@both_modes
@pytest.mark.parametrize(
    "head", ["data:image/png;base64", "DATA:image/png;BASE64", "data:image/png;charset=utf-8;base64"]
)
def test_a_data_url_may_have_capitals_and_parameters(parse: Parse, head: str, strict: bool) -> None:
    url = f"{head},{URL.partition(',')[2]}"
    assert parse(images=[{"image_url": url}], strict=strict).images[0].blob == BYTES


@pytest.mark.parametrize("media_type", ["", "text/plain", "image/heic"])
def test_the_bytes_decide_what_a_data_url_holds_unless_strict(
    parse: Parse, refusal: Refusal, media_type: str
) -> None:
    image = {"image_url": f"data:{media_type};base64,AAAA"}
    assert parse(images=[image]).images[0].blob == b"\0\0\0"
    assert refusal(images=[image], strict=True) == (
        IRE,
        f"Invalid file 'images[0]': unsupported mimetype ('{media_type or 'application/octet-stream'}'). "
        "Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'.",
        "images[0]",
        "unsupported_file_mimetype",
    )


@pytest.mark.rule("2.5/data-url")
@both_modes
def test_a_url_one_character_over_the_limit_is_refused(parse: Parse, refusal: Refusal, strict: bool) -> None:
    head = "data:image/png;base64,"
    longest = head + "A" * ((MAX_URL_LENGTH - len(head)) // 4 * 4)
    longest = longest.replace(";base64", ";" + "x" * (MAX_URL_LENGTH - len(longest) - 1) + ";base64")
    assert len(longest) == MAX_URL_LENGTH
    assert parse(images=[{"image_url": longest}], strict=strict)
    assert refusal(images=[{"image_url": longest + "A"}], strict=strict) == (
        IRE,
        "Invalid 'images[0].image_url': string too long. Expected a string with maximum length 20971520, but got a"
        " string with length 20971521 instead.",
        "images[0].image_url",
        "string_above_max_length",
    )


@both_modes
def test_a_mask_of_four_megabytes_is_too_large(refusal: Refusal, strict: bool) -> None:
    url = "data:image/png;base64," + base64.b64encode(bytes(4 << 20)).decode()
    assert refusal(mask={"image_url": url}, strict=strict)[1:] == (
        "Invalid file 'mask': file too large. Expected a file smaller than 4 MB, but got 4194304 bytes instead.",
        "mask",
        "file_too_large",
    )


def test_no_picture_is_stored_before_every_url_and_the_prompt_are_in_order(catalogue: Catalogue) -> None:
    stored: list[bytes] = []
    for fields in (
        {"prompt": ""},
        {"images": [{"image_url": URL}, "str"]},
        {"mask": {"file_id": "file-1"}},
        {"images": [{"image_url": URL}] * 17},
    ):
        with pytest.raises(RetouchError):
            parse_json(body(**fields), catalogue, store=stored.append)
    assert stored == []
    parse_json(body(), catalogue, store=stored.append)
    assert stored == [BYTES]


@pytest.mark.rule("A.5/json-dall-e-2")
def test_dall_e_2_is_served_unless_strict(parse: Parse, refusal: Refusal) -> None:
    fields = {"model": "dall-e-2", "size": "512x512", "response_format": "b64_json"}
    request = parse(**fields, output_compression=100, stream=False, partial_images=0, background="opaque")
    assert (request.profile.family, request.size, request.response_format) == ("dall-e", (512, 512), "b64_json")
    type_, message, param, code = refusal(**fields, strict=True)
    assert message.startswith("Unsupported content type: 'application/json'. This API method only accepts")
    assert (type_, param, code) == (IRE, None, "unsupported_content_type")
    assert refusal(**fields, images=[{"image_url": URL}] * 2)[2:] == ("images", "array_above_max_length")
    assert refusal(**fields, background="transparent")[2:] == ("background", "unknown_parameter")


def test_the_older_default_looks_at_json_too() -> None:
    catalogue = Catalogue(default_model=BY_PARAMETERS)

    def model(**fields: Any) -> str:
        return parse_json(body(**fields), catalogue, store=bytes).model

    assert model() == model(size="256x256") == model(stream=False) == model(quality=None) == "dall-e-2"
    assert model(quality="high") == model(images=[{"image_url": URL}] * 2) == model(stream=True) == "gpt-image-1.5"


def test_markup_belongs_to_the_models_that_have_it(parse: Parse, refusal: Refusal) -> None:
    assert refusal(markup={"image_url": URL})[2:] == ("markup", "unknown_parameter")
    request = parse(model="gpt-image-2.5-flare", markup={"image_url": URL})
    assert request.markup is not None
    assert request.markup.blob == BYTES


def test_extras_of_native_models_are_numbers_and_strings(parse: Parse, refusal: Refusal) -> None:
    extras = {
        "seed": 42,
        "guidance_scale": 7,
        "strength": 0.5,
        "negative_prompt": "rain",
        "num_inference_steps": 9,
    }
    assert parse(model="darkroom", **extras).extras == extras
    assert refusal(model="darkroom", seed="42")[1:] == (
        "Invalid type for 'seed': expected an integer, but got a string instead.",
        "seed",
        "invalid_type",
    )
    assert refusal(model="darkroom", strength="0.5")[1] == (
        "Invalid type for 'strength': expected a decimal number, but got a string instead."
    )
    assert refusal(model="darkroom", guidance_scale=True)[3] == "invalid_type"
    assert refusal(model="darkroom", guidance_scale=10**400)[3] == "integer_above_max_value"
    assert refusal(model="darkroom", strength=1.5)[3] == "decimal_above_max_value"
    assert refusal(model="gpt-image-2", seed=1)[3] == "unknown_parameter"


@both_modes
def test_a_string_longer_than_a_field_of_a_form_may_be_is_refused(refusal: Refusal, strict: bool) -> None:
    assert refusal(user="u" * ((1 << 18) + 1), strict=strict)[2:] == ("user", "string_above_max_length")
