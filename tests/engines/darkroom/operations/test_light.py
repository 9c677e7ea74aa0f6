from __future__ import annotations

import numpy as np
import pytest

from retouch.engines.darkroom.operations import light


def test_developing_and_fixing_keep_every_value() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    assert np.array_equal(light.fix(light.develop(rgb)), rgb)


def test_fixing_rounds_and_clips() -> None:
    image = np.array([[[-9.0, 1.6, 999.0]]], np.float32)
    assert light.fix(image).tolist() == [[[0, 2, 255]]]


def test_bloom_spills_from_the_bright_into_the_dark_and_never_clips() -> None:
    image = np.full((128, 128, 3), 20, np.float32)
    image[50:78, 50:78] = 250
    light.bloom(image, strength=1.0)
    assert image[64, 90].min() > 21
    assert image[0, 0].max() < image[64, 90].min()
    assert image.max() <= 255


def test_bloom_leaves_a_picture_without_lights_alone() -> None:
    image = np.full((64, 64, 3), 120, np.float32)
    light.bloom(image, strength=1.0)
    assert np.allclose(image, 120, atol=1e-3)


def test_bloom_takes_its_tint() -> None:
    image = np.full((64, 64, 3), 230, np.float32)
    light.bloom(image, strength=0.5, tint=(1.0, 0.5, 0.0))
    red, green, blue = image[32, 32]
    assert red > green > blue == pytest.approx(230)


def test_a_vignette_darkens_the_corners_and_not_the_centre() -> None:
    image = np.full((90, 160, 3), 200, np.float32)
    light.vignette(image, strength=0.6)
    assert image[45, 80].min() > 198
    assert image[0, 0].max() < 170
    assert np.allclose(image, image[::-1, ::-1], atol=0.5)


def test_grain_has_the_same_size_in_print_whatever_the_resolution() -> None:
    correlation = []
    for side in (1400, 2800):
        image = np.full((200, side, 3), 128, np.float32)
        light.grain(image, strength=0.03, rng=np.random.default_rng(0))
        line = image[..., 0] - image[..., 0].mean()
        step = side // 1400
        correlation.append(float((line[:, step:] * line[:, :-step]).mean() / line.var()))
    assert correlation[1] == pytest.approx(correlation[0], abs=0.12)


def test_grain_is_the_same_in_all_channels_and_least_in_black() -> None:
    image = np.full((64, 64, 3), 128, np.float32)
    image[:32] = 2
    light.grain(image, strength=0.03, rng=np.random.default_rng(0))
    assert np.array_equal(image[..., 0], image[..., 2])
    assert image[:32].std() < 0.7 * image[32:].std()
