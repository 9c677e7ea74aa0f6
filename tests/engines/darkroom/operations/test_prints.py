from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from retouch.engines.darkroom.colour import luminance, to_linear
from retouch.engines.darkroom.operations.prints import halftone, pop_art, poster
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import U8, Raster

Photo = Callable[..., Raster]


PAPER = to_linear(np.array((251, 248, 240), np.uint8))


def distinct(rgb: U8) -> int:
    """How many colours cover the picture but for the rims between them."""
    counts = np.unique((rgb // 4).reshape(-1, 3), axis=0, return_counts=True)[1]
    order = np.sort(counts)[::-1]
    return int(np.searchsorted(np.cumsum(order), 0.93 * rgb[..., 0].size)) + 1


@pytest.mark.parametrize("level", [40, 96, 150, 210])
@pytest.mark.parametrize("ink", ["colour", "black"])
def test_dots_hide_the_share_of_paper_that_the_light_asks_for(level: int, ink: str) -> None:
    grey = Raster(np.full((900, 900, 3), level, np.uint8))
    printed = luminance(to_linear(halftone(Scene(grey), ink=ink).rgb)).mean()
    wanted = luminance(to_linear(grey.rgb[0, 0]) * PAPER)
    assert abs(printed - wanted) < 0.035


def test_from_afar_a_halftone_is_the_photograph(photo: Photo) -> None:
    picture = photo("flower")
    one, other = (
        cv2.resize(to_linear(rgb), (12, 8), interpolation=cv2.INTER_AREA)
        for rgb in (picture.rgb, halftone(Scene(picture)).rgb)
    )
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.98


def test_black_dots_have_two_tones() -> None:
    grey = Raster(np.full((400, 400, 3), 128, np.uint8))
    printed = halftone(Scene(grey), ink="black").rgb[..., 1]
    assert ((printed < 60) | (printed > 215)).mean() > 0.6


def test_a_poster_is_made_of_a_few_flat_colours(photo: Photo) -> None:
    picture = photo("china")
    assert distinct(picture.rgb) > 200
    assert distinct(poster(Scene(picture)).rgb) <= 14


def test_pop_art_is_bold_and_sets_the_ground_off(photo: Photo) -> None:
    picture = photo("flower")
    printed = pop_art(Scene(picture)).rgb
    hsv = cv2.cvtColor(printed, cv2.COLOR_RGB2HSV)
    assert np.median(hsv[..., 1]) > 120
    scene = Scene(picture)
    inside, outside = scene.matte > 0.9, scene.matte < 0.1
    assert np.abs(printed[inside].mean(0) - printed[outside].mean(0)).max() > 60


def test_variation_changes_the_inks_of_pop_art(photo: Photo) -> None:
    picture = photo("astronaut", 300)
    one, other = (pop_art(Scene(picture, variation=value)).rgb.astype(int) for value in (0.0, 1.0))
    assert np.abs(one - other).mean() > 20
