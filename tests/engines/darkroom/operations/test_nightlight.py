from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from retouch.engines.darkroom import regions
from retouch.engines.darkroom.colour import luminance, to_linear, to_srgb
from retouch.engines.darkroom.operations.night import night
from retouch.engines.darkroom.operations.nightlight import light_subject
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, Raster

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
    for variation, lit, dark in ((0.0, 145, 55), (-1.0, 55, 145)):
        scene = Scene(Raster(np.full((200, 200, 3), 128, np.uint8)), variation=variation)
        vars(scene).update(saliency=subject, faces=[])
        image = np.zeros((200, 200, 3), np.float32)
        light_subject(image, scene, stops=0, key=0, rim=0.5)
        assert image[90, lit].sum() > 4 * image[90, dark].sum()
        assert image[90, lit, 2] > image[90, lit, 0]


def test_without_a_subject_nothing_is_lit() -> None:
    scene = Scene(Raster(np.full((80, 120, 3), 128, np.uint8)))
    vars(scene).update(saliency=np.zeros((80, 120), np.float32), faces=[])
    image: F32 = to_linear(scene.picture.rgb) * np.float32(0.1)
    before = to_srgb(image)
    light_subject(image, scene, stops=1, key=1, rim=1)
    assert np.array_equal(to_srgb(image), before)
