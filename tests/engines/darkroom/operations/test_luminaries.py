from __future__ import annotations

import numpy as np
import pytest

from retouch.engines.darkroom.operations.luminaries import shine
from retouch.engines.darkroom.operations.placing import Spot
from retouch.imaging.raster import U8

SPOT = Spot(80, 30, 40, 40)


def moon() -> U8:
    return np.full((64, 64, 4), 255, np.uint8)


def sky(level: int) -> U8:
    return np.full((120, 200, 3), level, np.uint8)


def test_a_moon_shines_at_night_and_is_pale_by_day() -> None:
    night, day = sky(12), sky(120)
    shine(night, moon(), SPOT, "full-moon")
    shine(day, moon(), SPOT, "full-moon")
    assert night[50, 100].mean() > 12 + 150
    assert 120 + 15 < day[50, 100].mean() < 235


def test_a_moon_shows_on_a_white_sky_too() -> None:
    white = sky(250)
    shine(white, moon(), SPOT, "full-moon")
    assert white[50, 100].mean() < 245


@pytest.mark.parametrize("level", [12, 120])
def test_the_sun_is_white_and_its_glow_warm_and_finite(level: int) -> None:
    picture = sky(level)
    shine(picture, moon(), SPOT, "sun")
    assert picture[50, 100].min() > 240
    red, _, blue = picture[50, 115].astype(int)
    assert red > blue
    assert (picture[:, :8] == level).all()
