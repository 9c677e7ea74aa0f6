"""From an instruction in plain English to a recipe, without a language model.

Every word must be accounted for. An instruction that is only half understood is refused, with a message that
says which half: a wrong edit costs a person more than an honest no. The words are data, in ``lexicon/``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from retouch.engines.darkroom.recipe import Recipe, Step
from retouch.engines.darkroom.understanding.clauses import split
from retouch.engines.darkroom.understanding.company import shares_out
from retouch.engines.darkroom.understanding.describing import INVENTED, is_invention
from retouch.engines.darkroom.understanding.description import describe
from retouch.engines.darkroom.understanding.edits import read_edit
from retouch.engines.darkroom.understanding.hearing import listen
from retouch.engines.darkroom.understanding.holes import read_fill, read_removal, read_replacement
from retouch.engines.darkroom.understanding.labels import take_label
from retouch.engines.darkroom.understanding.languages.reader import read_in_any_language
from retouch.engines.darkroom.understanding.literals import read_items
from retouch.engines.darkroom.understanding.mentions import shorten
from retouch.engines.darkroom.understanding.naming import resolve_names
from retouch.engines.darkroom.understanding.preservation import read_keep
from retouch.engines.darkroom.understanding.pronouns import resolve
from retouch.engines.darkroom.understanding.readers import read_clause, read_prompt
from retouch.engines.darkroom.understanding.reading import ONE_SUBJECT, Reading
from retouch.engines.darkroom.understanding.refusal import refuse
from retouch.engines.darkroom.understanding.rephrasing import rephrase
from retouch.engines.darkroom.understanding.statements import settle
from retouch.engines.darkroom.understanding.telling import name_of, say
from retouch.engines.darkroom.understanding.vocabulary import Item, Vocabulary, vocabulary
from retouch.errors import UnsupportedInstruction

_ABOUT_SUBJECTS = ("remove_background", "replace_background", "blur_background")
_HALVES = frozenset({"left", "right", "top", "bottom"})
_EVERYWHERE = ("replace_background", "remove_background", "extend", "extend_frame")
_PLACED = ("paste", "insert", "text")
_FIRST = ("first", "first one", "first image", "first picture", "first photo", "image 1")
_ALIKE = "does the same to every picture of a sheet, and mixes none of them"
_WITHIN = {"face": "subject", "sky": "background"}


def understand(prompt: str, *, has_mask: bool, sources: int) -> Recipe:
    """What ``prompt`` asks for.

    ``has_mask``: whether a mask came with it; ``sources``: how many pictures did. Takes time linear in the
    prompt's length. Raises `UnsupportedInstruction` where any part of it is not understood, cannot be done, or
    contradicts another. English is read first, then seven other languages.
    """
    return read_in_any_language(prompt, partial(_understand, has_mask=has_mask, sources=sources), vocabulary())


def _understand(prompt: str, *, has_mask: bool, sources: int) -> Recipe:
    """What ``prompt`` asks for in English."""
    lexicon = vocabulary()
    label, prompt = take_label(resolve_names(rephrase(prompt), sources), lexicon)
    items = read_items(prompt, lexicon)
    items = resolve(shorten(items) if sources == 1 else items)
    if is_invention(items):
        raise refuse(lexicon, reasons=[INVENTED], unknown=[prompt], has_mask=has_mask)
    heard = listen(items, lexicon, label=label)
    refusal = None
    # What makes sense word for word has nothing to be set aside, but a complaint is never taken for a wish.
    for one in (None,) if heard is None else (None, heard) if heard.plain else (heard,):
        found = Reading(has_mask=has_mask, sources=sources)
        if one is not None:
            found.hear(one)
        _read(one.orders if one else items, found, lexicon)
        try:
            return _conclude(found, lexicon)
        except UnsupportedInstruction as error:
            refusal = error
    described = Reading(has_mask=has_mask, sources=sources)
    if heard is not None and heard.orders and not heard.findings:
        described.hear(heard)
        items = heard.orders
    if not describe(items, described, lexicon):
        raise refusal or AssertionError
    return _conclude(described, lexicon)


def _read(items: Sequence[Item], found: Reading, lexicon: Vocabulary) -> None:
    for clause in [] if read_prompt(items, found, lexicon) else split(items):
        if read_clause(clause, found, lexicon):
            continue
        match clause.kind:
            case "keep":
                read_keep(clause, found)
            case "remove":
                read_removal(clause, found)
            case "fill":
                read_fill(clause, found)
            case "replace":
                read_replacement(clause, found)
            case "edit":
                read_edit(clause, found, lexicon)
    settle(found, lexicon)
    if shares_out(items, lexicon):
        found.doubt(ONE_SUBJECT)
    if found.each and found.sources > 1 and found.steps and any(map(_means_first, items, [Item(""), *items])):
        found.doubt(_ALIKE)


def _means_first(item: Item, before: Item) -> bool:
    """Whether one picture of a sheet is meant: "side by side, the first in sepia"."""
    return ("image" in item and item.text in _FIRST) or (item.text == "first" and "definite" in before)


def _conclude(found: Reading, lexicon: Vocabulary) -> Recipe:
    """What has been read as a recipe. Raises `UnsupportedInstruction` as `understand` does."""
    sources = found.sources
    steps = [_preserve(step, at, found, lexicon) for at, step in enumerate(found.steps)]
    _contradict(steps, found, lexicon)
    steps = _merge(steps)
    steps = [replace(step, says=say(step, lexicon)) for step in steps]
    if found.unknown or found.reasons or not (steps or found.collage):
        foreign = [word for word in found.strange if not word.isascii() and any(map(str.isalpha, word))]
        if foreign and not any(word.isascii() for word in found.strange):
            found.doubt("reads English, Chinese, French, German, Italian, Japanese, Portuguese and Spanish only")
        understood = [step.says for step in steps]
        raise refuse(
            lexicon,
            understood=understood,
            unknown=found.unknown,
            strange=found.strange,
            lost=found.lost,
            reasons=found.reasons,
            has_mask=found.has_mask,
        )
    each = found.each and sources > 1
    return Recipe(tuple(steps), each=each, notes=(*found.notes, *_unused(steps, sources, each)))


def _merge(steps: Sequence[Step]) -> list[Step]:
    """``steps`` without those that another one says again with an exception: "black and white, only the red stays
    in colour" is one wish."""
    return [
        step
        for at, step in enumerate(steps)
        if step.keep
        or not any(
            other.keep and replace(other, keep=()) == step for index, other in enumerate(steps) if index != at
        )
    ]


