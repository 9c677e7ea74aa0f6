from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations.enhance import enhance, measure
from retouch.engines.darkroom.operations.local import grey
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


def test_an_underexposed_picture_gets_light(photo: Photo) -> None:
    dark = Raster((photo("china", 300).rgb * 0.4).astype(np.uint8))
    assert grey(enhance(Scene(dark)).rgb).mean() > 1.3 * grey(dark.rgb).mean()


def test_a_flat_picture_gets_its_black_and_white(photo: Photo) -> None:
    flat = Raster((photo("astronaut", 300).rgb * 0.5 + 70).astype(np.uint8))
    assert grey(enhance(Scene(flat)).rgb).std() > 1.15 * grey(flat.rgb).std()


def test_night_stays_night(photo: Photo) -> None:
    picture = photo("rocket", 400)
    assert measure(picture.rgb).night
    assert not measure((photo("china", 400).rgb * 0.4).astype(np.uint8)).night
    before, after = grey(picture.rgb), grey(enhance(Scene(picture)).rgb)
    assert np.median(after) < np.median(before) + 0.04


def test_a_good_picture_changes_little(photo: Photo) -> None:
    for shot in ("astronaut", "china", "coffee"):
        picture = photo(shot, 300)
        assert np.abs(enhance(Scene(picture)).rgb.astype(int) - picture.rgb).mean() < 20


def test_a_white_ground_stays_white(photo: Photo) -> None:
    rgb = np.full((200, 200, 3), 255, np.uint8)
    rgb[70:130, 70:130] = photo("coffee", 100).rgb[:60, :60]
    assert measure(rgb).graphic
    assert (enhance(Scene(Raster(rgb))).rgb[:40] >= 253).all()


def test_twice_the_same_goes_less_far_than_once(photo: Photo) -> None:
    once = enhance(Scene(photo("china", 300)))
    twice = enhance(Scene(once))
    assert 0 < np.abs(twice.rgb.astype(int) - once.rgb).mean() < 16


@pytest.mark.parametrize("level", [0, 255])
def test_an_empty_picture_is_served(level: int) -> None:
    rgb = np.full((30, 30, 3), level, np.uint8)
    assert np.abs(enhance(Scene(Raster(rgb))).rgb.astype(int) - rgb).max() <= 2


def test_no_amount_returns_the_picture_bit_for_bit(photo: Photo) -> None:
    picture = photo("cat", 100)
    assert enhance(Scene(picture), amount=0.0) is picture
