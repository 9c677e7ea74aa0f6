from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

from retouch.engines.darkroom.colour import (
    Grade,
    Tint,
    apply_table,
    fit_gamut,
    from_oklab,
    grade_table,
    luminance,
    make_table,
    parse_hex,
    to_linear,
    to_oklab,
    to_srgb,
)
from retouch.imaging.raster import F32, Raster

Photo = Callable[..., Raster]
STRONG = Grade(
    exposure=1.5,
    warmth=1.0,
    contrast=0.5,
    saturation=1.8,
    vibrance=0.5,
    shadows=Tint("#0000ff", 0.8),
    middles=Tint("#00ff00", 0.4),
    highlights=Tint("#ff0000", 0.8),
    black=0.1,
    white=0.9,
)


def colours(count: int = 4000) -> F32:
    return np.random.default_rng(1).random((count, 3), dtype=np.float32)


def greys() -> F32:
    return np.repeat(np.linspace(0, 1, 101, dtype=np.float32)[:, None], 3, axis=1)


def test_every_byte_survives_the_way_to_linear_light_and_back() -> None:
    ramp = np.arange(256, dtype=np.uint8)
    assert np.array_equal(to_srgb(to_linear(ramp)), ramp)


def test_light_beyond_the_screen_is_clipped() -> None:
    assert to_srgb(np.array([-1.0, 7.0], np.float32)).tolist() == [0, 255]


def test_linear_arrays_are_float32() -> None:
    light = to_linear(np.zeros((2, 2, 3), np.uint8))
    assert light.dtype == to_oklab(light).dtype == from_oklab(light).dtype == fit_gamut(light).dtype == np.float32


@pytest.mark.parametrize(
    ("code", "lab"),
    [
        ("#ffffff", (1.0, 0.0, 0.0)),
        ("#ff0000", (0.6280, 0.2249, 0.1258)),
        ("#0000ff", (0.4520, -0.0325, -0.3115)),
    ],
)
def test_oklab_agrees_with_its_published_values(code: str, lab: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(to_oklab(parse_hex(code)), lab, atol=2e-3)


def test_oklab_is_its_own_way_back() -> None:
    light = colours()
    np.testing.assert_allclose(from_oklab(to_oklab(light)), light, atol=1e-4)


def test_gamut_mapping_leaves_what_the_screen_can_show() -> None:
    light = colours()
    np.testing.assert_allclose(fit_gamut(light), light, atol=1e-6)


def test_gamut_mapping_keeps_the_luminance_of_what_is_too_colourful() -> None:
    light = np.array([[0.5, 0.4, -0.3], [0.9, -0.1, 0.1]], np.float32)
    mapped = fit_gamut(light)
    assert mapped.min() >= 0
    assert mapped.max() <= 1
    np.testing.assert_allclose(luminance(mapped), luminance(light), atol=1e-5)


def test_gamut_mapping_does_not_turn_a_bright_orange_white() -> None:
    red, green, blue = fit_gamut(np.array([2.0, 0.9, 0.2], np.float32)).tolist()
    assert red > green > blue
    assert red - blue > 0.25


def test_the_default_grade_changes_nothing() -> None:
    light = colours()
    np.testing.assert_allclose(Grade().apply(light), light, atol=2e-4)


def test_a_strong_grade_stays_on_the_screen() -> None:
    graded = STRONG.apply(colours())
    assert np.isfinite(graded).all()
    assert graded.min() >= 0
    assert graded.max() <= 1


@pytest.mark.parametrize("exposure", [-2.0, -0.7, 0.7, 2.0])
def test_exposure_never_reverses_tones_and_never_clips(exposure: float) -> None:
    tones = Grade(exposure=exposure).apply(greys())[:, 1]
    assert (np.diff(tones) > 0).all()
    assert tones[0] == 0
    assert np.sign(tones[50] - 0.5) == np.sign(exposure)


def test_a_held_white_stays_white_when_it_gets_darker() -> None:
    white = np.ones((1, 3), np.float32)
    assert Grade(exposure=-1.0, hold=1.0).apply(white).min() > 0.99
    assert Grade(exposure=-1.0).apply(white).max() == pytest.approx(0.5, abs=0.01)


def test_white_balance_keeps_luminance() -> None:
    light = colours() * np.float32(0.5)
    for warmth in (-0.8, 0.8):
        np.testing.assert_allclose(luminance(Grade(warmth=warmth).apply(light)), luminance(light), atol=2e-3)


def test_warmth_moves_red_up_and_blue_down() -> None:
    red, _, blue = Grade(warmth=0.5).apply(np.full((1, 3), 0.3, np.float32))[0]
    assert red > 0.3 > blue


@pytest.mark.parametrize("pivot", [0.3, 0.5, 0.7])
def test_contrast_of_any_strength_stays_monotonic(pivot: float) -> None:
    tones = Grade(contrast=3.0, pivot=pivot).apply(greys())[:, 0]
    assert (np.diff(tones) >= -1e-6).all()


def test_a_mix_makes_grey_of_every_colour() -> None:
    graded = Grade(mix=(0.4, 0.5, 0.1)).apply(colours())
    assert np.ptp(graded, axis=1).max() < 1e-3


def test_a_grade_scaled_to_nothing_is_the_default_but_for_its_pivot() -> None:
    light = colours()
    np.testing.assert_allclose(STRONG.scaled(0.0).apply(light), light, atol=2e-4)


def test_a_grade_scaled_to_one_is_itself() -> None:
    scaled = STRONG.scaled(1.0)
    for field in fields(Grade):
        value = getattr(scaled, field.name)
        if isinstance(value, float):
            assert value == pytest.approx(getattr(STRONG, field.name))


def test_a_table_of_nothing_returns_the_picture_bit_for_bit(photo: Photo) -> None:
    rgb = photo("coffee", 200).rgb
    assert np.array_equal(apply_table(rgb, make_table(lambda light: light)), rgb)


def test_a_table_agrees_with_the_grade_it_was_made_of(photo: Photo) -> None:
    rgb = photo("china", 200).rgb
    grade = Grade(exposure=0.3, warmth=0.3, contrast=0.1, shadows=Tint("#2a4a6a", 0.2))
    exact = to_srgb(grade.apply(to_linear(rgb)))
    off = np.abs(apply_table(rgb, grade_table(grade)).astype(int) - exact)
    assert off.mean() < 0.7
    assert np.quantile(off, 0.999) <= 6


def test_the_opacity_of_a_table_lies_between_picture_and_look(photo: Photo) -> None:
    rgb = photo("flower", 120).rgb
    table = grade_table(Grade(exposure=1.0))
    assert apply_table(rgb, table, 0.0) is rgb
    half, full = apply_table(rgb, table, 0.5).astype(int), apply_table(rgb, table).astype(int)
    assert np.abs(half - (rgb + full) / 2).max() <= 1


def test_a_table_made_once_is_kept() -> None:
    grade = Grade(exposure=0.123)
    assert grade_table(grade) is grade_table(Grade(exposure=0.123))
    assert not grade_table(grade).flags.writeable
