from __future__ import annotations

import numpy as np

from retouch.engines.darkroom.vision.masts import before_the_sky
from retouch.imaging.raster import F32, U8


def blue(height: int = 240, width: int = 320) -> U8:
    """A clear sky that grows paler downwards, with a little grain."""
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    sky = np.array([60, 110, 190], np.float32) * (1 - down) + np.array([170, 200, 230], np.float32) * down
    grain = np.random.default_rng(1).normal(0, 1.5, (height, width, 3))
    return np.clip(np.repeat(sky, width, 1) + grain, 0, 255).astype(np.uint8)


def whole(rgb: U8) -> F32:
    return np.ones(rgb.shape[:2], np.float32)


def test_nothing_stands_before_a_clear_sky() -> None:
    rgb = blue()
    assert before_the_sky(rgb, whole(rgb)).mean() < 0.01


def test_a_mast_and_a_bright_tower_are_seen() -> None:
    rgb = blue()
    rgb[40:, 100:103] = (35, 35, 40)
    rgb[120:, 200:230] = (235, 225, 215)
    found = before_the_sky(rgb, whole(rgb))
    assert found[60:200, 101].min() > 0.6
    assert found[140:220, 210:220].min() > 0.8
    assert found[:100, 240:].max() < 0.2


def test_a_wire_is_seen_before_clouds_and_the_clouds_are_not() -> None:
    rgb = blue()
    rng = np.random.default_rng(2)
    y, x = np.mgrid[:240, :320]
    for _ in range(9):
        cx, cy, size = rng.uniform(0, 320), rng.uniform(0, 200), rng.uniform(25, 45)
        share = np.exp(-(((x - cx) / size) ** 2 + ((y - cy) / size) ** 2))[..., None]
        rgb = (rgb + (np.array([245, 246, 248]) - rgb) * np.clip(1.4 * share, 0, 1)).astype(np.uint8)
    clouds = before_the_sky(rgb, whole(rgb))
    assert (clouds > 0.3).mean() < 0.01
    rgb[150:152] = (20, 20, 20)
    assert np.median(before_the_sky(rgb, whole(rgb))[151]) > 0.5


def test_hardly_any_sky_has_nothing_before_it() -> None:
    rgb = blue(40, 40)
    alpha = np.zeros((40, 40), np.float32)
    alpha[0, :5] = 1
    assert before_the_sky(rgb, alpha).max() == 0
