from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from retouch.engines.darkroom import regions
from retouch.engines.darkroom.colour import luminance, to_linear
from retouch.engines.darkroom.operations.night import night
from retouch.engines.darkroom.operations.nightlight import light_of
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


def test_a_face_at_night_is_lit_and_its_surroundings_are_not(photo: Photo) -> None:
    scene = Scene(photo("astronaut"))
    bright = luminance(to_linear(night(scene).rgb))
    face, around = regions.faces(scene) > 0.95, scene.saliency < 0.02
    assert bright[face].mean() > 4 * bright[around].mean()


def test_a_face_at_night_keeps_the_hue_of_skin(photo: Photo) -> None:
    scene = Scene(photo("astronaut"))
    red, _, blue = night(scene).rgb[regions.faces(scene) > 0.95].mean(0)
    assert red > blue + 10


def test_the_rim_is_cool_and_on_the_side_of_the_moon() -> None:
    subject = np.zeros((200, 200), np.float32)
    cv2.circle(subject, (100, 100), 50, 1.0, -1, cv2.LINE_AA)
    rgb = np.where(subject[..., None] > 0.5, 160, 90).astype(np.uint8).repeat(3, 2)
    for variation, lit, dark in ((0.0, 145, 55), (-1.0, 55, 145)):
        scene = Scene(Raster(rgb), variation=variation)
        vars(scene).update(portraits=[])
        image = np.zeros((200, 200, 3), np.float32)
        light = light_of(scene, subject, stops=0, key=0, rim=0.5)
        assert light is not None
        light.shine(image, rgb, slice(0, 200))
        assert image[90, lit].sum() > 4 * image[90, dark].sum()
        assert image[90, lit, 2] > image[90, lit, 0]


def test_light_falls_on_the_rows_that_it_is_asked_for() -> None:
    subject = np.zeros((200, 200), np.float32)
    cv2.circle(subject, (100, 100), 50, 1.0, -1, cv2.LINE_AA)
    rgb = np.where(subject[..., None] > 0.5, 160, 90).astype(np.uint8).repeat(3, 2)
    scene = Scene(Raster(rgb))
    vars(scene).update(portraits=[])
    light = light_of(scene, subject, stops=1, key=1, rim=0.5)
    assert light is not None
    whole = np.full((200, 200, 3), 0.02, np.float32)
    parts = whole.copy()
    light.shine(whole, rgb, slice(0, 200))
    for rows in (slice(0, 90), slice(90, 200)):
        light.shine(parts[rows], rgb[rows], rows)
    assert whole[100, 100].min() > 2 * whole[10, 10].max()
    assert np.allclose(whole, parts)


def test_without_a_subject_nothing_is_lit() -> None:
    scene = Scene(Raster(np.full((80, 120, 3), 128, np.uint8)))
    vars(scene).update(portraits=[])
    assert light_of(scene, np.zeros((80, 120), np.float32), stops=1, key=1, rim=1) is None
