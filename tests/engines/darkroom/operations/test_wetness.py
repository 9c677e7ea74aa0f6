from __future__ import annotations

import numpy as np

from retouch.engines.darkroom.operations.wetness import wet
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, Raster


def street() -> tuple[F32, Scene]:
    """A pale wall over a plain dark street."""
    image = np.full((240, 320, 3), 0.10, np.float32)
    image[:120] = 0.5
    scene = Scene(Raster(np.full((240, 320, 3), 90, np.uint8)))
    vars(scene).update(saliency=np.zeros((240, 320), np.float32), faces=[])
    return image, scene


def test_wet_things_are_darker_and_smooth_ground_mirrors_what_is_above_it() -> None:
    image, scene = street()
    wet(image, scene, np.zeros((240, 320), np.float32), 1.0)
    assert image[:100].mean() < 0.45
    assert image[225:].mean() < 0.1
    assert image[150:165].mean() > 1.25 * image[225:].mean()


def test_a_small_light_glistens_and_a_wall_beside_something_dark_does_not() -> None:
    image, scene = street()
    image[60:63, 50:53] = 0.9
    image[20:100, 200:] = 0.05
    wet(image, scene, np.zeros((240, 320), np.float32), 1.0)
    assert image[61, 51].mean() > 0.9
    assert image[60, 180:199].max() < 0.5


def test_the_sky_stays_dry() -> None:
    image, scene = street()
    sky = np.zeros((240, 320), np.float32)
    sky[:120] = 1
    wet(image, scene, sky, 1.0)
    assert np.allclose(image[:100], 0.5, atol=1e-3)
