"""The darkroom as an engine: instruction in, pictures out."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from retouch.engines.base import (
    CancelToken,
    Canvas,
    Capabilities,
    EditJob,
    Picture,
    Plan,
    Preview,
    Size,
)
from retouch.engines.darkroom import regions
from retouch.engines.darkroom.assets import use_folder
from retouch.engines.darkroom.contradictions import one_result_only, refuse_contradictions
from retouch.engines.darkroom.demands import LOOK_SIDE, seek
from retouch.engines.darkroom.framing import framed_size, reframes
from retouch.engines.darkroom.markup import marked, marked_on
from retouch.engines.darkroom.operations.sheet import natural_size
from retouch.engines.darkroom.painting import Ground, Manner, photograph
from retouch.engines.darkroom.passes import FILLED_PREVIEW_SIDES, coarse_sides, framed, pictures, reduced, sheets
from retouch.engines.darkroom.recipe import Recipe, Step
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.understanding.instruction import understand
from retouch.engines.darkroom.understanding.telling import say
from retouch.engines.darkroom.understanding.vocabulary import vocabulary
from retouch.errors import TargetNotFound, UnsupportedInstruction, UserError
from retouch.imaging.raster import F32, Raster

CLEARING = ("remove_background", "round_corners", "circle_crop")
"""Operations that leave something transparent."""

SOLID, HOLLOW = 128, 0.01
"""A picture is cut out already if more than this share of it lies below that alpha."""

EXTENSION = 1.5
"""How much longer a side becomes that nobody asked a size for."""


class DarkroomEngine:
    """Edits without a model of language or of pictures in general: every ability is an operation of its own.

    Markup says where, as a mask does, but softly and without the promise that nothing else changes: see
    `retouch.engines.darkroom.markup`. ``complexity`` is how fine the work is, in place of the quality.

    Stateless but for what it saw while planning the last job, which `edit` uses again.
    """

    def __init__(self, things: str | None = None) -> None:
        """``things``: a folder of the user's own cut-outs, PNG files with transparency: "corgi.png" is what "add a
        corgi" puts in. What cannot be used of it is left out with a line in the log."""
        use_folder(None if things is None else Path(things).expanduser())
        examples = tuple(operation.example for operation in vocabulary().operations.values())
        self.capabilities = Capabilities(extras=frozenset({"seed", "markup", "complexity"}), abilities=examples)
        self._job: weakref.ref[EditJob] | None = None
        self._seen: list[Scene] = []

    def warm(self) -> None:
        """Get ready to read instructions."""
        understand("Make it black and white", has_mask=False, sources=1)

    def plan(self, job: EditJob) -> Plan:
        """Understand the job; look at its pictures only as far as a refusal depends on them.

        Raises `UnsupportedInstruction`, `TargetNotFound`, and `UserError` for a mask, a size or an ``n`` that
        contradicts the instruction.
        """
        self._forget()
        place = marked(job.markup) if job.markup is not None else job.mask
        recipe = understand(job.prompt, has_mask=place is not None, sources=len(job.sources))
        refuse_contradictions(job, recipe, place is not None)
        recipe = _cut_out(job, replace(recipe, steps=tuple(map(_behind, recipe.steps))))
        if len(job.seeds) > 1 and all(vocabulary().operations[step.op].unvarying for step in recipe.steps):
            raise one_result_only(len(job.seeds))
        _leave_something(job, recipe, place)
        size = _implied_size(job, recipe)
        seen = _looked_at(job, recipe)
        for number, scene in enumerate(seen, 1):
            try:
                seek(scene, recipe, place)
            except TargetNotFound as error:
                if not recipe.each:
                    raise
                raise TargetNotFound(f"In image {number}: {error.message}") from None
        self._job, self._seen = weakref.ref(job), seen
        if place is None and not recipe.each and _is_the_subjects(recipe, seen[0]):
            recipe = replace(
                recipe, notes=(*recipe.notes, "The subject has that colour, so only it is recoloured.")
            )
        if not job.transparent and any(step.op in CLEARING for step in recipe.steps):
            note = "What is cut out lies on white: this model or format has no transparency."
            recipe = replace(recipe, notes=(*recipe.notes, note))
        return Plan(
            revised_prompt=recipe.revised_prompt(),
            size=size,
            composes=recipe.each or reframes(recipe),
            recipe=recipe.to_dict(),
        )

    def edit(self, job: EditJob, plan: Plan, canvas: Canvas, cancel: CancelToken) -> Iterator[Preview | Picture]:
        """Previews are passes of the same recipe over a smaller canvas, all of them of the first picture."""
        recipe = Recipe.from_dict(plan.recipe)
        seen = self._recall(job, recipe)
        manners = _manners(job)
        try:
            if recipe.each:
                yield from sheets(job, recipe, canvas.size, manners, seen, cancel)
            elif reframes(recipe):
                yield from framed(job, recipe, canvas.size, manners, seen[0], cancel)
            else:
                mask = None if job.mask is None else canvas.weight
                if job.markup is not None:
                    mask = marked_on(job.markup, canvas.box, canvas.size)
                enlarged = canvas.box[2] / job.sources[0].width
                ground = Ground(canvas.base, photograph(canvas.box, canvas.size), mask, job.sources, enlarged)
                yield from pictures(job, recipe, ground, manners, seen[0], cancel)
        finally:
            self._forget()

    def close(self) -> None:
        self._forget()

    def _recall(self, job: EditJob, recipe: Recipe) -> list[Scene]:
        if self._job is not None and self._job() is job:
            return self._seen
        return _looked_at(job, recipe)

    def _forget(self) -> None:
        self._job, self._seen = None, []


