from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations.haze import dehaze
from retouch.engines.darkroom.operations.local import grey
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


def veiled(picture: Raster) -> Raster:
    return Raster((picture.rgb * 0.45 + np.float32(0.55 * 225)).astype(np.uint8))


def test_a_veil_is_lifted_and_the_light_stays(photo: Photo) -> None:
    hazy = veiled(photo("astronaut", 300))
    clear = dehaze(Scene(hazy)).rgb
    assert grey(clear).std() > 1.3 * grey(hazy.rgb).std()
    assert grey(clear).mean() > 0.7 * grey(hazy.rgb).mean()


def test_a_clear_picture_changes_less_than_a_hazy_one(photo: Photo) -> None:
    picture = photo("coffee", 300)
    hazy = veiled(picture)
    moved = [float(np.abs(dehaze(Scene(p)).rgb.astype(int) - p.rgb).mean()) for p in (picture, hazy)]
    assert moved[0] < 0.7 * moved[1]


def test_more_amount_lifts_more(photo: Photo) -> None:
    hazy = veiled(photo("china", 200))
    contrasts = [float(grey(dehaze(Scene(hazy), amount=amount).rgb).std()) for amount in (0.3, 0.7, 1.2)]
    assert grey(hazy.rgb).std() < contrasts[0] < contrasts[1] < contrasts[2]


@pytest.mark.parametrize("size", [(1, 1), (3, 90)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_the_smallest_pictures_are_served(size: tuple[int, int], level: int) -> None:
    picture = Raster(np.full((*size, 3), level, np.uint8))
    assert dehaze(Scene(picture)).size == picture.size


def test_no_amount_returns_the_picture_bit_for_bit(photo: Photo) -> None:
    picture = photo("cat", 100)
    assert dehaze(Scene(picture), amount=0.0) is picture
