from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from retouch.engines.darkroom.operations.comics import cartoon, comic
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

Photo = Callable[..., Raster]


def texture(rgb: U8) -> F32:
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(np.abs(gray - cv2.GaussianBlur(gray, (0, 0), 2)), np.float32)


def test_a_cartoons_regions_are_smooth(photo: Photo) -> None:
    picture = photo("coffee")
    drawn = texture(cartoon(Scene(picture)).rgb)
    assert np.median(drawn) < 0.6 * np.median(texture(picture.rgb))


def test_a_cartoon_has_few_lightnesses() -> None:
    ramp = np.repeat(np.linspace(20, 235, 640).astype(np.uint8)[None, :, None], 200, 0).repeat(3, 2)
    drawn = cartoon(Scene(Raster(np.ascontiguousarray(ramp)))).rgb[100, :, 1].astype(int)
    assert (
        (np.abs(np.diff(drawn)) <= 0.5).mean()
        > 0.5
        > (np.abs(np.diff(ramp[100, :, 1].astype(int))) > 0).mean() - 0.5
    )


def test_colours_keep_their_hue(photo: Photo) -> None:
    picture = photo("flower", 480)
    for style in (cartoon, comic):
        one, other = (
            cv2.cvtColor(
                cv2.resize(rgb, (12, 8), interpolation=cv2.INTER_AREA).astype(np.float32) / 255, cv2.COLOR_RGB2LAB
            )
            for rgb in (picture.rgb, style(Scene(picture)).rgb)
        )
        for channel in (1, 2):
            assert np.corrcoef(one[..., channel].ravel(), other[..., channel].ravel())[0, 1] > 0.85


def test_a_comic_has_solid_black_where_the_picture_is_dark(photo: Photo) -> None:
    picture = photo("astronaut")
    drawn = comic(Scene(picture)).rgb
    dark = cv2.GaussianBlur(cv2.cvtColor(picture.rgb, cv2.COLOR_RGB2GRAY), (0, 0), 5) < 12
    assert np.percentile(drawn[dark].max(-1), 90) < 40


def test_a_face_keeps_its_features(photo: Photo) -> None:
    picture = photo("astronaut")
    scene = Scene(picture)
    left, top, right, bottom = (int(value) for value in scene.faces[0].box)
    before = cv2.cvtColor(picture.rgb, cv2.COLOR_RGB2GRAY)[top:bottom, left:right].ravel()
    for style in (cartoon, comic):
        after = cv2.cvtColor(style(scene).rgb, cv2.COLOR_RGB2GRAY)[top:bottom, left:right].ravel()
        assert np.corrcoef(before, after)[0, 1] > 0.85, style.__name__
