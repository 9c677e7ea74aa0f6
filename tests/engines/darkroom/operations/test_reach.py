from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations.reach import SHARE, extend_frame, extend_frame_needs, extend_frame_size
from retouch.engines.darkroom.scene import Scene
from retouch.errors import UnsupportedInstruction
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


def scene(raster: Raster) -> Scene:
    return Scene(raster, seed=3, quality="low")


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_the_photograph_stays_where_it_is_and_one_side_grows(photo: Photo, side: str) -> None:
    source = photo("china", 160)
    result = extend_frame(scene(source), side=side)
    assert result.size == extend_frame_size(source.size, (), side=side)
    left = result.width - source.width if side == "left" else 0
    top = result.height - source.height if side == "top" else 0
    assert (result.rgb[top : top + source.height, left : left + source.width] == source.rgb).all()
    grown = result.width / source.width if side in ("left", "right") else result.height / source.height
    assert grown == pytest.approx(1 + SHARE, abs=0.01)


def test_a_shape_is_reached_on_both_sides(photo: Photo) -> None:
    source = photo("astronaut", 128)
    result = extend_frame(scene(source), ratio="16:9")
    assert result.width / result.height == pytest.approx(16 / 9, abs=0.01)
    assert result.height == source.height
    left = (result.width - source.width) // 2
    assert (result.rgb[:, left : left + source.width] == source.rgb).all()
    assert extend_frame_size((100, 200), (), ratio="1:1") == (200, 200)


def test_a_picture_of_that_shape_comes_back_as_it_is(photo: Photo) -> None:
    source = photo("astronaut", 128)
    assert extend_frame(scene(source), ratio="1:1") is source


def test_a_cut_out_goes_on_transparent() -> None:
    alpha = np.zeros((64, 64), np.uint8)
    alpha[20:44, 20:44] = 255
    result = extend_frame(scene(Raster(np.full((64, 64, 3), 90, np.uint8), alpha)), side="right", share=0.5)
    assert result.alpha is not None
    assert not result.alpha[:, 64:].any()


def test_more_than_can_be_made_up_is_refused(photo: Photo) -> None:
    extend_frame_needs(scene(photo("china", 160)), None, ratio="16:9")
    extend_frame_needs(scene(photo("astronaut", 128)), None, side="top", share=0.6)
    extend_frame_needs(scene(photo("astronaut", 128)), None, ratio="16:9")
    with pytest.raises(UnsupportedInstruction, match="60%"):
        extend_frame_needs(scene(photo("astronaut", 128)), None, side="left", share=1.0)
    with pytest.raises(UnsupportedInstruction, match="80%"):
        extend_frame_needs(scene(photo("astronaut", 128)), None, ratio="21:9")


@pytest.mark.parametrize(("side", "size"), [("sides", (192, 128)), ("ends", (128, 192)), ("all", (192, 192))])
def test_several_sides_grow_by_the_same_share(photo: Photo, side: str, size: tuple[int, int]) -> None:
    source = photo("astronaut", 128)
    result = extend_frame(scene(source), side=side, share=0.25)
    assert result.size == size == extend_frame_size(source.size, (), side=side, share=0.25)
    left, top = (size[0] - 128) // 2, (size[1] - 128) // 2
    assert (result.rgb[top : top + 128, left : left + 128] == source.rgb).all()


def test_a_thing_on_even_ground_gets_as_much_more_of_it_as_is_asked_for() -> None:
    rgb = np.full((90, 90, 3), 240, np.uint8)
    rgb[4:-4, 4:-4] = (30, 140, 60)
    page = scene(Raster(rgb))
    extend_frame_needs(page, None, ratio="21:9")
    result = extend_frame(page, ratio="21:9")
    assert result.rgb[:, :50].min() >= 236, "no ghost of the thing beside it"
    assert result.rgb[:, -50:].min() >= 236
