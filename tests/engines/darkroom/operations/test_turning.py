from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations.turning import flip, rotate, rotate_size, straighten, straighten_needs
from retouch.engines.darkroom.scene import Scene
from retouch.errors import TargetNotFound
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


def seascape(tilt: float, size: tuple[int, int] = (480, 320)) -> Raster:
    """A sky over a sea whose horizon leans by ``tilt`` degrees clockwise, with a white band below it."""
    width, height = size
    y, x = np.mgrid[:height, :width].astype(np.float32)
    depth = (y - height / 2) - np.tan(np.radians(tilt)) * (x - width / 2)
    rgb = np.where((depth > 0)[..., None], (30, 60, 90), (190, 210, 240))
    rgb = np.where(((depth > 40) & (depth < 52))[..., None], (240, 240, 235), rgb)
    return Raster(rgb.astype(np.uint8))


@pytest.mark.parametrize(("degrees", "quarters"), [(90, -1), ("-90", 1), (180, 2), (270, 1), (450, -1), (0, 0)])
def test_quarter_turns_only_move_pixels(photo: Photo, degrees: int | str, quarters: int) -> None:
    source = photo("china", 120)
    assert (rotate(Scene(source), degrees=degrees).rgb == np.rot90(source.rgb, quarters)).all()


@pytest.mark.parametrize("degrees", [1, -3, 10, 30, 44, 45, 46, 60, 91, 135, 200, -77])
@pytest.mark.parametrize("size", [(160, 90), (90, 160), (100, 100), (40, 300)])
def test_any_turn_leaves_no_empty_corner_and_the_size_foretold(degrees: int, size: tuple[int, int]) -> None:
    inside = np.zeros((size[1], size[0], 3), np.uint8)
    inside[1:-1, 1:-1] = 255
    result = rotate(Scene(Raster(inside)), degrees=degrees)
    assert result.size == rotate_size(size, (), degrees=degrees)
    # What repeats the black rim would be black; the rectangle may touch the rim itself, but not lie beyond it.
    assert (result.rgb[2:-2, 2:-2] > 100).all()


def test_a_turn_goes_clockwise(photo: Photo) -> None:
    rgb = np.zeros((101, 101, 3), np.uint8)
    rgb[5:50, 49:52] = 255
    turned = rotate(Scene(Raster(rgb)), degrees=30).rgb[..., 0]
    middle = turned.shape[1] // 2
    assert turned[:, middle + 3 :].sum() > 5 * turned[:, : middle - 2].sum()


def test_a_mirror_twice_is_the_picture_with_its_alpha(photo: Photo) -> None:
    source = Raster(photo("cat", 90).rgb, np.arange(90 * photo("cat", 90).height, dtype=np.uint8).reshape(-1, 90))
    for axis in ("horizontal", "vertical"):
        once = flip(Scene(source), axis=axis)
        assert (once.rgb != source.rgb).any()
        twice = flip(Scene(once), axis=axis)
        assert (twice.rgb == source.rgb).all()
        assert twice.alpha is not None
        assert (twice.alpha == source.alpha).all()


def test_colours_under_transparent_pixels_do_not_bleed_into_a_turned_picture() -> None:
    rgb = np.full((80, 80, 3), (255, 0, 0), np.uint8)
    rgb[20:60, 20:60] = (0, 0, 255)
    alpha = np.zeros((80, 80), np.uint8)
    alpha[20:60, 20:60] = 255
    turned = rotate(Scene(Raster(rgb, alpha)), degrees=20)
    assert turned.alpha is not None
    assert turned.rgb[turned.alpha > 30][:, 0].max() < 30


@pytest.mark.parametrize("tilt", [-6.0, -2.0, 1.5, 5.0])
def test_a_leaning_horizon_is_level_afterwards(tilt: float) -> None:
    source = seascape(tilt)
    result = straighten(Scene(source))
    assert result.size == source.size
    level = result.rgb[..., 2].astype(int) > 150
    left, right = (np.flatnonzero(~level[:, column])[0] for column in (20, -20))
    assert abs(left - right) <= 2


def test_a_level_picture_stays_as_it_is() -> None:
    source = seascape(0.0)
    assert straighten(Scene(source)) is source


@pytest.mark.parametrize("name", ["cat", "flower", "astronaut"])
def test_what_has_no_line_to_go_by_is_refused(photo: Photo, name: str) -> None:
    with pytest.raises(TargetNotFound, match="horizon"):
        straighten_needs(Scene(photo(name)), None)
