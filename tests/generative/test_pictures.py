"""What the pictures of generative models depend on, and what they keep, over HTTP with the official client."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import openai
import pytest

from retouch.imaging.canvas import lay_out
from retouch.imaging.raster import Raster
from tests.generative.studio import (
    ALL,
    LACKING,
    REFERENCES,
    Studio,
    changed,
    mask,
    picture,
    png,
)
from tests.miniatures.fixtures import needs_libraries
from tests.miniatures.names import NAMES

pytestmark = needs_libraries
every = pytest.mark.parametrize("model", NAMES)
whole_and_masked = pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])

INSIDE, OPEN = mask() < 255, mask() == 0


@whole_and_masked
@every
def test_prompt_picture_and_second_picture_all_matter(studio: Studio, model: str, masked: bool) -> None:
    second = [picture(1)] if model in REFERENCES else []
    others = {
        "prompt": studio.paint(model, masked=masked, prompt="blue curtains by night"),
        "picture": studio.paint(model, masked=masked, pictures=[picture(2), *second]),
    }
    if second:
        others["second"] = studio.paint(model, masked=masked, pictures=[picture(0), picture(2)])
    # Where the mask is half open the picture itself shows through.
    where = OPEN if masked else np.ones(OPEN.shape, bool)
    for what, other in others.items():
        assert changed(other[where], studio.usual(model, masked=masked)[where]) > 0.5, what


@every
def test_as_many_pictures_as_the_model_says_are_taken_and_no_more(studio: Studio, model: str) -> None:
    told = studio.client.models.retrieve(model).to_dict()
    (engine,) = told["capabilities"]["engines"]  # type: ignore[index]
    assert engine["references"] == REFERENCES.get(model, 0)
    if (count := engine["references"] + 2) > 16:
        return
    with pytest.raises(openai.BadRequestError) as refused:
        studio.paint(model, pictures=[picture(number) for number in range(count)])
    assert refused.value.param == "image"
    assert f"at most {count - 1} images" in str(refused.value)


@every
def test_what_the_mask_protects_comes_back_to_the_bit_and_the_rest_is_painted(studio: Studio, model: str) -> None:
    made = studio.usual(model, masked=True)
    source = picture(0)
    np.testing.assert_array_equal(made[~INSIDE], source[~INSIDE])
    assert (made[INSIDE] != source[INSIDE]).any(axis=1).mean() > 0.9
    assert changed(made[OPEN], source[OPEN]) > 5
    # Without the mask nothing is kept.
    assert (studio.usual(model)[~INSIDE] != source[~INSIDE]).any(axis=1).mean() > 0.9


@every
def test_at_another_size_what_is_protected_is_the_picture_scaled(studio: Studio, model: str) -> None:
    # Wider than the picture, so that there is new area at its sides.
    made = studio.paint(model, masked=True, size="277x150")
    laid = lay_out(Raster(picture(0)[..., :3]), (255 - mask()).astype(np.float32) / np.float32(255), (277, 150))
    kept = laid.weight == 0
    assert 0.4 < kept.mean() < 0.8
    base = np.dstack([laid.base.rgb, np.full(kept.shape, 255, np.uint8)])
    np.testing.assert_array_equal(made[kept], base[kept])
    x, _, width, _ = laid.box
    for part in (laid.weight == 1, np.s_[:, :x], np.s_[:, x + width :]):
        assert changed(made[part], base[part]) > 5


@every
def test_unless_a_size_is_asked_for_the_answer_has_the_pictures(studio: Studio, model: str) -> None:
    made = studio.paint(model, size="auto", pictures=[picture(0, (90, 57))])
    assert made.shape == (57, 90, 4)


@every
def test_better_quality_paints_another_picture(studio: Studio, model: str) -> None:
    low, high = (studio.paint(model, quality=quality) for quality in ("low", "high"))
    assert changed(low, high) > 0.5


@every
def test_a_parameter_has_an_effect_or_is_refused_by_its_name(studio: Studio, model: str) -> None:
    values = {"strength": 1.0, "negative_prompt": "rain", "guidance_scale": 2.5, "flux_capacitor": "1.21"}
    lacking = LACKING.get(model, frozenset()) | {"flux_capacitor"}
    for name in sorted(lacking):
        with pytest.raises(openai.BadRequestError) as refused:
            studio.paint(model, extra={name: values[name]})
        assert refused.value.param == name
        assert name in str(refused.value)
    for name in sorted(ALL - lacking):
        assert changed(studio.paint(model, extra={name: values[name]}), studio.usual(model)) > 0.5


@pytest.mark.parametrize("model", ["flux2_klein", "qwen_image_21", "sd15_inpaint"])
def test_a_transparent_background_is_transparent_inside_the_mask_alone(
    studio: Studio, photo: Callable[..., Raster], model: str
) -> None:
    # Of a picture whose subject still stands out when its margin was painted.
    astronaut = photo("astronaut", 256).rgb
    strip = mask((0, 0, 24, 256), (256, 256))
    made = studio.paint(model, pictures=[astronaut], mask=png(strip), background="transparent")
    opaque = np.dstack([astronaut, np.full(strip.shape, 255, np.uint8)])
    np.testing.assert_array_equal(made[strip == 255], opaque[strip == 255])
    assert (made[..., 3][strip == 0] < 128).mean() > 0.1
