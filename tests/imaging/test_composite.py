from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from retouch.imaging.composite import composite, flatten
from retouch.imaging.raster import U8, Raster

Photo = Callable[..., Raster]
SHAPE = (4, 5)
pictures = st.builds(
    Raster,
    arrays.arrays(np.uint8, (*SHAPE, 3)),
    st.none() | arrays.arrays(np.uint8, SHAPE, elements=st.sampled_from([0, 1, 128, 254, 255])),
)
alphas = arrays.arrays(np.uint8, SHAPE, elements=st.sampled_from([0, 255]) | st.integers(0, 255))


def full(raster: Raster) -> U8:
    return np.full(SHAPE, 255, np.uint8) if raster.alpha is None else raster.alpha


def near(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


@pytest.mark.rule("A.6/exact", "A.6/transparent-is-edited")
@settings(deadline=None)
@given(base=pictures, edited=pictures, mask=alphas)
def test_the_ends_are_exact_and_what_lies_between_is_rounded_correctly(
    base: Raster, edited: Raster, mask: U8
) -> None:
    weight = (255 - mask).astype(np.float32) / np.float32(255)
    result = composite(base, edited, weight)
    alpha = full(result)
    protected, open_ = mask == 255, mask == 0
    assert np.array_equal(result.rgb[protected], base.rgb[protected])
    assert np.array_equal(alpha[protected], full(base)[protected])
    assert np.array_equal(result.rgb[open_], edited.rgb[open_])
    assert np.array_equal(alpha[open_], full(edited)[open_])
    for place in zip(*np.nonzero(~protected & ~open_), strict=True):
        share = Fraction(255 - int(mask[place]), 255)
        under, over = int(full(base)[place]), int(full(edited)[place])
        cover = under * (1 - share) + over * share
        assert alpha[place] == near(cover)
        part = over * share / cover if cover else share
        for low, high, got in zip(base.rgb[place], edited.rgb[place], result.rgb[place], strict=True):
            exact = int(low) * (1 - part) + int(high) * part
            if under == over:
                assert got == near(exact)
            else:
                assert abs(exact - int(got)) <= Fraction(501, 1000)


def test_all_ones_is_the_edit_itself_and_all_zeros_the_base(photo: Photo) -> None:
    base, edited = photo("cat", 64), Raster(photo("cat", 64).rgb[::-1].copy())
    ones = np.ones((base.height, base.width), np.float32)
    assert composite(base, edited, ones) is edited
    assert composite(base, edited, 0 * ones) is base


def test_inputs_are_left_as_they_are(photo: Photo) -> None:
    base = photo("cat", 64)
    edited = Raster(base.rgb[::-1].copy(), np.full((base.height, base.width), 9, np.uint8))
    before = base.rgb.copy(), edited.rgb.copy()
    weight = np.linspace(0, 1, base.width, dtype=np.float32)[None].repeat(base.height, axis=0)
    composite(base, edited, weight)
    assert np.array_equal(base.rgb, before[0])
    assert np.array_equal(edited.rgb, before[1])


def test_a_transparent_edit_leaves_no_dark_fringe() -> None:
    white = Raster(np.full((*SHAPE, 3), 240, np.uint8))
    cleared = Raster(np.zeros((*SHAPE, 3), np.uint8), np.zeros(SHAPE, np.uint8))
    result = composite(white, cleared, np.full(SHAPE, 0.5, np.float32))
    assert (result.rgb == 240).all()
    assert result.alpha is not None
    assert (result.alpha == 128).all()


def test_a_result_that_is_opaque_everywhere_has_no_alpha() -> None:
    rgb = np.zeros((*SHAPE, 3), np.uint8)
    weight = np.zeros(SHAPE, np.float32)
    weight[0] = 1
    hole = np.full(SHAPE, 255, np.uint8)
    hole[1:] = 0
    assert composite(Raster(rgb), Raster(rgb, hole), weight).alpha is None


def test_different_sizes_are_refused() -> None:
    small, large = (Raster(np.zeros((side, side, 3), np.uint8)) for side in (4, 5))
    for base, edited, weight in ((small, large, (4, 4)), (small, small, (4, 5))):
        with pytest.raises(ValueError, match="sizes differ"):
            composite(base, edited, np.ones(weight, np.float32))


@given(picture=pictures, colour=st.tuples(*[st.integers(0, 255)] * 3))
def test_flattening_is_the_rounded_blend_with_the_ground(picture: Raster, colour: tuple[int, int, int]) -> None:
    result = flatten(picture, colour)
    assert result.alpha is None
    alpha = full(picture)[..., None].astype(int)
    exact = picture.rgb * alpha + np.array(colour) * (255 - alpha)
    assert np.array_equal(result.rgb, np.floor(exact / 255 + 0.5))


def test_an_opaque_picture_is_flat_already(photo: Photo) -> None:
    picture = photo("cat", 64)
    assert flatten(picture) is picture
