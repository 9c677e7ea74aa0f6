"""Statements about a picture, and what a whole instruction adds to its single steps."""

from __future__ import annotations

from dataclasses import replace

from retouch.engines.darkroom.recipe import Step
from retouch.engines.darkroom.understanding.clauses import Clause, joins
from retouch.engines.darkroom.understanding.reading import NO_REST, Complaint, Reading
from retouch.engines.darkroom.understanding.vocabulary import Vocabulary

_SENSELESS = ("polite", "glue", "definite", "as_if", "into", "image", "amount", "effect")
_VERBS = ("is", "are", "was", "seems", "appears")
_ALL_FACES = {"face", "subject"}


def read_complaint(clause: Clause, found: Reading) -> None:
    """ "The sky is too dark": counts if something brightens it."""
    regions: list[str] = []
    wrongs = [item for item in clause.items if "complaint" in item]
    for item in clause.items:
        if "region" in item:
            regions.append(item.senses["region"])
        elif not (
            "complaint" in item or joins(item) or item.text in _VERBS or any(sense in item for sense in _SENSELESS)
        ):
            found.puzzle(item)
    if regions == ["subject", "face"]:
        regions = ["face"]
    if len(regions) > 1:
        found.unknown.append(clause.text)
    region = regions[0] if regions else None
    found.name(regions)
    found.topic = region
    for item in wrongs:
        found.complaints.append(Complaint(tuple(item.senses["complaint"].split()), region, item))


def settle(found: Reading, lexicon: Vocabulary) -> None:
    """Do what the instruction says of all its steps, and note what it says that none of them answers."""
    for complaint in found.complaints:
        at = next((at for at, step in enumerate(found.steps) if step.op in complaint.remedies), None)
        if at is None:
            remedy = lexicon.operations[complaint.remedies[0]].says.format(target="the picture")
            found.doubt(f"needs to be told what to do about that: say '{remedy}'")
            found.unknown.append(complaint.item.text)
        elif complaint.region and found.steps[at].region is None and not found.steps[at].keep:
            found.steps[at] = replace(found.steps[at], region=complaint.region)
    for name, item in found.denied:
        against = [step.op for step in found.steps if _opposite(step.op, name, lexicon)]
        if not against or any(step.op == name for step in found.steps):
            found.puzzle(item)
    if found.rest and not found.keep:
        found.doubt(NO_REST)
    if found.sole:
        found.steps[:] = [part for step in found.steps for part in _confined(step, found, lexicon)]


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
