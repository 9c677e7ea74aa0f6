from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from retouch.engines.base import EditJob
from retouch.engines.diffusers.effort import EFFORTS, WHOLE, honoured, settle
from retouch.engines.diffusers.families import Family
from retouch.engines.diffusers.options import Options
from retouch.engines.diffusers.presets import Preset
from retouch.engines.diffusers.recipe import Recipe
from retouch.errors import UserError
from retouch.imaging.raster import Raster

INSTRUCTED = Family(
    pipeline="AnEditPipeline",
    masked=None,
    images="one",
    max_images=1,
    image_argument="image",
    mask_argument=None,
    reference_argument=None,
    sized=True,
    multiple=16,
    area=1024 * 1024,
    steps=40,
    guidance=4.0,
    guidance_argument="guidance_scale",
    negative=True,
    strength=None,
    batches=True,
    prompt="plain",
    alpha=False,
    fixed={},
    modular=False,
)
REPAINTING = replace(INSTRUCTED, strength=0.6)
FIXED = replace(INSTRUCTED, guidance=None, guidance_argument=None, steps=4)
HELD = replace(INSTRUCTED, image_guidance=1.5, image_guidance_argument="image_guidance_scale")
PRESET = Preset(name="a", repo="b/a", steps=8, guidance=1.0, pipeline="AnEditPipeline", about="A model.")


def job(*, alpha: bool = False, **fields: Any) -> EditJob:
    levels = np.zeros((8, 8), np.uint8) if alpha else None
    return EditJob(sources=(Raster(np.zeros((8, 8, 3), np.uint8), levels),), prompt="Make it blue", **fields)


def settled(family: Family = INSTRUCTED, options: Options | None = None, **fields: Any) -> Recipe:
    return settle(job(**fields), family, options or Options())


def refused(family: Family, **extras: Any) -> UserError:
    with pytest.raises(UserError) as error:
        settled(family, extras=extras)
    return error.value


def test_better_quality_takes_more_steps_and_pixels() -> None:
    recipes = [settled(quality=quality) for quality in EFFORTS]
    assert list(EFFORTS) == ["low", "medium", "high", "xhigh", "max"]
    assert [recipe.steps for recipe in recipes] == [20, 40, 50, 60, 80]
    areas = [recipe.area for recipe in recipes]
    assert areas == sorted(set(areas))
    assert all(recipe.least <= recipe.area for recipe in recipes)


def test_medium_quality_is_what_the_model_is_used_to() -> None:
    recipe = settled(quality="medium")
    assert (recipe.steps, recipe.guidance, recipe.area) == (40, 4.0, 1024 * 1024)


@pytest.mark.parametrize("quality", EFFORTS)
def test_distilled_models_keep_their_few_steps(quality: str) -> None:
    assert settled(FIXED, quality=quality).steps == 4


def test_complexity_stands_in_for_quality() -> None:
    assert settled(quality="low", extras={"complexity": "high"}).steps == settled(quality="high").steps


def test_the_request_goes_before_the_options_these_before_the_preset_and_that_before_the_family() -> None:
    asked, told = {"num_inference_steps": 33, "guidance_scale": 7.5}, Options(steps=12, guidance=3.0)
    recipe = settle(job(extras=asked, quality="low"), INSTRUCTED, told, preset=PRESET)
    assert (recipe.steps, recipe.guidance) == (33, 7.5)
    recipe = settle(job(), INSTRUCTED, told, preset=PRESET)
    assert (recipe.steps, recipe.guidance) == (12, 3.0)
    recipe = settle(job(), INSTRUCTED, Options(), preset=PRESET)
    assert (recipe.steps, recipe.guidance) == (8, 1.0)


def test_the_operator_can_settle_the_area_and_that_nothing_is_cropped() -> None:
    recipe = settled(options=Options(area=256 * 256, crop=False))
    assert recipe.area == 256 * 256
    assert not recipe.crop


def test_a_guidance_of_nothing_is_one() -> None:
    assert settled(extras={"guidance_scale": 0}).guidance == 0


def test_pipelines_are_told_only_what_they_have() -> None:
    recipe = settled(FIXED)
    assert recipe.guidance is None
    assert recipe.strength is None
    assert settled(REPAINTING).guidance == 4.0


def test_what_a_pipeline_has_is_what_it_declares() -> None:
    common = {"seed", "complexity", "num_inference_steps"}
    assert honoured(FIXED) == common
    assert honoured(INSTRUCTED) == common | {"guidance_scale", "negative_prompt"}
    assert honoured(INSTRUCTED, distilled=True) == common
    assert honoured(replace(REPAINTING, negative=False)) == common | {"guidance_scale", "strength"}


