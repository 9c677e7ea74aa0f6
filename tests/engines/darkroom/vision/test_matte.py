from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.vision.matte import estimate_foreground, find_matte
from retouch.imaging.raster import F32, U8


def _disc(side: int = 200, radius: int = 60) -> tuple[U8, F32]:
    """A red disc on green, antialiased, and its true alpha."""
    large = np.zeros((side * 4, side * 4), np.uint8)
    cv2.circle(large, (side * 2, side * 2), radius * 4, 255, -1)
    alpha = cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    red, green = np.array([210, 30, 40], np.float32), np.array([40, 160, 60], np.float32)
    rgb = alpha[..., None] * red + (1 - alpha[..., None]) * green
    return np.rint(rgb).astype(np.uint8), alpha


def test_a_rough_map_is_brought_to_the_edge() -> None:
    rgb, alpha = _disc()
    rough = cv2.GaussianBlur(alpha, (0, 0), 2).astype(np.float32)
    found = find_matte(rgb, rough)
    assert found.dtype == np.float32
    assert np.abs(found - alpha).mean() < 0.25 * np.abs(rough - alpha).mean()


def test_the_same_colour_far_from_the_subject_stays_out() -> None:
    rgb, alpha = _disc()
    rgb[:20, :20] = (210, 30, 40)
    found = find_matte(rgb, cv2.GaussianBlur(alpha, (0, 0), 4).astype(np.float32))
    assert found[:16, :16].max() == 0


def test_an_empty_map_gives_an_empty_matte() -> None:
    rgb, alpha = _disc()
    assert find_matte(rgb, np.zeros_like(alpha)).max() == 0


def test_tiny_pictures_have_a_matte() -> None:
    for shape in ((1, 1), (2, 9), (16, 16)):
        found = find_matte(np.full((*shape, 3), 90, np.uint8), np.ones(shape, np.float32))
        assert found.shape == shape
        assert found.min() == 1


def test_the_foreground_is_freed_of_the_background_at_its_edge() -> None:
    rgb, alpha = _disc()
    found = estimate_foreground(rgb, alpha)
    edge = (alpha > 0.1) & (alpha < 0.9)
    before = np.abs(rgb[edge].astype(int) - (210, 30, 40)).mean()
    after = np.abs(found[edge].astype(int) - (210, 30, 40)).mean()
    assert after < 0.15 * before


def test_opaque_pixels_are_kept_exactly() -> None:
    rgb, alpha = _disc()
    rgb[90:110, 90:110] = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    found = estimate_foreground(rgb, alpha)
    assert np.array_equal(found[alpha == 1], rgb[alpha == 1])


def test_nothing_of_the_background_is_left_under_full_transparency() -> None:
    rgb, alpha = _disc()
    rgb[5:15, 150:160] = (0, 0, 255)
    found = estimate_foreground(rgb, alpha).astype(int)
    assert np.abs(found[5:15, 150:160] - (0, 0, 255)).sum(-1).min() > 200
