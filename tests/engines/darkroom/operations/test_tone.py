from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom import operations
from retouch.engines.darkroom.operations.local import grey
from retouch.engines.darkroom.operations.tone import middle_tone
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, Raster

Photo = Callable[..., Raster]
PAIRS = ("contrast", "shadows", "highlights", "whites", "blacks")
SLIDERS = (*(f"{way}_{name}" for name in PAIRS for way in ("raise", "lower")), "clarity", "soften")


def tone(name: str, picture: Raster, amount: float = 1.0, variation: float = 0.0) -> F32:
    return grey(operations.find(name)(Scene(picture, variation=variation), amount=amount).rgb)


def part(values: F32, of: F32, low: float, high: float) -> float:
    """The mean of ``values`` where ``of`` lies between those shares of its pixels."""
    least, most = np.quantile(of, (low, high))
    return float(values[(of >= least) & (of <= most)].mean())


@pytest.mark.parametrize("name", SLIDERS)
def test_no_amount_returns_the_picture_bit_for_bit(photo: Photo, name: str) -> None:
    picture = photo("china", 160)
    assert np.array_equal(operations.find(name)(Scene(picture), amount=0.0).rgb, picture.rgb)


@pytest.mark.parametrize("name", SLIDERS)
def test_more_amount_goes_further(photo: Photo, name: str) -> None:
    picture = photo("china", 200)
    before = grey(picture.rgb)
    steps = [float(np.abs(tone(name, picture, amount) - before).mean()) for amount in (0.2, 0.5, 1.0)]
    assert 0 < steps[0] < steps[1] < steps[2]


@pytest.mark.parametrize("name", SLIDERS)
def test_a_variation_is_another_strength_of_the_same(photo: Photo, name: str) -> None:
    picture = photo("astronaut", 200)
    weak, strong = (np.abs(tone(name, picture, 0.5, v) - grey(picture.rgb)).mean() for v in (-1.0, 1.0))
    assert weak < strong


@pytest.mark.parametrize("shot", ["china", "rocket", "astronaut"])
def test_contrast_spreads_the_tones_about_the_middle(photo: Photo, shot: str) -> None:
    picture = photo(shot, 200)
    before, more, less = grey(picture.rgb), tone("raise_contrast", picture), tone("lower_contrast", picture)
    assert less.std() < 0.97 * before.std() < before.std() < 0.97 * more.std()
    assert abs(np.median(more) - np.median(before)) < 0.05


@pytest.mark.parametrize(("name", "low", "high"), [("shadows", 0.1, 0.3), ("highlights", 0.75, 0.95)])
def test_shadows_and_highlights_move_their_own_end(photo: Photo, name: str, low: float, high: float) -> None:
    picture = photo("astronaut", 300)
    before = grey(picture.rgb)
    up, down = tone(f"raise_{name}", picture), tone(f"lower_{name}", picture)
    assert part(down, before, low, high) < part(before, before, low, high) - 0.02
    assert part(up, before, low, high) > part(before, before, low, high) + 0.01
    other = (0.97, 1.0) if name == "shadows" else (0.0, 0.05)
    assert part(up, before, *other) == pytest.approx(part(before, before, *other), abs=0.02)


def test_blacks_are_lifted_off_black_and_pushed_back() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(40, axis=0)
    picture = Raster(np.ascontiguousarray(ramp))
    assert tone("raise_blacks", picture)[:, 0].mean() > 0.06
    assert tone("lower_blacks", picture)[:, 30].mean() < 0.07


@pytest.mark.parametrize("name", SLIDERS)
def test_no_slider_turns_tones_over(name: str) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(40, axis=0)
    row = tone(name, Raster(np.ascontiguousarray(ramp)), variation=1.0).mean(0)
    assert np.diff(row).min() > -0.012


def test_clarity_adds_structure_but_no_light(photo: Photo) -> None:
    picture = photo("cat", 300)
    before, after = grey(picture.rgb), tone("clarity", picture, 0.5)
    assert after.mean() == pytest.approx(before.mean(), abs=0.015)
    assert np.diff(after, axis=1).std() > 1.1 * np.diff(before, axis=1).std()


def test_the_middle_of_a_picture_is_one_of_a_few_values(photo: Photo) -> None:
    assert middle_tone(photo("rocket", 200).rgb) == 0.3
    assert 0.3 <= middle_tone(photo("china", 200).rgb) <= 0.65


def test_transparency_is_kept(photo: Photo) -> None:
    rgb = photo("flower", 80).rgb
    alpha = np.full(rgb.shape[:2], 90, np.uint8)
    for name in SLIDERS:
        assert np.array_equal(operations.find(name)(Scene(Raster(rgb, alpha)), amount=0.5).alpha, alpha)  # type: ignore[arg-type]
