from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations.sunset import golden_hour, sunset
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.sky import Sky
from retouch.imaging.raster import U8, Raster

Photo = Callable[..., Raster]


def warmth(rgb: U8) -> float:
    return float(rgb[..., 0].astype(int).mean() - rgb[..., 2].mean())


@pytest.mark.parametrize("operation", [sunset, golden_hour])
def test_no_amount_returns_the_picture_bit_for_bit(photo: Photo, operation: Callable[..., Raster]) -> None:
    picture = photo("china", 200)
    assert np.array_equal(operation(Scene(picture), amount=0.0).rgb, picture.rgb)


@pytest.mark.parametrize("operation", [sunset, golden_hour])
@pytest.mark.parametrize("name", ["china", "astronaut"])
def test_the_light_gets_warmer_with_the_amount(photo: Photo, operation: Callable[..., Raster], name: str) -> None:
    picture = photo(name, 320)
    tints = [warmth(operation(Scene(picture), amount=amount).rgb) for amount in (0.5, 1.0, 1.5)]
    assert warmth(picture.rgb) < tints[0] < tints[1] < tints[2]


def test_the_sky_runs_from_blue_above_to_gold_at_the_horizon(photo: Photo) -> None:
    rgb = sunset(Scene(photo("china", 640))).rgb
    height, width = rgb.shape[:2]
    zenith = rgb[: height // 12, int(0.6 * width) : int(0.9 * width)]
    low = rgb[int(0.55 * height) : int(0.65 * height), int(0.6 * width) : int(0.8 * width)]
    assert warmth(zenith) < -10
    assert warmth(low) > 60


def test_the_photographs_own_clouds_stay() -> None:
    rng = np.random.default_rng(0)
    rgb = np.full((200, 300, 3), (110, 150, 210), np.uint8)
    rgb[40:60, 100:180] = (225, 228, 232)
    rgb[140:] = rng.integers(20, 60, (60, 300, 3))
    scene = Scene(Raster(rgb))
    alpha = np.zeros((200, 300), np.float32)
    alpha[:140] = 1
    scene.__dict__["sky"] = Sky(alpha, 1.0)
    painted = sunset(scene).rgb
    assert painted[50, 140].astype(int).sum() > painted[50, 30].astype(int).sum() + 40


def test_a_doubtful_sky_is_left_as_it_is(photo: Photo) -> None:
    picture = photo("astronaut", 320)
    doubtful, none = Scene(picture), Scene(picture)
    doubtful.__dict__["sky"] = Sky(np.ones(picture.rgb.shape[:2], np.float32), 0.5)
    none.__dict__["sky"] = Sky(np.zeros(picture.rgb.shape[:2], np.float32), 0.0)
    assert np.array_equal(sunset(doubtful).rgb, sunset(none).rgb)


@pytest.mark.parametrize("name", ["china", "astronaut"])
def test_variation_gives_another_evening(photo: Photo, name: str) -> None:
    scene = Scene(photo(name, 320))
    designed = sunset(scene).rgb.astype(int)
    for variation in (-1.0, 1.0):
        scene.variation = variation
        assert np.abs(sunset(scene).rgb - designed).mean() > 2


def test_the_sun_may_change_sides(photo: Photo) -> None:
    picture = photo("coffee", 200)
    half = picture.width // 2
    sides = []
    for variation in (-1.0, 1.0):
        rgb = golden_hour(Scene(picture, variation=variation)).rgb.astype(int) - picture.rgb
        sides.append(float(rgb[:, half:].mean() - rgb[:, :half].mean()))
    assert sides[0] < sides[1] - 3


def test_transparency_is_kept(photo: Photo) -> None:
    rgb = photo("china", 160).rgb
    alpha = np.full(rgb.shape[:2], 77, np.uint8)
    assert np.array_equal(sunset(Scene(Raster(rgb, alpha))).alpha, alpha)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3)])
def test_the_smallest_pictures_are_served(size: tuple[int, int]) -> None:
    picture = Raster(np.full((*size, 3), 120, np.uint8))
    assert sunset(Scene(picture)).size == picture.size
