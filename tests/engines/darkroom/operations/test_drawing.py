from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from retouch.engines.darkroom.operations.drawing import charcoal, coloured_pencil, ink_drawing, pencil_sketch
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

Photo = Callable[..., Raster]
Style = Callable[..., Raster]
GREY = [pencil_sketch, ink_drawing, charcoal]


def edges(rgb: U8) -> F32:
    gray = cv2.GaussianBlur(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 2.0)
    return np.asarray(
        cv2.magnitude(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)), np.float32
    )


def chroma(rgb: U8) -> float:
    return float(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[..., 1:].__abs__().mean())


@pytest.mark.parametrize("style", GREY)
def test_a_drawing_has_no_colour_of_the_photograph(photo: Photo, style: Style) -> None:
    drawn = style(Scene(photo("flower", 400))).rgb.astype(int)
    assert (drawn.max(-1) - drawn.min(-1)).max() <= 12  # Paper and graphite have a hue of their own.


@pytest.mark.parametrize("style", GREY)
def test_lines_lie_where_the_motif_has_edges(photo: Photo, style: Style) -> None:
    picture = photo("china")
    strength = edges(picture.rgb)
    drawn = edges(style(Scene(picture)).rgb)
    strong, plain = strength > np.percentile(strength, 90), strength < np.percentile(strength, 50)
    assert drawn[strong].mean() > 4 * drawn[plain].mean()


def test_a_plain_light_ground_stays_bare_paper(photo: Photo) -> None:
    for style in (pencil_sketch, ink_drawing):
        sky = style(Scene(photo("china"))).rgb[:60, -200:]
        assert np.median(sky) > 235, style.__name__


def test_what_is_dark_is_drawn_darker_than_what_is_light(photo: Photo) -> None:
    picture = photo("astronaut")
    gray = cv2.GaussianBlur(cv2.cvtColor(picture.rgb, cv2.COLOR_RGB2GRAY), (0, 0), 6)
    for style in (*GREY, coloured_pencil):
        drawn = cv2.cvtColor(style(Scene(picture)).rgb, cv2.COLOR_RGB2GRAY)
        assert drawn[gray < 30].mean() + 90 < drawn[gray > 190].mean(), style.__name__


def test_line_art_has_outlines_and_no_hatching(photo: Photo) -> None:
    picture = photo("astronaut")
    shaded, plain = (ink_drawing(Scene(picture), shading=shading).rgb for shading in ("lines", "none"))
    assert plain.mean() > shaded.mean() + 20
    assert (plain[..., 0] < 80).mean() > 0.02


def test_coloured_pencil_keeps_hues_and_shows_paper_between_strokes(photo: Photo) -> None:
    picture = photo("flower", 500)
    drawn = coloured_pencil(Scene(picture)).rgb
    one, other = (
        cv2.cvtColor(
            cv2.resize(rgb, (12, 8), interpolation=cv2.INTER_AREA).astype(np.float32) / 255, cv2.COLOR_RGB2LAB
        )
        for rgb in (picture.rgb, drawn)
    )
    assert np.corrcoef(one[..., 1].ravel(), other[..., 1].ravel())[0, 1] > 0.9
    assert chroma(drawn) > 8
    grey = Raster(np.full((300, 300, 3), 150, np.uint8))
    strokes = coloured_pencil(Scene(grey)).rgb
    assert np.percentile(strokes, 98) > 190 > 150 > np.percentile(strokes, 2)


def test_low_quality_is_drawn_coarser_and_still_at_the_pictures_size(photo: Photo) -> None:
    small = photo("china", 320).rgb
    picture = Raster(np.asarray(cv2.resize(small, (1300, 880), interpolation=cv2.INTER_CUBIC), np.uint8))
    for style in (*GREY, coloured_pencil):
        quick = style(Scene(picture, quality="low"))
        assert quick.size == picture.size
        assert not np.array_equal(quick.rgb, style(Scene(picture)).rgb)


def test_charcoal_has_greys_between_paper_and_coal() -> None:
    ramp = np.repeat(np.linspace(10, 245, 600, dtype=np.uint8)[None, :, None], 300, 0).repeat(3, 2)
    drawn = charcoal(Scene(Raster(np.ascontiguousarray(ramp)))).rgb[..., 0].astype(np.float32)
    smudged = cv2.GaussianBlur(drawn, (0, 0), 12)[150, 30:-30]
    assert np.ptp(smudged) > 150
    assert np.abs(np.diff(smudged)).max() < 3
