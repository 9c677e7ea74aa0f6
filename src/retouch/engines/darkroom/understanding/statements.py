"""What a whole instruction adds to its single steps: what mends a complaint, and what may not change."""

from __future__ import annotations

from dataclasses import replace

from retouch.engines.darkroom.recipe import Step
from retouch.engines.darkroom.understanding.complaints import Finding
from retouch.engines.darkroom.understanding.reading import NO_REST, Reading
from retouch.engines.darkroom.understanding.telling import say
from retouch.engines.darkroom.understanding.vocabulary import Vocabulary

_ALL_FACES = {"face", "subject"}
_REPLACING = {
    "sky": ("replace_sky",),
    "background": ("replace_background", "remove_background"),
}


def settle(found: Reading, lexicon: Vocabulary) -> None:
    """Do what the instruction says of all its steps, and note what it says that none of them answers."""
    asked = list(found.steps)
    for complaint in reversed(found.complaints):
        _answer(complaint, asked, found, lexicon)
    for name, item in found.denied:
        against = [step.op for step in found.steps if _opposite(step.op, name, lexicon)]
        if not against or any(step.op == name for step in found.steps):
            found.puzzle(item)
    if found.rest and not found.keep:
        found.doubt(NO_REST)
    if found.sole:
        found.steps[:] = [part for step in found.steps for part in _confined(step, found, lexicon)]


def _answer(complaint: Finding, asked: list[Step], found: Reading, lexicon: Vocabulary) -> None:
    """Have what mends ``complaint`` done where it was complained, unless one of the steps that were ``asked`` for
    does that; if nobody can tell what would, or whether it is wanted, note that."""
    fault = complaint.fault
    if fault is None:
        if not any(_treats(step, complaint.region) for step in asked):
            found.doubt("needs to be told what to do about that")
            found.unknown.append(complaint.text)
        return
    at = next((at for at, step in enumerate(found.steps) if step.op in fault.remedies and step in asked), None)
    if at is not None:
        if complaint.region and found.steps[at].region is None and not found.steps[at].keep:
            found.steps[at] = replace(found.steps[at], region=complaint.region)
        return
    if any(step.op in _REPLACING.get(complaint.region or "", ()) for step in asked):
        return  # What was wrong there is gone.
    if complaint.vague and any(_treats(step, complaint.region) for step in asked):
        return  # "The sky is dull, make it dramatic"
    mending = found.mending == "fix" or (found.mending == "remove" and complaint.noun)
    if fault.alone and (mending or (complaint.sure and (fault.beside or not asked))):
        operation = lexicon.operations[fault.remedies[0]]
        params = dict(fault.params)
        if complaint.stops and operation.stops:
            params["exposure"] = operation.stops * complaint.stops
        # As much of it as the operation's name alone would ask for.
        parts = (item.senses["part"] for item in lexicon.read(operation.example) if "part" in item)
        amount = round(float(next(parts, 1)) * (1.0 if operation.steady else found.part), 4)
        step = Step(operation.name, params, region=complaint.region, amount=amount)
        if step not in found.steps:
            found.steps.insert(0, step)
        return
    hint = fault.hint or f"say '{say(Step(fault.remedies[0]), lexicon)}'"
    found.doubt(f"needs to be told what to do about that: {hint}")
    found.unknown.append(complaint.text)


def _treats(step: Step, region: str | None) -> bool:
    blurs = region == "background" and step.op == "blur_background"
    return blurs or region in (None, step.region) or step.op in _REPLACING.get(region or "", ())


def _opposite(one: str, other: str, lexicon: Vocabulary) -> bool:
    return other in lexicon.operations[one].against or one in lexicon.operations[other].against


def _confined(step: Step, found: Reading, lexicon: Vocabulary) -> list[Step]:
    """``step`` in the only places that may change."""
    if lexicon.operations[step.op].thing and set(found.sole) <= _ALL_FACES:
        return [step]
    elsewhere = step.region is not None and step.region not in found.sole
    if lexicon.operations[step.op].steady or elsewhere:
        found.doubt("would change more by that than the instruction allows")
        return [step]
    return [step] if step.region else [replace(step, region=region) for region in found.sole]
