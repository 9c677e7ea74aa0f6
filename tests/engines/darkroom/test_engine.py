from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from retouch.engines.base import Canvas, EditJob, Engine, Never, Warming
from retouch.engines.darkroom import operations
from retouch.engines.darkroom.colour import luminance, to_linear
from retouch.engines.darkroom.engine import DarkroomEngine
from retouch.engines.darkroom.painting import Ground, Manner, paint
from retouch.engines.darkroom.recipe import Recipe, Step
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.understanding.sentences import _sentences
from retouch.engines.darkroom.vision import saliency
from retouch.errors import TargetNotFound, UnsupportedInstruction
from retouch.imaging.composite import composite
from retouch.imaging.raster import F32, Raster
from tests.engines.darkroom.editing import Photo, canvas_for, difference, edited, is_grey, left_half, run


def test_it_has_read_its_sentences_once_it_is_warm() -> None:
    _sentences.cache_clear()
    engine = DarkroomEngine()
    assert isinstance(engine, Warming)
    engine.warm()
    assert _sentences.cache_info().currsize == 1


def test_it_is_an_engine_that_declares_itself() -> None:
    engine = DarkroomEngine()
    assert isinstance(engine, Engine)
    assert engine.capabilities.place == "worker"
    assert engine.capabilities.references == 15
    assert engine.capabilities.varies
    assert engine.capabilities.previews


def test_the_recipe_of_a_plan_is_json(photo: Photo) -> None:
    job = EditJob(sources=(photo("cat", 256),), prompt="make the left half warmer")
    plan = DarkroomEngine().plan(job)
    again = replace(plan, recipe=json.loads(json.dumps(plan.recipe)))
    assert plan.revised_prompt == "Make the left half warmer."
    (one,) = DarkroomEngine().edit(job, plan, canvas_for(job, plan), Never())
    (other,) = DarkroomEngine().edit(job, again, canvas_for(job, plan), Never())
    assert (one.raster.rgb == other.raster.rgb).all()


def test_an_instruction_it_does_not_know_is_refused_in_the_plan(photo: Photo) -> None:
    with pytest.raises(UnsupportedInstruction):
        DarkroomEngine().plan(EditJob(sources=(photo("cat", 256),), prompt="turn the cat into a dog"))


def test_a_half_changes_and_the_other_does_not(photo: Photo) -> None:
    source = photo("china", 320)
    result = edited("make the left half black and white", source)
    seam = source.width * 4 // 100
    middle = source.width // 2
    assert is_grey(result.rgb[:, : middle - seam])
    assert (result.rgb[:, middle + seam :] == source.rgb[:, middle + seam :]).all()


