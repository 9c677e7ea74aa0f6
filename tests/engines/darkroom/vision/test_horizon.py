from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations.turning import rotate
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.horizon import find_tilt
from retouch.imaging.raster import Raster


def room(width: int = 480, height: int = 360) -> Raster:
    """A wall with a shelf and a door: level and upright lines."""
    rgb = np.full((height, width, 3), 180, np.uint8)
    rgb[150:165, 60:300] = 70
    rgb[80:, 350:354] = 60
    rgb[80:, 430:434] = 60
    rgb[80:84, 350:434] = 60
    rgb[300:] = 110
    return Raster(rgb)


@pytest.mark.parametrize("degrees", [-8, -3, 2, 6])
def test_the_tilt_of_a_room_is_found(degrees: int) -> None:
    found = find_tilt(rotate(Scene(room()), degrees=degrees).rgb)
    assert found is not None
    assert found == pytest.approx(degrees, abs=0.4)


@pytest.mark.parametrize("name", ["cat", "flower", "coffee", "astronaut"])
def test_a_picture_without_level_lines_says_nothing(photo: Callable[..., Raster], name: str) -> None:
    assert find_tilt(photo(name).rgb) is None


def test_a_plain_picture_says_nothing() -> None:
    assert find_tilt(np.full((50, 60, 3), 90, np.uint8)) is None
