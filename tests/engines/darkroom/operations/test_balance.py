from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.colour import to_linear, to_srgb
from retouch.engines.darkroom.operations.balance import Cast, balanced, find_cast, white_balance
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, Raster

Photo = Callable[..., Raster]
LAMP: F32 = np.array([1.0, 0.82, 0.55], np.float32)
SHADE: F32 = np.array([0.72, 0.9, 1.0], np.float32)


def under(picture: Raster, light: F32) -> Raster:
    return Raster(to_srgb(to_linear(picture.rgb) * light))


@pytest.mark.parametrize("light", [LAMP, SHADE], ids=["lamp", "shade"])
@pytest.mark.parametrize("shot", ["china", "astronaut"])
def test_a_cast_of_the_light_is_taken_off(photo: Photo, shot: str, light: F32) -> None:
    picture = photo(shot, 300)
    cast = under(picture, light)
    mended = white_balance(Scene(cast)).rgb

    def off(rgb: object) -> float:
        channels = np.asarray(rgb, dtype=float).mean((0, 1))
        wanted = picture.rgb.astype(float).mean((0, 1))
        return float(np.abs(channels / channels.mean() - wanted / wanted.mean()).max())

    assert off(mended) < 0.65 * off(cast.rgb)


@pytest.mark.parametrize("shot", ["china", "astronaut", "cat", "coffee", "flower", "rocket"])
def test_a_picture_without_a_cast_changes_little(photo: Photo, shot: str) -> None:
    picture = photo(shot, 300)
    assert np.abs(white_balance(Scene(picture)).rgb.astype(int) - picture.rgb).mean() < 14


def test_a_picture_of_one_colour_is_that_colour() -> None:
    picture = Raster(np.full((40, 40, 3), (210, 30, 20), np.uint8))
    assert np.abs(white_balance(Scene(picture)).rgb.astype(int) - picture.rgb).mean() < 4


def test_black_has_no_cast() -> None:
    assert find_cast(np.zeros((20, 20, 3), np.uint8)) == Cast()


def test_no_trust_takes_nothing_off(photo: Photo) -> None:
    rgb = photo("cat", 100).rgb
    assert np.abs(balanced(rgb, Cast(0.5, -0.5, 0.0), 1.0).astype(int) - rgb).max() <= 2


def test_no_amount_returns_the_picture_bit_for_bit(photo: Photo) -> None:
    picture = photo("cat", 100)
    assert white_balance(Scene(picture), amount=0.0) is picture
