from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.operations.nightsky import NightSky, sky_of
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.sky import Sky
from retouch.imaging.raster import F32, Raster

COLOURS = ("#040815", "#0a1838", "#1b3160")


def scene_with_a_sky(clouds: bool = False, variation: float = 0.0) -> Scene:
    """Grey with a sky in the upper 120 of 200 rows, in which a band may be brighter."""
    rgb = np.full((200, 300, 3), 130, np.uint8)
    if clouds:
        rgb[40:60] = 210
    alpha = np.zeros((200, 300), np.float32)
    alpha[:120] = 1
    scene = Scene(Raster(rgb), variation=variation)
    vars(scene)["sky"] = Sky(alpha, 1.0)
    return scene


def night_over(scene: Scene, *, stars: float = 0.0, moon: float = 0.0, opacity: float = 1.0) -> NightSky:
    return sky_of(scene, COLOURS, stars=stars, moon=moon, opacity=opacity, rng=np.random.default_rng(1))


def laid(scene: Scene, sky: NightSky) -> F32:
    image = np.full((200, 300, 3), 0.5, np.float32)
    sky.lay(image, scene.picture.rgb, slice(0, 200))
    return image


def test_the_land_stays_and_the_sky_grows_lighter_toward_the_horizon() -> None:
    scene = scene_with_a_sky()
    image = laid(scene, night_over(scene))
    assert (image[120:] == 0.5).all()
    rows = image[:120].mean((1, 2))
    assert rows.max() < 0.1
    assert rows[100] > rows[60] > rows[10]


def test_the_clouds_of_the_day_stay_in_it() -> None:
    plain, cloudy = (laid(scene, night_over(scene)) for scene in map(scene_with_a_sky, (False, True)))
    assert cloudy[50].mean() > 1.2 * plain[50].mean()


def test_stars_do_not_shine_through_clouds_or_the_moon() -> None:
    scene = scene_with_a_sky(clouds=True)
    starry = laid(scene, night_over(scene, stars=1.0)) - laid(scene, night_over(scene))
    assert starry[:40].max() > 0.05
    assert starry[45:55].max() < 0.5 * starry[:40].max()
    sky = night_over(scene_with_a_sky(), stars=1.0, moon=1.0)
    assert sky.moon is not None
    (top, left), disc = sky.moon.at, sky.moon.disc
    middle = np.array([top + disc.shape[0] // 2, left + disc.shape[1] // 2])
    near = np.linalg.norm(sky.places - middle, axis=1) < 5
    assert (sky.powers[near] < 1e-3).all()


def test_the_moon_is_round_and_moves_with_the_variation() -> None:
    places = []
    for variation in (0.0, 0.8, -0.5):
        scene = scene_with_a_sky(variation=variation)
        bright = laid(scene, night_over(scene, moon=1.0)).mean(2)[:120] > 0.4
        _, _, stats, centres = cv2.connectedComponentsWithStats(bright.astype(np.uint8))
        assert len(stats) == 2
        assert 0.7 < stats[1, cv2.CC_STAT_AREA] / (np.pi * (0.028 * 300) ** 2) < 1.3
        assert abs(stats[1, cv2.CC_STAT_WIDTH] - stats[1, cv2.CC_STAT_HEIGHT]) <= 2
        places.append(round(float(centres[1, 0])))
    assert len(set(places)) == 3


def test_a_sky_laid_in_parts_is_the_same_sky() -> None:
    scene = scene_with_a_sky(clouds=True)
    sky = night_over(scene, stars=1.0, moon=1.0, opacity=0.7)
    image = np.full((200, 300, 3), 0.5, np.float32)
    for rows in (slice(0, 27), slice(27, 110), slice(110, 200)):
        sky.lay(image[rows], scene.picture.rgb[rows], rows)
    assert np.allclose(image, laid(scene, sky))
