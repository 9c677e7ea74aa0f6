from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations.frames import (
    border,
    border_size,
    mat,
    mat_size,
    polaroid_frame,
    polaroid_frame_size,
    round_corners,
)
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


@pytest.mark.parametrize("width", ["thin", "medium", "thick", 0.1, "7px"])
def test_a_border_is_even_and_leaves_the_picture_untouched(photo: Photo, width: str | float) -> None:
    source = photo("china", 200)
    result = border(Scene(source), colour="red", width=width)
    assert result.size == border_size(source.size, (), width=width)
    rim = (result.width - source.width) // 2
    assert result.height - source.height == 2 * rim
    assert (result.rgb[rim:-rim, rim:-rim] == source.rgb).all()
    assert (result.rgb[:rim] == result.rgb[0, 0]).all()


@pytest.mark.parametrize(("shape", "wide"), [("1:1", 1.0), ("16:9", 16 / 9), ("9:16", 9 / 16), ("3:2", 1.5)])
def test_bars_bring_a_picture_to_a_shape_and_leave_all_of_it(photo: Photo, shape: str, wide: float) -> None:
    source = photo("china", 200)
    result = border(Scene(source), colour="white", shape=shape)
    assert result.size == border_size(source.size, (), shape=shape)
    assert result.width / result.height == pytest.approx(wide, abs=0.01)
    left, top = (result.width - source.width) // 2, (result.height - source.height) // 2
    assert min(left, top) == 0
    assert (result.rgb[top : top + source.height, left : left + source.width] == source.rgb).all()


def test_a_border_around_a_cut_out_is_opaque_and_the_cut_out_is_not() -> None:
    source = Raster(np.zeros((40, 60, 3), np.uint8), np.zeros((40, 60), np.uint8))
    result = border(Scene(source))
    assert result.alpha is not None
    assert result.alpha[0, 0] == 255
    assert result.alpha[result.height // 2, result.width // 2] == 0


def test_an_instant_film_is_broadest_at_its_bottom(photo: Photo) -> None:
    source = photo("coffee", 200)
    result = polaroid_frame(Scene(source))
    assert result.size == polaroid_frame_size(source.size, ())
    light = result.rgb.min(2) > 225
    rows = np.flatnonzero(~light[:, result.width // 2])
    assert result.height - rows[-1] > 2 * rows[0]
    assert result.alpha is None


def test_a_mat_lies_between_the_frame_and_the_picture(photo: Photo) -> None:
    source = photo("flower", 240)
    result = mat(Scene(source), colour="navy")
    assert result.size == mat_size(source.size, ())
    middle = result.rgb[result.height // 2].astype(int)
    assert middle[1].max() < 90
    mat_at = round(0.03 * source.height) + 12
    assert middle[mat_at, 2] > middle[mat_at, 0] + 40


@pytest.mark.parametrize("radius", [0.02, 0.1, 0.5])
def test_round_corners_are_clear_and_the_rest_is_as_before(photo: Photo, radius: float) -> None:
    source = photo("china", 200)
    result = round_corners(Scene(source), radius=radius)
    assert result.alpha is not None
    assert (result.alpha[[0, 0, -1, -1], [0, -1, 0, -1]] < 128).all()
    assert result.alpha[source.height // 2, source.width // 2] == 255
    assert (result.alpha == result.alpha[::-1, ::-1]).all()
    assert (result.rgb == source.rgb).all()
