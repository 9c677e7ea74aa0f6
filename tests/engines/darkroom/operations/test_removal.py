from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations.removal import remove_subject, remove_subject_needs
from retouch.engines.darkroom.scene import Scene
from retouch.errors import TargetNotFound
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


def test_the_subject_is_gone_and_the_rest_stays(photo: Photo) -> None:
    scene = Scene(photo("flower", 400), quality="low")
    without = remove_subject(scene)
    inside = scene.matte > 0.9
    # The flower is orange, what lies around it dark green and blue.
    assert scene.picture.rgb[inside][:, 0].mean() > 180
    assert without.rgb[inside][:, 0].mean() < 90
    assert np.array_equal(without.rgb[:40, :40], scene.picture.rgb[:40, :40])


def test_what_a_mask_protects_stays(photo: Photo) -> None:
    picture = photo("flower", 300)
    weight = np.ones((picture.height, picture.width), np.float32)
    weight[:, : picture.width // 2] = 0
    without = remove_subject(Scene(picture, weight=weight, quality="low"))
    assert np.array_equal(without.rgb[:, : picture.width // 2], picture.rgb[:, : picture.width // 2])


def test_a_subject_that_fills_the_picture_is_not_made_up_for(photo: Photo) -> None:
    with pytest.raises(TargetNotFound, match="fills so much"):
        remove_subject_needs(Scene(photo("astronaut", 320)), None)


def test_without_a_subject_there_is_nothing_to_remove() -> None:
    noise = Raster(np.random.default_rng(3).integers(100, 150, (200, 200, 3), dtype=np.uint8))
    with pytest.raises(TargetNotFound, match="No clear subject"):
        remove_subject(Scene(noise))