def test_the_upper_half_is_the_upper_one(photo: Photo) -> None:
    source = photo("china", 320)
    result = edited("make the top half black and white", source)
    assert is_grey(result.rgb[: source.height // 3])
    assert (result.rgb[-source.height // 3 :] == source.rgb[-source.height // 3 :]).all()


def test_the_background_changes_and_the_person_does_not(photo: Photo) -> None:
    source = photo("astronaut", 384)
    result = edited("Make the background black and white but keep the person in colour", source)
    matte = Scene(source).matte
    assert is_grey(result.rgb[matte < 0.005])
    assert (result.rgb[matte > 0.999] == source.rgb[matte > 0.999]).mean() > 0.99


def test_a_face_is_kept(photo: Photo) -> None:
    source = photo("astronaut", 384)
    result = edited("make it black and white but keep the face", source)
    face = Scene(source).faces[0]
    x, y = face.mesh[1, :2].astype(int)
    assert (result.rgb[y - 5 : y + 5, x - 5 : x + 5] == source.rgb[y - 5 : y + 5, x - 5 : x + 5]).all()
    assert is_grey(result.rgb[:40])


@pytest.mark.rule("A.9/target-not-found")
@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("make the sky warmer", "coffee"),
        ("brighten the face", "coffee"),
        ("sepia, but keep the face", "flower"),
        ("add sunglasses", "coffee"),
    ],
)
def test_what_is_not_in_the_picture_is_refused_in_the_plan(photo: Photo, prompt: str, name: str) -> None:
    with pytest.raises(TargetNotFound):
        DarkroomEngine().plan(EditJob(sources=(photo(name, 320),), prompt=prompt))


def test_a_background_without_a_subject_before_it_is_refused_in_the_plan() -> None:
    flat = Raster(np.full((64, 96, 3), 120, np.uint8))
    with pytest.raises(TargetNotFound, match="No clear subject"):
        DarkroomEngine().plan(EditJob(sources=(flat,), prompt="remove the background"))


def test_sunglasses_need_a_face_inside_the_mask(photo: Photo) -> None:
    source = photo("astronaut", 384)
    mask = np.zeros((source.height, source.width), np.float32)
    mask[-60:] = 1
    with pytest.raises(TargetNotFound, match="inside the marked area"):
        DarkroomEngine().plan(EditJob(sources=(source,), prompt="add sunglasses", mask=mask))
    mask[:] = 1
    assert DarkroomEngine().plan(EditJob(sources=(source,), prompt="add sunglasses", mask=mask))


def test_under_a_mask_nothing_outside_it_is_painted(photo: Photo) -> None:
    source = photo("coffee", 320)
    result = edited("vintage", source, mask=left_half(source))
    assert (result.rgb[:, source.width // 2 :] == source.rgb[:, source.width // 2 :]).all()
    assert (result.rgb[:, : source.width // 2] != source.rgb[:, : source.width // 2]).any()


def test_what_the_mask_marks_is_removed(photo: Photo) -> None:
    source = photo("flower", 256)
    mask = np.zeros((source.height, source.width), np.float32)
    mask[40:100, 60:140] = 1
    result = edited("remove the object", source, mask=mask)
    assert (result.rgb[mask == 0] == source.rgb[mask == 0]).all()
    assert difference(Raster(result.rgb[40:100, 60:140].copy()), Raster(source.rgb[40:100, 60:140].copy())) > 2


@pytest.mark.parametrize("edge", [0, 1])
@pytest.mark.parametrize("name", ["mask", "markup"])
def test_a_mark_that_leaves_nothing_to_fill_with_is_refused_before_anything_is_promised(
    photo: Photo, name: str, edge: int
) -> None:
    source = photo("flower", 256)
    mask = np.zeros((source.height, source.width), np.float32)
    mask[edge:, edge:] = 1
    drawn = Raster(source.rgb, (255 * mask).astype(np.uint8))
    marks: dict[str, Any] = {name: mask if name == "mask" else drawn}
    with pytest.raises(UnsupportedInstruction, match=f"The {name} covers the whole picture"):
        DarkroomEngine().plan(EditJob(sources=(source,), prompt="remove the object", **marks))
    assert DarkroomEngine().plan(EditJob(sources=(source,), prompt="sepia", **marks))


def test_steps_are_done_in_order(photo: Photo) -> None:
    source = photo("cat", 256)
    together = edited("sepia, then make it darker", source)
    apart = edited("make it darker", edited("sepia", source))
    assert difference(together, apart) < 2.0


def test_a_percentage_of_brightness_is_that_of_the_light(photo: Photo) -> None:
    source = photo("coffee", 256)
    dark = Raster((source.rgb // 4).astype(np.uint8))
    before, after = (luminance(to_linear(one.rgb)).mean() for one in (dark, edited("50% brighter", dark)))
    assert 1.4 < after / before < 1.55
    halved = luminance(to_linear(edited("make it half as bright", dark).rgb)).mean()
    assert 0.48 < halved / before < 0.58


def test_a_transparent_background_is_made_where_it_is_asked_for(photo: Photo) -> None:
    source = photo("coffee", 320)
    plan = DarkroomEngine().plan(EditJob(sources=(source,), prompt="sepia", background="transparent"))
    assert [step["op"] for step in plan.recipe["steps"]] == ["sepia", "remove_background"]
    assert "remove the background" in plan.revised_prompt
    alpha = edited("sepia", source, background="transparent").alpha
    assert alpha is not None
    assert alpha[:8, -8:].max() == 0
    assert alpha[source.height // 2, source.width // 2] == 255


def test_transparency_that_is_there_already_is_kept(photo: Photo) -> None:
    opaque = photo("cat", 128)
    alpha = np.full((opaque.height, opaque.width), 255, np.uint8)
    alpha[:, :20] = 0
    source = Raster(opaque.rgb, alpha)
    for background in ("auto", "transparent"):
        result = edited("make it vintage", source, background=background)
        assert result.alpha is not None
        assert (result.alpha == alpha).all()


def test_one_translucent_pixel_makes_no_cut_out(photo: Photo) -> None:
    opaque = photo("coffee", 320)
    alpha = np.full((opaque.height, opaque.width), 255, np.uint8)
    alpha[0, 0] = 254
    job = EditJob(sources=(Raster(opaque.rgb, alpha),), prompt="sepia", background="transparent")
    assert [step["op"] for step in DarkroomEngine().plan(job).recipe["steps"]] == ["sepia", "remove_background"]


def test_high_fidelity_holds_back_on_faces_only(photo: Photo) -> None:
    source = photo("astronaut", 320)
    low, high = edited("warmer", source), edited("warmer", source, fidelity="high")
    face = Scene(source).faces[0]
    x, y = face.mesh[1, :2].astype(int)
    near = (slice(y - 4, y + 4), slice(x - 4, x + 4))
    blend = 0.6 * low.rgb[near].astype(np.float32) + 0.4 * source.rgb[near]
    assert np.abs(high.rgb[near] - blend).max() <= 1.0
    assert (high.rgb[-60:] == low.rgb[-60:]).all()


def test_high_fidelity_leaves_no_ghost_of_a_face_in_a_print(photo: Photo) -> None:
    source = photo("astronaut", 320)
    for asked in ("halftone", "black and white"):
        assert np.array_equal(edited(asked, source).rgb, edited(asked, source, fidelity="high").rgb), asked


def test_a_step_knows_when_it_paints_a_part_only(photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    weights: list[F32 | None] = []

    def spy(scene: Scene, *, amount: float = 1.0) -> Raster:
        weights.append(scene.weight)
        return scene.picture

    monkeypatch.setattr("retouch.engines.darkroom.painting.find", lambda name: spy)
    source = photo("cat", 64)
    recipe = Recipe((Step("sepia"), Step("sepia", region="left"), Step("sepia")))
    paint(Ground(source, (0, 0, *source.size)), recipe, Manner(), Never())
    assert weights[0] is None
    assert weights[1] is not None
    assert weights[1][0, 0] == 1.0
    assert weights[2] is None


def test_a_photograph_is_looked_at_once_for_plan_and_edit(photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:

    looked = 0
    find = saliency.find_saliency

    def counting(rgb: Any) -> F32:
        nonlocal looked
        looked += 1
        return find(rgb)

    monkeypatch.setattr(saliency, "find_saliency", counting)
    edited("make the background darker", photo("coffee", 256), seeds=(1,), previews=0)
    assert looked == 1


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (40, 16)])
@pytest.mark.parametrize("prompt", ["vintage", "sunset", "make the left half black and white", "watercolour"])
def test_tiny_pictures_are_no_trouble(size: tuple[int, int], prompt: str) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    *_, picture = run(EditJob(sources=(Raster(rgb),), prompt=prompt, previews=1))
    assert picture.raster.size == size


def test_every_operation_of_a_recipe_can_be_found() -> None:
    for name in operations.names():
        assert callable(operations.find(name)), name


def test_composite_of_its_picture_restores_protected_pixels_exactly(photo: Photo) -> None:
    source = photo("cat", 200)
    job = EditJob(sources=(source,), prompt="oil painting", mask=left_half(source))
    engine = DarkroomEngine()
    plan = engine.plan(job)
    canvas = canvas_for(job, plan)
    (picture,) = engine.edit(job, plan, canvas, Never())
    final = composite(canvas.base, picture.raster, canvas.weight)
    assert (final.rgb == picture.raster.rgb).all()


def test_a_rim_left_by_rounding_is_part_of_the_photograph(photo: Callable[..., Raster]) -> None:
    base = photo("coffee", 320)
    weight = np.ones((base.height, base.width), np.float32)
    job = EditJob(sources=(base,), prompt="make it warmer", size=base.size)
    engine = DarkroomEngine()
    plain, rimmed = (
        next(engine.edit(job, engine.plan(job), Canvas(base, weight, box), Never()))
        for box in ((0, 0, *base.size), (3, 0, base.width - 6, base.height))
    )
    np.testing.assert_array_equal(plain.raster.rgb, rimmed.raster.rgb)


@pytest.mark.parametrize("prompt", ["blur only the background", "blur everything except the subject"])
def test_a_blur_behind_the_subject_does_not_draw_its_colours_out(photo: Photo, prompt: str) -> None:
    plan = DarkroomEngine().plan(EditJob(sources=(photo("astronaut", 256),), prompt=prompt))
    (step,) = Recipe.from_dict(plan.recipe).steps
    assert (step.op, step.region, step.keep) == ("blur_background", None, ())
    assert plan.revised_prompt == "Blur the background."


def test_it_says_when_only_the_subject_is_recoloured(photo: Photo) -> None:
    def told(name: str, prompt: str) -> str:
        return DarkroomEngine().plan(EditJob(sources=(photo(name, 256),), prompt=prompt)).revised_prompt

    assert "only it" in told("astronaut", "change the orange to blue")
    assert "only it" not in told("china", "change the green to blue")
