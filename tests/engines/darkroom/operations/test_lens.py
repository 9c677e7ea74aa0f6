from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom import operations
from retouch.engines.darkroom.operations.local import grey
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

Photo = Callable[..., Raster]
MARKS = (
    "blur",
    "motion_blur",
    "tilt_shift",
    "glow",
    "vignette",
    "spotlight",
    "grain",
    "light_leak",
    "chromatic_aberration",
)


def render(name: str, picture: Raster, amount: float = 1.0, variation: float = 0.0, **params: object) -> U8:
    return operations.find(name)(Scene(picture, variation=variation), amount=amount, **params).rgb


def sharpness(rgb: U8) -> F32:
    return np.abs(np.diff(grey(rgb), axis=1))


@pytest.mark.parametrize("name", MARKS)
def test_no_amount_returns_the_picture_bit_for_bit_and_some_is_seen(photo: Photo, name: str) -> None:
    picture = photo("astronaut", 240)
    assert np.array_equal(render(name, picture, 0.0), picture.rgb)
    assert np.abs(render(name, picture).astype(int) - picture.rgb).mean() > 0.5


@pytest.mark.parametrize("name", MARKS)
def test_a_variation_is_seen(photo: Photo, name: str) -> None:
    picture = photo("astronaut", 240)
    assert not np.array_equal(render(name, picture, 1.0, 1.0), render(name, picture))


def test_a_blur_looks_the_same_at_every_size(photo: Photo) -> None:
    large, small = (render("blur", photo("astronaut", side)) for side in (480, 240))
    assert sharpness(large).mean() * 2 == pytest.approx(sharpness(small).mean(), rel=0.15)


def test_a_blur_draws_nothing_from_what_is_protected() -> None:
    rgb = np.full((100, 200, 3), 40, np.uint8)
    rgb[:, 100:] = 250
    weight = np.zeros((100, 200), np.float32)
    weight[:, :100] = 1
    shown = operations.find("blur")(Scene(Raster(rgb), weight=weight), amount=2.0).rgb
    assert shown[:, :100].max() <= 44


def test_motion_blurs_one_way_only() -> None:
    rgb = np.zeros((200, 200, 3), np.uint8)
    rgb[95:105, :] = 255
    assert np.abs(render("motion_blur", Raster(rgb)).astype(int) - rgb).max() <= 1
    assert np.abs(render("motion_blur", Raster(rgb), direction="upright").astype(int) - rgb).max() > 50


def test_a_miniature_is_sharp_in_a_band_alone(photo: Photo) -> None:
    scene = Scene(photo("china", 400))
    vars(scene)["faces"] = []
    vars(scene)["saliency"] = np.zeros(scene.picture.rgb.shape[:2], np.float32)
    rows = sharpness(operations.find("tilt_shift")(scene).rgb).mean(1) / sharpness(scene.picture.rgb).mean(1).clip(
        1e-3
    )
    height = len(rows)
    assert rows[int(0.5 * height) : int(0.65 * height)].mean() > 2 * rows[: height // 6].mean()


def test_a_vignette_leaves_the_middle_and_has_two_colours(photo: Photo) -> None:
    picture = photo("china", 200)
    dark, white = render("vignette", picture), render("vignette", picture, colour="white")
    height, width = picture.rgb.shape[:2]
    middle = (slice(height // 2 - 5, height // 2 + 5), slice(width // 2 - 5, width // 2 + 5))
    corner = (slice(0, 12), slice(width - 12, width))
    assert np.abs(dark[middle].astype(int) - picture.rgb[middle]).max() < 6
    assert dark[corner].mean() < 0.75 * picture.rgb[corner].mean()
    assert white[corner].mean() > picture.rgb[corner].mean()


def test_a_spotlight_falls_on_the_face(photo: Photo) -> None:
    picture = photo("astronaut", 400)
    lit = grey(render("spotlight", picture)) / grey(picture.rgb).clip(0.02)
    assert lit[60:120, 160:210].mean() > 0.8
    assert lit[:, :25].mean() < 0.7


def test_grain_is_the_seeds_and_has_no_colour(photo: Photo) -> None:
    picture = Raster(np.full((120, 120, 3), 120, np.uint8))
    first, again, other = (operations.find("grain")(Scene(picture, seed=seed)).rgb for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.ptp(first.astype(int), axis=2).max() <= 1


def test_a_light_leak_lies_along_one_edge_and_is_warm() -> None:
    shown = render("light_leak", Raster(np.full((200, 300, 3), 60, np.uint8))).astype(int)
    assert (shown[:, -40:, 0] - shown[:, -40:, 2]).mean() > 60
    assert np.abs(shown[:, :100] - 60).max() < 6


def test_fringes_grow_toward_the_corners(photo: Photo) -> None:
    picture = photo("china", 600)
    moved = np.abs(render("chromatic_aberration", picture).astype(int) - picture.rgb).mean(2)
    height, width = moved.shape
    assert np.array_equal(render("chromatic_aberration", picture)[..., 1], picture.rgb[..., 1])
    assert (
        moved[:, : width // 6].mean()
        > moved[height // 2 - 20 : height // 2 + 20, width // 2 - 20 : width // 2 + 20].mean()
    )


@pytest.mark.parametrize("name", MARKS)
def test_transparency_is_kept(photo: Photo, name: str) -> None:
    rgb = photo("flower", 100).rgb
    alpha = np.zeros(rgb.shape[:2], np.uint8)
    alpha[20:50, 20:50] = 200
    kept = operations.find(name)(Scene(Raster(rgb, alpha))).alpha
    assert kept is not None
    assert np.array_equal(kept, alpha)
