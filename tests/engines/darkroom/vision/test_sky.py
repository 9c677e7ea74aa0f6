from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from retouch.engines.darkroom.vision.sky import find_sky
from retouch.imaging.raster import U8, Raster

Photo = Callable[..., Raster]
TRUSTED = 0.55


def landscape() -> U8:
    """A blue sky paling toward the horizon over a rough green field."""
    rng = np.random.default_rng(3)
    picture = np.empty((240, 320, 3), np.float32)
    fall = np.linspace(0, 1, 140, dtype=np.float32)[:, None, None]
    picture[:140] = np.array([70, 120, 205]) * (1 - fall) + np.array([170, 200, 235]) * fall
    picture[140:] = np.array([70, 95, 40]) + rng.normal(0, 22, (100, 320, 1))
    return np.clip(picture + rng.normal(0, 1.5, picture.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", ["china", "rocket"])
def test_a_sky_is_found_and_trusted(photo: Photo, name: str) -> None:
    sky = find_sky(photo(name).rgb)
    assert sky.confidence >= TRUSTED
    assert sky.alpha[:20].mean() > 0.8


@pytest.mark.parametrize("name", ["astronaut", "cat", "coffee", "flower"])
def test_backdrops_and_close_views_are_no_sky(photo: Photo, name: str) -> None:
    assert find_sky(photo(name).rgb).confidence < 0.35


def test_the_pagoda_is_not_part_of_the_sky(photo: Photo) -> None:
    rgb = photo("china").rgb
    alpha = find_sky(rgb).alpha
    height, width = alpha.shape
    assert alpha[int(0.45 * height) : int(0.55 * height), int(0.25 * width) : int(0.5 * width)].mean() < 0.15
    assert alpha[: int(0.3 * height), int(0.6 * width) :].mean() > 0.95


def test_the_horizon_lies_where_it_was_drawn() -> None:
    alpha = find_sky(landscape()).alpha
    assert alpha[:132].mean() > 0.95
    assert alpha[150:].mean() < 0.05


def test_the_alpha_has_the_size_of_the_picture_and_stays_in_range(photo: Photo) -> None:
    rgb = photo("china").rgb
    sky = find_sky(rgb)
    assert sky.alpha.shape == rgb.shape[:2]
    assert sky.alpha.dtype == np.float32
    assert sky.alpha.min() >= 0
    assert sky.alpha.max() <= 1


def test_a_larger_picture_has_the_same_sky() -> None:
    small = landscape()
    large = np.asarray(cv2.resize(small, (960, 720), interpolation=cv2.INTER_CUBIC), np.uint8)
    assert abs(float(find_sky(large).alpha.mean()) - float(find_sky(small).alpha.mean())) < 0.03


def test_the_same_picture_gives_the_same_sky() -> None:
    picture = landscape()
    assert np.array_equal(find_sky(picture).alpha, find_sky(picture).alpha)


def test_a_sky_standing_on_its_head_is_none() -> None:
    assert find_sky(np.ascontiguousarray(landscape()[::-1])).confidence < 0.35


@pytest.mark.parametrize("shape", [(1, 1, 3), (8, 400, 3), (64, 64, 3)])
def test_a_plain_or_tiny_picture_has_no_sky(shape: tuple[int, int, int]) -> None:
    sky = find_sky(np.full(shape, 200, np.uint8))
    assert sky.confidence == 0
    assert not sky.alpha.any()


def test_a_picture_of_nothing_but_sky_is_all_sky() -> None:
    down = np.linspace(0, 1, 200, dtype=np.float32)[:, None, None]
    blue = np.array([60, 120, 190], np.float32) + down * np.array([110, 80, 50], np.float32)
    rgb = np.repeat(blue, 300, 1).astype(np.uint8)
    clouds = cv2.GaussianBlur(np.random.default_rng(2).random((200, 300), dtype=np.float32), (0, 0), 24)
    share = np.clip((clouds - clouds.mean()) * 20, 0, 1)[..., None]
    rgb = (rgb + (np.float32(238) - rgb) * share).astype(np.uint8)
    sky = find_sky(rgb)
    assert sky.confidence >= 0.35
    assert sky.alpha.mean() > 0.9


def test_a_plain_blue_picture_is_no_sky() -> None:
    assert find_sky(np.full((200, 300, 3), (60, 110, 190), np.uint8)).confidence < 0.35
