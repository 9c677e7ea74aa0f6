"""Whole requests: defaults, the recorded refusals of each parameter, and their order."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

from retouch.contract.catalogue import Catalogue
from retouch.contract.form import FilePart, Part, TextPart
from retouch.contract.parameters import EditRequest, parse_form
from retouch.errors import RetouchError

Parse = Callable[..., EditRequest]
Refusal = Callable[..., tuple[str, str, str | None, str | None]]
Picture = Callable[..., FilePart]

IRE = "invalid_request_error"
IGUE = "image_generation_user_error"

both_modes = pytest.mark.parametrize("strict", [False, True], ids=["friendly", "strict"])


@pytest.mark.rule("A.2/default-model", "3.2/model-missing")
def test_the_least_request_has_the_documented_defaults(parse: Parse) -> None:
    request = parse()
    assert (request.model, request.prompt, request.n, request.size) == ("gpt-image-1.5", "hi", 1, None)
    assert (request.quality, request.background, request.input_fidelity) == ("medium", "auto", "low")
    assert (request.output_format, request.output_compression) == ("png", 100)
    assert (request.response_format, request.stream, request.partial_images) == ("b64_json", False, 0)
    assert (request.mask, request.markup, request.user, request.safety_identifier) == (None, None, None, None)
    assert (request.moderation, request.complexity, request.extras, request.strict) == ("auto", None, {}, False)


@pytest.mark.rule("2/numbers", "2/multipart")
def test_every_parameter_of_a_gpt_model_arrives(parse: Parse, picture: Picture) -> None:
    mask = picture("mask")
    request = parse(
        picture("image[]"),
        picture("image[]", filename="b.jpg", content_type="image/jpeg"),
        mask,
        strict=True,
        model="gpt-image-1.5",
        prompt="turn the logo\r\nto green",
        n="10",
        size="1024x1536",
        quality="high",
        background="opaque",
        input_fidelity="high",
        output_format="webp",
        output_compression="0",
        stream="true",
        partial_images="3",
        moderation="low",
        user="user-1234",
    )
    assert request.prompt == "turn the logo\r\nto green"
    assert [image.filename for image in request.images] == ["a.png", "b.jpg"]
    assert request.image_field == "image[]"
    assert request.mask is mask
    assert (request.n, request.size, request.quality) == (10, (1024, 1536), "high")
    assert (request.background, request.input_fidelity, request.moderation) == ("opaque", "high", "low")
    assert (request.output_format, request.output_compression) == ("webp", 0)
    assert (request.stream, request.partial_images, request.user) == (True, 3, "user-1234")
    assert request.strict


def test_dall_e_2_has_its_own_defaults(parse: Parse) -> None:
    request = parse(model="dall-e-2")
    assert (request.size, request.response_format, request.background) == ((1024, 1024), "url", "opaque")
    assert (request.quality, request.output_format, request.moderation) == ("medium", "png", None)
    assert parse(model="dall-e-2", response_format="b64_json", size="256x256").size == (256, 256)


def test_auto_quality_becomes_what_the_model_was_seen_to_use(parse: Parse) -> None:
    assert parse(model="gpt-image-2").quality == "low"
    assert parse(model="gpt-image-2", quality="auto").quality == "low"
    assert parse(model="gpt-image-1", quality="auto").quality == "medium"


@pytest.mark.rule("A.3/newer-models", "A.3/quality")
def test_newer_models_have_the_newer_parameters(parse: Parse, picture: Picture) -> None:
    request = parse(
        picture(),
        picture("markup"),
        strict=True,
        model="gpt-image-2.5-sunburst",
        quality="xhigh",
        complexity="high",
        background="transparent",
        safety_identifier="someone",
        user="other",
    )
    assert request.markup is not None
    assert (request.quality, request.complexity, request.background) == ("xhigh", "high", "transparent")
    assert request.end_user == "someone"
    assert parse(model="gpt-image-2.6-flare", quality="max").quality == "max"


def test_an_empty_safety_identifier_gives_way_to_the_user(parse: Parse) -> None:
    assert parse(strict=True, model="gpt-image-2.5-flare", safety_identifier="", user="u").end_user == "u"
    assert parse(strict=True, user="").end_user is None


def test_a_request_can_be_pickled(parse: Parse) -> None:
    request = parse(model="darkroom", seed="7")
    assert pickle.loads(pickle.dumps(request)) == request


# --- the table of recorded refusals -------------------------------------------------------------------

TABLE: list[tuple[dict[str, Any], str, str, str | None, str | None]] = [
    ({"model": "gpt-5"}, IGUE, "The model 'gpt-5' does not exist.", "model", "invalid_value"),
    ({"model": "dall-e-3"}, IGUE, "The model 'dall-e-3' does not exist.", "model", "invalid_value"),
    ({"model": ""}, IGUE, "The model '' does not exist.", "model", "invalid_value"),
    ({"model": "native"}, IGUE, "The model 'native' does not exist.", "model", "invalid_value"),
    ({"prompt": None}, IRE, "Missing required parameter: 'prompt'.", "prompt", "missing_required_parameter"),
    (
        {"prompt": ""},
        IRE,
        "Invalid 'prompt': empty string. Expected a string with minimum length 1, but got an empty string "
        "instead.",
        "prompt",
        "empty_string",
    ),
    (
        {"prompt": "é" * 32001},
        IRE,
        "Invalid 'prompt': string too long. Expected a string with maximum length 32000, but got a string with "
        "length 32001 instead.",
        "prompt",
        "string_above_max_length",
    ),
    (
        {"model": "dall-e-2", "prompt": "x" * 1001},
        IRE,
        "Invalid 'prompt': string too long. Expected a string with maximum length 1000, but got a string with "
        "length 1001 instead.",
        "prompt",
        "string_above_max_length",
    ),
    ({"bare": True}, IRE, "Missing required parameter: 'image'.", "image", "missing_required_parameter"),
    (
        {"n": "0"},
        IRE,
        "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.",
        "n",
        "integer_below_min_value",
    ),
    (
        {"n": "11"},
        IRE,
        "Invalid 'n': integer above maximum value. Expected a value <= 10, but got 11 instead.",
        "n",
        "integer_above_max_value",
    ),
    (
        {"n": "2.5"},
        IRE,
        "Invalid type for 'n': expected an integer, but got a string value that could not be converted into an "
        "integer.",
        "n",
        "invalid_type",
    ),
    (
        {"n": "abc"},
        IRE,
        "Invalid type for 'n': expected an integer, but got a string value that could not be converted into an "
        "integer.",
        "n",
        "invalid_type",
    ),
    (
        {"output_compression": "101", "output_format": "jpeg"},
        IRE,
        "Invalid 'output_compression': integer above maximum value. Expected a value <= 100, but got 101 instead.",
        "output_compression",
        "integer_above_max_value",
    ),
    (
        {"output_compression": "-1", "output_format": "jpeg"},
        IRE,
        "Invalid 'output_compression': integer below minimum value. Expected a value >= 0, but got -1 instead.",
        "output_compression",
        "integer_below_min_value",
    ),
    (
        {"partial_images": "4", "stream": "true"},
        IRE,
        "Invalid 'partial_images': integer above maximum value. Expected a value <= 3, but got 4 instead.",
        "partial_images",
        "integer_above_max_value",
    ),
    (
        {"output_compression": "99"},
        IGUE,
        "Compression less than 100 is not supported for PNG output format",
        None,
        "invalid_png_output_compression",
    ),
    (
        {"quality": "ultra"},
        IRE,
        "Invalid value: 'ultra'. Supported values are: 'low', 'medium', 'high', and 'auto'.",
        "quality",
        "invalid_value",
    ),
    (
        {"quality": "hd"},
        IRE,
        "Invalid value: 'hd'. Supported values are: 'low', 'medium', 'high', and 'auto'.",
        "quality",
        "invalid_value",
    ),
    (
        {"model": "gpt-image-2", "output_format": "gif"},
        IRE,
        "Invalid value: 'gif'. Supported values are: 'png', 'webp', and 'jpeg'.",
        "output_format",
        "invalid_value",
    ),
    (
        {"background": "bogus"},
        IRE,
        "Invalid value: 'bogus'. Supported values are: 'transparent', 'opaque', and 'auto'.",
        "background",
        "invalid_value",
    ),
    (
        {"moderation": "bogus"},
        IRE,
        "Invalid value: 'bogus'. Supported values are: 'auto' and 'low'.",
        "moderation",
        "invalid_value",
    ),
    (
        {"input_fidelity": "bogus"},
        IRE,
        "Invalid value: 'bogus'. Supported values are: 'high' and 'low'.",
        "input_fidelity",
        "invalid_value",
    ),
    (
        {"model": "gpt-image-1-mini", "input_fidelity": "low"},
        IRE,
        "Unknown parameter: 'input_fidelity'.",
        "input_fidelity",
        "unknown_parameter",
    ),
    (
        {"model": "gpt-image-2", "background": "transparent"},
        IGUE,
        "Transparent background is not supported for this model.",
        "background",
        "invalid_value",
    ),
    (
        {"background": "transparent", "output_format": "jpeg"},
        IGUE,
        "Transparent background is not supported for JPEG output format.",
        "background",
        "invalid_value",
    ),
    (
        {"response_format": "url"},
        IRE,
        "Unknown parameter: 'response_format'.",
        "response_format",
        "unknown_parameter",
    ),
    (
        {"model": "dall-e-2", "response_format": "png"},
        IRE,
        "Invalid value: 'png'. Supported values are: 'url' and 'b64_json'.",
        "response_format",
        "invalid_value",
    ),
    ({"style": "vivid"}, IRE, "Unknown parameter: 'style'.", "style", "unknown_parameter"),
    ({"style": ""}, IRE, "Unknown parameter: 'style'.", "style", "unknown_parameter"),
    ({"svg[model]": "m"}, IRE, "Unknown parameter: 'svg[model]'.", "svg[model]", "unknown_parameter"),
    ({"seed": "1"}, IRE, "Unknown parameter: 'seed'.", "seed", "unknown_parameter"),
    (
        {"stream": "yes"},
        IRE,
        "Invalid type for 'stream': expected a boolean, but got a string value that could not be converted into "
        "a boolean.",
        "stream",
        "invalid_type",
    ),
    (
        {"model": "gpt-image-2", "size": "bogus"},
        IGUE,
        "Invalid size 'bogus'. Expected WIDTHxHEIGHT, for example '1824x1024'.",
        "size",
        "invalid_value",
    ),
    (
        {"size": "1254x836"},
        IRE,
        "Invalid value: '1254x836'. Supported values are: '1024x1024', '1024x1536', '1536x1024', and 'auto'.",
        "size",
        "invalid_value",
    ),
    (
        {"model": "dall-e-2", "size": "1024x1536"},
        IRE,
        "'1024x1536' is not one of ['256x256', '512x512', '1024x1024'] - 'size'",
        None,
        None,
    ),
    (
        {"model": "dall-e-2", "size": "auto"},
        IRE,
        "'auto' is not one of ['256x256', '512x512', '1024x1024'] - 'size'",
        None,
        None,
    ),
    ({"model": "dall-e-2", "stream": "true"}, IRE, "Unknown parameter: 'stream'.", "stream", "unknown_parameter"),
    (
        {"model": "dall-e-2", "quality": "high"},
        IRE,
        "Unknown parameter: 'quality'.",
        "quality",
        "unknown_parameter",
    ),
    (
        {"partial_images": "2"},
        IRE,
        "Invalid value for 'partial_images': partial images are only sent when 'stream' is true.",
        "partial_images",
        "invalid_value",
    ),
    (
        {"model": "darkroom", "stream": "true", "response_format": "url"},
        IRE,
        "Invalid value: 'url'. Streamed events carry the image itself: use 'b64_json'.",
        "response_format",
        "invalid_value",
    ),
]


@both_modes
@pytest.mark.parametrize(
    ("options", "kind", "message", "param", "code"), TABLE, ids=[f"{str(row[0])[:50]}" for row in TABLE]
)
def test_a_refusal_reads_as_recorded(
    refusal: Refusal,
    options: dict[str, Any],
    kind: str,
    message: str,
    param: str | None,
    code: str | None,
    strict: bool,
) -> None:
    assert refusal(strict=strict, **options) == (kind, message, param, code)


@both_modes
def test_a_file_in_the_place_of_a_text_is_refused(refusal: Refusal, picture: Picture, strict: bool) -> None:
    expected = (
        IRE,
        "Invalid type for 'prompt': expected a string, but got a file instead.",
        "prompt",
        "invalid_type",
    )
    assert refusal(picture("prompt"), prompt=None, strict=strict, bare=False) == expected
    assert refusal(picture("n"), strict=strict)[2:] == ("n", "invalid_type")


@pytest.mark.rule("2/duplicate")
@both_modes
@pytest.mark.parametrize("name", ["prompt", "n", "model", "user", "mask", "style"])
def test_a_scalar_sent_twice_is_a_duplicate(refusal: Refusal, name: str, strict: bool) -> None:
    twice = [TextPart(name, "1"), TextPart(name, "1")]
    kind, message, param, code = refusal(*twice, prompt=None, strict=strict)
    assert (kind, param, code) == (IRE, name, "duplicate_parameter")
    assert message.startswith(f"Duplicate parameter: '{name}'. You provided multiple values for this parameter, ")


def test_an_unknown_list_is_unknown_and_no_duplicate(refusal: Refusal) -> None:
    assert refusal(TextPart("arr[]", "x"), TextPart("arr[]", "y"))[1] == "Unknown parameter: 'arr[]'."


def test_a_long_value_is_cut_in_its_echo(refusal: Refusal) -> None:
    _, message, _, _ = refusal(quality="x" * 100_000)
    assert len(message) < 400
    assert len(refusal(n="9" * 900)[1]) < 400
    assert refusal(n="9" * 5000)[3] == "invalid_type"


# --- the order of refusals ----------------------------------------------------------------------------

# Each fault comes before those after it.
FAULTS: list[tuple[str, dict[str, str | None]]] = [
    ("model", {"model": "nobody"}),
    ("style", {"style": "vivid"}),
    ("prompt", {"prompt": ""}),
    ("image", {"image": "text"}),
    ("mask", {"mask": "text"}),
    ("n", {"n": "0"}),
    ("quality", {"quality": "ultra"}),
    ("background", {"background": "bogus"}),
    ("input_fidelity", {"input_fidelity": "bogus"}),
    ("output_format", {"output_format": "gif"}),
    ("moderation", {"moderation": "bogus"}),
    ("output_compression", {"output_compression": "101"}),
    ("size", {"size": "1x1"}),
    ("stream", {"stream": "yes"}),
    ("partial_images", {"partial_images": "4"}),
]
PAIRS = [(first, second) for index, first in enumerate(FAULTS) for second in FAULTS[index + 1 :]]


@pytest.mark.rule("3.1/order")
@pytest.mark.parametrize(("first", "second"), PAIRS, ids=[f"{a[0]} before {b[0]}" for a, b in PAIRS])
def test_of_two_faults_the_earlier_in_the_order_is_told(
    refusal: Refusal,
    picture: Picture,
    first: tuple[str, dict[str, str | None]],
    second: tuple[str, dict[str, str | None]],
) -> None:
    options = {"prompt": "hi"} | second[1] | first[1]
    texts = [TextPart(name, options.pop(name) or "") for name in ("image", "mask") if name in options]
    assert refusal(*texts, **options)[2] == first[0]


def test_one_fault_of_the_order_alone_is_told_as_itself(refusal: Refusal) -> None:
    for name, options in FAULTS[5:]:
        assert refusal(**options)[2] == name


# --- leniencies ---------------------------------------------------------------------------------------


def test_standard_quality_is_painted_as_medium_unless_strict(parse: Parse, refusal: Refusal) -> None:
    assert parse(model="gpt-image-2", quality="standard").quality == "medium"
    assert refusal(model="gpt-image-2", quality="standard", strict=True) == (
        IRE,
        "Invalid value: 'standard'. Supported values are: 'low', 'medium', 'high', and 'auto'.",
        "quality",
        "invalid_value",
    )


@pytest.mark.parametrize("model", ["gpt-image-2", "gpt-image-2-2026-04-21", "gpt-image-2.5-flare"])
def test_fidelity_of_later_models_is_honoured_unless_strict(parse: Parse, refusal: Refusal, model: str) -> None:
    assert parse(model=model).input_fidelity == "high"
    assert parse(model=model, input_fidelity="low").input_fidelity == "low"
    for value in ("low", "high", "bogus"):
        assert refusal(model=model, input_fidelity=value, strict=True) == (
            IGUE,
            f"The model '{model}' does not support the 'input_fidelity' parameter.",
            "input_fidelity",
            "invalid_input_fidelity_model",
        )


def test_response_format_b64_json_is_what_gpt_models_return_anyway(parse: Parse, refusal: Refusal) -> None:
    assert parse(response_format="b64_json").response_format == "b64_json"
    assert refusal(response_format="b64_json", strict=True)[2:] == ("response_format", "unknown_parameter")


@pytest.mark.parametrize("null", ["", "null"])
def test_null_texts_are_as_good_as_omitted_unless_strict(
    parse: Parse, refusal: Refusal, picture: Picture, null: str
) -> None:
    names = ["n", "size", "quality", "background", "output_format", "output_compression", "stream"]
    names += ["partial_images", "moderation", "input_fidelity", "response_format", "user", "mask", "markup"]
    parts: list[Part] = [picture(), *(TextPart(name, null, "application/json") for name in names)]
    request = parse(*parts)
    assert (request.n, request.size, request.quality, request.user) == (1, None, "medium", None)
    assert request.mask is None
    for name in set(names) - {"user"}:
        assert refusal(picture(), TextPart(name, null), strict=True)[3] in {
            "invalid_type",
            "invalid_value",
            "unknown_parameter",
        }


def test_a_null_prompt_or_model_is_the_text_it_says(parse: Parse, refusal: Refusal) -> None:
    assert parse(prompt="null").prompt == "null"
    assert parse(prompt="   ").prompt == "   "
    assert refusal(prompt="")[3] == "empty_string"
    assert refusal(model="null")[1] == "The model 'null' does not exist."


def test_a_null_image_is_a_missing_one(refusal: Refusal) -> None:
    assert refusal(TextPart("image", "null"), bare=True)[1] == "Missing required parameter: 'image'."
    assert refusal(TextPart("image", "null"), bare=True, strict=True)[3] == "invalid_type"


TOLERATED = {
    "output_format": "png",
    "background": "opaque",
    "quality": "standard",
    "output_compression": "100",
    "partial_images": "0",
    "stream": "false",
}


@pytest.mark.parametrize(("name", "value"), TOLERATED.items())
def test_dall_e_2_takes_what_it_returns_anyway_unless_strict(
    parse: Parse, refusal: Refusal, name: str, value: str
) -> None:
    request = parse(model="dall-e-2", **{name: value})
    assert (request.output_format, request.background, request.stream) == ("png", "opaque", False)
    assert refusal(model="dall-e-2", strict=True, **{name: value}) == (
        IRE,
        f"Unknown parameter: '{name}'.",
        name,
        "unknown_parameter",
    )


def test_booleans_in_capitals_are_read_unless_strict(parse: Parse, refusal: Refusal) -> None:
    assert parse(stream="True").stream
    assert not parse(stream="False").stream
    assert refusal(stream="True", strict=True)[2:] == ("stream", "invalid_type")


# --- names of our own ---------------------------------------------------------------------------------


@pytest.mark.rule("A.4/extras")
@both_modes
def test_a_native_model_takes_its_extras(parse: Parse, strict: bool) -> None:
    request = parse(
        model="darkroom",
        strict=strict,
        seed="42",
        negative_prompt="fog",
        num_inference_steps="20",
        guidance_scale="7.5",
        strength="1",
        size="640x427",
        response_format="url",
    )
    assert request.extras == {
        "seed": 42,
        "negative_prompt": "fog",
        "num_inference_steps": 20,
        "guidance_scale": 7.5,
        "strength": 1.0,
    }
    assert (request.size, request.response_format) == ((640, 427), "url")


@both_modes
@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("seed", "1.5", "invalid_type"),
        ("seed", "-1", "integer_below_min_value"),
        ("strength", "nan", "invalid_type"),
        ("strength", "inf", "invalid_type"),
        ("strength", "-Infinity", "invalid_type"),
        ("strength", "1e400", "invalid_type"),
        ("strength", "1_0", "invalid_type"),
        ("strength", "high", "invalid_type"),
        ("strength", "1.01", "decimal_above_max_value"),
        ("guidance_scale", "-0.5", "decimal_below_min_value"),
        ("num_inference_steps", "0", "integer_below_min_value"),
        ("negative_prompt", "x" * 32001, "string_above_max_length"),
    ],
)
def test_an_extra_out_of_bounds_is_refused(
    refusal: Refusal, name: str, value: str, code: str, strict: bool
) -> None:
    assert refusal(model="darkroom", strict=strict, **{name: value})[2:] == (name, code)


def test_a_decimal_out_of_range_is_refused_in_the_house_style(refusal: Refusal) -> None:
    assert refusal(model="darkroom", strength="1.5")[1] == (
        "Invalid 'strength': decimal above maximum value. Expected a value <= 1, but got 1.5 instead."
    )
    assert refusal(model="darkroom", strength="x")[1] == (
        "Invalid type for 'strength': expected a decimal number, but got a string value that could not be "
        "converted into a decimal number."
    )


@pytest.mark.rule("A.4/extras")
def test_extras_that_no_engine_honours_are_unknown(form: Callable[..., list[Part]], catalogue: Catalogue) -> None:
    honoured = {"darkroom": frozenset({"seed"})}
    assert parse_form(form(model="darkroom", seed="1"), catalogue, extras=honoured).extras == {"seed": 1}
    with pytest.raises(RetouchError, match="Unknown parameter: 'strength'"):
        parse_form(form(model="darkroom", strength="1"), catalogue, extras=honoured)


def test_every_known_model_takes_the_least_request_in_both_modes(parse: Parse, catalogue: Catalogue) -> None:
    for name in catalogue.names():
        for strict in (False, True):
            request = parse(model=name, strict=strict)
            assert request.model == request.profile.name == name
            assert request.quality != "auto"


@pytest.mark.rule("A.5/nothing-ignored")
def test_no_model_ignores_a_parameter_that_is_another_models(
    parse: Parse, refusal: Refusal, catalogue: Catalogue
) -> None:
    refused = 0
    for model in catalogue.names():
        profile = catalogue.get(model)
        for name in sorted(catalogue.parameters - profile.parameters - set(profile.extras)):
            for strict in (False, True):
                assert refusal(model=model, strict=strict, **{name: "1"})[1:3] == (
                    f"Unknown parameter: '{name}'.",
                    name,
                )
                refused += 1
    assert refused > 100
