"""What strokes mark, and what the darkroom does with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from retouch.engines.base import Canvas, EditJob, Never
from retouch.engines.darkroom import painting
from retouch.engines.darkroom.engine import DarkroomEngine
from retouch.engines.darkroom.markup import marked, marked_on
from retouch.engines.darkroom.scene import Scene
from retouch.errors import TargetNotFound, UserError
from retouch.imaging.canvas import lay_out
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]
Pen = Callable[[ImageDraw.ImageDraw], object]

SIZE = (320, 200)
RED = (255, 0, 0, 255)
INSIDE, OUTSIDE = (100, 100), (250, 30)
"""The middle of the circle that most tests draw, and a place far from it."""


def draw(*pens: Pen, size: tuple[int, int] = SIZE) -> Raster:
    image = Image.new("RGBA", size)
    for pen in pens:
        pen(ImageDraw.Draw(image))
    pixels = np.array(image)
    return Raster(np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3]))


def circle(pen: ImageDraw.ImageDraw) -> None:
    pen.ellipse((60, 60, 140, 140), outline=RED, width=4)


def at(area: np.ndarray, place: tuple[int, int]) -> float:
    return float(area[place[1], place[0]])


def test_a_circle_marks_what_it_encloses_and_nothing_far_from_it() -> None:
    area = marked(draw(circle))
    assert area.dtype == np.float32
    assert area.shape == (200, 320)
    assert (at(area, INSIDE), at(area, OUTSIDE)) == (1, 0)
    assert at(area, (61, 100)) == 1, "the stroke itself"
    assert ((area > 0) & (area < 1)).any(), "a soft edge"


def test_a_small_gap_does_not_open_an_outline_and_a_wide_one_does() -> None:
    def arc(gap: int) -> Raster:
        return draw(lambda pen: pen.arc((60, 60, 140, 140), gap, 360, fill=RED, width=4))

    assert at(marked(arc(15)), INSIDE) == 1
    assert at(marked(arc(120)), INSIDE) == 0


def test_a_faint_highlighter_marks_as_well() -> None:
    faint = draw(lambda pen: pen.ellipse((60, 60, 140, 140), outline=(255, 255, 0, 90), width=4))
    assert at(marked(faint), INSIDE) == 1


def test_the_border_closes_a_corner_and_a_bay() -> None:
    corner = marked(draw(lambda pen: pen.line([(220, 0), (220, 80), (320, 80)], fill=RED, width=4)))
    assert (at(corner, (280, 40)), at(corner, (100, 100))) == (1, 0)
    bay = marked(draw(lambda pen: pen.line([(100, 199), (100, 120), (200, 120), (200, 199)], fill=RED, width=4)))
    assert (at(bay, (150, 170)), at(bay, (50, 50))) == (1, 0)


def test_a_line_across_the_picture_marks_itself_alone() -> None:
    area = marked(draw(lambda pen: pen.line([(0, 60), (320, 60)], fill=RED, width=6)))
    assert (at(area, (160, 60)), at(area, (160, 30)), at(area, (160, 150))) == (1, 0, 0)


def test_a_frame_around_everything_marks_everything() -> None:
    assert marked(draw(lambda pen: pen.rectangle((0, 0, 319, 199), outline=RED, width=3))).min() == 1


def test_what_is_painted_over_is_marked_and_nothing_else() -> None:
    area = marked(draw(lambda pen: pen.rectangle((60, 60, 140, 140), fill=RED)))
    assert (at(area, INSIDE), at(area, (180, 100))) == (1, 0)


def test_markup_of_any_size_marks_the_same_place() -> None:
    def large(pen: ImageDraw.ImageDraw) -> None:
        pen.ellipse((600, 600, 1400, 1400), outline=RED, width=2)

    area = marked(draw(large, size=(3200, 2000)))
    assert area.shape == (2000, 3200)
    assert (at(area, (1000, 1000)), at(area, (2500, 300))) == (1, 0)
    assert marked(draw(lambda pen: pen.point((0, 0), fill=RED), size=(1, 1))).tolist() == [[1]]


def test_on_a_canvas_it_lies_where_the_picture_lies() -> None:
    area = marked_on(draw(circle), (40, 0, 320, 200), (400, 200))
    assert area.shape == (200, 400)
    assert (at(area, (140, 100)), at(area, (60, 100))) == (1, 0)


# --- the darkroom -------------------------------------------------------------------------------------


def edited(prompt: str, source: Raster, markup: Raster | None, **options: Any) -> tuple[Raster, str]:
    job = EditJob(sources=(source,), prompt=prompt, markup=markup, **options)
    engine = DarkroomEngine()
    plan = engine.plan(job)
    laid = lay_out(source, None, job.size or source.size)
    (picture,) = engine.edit(job, plan, Canvas(laid.base, laid.weight, laid.box), Never())
    return picture.raster, plan.revised_prompt


def ring_for(source: Raster) -> Raster:
    width, height = source.size
    box = (width * 0.3, height * 0.3, width * 0.6, height * 0.7)
    return draw(lambda pen: pen.ellipse(box, outline=RED, width=5), size=source.size)


@pytest.mark.rule("A.3/markup")
def test_remove_this_fills_what_is_circled(photo: Photo) -> None:
    source = photo("coffee", 320)
    markup = ring_for(source)
    result, says = edited("remove this", source, markup)
    changed = (result.rgb != source.rgb).any(axis=2)
    area = marked(markup)
    assert not changed[area == 0].any()
    assert changed[area == 1].mean() > 0.9
    assert says == "Remove what is marked and continue the surroundings over it."


def test_without_markup_the_same_words_are_refused(photo: Photo) -> None:
    with pytest.raises(UserError, match="needs a mask"):
        edited("remove this", photo("coffee", 160), None)


@pytest.mark.parametrize("prompt", ["make it black and white", "make the circled area black and white"])
def test_a_look_goes_where_it_was_marked(photo: Photo, prompt: str) -> None:
    source = photo("flower", 320)
    markup = ring_for(source)
    result, _ = edited(prompt, source, markup)
    area = marked(markup)
    assert (np.ptp(result.rgb[area == 1].astype(int), axis=-1) <= 3).all()
    np.testing.assert_array_equal(result.rgb[area == 0], source.rgb[area == 0])


@pytest.mark.rule("A.3/markup")
@pytest.mark.parametrize("prompt", ["remove this", "make it brighter", "turn it into a watercolour"])
def test_strokes_never_show(photo: Photo, prompt: str) -> None:
    source = photo("coffee", 320)
    ring = ring_for(source)
    green = Raster(np.where(ring.rgb.any(axis=2, keepdims=True), (0, 255, 0), 0).astype(np.uint8), ring.alpha)
    first, _ = edited(prompt, source, ring)
    second, _ = edited(prompt, source, green)
    np.testing.assert_array_equal(first.rgb, second.rgb)


def test_on_a_larger_canvas_the_mark_moves_with_the_picture(photo: Photo) -> None:
    source = photo("flower", 320)
    width, height = source.size
    markup = ring_for(source)
    result, _ = edited("make it black and white", source, markup, size=(2 * width, height))
    area = marked_on(markup, (width // 2, 0, width, height), result.size)
    assert (np.ptp(result.rgb[area == 1].astype(int), axis=-1) <= 3).all()
    inside = result.rgb[:, width // 2 : width // 2 + width]
    np.testing.assert_array_equal(inside[marked(markup) == 0], source.rgb[marked(markup) == 0])


def test_sunglasses_need_a_face_inside_what_is_marked(photo: Photo) -> None:
    source = photo("astronaut", 384)
    low = draw(lambda pen: pen.rectangle((20, 330, 120, 370), outline=RED, width=4), size=source.size)
    with pytest.raises(TargetNotFound, match="no face inside the marked area"):
        edited("add sunglasses", source, low)


def test_markup_of_one_picture_does_not_go_with_an_edit_of_several(photo: Photo) -> None:
    source = photo("coffee", 160)
    job = EditJob(sources=(source, source), prompt="make these images sepia", markup=ring_for(source))
    with pytest.raises(UserError, match="Leave out the markup") as caught:
        DarkroomEngine().plan(job)
    assert caught.value.param == "markup"


# --- complexity ---------------------------------------------------------------------------------------


@pytest.mark.rule("A.3/complexity", "A.3/quality")
@pytest.mark.parametrize(
    ("quality", "extras", "expected"),
    [
        ("low", {}, "low"),
        ("low", {"complexity": "high"}, "high"),
        ("high", {"complexity": "low"}, "low"),
        ("xhigh", {"complexity": "medium"}, "medium"),
        ("xhigh", {}, "high"),
        ("max", {}, "high"),
    ],
)
def test_complexity_is_the_finesse_in_place_of_the_quality(
    photo: Photo, monkeypatch: pytest.MonkeyPatch, quality: str, extras: dict[str, str], expected: str
) -> None:
    seen: list[str] = []

    def look(scene: Scene, *, amount: float = 1.0) -> Raster:
        seen.append(scene.quality)
        return scene.picture

    monkeypatch.setattr(painting, "find", lambda name: look)
    edited("make it sepia", photo("coffee", 64), None, quality=quality, extras=extras)
    assert seen == [expected]


def test_the_darkroom_declares_what_it_honours() -> None:
    assert DarkroomEngine().capabilities.extras == {"seed", "markup", "complexity"}
