from __future__ import annotations

import pytest

from retouch.imaging.limits import PixelLimits


def test_the_defaults_are_those_of_the_documentation() -> None:
    limits = PixelLimits()
    assert (limits.max_picture_pixels, limits.max_request_pixels) == (50_000_000, 200_000_000)
    assert (limits.max_side, limits.max_frames) == (16_384, 1)


@pytest.mark.parametrize("field", ["max_picture_pixels", "max_request_pixels", "max_side", "max_frames"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True, "9"])
def test_a_bound_that_is_no_whole_number_above_zero_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        PixelLimits(**{field: value})  # type: ignore[arg-type]


def test_a_request_holds_at_least_one_picture() -> None:
    with pytest.raises(ValueError, match="max_request_pixels"):
        PixelLimits(max_picture_pixels=100, max_request_pixels=99)
