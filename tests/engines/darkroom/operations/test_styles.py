from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from retouch.engines.darkroom.operations.styles import oil_painting, watercolour
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import U8, Raster

Photo = Callable[..., Raster]
Style = Callable[..., Raster]
STYLES = [watercolour, oil_painting]


def texture(rgb: U8) -> float:
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.abs(gray - cv2.GaussianBlur(gray, (0, 0), 2)).mean())


@pytest.mark.parametrize("style", STYLES)
def test_no_amount_returns_the_picture_bit_for_bit(photo: Photo, style: Style) -> None:
    picture = photo("cat", 200)
    assert np.array_equal(style(Scene(picture), amount=0.0).rgb, picture.rgb)


@pytest.mark.parametrize("style", STYLES)
def test_half_an_amount_lies_half_way(photo: Photo, style: Style) -> None:
    picture = photo("cat", 200)
    half, full = (style(Scene(picture), amount=amount).rgb.astype(int) for amount in (0.5, 1.0))
    assert np.abs(half - (picture.rgb + full) / 2).max() <= 1.5


@pytest.mark.parametrize("style", STYLES)
def test_a_painting_keeps_the_motif_and_loses_its_small_detail(photo: Photo, style: Style) -> None:
    picture = photo("china")
    scene = Scene(picture, weight=np.ones(picture.rgb.shape[:2], np.float32))
    painted = style(scene).rgb
    one, other = (cv2.resize(rgb, (16, 12), interpolation=cv2.INTER_AREA) for rgb in (picture.rgb, painted))
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.9
    assert texture(painted) < 0.8 * texture(picture.rgb)


@pytest.mark.parametrize("style", STYLES)
def test_the_seed_and_the_variation_change_the_strokes(photo: Photo, style: Style) -> None:
    picture = photo("flower", 200)
    first = style(Scene(picture, seed=1)).rgb
    assert np.array_equal(first, style(Scene(picture, seed=1)).rgb)
    assert not np.array_equal(first, style(Scene(picture, seed=2)).rgb)
    broad = style(Scene(picture, seed=1, variation=1.0)).rgb
    assert np.abs(broad.astype(int) - first).mean() > 0.6


@pytest.mark.parametrize("style", STYLES)
def test_transparency_is_kept(photo: Photo, style: Style) -> None:
    rgb = photo("flower", 120).rgb
    alpha = np.full(rgb.shape[:2], 9, np.uint8)
    kept = style(Scene(Raster(rgb, alpha))).alpha
    assert kept is not None
    assert np.array_equal(kept, alpha)


def test_a_whole_sheet_ends_in_white_paper_and_a_masked_one_does_not(photo: Photo) -> None:
    picture = photo("rocket", 320)
    whole = watercolour(Scene(picture)).rgb
    masked = watercolour(Scene(picture, weight=np.ones(picture.rgb.shape[:2], np.float32))).rgb
    assert np.median(whole[0]) > 235
    assert np.median(masked[0]) < 150


@pytest.mark.parametrize("style", STYLES)
def test_a_large_picture_is_painted_crisply(photo: Photo, style: Style) -> None:
    small = photo("flower")
    size = (1600, round(1600 * small.height / small.width))
    large = Raster(np.asarray(cv2.resize(small.rgb, size, interpolation=cv2.INTER_CUBIC), np.uint8))
    painted = style(Scene(large, weight=np.ones(large.rgb.shape[:2], np.float32)))
    assert painted.size == large.size
    steepest = [
        np.abs(np.diff(rgb.astype(int), axis=1)).max(axis=(1, 2)).mean() for rgb in (large.rgb, painted.rgb)
    ]
    assert steepest[1] > steepest[0]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [(1, 1), (2, 150), (40, 40)])
def test_the_smallest_pictures_are_served(style: Style, size: tuple[int, int]) -> None:
    picture = Raster(np.full((*size, 3), 120, np.uint8))
    assert style(Scene(picture)).size == picture.size
