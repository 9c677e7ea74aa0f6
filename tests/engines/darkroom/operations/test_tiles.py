from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from retouch.engines.darkroom.operations.tiles import low_poly, mosaic, pixel_art, stained_glass
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]
Style = Callable[..., Raster]


@pytest.mark.parametrize(("bits", "across", "colours"), [("8", 88, 16), ("16", 136, 32)])
def test_pixel_art_is_made_of_constant_blocks_in_few_colours(
    photo: Photo, bits: str, across: int, colours: int
) -> None:
    picture = photo("china")
    drawn = pixel_art(Scene(picture), bits=bits).rgb
    block = round(max(picture.size) / across)
    height, width = (length // block * block for length in drawn.shape[:2])
    blocks = drawn[:height, :width].reshape(height // block, block, width // block, block, 3)
    assert (blocks == blocks[:, :1, :, :1]).all()
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) <= colours
    assert block >= 2


@pytest.mark.parametrize("style", [pixel_art, mosaic, stained_glass, low_poly])
def test_from_afar_the_motif_is_there(photo: Photo, style: Style) -> None:
    picture = photo("china")
    one, other = (
        cv2.resize(rgb, (12, 8), interpolation=cv2.INTER_AREA).astype(int)
        for rgb in (picture.rgb, style(Scene(picture)).rgb)
    )
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.9


def test_stones_are_parted_by_dark_grout() -> None:
    white = Raster(np.full((300, 300, 3), 240, np.uint8))
    laid = cv2.cvtColor(mosaic(Scene(white)).rgb, cv2.COLOR_RGB2GRAY)
    assert 0.03 < (laid < 185).mean() < 0.35
    assert np.median(laid) > 200


def test_low_poly_is_flat_inside_its_triangles(photo: Photo) -> None:
    drawn = low_poly(Scene(photo("flower"))).rgb.astype(int)
    still = (np.abs(np.diff(drawn, axis=1)).max(-1) == 0).mean()
    assert still > 0.7
