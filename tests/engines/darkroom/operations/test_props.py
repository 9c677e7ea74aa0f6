from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from retouch.engines.darkroom.operations.props import STYLES, glasses, sunglasses
from retouch.engines.darkroom.scene import Scene
from retouch.errors import TargetNotFound, UnsupportedInstruction
from retouch.imaging.raster import U8, Raster

Photo = Callable[..., Raster]


def _luma(rgb: U8) -> float:
    return float(cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY).mean())


def _eye(scene: Scene, rgb: U8) -> U8:
    """The patch over the face's left eye."""
    x, y = scene.faces[0].frame.project(np.array([[-0.35, 0.03, 0]], np.float32))[0].astype(int)
    return rgb[y - 5 : y + 6, x - 5 : x + 6]


@pytest.mark.parametrize("style", ["wayfarer", "round", "aviator", "cat-eye", "heart", "sport", "square"])
def test_the_eyes_go_dark_and_the_rest_stays(photo: Photo, style: str) -> None:
    picture = photo("astronaut", 640)
    scene = Scene(picture)
    out = sunglasses(scene, style=style).rgb
    assert _luma(_eye(scene, out)) < 0.6 * _luma(_eye(scene, picture.rgb))
    changed = np.flatnonzero((out != picture.rgb).any((1, 2)))
    left, top, right, bottom = scene.faces[0].box
    assert changed[0] > top - 0.2 * (bottom - top)
    assert changed[-1] < bottom
    assert np.array_equal(out[:, : int(left - 40)], picture.rgb[:, : int(left - 40)])
    assert np.array_equal(out[:, int(right + 40) :], picture.rgb[:, int(right + 40) :])


def test_every_face_gets_a_pair(photo: Photo) -> None:
    one = photo("astronaut", 400).rgb
    picture = Raster(np.ascontiguousarray(np.hstack([one, one[:, ::-1]])))
    scene = Scene(picture)
    out = sunglasses(scene).rgb
    assert len(scene.faces) == 2
    half = one.shape[1]
    assert (out[:, :half] != picture.rgb[:, :half]).any()
    assert (out[:, half:] != picture.rgb[:, half:]).any()


def test_a_turned_head_wears_them_turned(photo: Photo) -> None:
    upright = photo("astronaut", 640).rgb
    turn = cv2.getRotationMatrix2D((320, 200), 40, 1.0)
    turned = cv2.warpAffine(upright, turn, (640, 640), borderMode=cv2.BORDER_REPLICATE)
    scene = Scene(Raster(turned.astype(np.uint8)))
    out = sunglasses(scene).rgb
    dark = (cv2.cvtColor(out, cv2.COLOR_RGB2GRAY).astype(int) - cv2.cvtColor(turned, cv2.COLOR_RGB2GRAY)) < -60
    y, x = np.nonzero(dark)
    (_, (long, short), angle) = cv2.minAreaRect(np.stack([x, y], 1).astype(np.float32))
    lean = angle if long > short else angle - 90
    assert abs((-lean - 40 + 90) % 180 - 90) < 12


def test_a_frame_takes_the_colour_that_was_asked_for(photo: Photo) -> None:
    picture = photo("astronaut", 640)
    scene = Scene(picture)
    red = sunglasses(scene, colour="red").rgb.astype(int)
    plain = sunglasses(scene).rgb.astype(int)
    assert ((red[..., 0] - red[..., 1] > 120) & (plain[..., 0] < 90)).sum() > 100
    blue = sunglasses(scene, style="aviator", colour="#2060ff").rgb
    patch = _eye(scene, blue).mean((0, 1))
    assert patch[2] > patch[0] + 20


def test_less_of_them_lets_the_eyes_through(photo: Photo) -> None:
    scene = Scene(photo("astronaut", 640))
    assert _luma(_eye(scene, sunglasses(scene, amount=0.4).rgb)) > _luma(_eye(scene, sunglasses(scene).rgb)) + 20


def test_another_variation_is_another_pair(photo: Photo) -> None:
    picture = photo("astronaut", 480)
    plain = sunglasses(Scene(picture)).rgb
    other = sunglasses(Scene(picture, variation=0.5)).rgb
    assert np.abs(plain.astype(int) - other).max() > 40


def test_the_lenses_have_the_grain_of_the_photograph(photo: Photo) -> None:
    clean = photo("astronaut", 640).rgb
    noise = np.random.default_rng(0).normal(0, 14, clean.shape[:2])[..., None]
    grainy = np.clip(clean + noise, 0, 255).astype(np.uint8)
    smooth, rough = Scene(Raster(clean)), Scene(Raster(grainy))
    before = _eye(smooth, sunglasses(smooth).rgb).astype(float).std(0).mean()
    after = _eye(rough, sunglasses(rough).rgb).astype(float).std(0).mean()
    assert after > before + 3


def test_in_the_dark_nothing_shines(photo: Photo) -> None:
    dim = Raster((photo("astronaut", 640).rgb * 0.25).astype(np.uint8))
    scene = Scene(dim)
    out = sunglasses(scene, style="aviator").rgb
    left, top, right, bottom = (int(at) for at in scene.faces[0].box)
    assert out[top:bottom, left:right].max() <= dim.rgb[top:bottom, left:right].max() + 20


def test_an_alpha_is_carried_along(photo: Photo) -> None:
    rgb = photo("astronaut", 400).rgb
    alpha = np.full(rgb.shape[:2], 200, np.uint8)
    assert sunglasses(Scene(Raster(rgb, alpha))).alpha is alpha


def test_without_a_face_there_is_nowhere_to_put_them(photo: Photo) -> None:
    with pytest.raises(TargetNotFound, match="There is no face in this picture to put sunglasses on"):
        sunglasses(Scene(photo("coffee", 320)))


def test_an_unknown_style_or_colour_is_refused(photo: Photo) -> None:
    scene = Scene(photo("astronaut", 320))
    with pytest.raises(UnsupportedInstruction, match="monocle"):
        sunglasses(scene, style="monocle")
    with pytest.raises(UnsupportedInstruction, match="greige-ish"):
        sunglasses(scene, colour="greige-ish")


@pytest.mark.parametrize("style", STYLES)
def test_glasses_have_a_frame_and_leave_the_eyes_to_be_seen(photo: Photo, style: str) -> None:
    scene = Scene(photo("astronaut", 640))
    out = glasses(scene, style=style).rgb
    assert abs(_luma(_eye(scene, out)) - _luma(_eye(scene, scene.picture.rgb))) < 14
    darker = scene.picture.rgb.astype(int).mean(-1) - out.astype(int).mean(-1) > 40
    assert darker.sum() > 150


def test_glasses_of_another_style_or_colour_are_refused(photo: Photo) -> None:
    scene = Scene(photo("astronaut", 400))
    with pytest.raises(UnsupportedInstruction, match="hexagonal"):
        glasses(scene, style="hexagonal")
    with pytest.raises(UnsupportedInstruction, match="plaid"):
        glasses(scene, colour="plaid")
    with pytest.raises(TargetNotFound, match="glasses"):
        glasses(Scene(Raster(np.full((64, 64, 3), 90, np.uint8))))


def test_another_variation_of_glasses_is_another_pair(photo: Photo) -> None:
    scene = Scene(photo("astronaut", 400))
    plain = glasses(scene).rgb
    scene.variation = 0.6
    assert not np.array_equal(plain, glasses(scene).rgb)
    assert not np.array_equal(glasses(scene, colour="red").rgb, plain)
