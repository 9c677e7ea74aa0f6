from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from retouch.engines.diffusers.pictures import from_array, from_image, is_cut_out, reference, to_image, to_mask
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


def holed(picture: Raster) -> Raster:
    alpha = np.full((picture.height, picture.width), 255, np.uint8)
    alpha[: picture.height // 2] = 0
    return Raster(picture.rgb, alpha)


def test_a_picture_survives_the_way_there_and_back(photo: Photo) -> None:
    picture = photo("cat")
    for alpha in (False, True):
        back = from_image(to_image(picture, alpha=alpha))
        assert np.array_equal(back.rgb, picture.rgb)
        assert back.alpha is None


def test_transparency_goes_to_models_that_know_it_and_lies_on_white_for_others(photo: Photo) -> None:
    picture = holed(photo("cat"))
    back = from_image(to_image(picture, alpha=True))
    assert back.alpha is not None
    assert picture.alpha is not None
    assert np.array_equal(back.alpha, picture.alpha)
    assert np.array_equal(back.rgb, picture.rgb)
    plain = to_image(picture)
    assert plain.mode == "RGB"
    assert (np.asarray(plain)[:50] == 255).all()


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA"])
def test_whatever_mode_comes_back_is_read(photo: Photo, mode: str) -> None:
    image = Image.fromarray(photo("cat").rgb).convert(mode)
    picture = from_image(image)
    assert picture.size == image.size
    assert picture.alpha is None


def test_a_mask_loses_nothing_to_rounding() -> None:
    assert np.asarray(to_mask(np.array([[0, 1e-4, 0.5, 1]], np.float32))).tolist() == [[0, 1, 128, 255]]


def test_arrays_are_rounded_and_clipped_and_numbers_that_are_none_are_black() -> None:
    pixels = np.array([[[0.5, -1, 2], [np.nan, 1, 0.1]]], np.float32)
    picture = from_array(pixels)
    assert picture.rgb.tolist() == [[[128, 0, 255], [0, 255, 26]]]
    assert picture.alpha is None
    clear = from_array(np.zeros((2, 3, 4), np.float32)).alpha
    assert clear is not None
    assert not clear.any()


def test_an_array_of_another_shape_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match="a picture is"):
        from_array(np.zeros((3, 8, 8), np.float32))


def test_references_are_shrunk_and_never_enlarged(photo: Photo) -> None:
    picture = photo("china")
    small = reference(picture, 10_000, 16)
    assert small.width * small.height == pytest.approx(10_000, rel=0.15)
    assert all(side % 16 == 0 for side in small.size)
    assert reference(picture, 2**20, 16).size == (640, 432)


def test_a_reference_of_a_pixel_is_still_a_picture() -> None:
    tiny = reference(Raster(np.full((1, 3, 3), 7, np.uint8)), 2**20, 16)
    assert min(tiny.size) >= 32
    assert (tiny.rgb == 7).all()


def test_a_cut_out_is_told_from_a_picture_with_a_soft_corner(photo: Photo) -> None:
    picture = photo("cat")
    corner = np.full((picture.height, picture.width), 255, np.uint8)
    corner[:4, :4] = 0
    assert is_cut_out(holed(picture))
    assert not is_cut_out(picture)
    assert not is_cut_out(Raster(picture.rgb, corner))
