from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.vision.doubt import settled
from retouch.imaging.raster import F32, U8

RED, GREEN = (200, 40, 40), (40, 150, 60)


def scene() -> tuple[U8, F32]:
    """A red disc on green, of whose lower half, and of the green below it, the map is in doubt."""
    rgb: U8 = np.full((200, 200, 3), GREEN, np.uint8)
    cv2.circle(rgb, (100, 100), 60, RED, -1)
    rng = np.random.default_rng(1)
    rgb = np.clip(rgb + rng.normal(0, 4, rgb.shape), 0, 255).astype(np.uint8)
    saliency = (rgb[..., 0] > rgb[..., 1]).astype(np.float32)
    saliency[100:190, 60:140] = 0.45
    return rgb, saliency


def test_broad_doubt_is_settled_by_colour() -> None:
    rgb, saliency = scene()
    found = settled(rgb, saliency)
    assert found.dtype == np.float32
    assert found[115:140, 75:125].mean() > 0.9, "the disc's lower half is the disc's"
    assert found[172:185, 75:125].mean() < 0.1, "the green below it is not"


def test_what_is_sure_stays_as_it_is() -> None:
    rgb, saliency = scene()
    found = settled(rgb, saliency)
    np.testing.assert_allclose(found[50:85, 80:120], 1)
    np.testing.assert_allclose(found[:25], 0)


def test_a_spot_of_another_colour_makes_no_hole() -> None:
    rgb, saliency = scene()
    cv2.circle(rgb, (100, 125), 4, GREEN, -1)
    assert settled(rgb, saliency)[122:129, 97:104].min() > 0.9


def test_a_map_without_doubt_comes_back_itself() -> None:
    rgb, _ = scene()
    sure = (rgb[..., 0] > rgb[..., 1]).astype(np.float32)
    assert settled(rgb, sure) is sure
    soft = cv2.GaussianBlur(sure, (0, 0), 1.5).astype(np.float32)
    assert settled(rgb, soft) is soft


def test_a_map_that_is_sure_of_nothing_is_left_alone() -> None:
    rgb, saliency = scene()
    doubtful = np.full_like(saliency, 0.5)
    assert settled(rgb, doubtful) is doubtful
