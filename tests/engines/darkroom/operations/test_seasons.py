from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom import operations
from retouch.engines.darkroom.colour import to_linear, to_oklab
from retouch.engines.darkroom.operations.hues import polar
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import U8, Raster

Photo = Callable[..., Raster]
SEASONS = ("spring", "summer", "autumn", "winter")
LEAF, SKIN, STONE = (70, 110, 40), (215, 165, 140), (128, 128, 126)


def render(name: str, picture: Raster, amount: float = 1.0, variation: float = 0.0) -> U8:
    return operations.find(name)(Scene(picture, variation=variation), amount=amount).rgb


def swatch(colour: tuple[int, int, int]) -> Raster:
    return Raster(np.full((60, 60, 3), colour, np.uint8))


def hue(rgb: U8) -> float:
    return float(np.median(polar(to_oklab(to_linear(rgb)))[2]))


def chroma(rgb: U8) -> float:
    return float(np.median(polar(to_oklab(to_linear(rgb)))[1]))


@pytest.mark.parametrize("name", SEASONS)
def test_an_amount_is_a_strength_and_none_changes_nothing(photo: Photo, name: str) -> None:
    picture = photo("china", 200)
    assert np.array_equal(render(name, picture, 0.0), picture.rgb)
    half, full = (np.abs(render(name, picture, a).astype(int) - picture.rgb).mean() for a in (0.4, 1.0))
    assert 0.8 < half < full


def test_autumn_turns_leaves_from_green_to_orange() -> None:
    assert 30 < hue(render("autumn", swatch(LEAF))) < 95


def test_leaves_in_the_shade_turn_and_the_sea_does_not() -> None:
    shade, sea = (12, 62, 66), (96, 190, 205)
    assert hue(render("autumn", swatch(shade))) < 100
    assert 170 < hue(render("autumn", swatch(sea))) < 240


@pytest.mark.parametrize("name", SEASONS)
def test_skin_stays_skin(name: str) -> None:
    assert 35 < hue(render(name, swatch(SKIN))) < 85


def test_winter_leaves_hardly_a_green_and_cold_stones() -> None:
    assert chroma(render("winter", swatch(LEAF))) < 0.5 * chroma(swatch(LEAF).rgb)
    stone = render("winter", swatch(STONE)).mean((0, 1))
    assert stone[2] > stone[0] + 10


def test_summer_is_warmer_than_winter(photo: Photo) -> None:
    warm, cold = (render(name, photo("china", 200)).astype(int) for name in ("summer", "winter"))
    assert (warm[..., 0] - warm[..., 2]).mean() > (cold[..., 0] - cold[..., 2]).mean() + 20


def test_leaves_do_not_all_turn_alike() -> None:
    rgb = render("autumn", Raster(np.full((200, 300, 3), LEAF, np.uint8)))
    hues = polar(to_oklab(to_linear(rgb)))[2]
    assert hues.std() > 2


def test_the_same_seed_gives_the_same_autumn(photo: Photo) -> None:
    picture = photo("china", 120)
    first, again, other = (operations.find("autumn")(Scene(picture, seed=seed)).rgb for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
