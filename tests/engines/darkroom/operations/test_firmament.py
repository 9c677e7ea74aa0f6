from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations.firmament import KINDS, replace_sky
from retouch.engines.darkroom.scene import Scene
from retouch.errors import TargetNotFound
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]
CORNER = np.s_[:60, -120:]


@pytest.fixture(scope="module")
def scene(photo: Photo) -> Scene:
    china = photo("china", 480)
    return Scene(china, sources=(china, photo("rocket", 320), photo("coffee", 320)))


def mean(picture: Raster) -> list[float]:
    return [float(level) for level in picture.rgb[CORNER].reshape(-1, 3).mean(0)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_sky_replaces_the_old_one_and_keeps_the_size(scene: Scene, kind: str) -> None:
    painted = replace_sky(scene, kind=kind)
    assert painted.size == scene.picture.size
    assert np.abs(painted.rgb[CORNER].astype(int) - scene.picture.rgb[CORNER]).mean() > 12


def test_skies_have_the_colours_of_their_names(scene: Scene) -> None:
    blue, night, sunset = (mean(replace_sky(scene, kind=kind)) for kind in ("blue", "night", "sunset"))
    assert blue[2] > blue[0] + 20
    assert max(night) < 60
    assert sunset[0] > blue[0]


def test_the_land_takes_the_new_light(scene: Scene) -> None:
    land = np.s_[-60:, 60:200]
    night = replace_sky(scene, kind="night").rgb[land].mean()
    assert night < 0.6 * scene.picture.rgb[land].mean()


def test_a_night_sky_has_stars(scene: Scene) -> None:
    sky = replace_sky(scene, kind="night").rgb[CORNER].max(2).astype(int)
    assert (sky > np.median(sky) + 60).sum() > 3


def test_the_sky_of_another_picture_is_taken_without_its_land(scene: Scene) -> None:
    painted = mean(replace_sky(scene, image=2))
    assert painted[2] > painted[0]
    assert max(painted) < 140


def test_a_picture_without_a_sky_lends_none(scene: Scene) -> None:
    with pytest.raises(TargetNotFound, match="in image 3"):
        replace_sky(scene, image=3)


def test_no_sky_can_be_replaced_where_there_is_none(photo: Photo) -> None:
    with pytest.raises(TargetNotFound, match="no sky"):
        replace_sky(Scene(photo("coffee", 320)))


def test_another_variation_is_another_sky(scene: Scene, photo: Photo) -> None:
    other = Scene(photo("china", 480), variation=-0.8)
    one, two = replace_sky(scene, kind="cloudy"), replace_sky(other, kind="cloudy")
    assert np.abs(one.rgb[CORNER].astype(int) - two.rgb[CORNER]).mean() > 3


def test_half_the_amount_is_half_the_sky(scene: Scene) -> None:
    half = np.array(mean(replace_sky(scene, kind="storm", amount=0.5)))
    assert half.mean() > np.array(mean(replace_sky(scene, kind="storm"))).mean()
    assert replace_sky(scene, amount=0) is scene.picture