@pytest.mark.parametrize(
    ("family", "name", "value"),
    [
        (FIXED, "guidance_scale", 3.0),
        (FIXED, "negative_prompt", "blur"),
        (INSTRUCTED, "strength", 0.5),
        (INSTRUCTED, "sparkle", 1),
    ],
)
def test_what_a_pipeline_has_not_is_refused_by_name(family: Family, name: str, value: Any) -> None:
    error = refused(family, **{name: value})
    assert error.status == 400
    assert (error.param, error.code) == (name, "unsupported_parameter")
    assert name in error.message


def test_guidance_that_was_distilled_into_a_checkpoint_is_refused() -> None:
    with pytest.raises(UserError, match="guidance"):
        settle(job(extras={"guidance_scale": 3.0}), INSTRUCTED, Options(), distilled=True)


def test_a_negative_prompt_that_would_have_no_effect_is_refused() -> None:
    error = refused(INSTRUCTED, negative_prompt="blur", guidance_scale=1.0)
    assert error.param == "negative_prompt"
    assert settled(extras={"negative_prompt": "blur"}).negative == "blur"
    assert settled(extras={"negative_prompt": ""}).negative is None
    added = replace(INSTRUCTED, pipeline="ZImageInpaintPipeline", guidance=0.0)
    assert "above 0" in refused(added, negative_prompt="blur").message
    assert settled(added, extras={"negative_prompt": "blur", "guidance_scale": 1.0}).negative == "blur"


def test_what_only_fills_in_keeps_something_of_a_picture_that_it_may_paint_all_of() -> None:
    filling = replace(REPAINTING, strength=1.0, mask_required=True)

    def kept(family: Family = filling, options: Options | None = None, **fields: Any) -> float | None:
        return settled(family, options, fidelity="high", **fields).strength

    assert kept(auto_size=(8, 8)) == WHOLE
    assert kept(size=(16, 16)) == WHOLE
    few = [kept(size=(8, 8), extras={"num_inference_steps": steps}) for steps in (1, 2, 3, 4)]
    assert few == [1.0, 1 - 1 / 2, 1 - 1 / 3, WHOLE], "one step at least is left out where there are several"
    assert kept(options=Options(strength=0.9), size=(16, 16)) == 0.9
    assert kept(size=(16, 8)) == 1.0, "what is new has nothing to be kept"
    assert kept(size=(8, 8), mask=np.ones((8, 8), np.float32)) == 1.0
    assert kept(replace(filling, strength=0.6), size=(8, 8)) == 0.6
    assert kept(replace(filling, mask_required=False), size=(8, 8)) == 1.0


def test_a_strength_that_leaves_no_step_to_do_is_refused_with_one_that_does() -> None:
    error = refused(REPAINTING, strength=0.02)
    assert error.param == "strength"
    assert "at least 0.025" in error.message
    assert settled(REPAINTING, extras={"strength": 0.025}).strength == 0.025


@pytest.mark.parametrize("steps", range(1, 101))
def test_the_strength_that_is_advised_can_be_used(steps: int) -> None:
    error = refused(REPAINTING, strength=0.0, num_inference_steps=steps)
    advised = float(error.message.removesuffix(".").rsplit(" ", 1)[1])
    assert settled(REPAINTING, extras={"strength": advised, "num_inference_steps": steps}).strength == advised


@pytest.mark.parametrize("steps", [1, 2, 4, 49])
def test_however_few_the_steps_the_models_own_strength_leaves_one(steps: int) -> None:
    recipe = settled(REPAINTING, options=Options(strength=0.01), extras={"num_inference_steps": steps})
    assert recipe.strength is not None
    assert int(recipe.steps * recipe.strength) >= 1


def test_low_fidelity_keeps_less_where_there_is_such_a_thing() -> None:
    loose, close = (settled(REPAINTING, fidelity=fidelity).strength for fidelity in ("low", "high"))
    assert close == 0.6
    assert loose is not None
    assert 0.6 < loose < 1
    assert settled(REPAINTING, fidelity="low", extras={"strength": 0.3}).strength == 0.3
    assert settled(HELD, fidelity="high").calls == {}
    assert 1 < settled(HELD, fidelity="low").calls["image_guidance_scale"] < 1.5
    told = Options(calls={"image_guidance_scale": 3.0})
    assert settled(HELD, told, fidelity="low").calls["image_guidance_scale"] > 2
    assert settled(fidelity="low") == settled(fidelity="high")


def test_a_transparent_background_is_cut_out_of_what_is_painted_opaque() -> None:
    assert settled(background="transparent").matte
    assert not settled(replace(INSTRUCTED, alpha=True), background="transparent").matte
    assert not settled(background="auto").matte


def test_what_came_cut_out_stays_so_unless_a_background_was_asked_for() -> None:
    assert settled(background="auto", alpha=True).matte
    assert not settled(background="opaque", alpha=True).matte
    assert not settled(background="auto", alpha=True, transparent=False).matte


def test_a_recipe_survives_being_sent() -> None:
    recipe = settled(HELD, fidelity="low", extras={"negative_prompt": "blur"})
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
