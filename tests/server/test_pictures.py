"""What happens to pictures and masks between the form and the answer, over the wire."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

import httpx2
import numpy as np
import pytest
from PIL import Image

from retouch.server.running import BackgroundServer
from tests.forms import Field, image, post

PictureFile = Callable[..., bytes]
PhotoFile = Callable[[str], bytes]

RED = "[paint 255,0,0]"


def edited(answer: httpx2.Response) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(answer.json()["data"][0]["b64_json"]))))


def error(answer: httpx2.Response) -> tuple[str, str | None, str | None]:
    assert answer.status_code == 400, answer.text
    told = answer.json()["error"]
    return told["message"], told["param"], told["code"]


@pytest.fixture(scope="module")
def grey(picture_file: PictureFile) -> Field:
    return image(picture_file(Image.new("RGB", (96, 64), (100, 100, 100))))


@pytest.fixture(scope="module")
def hole(picture_file: PictureFile) -> Field:
    """A mask of the grey picture: a hole, half of it soft."""
    alpha = Image.new("L", (96, 64), 255)
    alpha.paste(0, (10, 10, 30, 30))
    alpha.paste(51, (40, 10, 60, 30))
    mask = Image.new("RGBA", (96, 64))
    mask.putalpha(alpha)
    return image(picture_file(mask), "mask", "m.png")


@pytest.mark.rule("A.6/transparent-is-edited", "A.6/exact")
def test_a_mask_opens_protects_and_blends(
    echo_server: BackgroundServer, strict_server: BackgroundServer, grey: Field, hole: Field
) -> None:
    for server in (echo_server, strict_server):
        result = edited(post(server, grey, hole, model="echo", prompt=RED))
        assert (result[10:30, 10:30] == (255, 0, 0)).all()
        assert (result[10:30, 40:60] == (224, 20, 20)).all(), "four fifths of the red"
        result = result.copy()
        result[10:30, 10:60] = 100
        assert (result == 100).all()


@pytest.mark.rule("A.6/new-area", "A.7/never-stretched")
def test_new_canvas_changes_although_everything_is_protected(
    echo_server: BackgroundServer, grey: Field, picture_file: PictureFile
) -> None:
    opaque = image(picture_file(Image.new("RGBA", (96, 64), (0, 0, 0, 255))), "mask")
    result = edited(post(echo_server, grey, opaque, model="echo", prompt=RED, size="96x96"))
    assert (result[16:80] == 100).all()
    assert (result[:16] == (255, 0, 0)).all()
    assert (result[80:] == (255, 0, 0)).all()


@pytest.mark.rule("6/opaque-mask")
def test_a_mask_that_protects_everything_gives_the_picture_back_and_says_so(
    echo_server: BackgroundServer, grey: Field, picture_file: PictureFile
) -> None:
    opaque = image(picture_file(Image.new("RGBA", (96, 64), (0, 0, 0, 255))), "mask")
    answer = post(echo_server, grey, opaque, model="echo", prompt=RED)
    assert (edited(answer) == 100).all()
    assert "nothing was changed" in answer.json()["data"][0]["revised_prompt"]


@pytest.mark.rule("A.6/first-image", "A.6/dimensions")
def test_the_mask_belongs_to_the_first_of_several_pictures(
    echo_server: BackgroundServer, strict_server: BackgroundServer, hole: Field, picture_file: PictureFile
) -> None:
    first = image(picture_file(Image.new("RGB", (96, 64), (1, 2, 3))), "image[]")
    second = image(picture_file(Image.new("RGB", (50, 50))), "image[]")
    for server in (echo_server, strict_server):
        result = edited(post(server, first, second, hole, model="echo", prompt=RED))
        assert (result[0, 0].tolist(), result[20, 20].tolist()) == ([1, 2, 3], [255, 0, 0])
        assert error(post(server, second, first, hole, model="echo"))[0] == (
            "Invalid mask image format - mask size does not match image size"
        )


@pytest.mark.rule("6/orientation", "A.6/dimensions")
def test_a_turned_photograph_is_edited_and_masked_upright(
    echo_server: BackgroundServer, strict_server: BackgroundServer, hole: Field, picture_file: PictureFile
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter to the right
    lying = Image.new("RGB", (64, 96), (100, 100, 100))
    lying.paste((0, 0, 200), (0, 0, 64, 10))  # what is above becomes the right edge
    turned = image(picture_file(lying, exif=exif))
    for server in (echo_server, strict_server):
        result = edited(post(server, turned, hole, model="echo", prompt=RED))
        assert result.shape == (64, 96, 3)
        assert (result[:, 86:] == (0, 0, 200)).all()
        assert (result[10:30, 10:30] == (255, 0, 0)).all()


@pytest.mark.rule("6/transparency-kept")
def test_transparency_is_kept_where_it_can_be_and_else_lies_on_white(
    echo_server: BackgroundServer, strict_server: BackgroundServer, picture_file: PictureFile
) -> None:
    clear = Image.new("RGBA", (1024, 1024), (200, 0, 0, 255))
    clear.paste((0, 200, 0, 0), (0, 0, 512, 1024))
    sent = image(picture_file(clear))
    for server in (echo_server, strict_server):
        kept = edited(post(server, sent, model="gpt-image-1.5", size="1024x1024"))
        np.testing.assert_array_equal(kept, np.asarray(clear))
        for texts in (
            {"model": "gpt-image-1.5", "background": "opaque"},
            {"model": "gpt-image-1.5", "output_format": "jpeg"},
            {"model": "gpt-image-2"},
        ):
            flat = edited(post(server, sent, size="1024x1024", **texts))
            assert flat.shape == (1024, 1024, 3)
            assert np.abs(flat[:, :500].astype(int) - 255).max() <= 2


@pytest.mark.rule("A.6/transparent-inside")
def test_a_transparent_background_under_a_mask_is_transparent_only_inside_it(
    darkroom_server: BackgroundServer, photo_file: PhotoFile, picture_file: PictureFile
) -> None:
    photo = Image.open(io.BytesIO(photo_file("astronaut"))).convert("RGB")
    alpha = Image.new("L", photo.size, 255)
    alpha.paste(0, (0, 0, photo.width, photo.height // 2))
    mask = Image.new("RGBA", photo.size)
    mask.putalpha(alpha)
    files = (image(picture_file(photo)), image(picture_file(mask), "mask"))
    texts = {"model": "darkroom", "prompt": "remove the background", "background": "transparent"}
    result = edited(post(darkroom_server, *files, **texts))
    assert result.shape[2] == 4
    half = photo.height // 2
    assert (result[half:, :, 3] == 255).all()
    np.testing.assert_array_equal(result[half:, :, :3], np.asarray(photo)[half:])
    assert (result[:half, :, 3] == 0).mean() > 0.1


@pytest.mark.rule("6/references")
def test_a_picture_that_was_not_used_is_told(darkroom_server: BackgroundServer, picture_file: PictureFile) -> None:
    files = [image(picture_file(Image.new("RGB", (64, 64), (9, 90, 200))), "image[]") for _ in range(3)]
    answer = post(darkroom_server, *files, model="darkroom", prompt="make the first image sepia")
    assert "The other 2 pictures were not used" in answer.json()["data"][0]["revised_prompt"]


@pytest.mark.rule("A.9/target-not-found", "A.9/unsupported-instruction")
def test_what_the_darkroom_cannot_do_or_find_is_told(darkroom_server: BackgroundServer, grey: Field) -> None:
    for prompt, code in (
        ("add sunglasses", "target_not_found"),
        ("turn it into a flamingo in the rain", "unsupported_instruction"),
    ):
        answer = post(darkroom_server, grey, prompt=prompt)
        assert error(answer)[1:] == ("prompt", code)
        assert answer.json()["error"]["type"] == "image_generation_user_error"


BROKEN = Field("image", b"nonsense", "a.png", "image/png")


@pytest.mark.rule("3.1/before-instruction")
def test_files_masks_and_parameters_are_judged_before_the_instruction(
    echo_server: BackgroundServer, strict_server: BackgroundServer, grey: Field, picture_file: PictureFile
) -> None:
    misfit = image(picture_file(Image.new("RGBA", (9, 9))), "mask")
    for server in (echo_server, strict_server):
        assert error(post(server, grey, prompt="[refuse]"))[2] == "unsupported_instruction"
        assert error(post(server, BROKEN, prompt="[refuse]"))[2] == "invalid_image_file"
        assert error(post(server, grey, misfit, prompt="[refuse]"))[2] == "invalid_mask_image_format"
        assert error(post(server, grey, prompt="[refuse]", n="0"))[1] == "n"
        # And parameters before what is in the files.
        assert error(post(server, BROKEN, misfit, size="1x1"))[1] == "size"
        assert error(post(server, BROKEN, misfit))[2] == "invalid_image_file"


@pytest.mark.rule("3.1/mask-and-size")
def test_a_mask_does_not_stop_the_check_of_the_size(
    echo_server: BackgroundServer, strict_server: BackgroundServer, grey: Field, hole: Field
) -> None:
    for server in (echo_server, strict_server):
        for mask in (hole, image(b"nonsense", "mask")):
            message, param, _ = error(post(server, grey, mask, model="gpt-image-2", size="9x9"))
            assert (message[:20], param) == ("Invalid size '9x9'. ", "size")
