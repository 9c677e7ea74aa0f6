"""Legal sizes, and what `auto` becomes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retouch.contract.catalogue import Catalogue
from retouch.contract.profile import Profile
from retouch.contract.sizes import Size, auto_size, parse, requested, text
from retouch.errors import UserError

FREE = Catalogue().get("gpt-image-2")
FIXED = Catalogue().get("gpt-image-1.5")
NATIVE = Catalogue(max_edge=4000, max_pixels=8_000_000).get("darkroom")
OLD = Catalogue().get("dall-e-2")


def fault(profile: Profile, value: str) -> str:
    with pytest.raises(UserError) as caught:
        requested(profile, value)
    assert (caught.value.param, caught.value.code) == ("size", "invalid_value")
    start = f"Invalid size '{value}'. "
    assert caught.value.message.startswith(start)
    return caught.value.message.removeprefix(start)


@pytest.mark.parametrize(
    "value", ["816x816", "3840x2160", "2880x2880", "1024x640", "1440x480", "480x1440", "1536x864", "1024x1024"]
)
def test_sizes_that_were_seen_to_work_are_legal(value: str) -> None:
    size = requested(FREE, value)
    assert size is not None
    assert text(size) == value
    assert auto_size(FREE, size) == size


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("9x9", "Width and height must both be divisible by 16."),
        ("1024x1000", "Width and height must both be divisible by 16."),
        ("4096x4096", "The longest edge must be less than or equal to 3840."),
        ("1024x576", "Requested resolution is below the current minimum pixel budget."),
        ("800x800", "Requested resolution is below the current minimum pixel budget."),
        ("3008x3008", "Requested resolution exceeds the current pixel budget."),
        ("3840x640", "The aspect ratio must be between 1:3 and 3:1."),
        ("640x3840", "The aspect ratio must be between 1:3 and 3:1."),
    ],
)
def test_a_size_that_breaks_the_free_rule_is_told_why(value: str, expected: str) -> None:
    assert fault(FREE, value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "bogus",
        "0x0",
        "16:9",
        "1024",
        "1024x",
        "1024X1024",
        " 1024x1024",
        "1024x1024\n",
        "-16x16",
        "01024x1024",
        "١٦x16",
        "",
        "9" * 5000 + "x16",
    ],
)
@pytest.mark.parametrize("profile", [FREE, NATIVE], ids=["free", "native"])
def test_what_is_no_size_is_told_the_form(profile: Profile, value: str) -> None:
    with pytest.raises(UserError, match="Expected WIDTHxHEIGHT, for example '1824x1024'"):
        requested(profile, value)


def test_auto_is_no_size() -> None:
    for profile in (FREE, FIXED, NATIVE):
        assert requested(profile, None) is None
        assert requested(profile, "auto") is None
    assert requested(OLD, None) == (1024, 1024)


def test_a_native_size_is_free_within_the_limits() -> None:
    assert requested(NATIVE, "1x1") == (1, 1)
    assert requested(NATIVE, "641x7") == (641, 7)
    assert fault(NATIVE, "4001x10") == "The longest edge must be less than or equal to 4000."
    assert fault(NATIVE, "4000x2001") == "Requested resolution exceeds the current pixel budget."


def test_only_width_times_height_is_a_size() -> None:
    assert parse("12x34") == (12, 34)
    assert parse("12x34x5") is None


@pytest.mark.rule("A.7/auto-fixed")
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ((128, 128), (1024, 1024)),
        ((4000, 3000), (1536, 1024)),
        ((3000, 4000), (1024, 1536)),
        ((1200, 1000), (1024, 1024)),
        ((9000, 100), (1536, 1024)),
        ((1, 2), (1024, 1536)),
    ],
)
def test_auto_of_a_fixed_list_is_nearest_in_aspect(source: Size, expected: Size) -> None:
    assert auto_size(FIXED, source) == expected


def test_aspects_are_compared_as_a_ratio_of_ratios() -> None:
    # 1.23 is nearer to 1 by difference, but to 1.5 by ratio: 1.5 / 1.23 < 1.23.
    assert auto_size(FIXED, (1220, 1000)) == (1024, 1024)
    assert auto_size(FIXED, (1230, 1000)) == (1536, 1024)


def test_a_model_without_auto_gives_its_default() -> None:
    assert auto_size(OLD, (300, 300)) == (1024, 1024)


@pytest.mark.rule("A.7/auto-fixed")
def test_of_equal_aspects_the_nearest_area_is_taken() -> None:
    squares = OLD.model_copy(
        update={"size": OLD.size.model_copy(update={"values": (*OLD.size.values, "auto"), "default": "auto"})}
    )
    assert auto_size(squares, (300, 300)) == (256, 256)
    assert auto_size(squares, (700, 700)) == (512, 512)
    assert auto_size(squares, (4000, 4000)) == (1024, 1024)


@pytest.mark.rule("A.7/auto-free")
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ((1024, 1024), (1024, 1024)),
        ((1000, 800), (1008, 800)),
        ((4000, 3000), (3312, 2480)),
        ((100, 100), (816, 816)),
        ((8000, 1000), (3840, 1280)),
        ((10, 1000), (480, 1440)),
    ],
)
def test_auto_of_the_free_rule_scales_the_source_into_the_limits(source: Size, expected: Size) -> None:
    assert auto_size(FREE, source) == expected


@pytest.mark.rule("A.4/size")
def test_auto_of_a_native_model_is_the_sources_own_size() -> None:
    assert auto_size(NATIVE, (641, 427)) == (641, 427)
    assert auto_size(NATIVE, (1, 1)) == (1, 1)
    assert auto_size(NATIVE, (8000, 1000)) == (4000, 500)
    assert auto_size(NATIVE, (4000, 4000)) == (2828, 2828)
    assert auto_size(NATIVE, (100_000, 1)) == (4000, 1)


sources = st.tuples(st.integers(1, 20_000), st.integers(1, 20_000))


@pytest.mark.rule("A.7/auto-free")
@given(source=sources)
@settings(max_examples=300, deadline=None)
def test_auto_is_always_legal_and_keeps_the_aspect(source: Size) -> None:
    for profile in (FREE, FIXED, NATIVE):
        size = auto_size(profile, source)
        assert requested(profile, text(size)) == size
    width, height = source
    if max(source) <= 3 * min(source):
        free = auto_size(FREE, source)
        # Each edge is off by at most half a step of 16, a whole one where a limit is near.
        assert abs(free[0] * height / width - free[1]) <= 16 * (1 + height / width)
