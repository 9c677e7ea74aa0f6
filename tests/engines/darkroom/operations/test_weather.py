from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from retouch.engines.darkroom.operations.distance import believed_sky, find_distance
from retouch.engines.darkroom.operations.weather import fog, rain, snow, storm
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import U8, Raster

Photo = Callable[..., Raster]
Weather = Callable[..., Raster]
ALL = [snow, rain, storm, fog]


def contrast(rgb: U8, where: NDArray[np.bool_]) -> float:
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.abs(gray - cv2.GaussianBlur(gray, (0, 0), 4))[where].mean())


def specks(rgb: U8) -> NDArray[np.bool_]:
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return np.asarray(gray.astype(int) > cv2.medianBlur(gray, 31).astype(int) + 18)


def test_fog_swallows_the_distance_and_spares_what_is_near(photo: Photo) -> None:
    picture = photo("china")
    scene = Scene(picture)
    far = find_distance(scene, believed_sky(scene))
    ground = scene.sky.alpha < 0.05
    away, near = ground & (far > np.percentile(far[ground], 80)), ground & (far < np.percentile(far[ground], 15))
    veiled = fog(scene).rgb
    assert contrast(veiled, away) / contrast(picture.rgb, away) < contrast(veiled, near) / contrast(
        picture.rgb, near
    )


def test_thicker_fog_hides_more(photo: Photo) -> None:
    scene = Scene(photo("coffee", 300))
    light, thick = (float(fog(scene, amount=amount).rgb.std()) for amount in (0.5, 1.6))
    assert thick < light < float(scene.picture.rgb.std())


def test_snow_is_white_specks_all_over_a_colder_picture() -> None:
    scene = Scene(Raster(np.full((500, 700, 3), (150, 120, 90), np.uint8)))
    fallen = snow(scene).rgb
    seen = specks(fallen)
    for rows in (slice(0, 250), slice(250, 500)):
        for columns in (slice(0, 350), slice(350, 700)):
            assert 0.003 < seen[rows, columns].mean() < 0.2
    before, after = (rgb[..., 0].mean() - rgb[..., 2].mean() for rgb in (scene.picture.rgb, fallen))
    assert after < 0.7 * before


def test_more_snow_falls_with_a_greater_amount() -> None:
    scene = Scene(Raster(np.full((400, 400, 3), 150, np.uint8)))
    little, much = (specks(snow(scene, amount=amount).rgb).mean() for amount in (0.5, 1.6))
    assert much > 1.5 * little


def test_streaks_of_rain_stand_upright(photo: Photo) -> None:
    scene = Scene(Raster(np.full((500, 500, 3), 90, np.uint8)))
    gray = cv2.cvtColor(rain(scene).rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    gray -= cv2.GaussianBlur(gray, (0, 0), 12)
    across, down = np.abs(np.diff(gray, axis=1)).mean(), np.abs(np.diff(gray, axis=0)).mean()
    assert across > 2 * down


def test_a_storm_is_darker_than_rain_and_rain_than_the_day(photo: Photo) -> None:
    scene = Scene(photo("china", 480))
    levels = [float(rgb.mean()) for rgb in (scene.picture.rgb, rain(scene).rgb, storm(scene).rgb)]
    assert levels[0] > levels[1] + 15 > levels[2] + 25


def test_weather_at_night_is_no_brighter_than_the_night() -> None:
    rgb = np.random.default_rng(0).integers(0, 40, (200, 300, 3), dtype=np.uint8)
    for weather in (snow, fog, rain):
        assert np.median(weather(Scene(Raster(rgb))).rgb) < 75, weather.__name__


@pytest.mark.parametrize("weather", ALL)
def test_the_same_seed_brings_the_same_weather(photo: Photo, weather: Weather) -> None:
    picture = photo("rocket", 200)
    first = weather(Scene(picture, seed=1)).rgb
    assert np.array_equal(first, weather(Scene(picture, seed=1)).rgb)
    assert not np.array_equal(first, weather(Scene(picture, seed=2)).rgb)
    assert not np.array_equal(first, weather(Scene(picture, seed=1, variation=1.0)).rgb)
