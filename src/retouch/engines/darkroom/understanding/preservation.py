"""Clauses that say what must stay: "but keep the face", "without changing the background"."""

from __future__ import annotations

from dataclasses import replace

from retouch.engines.darkroom.recipe import Step
from retouch.engines.darkroom.understanding import hues
from retouch.engines.darkroom.understanding.clauses import WHOLE, Clause, denies, joins
from retouch.engines.darkroom.understanding.nouns import listed
from retouch.engines.darkroom.understanding.places import WORN
from retouch.engines.darkroom.understanding.reading import NO_MASK, ONE_SUBJECT, Reading
from retouch.engines.darkroom.understanding.vocabulary import Item, vocabulary

_SENSELESS = ("keep", "definite", "glue", "kept", "polite", "as_if", "from", "relative")
_LOCAL = ("remove_subject", "insert", "paste", "text")
_HIDING = ("blur_faces", "pixelate_faces")
_OF_SKIN = ("soften_skin",)
_EXCEPTING = ("except", "but", "apart", "aside", "other than", "excluding", "all but", "not")

_CHOOSING = (
    "except",
    "excluding",
    "apart from",
    "aside from",
    "other than",
    "all but",
    "all except",
    "everyone but",
    "everybody but",
    "but not",
    "not on",
    "not to",
)


def _is_worn(step: Step) -> bool:
    return step.op in _HIDING or vocabulary().operations[step.op].family in WORN


def read_keep(clause: Clause, found: Reading) -> None:
    """Add the regions that ``clause`` names to ``found.keep``, and what it denies to ``found.denied``."""
    regions: list[str] = []
    names: list[str] = []
    anyway = denied = picture = False
    excepting = any("keep" in item and any(word in item.text for word in _EXCEPTING) for item in clause.items)
    chosen = any("keep" in item and f"{item.text} ".startswith(_CHOOSING) for item in clause.items)
    # "... leave the sofa", but not "a plane leaving a trail".
    owned = any("definite" in item and item.text not in ("a", "an") for item in clause.items)
    if "denial" in clause.items[0] and found.steps and found.steps[-1].op == "insert":
        found.unknown.append(clause.text)  # "A chair instead of the man"
    for at, item in enumerate(clause.items):
        if "op.looks" in item and at and denies(clause.items[at - 1]):
            found.denied.append((item.senses["op.looks"], item))
            denied = True
        elif "skin" in item.text.split() and found.steps and all(step.op in _OF_SKIN for step in found.steps):
            anyway = True  # "Smooth the skin but keep skin tones natural": its colour stays.
        elif region := _region(item, found, excepting=excepting):
            if "denial" in clause.items[0] and region in ("sky", "background"):
                found.unknown.append(clause.text)  # "A sunset instead of the sky": which of them stays?
            regions.append(region)
            names += [item.senses["name"]] if "name" in item else []
        elif "outside_mask" in item:
            anyway = True
            if not found.has_mask:
                found.doubt(NO_MASK)
        elif "kept_anyway" in item or (at and denies(clause.items[at - 1]) and _recoloured_from(item, found)):
            anyway = True
        elif "image" in item or "images" in item or "nothing" in item:
            picture = True
        elif "area" in item and found.has_mask:
            found.doubt("changes what the mask marks: leave out of the mask what should stay")
        elif owned and _stays(item, found):
            anyway = True
        elif not (joins(item) or any(sense in item for sense in _SENSELESS)):
            found.puzzle(item, place=at > 0 and "definite" in clause.items[at - 1])
    if chosen and not {"subject", "face"}.isdisjoint(regions) and any(map(_is_worn, found.last)):
        found.doubt(ONE_SUBJECT)  # "Sunglasses on everyone except me"
        found.unknown.append(clause.text)
    if regions == ["subject", "face"]:
        regions = ["face"]  # "the person's face"
        if any(name.startswith("things/") for name in names):
            found.doubt("finds the faces of people only")
    understood = regions or anyway or denied
    if picture and not understood:
        found.doubt("has nothing to do: the instruction asks to leave the picture as it is")
    elif not understood and not found.unknown:
        found.unknown.append(clause.text)
    found.call(names)
    found.name(regions)
    # "Brighten the face and make everything except the face darker": the exception is of the second edit alone.
    alone = any("keep" in item and item.text.startswith(WHOLE) for item in clause.items)
    since = (len(found.steps) if clause.leads else found.begun) if alone else 0
    for region in regions:
        found.keep[region] = min(since, found.keep.get(region, since))


def _recoloured_from(item: Item, found: Reading) -> bool:
    """ "The balloon in pink instead of red": the colour that it had, if the last step gave it another one."""
    colour = hues.colour_of(item.text)
    if colour is None or not found.steps or found.steps[-1].op != "recolour":
        return False
    step = found.steps[-1]
    if step.params.get("source") in (None, colour) and step.params["target"] != colour:
        found.steps[-1] = replace(step, params={**step.params, "source": colour})
        return True
    return False


def _stays(item: Item, found: Reading) -> bool:
    """Whether the item names something that no step so far comes near: "erase the cat and leave the sofa"."""
    thing = (not item.senses and item.text.isalpha()) or "refused_thing" in item
    if not (thing and found.steps):
        return False
    if all(step.op == "replace_sky" or step.region == "sky" for step in found.steps):
        return item.text not in listed("of_sky")
    return all(step.op in _LOCAL for step in found.steps)


def _region(item: Item, found: Reading, *, excepting: bool) -> str | None:
    """The region that ``item`` names; after "except" a pronoun means what was spoken of last, or the subject."""
    if "region" in item:
        return item.senses["region"]
    if "skin" in item and not excepting:
        return "face"
    if found.steps and found.steps[-1].op in _LOCAL:
        return None  # "Add a rainbow and make all but it black and white"
    if "them" in item and found.sources == 1:
        return found.named[-1] if found.named else "subject"
    if excepting and item.text == "it":
        return found.named[-1] if found.named else "subject"
    return None
