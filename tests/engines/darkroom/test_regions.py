from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom import regions
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.faces import Sighting
from retouch.errors import TargetNotFound
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


@pytest.fixture(scope="module")
def scene(photo: Photo) -> Scene:
    return Scene(photo("astronaut", 320))


def test_a_colour_is_a_region(scene: Scene) -> None:
    weight = regions.weigh(scene, "colour:orange")
    assert weight.shape == (320, 320)
    assert weight.dtype == np.float32
    assert weight[153:178, 53:75].mean() > 0.7
    assert weight[:40, 280:].max() < 0.05


@pytest.mark.parametrize(("colour", "said"), [("lime", "lime"), ("forest_green", "forest green")])
def test_a_colour_that_is_missing_is_named(scene: Scene, colour: str, said: str) -> None:
    for act in (regions.weigh, lambda scene, region: regions.seek(scene, [region])):
        with pytest.raises(TargetNotFound, match=f"There is nothing {said} in this picture."):
            act(scene, f"colour:{colour}")


def test_what_is_no_region_is_a_mistake(scene: Scene) -> None:
    with pytest.raises(ValueError, match="no such region"):
        regions.weigh(scene, "attic")


def test_a_colour_is_looked_for_on_clothes_and_not_on_lips(photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Scene(photo("astronaut", 320))
    face = Sighting(0.9, np.array([0.2, 0.516], np.float32), 0.1, 0.0)
    monkeypatch.setattr(regions, "glimpsed", lambda *_: [face])
    found = regions.of_colour(seen, "orange")
    monkeypatch.setattr(regions, "glimpsed", lambda *_: [])
    everywhere = regions.of_colour(seen, "orange")
    middle = np.s_[160:170, 60:68]
    assert everywhere[middle].max() > 0.5
    assert found[middle].max() == 0
    away = np.s_[240:, :]
    np.testing.assert_array_equal(found[away], everywhere[away])
