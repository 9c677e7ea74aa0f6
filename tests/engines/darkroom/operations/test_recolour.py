from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations.recolour import fill_colour, recolour, recolour_needs
from retouch.engines.darkroom.scene import Scene
from retouch.errors import TargetNotFound
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]
SUIT = np.s_[245:285, 85:120]


@pytest.fixture(scope="module")
def scene(photo: Photo) -> Scene:
    return Scene(photo("astronaut", 512))


def mean(picture: Raster) -> list[float]:
    return [float(level) for level in picture.rgb[SUIT].reshape(-1, 3).mean(0)]


def test_the_orange_suit_turns_blue_and_nothing_else_changes(scene: Scene) -> None:
    before, after = mean(scene.picture), mean(recolour(scene, source="orange", target="blue"))
    assert before[0] > before[2]
    assert after[2] > after[0] + 30
    face = np.s_[60:150, 200:260]
    assert np.array_equal(recolour(scene, source="orange", target="blue").rgb[face], scene.picture.rgb[face])


@pytest.mark.parametrize(("target", "lighter"), [("white", True), ("black", False)])
def test_white_and_black_are_a_matter_of_lightness(scene: Scene, target: str, lighter: bool) -> None:
    before, after = mean(scene.picture), mean(recolour(scene, source="orange", target=target))
    assert bool(np.mean(after) > np.mean(before)) is lighter
    assert np.ptp(after) < 0.4 * np.ptp(before)


def test_shading_stays(scene: Scene) -> None:
    before = scene.picture.rgb[SUIT].astype(float).mean(2).ravel()
    after = recolour(scene, source="orange", target="green").rgb[SUIT].astype(float).mean(2).ravel()
    assert np.corrcoef(before, after)[0, 1] > 0.7


def test_black_things_take_a_colour(photo: Photo) -> None:
    scene = Scene(photo("astronaut", 512))
    helmet = recolour(scene, source="black", target="red").rgb[420:470, 400:460].reshape(-1, 3).mean(0)
    assert helmet[0] > helmet[2] + 10


def test_a_colour_that_is_not_there_is_said_to_be_missing(scene: Scene) -> None:
    for act in (recolour, lambda scene, **params: recolour_needs(scene, None, **params)):
        with pytest.raises(TargetNotFound, match="There is nothing lime in this picture"):
            act(scene, source="lime", target="red")


def test_without_a_source_the_marked_thing_s_own_colour_changes(photo: Photo) -> None:
    weight = np.zeros((512, 512), np.float32)
    weight[235:295, 75:130] = 1
    scene = Scene(photo("astronaut", 512), weight=weight)
    after = recolour(scene, target="green").rgb[SUIT].reshape(-1, 3).mean(0)
    assert after[1] > after[0]


def test_without_a_source_a_picture_needs_a_subject() -> None:
    noise = Raster(np.random.default_rng(3).integers(100, 150, (200, 200, 3), dtype=np.uint8))
    for act in (recolour, lambda scene, **params: recolour_needs(scene, None, **params)):
        with pytest.raises(TargetNotFound, match="No clear subject"):
            act(Scene(noise), target="red")


def test_less_amount_changes_less(scene: Scene) -> None:
    slight, full = (mean(recolour(scene, source="orange", target="blue", amount=a)) for a in (0.4, 1.0))
    assert mean(scene.picture)[2] < slight[2] < full[2]
    assert recolour(scene, source="orange", target="blue", amount=0) is scene.picture


def test_a_marked_area_is_painted_in_one_hue_and_keeps_its_shading() -> None:
    ramp = np.linspace(60, 200, 90, dtype=np.uint8)
    rgb = np.ascontiguousarray(np.repeat(np.repeat(ramp[None, :, None], 60, 0), 3, 2))
    painted = fill_colour(Scene(Raster(rgb)), colour="red").rgb.astype(int)
    assert (painted[..., 0] > painted[..., 1] + 20).all()
    assert (np.diff(painted[30, :, 0]) >= 0).all()
    assert fill_colour(Scene(Raster(rgb)), colour="red", amount=0).rgb is rgb


def test_transparency_stays(scene: Scene) -> None:
    alpha = np.full((512, 512), 90, np.uint8)
    cut = Scene(Raster(scene.picture.rgb, alpha))
    cut.learn_from(scene)
    assert recolour(cut, source="orange", target="blue").alpha is alpha
