from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.vision.fringe import between_leaves
from retouch.imaging.raster import F32, U8

GREY, BLUE = (232, 234, 236), (120, 170, 225)
LEAVES = (40, 60, 30)


def tree(sky: tuple[int, int, int]) -> tuple[U8, F32]:
    """Sky over something dark, and an alpha whose border is its upper edge, at row 100 of 200."""
    rgb = np.empty((200, 300, 3), np.uint8)
    rgb[:100], rgb[100:] = sky, LEAVES
    alpha = np.zeros((200, 300), np.float32)
    alpha[:100] = 1
    return rgb, alpha


def test_gaps_near_the_sky_are_sky_and_their_rims_a_mixture() -> None:
    rgb, alpha = tree(GREY)
    cv2.circle(rgb, (150, 112), 5, GREY, -1, cv2.LINE_AA)
    rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), 0.8), np.uint8)
    found = between_leaves(rgb, alpha)
    assert found[112, 150] > 0.9
    assert found[105:120, 200:280].max() < 0.05
    rim = found[112, 150:160]
    assert ((rim > 0.1) & (rim < 0.9)).any()


def test_gaps_far_from_the_sky_are_left_alone() -> None:
    rgb, alpha = tree(GREY)
    cv2.circle(rgb, (150, 170), 4, GREY, -1, cv2.LINE_AA)
    assert between_leaves(rgb, alpha)[150:].max() < 0.05


def test_a_white_wall_under_a_grey_sky_stays_and_as_large_a_gap_of_blue_does_not() -> None:
    shares = []
    for sky in (GREY, BLUE):
        rgb, alpha = tree(sky)
        rgb[104:124, 100:120] = sky
        shares.append(float(between_leaves(rgb, alpha)[114, 110]))
    assert shares[0] < 0.05
    assert shares[1] > 0.9


def test_haze_that_is_nowhere_quite_the_sky_stays() -> None:
    rgb, alpha = tree(GREY)
    rgb[104:116] = np.array(GREY) - 32
    assert between_leaves(rgb, alpha)[110, 60:240].max() < 0.05


def test_where_land_and_sky_are_alike_nothing_is_said() -> None:
    rgb, alpha = tree((60, 80, 50))
    assert between_leaves(rgb, alpha)[100:].max() < 0.05