def _preserve(step: Step, at: int, found: Reading, lexicon: Vocabulary) -> Step:
    """``step``, the one at number ``at``, with the regions that it must leave alone; what it cannot leave alone
    is noted."""
    operation = lexicon.operations[step.op]
    if operation.reframes and (sides := found.keep.keys() - {"subject", "face"}):
        alone = all(lexicon.operations[one.op].reframes for one in found.steps)
        if alone or not _HALVES.isdisjoint(sides):
            found.doubt("keeps what a picture is about when it is cropped, and no other part of it")
    if step.op in _PLACED and not _HALVES.isdisjoint(found.keep):
        found.doubt("keeps no side free: say where it shall go")
    placed = all(one.op in _PLACED for one in found.steps)
    if placed and any(region.startswith("colour:") for region in found.keep):
        found.doubt("puts things in, and cannot tell which colours they shall not have")
    if step.op in _ABOUT_SUBJECTS and step.region in ("subject", "face"):
        found.doubt(f"does not {say(replace(step, region=None), lexicon)} on {name_of(step.region)}")
    if step.op in _EVERYWHERE and not _HALVES.isdisjoint(found.keep):
        found.doubt(f"cannot {say(step, lexicon)} and leave a side of it as it is")
    contradicted = {step.region, _WITHIN.get(step.region or "")}
    kept = [region for region, since in found.keep.items() if at >= since]
    if operation.thing and operation.name != "insert":
        contradicted.add("face")
    if step.op in _ABOUT_SUBJECTS:
        contradicted |= {"background", "sky"}
    if step.op == "replace_sky":
        contradicted.add("sky")
    if step.op in ("soften_skin", "blur_faces", "pixelate_faces"):
        contradicted |= {"subject", "face"}
    if step.op == "remove_subject":
        contradicted |= {"subject", "face"}
    for region in kept:
        if region in contradicted:
            found.doubt(f"cannot {say(step, lexicon)} and keep {name_of(region)} as it is")
    if operation.steady:
        return step  # It changes one thing and leaves the rest alone by itself.
    return replace(step, keep=tuple(dict.fromkeys((*step.keep, *kept))))


