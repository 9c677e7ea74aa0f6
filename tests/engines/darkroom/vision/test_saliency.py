from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from retouch.engines.darkroom.vision.networks import run
from retouch.engines.darkroom.vision.saliency import (
    HALF,
    NETWORK,
    _joined,
    _side_output,
    _tidied,
    find_saliency,
    glance,
    is_clear,
)
from retouch.imaging.raster import U8, Raster

Photo = Callable[..., Raster]


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        # As shares of width and height: a point on the subject, and one on its background.
        ("astronaut", (0.45, 0.6), (0.62, 0.1)),
        ("coffee", (0.45, 0.4), (0.95, 0.1)),
        ("flower", (0.45, 0.5), (0.1, 0.9)),
        ("china", (0.3, 0.5), (0.8, 0.2)),
    ],
)
def test_the_subject_of_a_photograph_is_found(
    photo: Photo, name: str, inside: tuple[float, float], outside: tuple[float, float]
) -> None:
    rgb = photo(name, 480).rgb
    found = find_saliency(rgb)
    height, width = found.shape
    assert found.dtype == np.float32
    assert found.shape == rgb.shape[:2]
    assert found[int(inside[1] * height), int(inside[0] * width)] > 0.8
    assert found[int(outside[1] * height), int(outside[0] * width)] < 0.2
    assert is_clear(found)


def test_a_small_subject_gets_a_closer_look(photo: Photo) -> None:
    rgb = photo("rocket", 640).rgb
    close, once = find_saliency(rgb), glance(rgb)
    # The rocket is thin: the second pass is surer of it than one pass at about the same size.
    assert float((close * (1 - close)).sum() / close.sum()) < float((once * (1 - once)).sum() / once.sum())
    assert is_clear(close)


def test_the_map_made_of_half_the_network_is_its_own_second_one() -> None:
    pixels = np.zeros((64, 64, 3), np.float32)
    pixels[16:40, 20:50] = (2.0, -1.0, 0.5)
    (features,) = run(NETWORK, pixels, HALF)
    (second,) = run(NETWORK, pixels, "1961")
    ours = cv2.resize(_side_output(features[0]), (64, 64))
    assert np.abs(1 / (1 + np.exp(-ours)) - second[0, 0]).max() < 1e-4


def test_of_two_passes_the_surer_one_decides() -> None:
    first, second = np.full((40, 40), -1.0, np.float32), np.full((26, 26), -6.0, np.float32)
    first[:, 20:], second[:, 13:] = 1.0, -6.0
    assert _joined(first, second).max() < 0
    assert _joined(-first, -second).min() > 0


def test_what_is_thin_is_left_to_the_finer_of_two_passes() -> None:
    first, second = np.full((40, 40), -6.0, np.float32), np.full((26, 26), -6.0, np.float32)
    first[:, 4:7] = 5.0
    first[10:30, 15:35] = 5.0
    both = _joined(first, second)
    assert both[:, 4:7].min() > 0
    assert both[15:25, 20:30].max() < 0


def _texture() -> U8:
    return np.random.default_rng(1).integers(90, 160, (200, 300, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "rgb",
    [_texture(), np.full((120, 120, 3), 128, np.uint8), np.zeros((64, 64, 3), np.uint8)],
    ids=["noise", "grey", "black"],
)
def test_a_picture_of_nothing_has_no_clear_subject(rgb: U8) -> None:
    assert not is_clear(find_saliency(rgb))


@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (3, 90), (400, 7)])
def test_tiny_and_thin_pictures_have_a_map_of_their_size(shape: tuple[int, int]) -> None:
    rgb = np.full((*shape, 3), 200, np.uint8)
    rgb[: shape[0] // 2] = 20
    found = find_saliency(rgb)
    assert found.shape == shape
    assert 0 <= found.min() <= found.max() <= 1


def test_a_map_that_is_all_doubt_is_not_clear() -> None:
    assert not is_clear(np.full((50, 50), 0.5, np.float32))


def test_a_map_that_is_the_whole_picture_is_not_clear() -> None:
    assert not is_clear(np.ones((50, 50), np.float32))


def test_a_sure_part_is_clear() -> None:
    sure = np.zeros((50, 50), np.float32)
    sure[10:30, 10:30] = 1
    assert is_clear(sure)


def test_small_holes_are_closed_and_faint_specks_dropped() -> None:
    found = np.zeros((100, 100), np.float32)
    found[20:80, 20:80] = 1
    found[50:53, 50:53] = 0
    found[5:9, 5:9] = 0.3
    found[30:60, 25:40] = 0  # an opening, not a mistake
    tidy = _tidied(found)
    assert tidy[50:53, 50:53].min() > 0.9
    assert tidy[:12, :12].max() == 0
    assert tidy[30:60, 25:40].max() == 0
