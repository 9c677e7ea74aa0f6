from __future__ import annotations

import numpy as np

from retouch.engines.darkroom.operations.cutout import cover, is_cut_out, lay_over, noise_of
from retouch.imaging.raster import Raster


def test_light_mixes_as_light_at_an_edge() -> None:
    white, black = np.full((1, 3, 3), 255, np.uint8), np.zeros((1, 3, 3), np.uint8)
    mixed = lay_over(black, white, np.array([[0, 0.5, 1]], np.float32))
    assert mixed[0, :, 0].tolist() == [0, 188, 255]


def test_a_covering_picture_leaves_nothing_bare_and_is_not_stretched() -> None:
    rgb = np.zeros((100, 300, 3), np.uint8)
    rgb[:, 100:200] = 255
    covered = cover(Raster(rgb), (100, 100))
    assert covered.shape == (100, 100, 3)
    assert covered.min() == 255


def test_transparent_parts_of_a_covering_picture_are_white() -> None:
    covered = cover(Raster(np.zeros((40, 40, 3), np.uint8), np.zeros((40, 40), np.uint8)), (20, 20))
    assert covered.min() == 255


def test_grain_is_measured() -> None:
    rng = np.random.default_rng(1)
    flat = np.full((200, 200, 3), 128, np.uint8)
    noisy = np.clip(flat + rng.normal(0, 5, (200, 200, 1)), 0, 255).astype(np.uint8)
    assert noise_of(flat) == 0
    assert 4 < noise_of(noisy) < 6


def test_a_picture_is_cut_out_if_some_of_it_is_transparent() -> None:
    rgb = np.zeros((10, 10, 3), np.uint8)
    alpha = np.full((10, 10), 255, np.uint8)
    assert not is_cut_out(Raster(rgb))
    assert not is_cut_out(Raster(rgb, alpha))
    alpha[:2] = 0
    assert is_cut_out(Raster(rgb, alpha))
