from __future__ import annotations

from collections.abc import Callable

import cv2
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


def lines(*ends: tuple[int, int, int, int]) -> np.ndarray:
    """Dark lines of (x, y, x, y) on a light picture, 640 by 480."""
    rgb = np.full((480, 640, 3), 210, np.uint8)
    for x1, y1, x2, y2 in ends:
        cv2.line(rgb, (x1, y1), (x2, y2), (40, 40, 40), 3, cv2.LINE_AA)
    return rgb


def test_planks_that_run_away_from_the_camera_are_no_horizon() -> None:
    # They meet in one point far to the right, as those of a jetty do, and all lean to one side.
    assert find_tilt(lines(*[(0, y, 640, y - (y - 60) // 4) for y in range(120, 470, 25)])) is None


def test_upright_lines_that_converge_are_upright_in_the_middle() -> None:
    towers = [(x, 460, x + (320 - x) // 20, 20) for x in range(20, 640, 40)]
    found = find_tilt(lines(*towers))
    assert found == pytest.approx(0, abs=0.4)


def test_what_leans_much_is_a_slope() -> None:
    assert find_tilt(lines((0, 200, 640, 330), (0, 240, 640, 370))) is None
