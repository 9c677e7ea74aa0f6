from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom import operations
from retouch.engines.darkroom.colour import to_linear, to_oklab
from retouch.engines.darkroom.operations.films import PAIRS
from retouch.engines.darkroom.operations.local import grey
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.understanding.instruction import understand
from retouch.imaging.raster import U8, Raster

Photo = Callable[..., Raster]
FILMS = ("polaroid", "film", "cross_process", "pastel", "duotone", "monotone", "invert", "infrared")


def render(name: str, picture: Raster, amount: float = 1.0, variation: float = 0.0, **params: object) -> U8:
    return operations.find(name)(Scene(picture, variation=variation), amount=amount, **params).rgb


@pytest.mark.parametrize("name", FILMS)
def test_an_amount_is_a_strength_and_none_changes_nothing(photo: Photo, name: str) -> None:
    picture = photo("china", 160)
    assert np.array_equal(render(name, picture, 0.0), picture.rgb)
    half, full = (np.abs(render(name, picture, a).astype(int) - picture.rgb).mean() for a in (0.4, 1.0))
    assert 1 < half < full


@pytest.mark.parametrize("name", [name for name in FILMS if name != "invert"])
def test_a_variation_is_seen_and_keeps_the_look(photo: Photo, name: str) -> None:
    picture = photo("china", 160)
    for variation in (-1.0, 1.0):
        moved = np.abs(render(name, picture, 1.0, variation).astype(int) - render(name, picture)).mean()
        assert 0.7 < moved < 30


def test_a_print_on_instant_film_has_no_black_and_no_white(photo: Photo) -> None:
    tone = grey(render("polaroid", photo("astronaut", 300)))
    assert np.quantile(tone, 0.02) > 0.08
    assert np.quantile(tone, 0.98) < 0.97


def test_pastel_is_light_and_pale(photo: Photo) -> None:
    picture = photo("coffee", 200)
    rgb = render("pastel", picture)
    assert grey(rgb).mean() > grey(picture.rgb).mean() + 0.1
    assert np.quantile(grey(rgb), 0.02) > 0.15


@pytest.mark.parametrize("pair", sorted(PAIRS))
def test_a_duotone_runs_from_one_ink_to_the_other(photo: Photo, pair: str) -> None:
    rgb = render("duotone", photo("astronaut", 200), pair=pair)
    tone = grey(rgb)
    for code, place in zip(
        PAIRS[pair], (tone <= np.quantile(tone, 0.01), tone >= np.quantile(tone, 0.99)), strict=True
    ):
        ink = np.frombuffer(bytes.fromhex(code[1:]), np.uint8)
        assert np.abs(rgb[place].mean(0) - ink).max() < 25


@pytest.mark.parametrize("said", ["blue and orange", "orange and blue", "black and red", "teal and pink"])
def test_a_pair_of_inks_is_asked_for_by_its_colours(said: str) -> None:
    (step,) = understand(f"duotone in {said}", has_mask=False, sources=1).steps
    assert step.params["pair"] in PAIRS
    assert set(step.params["pair"].split("-")) == set(said.split(" and "))


def test_a_monotone_has_one_hue(photo: Photo) -> None:
    lab = to_oklab(to_linear(render("monotone", photo("flower", 150), colour="red")))
    inked = np.hypot(lab[..., 1], lab[..., 2]) > 0.05
    hues = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))[inked]
    assert inked.mean() > 0.3
    assert hues.std() < 12


def test_a_negative_of_a_negative_is_the_picture(photo: Photo) -> None:
    picture = photo("cat", 100)
    assert np.array_equal(render("invert", Raster(render("invert", picture))), picture.rgb)


def test_infrared_leaves_glow_and_blue_skies_are_dark() -> None:
    rgb = np.zeros((120, 120, 3), np.uint8)
    rgb[:60], rgb[60:] = (90, 140, 220), (70, 120, 40)
    sky, leaf = (grey(render("infrared", Raster(rgb)))[rows].mean() for rows in (slice(10, 40), slice(80, 110)))
    assert leaf > 0.6 > 0.5 > sky


@pytest.mark.parametrize("colours", [("purple", "orange"), ("orange", "purple"), ("#202020", "#ffcc00")])
def test_any_two_colours_make_the_inks_of_a_duotone(photo: Photo, colours: tuple[str, str]) -> None:
    rgb = render("duotone", photo("astronaut", 200), colours=list(colours))
    lightness = to_oklab(to_linear(rgb))[..., 0]
    assert float(np.ptp(lightness)) > 0.4
    assert (rgb == render("duotone", photo("astronaut", 200), colours=list(reversed(colours)))).all()
