from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from retouch.engines.darkroom.operations.fill import extend, fill
from retouch.engines.darkroom.scene import Scene
from retouch.errors import TargetNotFound, UnsupportedInstruction
from retouch.imaging.raster import F32, U8, Raster

Photo = Callable[..., Raster]


def _scene(rgb: U8, weight: F32 | None, *, seed: int = 0, variation: float = 0.0) -> Scene:
    return Scene(Raster(rgb), weight=weight, seed=seed, variation=variation, quality="low")


def _spotted(photo: Photo) -> tuple[U8, U8, F32]:
    """Water with a magenta ball in it, the water without, and a soft mask over the ball."""
    sky = np.ascontiguousarray(photo("china", 640).rgb[:200, 340:600])
    rgb = sky.copy()
    cv2.circle(rgb, (130, 100), 30, (255, 0, 255), -1)
    weight = np.zeros(rgb.shape[:2], np.float32)
    cv2.circle(weight, (130, 100), 36, 1.0, -1)
    return rgb, sky, cv2.GaussianBlur(weight, (0, 0), 3).astype(np.float32)


def test_nothing_of_what_was_there_is_left_even_under_soft_edges(photo: Photo) -> None:
    rgb, sky, weight = _spotted(photo)
    out = fill(_scene(rgb, weight)).rgb
    hole = weight > 0
    magenta = out[hole].astype(int)[:, [0, 2]].mean(1) - out[hole][:, 1]
    assert magenta.max() < 60
    assert np.abs(out[hole].astype(int) - sky[hole]).mean() < 20


def test_nothing_outside_the_mask_changes(photo: Photo) -> None:
    rgb, _, weight = _spotted(photo)
    out = fill(_scene(rgb, weight)).rgb
    assert np.array_equal(out[weight == 0], rgb[weight == 0])


def test_filling_is_the_same_for_the_same_seed_and_another_for_another(photo: Photo) -> None:
    rgb = photo("coffee", 320).rgb
    weight = np.zeros(rgb.shape[:2], np.float32)
    weight[20:80, 20:80] = 1
    first = fill(_scene(rgb, weight, seed=1)).rgb
    assert np.array_equal(first, fill(_scene(rgb, weight, seed=1)).rgb)
    assert not np.array_equal(first, fill(_scene(rgb, weight, seed=2)).rgb)
    assert not np.array_equal(first, fill(_scene(rgb, weight, seed=1, variation=0.5)).rgb)


def test_a_filling_has_the_grain_of_its_surroundings(photo: Photo) -> None:
    rgb = photo("coffee", 640).rgb
    weight = np.zeros(rgb.shape[:2], np.float32)
    weight[20:110, 500:620] = 1
    out = fill(_scene(rgb, weight)).rgb

    def grain(pixels: U8) -> float:
        return float(np.abs(cv2.Laplacian(pixels, cv2.CV_32F)).mean())

    assert grain(out[30:100, 510:610]) > 0.5 * grain(rgb[30:100, 510:610])


def test_a_bystander_is_not_replaced_by_the_subject(photo: Photo) -> None:
    rgb = photo("astronaut", 512).rgb
    weight = np.zeros(rgb.shape[:2], np.float32)
    weight[0:150, 340:460] = 1  # the shuttle behind her
    out = fill(_scene(rgb, weight)).rgb[weight > 0].astype(int)
    orange = (out[:, 0] - out[:, 2] > 90).mean()
    assert orange < 0.02


def test_no_mask_is_refused(photo: Photo) -> None:
    rgb = photo("cat", 64).rgb
    for weight in (None, np.zeros(rgb.shape[:2], np.float32)):
        with pytest.raises(TargetNotFound, match="mask"):
            fill(_scene(rgb, weight))


def test_a_mask_over_everything_is_refused(photo: Photo) -> None:
    rgb = photo("cat", 64).rgb
    with pytest.raises(UnsupportedInstruction, match="whole picture"):
        fill(_scene(rgb, np.full(rgb.shape[:2], 0.5, np.float32)))


