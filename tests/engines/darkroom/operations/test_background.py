from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations.background import remove_background
from retouch.engines.darkroom.scene import Scene
from retouch.errors import TargetNotFound
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


def test_the_subject_stays_and_the_background_goes(photo: Photo) -> None:
    picture = photo("flower", 480)
    cut = remove_background(Scene(picture))
    assert cut.alpha is not None
    assert cut.size == picture.size
    middle = (picture.height // 2, int(0.43 * picture.width))
    assert cut.alpha[middle] == 255
    assert np.array_equal(cut.rgb[middle], picture.rgb[middle])
    assert cut.alpha[:20, :20].max() == 0
    assert 0.1 < float(cut.alpha.mean()) / 255 < 0.4


def test_an_alpha_that_the_picture_has_is_kept(photo: Photo) -> None:
    picture = photo("flower", 320)
    alpha = np.full((picture.height, picture.width), 255, np.uint8)
    alpha[:, : picture.width // 2] = 0
    alpha[:, -1] = 128
    cut = remove_background(Scene(Raster(picture.rgb, alpha)))
    plain = remove_background(Scene(picture))
    assert cut.alpha is not None
    assert plain.alpha is not None
    assert cut.alpha[:, : picture.width // 2].max() == 0
    right = slice(picture.width // 2, picture.width - 1)
    assert np.array_equal(cut.alpha[:, right], plain.alpha[:, right])


def test_half_the_amount_leaves_half_of_the_background(photo: Photo) -> None:
    cut = remove_background(Scene(photo("flower", 320)), amount=0.5)
    assert cut.alpha is not None
    assert cut.alpha[5, 5] == 128
    assert cut.alpha.max() == 255


def test_no_amount_leaves_everything(photo: Photo) -> None:
    picture = photo("flower", 320)
    cut = remove_background(Scene(picture), amount=0)
    assert cut.alpha is not None
    assert cut.alpha.min() == 255
    assert np.array_equal(cut.rgb, picture.rgb)


def test_a_picture_without_a_subject_is_refused() -> None:
    noise = np.random.default_rng(3).integers(100, 150, (200, 200, 3), dtype=np.uint8)
    with pytest.raises(TargetNotFound, match="No clear subject") as refusal:
        remove_background(Scene(Raster(noise)))
    assert refusal.value.param == "prompt"
