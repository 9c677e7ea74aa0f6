from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from retouch.engines.darkroom.operations.night import blue_hour, moonlight, night
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


def test_night_is_darkest_and_the_blue_hour_bluest(photo: Photo) -> None:
    scene = Scene(photo("china", 480))
    dark, silver, blue = (hour(scene).rgb.astype(int) for hour in (night, moonlight, blue_hour))
    assert dark.mean() < silver.mean() < scene.picture.rgb.mean() * 0.75
    assert dark.mean() < blue.mean()
    assert (blue[..., 2] - blue[..., 0]).mean() > 25
    assert (silver.max(-1) - silver.min(-1)).mean() < (blue.max(-1) - blue.min(-1)).mean()


def test_a_moon_stands_in_the_sky_and_none_indoors(photo: Photo) -> None:
    outside, inside = Scene(photo("china")), Scene(photo("astronaut"))
    shown = cv2.cvtColor(night(outside).rgb, cv2.COLOR_RGB2GRAY)
    count, _, stats, centres = cv2.connectedComponentsWithStats((shown > 150).astype(np.uint8))
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    x, y = centres[largest].astype(int)
    assert count > 1
    assert outside.sky.alpha[y, x] > 0.95
    radius = 0.028 * max(outside.picture.size)
    assert 0.6 < stats[largest, cv2.CC_STAT_AREA] / (np.pi * radius**2) < 1.4
    face = inside.faces[0].box
    wall = night(inside).rgb[:40, 300:]
    assert wall.max() < 150
    assert night(inside).rgb[int(face[1]) : int(face[3]), int(face[0]) : int(face[2])].mean() > wall.mean()


def test_stars_are_in_the_sky_alone(photo: Photo) -> None:
    scene = Scene(photo("china"))
    one, other = (night(Scene(scene.picture, seed=seed)).rgb.astype(int) for seed in (1, 2))
    moved = np.abs(one - other).max(-1) > 40
    assert moved.sum() > 30
    assert np.percentile(scene.sky.alpha[moved], 2) > 0.5


def test_what_is_dark_already_is_hardly_darkened() -> None:
    rgb = np.random.default_rng(0).integers(0, 60, (200, 300, 3), dtype=np.uint8)
    dark = night(Scene(Raster(rgb))).rgb
    assert dark.mean() > 0.5 * rgb.mean()


@pytest.mark.parametrize("hour", [night, moonlight, blue_hour])
def test_the_seed_and_the_variation_change_an_hour_and_nothing_else_does(
    photo: Photo, hour: Callable[..., Raster]
) -> None:
    picture = photo("china", 240)
    first = hour(Scene(picture, seed=1)).rgb
    assert np.array_equal(first, hour(Scene(picture, seed=1)).rgb)
    assert not np.array_equal(first, hour(Scene(picture, seed=2)).rgb)
    assert np.abs(hour(Scene(picture, seed=1, variation=1.0)).rgb.astype(int) - first).mean() > 0.5


def test_a_small_warm_light_becomes_a_lamp_and_a_large_bright_thing_does_not() -> None:
    rgb = np.full((240, 320, 3), 70, np.uint8)
    rgb[100:106, 60:66] = (255, 235, 150)
    rgb[60:200, 180:300] = (255, 235, 150)
    scene = Scene(Raster(rgb))
    vars(scene)["saliency"] = np.zeros((240, 320), np.float32)
    dark = night(scene).rgb
    assert dark[102, 62].max() > 180
    assert dark[130, 240].max() < 150
