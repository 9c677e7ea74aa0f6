"""From an instruction in plain English to a recipe, without a language model.

Every word must be accounted for. An instruction that is only half understood is refused, with a message that
says which half: a wrong edit costs a person more than an honest no. The words are data, in ``lexicon/``.
"""

from __future__ import annotations

from dataclasses import replace

from retouch.engines.darkroom.recipe import Recipe, Step
from retouch.engines.darkroom.understanding.clauses import split
from retouch.engines.darkroom.understanding.edits import read_edit
from retouch.engines.darkroom.understanding.holes import read_fill, read_removal, read_replacement
from retouch.engines.darkroom.understanding.preservation import read_keep
from retouch.engines.darkroom.understanding.pronouns import resolve
from retouch.engines.darkroom.understanding.reading import Reading
from retouch.engines.darkroom.understanding.refusal import refuse
from retouch.engines.darkroom.understanding.statements import read_complaint, settle
from retouch.engines.darkroom.understanding.vocabulary import Vocabulary, vocabulary

_NAMES = {
    "background": "the background",
    "sky": "the sky",
    "subject": "the subject",
    "face": "the face",
    "left": "the left half",
    "right": "the right half",
    "top": "the upper half",
    "bottom": "the lower half",
}
_WITHIN = {"face": "subject", "sky": "background"}


def understand(prompt: str, *, has_mask: bool, sources: int) -> Recipe:
    """What ``prompt`` asks for.

    ``has_mask``: whether a mask came with it; ``sources``: how many pictures did. Takes time linear in the
    prompt's length. Raises `UnsupportedInstruction` where any part of it is not understood, cannot be done, or
    contradicts another.
    """
    lexicon = vocabulary()
    found = Reading(has_mask=has_mask, sources=sources)
    for clause in split(resolve(lexicon.read(prompt))):
        match clause.kind:
            case "keep":
                read_keep(clause, found)
            case "remove":
                read_removal(clause, found)
            case "fill":
                read_fill(clause, found)
            case "replace":
                read_replacement(clause, found)
            case "complaint":
                read_complaint(clause, found)
            case "edit":
                read_edit(clause, found, lexicon)
    settle(found, lexicon)
    steps = [_preserve(step, at, found, lexicon) for at, step in enumerate(found.steps)]
    _contradict(steps, found, lexicon)
    steps = [replace(step, says=_say(step, lexicon)) for step in steps]
    if found.unknown or found.reasons or not steps:
        foreign = [word for word in found.strange if not word.isascii() and any(map(str.isalpha, word))]
        if foreign and not any(word.isascii() for word in found.strange):
            found.doubt("reads English only")
        understood = [step.says for step in steps]
        raise refuse(
            lexicon,
            understood=understood,
            unknown=found.unknown,
            strange=found.strange,
            lost=found.lost,
            reasons=found.reasons,
            has_mask=has_mask,
        )
    each = found.each and sources > 1
    return Recipe(tuple(steps), each=each, notes=_unused(sources, each))


def _preserve(step: Step, at: int, found: Reading, lexicon: Vocabulary) -> Step:
    """``step``, the one at number ``at``, with the regions that it must leave alone; what it cannot leave alone
    is noted."""
    operation = lexicon.operations[step.op]
    contradicted = {step.region, _WITHIN.get(step.region or "")}
    kept = [region for region, since in found.keep.items() if at >= since]
    if operation.thing:
        contradicted.add("face")
    if step.op == "remove_background":
        contradicted |= {"background", "sky"}
    for region in kept:
        if region in contradicted:
            found.doubt(f"cannot {_say(step, lexicon)} and keep {_NAMES[region]} as it is")
    if operation.steady:
        return step  # It changes one thing and leaves the rest alone by itself.
    return replace(step, keep=tuple(dict.fromkeys((*step.keep, *kept))))


def _contradict(steps: list[Step], found: Reading, lexicon: Vocabulary) -> None:
    for at, step in enumerate(steps):
        for other in steps[:at]:
            opposite = _undoes(step, other, lexicon) or _undoes(other, step, lexicon)
            if opposite and _meet(step, other):
                found.doubt(f"cannot {_say(other, lexicon)} and {_say(step, lexicon)} at once")


def _undoes(step: Step, other: Step, lexicon: Vocabulary) -> bool:
    operation = lexicon.operations[step.op]
    return other.op in operation.against or (step.amount >= 1 and other.op in operation.drowns)


def _meet(step: Step, other: Step) -> bool:
    """Whether two steps change the same place, as far as their names tell."""
    for one, region in ((step, other.region), (other, step.region)):
        if region in one.keep or _WITHIN.get(region or "") in one.keep:
            return False
    return step.region == other.region or None in (step.region, other.region)


def _say(step: Step, lexicon: Vocabulary) -> str:
    """The step for people, in the imperative."""
    target = _NAMES[step.region] if step.region else "the picture"
    choices = " ".join(value for _, value in sorted(step.params.items()) if isinstance(value, str))
    if step.keep:
        target += " except " + " and ".join(_NAMES[region] for region in step.keep)
    says = lexicon.operations[step.op].says.format(target=target, choices=choices)
    if (stops := step.params.get("exposure")) is not None:
        says += f" by {abs(2.0**stops - 1):.0%} ({stops:+.2f} stops)"
    if step.amount != 1:
        says += f" (strength {step.amount:.0%})"
    return " ".join(says.split())


def _unused(sources: int, each: bool) -> tuple[str, ...]:
    if sources == 1 or each:
        return ()
    others = "The other picture was" if sources == 2 else f"The other {sources - 1} pictures were"
    return (f"{others} not used: the instruction speaks of one picture.",)
