from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest

from retouch.engines.base import Canvas, EditJob, Never, Picture, Plan, Preview
from retouch.engines.darkroom import painting
from retouch.engines.darkroom.engine import DarkroomEngine
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision import saliency
from retouch.errors import Cancelled, TargetNotFound, UserError
from retouch.imaging.raster import F32, U8, Raster
from tests.engines.darkroom.editing import Photo, canvas_for, difference, edited, is_grey, run


def test_n_pictures_differ_and_the_first_is_the_designed_one(photo: Photo) -> None:
    source = photo("coffee", 256)
    pictures = run(EditJob(sources=(source,), prompt="vintage", seeds=(7, 8, 9, 10)))
    assert [picture.index for picture in pictures] == [0, 1, 2, 3]
    for one, other in combinations(pictures, 2):
        assert difference(one.raster, other.raster) > 1.0
    assert (pictures[0].raster.rgb == edited("vintage", source, seeds=(7,)).rgb).all()


def test_an_explicit_seed_makes_results_repeatable(photo: Photo) -> None:
    source = photo("coffee", 256)
    first = run(EditJob(sources=(source,), prompt="vintage", seeds=(1, 2), extras={"seed": 42}))
    again = run(EditJob(sources=(source,), prompt="vintage", seeds=(3, 4), extras={"seed": 42}))
    other = run(EditJob(sources=(source,), prompt="vintage", seeds=(1, 2), extras={"seed": -43}))
    assert [(a.raster.rgb == b.raster.rgb).all() for a, b in zip(first, again, strict=True)] == [True, True]
    assert all((a.raster.rgb != b.raster.rgb).any() for a, b in zip(first, other, strict=True))


def test_what_cannot_vary_refuses_n(photo: Photo) -> None:
    with pytest.raises(UserError) as caught:
        DarkroomEngine().plan(EditJob(sources=(photo("cat", 256),), prompt="remove the background", seeds=(1, 2)))
    assert (caught.value.param, caught.value.code) == ("n", "invalid_value")


def test_previews_have_the_final_size_differ_and_come_closer(photo: Photo) -> None:
    source = photo("china")
    *previews, picture = run(EditJob(sources=(source,), prompt="black and white", previews=3))
    assert len(previews) == 3
    assert all(isinstance(preview, Preview) and preview.raster.size == source.size for preview in previews)
    for one, other in pairwise([*previews, picture]):
        assert difference(one.raster, other.raster) > 0
    errors = [difference(preview.raster, picture.raster) for preview in previews]
    assert errors == sorted(errors, reverse=True)
    assert all(is_grey(preview.raster.rgb) for preview in previews)


