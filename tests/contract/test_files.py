"""The files of a form, as the clients' libraries send them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from retouch.contract.form import FilePart, TextPart
from retouch.contract.parameters import EditRequest

Parse = Callable[..., EditRequest]
Refusal = Callable[..., tuple[str, str, str | None, str | None]]
Picture = Callable[..., FilePart]

IRE = "invalid_request_error"
MB = 1 << 20

both_modes = pytest.mark.parametrize("strict", [False, True], ids=["friendly", "strict"])


@pytest.mark.rule("2/list")
def test_a_list_of_one_is_a_list(parse: Parse, picture: Picture) -> None:
    assert parse(picture("image[]"), strict=True).image_field == "image[]"
    assert parse(picture("image"), strict=True).image_field == "image"


@pytest.mark.rule("2/list")
def test_images_keep_the_order_sent(parse: Parse, picture: Picture) -> None:
    sent = [picture("image[]", filename=f"{n}.png") for n in range(16)]
    assert list(parse(*sent, strict=True).images) == sent


def test_image_and_list_together_keep_the_order_sent_unless_strict(
    parse: Parse, refusal: Refusal, picture: Picture
) -> None:
    sent = [picture("image[]", filename="1.png"), picture("image"), picture("image[]", filename="2.png")]
    request = parse(*sent)
    assert list(request.images) == sent
    assert request.image_field == "image[]"
    assert refusal(*sent, strict=True)[2:] == ("image", "duplicate_parameter")


@both_modes
def test_two_parts_of_the_name_image_are_a_duplicate(refusal: Refusal, picture: Picture, strict: bool) -> None:
    assert refusal(picture(), picture(), strict=strict) == (
        IRE,
        "Duplicate parameter: 'image'. You provided multiple values for this parameter, whereas only one is "
        "allowed. If you are trying to provide a list of values, use the array syntax instead e.g. "
        "'image[]=<value>'.",
        "image",
        "duplicate_parameter",
    )


@both_modes
@pytest.mark.parametrize("file", [False, True])
def test_the_name_images_points_to_the_form_names(
    refusal: Refusal, picture: Picture, file: bool, strict: bool
) -> None:
    part = picture("images") if file else TextPart("images", "[]")
    assert refusal(part, bare=True, strict=strict) == (
        IRE,
        "Unknown parameter: 'images'. For multipart/form-data use 'image' or 'image[]'.",
        "images",
        "invalid_value",
    )


@both_modes
def test_a_text_in_the_place_of_an_image_is_refused(refusal: Refusal, picture: Picture, strict: bool) -> None:
    assert refusal(TextPart("image", "cat.png"), strict=strict) == (
        IRE,
        "Invalid type for 'image': expected one of an array of files or file, but got a string instead.",
        "image",
        "invalid_type",
    )
    assert refusal(picture("image[]"), TextPart("image[]", "cat.png"), strict=strict) == (
        IRE,
        "Invalid type for 'image[1]': expected a file, but got a string instead.",
        "image[1]",
        "invalid_type",
    )
    assert refusal(TextPart("mask", "mask.png"), strict=strict)[1] == (
        "Invalid type for 'mask': expected a file, but got a string instead."
    )


@pytest.mark.rule("2/unnamed")
def test_a_picture_without_a_file_name_is_taken_unless_strict(
    parse: Parse, refusal: Refusal, picture: Picture
) -> None:
    nameless = picture(filename=None, content_type=None)
    assert parse(nameless).images == (nameless,)
    assert refusal(nameless, strict=True)[1] == (
        "Invalid type for 'image': expected one of an array of files or file, but got a string instead."
    )


@pytest.mark.parametrize("media_type", ["application/octet-stream", "text/plain", "image/heic", None])
def test_the_bytes_decide_the_format_unless_strict(
    parse: Parse, refusal: Refusal, picture: Picture, media_type: str | None
) -> None:
    part = picture(content_type=media_type)
    assert parse(part).images == (part,)
    assert refusal(part, strict=True) == (
        IRE,
        f"Invalid file 'image': unsupported mimetype ('{media_type or 'application/octet-stream'}'). Supported "
        "file formats are 'image/jpeg', 'image/png', and 'image/webp'.",
        "image",
        "unsupported_file_mimetype",
    )


def test_a_wrong_type_in_a_list_is_told_by_its_place(refusal: Refusal, picture: Picture) -> None:
    parts = [picture("image[]"), picture("image[]", content_type="audio/wav")]
    assert refusal(*parts, strict=True) == (
        IRE,
        "Invalid file 'image[1]': unsupported mimetype ('audio/wav'). Supported file formats are 'image/jpeg', "
        "'image/png', and 'image/webp'.",
        "image[1]",
        "unsupported_file_mimetype",
    )


def test_dall_e_2_names_its_one_type(refusal: Refusal, picture: Picture) -> None:
    _, message, _, _ = refusal(picture(content_type="image/jpeg"), model="dall-e-2", strict=True)
    assert message.endswith("Supported file formats are 'image/png'.")


def test_parameters_and_capitals_of_a_media_type_do_not_matter(parse: Parse, picture: Picture) -> None:
    assert parse(picture(content_type="Image/PNG; charset=binary"), strict=True).images


@both_modes
def test_the_type_of_a_mask_is_not_looked_at(parse: Parse, picture: Picture, strict: bool) -> None:
    assert parse(picture(), picture("mask", content_type="application/octet-stream"), strict=strict).mask


@both_modes
def test_more_images_than_the_model_takes_are_refused(refusal: Refusal, picture: Picture, strict: bool) -> None:
    assert refusal(*[picture("image[]")] * 17, strict=strict) == (
        IRE,
        "Invalid 'image': array too long. Expected an array with maximum length 16, but got an array with length "
        "17 instead.",
        "image",
        "array_above_max_length",
    )
    assert refusal(*[picture("image[]")] * 2, model="dall-e-2", strict=strict)[3] == "array_above_max_length"


@pytest.mark.rule("A.9/file-too-large")
@both_modes
def test_a_file_of_fifty_megabytes_is_too_large(
    parse: Parse, refusal: Refusal, picture: Picture, strict: bool
) -> None:
    assert parse(picture(size=50 * MB - 1), strict=strict)
    assert refusal(picture(size=50 * MB), strict=strict) == (
        IRE,
        "Invalid file 'image': file too large. Expected a file smaller than 50 MB, but got 52428800 "
        "bytes instead.",
        "image",
        "file_too_large",
    )
    assert refusal(picture("image[]"), picture("image[]", size=60 * MB), strict=strict)[2] == "image[1]"


@pytest.mark.rule("A.6/bytes", "A.9/file-too-large")
@both_modes
def test_a_mask_of_four_megabytes_is_too_large(
    parse: Parse, refusal: Refusal, picture: Picture, strict: bool
) -> None:
    assert parse(picture(), picture("mask", size=4 * MB - 1), strict=strict)
    assert refusal(picture(), picture("mask", size=4 * MB), strict=strict)[1:] == (
        "Invalid file 'mask': file too large. Expected a file smaller than 4 MB, but got 4194304 bytes instead.",
        "mask",
        "file_too_large",
    )


@both_modes
def test_dall_e_2_has_its_own_words_for_a_large_image(refusal: Refusal, picture: Picture, strict: bool) -> None:
    assert refusal(picture(size=4 * MB), model="dall-e-2", strict=strict) == (
        IRE,
        "Uploaded image must be a PNG and less than 4 MB.",
        None,
        None,
    )


@pytest.mark.rule("A.3/markup-mask")
def test_markup_belongs_to_the_models_that_have_it_and_excludes_a_mask(
    parse: Parse, refusal: Refusal, picture: Picture
) -> None:
    assert refusal(picture("markup"), model="gpt-image-2")[1] == "Unknown parameter: 'markup'."
    assert parse(picture("markup"), model="gpt-image-2.5-flare").markup
    assert refusal(picture("markup"), picture("mask"), model="gpt-image-2.5-flare")[2:] == (
        "markup",
        "invalid_value",
    )
    assert refusal(picture("markup", size=50 * MB), model="gpt-image-2.5-flare")[3] == "file_too_large"
