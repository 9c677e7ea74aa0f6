"""Instructions that the rest of the request contradicts."""

from __future__ import annotations

from retouch.engines.base import EditJob
from retouch.engines.darkroom.framing import reframes
from retouch.engines.darkroom.recipe import Recipe
from retouch.engines.darkroom.understanding.vocabulary import vocabulary
from retouch.errors import UserError


def refuse_contradictions(job: EditJob, recipe: Recipe, placed: bool) -> None:
    """Raise `UserError` where a sheet of several pictures meets what is meant for one, or a step that moves the
    picture's pixels what is meant for a place. ``placed``: a mask or markup says where to edit."""
    if not recipe.each:
        _refuse_moving(job, recipe)
        return
    if placed:
        name = "mask" if job.markup is None else "markup"
        raise UserError(
            f"A {name} marks places in the first picture, but the instruction speaks of several pictures. "
            f"Leave out the {name}, or speak of one picture.",
            param=name,
            code="invalid_value",
        )
    if job.background == "transparent":
        raise UserError(
            "A sheet of several pictures has an opaque background. Send one picture, or leave out background.",
            param="background",
            code="invalid_value",
        )
    if any(step.op == "remove_background" for step in recipe.steps):
        raise UserError(
            "A sheet of several pictures is opaque, so no background can be removed. Send one at a time.",
            param="prompt",
            code="unsupported_instruction",
        )


def _refuse_moving(job: EditJob, recipe: Recipe) -> None:
    """With a mask the service says the same of every engine."""
    if not reframes(recipe):
        return
    part = next((step for step in recipe.steps if step.region and vocabulary().operations[step.op].reframes), None)
    if part is not None:
        raise UserError(
            f"The instruction would {part.op.replace('_', ' ')} only a part of the picture, the {part.region}. "
            "Whole pictures are cropped, turned, mirrored and framed here, and no part of one.",
            param="prompt",
            code="unsupported_instruction",
        )
    if job.markup is not None:
        raise UserError(
            "This instruction moves the picture's pixels, so what the markup marks would move away from it. Leave "
            "out the markup.",
            param="markup",
            code="unsupported_instruction",
        )
    if any(step.op == "extend" for step in recipe.steps):
        raise UserError(
            "A picture is extended in its own frame: extend it first, and change its frame in a second request.",
            param="prompt",
            code="unsupported_instruction",
        )


def one_result_only(wanted: int) -> UserError:
    """The refusal of ``wanted`` pictures where nothing can vary."""
    return UserError(
        f"This instruction has one result only, so {wanted} pictures of it would be the same. Ask for n=1.",
        param="n",
        code="invalid_value",
    )
