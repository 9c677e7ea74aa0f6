from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom import operations
from retouch.engines.darkroom.colour import to_linear, to_oklab
from retouch.engines.darkroom.operations.hues import hue_of
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

Photo = Callable[..., Raster]


def render(name: str, picture: Raster, amount: float = 1.0, variation: float = 0.0, **params: object) -> U8:
    return operations.find(name)(Scene(picture, variation=variation), amount=amount, **params).rgb


def lab(rgb: U8) -> F32:
    return to_oklab(to_linear(rgb))


def chroma(rgb: U8) -> float:
    return float(np.hypot(lab(rgb)[..., 1], lab(rgb)[..., 2]).mean())


@pytest.mark.parametrize("share", [0.2, 0.3, 0.5])
def test_thirty_percent_less_saturation_is_thirty_percent_less_chroma(photo: Photo, share: float) -> None:
    picture = photo("flower", 200)
    rgb = render("muted", picture, share)
    assert chroma(rgb) == pytest.approx((1 - share) * chroma(picture.rgb), rel=0.03)
    assert np.abs(lab(rgb)[..., 0] - lab(picture.rgb)[..., 0]).mean() < 0.01


def test_all_of_it_taken_leaves_greys(photo: Photo) -> None:
    assert np.ptp(render("muted", photo("flower", 100), 1.0).astype(int), axis=2).max() <= 2


def test_thirty_percent_more_saturation_is_that_much_more_where_the_screen_can_show_it(photo: Photo) -> None:
    picture = Raster(render("muted", photo("china", 200), 0.5))
    assert chroma(render("saturated", picture, 0.3)) == pytest.approx(1.3 * chroma(picture.rgb), rel=0.05)


def test_vibrance_reaches_dull_colours_more_than_strong_ones_and_skin() -> None:
    dull, strong, face = (110, 130, 115), (230, 40, 30), (200, 150, 125)
    colours = np.array([[dull, strong, face]], np.uint8).repeat(4, axis=0)
    after = render("vibrance", Raster(colours))
    gain = [chroma(after[:, at]) / chroma(colours[:, at]) for at in range(3)]
    assert gain[0] > 1.4
    assert gain[0] > gain[2] + 0.2
    assert gain[0] > gain[1] + 0.2


@pytest.mark.parametrize("colour", ["blue", "red", "#20c040"])
def test_a_tint_leans_everything_toward_its_colour_and_keeps_the_light(photo: Photo, colour: str) -> None:
    picture = photo("coffee", 150)
    rgb = render("tint", picture, colour=colour)
    angle = np.radians(hue_of(colour)[0])
    before, after = (
        float((lab(p)[..., 1] * np.cos(angle) + lab(p)[..., 2] * np.sin(angle)).mean()) for p in (picture.rgb, rgb)
    )
    assert after > before + 0.02
    assert abs(lab(rgb)[..., 0].mean() - lab(picture.rgb)[..., 0].mean()) < 0.03


def test_less_yellow_and_more_yellow_are_opposites(photo: Photo) -> None:
    picture = photo("coffee", 150)
    less, more = (lab(render(name, picture, colour="yellow"))[..., 2].mean() for name in ("less_of", "more_of"))
    assert less + 0.02 < lab(picture.rgb)[..., 2].mean() < more - 0.02


def test_neither_black_nor_white_takes_a_cast() -> None:
    ends = np.array([[(0, 0, 0), (255, 255, 255)]], np.uint8)
    assert np.abs(render("less_of", Raster(ends), colour="green").astype(int) - ends).max() <= 3


def test_there_is_no_more_of_a_grey(photo: Photo) -> None:
    picture = photo("cat", 80)
    assert np.array_equal(render("more_of", picture, colour="grey"), picture.rgb)


@pytest.mark.parametrize("name", ["muted", "saturated", "vibrance", "tint", "more_of", "less_of"])
def test_no_amount_returns_the_picture_bit_for_bit_and_variation_is_seen(photo: Photo, name: str) -> None:
    picture = photo("china", 120)
    assert np.array_equal(render(name, picture, 0.0), picture.rgb)
    low, high = (render(name, picture, 0.5, variation) for variation in (-1.0, 1.0))
    assert not np.array_equal(low, high)
