from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.imaging.raster import Raster
from retouch.imaging.resample import resize

Photo = Callable[..., Raster]


def test_the_own_size_is_the_same_object(photo: Photo) -> None:
    picture = photo("cat", 64)
    assert resize(picture, picture.size) is picture


@pytest.mark.parametrize("size", [(1, 1), (40, 30), (200, 300), (20, 300), (300, 20), (1000, 1)])
def test_any_size_can_be_had(photo: Photo, size: tuple[int, int]) -> None:
    picture = photo("rocket", 120)
    alpha = np.full((picture.height, picture.width), 100, np.uint8)
    for raster in (picture, Raster(picture.rgb, alpha)):
        result = resize(raster, size)
        assert result.size == size
        assert result.rgb.flags.c_contiguous
        assert np.abs(result.rgb.mean(axis=(0, 1)) - picture.rgb.mean(axis=(0, 1))).max() < 12


def test_no_area_is_refused(photo: Photo) -> None:
    with pytest.raises(ValueError, match="cannot be 0x5"):
        resize(photo("cat", 64), (0, 5))


@pytest.mark.parametrize("size", [(5, 5), (7, 13), (200, 40), (333, 222)])
def test_a_flat_picture_stays_flat(size: tuple[int, int]) -> None:
    flat = Raster(np.full((50, 60, 3), (10, 200, 255), np.uint8), np.full((50, 60), 77, np.uint8))
    result = resize(flat, size)
    assert result.alpha is not None
    assert (result.rgb == (10, 200, 255)).all()
    assert (result.alpha == 77).all()


@pytest.mark.parametrize("factor", [0.37, 0.5, 2.0, 3.3])
def test_colours_under_transparency_do_not_bleed_out(factor: float) -> None:
    """A white disc on black that nobody can see has no dark rim."""
    y, x = np.mgrid[:80, :80]
    inside = (x - 40) ** 2 + (y - 40) ** 2 < 900
    rgb = np.where(inside[..., None], np.uint8(250), np.uint8(0)) * np.ones(3, np.uint8)
    result = resize(
        Raster(rgb, np.where(inside, np.uint8(255), np.uint8(0))), (int(80 * factor), int(80 * factor))
    )
    assert result.alpha is not None
    assert ((result.alpha > 0) & (result.alpha < 255)).any()
    assert result.rgb[result.alpha > 8].min() >= 240


def test_hidden_colours_are_kept(photo: Photo) -> None:
    picture = photo("coffee", 80)
    hidden = Raster(picture.rgb, np.zeros((picture.height, picture.width), np.uint8))
    assert np.array_equal(resize(hidden, (33, 21)).rgb, resize(picture, (33, 21)).rgb)


def test_opaque_parts_are_as_if_there_were_no_alpha(photo: Photo) -> None:
    picture = photo("coffee", 80)
    alpha = np.full((picture.height, picture.width), 255, np.uint8)
    alpha[:, :20] = 90
    for size in ((40, 27), (160, 106)):
        plain, result = resize(picture, size), resize(Raster(picture.rgb, alpha), size)
        assert np.array_equal(result.rgb[:, size[0] // 2 :], plain.rgb[:, size[0] // 2 :])
