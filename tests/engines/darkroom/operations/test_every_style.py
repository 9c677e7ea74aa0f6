"""What every drawn, painted or printed style, every weather and every hour owes a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from retouch.engines.darkroom.operations import find
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import Raster
from tests.memory import remembered

Photo = Callable[..., Raster]
STYLES = (
    *("pencil_sketch", "coloured_pencil", "ink_drawing", "charcoal", "cartoon", "comic", "pop_art", "poster"),
    *("halftone", "pixel_art", "mosaic", "stained_glass", "low_poly"),
)
WEATHER = ("snow", "rain", "storm", "fog", "night", "moonlight", "blue_hour")


@pytest.fixture(autouse=True, scope="module")
def _remembered() -> Iterator[None]:
    with remembered():
        yield


@pytest.mark.parametrize("name", [*STYLES, *WEATHER])
def test_no_amount_returns_the_picture_bit_for_bit(photo: Photo, name: str) -> None:
    picture = photo("cat", 160)
    assert np.array_equal(find(name)(Scene(picture), amount=0.0).rgb, picture.rgb)


@pytest.mark.parametrize("name", STYLES)
def test_half_a_style_lies_half_way(photo: Photo, name: str) -> None:
    picture = photo("cat", 160)
    half, full = (find(name)(Scene(picture), amount=amount).rgb.astype(int) for amount in (0.5, 1.0))
    assert np.abs(half - (picture.rgb + full) / 2).max() <= 1.5


@pytest.mark.parametrize("name", [*STYLES, *WEATHER])
def test_the_same_seed_gives_the_same_picture_and_variation_another(photo: Photo, name: str) -> None:
    picture = photo("coffee", 600)
    scene, again, other = Scene(picture, seed=5), Scene(picture, seed=5), Scene(picture, seed=5, variation=1.0)
    first = find(name)(scene).rgb
    again.learn_from(scene)
    other.learn_from(scene)
    assert np.array_equal(first, find(name)(again).rgb)
    assert np.abs(find(name)(other).rgb.astype(int) - first).mean() > 0.5


@pytest.mark.parametrize("name", [*STYLES, *WEATHER])
def test_transparency_is_kept(photo: Photo, name: str) -> None:
    rgb = photo("flower", 120).rgb
    alpha = np.full(rgb.shape[:2], 9, np.uint8)
    kept = find(name)(Scene(Raster(rgb, alpha))).alpha
    assert kept is not None
    assert np.array_equal(kept, alpha)


@pytest.mark.parametrize("name", [*STYLES, *WEATHER])
@pytest.mark.parametrize("size", [(1, 1), (2, 150), (150, 3), (40, 40)])
def test_the_smallest_pictures_are_served(name: str, size: tuple[int, int]) -> None:
    picture = Raster(np.full((*size, 3), 120, np.uint8))
    assert find(name)(Scene(picture)).size == picture.size


@pytest.mark.parametrize("name", [*STYLES, *WEATHER])
def test_a_picture_larger_than_the_easel_is_served_at_its_size(name: str) -> None:
    rng = np.random.default_rng(0)
    picture = Raster(np.ascontiguousarray(rng.integers(0, 255, (130, 1500, 3), dtype=np.uint8)))
    assert find(name)(Scene(picture)).size == picture.size
