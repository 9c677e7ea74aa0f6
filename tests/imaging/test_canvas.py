from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.imaging.canvas import Box, lay_out, place
from retouch.imaging.composite import composite
from retouch.imaging.raster import Raster
from retouch.imaging.resample import resize

Photo = Callable[..., Raster]
sides = st.integers(1, 20_000)


@pytest.mark.rule("A.7/never-stretched")
@given(source=st.tuples(sides, sides), canvas=st.tuples(sides, sides))
def test_a_source_fits_inside_centred_and_unstretched(source: tuple[int, int], canvas: tuple[int, int]) -> None:
    box = place(source, canvas)
    assert box.width == canvas[0] or box.height == canvas[1]
    assert box.x >= 0
    assert box.x + box.width <= canvas[0]
    assert box.y >= 0
    assert box.y + box.height <= canvas[1]
    assert 0 <= canvas[0] - box.width - 2 * box.x <= 1
    assert 0 <= canvas[1] - box.height - 2 * box.y <= 1
    tall, broad = source[1] * box.width / source[0], source[0] * box.height / source[1]
    stretch = max(tall / box.height, box.height / tall)
    assert abs(box.height - tall) < 1 or abs(box.width - broad) < 1 or stretch < 1.0102


@pytest.mark.parametrize(
    ("source", "canvas", "box"),
    [
        ((1024, 1024), (1024, 1024), Box(0, 0, 1024, 1024)),
        ((1024, 1024), (1536, 1024), Box(256, 0, 1024, 1024)),
        ((640, 427), (1536, 1024), Box(0, 0, 1536, 1024)),
        ((640, 427), (1024, 1536), Box(0, 426, 1024, 683)),
        ((3000, 2000), (300, 200), Box(0, 0, 300, 200)),
        ((427, 640), (1024, 1536), Box(0, 0, 1024, 1536)),
        ((425, 640), (1024, 1536), Box(2, 0, 1020, 1536)),
        ((4, 4), (1100, 1024), Box(38, 0, 1024, 1024)),
        ((10_000, 1), (16, 16), Box(0, 7, 16, 1)),
    ],
)
def test_places_are_as_reckoned_by_hand(source: tuple[int, int], canvas: tuple[int, int], box: Box) -> None:
    assert place(source, canvas) == box


def test_a_canvas_without_area_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot lie"):
        place((4, 4), (0, 4))


def test_at_its_own_size_the_base_is_the_source_and_the_weight_the_mask(photo: Photo) -> None:
    source = photo("cat", 100)
    mask = np.zeros((source.height, source.width), np.float32)
    mask[10:20, 30:40] = 1
    laid = lay_out(source, mask, source.size)
    assert laid.base is source
    assert np.array_equal(laid.weight, mask)
    assert laid.box == (0, 0, *source.size)


def test_without_a_mask_everything_may_change(photo: Photo) -> None:
    laid = lay_out(photo("china", 100), None, (160, 90))
    assert (laid.weight == 1).all()
    assert laid.weight.shape == (90, 160)


@pytest.mark.rule("A.6/new-area")
def test_new_area_repeats_the_edge_and_may_change(photo: Photo) -> None:
    source = photo("coffee", 90)
    laid = lay_out(source, np.zeros((source.height, source.width), np.float32), (200, 80))
    x, y, width, height = laid.box
    inside = laid.base.rgb[y : y + height, x : x + width]
    assert np.array_equal(inside, resize(source, (width, height)).rgb)
    assert (laid.base.rgb[:, :x] == laid.base.rgb[:, x : x + 1]).all()
    assert (laid.weight[:, :x] == 1).all()
    assert (laid.weight[:, x + width :] == 1).all()
    assert (laid.weight[y : y + height, x : x + width] == 0).all()


@pytest.mark.rule("A.6/exact-scaled")
@pytest.mark.parametrize("name", ["astronaut", "cat", "coffee", "china", "rocket", "flower"])
@pytest.mark.parametrize("size", [(256, 256), (384, 256), (256, 384), (641, 429)])
def test_protected_pixels_equal_the_resampled_source_bit_for_bit(
    photo: Photo, name: str, size: tuple[int, int]
) -> None:
    source = photo(name)
    mask = np.zeros((source.height, source.width), np.float32)
    mask[100:201, 51:320] = 1
    laid = lay_out(source, mask, size)
    noise = Raster(np.random.default_rng(5).integers(0, 256, (size[1], size[0], 3), np.uint8))
    result = composite(laid.base, noise, laid.weight)
    x, y, width, height = laid.box
    small = resize(source, (width, height)).rgb
    protected = np.ones((height, width), bool)
    for row in range(height):
        for_row = range(row * source.height // height, -(-(row + 1) * source.height // height))
        if for_row.start < 201 and for_row.stop > 100:
            first, last = 51 * width // source.width, -(-320 * width // source.width)
            protected[row, first:last] = False
    assert protected.mean() > 0.5
    assert np.array_equal(result.rgb[y : y + height, x : x + width][protected], small[protected])
    assert not np.array_equal(result.rgb[y : y + height, x : x + width], small)


def test_alpha_is_laid_out_with_its_colours(photo: Photo) -> None:
    picture = photo("flower", 64)
    alpha = np.zeros((picture.height, picture.width), np.uint8)
    alpha[:, 20:] = 255
    laid = lay_out(Raster(picture.rgb, alpha), None, (128, 64))
    assert laid.base.alpha is not None
    assert laid.base.alpha[32, 0] == 0
    assert laid.base.alpha[32, -1] == 255


def test_a_mask_of_another_shape_is_refused(photo: Photo) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        lay_out(photo("cat", 64), np.ones((3, 3), np.float32), (64, 64))