def _looked_at(job: EditJob, recipe: Recipe) -> list[Scene]:
    sources = job.sources if recipe.each else job.sources[:1]
    # Only the passes of one picture in its own frame begin with a hasty one.
    hurried = job.previews > 0 and not (recipe.each or reframes(recipe))
    return [Scene(reduced(source, LOOK_SIDE), sources=job.sources, hurried=hurried) for source in sources]


def _is_the_subjects(recipe: Recipe, scene: Scene) -> bool:
    """Whether a colour is changed on the subject alone, though the instruction only names the colour."""
    if reframes(recipe):
        return False
    named = [step.params.get("source") for step in recipe.steps if step.op == "recolour" and step.region is None]
    return any(colour is not None and regions.is_subjects(scene, colour) for colour in named)


def _behind(step: Step) -> Step:
    """A blur of what is not the subject as the one made for that: any other draws the subject's colours out into
    its background."""
    kept = tuple(region for region in step.keep if region != "subject")
    if step.op != "blur" or not (step.region == "background" or (step.region is None and kept != step.keep)):
        return step
    behind = replace(step, op="blur_background", region=None, keep=kept)
    return replace(behind, says=say(behind, vocabulary()))


def _cut_out(job: EditJob, recipe: Recipe) -> Recipe:
    """The recipe with its background removed, where the client asked for a transparent one and has none yet."""
    wanted = job.background == "transparent" and all(step.op not in CLEARING for step in recipe.steps)
    if not wanted or all(_is_cut_out(source) for source in job.sources[:1]):
        return recipe
    says = vocabulary().operations["remove_background"].says
    return replace(recipe, steps=(*recipe.steps, Step("remove_background", says=says)))


def _is_cut_out(source: Raster) -> bool:
    return source.alpha is not None and float((source.alpha < SOLID).mean()) >= HOLLOW


def _implied_size(job: EditJob, recipe: Recipe) -> Size | None:
    if recipe.each:
        if any(step.op == "extend" for step in recipe.steps):
            raise UserError(
                "A sheet of several pictures cannot be extended. Extend one picture at a time.",
                param="prompt",
                code="unsupported_instruction",
            )
        return natural_size([framed_size(recipe, [source.size]) for source in job.sources])
    if reframes(recipe):
        return framed_size(recipe, [source.size for source in job.sources])
    extension = next((step for step in recipe.steps if step.op == "extend"), None)
    if extension is None:
        return None
    width, height = job.sources[0].size
    direction = extension.params.get("direction")
    if job.size is not None:
        wider, taller = job.size[0] * height > width * job.size[1], job.size[0] * height < width * job.size[1]
        if {"sideways": wider, "upright": taller}.get(str(direction), wider or taller):
            return None
        longer = {"sideways": "wider", "upright": "taller"}.get(str(direction), "wider or taller")
        raise UserError(
            f"The instruction extends the picture, but the size {job.size[0]}x{job.size[1]} is no {longer} in its "
            f"shape than the picture itself ({width}x{height}), which leaves no room for that. It takes a size "
            f"of a {longer} shape.",
            param="size",
            code="invalid_value",
        )
    # Without a word about the direction the shorter way grows, until that makes a panorama.
    if direction == "sideways" or (direction is None and width <= EXTENSION * height):
        return round(width * EXTENSION), height
    return width, round(height * EXTENSION)


def _leave_something(job: EditJob, recipe: Recipe, place: F32 | None) -> None:
    """Raise `UnsupportedInstruction` where what is to be filled leaves nothing to fill it with, not even in the
    coarsest of the previews."""
    if place is None or not any(step.op == "fill" and not (step.region or step.keep) for step in recipe.steps):
        return
    side = next(coarse_sides(job.size or job.sources[0].size, 1, FILLED_PREVIEW_SIDES))
    if (_reduced_weight(place, side) > 0).all():
        name = "mask" if job.markup is None else "markup"
        raise UnsupportedInstruction(
            f"The {name} covers the whole picture, so there is nothing left to fill it with. Mark a part of it."
        )


def _reduced_weight(weight: F32, side: int) -> F32:
    height, width = weight.shape
    scale = min(1.0, side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(weight, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def _manners(job: EditJob) -> list[Manner]:
    """One for each picture: the first as designed, the others spread over what variations there are.

    An explicit ``seed`` counts from the first picture on, whatever the service drew.
    """
    first = job.extras.get("seed")
    seeds = job.seeds if first is None else [int(first) + index for index in range(len(job.seeds))]
    variations = [0.0, *_spread(seeds[1:])]
    finesse = str(job.extras.get("complexity", job.quality))
    return [
        Manner(seed=abs(seed), variation=variation, quality=finesse, restraint=job.fidelity == "high")
        for seed, variation in zip(seeds, variations, strict=True)
    ]


def _spread(seeds: Sequence[int]) -> list[float]:
    """A place in -1..1 for each seed, no two close to each other nor to 0: one in each of as many stretches, and
    where in its stretch the seed says."""
    count = len(seeds)
    places: list[float] = []
    for index, seed in enumerate(seeds):
        side = 1 if index % 2 == 0 else -1
        stretches = (count + 1) // 2 if side > 0 else count // 2
        # From the far end inwards: of two pictures the second then differs as much as it can.
        stretch = stretches - 1 - index // 2
        jitter = np.random.default_rng(abs(seed)).uniform(0.7, 1.0)
        places.append(side * (0.2 + 0.8 * (stretch + float(jitter)) / stretches))
    return places
