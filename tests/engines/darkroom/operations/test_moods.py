from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom import operations
from retouch.engines.darkroom.colour import to_linear, to_oklab
from retouch.engines.darkroom.operations.local import grey
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import U8, Raster

Photo = Callable[..., Raster]
MOODS = ("high_key", "low_key", "moody", "dreamy", "dramatic", "hdr", "cyberpunk")


def render(name: str, picture: Raster, amount: float = 1.0, variation: float = 0.0) -> U8:
    return operations.find(name)(Scene(picture, variation=variation), amount=amount).rgb


@pytest.mark.parametrize("name", MOODS)
def test_an_amount_is_a_strength_and_none_changes_nothing(photo: Photo, name: str) -> None:
    picture = photo("china", 200)
    assert np.array_equal(render(name, picture, 0.0), picture.rgb)
    half, full = (np.abs(render(name, picture, a).astype(int) - picture.rgb).mean() for a in (0.4, 1.0))
    assert 1 < half < full


@pytest.mark.parametrize("name", MOODS)
def test_a_variation_is_seen_and_keeps_the_look(photo: Photo, name: str) -> None:
    picture = photo("astronaut", 200)
    for variation in (-1.0, 1.0):
        moved = np.abs(render(name, picture, 1.0, variation).astype(int) - render(name, picture)).mean()
        assert 0.5 < moved < 40


def test_the_keys_are_high_and_low(photo: Photo) -> None:
    for shot in ("astronaut", "china"):
        picture = photo(shot, 200)
        high, plain, low = (
            grey(rgb).mean() for rgb in (render("high_key", picture), picture.rgb, render("low_key", picture))
        )
        assert low < 0.75 * plain < plain < high - 0.07


def test_moody_is_darker_and_paler(photo: Photo) -> None:
    picture = photo("coffee", 200)
    rgb = render("moody", picture)
    assert grey(rgb).mean() < 0.85 * grey(picture.rgb).mean()
    assert np.ptp(rgb.astype(int), axis=2).mean() < 0.8 * np.ptp(picture.rgb.astype(int), axis=2).mean()


def test_dreamy_is_softer_than_the_picture(photo: Photo) -> None:
    picture = photo("cat", 300)
    assert np.diff(grey(render("dreamy", picture)), axis=1).std() < 0.85 * np.diff(grey(picture.rgb), axis=1).std()


@pytest.mark.parametrize("name", ["dramatic", "hdr"])
def test_structure_is_worked_out(photo: Photo, name: str) -> None:
    picture = photo("cat", 300)
    rough, plain = (np.diff(grey(rgb), axis=1) for rgb in (render(name, picture), picture.rgb))
    assert rough.std() > 1.2 * plain.std()


def test_hdr_opens_the_shadows_and_draws_in_the_lights(photo: Photo) -> None:
    picture = photo("astronaut", 300)
    before, after = grey(picture.rgb), grey(render("hdr", picture))
    dark, bright = (before > 0.1) & (before < 0.3), (before > 0.75) & (before < 0.95)
    assert after[dark].mean() > before[dark].mean() + 0.02
    assert after[bright].mean() < before[bright].mean()


def test_cyberpunk_has_magenta_and_cyan_and_not_one_tint(photo: Photo) -> None:
    lab = to_oklab(to_linear(render("cyberpunk", photo("astronaut", 300))))
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    strong = np.hypot(lab[..., 1], lab[..., 2]) > 0.06
    assert (strong & (hue > 310) & (hue < 360)).mean() > 0.08
    assert (strong & (hue > 190) & (hue < 285)).mean() > 0.08


@pytest.mark.parametrize("name", MOODS)
@pytest.mark.parametrize("size", [(1, 1), (3, 200)])
def test_the_smallest_pictures_are_served(name: str, size: tuple[int, int]) -> None:
    picture = Raster(np.full((*size, 3), 120, np.uint8))
    assert render(name, picture).shape == picture.rgb.shape