def test_the_first_preview_waits_for_no_close_look(photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    widths: list[int] = []

    def look(rgb: U8) -> F32:
        widths.append(rgb.shape[1])
        return np.zeros(rgb.shape[:2], np.float32)

    monkeypatch.setattr(saliency, "find_saliency", look)
    source = photo("cat", 640)
    job = EditJob(sources=(source,), prompt="turn day into night", previews=2)
    engine = DarkroomEngine()
    plan = engine.plan(job)
    results = engine.edit(job, plan, canvas_for(job, plan), Never())
    assert isinstance(next(results), Preview)
    assert widths == []
    assert [type(result) for result in results] == [Preview, Picture]
    assert widths == [source.width], "looked at once, for the second preview and for the picture"


def test_where_a_glance_finds_nothing_there_is_one_preview_less(
    photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finds(scene: Scene, **_: Any) -> Raster:
        if scene.original.width < 100:
            raise TargetNotFound("Too small to see.")
        return scene.picture

    monkeypatch.setattr(painting, "find", lambda _: finds)
    results = run(EditJob(sources=(photo("cat", 512),), prompt="sepia", previews=3))
    assert [type(result) for result in results] == [Preview, Preview, Picture]


def test_previews_of_several_pictures_are_of_the_first(photo: Photo) -> None:
    results = run(EditJob(sources=(photo("cat", 128),), prompt="vintage", seeds=(1, 2), previews=2))
    kinds = [(type(result).__name__, result.index) for result in results]
    assert kinds == [("Preview", 0), ("Preview", 0), ("Picture", 0), ("Picture", 1)]


def test_cancellation_is_heeded_before_every_step(photo: Photo) -> None:
    class Count:
        asked = 0

        def cancelled(self) -> bool:
            self.asked += 1
            return self.asked > 2

    job = EditJob(sources=(photo("cat", 128),), prompt="sepia, then darker, then vintage")
    engine, token = DarkroomEngine(), Count()
    plan = engine.plan(job)
    with pytest.raises(Cancelled):
        list(engine.edit(job, plan, canvas_for(job, plan), token))
    assert token.asked == 3


def test_new_area_is_filled_before_the_steps(photo: Photo) -> None:
    source = photo("coffee", 256)
    job = EditJob(sources=(source,), prompt="black and white", size=(256, 256))
    (picture,) = run(job)
    assert picture.raster.size == (256, 256)
    assert is_grey(picture.raster.rgb)
    top = picture.raster.rgb[:30].astype(np.int16)
    assert np.abs(np.diff(top, axis=0)).max() > 0, "the edge's pixels are repeated, nothing was filled"


def test_under_a_mask_new_area_carries_on_the_photograph_and_not_the_look(photo: Photo) -> None:
    source = photo("coffee", 256)
    mask = np.zeros((source.height, source.width), np.float32)
    mask[60:100, 80:160] = 1
    result = edited("black and white", source, mask=mask, size=(256, 256))
    assert not is_grey(result.rgb[:30])


def test_extending_implies_a_size(photo: Photo) -> None:
    wide, tall = photo("coffee", 300), Raster(np.zeros((300, 200, 3), np.uint8))
    panorama = Raster(np.zeros((100, 300, 3), np.uint8))

    def implied(prompt: str, source: Raster) -> tuple[int, int] | None:
        plan = DarkroomEngine().plan(EditJob(sources=(source,), prompt=prompt))
        assert not plan.exact
        return plan.size

    assert implied("extend the image", wide) == (450, 200)
    assert implied("extend the image", tall) == (300, 300)
    assert implied("extend the image", panorama) == (300, 150)
    assert implied("extend it vertically", wide) == (300, 300)
    assert implied("vintage", wide) is None


def test_extending_into_a_size_without_room_is_refused(photo: Photo) -> None:
    source = photo("coffee", 300)

    def plan(prompt: str, size: tuple[int, int]) -> Plan:
        return DarkroomEngine().plan(EditJob(sources=(source,), prompt=prompt, size=size))

    assert plan("extend the image", (300, 300)).size is None
    with pytest.raises(UserError, match="leaves no room") as caught:
        plan("extend the image", (600, 400))
    assert caught.value.param == "size"
    with pytest.raises(UserError, match="no wider in its shape than the picture itself") as caught:
        plan("extend the image sideways", (300, 300))
    assert "none" not in caught.value.message


def test_several_pictures_become_one_sheet(photo: Photo) -> None:
    sources = (photo("cat", 128), photo("coffee", 128), photo("china", 128))
    job = EditJob(sources=sources, prompt="make these images black and white", previews=1)
    engine = DarkroomEngine()
    plan = engine.plan(job)
    assert plan.composes
    assert plan.size is not None
    blank = Raster(np.zeros((200, 300, 3), np.uint8))
    canvas = Canvas(blank, np.ones((200, 300), np.float32), (0, 0, 300, 200))
    preview, picture = engine.edit(job, plan, canvas, Never())
    assert preview.raster.size == picture.raster.size == (300, 200)
    assert is_grey(picture.raster.rgb)
    assert picture.raster.rgb.std() > 20


@pytest.mark.parametrize(
    ("prompt", "extra", "param"),
    [
        ("make these images warmer", {"mask": np.ones((85, 128), np.float32)}, "mask"),
        ("make these images warmer", {"background": "transparent"}, "background"),
        ("extend these images", {}, "prompt"),
        ("remove the background of these images", {}, "prompt"),
    ],
)
def test_a_sheet_refuses_what_it_cannot_have(photo: Photo, prompt: str, extra: dict[str, Any], param: str) -> None:
    sources = (photo("cat", 128), photo("coffee", 128))
    with pytest.raises(UserError) as caught:
        DarkroomEngine().plan(EditJob(sources=sources, prompt=prompt, **extra))
    assert caught.value.param == param


def test_of_several_pictures_the_one_without_a_face_is_named(photo: Photo) -> None:
    sources = (photo("astronaut", 256), photo("coffee", 256))
    job = EditJob(sources=sources, prompt="add sunglasses to everyone in both photos")
    with pytest.raises(TargetNotFound, match="In image 2: There is no face"):
        DarkroomEngine().plan(job)
