from __future__ import annotations

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retouch.engines.diffusers.cropping import Opening, Window, cut, cut_mask, fade, open_window, working_size
from retouch.imaging.canvas import Box
from retouch.imaging.composite import composite
from retouch.imaging.raster import F32, Raster

Photo = Callable[..., Raster]
MEGAPIXEL = 1024 * 1024
windowed = partial(open_window, area=MEGAPIXEL, least=600_000, multiple=16)
sized = partial(working_size, area=MEGAPIXEL, least=600_000, multiple=16)


def mask(size: tuple[int, int], x: int, y: int, width: int, height: int, value: float = 1.0) -> F32:
    weight = np.zeros((size[1], size[0]), np.float32)
    weight[y : y + height, x : x + width] = value
    return weight


def disc(picture: Raster, share: float = 0.2, soft: float = 0) -> F32:
    weight = np.zeros((picture.height, picture.width), np.float32)
    centre = (picture.width // 2, picture.height // 2)
    cv2.circle(weight, centre, round(share * min(picture.size)), 1.0, -1)
    if soft:
        weight = cv2.GaussianBlur(weight, (0, 0), soft).astype(np.float32)
        weight[weight < 1e-3] = 0
    return weight


def test_a_small_mask_is_worked_at_on_a_crop_with_context() -> None:
    window = windowed(mask((3000, 2000), 1500, 900, 200, 180), (3000, 2000))
    x, y, width, height = window.box
    assert x <= 1500 - 64
    assert y <= 900 - 64
    assert x + width >= 1700 + 64
    assert y + height >= 1080 + 64
    assert width * height < 400 * 400


def test_a_larger_mask_has_more_context() -> None:
    box = windowed(mask((4000, 4000), 1500, 1500, 1000, 1000), (4000, 4000)).box
    assert 1500 - box.x == pytest.approx(350, abs=2)


def test_a_mask_in_the_corner_has_its_context_on_the_other_sides() -> None:
    box = windowed(mask((3000, 2000), 2990, 1990, 10, 10), (3000, 2000)).box
    assert box.x + box.width == 3000
    assert box.y + box.height == 2000
    assert min(box.width, box.height) >= 256


@pytest.mark.parametrize(("wide", "high"), [(1500, 4), (4, 1500)])
def test_a_line_is_cropped_in_the_shape_of_a_picture(wide: int, high: int) -> None:
    box = windowed(mask((4000, 4000), 1000, 1000, wide, high), (4000, 4000)).box
    assert 0.39 <= box.width / box.height <= 2.51


@pytest.mark.parametrize(
    "weight",
    [None, np.zeros((600, 800), np.float32), np.ones((600, 800), np.float32), mask((800, 600), 20, 20, 700, 500)],
    ids=["no mask", "nothing", "everything", "most"],
)
def test_without_a_part_to_work_at_the_window_is_the_canvas(weight: F32 | None) -> None:
    assert windowed(weight, (800, 600)).box == Box(0, 0, 800, 600)


def test_an_instruction_about_the_whole_scene_can_be_given_all_of_it() -> None:
    weight = mask((3000, 2000), 1500, 900, 200, 180)
    assert windowed(weight, (3000, 2000), crop=False).box == Box(0, 0, 3000, 2000)


@settings(deadline=None, max_examples=200)
@given(
    size=st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
    spot=st.tuples(*[st.floats(0, 0.999)] * 4),
    area=st.integers(64 * 64, 2**22),
    multiple=st.sampled_from([1, 8, 16, 32]),
)
def test_the_window_lies_on_the_canvas_and_holds_all_that_may_change(
    size: tuple[int, int], spot: tuple[float, float, float, float], area: int, multiple: int
) -> None:
    width, height = size
    left, right = sorted(int(part * width) for part in spot[:2])
    top, bottom = sorted(int(part * height) for part in spot[2:])
    weight = np.zeros((height, width), np.float32)
    weight[top, left] = weight[bottom, right] = 0.1
    window = open_window(weight, size, area=area, least=area // 2, multiple=multiple)
    x, y, wide, high = window.box
    assert 0 <= x <= left
    assert 0 <= y <= top
    assert right < x + wide <= width
    assert bottom < y + high <= height
    assert all(side % multiple == 0 and side > 0 for side in window.size)


def test_a_picture_of_a_fitting_size_is_painted_at_that_size() -> None:
    assert sized((1008, 800)) == (1008, 800)


@pytest.mark.parametrize(("size", "area"), [((4000, 3000), MEGAPIXEL), ((320, 240), 600_000)])
def test_others_are_brought_to_the_nearest_area_in_their_own_shape(size: tuple[int, int], area: int) -> None:
    width, height = sized(size)
    assert width * height == pytest.approx(area, rel=0.03)
    assert width / height == pytest.approx(4 / 3, rel=0.03)


def test_a_size_that_is_none_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match="no working size"):
        sized((0, 5))


@settings(deadline=None, max_examples=150)
@given(
    size=st.tuples(st.integers(8, 90), st.integers(8, 90)),
    working=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    cell=st.sampled_from([1, 8, 16]),
    spots=st.lists(st.tuples(st.floats(0, 0.999), st.floats(0, 0.999)), min_size=1, max_size=5),
)
def test_a_mask_never_shrinks_on_its_way_to_the_latents(
    size: tuple[int, int], working: tuple[int, int], cell: int, spots: list[tuple[float, float]]
) -> None:
    (width, height), (wide, high) = size, (working[0] * 16, working[1] * 16)
    weight = np.zeros((height, width), np.float32)
    for across, down in spots:
        weight[int(down * height), int(across * width)] = 1 / 255
    small = cut_mask(weight, Window(Box(0, 0, width, height), (wide, high)), cell)
    latents = small[::cell, ::cell]
    for y, x in zip(*np.nonzero(weight), strict=True):
        rows = slice(y * high // height, -(-(y + 1) * high // height))
        columns = slice(x * wide // width, -(-(x + 1) * wide // width))
        assert (small[rows, columns] == 1).all()
        cells = slice(columns.start // cell, -(-columns.stop // cell))
        assert (latents[rows.start // cell : -(-rows.stop // cell), cells] == 1).all()
    assert set(np.unique(small)) <= {0.0, 1.0}


def test_a_mask_grows_by_less_than_a_cell() -> None:
    small = cut_mask(mask((256, 256), 100, 100, 40, 40), Window(Box(0, 0, 256, 256), (256, 256)), 16)
    rows, columns = np.nonzero(small)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (96, 143, 96, 143)


def test_nothing_outside_the_mask_is_touched(photo: Photo) -> None:
    base = photo("china")
    weight = disc(base)
    window = windowed(weight, base.size)
    painted = Raster(255 - cut(base, window).rgb)
    result = Opening(base, weight, window).put_back(painted)
    assert np.array_equal(result.rgb[weight == 0], base.rgb[weight == 0])
    assert (result.rgb[weight == 1] != base.rgb[weight == 1]).mean() > 0.8


@pytest.mark.parametrize("name", ["china", "flower", "rocket"])
def test_what_was_not_changed_comes_back_as_it_was(photo: Photo, name: str) -> None:
    base = photo(name)
    weight = disc(base)
    window = windowed(weight, base.size)
    result = Opening(base, weight, window).put_back(cut(base, window))
    off = np.abs(result.rgb.astype(int) - base.rgb)[weight > 0]
    assert off.mean() < 4  # what resampling there and back takes of the finest detail


@settings(deadline=None, max_examples=60)
@given(soft=st.floats(0, 12), share=st.floats(0.02, 0.45))
def test_the_soft_edge_stays_inside_the_mask_and_does_not_soften_it_twice(soft: float, share: float) -> None:
    weight = disc(Raster(np.zeros((160, 200, 3), np.uint8)), share, soft)
    shown = fade(weight)
    assert (shown[weight == 0] == 0).all()
    assert (shown * weight <= weight).all()
    assert shown.max() == 1
    if soft > 8 and share > 0.2:
        assert np.abs(shown * weight - weight).max() < 0.12


def test_a_thin_stroke_shows_the_edit() -> None:
    assert fade(mask((200, 200), 20, 98, 160, 5))[98:103, 60:140].max() == 1


def test_the_end_of_the_picture_is_no_edge_of_the_mask() -> None:
    shown = fade(mask((200, 200), 0, 0, 100, 200))
    assert (shown[:, 0] == 1).all()
    assert (shown[0, :80] == 1).all()


def test_without_a_mask_the_painted_picture_is_the_result(photo: Photo) -> None:
    base = photo("cat")
    window = windowed(None, base.size)
    painted = cut(base, window)
    result = Opening(base, None, window).put_back(painted)
    assert result.size == base.size
    assert np.abs(result.rgb.astype(int) - base.rgb).mean() < 2


def test_transparency_is_put_in_and_kept_around(photo: Photo) -> None:
    base = photo("cat")
    alpha = np.full((base.height, base.width), 255, np.uint8)
    alpha[:20] = 40
    base = Raster(base.rgb, alpha)
    weight = disc(base)
    window = windowed(weight, base.size)
    wide, high = window.size
    painted = Raster(np.zeros((high, wide, 3), np.uint8), np.zeros((high, wide), np.uint8))
    result = composite(base, Opening(base, weight, window).put_back(painted), weight)
    assert result.alpha is not None
    assert np.array_equal(result.alpha[weight == 0], alpha[weight == 0])
    assert result.alpha[base.height // 2, base.width // 2] == 0


def test_the_whole_canvas_can_be_the_window_of_a_masked_edit(photo: Photo) -> None:
    base = photo("coffee")
    weight = disc(base, 0.3)
    window = windowed(weight, base.size, crop=False)
    result = Opening(base, weight, window).put_back(Raster(255 - cut(base, window).rgb))
    assert np.array_equal(result.rgb[weight == 0], base.rgb[weight == 0])


def test_a_mask_that_shows_nothing_leaves_the_canvas(photo: Photo) -> None:
    base = photo("coffee")
    nothing = np.zeros((base.height, base.width), np.float32)
    window = windowed(nothing, base.size)
    result = Opening(base, nothing, window).put_back(Raster(255 - cut(base, window).rgb))
    assert np.array_equal(result.rgb, base.rgb)
