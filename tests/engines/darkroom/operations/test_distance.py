from __future__ import annotations

from collections.abc import Callable

import numpy as np

from retouch.engines.darkroom.operations.distance import believed_sky, find_distance, is_close
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


def test_the_sky_is_far_and_the_ground_before_the_camera_is_near(photo: Photo) -> None:
    scene = Scene(photo("china"))
    far = find_distance(scene, believed_sky(scene))
    assert np.median(far[:40, -200:]) > 0.9
    assert np.median(far[-20:]) < 0.25


def test_a_subject_that_the_lower_rim_cuts_is_near(photo: Photo) -> None:
    scene = Scene(photo("astronaut"))
    far = find_distance(scene, believed_sky(scene))
    assert np.median(far[scene.matte > 0.95]) < 0.25


def test_a_sky_that_nobody_is_sure_of_is_none() -> None:
    scene = Scene(Raster(np.random.default_rng(0).integers(0, 255, (90, 120, 3), dtype=np.uint8)))
    assert believed_sky(scene).max() == 0


def test_a_dark_trunk_is_nearer_than_the_light_between_the_trees() -> None:
    rgb = np.full((300, 400, 3), 120, np.uint8)
    rgb[:, 80:120] = rgb[:, 260:300] = 20
    far = find_distance(Scene(Raster(rgb)), np.zeros((300, 400), np.float32))
    assert far[60, 95:105].mean() < 0.7 * far[60, 180:200].mean()


def test_a_group_that_fills_the_picture_is_close_and_a_landscape_is_not(photo: Photo) -> None:
    assert is_close(Scene(photo("astronaut")))
    assert not is_close(Scene(photo("china")))
