from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations.backdrop import blur_background, replace_background
from retouch.engines.darkroom.scene import Scene
from retouch.errors import TargetNotFound, UnsupportedInstruction
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]
NOISE = Raster(np.random.default_rng(3).integers(100, 150, (200, 200, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def scene(photo: Photo) -> Scene:
    flower = photo("flower", 480)
    return Scene(flower, sources=(flower, photo("china", 300)))


def detail(picture: Raster, part: tuple[slice, slice]) -> float:
    return float(np.abs(np.diff(picture.rgb[part].astype(int), axis=1)).mean())


def test_the_background_blurs_and_the_subject_stays_as_it_is(photo: Photo) -> None:
    scene = Scene(photo("astronaut", 480))
    blurred = blur_background(scene)
    inside = scene.matte == 1
    assert np.array_equal(blurred.rgb[inside], scene.picture.rgb[inside])
    flag = np.s_[20:200, 10:80]
    assert detail(blurred, flag) < 0.75 * detail(scene.picture, flag)


def test_a_blurred_background_has_no_halo_of_the_subject() -> None:
    rgb = np.full((240, 240, 3), (40, 90, 160), np.uint8)
    rgb[70:180, 70:170] = (230, 60, 40)
    scene = Scene(Raster(rgb))
    matte = np.zeros((240, 240), np.float32)
    matte[70:180, 70:170] = 1
    vars(scene).update(saliency=matte, matte=matte)
    blurred = blur_background(scene)
    assert np.abs(blurred.rgb[matte == 0].astype(int) - (40, 90, 160)).max() <= 6


def test_a_stronger_blur_leaves_less_detail(photo: Photo) -> None:
    scene = Scene(photo("astronaut", 320))
    flag = np.s_[10:140, 5:55]
    soft, strong = blur_background(scene, amount=0.4), blur_background(scene, amount=2)
    assert detail(strong, flag) < detail(soft, flag)
    assert blur_background(scene, amount=0) is scene.picture


def test_a_white_background_is_quite_white(scene: Scene) -> None:
    painted = replace_background(scene, colour="white")
    assert (painted.rgb[:20, :20] == 255).all()
    middle = (scene.picture.height // 2, int(0.43 * scene.picture.width))
    assert np.array_equal(painted.rgb[middle], scene.picture.rgb[middle])


def test_a_gradient_runs_from_the_first_colour_to_the_second(scene: Scene) -> None:
    painted = replace_background(scene, gradient=["#ff0000", "#0000ff"])
    assert painted.rgb[0, 0, 0] > 240
    assert painted.rgb[0, 0, 2] < 20
    assert painted.rgb[-1, 0, 2] > 240


def test_a_studio_is_a_soft_grey(scene: Scene) -> None:
    corner = replace_background(scene, studio=True).rgb[:30, :30].reshape(-1, 3).astype(int)
    assert np.ptp(corner.mean(0)) < 12
    assert 140 < corner.mean() < 245


def test_another_picture_covers_all_of_the_background(scene: Scene) -> None:
    painted = replace_background(scene, image=2)
    assert painted.size == scene.picture.size
    theirs = scene.source(2).picture.rgb[:10, :10].mean()
    assert abs(float(painted.rgb[:10, :10].mean()) - float(theirs)) < 12


def test_a_picture_that_was_not_sent_is_refused(scene: Scene) -> None:
    with pytest.raises(UnsupportedInstruction, match="image 3"):
        replace_background(scene, image=3)


def test_what_is_cut_out_already_gets_its_background_by_its_own_alpha() -> None:
    rgb = np.full((60, 60, 3), 200, np.uint8)
    alpha = np.zeros((60, 60), np.uint8)
    alpha[20:40, 20:40] = 255
    painted = replace_background(Scene(Raster(rgb, alpha)), colour="#ff0000")
    assert painted.alpha is not None
    assert painted.alpha.min() == 255
    assert painted.rgb[5, 5].tolist() == [255, 0, 0]
    assert painted.rgb[30, 30].tolist() == [200, 200, 200]


@pytest.mark.parametrize("operation", [blur_background, replace_background])
def test_a_picture_without_a_subject_has_no_background(operation: Callable[..., Raster]) -> None:
    with pytest.raises(TargetNotFound, match="No clear subject"):
        operation(Scene(NOISE))
