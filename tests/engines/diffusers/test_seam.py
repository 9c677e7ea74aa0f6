from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from retouch.engines.diffusers.seam import Surroundings
from retouch.imaging.raster import F32, U8, Raster

Photo = Callable[..., Raster]
PHOTOS = ["astronaut", "cat", "china", "coffee", "flower", "rocket"]


def match(edited: Raster, before: Raster, weight: F32) -> Raster:
    return Surroundings(before, weight).match(edited)


def spot(picture: Raster) -> F32:
    weight = np.zeros((picture.height, picture.width), np.float32)
    cv2.circle(weight, (picture.width // 2, picture.height // 2), min(picture.size) // 4, 1.0, -1)
    return weight


def darker(rgb: U8) -> U8:
    return (rgb * 0.85).astype(np.uint8)


def warmer(rgb: U8) -> U8:
    return np.asarray(np.clip(rgb * np.array([1.04, 1.0, 0.92]), 0, 255), np.uint8)


def paler(rgb: U8) -> U8:
    return np.asarray(np.clip(128 + (rgb.astype(np.float32) - 128) * 0.88 + 6, 0, 255), np.uint8)


def off(one: Raster, other: Raster, where: F32) -> float:
    return float(np.abs(one.rgb.astype(int) - other.rgb)[where > 0].mean())


@pytest.mark.parametrize("drift", [darker, warmer, paler])
def test_a_drift_of_colours_is_undone(photo: Photo, drift: Callable[[U8], U8]) -> None:
    left = []
    for name in PHOTOS:
        before = photo(name)
        drifted, weight = Raster(drift(before.rgb)), spot(before)
        matched = match(drifted, before, weight)
        left.append(off(matched, before, weight) / off(drifted, before, weight))
    # A single ring need not know the colours inside it: a flower before dark leaves.
    assert max(left) < 0.95
    assert sum(left) / len(left) < 0.5


@pytest.mark.parametrize("name", PHOTOS)
def test_what_has_not_drifted_is_left_alone(photo: Photo, name: str) -> None:
    before = photo(name)
    weight = spot(before)
    edited = Raster(before.rgb.copy())
    edited.rgb[weight > 0] = (200, 30, 30)
    assert match(edited, before, weight) is edited


@pytest.mark.parametrize("name", PHOTOS)
def test_sharpness_is_no_drift(photo: Photo, name: str) -> None:
    before = photo(name)
    blurred = Raster(cv2.GaussianBlur(before.rgb, (0, 0), 2.0).astype(np.uint8, copy=False))
    matched = match(blurred, before, spot(before))
    assert np.abs(matched.rgb.astype(int) - blurred.rgb).mean() < 2


def test_a_change_of_everything_was_asked_for(photo: Photo) -> None:
    before = photo("astronaut")
    night = Raster((before.rgb * 0.35).astype(np.uint8))
    assert match(night, before, spot(before)) is night


def test_another_picture_around_the_mask_says_nothing(photo: Photo) -> None:
    before = photo("astronaut")
    other = Raster(np.ascontiguousarray(before.rgb[::-1]))
    assert match(other, before, spot(before)) is other


def test_a_mask_without_surroundings_says_nothing(photo: Photo) -> None:
    before = photo("cat")
    drifted = Raster(darker(before.rgb))
    weight = np.ones((before.height, before.width), np.float32)
    weight[0] = 0
    assert match(drifted, before, weight) is drifted


def test_black_stays_black_when_a_cast_is_undone(photo: Photo) -> None:
    before = photo("astronaut")
    before.rgb[200:260, 200:260] = 2
    drifted = Raster(warmer(before.rgb))
    matched = match(drifted, before, spot(before))
    assert matched is not drifted
    black = matched.rgb[210:250, 210:250].astype(int)
    assert black.max() <= 8
    assert np.ptp(black, axis=-1).max() <= 6


def test_what_was_painted_anew_beside_the_mask_does_not_count(photo: Photo) -> None:
    before = photo("coffee")
    weight = spot(before)
    edited = Raster(darker(before.rgb))
    rows, columns = before.height // 2, before.width // 2 + min(before.size) // 4
    edited.rgb[rows - 30 : rows + 30, columns + 4 : columns + 30] = (20, 200, 40)
    assert off(match(edited, before, weight), before, weight) < 8


def test_alpha_is_kept(photo: Photo) -> None:
    before = photo("cat")
    alpha = np.full((before.height, before.width), 255, np.uint8)
    alpha[:, :40] = 0
    matched = match(Raster(darker(before.rgb), alpha), before, spot(before))
    assert matched.alpha is alpha


@pytest.mark.parametrize("drift", [darker, warmer, paler])
def test_what_was_made_red_stays_as_red(photo: Photo, drift: Callable[[U8], U8]) -> None:
    for name in PHOTOS:
        before = photo(name)
        weight = spot(before)
        wanted = before.rgb.copy()
        wanted[weight > 0] = (190, 30, 35)
        matched = match(Raster(drift(wanted)), before, weight)
        off = np.abs(matched.rgb[weight > 0].astype(int) - (190, 30, 35)).mean(0)
        assert off.max() < 25, name
        assert off.mean() <= np.abs(drift(wanted)[weight > 0].astype(int) - (190, 30, 35)).mean() + 6, name


def test_the_surroundings_are_looked_at_once_for_several_pictures(photo: Photo) -> None:
    before = photo("china")
    around = Surroundings(before, spot(before))
    pictures = [Raster(darker(before.rgb)), Raster(warmer(before.rgb)), Raster(darker(before.rgb))]
    first, second, third = (around.match(one).rgb for one in pictures)
    assert np.array_equal(first, third)
    assert np.array_equal(second, match(pictures[1], before, spot(before)).rgb)
