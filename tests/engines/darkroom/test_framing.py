from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from retouch.engines.base import EditJob, Never, Picture, Preview
from retouch.engines.darkroom.engine import DarkroomEngine
from retouch.engines.darkroom.framing import framed_size, paint_framed
from retouch.engines.darkroom.operations.turning import rotate
from retouch.engines.darkroom.painting import Manner
from retouch.engines.darkroom.recipe import Recipe, Step
from retouch.engines.darkroom.scene import Scene
from retouch.errors import UserError
from retouch.imaging.raster import Raster
from retouch.imaging.resample import resize
from tests.engines.darkroom.editing import canvas_for, difference, is_grey

Photo = Callable[..., Raster]


def framed(photo: Raster, *steps: Step, size: tuple[int, int] | None = None, **manner: Any) -> Raster:
    recipe = Recipe(steps)
    return paint_framed((photo,), recipe, size or framed_size(recipe, [photo.size]), Manner(**manner), Never())


def run(job: EditJob) -> list[Preview | Picture]:
    engine = DarkroomEngine()
    plan = engine.plan(job)
    return list(engine.edit(job, plan, canvas_for(job, plan), Never()))


def test_a_turn_and_a_grade_together_are_the_turned_picture_graded(photo: Photo) -> None:
    source = photo("china", 300)
    both = framed(source, Step("rotate", {"degrees": 90}), Step("black_and_white"))
    assert both.size == (source.height, source.width)
    assert is_grey(both.rgb)
    before = framed(source, Step("black_and_white"), Step("rotate", {"degrees": 90}))
    assert difference(both, before) < 3


def test_a_grade_after_a_border_reaches_the_border(photo: Photo) -> None:
    source = photo("cat", 200)
    red = Step("border", {"colour": "red"})
    grey = framed(source, red, Step("black_and_white"))
    coloured = framed(source, Step("black_and_white"), red)
    assert is_grey(grey.rgb)
    assert np.ptp(coloured.rgb[0, 0].astype(int)) > 60


def test_a_crop_and_then_a_border_frame_the_crop(photo: Photo) -> None:
    source = photo("coffee", 400)
    result = framed(source, Step("crop", {"ratio": "1:1"}), Step("border", {"colour": "black", "width": 0.1}))
    assert result.width == result.height
    edge = result.rgb[:, : round(0.07 * result.width)]
    assert edge.max() < 40
    assert result.rgb[result.height // 2].max() > 100


def test_a_shape_that_differs_is_extended_and_not_stretched(photo: Photo) -> None:
    source = photo("astronaut", 256)
    wide = framed(source, Step("flip"), size=(384, 256))
    assert wide.size == (384, 256)
    middle = wide.rgb[:, 64 : 64 + 256]
    assert np.abs(middle.astype(int) - source.rgb[:, ::-1]).mean() < 1
    assert wide.rgb[:, :60].std() > 5


@pytest.mark.parametrize(
    "steps",
    [
        (Step("rotate", {"degrees": 90}), Step("crop", {"ratio": "16:9"})),
        (Step("polaroid_frame"), Step("rotate", {"degrees": -7})),
        (Step("mat"), Step("border")),
        (Step("upscale", {"factor": 2}), Step("circle_crop")),
        (Step("crop", {"side": "left", "share": 0.4}), Step("upscale", {"factor": 3})),
        (Step("straighten"), Step("flip", {"axis": "vertical"})),
    ],
    ids=lambda steps: ", ".join(step.op for step in steps),
)
def test_the_size_foretold_is_the_size_made(photo: Photo, steps: tuple[Step, ...]) -> None:
    source = photo("china", 301)
    if any(step.op == "straighten" for step in steps):
        source = Raster(lines(301, 200, tilt=4))
    assert framed(source, *steps).size == framed_size(Recipe(steps), [source.size])


def lines(width: int, height: int, *, tilt: float) -> np.ndarray:
    """A sky over a dark sea, the horizon leaning by ``tilt`` degrees clockwise."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    below = y - height / 2 > np.tan(np.radians(tilt)) * (x - width / 2)
    return np.where(below[..., None], (30, 60, 90), (190, 210, 240)).astype(np.uint8)


def test_an_enlargement_to_a_bounded_size_starts_from_every_pixel_there_is(photo: Photo) -> None:
    source = photo("china")
    bounded = framed(source, Step("upscale", {"factor": 4}), size=(source.width * 2, source.height * 2))
    assert bounded.size == (source.width * 2, source.height * 2)
    back = resize(bounded, source.size)
    coarse = resize(resize(source, (source.width // 2, source.height // 2)), source.size)
    assert difference(back, source) < 0.6 * difference(coarse, source)


def test_a_sheet_of_turned_pictures_shows_each_of_them_turned(photo: Photo) -> None:
    sources = (photo("china", 300), photo("coffee", 300))
    job = EditJob(sources=sources, prompt="rotate these images by 90 degrees and make them black and white")
    (picture,) = run(job)
    assert isinstance(picture, Picture)
    assert is_grey(picture.raster.rgb)
    paper = (picture.raster.rgb.min(2) > 250).all(1)
    assert not paper.all()


def test_previews_of_a_turned_picture_have_the_canvas_s_size_and_show_it_turned(photo: Photo) -> None:
    source = photo("astronaut")
    job = EditJob(sources=(source,), prompt="rotate it by 90 degrees", previews=3)
    *previews, picture = run(job)
    assert len(previews) == 3
    turned = rotate(Scene(source), degrees=90)
    for preview in previews:
        assert preview.raster.size == picture.raster.size
        assert difference(preview.raster, turned) < 12
    assert (picture.raster.rgb == turned.rgb).all()


def test_several_results_of_a_mere_turn_are_refused(photo: Photo) -> None:
    with pytest.raises(UserError, match="one result only"):
        DarkroomEngine().plan(EditJob(sources=(photo("cat", 128),), prompt="flip it horizontally", seeds=(1, 2)))


def test_only_whole_pictures_are_turned(photo: Photo) -> None:
    with pytest.raises(UserError, match="no part of one"):
        DarkroomEngine().plan(EditJob(sources=(photo("cat", 128),), prompt="flip the subject"))
