"""Sentences about what is behind the subject: "put it on white", "replace the sky with a stormy one"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from retouch.engines.darkroom import assets
from retouch.engines.darkroom.understanding import hues
from retouch.engines.darkroom.understanding.nouns import listed, meant
from retouch.engines.darkroom.understanding.speech import Speech
from retouch.engines.darkroom.understanding.targets import Target

NO_SCENE = (
    "makes no scenes up: send a picture of the scene as the second image and say 'use image 2 as the background', "
    "or ask for a colour, a gradient or a studio"
)
NO_SKY = (
    "has skies that are blue, cloudy, stormy, at sunset, at night, pink or overcast, or that of another picture"
)
MOST_WORDS = 3
"""Words of a name that is taken for the subject's."""

_NO_THINGS = frozenset({"shadow", "shadows", "reflection", "text", "border", "frame", "glow", "caption", "title"})
"""What is put before no background but laid over a picture: "a drop shadow on white"."""

_FADED = frozenset({"washed", "blown", "swap"})
"""What a sky may be without a word of taking something out of it."""

_ABOVE = frozenset({"above", "over", "behind"})
_MADE = {"whiten": "white", "blacken": "black"}
GREEN_SCREEN = "#00b140"


def background_colour(speech: Speech) -> bool:
    """ "White background", "put the product on a black background"."""
    said = speech.said["colour2"]
    colour = speech.colour("colour2" if said.startswith("#") and speech.said["colour1"] else "colour1")
    colour = colour or next((_MADE[word] for word in speech.clause.words if word in _MADE), None)
    if colour is None or not _before(speech) or _is_thing(speech):
        return False
    return _replace(speech, colour=colour)  # "Pure white background (#ffffff)"


def _is_thing(speech: Speech) -> bool:
    """ "Add a rose behind her ear"."""
    said, behind = speech.said["colour1"], "background" not in speech.clause.words
    return behind and bool(assets.find(said)) and re.search(rf"\ban? {said}\b", speech.clause.text) is not None


def background_gradient(speech: Speech) -> bool:
    """ "A gradient from blue to pink"."""
    one, two = speech.colour("colour1"), speech.colour("colour2")
    if one is None or not _before(speech):
        return False
    if two is None:
        one, two = hues.lighter(one), one
    return _replace(speech, gradient=[one, two])


def background_gradient_bare(speech: Speech) -> bool:
    """ "A gradient background"."""
    if not _before(speech):
        return False
    return speech.refuse("needs two colours for that, as in 'a gradient from blue to pink'")


def background_key(speech: Speech) -> bool:
    """ "A green screen"."""
    return _before(speech) and _replace(speech, colour=GREEN_SCREEN)


def background_studio(speech: Speech) -> bool:
    """ "Put it in a studio"."""
    return _before(speech) and _replace(speech, studio=True)


def background_image(speech: Speech) -> bool:
    """ "Use the second picture as the background"."""
    behind = speech.image("image")
    before = speech.image("image2") if speech.said["image2"] else 1
    if behind is None or before is None or not _before(speech):
        return False
    if [step.op for step in speech.found.steps[:1]] == ["take"]:
        return False  # "Take the car of image 2 and put it in front of the house in image 1"
    if not behind or not before:
        return True
    if behind == before:
        return speech.refuse(f"would put image {behind} behind itself: say which picture is behind which")
    if before > 1:
        speech.found.turn_to(before)
    return _replace(speech, image=behind)


def background_scene(speech: Speech) -> bool:
    """ "Change the background to a beach": a scene that nobody has sent."""
    said = speech.said["place"] or speech.said["thing"]
    items = speech.lexicon.read(said)[:-1]
    if not said or hues.colour_of(said) or speech.image_spoken_of(speech.said["thing"]):
        return False
    if any(sense.startswith("op.") for item in items for sense in item.senses):
        return False
    if said in ("transparency", "transparent", "nothing", "transparent one", "transparent background"):
        return speech.do("remove_background")
    if "surroundings" in items[0] or speech.image_spoken_of(said):
        return False
    return speech.refuse(NO_SCENE, said)