def _masks(height: int, width: int) -> dict[str, F32]:
    masks = {name: np.zeros((height, width), np.float32) for name in ("dot", "row", "frame", "most", "specks")}
    masks["dot"][height // 2, width // 2] = 0.01
    masks["row"][height // 2] = 1
    masks["frame"][:] = 1
    masks["frame"][height // 4 : height - height // 4, width // 4 : width - width // 4] = 0
    masks["most"][:] = 1
    masks["most"][0, 0] = 0
    masks["specks"][np.random.default_rng(0).random((height, width)) < 0.2] = 0.5
    return {name: mask for name, mask in masks.items() if mask.any() and not mask.all()}


@pytest.mark.parametrize("shape", [(2, 2), (3, 40), (40, 2), (40, 28)])
@pytest.mark.parametrize("operation", [fill, extend])
def test_odd_masks_and_tiny_pictures_work(
    photo: Photo, shape: tuple[int, int], operation: Callable[[Scene], Raster]
) -> None:
    small = cv2.resize(photo("flower", 200).rgb, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    rgb: U8 = small.reshape(*shape, 3).astype(np.uint8)
    for mask in _masks(*shape).values():
        holed = rgb.copy()
        holed[mask > 0] = (0, 0, 0)
        out = operation(Scene(Raster(holed), weight=mask, quality="low")).rgb
        assert np.array_equal(out[mask == 0], rgb[mask == 0])


def test_filled_pixels_are_opaque_and_transparent_ones_are_not_copied() -> None:
    rgb = np.full((60, 90, 3), (40, 90, 200), np.uint8)
    rgb[:, 50:] = (255, 0, 0)
    alpha = np.full((60, 90), 255, np.uint8)
    alpha[:, 50:] = 0
    weight = np.zeros((60, 90), np.float32)
    weight[20:40, 15:45] = 1
    out = fill(Scene(Raster(rgb, alpha), weight=weight, quality="low"))
    assert out.alpha is not None
    assert np.all(out.alpha[weight > 0] == 255)
    assert np.all(out.alpha[:, 50:] == 0)
    assert np.abs(out.rgb[weight > 0].astype(int) - (40, 90, 200)).max() < 12


def _canvas(rgb: U8, left: int, right: int, top: int, bottom: int) -> tuple[U8, F32]:
    base = cv2.copyMakeBorder(rgb, top, bottom, left, right, cv2.BORDER_REPLICATE)
    weight = np.ones(base.shape[:2], np.float32)
    weight[top : top + rgb.shape[0], left : left + rgb.shape[1]] = 0
    return np.asarray(base, np.uint8), weight


def test_new_canvas_carries_texture_and_no_smear(photo: Photo) -> None:
    wood = np.ascontiguousarray(photo("coffee", 640).rgb[20:200, 450:630])
    base, weight = _canvas(wood, 60, 60, 0, 0)
    out = extend(_scene(base, weight)).rgb
    assert np.array_equal(out[weight == 0], base[weight == 0])
    along = np.abs(np.diff(out[:, :60].astype(int), axis=1)).mean()
    assert along > 0.4 * np.abs(np.diff(wood.astype(int), axis=1)).mean()


def test_the_seam_of_new_canvas_is_no_step(photo: Photo) -> None:
    wood = np.ascontiguousarray(photo("coffee", 640).rgb[20:200, 450:630])
    base, weight = _canvas(wood, 60, 0, 0, 0)
    out = extend(_scene(base, weight)).rgb.astype(int)
    step = np.abs(out[:, 60] - out[:, 59]).mean()
    inside = np.abs(np.diff(out[:, 70:], axis=1)).mean()
    assert step < 2.5 * inside


def test_sky_goes_on_above_and_ground_below() -> None:
    rng = np.random.default_rng(0)
    rgb = np.empty((120, 160, 3), np.uint8)
    rgb[:60] = np.array([90, 150, 230]) + rng.integers(-6, 7, (60, 160, 1))
    rgb[60:] = np.array([90, 120, 40]) + rng.integers(-25, 26, (60, 160, 1))
    base, weight = _canvas(rgb, 0, 0, 40, 40)
    out = extend(_scene(base, weight)).rgb.astype(int)
    assert np.abs(out[:40].mean((0, 1)) - (90, 150, 230)).max() < 15
    assert np.abs(out[-40:].mean((0, 1)) - (90, 120, 40)).max() < 15


def test_a_canvas_without_new_area_comes_back_as_it_is(photo: Photo) -> None:
    picture = photo("cat", 64)
    assert extend(Scene(picture)) is picture


def test_a_canvas_without_a_picture_is_refused(photo: Photo) -> None:
    rgb = photo("cat", 64).rgb
    with pytest.raises(UnsupportedInstruction):
        extend(_scene(rgb, np.ones(rgb.shape[:2], np.float32)))


def test_new_canvas_beside_transparency_is_transparent() -> None:
    rgb = np.full((60, 120, 3), (200, 30, 60), np.uint8)
    alpha = np.zeros((60, 120), np.uint8)
    alpha[20:40, 30:90] = 255
    base, weight = _canvas(rgb, 0, 0, 40, 40)
    shown = cv2.copyMakeBorder(alpha, 40, 40, 0, 0, cv2.BORDER_REPLICATE)
    out = extend(Scene(Raster(base, np.asarray(shown, np.uint8)), weight=weight, quality="low"))
    assert out.alpha is not None
    assert out.alpha[weight > 0].max() == 0
    assert np.array_equal(out.alpha[40:100], alpha)


def test_a_filling_in_a_translucent_picture_is_as_translucent(photo: Photo) -> None:
    rgb = photo("coffee", 160).rgb
    weight = np.zeros(rgb.shape[:2], np.float32)
    weight[10:40, 110:140] = 1
    alpha = np.full(rgb.shape[:2], 120, np.uint8)
    out = fill(Scene(Raster(rgb, alpha), weight=weight, quality="low"))
    assert out.alpha is not None
    assert np.abs(out.alpha.astype(int) - 120).max() <= 1


def test_wide_new_canvas_shows_nothing_twice(photo: Photo) -> None:
    rgb = photo("coffee", 320).rgb
    base, weight = _canvas(rgb, 0, 0, 140, 140)
    out = extend(_scene(base, weight)).rgb
    cup = np.ascontiguousarray(rgb[60:160, 80:200])
    for new in (out[:140], out[-140:]):
        match = cv2.matchTemplate(np.ascontiguousarray(new), cup, cv2.TM_CCOEFF_NORMED)
        assert match.max() < 0.6


def test_a_filling_in_a_clear_sky_is_no_blob() -> None:
    rows = np.linspace(120, 220, 120, dtype=np.float32)
    sky = np.repeat(np.repeat(rows[:, None, None], 200, 1), 3, 2)
    sky += np.random.default_rng(0).normal(0, 1.5, sky.shape)
    rgb = sky.astype(np.uint8)
    weight = np.zeros(rgb.shape[:2], np.float32)
    weight[30:90, 60:140] = 1
    out = fill(_scene(rgb, weight)).rgb
    assert np.abs(out.astype(int) - rgb).max() < 16
