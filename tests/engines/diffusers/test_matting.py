from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.base import Never
from retouch.engines.diffusers.matting import Matting
from retouch.errors import Cancelled, TargetNotFound
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


class Gone:
    def cancelled(self) -> bool:
        return True


@pytest.fixture(scope="module")
def matting() -> Matting:
    return Matting()


def test_the_subject_stays_and_its_background_goes(photo: Photo, matting: Matting) -> None:
    picture = photo("flower", 400)
    cut = matting.cut_out(picture, Never())
    assert cut.size == picture.size
    assert cut.alpha is not None
    assert cut.alpha[135, 195] == 255
    assert not cut.alpha[:, :20].any()
    assert 0.1 < (cut.alpha > 128).mean() < 0.4


def test_what_transparency_there_was_does_not_count(photo: Photo, matting: Matting) -> None:
    picture = photo("flower", 300)
    holed = Raster(picture.rgb, np.zeros((picture.height, picture.width), np.uint8))
    alpha = matting.cut_out(holed, Never()).alpha
    assert alpha is not None
    assert alpha.max() == 255


def test_without_a_subject_the_background_parameter_is_refused(matting: Matting) -> None:
    grey = Raster(np.full((200, 300, 3), 128, np.uint8))
    with pytest.raises(TargetNotFound, match="No clear subject") as refused:
        matting.cut_out(grey, Never())
    assert refused.value.param == "background"
    assert matting.cut_out(grey, Never(), required=False) is grey


def test_a_client_who_has_left_is_heeded(photo: Photo, matting: Matting) -> None:
    with pytest.raises(Cancelled):
        matting.cut_out(photo("flower", 200), Gone())


def test_it_can_be_used_again_after_it_was_closed(photo: Photo, matting: Matting) -> None:
    matting.close()
    matting.close()
    assert matting.cut_out(photo("flower", 200), Never()).alpha is not None


def test_an_engine_of_the_event_loop_cannot_be_used(photo: Photo) -> None:
    with pytest.raises(TypeError, match="echo-loop"):
        Matting("echo-loop").cut_out(photo("cat", 64), Never())