def removed_background_colour(speech: Speech) -> bool:
    """ "... and replace it with white", after "remove the background"."""
    colour, steps = speech.colour(), speech.found.steps
    if colour is None or not steps or steps[-1].op not in ("remove_background", "replace_background"):
        return False
    return _replace(speech, colour=colour)


def cut_out(speech: Speech) -> bool:
    """ "Cut out the handbag": whatever it is called, it is the subject."""
    target = speech.target()
    if target is None or target.colour or target.is_body or target.is_worn or not _is_subject(target):
        return False
    if target.kind == "picture" and any("images" in item for item in speech.clause.items):
        speech.found.each = True  # "From all of them"
    if target.kind == "area":
        return False
    if speech.image_spoken_of(target.noun):
        whole = target.noun.split()[-1] in listed("pictures") and speech.image("thing") is None
        return whole and speech.do("remove_background")  # "from the product photo"
    if target.kind == "unknown":
        if speech.found.steps or not _names_one(target.noun):
            return False
        if target.noun.split()[-1].removesuffix("s") in listed("pictures"):
            speech.found.each = True  # "Remove the background of these images"
            return speech.do("remove_background")
        speech.found.notes.append(f"The darkroom takes the subject of the picture for '{target.noun}'.")
    return speech.do("remove_background", about=Target(target.kind, name=target.name))


def background_gone(speech: Speech) -> bool:
    """ "The background has to go"."""
    if speech.image_spoken_of(speech.said["thing"]):
        return False
    return _before(speech) and speech.do("remove_background")


def sky_dull(speech: Speech) -> bool:
    """ "Boring grey sky": says what the next clause is about, and asks for nothing yet."""
    speech.found.topic = "sky"
    return True


def _names_one(noun: str) -> bool:
    """Whether an unknown noun can but be the subject: "handbag", but neither "every car" nor "the other one"."""
    words = noun.split()
    return len(words) <= MOST_WORDS and listed("no_subject").isdisjoint(words)


def _before(speech: Speech) -> bool:
    """Whether what is put before the background is what the darkroom takes for the subject."""
    target = speech.target()
    return target is not None and _is_subject(target) and _NO_THINGS.isdisjoint(target.noun.split())


def _is_subject(target: Target) -> bool:
    if target.kind in ("picture", "people", "thing", "area"):
        return True
    if not listed("choosing").isdisjoint(target.noun.split()):
        return False
    return target.region == "subject" or (target.kind == "unknown" and not target.is_body)


def _replace(speech: Speech, **params: Any) -> bool:
    target = speech.target()
    if target is not None and target.name:
        speech.found.call([target.name])
    steps = speech.found.steps
    if steps and steps[-1].op == "remove_background":
        steps.pop()  # "Remove the background and put it on white" is one thing.
    return speech.do("replace_background", params=params)


