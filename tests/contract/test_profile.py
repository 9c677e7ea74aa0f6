"""The data of the models."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from retouch.contract.profile import NATIVE, Profile, profiles

NAMES = {
    "dall-e-2",
    "gpt-image-1",
    "gpt-image-1-mini",
    "gpt-image-1.5",
    "chatgpt-image-latest",
    "gpt-image-2",
    "gpt-image-2-2026-04-21",
    "gpt-image-2.5-sunburst",
    "gpt-image-2.5-sunburst-2026-09-08",
    "gpt-image-2.5-flare",
    "gpt-image-2.5-flare-2026-09-08",
    "gpt-image-2.6-sunburst",
    "gpt-image-2.6-flare",
    NATIVE,
}


def test_every_model_of_the_documents_has_a_profile() -> None:
    assert set(profiles()) == NAMES


def test_profiles_are_read_once() -> None:
    assert profiles() is profiles()


def test_gpt_models_take_sixteen_images_of_fifty_megabytes_and_a_long_prompt() -> None:
    for profile in profiles().values():
        if profile.family == "dall-e":
            continue
        assert (profile.images.max_count, profile.images.max_bytes) == (16, 50 << 20)
        assert profile.prompt_max_length == 32000
        assert profile.images.media_types == ("image/jpeg", "image/png", "image/webp")
        assert profile.streams
        assert not profile.images.alpha_is_mask


def test_dall_e_2_takes_one_small_square_png_with_alpha() -> None:
    rule = profiles()["dall-e-2"].images
    assert (rule.max_count, rule.max_bytes, rule.media_types) == (1, 4 << 20, ("image/png",))
    assert rule.square
    assert rule.alpha_is_mask
    assert rule.modes == ("RGBA", "LA", "L")
    assert not profiles()["dall-e-2"].streams


def test_retired_models_say_so() -> None:
    retired = {name: str(profile.retired) for name, profile in profiles().items() if profile.retired}
    assert retired == {"dall-e-2": "2026-05-12", "gpt-image-1": "2026-10-23"}


def test_the_time_of_creation_is_midnight_of_the_release_or_of_the_data() -> None:
    assert profiles()["gpt-image-2"].created == 1776729600
    assert profiles()["gpt-image-2.6-flare"].created == 1795478400


def test_snapshots_share_the_rules_of_their_model() -> None:
    for name, snapshot in (
        ("gpt-image-2", "gpt-image-2-2026-04-21"),
        ("gpt-image-2.5-flare", "gpt-image-2.5-flare-2026-09-08"),
    ):
        assert profiles()[snapshot].model_copy(update={"name": name}) == profiles()[name]


def test_a_parameter_exists_where_its_rule_does() -> None:
    assert profiles()["dall-e-2"].parameters == {"model", "prompt", "n", "size", "user", "response_format"}
    assert "input_fidelity" not in profiles()["gpt-image-1-mini"].parameters
    assert {"complexity", "safety_identifier"} <= profiles()["gpt-image-2.6-flare"].parameters
    assert "stream" in profiles()["gpt-image-1"].parameters


def test_data_that_contradicts_itself_is_refused() -> None:
    good = profiles()["gpt-image-2"].model_dump()
    with pytest.raises(ValidationError, match="no usage factor"):
        Profile.model_validate(good | {"default_quality": "max"})
    with pytest.raises(ValidationError, match="default size"):
        Profile.model_validate(good | {"size": good["size"] | {"default": "1x1"}})
    with pytest.raises(ValidationError, match="Extra inputs"):
        Profile.model_validate(good | {"colour": "blue"})
