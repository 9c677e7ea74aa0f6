from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom import operations
from retouch.engines.darkroom.colour import Grade, luminance, to_linear, to_oklab
from retouch.engines.darkroom.operations.looks import rein, vary
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import U8, Raster

Photo = Callable[..., Raster]
LOOKS = (
    "vintage",
    "black_and_white",
    "sepia",
    "noir",
    "cinematic",
    "faded",
    "vivid",
    "warmer",
    "cooler",
    "brighter",
    "darker",
)
GRAINED = ("vintage", "black_and_white", "sepia", "noir", "cinematic", "faded")


def render(name: str, picture: Raster, *, amount: float = 1.0, variation: float = 0.0, seed: int = 0) -> Raster:
    return operations.find(name)(Scene(picture, variation=variation, seed=seed), amount=amount)


def apart(one: U8, other: U8) -> float:
    return float(np.abs(one.astype(int) - other).mean())


def chroma(rgb: U8) -> float:
    lab = to_oklab(to_linear(rgb))
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def brightness(rgb: U8) -> float:
    return float(luminance(to_linear(rgb)).mean())


@pytest.mark.parametrize("name", LOOKS)
def test_no_amount_returns_the_picture_bit_for_bit(photo: Photo, name: str) -> None:
    picture = photo("china", 160)
    assert np.array_equal(render(name, picture, amount=0.0).rgb, picture.rgb)


@pytest.mark.parametrize("name", LOOKS)
def test_more_amount_goes_further(photo: Photo, name: str) -> None:
    picture = photo("china", 160)
    little, designed, much = (apart(render(name, picture, amount=a).rgb, picture.rgb) for a in (0.4, 1.0, 2.0))
    assert 0.5 < little < designed < much


@pytest.mark.parametrize("name", LOOKS)
def test_variation_is_seen_and_keeps_the_look(photo: Photo, name: str) -> None:
    picture = photo("china", 160)
    designed = render(name, picture).rgb
    for variation in (-1.0, 1.0):
        other = render(name, picture, variation=variation).rgb
        assert 0.8 < apart(other, designed) < 30


@pytest.mark.parametrize("name", LOOKS)
def test_transparency_is_kept(photo: Photo, name: str) -> None:
    rgb = photo("flower", 80).rgb
    alpha = np.arange(rgb.shape[0] * rgb.shape[1], dtype=np.uint32).reshape(rgb.shape[:2]).astype(np.uint8)
    kept = render(name, Raster(rgb, alpha)).alpha
    assert kept is not None
    assert np.array_equal(kept, alpha)


@pytest.mark.parametrize("name", GRAINED)
def test_the_seed_is_in_the_grain(photo: Photo, name: str) -> None:
    picture = photo("cat", 120)
    assert np.array_equal(render(name, picture, seed=1).rgb, render(name, picture, seed=1).rgb)
    assert not np.array_equal(render(name, picture, seed=1).rgb, render(name, picture, seed=2).rgb)


@pytest.mark.parametrize("name", ["black_and_white", "noir"])
def test_monochrome_has_no_colour(photo: Photo, name: str) -> None:
    rgb = render(name, photo("flower", 160)).rgb
    assert np.ptp(rgb.astype(int), axis=2).max() <= 2


def test_an_orange_filter_brightens_what_is_orange(photo: Photo) -> None:
    suit = (slice(300, 400), slice(200, 260))
    picture = photo("astronaut", 512)
    blind, filtered = (render("black_and_white", picture, variation=v).rgb[suit].mean() for v in (-1.0, 1.0))
    assert filtered > blind + 15


def test_sepia_is_brown_everywhere(photo: Photo) -> None:
    red, green, blue = render("sepia", photo("rocket", 160)).rgb.reshape(-1, 3).mean(0)
    assert red > green > blue


def test_warmer_and_cooler_move_the_balance_but_not_the_light(photo: Photo) -> None:
    picture = photo("astronaut", 200)
    balance = {}
    for name in ("warmer", "cooler"):
        rgb = render(name, picture).rgb
        balance[name] = float(rgb[..., 0].mean() - rgb[..., 2].mean())
        assert brightness(rgb) == pytest.approx(brightness(picture.rgb), rel=0.04)
    unchanged = float(picture.rgb[..., 0].mean() - picture.rgb[..., 2].mean())
    assert balance["cooler"] + 5 < unchanged < balance["warmer"] - 5


def test_brighter_lifts_without_clipping_more(photo: Photo) -> None:
    picture = photo("coffee", 200)
    rgb = render("brighter", picture).rgb
    assert brightness(rgb) > 1.2 * brightness(picture.rgb)
    burnt = [int((shown == 255).all(axis=2).sum()) for shown in (picture.rgb, rgb)]
    assert burnt[1] <= burnt[0] + picture.rgb.shape[0] * picture.rgb.shape[1] * 0.002


def test_darker_lowers_and_keeps_a_white(photo: Photo) -> None:
    picture = photo("china", 200)
    rgb = render("darker", picture).rgb
    assert brightness(rgb) < 0.8 * brightness(picture.rgb)
    assert rgb.max() > 200


def test_vivid_adds_colour_and_faded_takes_it(photo: Photo) -> None:
    picture = photo("china", 200)
    vivid, faded = (chroma(render(name, picture).rgb) for name in ("vivid", "faded"))
    assert faded < 0.85 * chroma(picture.rgb) < chroma(picture.rgb) < 0.9 * vivid


def test_no_variation_is_the_grade_itself() -> None:
    grade = Grade(exposure=0.2, mix=(0.3, 0.5, 0.2))
    assert vary(grade, {"exposure": 0.1, "mix.red": 0.1}, 0.0) is grade


def test_variation_moves_the_fields_it_names_and_never_a_share_below_nothing() -> None:
    varied = vary(Grade(exposure=0.2, mix=(0.3, 0.5, 0.2)), {"exposure": 0.1, "mix.red": 0.4}, -1.0)
    assert varied.exposure == pytest.approx(0.1)
    assert varied.mix == pytest.approx((0.0, 0.5, 0.2))


def test_an_amount_beyond_two_counts_as_two() -> None:
    assert rein(5.0, 0.5) == rein(2.0, 0.5) == 1.5
    assert rein(0.3, 0.5) == 0.3
