from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom import palette
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.hues import find_colour, find_like
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


@pytest.mark.parametrize("colour", palette.colours())
def test_every_colour_is_found_on_a_patch_of_it_and_not_beside(colour: str) -> None:
    rgb = np.full((120, 160, 3), (128, 128, 128), np.uint8)
    if colour in ("grey", "silver"):
        rgb[:] = (30, 90, 200)
    rgb[30:90, 40:120] = palette.rgb(colour)
    found = find_colour(rgb, colour)
    assert found[40:80, 50:110].min() > 0.9
    assert found[:20].max() < 0.1


def test_a_code_is_a_colour_too() -> None:
    rgb = np.full((80, 80, 3), 230, np.uint8)
    rgb[20:60, 20:60] = (120, 60, 190)
    assert find_colour(rgb, "#783cbe")[30:50, 30:50].min() > 0.9
    assert not find_colour(rgb, "#a0d020").any()


def test_shadow_and_light_of_a_thing_are_found_with_it() -> None:
    shade = np.linspace(0.35, 1, 200, dtype=np.float32)[None, :, None]
    rgb = np.full((120, 200, 3), 235, np.uint8)
    rgb[20:100] = (np.array([220, 30, 40], np.float32) * shade).astype(np.uint8)
    assert find_colour(rgb, "red")[40:80].min() > 0.8


def test_a_colour_that_is_a_speck_is_not_there() -> None:
    rgb = np.full((300, 300, 3), 200, np.uint8)
    rgb[10:14, 10:14] = (220, 20, 30)
    assert not find_colour(rgb, "red").any()


def test_the_subject_s_colour_is_meant_if_it_has_it(photo: Photo) -> None:
    scene = Scene(photo("coffee", 400))
    everywhere = find_colour(scene.picture.rgb, "red")
    on_subject = find_colour(scene.picture.rgb, "red", scene.saliency)
    corner = np.s_[:50, :50]
    assert on_subject[corner].max() < 0.05
    assert on_subject.mean() <= everywhere.mean() + 1e-4


def test_the_colour_that_prevails_in_a_part_is_followed_there_alone() -> None:
    rgb = np.full((100, 200, 3), 220, np.uint8)
    rgb[20:80, 20:80] = rgb[20:80, 120:180] = (30, 150, 60)
    weight = np.zeros((100, 200), np.float32)
    weight[:, :100] = 1
    found = find_like(rgb, weight)
    assert found[30:70, 30:70].min() > 0.9
    assert found[:, 110:].max() < 0.1