def sky(speech: Speech) -> bool:
    """ "Replace the sky with a stormy one"."""
    said = speech.said["place"].removesuffix(" sky").removeprefix("sky with ")
    words = speech.clause.words
    if "remove" in words or "from" in words or ("out" in words and not _FADED & {*words}):
        said = (said or "clouds").removeprefix("all ").removeprefix("of ")
        if speech.has_mask or said not in (
            "cloud",
            "clouds",
        ):
            return False
        return speech.do("replace_sky", params={"kind": "blue"})
    if {"sky", "skies"}.isdisjoint(words) and ("clouds" not in words or not _ABOVE.isdisjoint(words)):
        return False  # "Storm clouds over the sea" describes a picture.
    if {"more", "less"} & set(said.split()) and any(hues.colour_of(word) for word in said.split()):
        return False  # "A bit more blue in the sky"
    if not {"without", "no", "free", "clear"}.isdisjoint(words) and words[-1] in ("cloud", "clouds"):
        if not said and any(step.op == "replace_sky" for step in speech.found.steps):
            return False  # "A sunset sky, but no clouds"
        kind = _sky_of(said or "blue")
        return kind in ("blue", "sunset", "night", "pink") and speech.do("replace_sky", params={"kind": kind})
    kind = _sky_of(f"{said} clouds" if "clouds" in words and "clouds" not in said.split() else said) or _sky_of(
        said
    )
    turned = any("verb.make" in item and item.text != "change" for item in speech.clause.items)
    if kind == "sunset" and turned:
        return False  # "Turn the sky into a sunset sky" lights the sky that is there.
    if words[0] in ("add", "put", "paint") and words[-1] == "sky" and ("to" in words or "in" in words):
        kind = meant("clouds").get(said)
    if kind is not None:
        target = speech.target()
        above = any(word in words for word in ("above", "over", "behind", "give"))
        if target is None or not (above or target.kind in ("picture", "area")):
            return False
        return speech.do("replace_sky", params={"kind": kind})
    if (colour := hues.colour_of(said)) is not None:
        return speech.do("recolour", params={"target": colour}, region="sky")
    replacing = "verb.replace" in speech.clause.items[0] or any(
        word in words for word in ("replace", "swap", "substitute", "exchange")
    )
    return speech.refuse(NO_SKY, said) if replacing and not speech.image_spoken_of(said) else False


def sky_again(speech: Speech) -> bool:
    """ "... swap it for a blue one", after the sky has been spoken of."""
    found = speech.found
    if (found.named[-1] if found.named else found.topic) != "sky" or "sky" in found.keep:
        return False
    kind = _sky_of(speech.said["place"])
    return speech.do("replace_sky", params={"kind": kind}) if kind else speech.refuse(NO_SKY, speech.said["place"])


def _sky_of(said: str) -> str | None:
    """The kind of sky that the words mean; such as "with", "one" and "some" mean nothing beside others."""
    skies, trimming = meant("skies"), listed("sky_trimming")
    if said in skies:
        return skies[said]
    words = [word for word in said.split() if word not in trimming]
    again = {frozenset(name.split()): kind for name, kind in skies.items()}
    return skies.get(" ".join(words)) or again.get(frozenset(words)) or _sky_in_parts(words)


def _sky_in_parts(words: Sequence[str]) -> str | None:
    """The kind of sky that ``words`` name twice: "a starry night, milky way", "a dramatic red sunset"."""
    skies, kinds, weak = meant("skies"), set[str](), listed("weak_skies")
    while words:
        at = next((at for at in range(len(words), 0, -1) if " ".join(words[:at]) in skies), 0)
        if not at:
            return None
        if words[0] not in weak or at > 1:
            kinds.add(skies[" ".join(words[:at])])
        words = words[at:]
    return kinds.pop() if len(kinds) == 1 else None


def sky_image(speech: Speech) -> bool:
    """ "Replace the sky with the one in image 2"."""
    taken = speech.image("image")
    under = speech.image("image2") if speech.said["image2"] else 1
    if taken is None or under is None:
        return False
    if not taken or not under:
        return True
    if taken == under:
        return speech.refuse(f"would give image {taken} its own sky: say which sky goes to which picture")
    if under > 1:
        speech.found.turn_to(under)
    return speech.do("replace_sky", params={"image": taken})


MEANINGS = {
    "background_colour": background_colour,
    "background_gradient": background_gradient,
    "background_gradient_bare": background_gradient_bare,
    "background_key": background_key,
    "background_studio": background_studio,
    "background_image": background_image,
    "background_scene": background_scene,
    "removed_background_colour": removed_background_colour,
    "background_gone": background_gone,
    "sky_dull": sky_dull,
    "sky": sky,
    "sky_again": sky_again,
    "cut_out": cut_out,
    "sky_image": sky_image,
}