def _contradict(steps: list[Step], found: Reading, lexicon: Vocabulary) -> None:
    for at, step in enumerate(steps):
        for other in steps[:at]:
            opposite = _undoes(step, other, lexicon) or _undoes(other, step, lexicon)
            if (dyed := _dyes(step)) is not None and dyed == _dyes(other):
                found.doubt(f"cannot {say(other, lexicon)} and {say(step, lexicon)} at once")
            if step.params.get("colour") != other.params.get("colour"):
                continue  # "Less red and more blue"
            if step.op == other.op == "crop" and {"ratio"} <= step.params.keys() & other.params.keys():
                found.doubt(f"cannot {say(other, lexicon)} and {say(step, lexicon)} at once")
            if opposite and _meet(step, other):
                found.doubt(f"cannot {say(other, lexicon)} and {say(step, lexicon)} at once")
    if found.each and found.sources > 1 and any(step.params.get("image") for step in steps):
        found.doubt(_ALIKE)
    if any(step.op == "remove_subject" for step in steps) and any(map(_needs_subject, steps)):
        found.doubt("has no subject left in the picture once it is removed: ask for the rest in a second request")


def _dyes(step: Step) -> tuple[Any, ...] | None:
    """What a step gives another colour."""
    return (step.region, step.params.get("source")) if step.op == "recolour" else None


def _needs_subject(step: Step) -> bool:
    """Whether a step tells the subject from its background."""
    places = {step.region, *step.keep}
    return step.op in _ABOUT_SUBJECTS or not places.isdisjoint({"subject", "background", "face"})


def _undoes(step: Step, other: Step, lexicon: Vocabulary) -> bool:
    operation = lexicon.operations[step.op]
    return other.op in operation.against or (step.amount >= 1 and other.op in operation.drowns)


def _meet(step: Step, other: Step) -> bool:
    """Whether two steps change the same place, as far as their names tell."""
    for one, region in ((step, other.region), (other, step.region)):
        if region in one.keep or _WITHIN.get(region or "") in one.keep:
            return False
    return step.region == other.region or None in (step.region, other.region)


def _unused(steps: Sequence[Step], sources: int, each: bool) -> tuple[str, ...]:
    """What is told of the pictures that the steps don't use."""
    if sources == 1 or each:
        return ()
    spoken_of = {int(step.params["image"]) for step in steps if step.params.get("image")}
    begins = {int(step.params["image"]) for step in steps if step.op == "take"} or {1}
    unused = [number for number in range(1, sources + 1) if number not in spoken_of | begins]
    if not unused:
        return ()
    if spoken_of:
        numbers = " and ".join(map(str, unused))
        return (f"Image {numbers} was not used." if len(unused) == 1 else f"Images {numbers} were not used.",)
    others = "The other picture was" if sources == 2 else f"The other {sources - 1} pictures were"
    return (f"{others} not used: the instruction speaks of one picture.",)
