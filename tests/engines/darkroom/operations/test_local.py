from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations.local import AXIS, brighten, grey, retone, strips
from retouch.imaging.raster import F32, Raster

Photo = Callable[..., Raster]


def edge() -> Raster:
    """A dark half beside a bright one, a little noise on both."""
    rgb = np.full((200, 400, 3), 60, np.uint8)
    rgb[:, 200:] = 190
    noise = np.random.default_rng(0).integers(-3, 4, (200, 400, 1))
    return Raster((rgb.astype(int) + noise).astype(np.uint8))


def test_the_strips_are_all_rows_once() -> None:
    rows = np.concatenate([np.arange(part.start, part.stop) for part in strips(1000, 3000)])
    assert np.array_equal(rows, np.arange(1000))


def test_nothing_asked_changes_next_to_nothing(photo: Photo) -> None:
    rgb = photo("china", 300).rgb
    assert np.abs(retone(rgb, AXIS).astype(int) - rgb).max() <= 2


def test_a_strong_edge_gets_no_halo() -> None:
    picture = edge().rgb
    shown = grey(retone(picture, AXIS, detail=2.0)).mean(0)
    # Right at the edge there is the crispness that was asked for, and no wider.
    assert shown[200:230].max() < shown[300:].mean() + 0.07
    assert shown[212:300].max() < shown[300:].mean() + 0.02
    assert shown[100:188].min() > shown[:100].mean() - 0.02


def test_detail_grows_and_shrinks(photo: Photo) -> None:
    rgb = photo("cat", 300).rgb
    rough, plain, smooth = (
        float(np.std(np.diff(grey(retone(rgb, AXIS, detail=d)), axis=1))) for d in (2.0, 1.0, 0.3)
    )
    assert smooth < 0.9 * plain < plain < 0.8 * rough


def test_a_curve_moves_the_tones_it_names() -> None:
    picture = edge().rgb
    lifted = retone(picture, np.where(AXIS < 0.5, AXIS + np.float32(0.1), AXIS).astype(np.float32))
    assert lifted[:, :150].mean() == pytest.approx(picture[:, :150].mean() + 25.5, abs=4)
    assert lifted[:, 250:].mean() == pytest.approx(picture[:, 250:].mean(), abs=2)


def test_a_bright_colour_is_held_back_before_it_burns_out() -> None:
    linear: F32 = np.full((1, 1, 3), (0.9, 0.3, 0.1), np.float32)
    red, green, _ = brighten(linear, np.full((1, 1), 2.0, np.float32))[0, 0]
    assert red == 255
    assert green < 200


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2)])
def test_the_smallest_pictures_are_served(size: tuple[int, int]) -> None:
    rgb = np.full((*size, 3), 100, np.uint8)
    assert retone(rgb, AXIS, detail=1.5).shape == rgb.shape
