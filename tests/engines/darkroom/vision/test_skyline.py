from __future__ import annotations

import numpy as np

from retouch.engines.darkroom.vision.skyline import lower_to_horizon
from retouch.imaging.raster import F32, U8


def evening() -> U8:
    """A smooth sky over a dark shore at row 150 of 200."""
    rows = np.linspace(0, 1, 200)[:, None, None]
    rgb = (np.array([60, 80, 170]) * (1 - rows) + np.array([230, 170, 180]) * rows).repeat(300, axis=1)
    rgb[150:] = (40, 40, 60)
    return rgb.astype(np.uint8)


def sky(rows: int) -> F32:
    alpha = np.zeros((200, 300), np.float32)
    alpha[:rows] = 1
    return alpha


def test_a_sky_that_stops_in_the_middle_of_nothing_goes_down_to_the_horizon() -> None:
    lowered = lower_to_horizon(evening(), sky(100))
    assert lowered[105:140].min() > 0.8
    assert lowered[158:].max() < 0.1


def test_a_sky_that_ends_at_an_edge_is_left_as_it_is() -> None:
    alpha = sky(150)
    assert np.array_equal(lower_to_horizon(evening(), alpha), alpha)


def test_without_a_common_height_there_is_no_horizon() -> None:
    rgb = evening()
    for column in range(300):
        rgb[110 + (column * 37) % 80 :, column] = (40, 40, 60)
    alpha = sky(60)
    assert np.array_equal(lower_to_horizon(rgb, alpha), alpha)


def test_a_tiny_picture_is_left_as_it_is() -> None:
    alpha = np.ones((4, 4), np.float32)
    assert lower_to_horizon(np.zeros((4, 4, 3), np.uint8), alpha) is alpha
