"""How much work an edit is worth, and which of a request's parameters its pipeline has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from retouch.engines.base import EditJob
from retouch.engines.diffusers.pictures import is_cut_out
from retouch.engines.diffusers.recipe import Recipe
from retouch.errors import UserError
from retouch.imaging.canvas import place

if TYPE_CHECKING:
    from retouch.engines.diffusers.families import Family
    from retouch.engines.diffusers.options import Options
    from retouch.engines.diffusers.presets import Preset

EFFORTS: Mapping[str, tuple[float, float]] = {
    "low": (0.5, 0.6),
    "medium": (1.0, 1.0),
    "high": (1.25, 1.2),
    "xhigh": (1.5, 1.4),
    "max": (2.0, 1.6),
}
"""For each quality: how many times the model's usual steps, and how many times its usual area at most. Sides grow
by a quarter then, which is as far as models go beyond the size of their training without repeating things."""

LEAST = 0.6
"""Pictures below this share of the usual area are enlarged to it."""

FEW = 16
"""A model that makes do with so many steps was distilled to them: more spoil its pictures, fewer leave noise."""

LOOSER = 0.4
"""How far low fidelity moves the strength from the model's own towards 1, where nothing is kept."""

WHOLE = 0.75
"""How strongly, at most, a model that only fills in repaints a picture that no mask protects any of: of what it is
to paint it sees nothing but what the noise leaves, and at full strength the noise leaves nothing."""

FREER = 0.85
"""By how much low fidelity lowers what holds a pipeline to the picture itself."""

NAMED = {
    "guidance_scale": "the guidance of this model is fixed",
    "negative_prompt": "this model has no use for a negative prompt",
    "strength": "this model edits by instruction, and not by repainting a picture more or less strongly",
}
"""The parameters that not every pipeline has, and why."""


def honoured(family: Family, *, distilled: bool = False) -> frozenset[str]:
    """The parameters beyond the API's own that a pipeline of the family honours. ``distilled``: whether guidance
    was distilled into the checkpoint, so that its pipeline heeds none."""
    names = {"seed", "complexity", "num_inference_steps"}
    if family.guidance_argument is not None and not distilled:
        names.add("guidance_scale")
        if family.negative:
            names.add("negative_prompt")
    if family.strength is not None:
        names.add("strength")
    return frozenset(names)


def settle(
    job: EditJob, family: Family, options: Options, *, preset: Preset | None = None, distilled: bool = False
) -> Recipe:
    """How ``job`` is painted by a pipeline of ``family``.

    What the request says goes before what the operator's ``options`` say, these before the model's ``preset``,
    and that before the family. Quality multiplies what is usual; a number of steps in the request is taken as it
    is. Low fidelity loosens the hold of the picture where the pipeline has such a thing; all others keep to it as
    well as they can, whatever is asked.

    Raises `UserError`, naming the parameter, for what the pipeline cannot do.
    """
    _refuse(job.extras, honoured(family, distilled=distilled))
    steps = _steps(job, _first(options.steps, preset.steps if preset else None, family.steps))
    guidance = None
    if family.guidance_argument is not None:
        own = preset.guidance if preset else None
        guidance = _first(job.extras.get("guidance_scale"), options.guidance, own, family.guidance)
    strength = None
    if family.strength is not None:
        usual = family.strength
        if _repaints(job, family):
            usual = min(usual, WHOLE, 1 - 1 / steps)  # with fewer than all steps: the first begins with pure noise
        strength = _strength(job, _first(options.strength, usual), steps)
    area = options.area or family.area
    most = max(1, round(area * _effort(job)[1]))
    return Recipe(
        steps=steps,
        guidance=None if guidance is None else float(guidance),
        strength=strength,
        area=most,
        least=min(most, max(1, round(LEAST * area))),
        negative=_negative(job.extras, guidance, family),
        crop=options.crop,
        matte=_needs_matting(job, family),
        calls=_calls(job, family, options),
    )


def _refuse(extras: Mapping[str, Any], able: frozenset[str]) -> None:
    for name in extras:
        if name not in able:
            why = NAMED.get(name, "this model does not know it")
            raise UserError(
                f"Unsupported parameter: '{name}': {why}. Leave it out.", param=name, code="unsupported_parameter"
            )


def _effort(job: EditJob) -> tuple[float, float]:
    return EFFORTS[str(job.extras.get("complexity", job.quality))]


def _steps(job: EditJob, usual: int) -> int:
    asked = job.extras.get("num_inference_steps")
    if asked is not None:
        return int(asked)
    return usual if usual <= FEW else round(usual * _effort(job)[0])


def _repaints(job: EditJob, family: Family) -> bool:
    """Whether a model that only fills in is to paint all of the picture anew, and not what is new around it."""
    if job.mask is not None or not family.mask_required:
        return False
    width, height = size = job.size or job.auto_size
    return place(job.sources[0].size, size) == (0, 0, width, height)


def _strength(job: EditJob, usual: float, steps: int) -> float:
    asked = job.extras.get("strength")
    if asked is None:
        strength = usual if job.fidelity == "high" else usual + LOOSER * (1 - usual)
        return strength if int(steps * strength) >= 1 else 1.0
    # Pipelines run this many of the steps, and fail where that is none.
    if int(steps * float(asked)) < 1:
        raise UserError(
            f"Invalid value: 'strength' is {asked}, which leaves none of {steps} steps to do. Expected a value of"
            f" at least {-(-1000 // steps) / 1000:g}.",
            param="strength",
            code="invalid_value",
        )
    return float(asked)


def _negative(extras: Mapping[str, Any], guidance: float | None, family: Family) -> str | None:
    negative = extras.get("negative_prompt")
    # Z-Image counts what is added to plain sampling, the others what that is multiplied with.
    neutral = 0 if family.pipeline.startswith("ZImage") else 1
    if negative and guidance is not None and guidance <= neutral:
        raise UserError(
            f"'negative_prompt' has no effect with a guidance of {guidance:g}. Leave it out or send a"
            f" 'guidance_scale' above {neutral}.",
            param="negative_prompt",
            code="unsupported_parameter",
        )
    return str(negative) if negative else None


def _needs_matting(job: EditJob, family: Family) -> bool:
    """Whether the answer is to be transparent where the pipeline paints it opaque. What came without its
    background goes without it, too, unless one was asked for."""
    if family.alpha or not job.transparent:
        return False
    return job.background == "transparent" or (job.background == "auto" and is_cut_out(job.sources[0]))


def _calls(job: EditJob, family: Family, options: Options) -> dict[str, Any]:
    name = family.image_guidance_argument
    if name is None or job.fidelity == "high":
        return {}
    usual = options.calls.get(name, family.image_guidance)
    return {name: max(1.0, FREER * usual)} if isinstance(usual, int | float) else {}


def _first(*values: Any) -> Any:
    """The first that is not None, or None."""
    return next((value for value in values if value is not None), None)
