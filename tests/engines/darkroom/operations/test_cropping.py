from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations.cropping import circle_crop, crop, crop_size
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


@pytest.mark.parametrize("ratio", ["1:1", "16:9", "9:16", "4:5", "21:9"])
@pytest.mark.parametrize("size", [(640, 427), (427, 640), (500, 500), (33, 900)])
def test_a_crop_has_its_shape_and_is_as_large_as_fits(ratio: str, size: tuple[int, int]) -> None:
    width, height = crop_size(size, (), ratio=ratio)
    across, down = (int(part) for part in ratio.split(":"))
    assert abs(width - height * across / down) <= max(1, across / down)
    assert (width, height) <= size
    assert width == size[0] or height == size[1]


def test_a_face_stays_whole(photo: Photo) -> None:
    source = photo("astronaut")
    scene = Scene(source)
    left, top, right, bottom = scene.faces[0].box
    for ratio in ("16:9", "9:16", "1:1"):
        part = crop(scene, ratio=ratio)
        y, x = find(source, part)
        assert x <= left
        assert right <= x + part.width
        assert y <= top
        assert bottom <= y + part.height


def find(source: Raster, part: Raster) -> tuple[int, int]:
    """Where ``part`` lies in ``source``."""
    for y in range(source.height - part.height + 1):
        for x in range(source.width - part.width + 1):
            if (source.rgb[y, x] == part.rgb[0, 0]).all() and (
                source.rgb[y : y + part.height, x : x + part.width] == part.rgb
            ).all():
                return y, x
    raise AssertionError("not a part of the picture")


def test_the_window_goes_to_the_subject(photo: Photo) -> None:
    source = photo("coffee")
    beside = Raster(np.concatenate([source.rgb, np.repeat(source.rgb[:, -1:], source.width, 1)], 1))
    part = crop(Scene(beside), ratio="1:1")
    _, x = find(beside, part)
    assert x < source.width // 2


def test_a_side_is_kept_whatever_is_in_it(photo: Photo) -> None:
    source = photo("china", 200)
    part = crop(Scene(source), side="right", share=0.25)
    assert part.width == 50
    assert (part.rgb == source.rgb[:, -50:]).all()


def test_a_closer_crop_keeps_the_shape(photo: Photo) -> None:
    source = photo("coffee", 300)
    part = crop(Scene(source))
    assert part.width < source.width
    assert part.width / part.height == pytest.approx(source.width / source.height, rel=0.02)


def test_a_circle_is_transparent_outside_and_touches_its_square(photo: Photo) -> None:
    disc = circle_crop(Scene(photo("coffee", 200)))
    assert disc.alpha is not None
    assert disc.width == disc.height
    assert disc.alpha[0, 0] == 0
    assert disc.alpha[disc.height // 2, 2] > 200
    assert (disc.alpha > 127).mean() == pytest.approx(np.pi / 4, abs=0.02)
