from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from retouch.engines.darkroom.operations.detail import deblur, denoise, sharpen, soften_skin, upscale
from retouch.engines.darkroom.scene import Scene
from retouch.errors import TargetNotFound
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


def error(one: Raster, other: Raster) -> float:
    return float(np.square(one.rgb.astype(np.float32) - other.rgb).mean())


def detail(raster: Raster) -> float:
    grey = cv2.cvtColor(raster.rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.abs(cv2.Laplacian(grey, cv2.CV_32F)).mean())


def noisy(raster: Raster, deviation: float) -> Raster:
    noise = np.random.default_rng(3).normal(0, deviation, raster.rgb.shape)
    return Raster(np.clip(raster.rgb + noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("name", ["china", "cat", "coffee"])
def test_a_sharpened_picture_has_more_detail_in_the_same_tones(photo: Photo, name: str) -> None:
    source = photo(name)
    result = sharpen(Scene(source))
    assert detail(result) > 1.2 * detail(source)
    assert np.abs(result.rgb.mean((0, 1)) - source.rgb.mean((0, 1))).max() < 1
    more = sharpen(Scene(source), amount=1.8)
    assert detail(more) > detail(result)


def test_sharpening_leaves_no_halo_beside_an_edge() -> None:
    rgb = np.full((60, 60, 3), 60, np.uint8)
    rgb[:, 30:] = 190
    soft = Raster(cv2.GaussianBlur(rgb, (0, 0), 1.2).astype(np.uint8))
    result = sharpen(Scene(soft), amount=2.0)
    assert result.rgb.min() >= 60 - 11
    assert result.rgb.max() <= 190 + 11


def test_sharpening_hardly_strengthens_noise() -> None:
    plain = noisy(Raster(np.full((120, 120, 3), 128, np.uint8)), 8)
    assert sharpen(Scene(plain)).rgb.std() < 1.4 * plain.rgb.std()


@pytest.mark.parametrize("quality", ["medium", "high"])
@pytest.mark.parametrize("name", ["china", "astronaut", "cat"])
def test_a_noisy_picture_comes_nearer_to_the_clean_one(photo: Photo, name: str, quality: str) -> None:
    clean = photo(name)
    dirty = noisy(clean, 12)
    assert error(denoise(Scene(dirty, quality=quality)), clean) < 0.75 * error(dirty, clean)


def test_a_clean_picture_is_hardly_touched_by_cleaning(photo: Photo) -> None:
    source = photo("coffee")
    assert error(denoise(Scene(source)), source) < 12


@pytest.mark.parametrize("name", ["china", "astronaut", "cat"])
def test_a_slight_blur_is_partly_taken_back(photo: Photo, name: str) -> None:
    source = photo(name)
    blurred = Raster(cv2.GaussianBlur(source.rgb, (0, 0), 1.5).astype(np.uint8))
    assert error(deblur(Scene(blurred)), source) < 0.9 * error(blurred, source)


def test_skin_is_softened_and_the_rest_is_left_alone(photo: Photo) -> None:
    source = photo("astronaut")
    scene = Scene(source)
    result = soften_skin(scene)
    left, top, right, bottom = (int(edge) for edge in scene.faces[0].box)
    changed = np.abs(result.rgb.astype(int) - source.rgb).max(2)
    assert changed[top:bottom, left:right].mean() > 0.5
    changed[top - 40 : bottom + 40, left - 40 : right + 40] = 0
    assert changed.max() <= 2


def test_without_a_face_no_skin_is_softened(photo: Photo) -> None:
    with pytest.raises(TargetNotFound):
        soften_skin(Scene(photo("flower", 200)))


def test_an_enlarged_picture_keeps_its_alpha(photo: Photo) -> None:
    source = photo("cat", 100)
    alpha = np.zeros((source.height, source.width), np.uint8)
    alpha[20:50, 20:60] = 255
    result = upscale(Scene(Raster(source.rgb, alpha)), factor=2)
    assert result.size == (2 * source.width, 2 * source.height)
    assert result.alpha is not None
    assert result.alpha[70, 80] == 255
    assert result.alpha[5, 5] == 0
