"""Sentences about what comes by itself of what was asked before: "match the lighting", "so that it fits in".

Each adds nothing, and makes sense only behind the step that it is true of.
"""

from __future__ import annotations

from dataclasses import replace

from retouch.engines.darkroom.recipe import Step
from retouch.engines.darkroom.understanding.gathering import size_of
from retouch.engines.darkroom.understanding.nouns import listed, meant
from retouch.engines.darkroom.understanding.speech import Speech

RULES = "The rules for such photographs, as to the size of the head and its place, are not looked after."
WHERE_IT_IS = "What the picture is about stays where it is in it; a crop brings it to the middle."
_OUTLINED = ("remove_background", "circle_crop", "round_corners")
_ADDED = {
    "shadow": ("paste",),
    "shadows": ("paste",),
    "border": ("border", "mat", "polaroid_frame"),
    "borders": ("border", "mat", "polaroid_frame"),
    "frame": ("border", "mat", "polaroid_frame"),
    "frames": ("border", "mat", "polaroid_frame"),
    "text": ("text",),
    "grain": ("grain",),
    "vignette": ("vignette",),
}
"""What may be said not to be added, and the operations that do."""

_COMPOSED = ("paste", "replace_background", "replace_sky")
_CONTINUED = ("extend", "extend_frame", "fill", "remove_subject")
_LEAVING_SUBJECT = ("blur_background", "replace_background", "remove_background", "replace_sky")


def harmonised(speech: Speech) -> bool:
    """ "... and match the lighting": what is laid into a scene takes on its light and colours, and a scene takes
    on those of its new sky."""
    return any(map(_is_composed, speech.found.steps))


def shadowed(speech: Speech) -> bool:
    """ "... with a soft shadow": what is laid into a scene casts one."""
    return bool(speech.found.steps) and speech.found.steps[-1].op == "paste"


def _is_composed(step: Step) -> bool:
    return step.op in _COMPOSED and (step.op != "replace_background" or "image" in step.params)


def seamless(speech: Speech) -> bool:
    """ "... so that it matches the rest": what a picture is continued with does."""
    return harmonised(speech) or any(step.op in _CONTINUED for step in speech.found.steps)


def subject_stays(speech: Speech) -> bool:
    """ "The subject must remain sharp", after "blur the background"."""
    target, steps = speech.target(), speech.found.steps
    if target is None or target.colour or not steps:
        return False
    if target.region not in ("subject", "face"):
        return False
    if any(step.op not in _LEAVING_SUBJECT and step.region != "background" for step in steps):
        return False
    if target.name:
        speech.found.call([target.name])
    speech.found.keep.setdefault(target.region, 0)
    return True


def background_stays(speech: Speech) -> bool:
    """ "... leave the background soft", after an edit of the subject."""
    steps = speech.found.steps
    return bool(steps) and all(step.region in ("subject", "face") for step in steps)


def sky_before(speech: Speech) -> bool:
    """ "... instead of that grey one": the sky that was there."""
    steps = speech.found.steps
    if not steps or steps[-1].op != "replace_sky":
        return False
    kinds, idle = meant("skies"), listed("sky_trimming")
    words = [word for word in speech.said["place"].split() if word not in idle and word not in listed("pointing")]
    return all(word in kinds or word in listed("old_skies") for word in words)


def stays_coloured(speech: Speech) -> bool:
    """ "... the people in colour", after "the background in black and white"."""
    target, steps = speech.target(), speech.found.steps
    if target is None or target.region not in ("subject", "face") or not steps:
        return False
    step = steps[-1]
    return step.op in ("black_and_white", "muted") and step.region == "background"


def fine_edges(speech: Speech) -> bool:
    """ "... keep the hair details", after "white background": a cut-out keeps to the hair as well as it can."""
    steps = speech.found.steps
    return bool(steps) and steps[-1].op in ("replace_background", "remove_background")


def backdrop_before(speech: Speech) -> bool:
    """ "... not grey", after "the background should be white"."""
    colour, steps = speech.colour(), speech.found.steps
    if colour is None or not steps or steps[-1].op != "replace_background":
        return False
    return steps[-1].params.get("colour") not in (None, colour)


def file_kind(speech: Speech) -> bool:
    """ "PNG, please": the request itself says what file comes back."""
    return True


def centred(speech: Speech) -> bool:
    """ "... product centred", after "white background"."""
    steps = speech.found.steps
    if not steps or steps[-1].op not in ("replace_background", "remove_background", "crop"):
        return False
    if steps[-1].op == "crop":
        return True  # It keeps to what the picture is about.
    speech.found.notes.append(WHERE_IT_IS)
    return True


def backdrop_style(speech: Speech) -> bool:
    """ "... corporate style", after "a grey background"."""
    return bool(speech.found.steps) and speech.found.steps[-1].op == "replace_background"


def placed(speech: Speech) -> bool:
    """ "... lower right", after "put the person from image 2 into image 1"."""
    words = " ".join(word for word in speech.clause.words if word not in listed("articles"))
    places = meant("positions")
    spoken = sorted((place for place in places if f" {place} " in f" {words} "), key=len)
    return bool(spoken) and _add(speech, position=places[spoken[-1]])


def sized(speech: Speech) -> bool:
    """ "... about a third of the width", after "put the logo from image 2 on it"."""
    share = size_of(speech)
    return share is not None and _add(speech, size=share)


def _add(speech: Speech, **params: str | float) -> bool:
    """Give the subject that was just laid into the picture what nobody had said of it; whether there is one."""
    steps = speech.found.steps
    if not steps or steps[-1].op != "paste" or not params.keys().isdisjoint(steps[-1].params):
        return False
    steps[-1] = replace(steps[-1], params={**steps[-1].params, **params})
    return True


def transparent_anyway(speech: Speech) -> bool:
    """ "... as a PNG, no background", after "cut it out"."""
    return bool(speech.found.steps) and speech.found.steps[-1].op in _OUTLINED


def nothing_added(speech: Speech) -> bool:
    """ "... no shadows added", "no border": nothing comes that was not asked for, and no shadow with a cut-out."""
    steps, added = speech.found.steps, set(speech.clause.words)
    if not steps:
        return False
    for kind, ops in _ADDED.items():
        if kind in added and any(step.op in ops for step in steps):
            return False
    if not added.isdisjoint(
        ("added", "add", "extra", "additional", "adding", "effects", "filters", "frame", "border")
    ):
        return True
    return all(step.op in ("remove_background", "replace_background") for step in steps)


def occasion(speech: Speech) -> bool:
    """ "Passport photo: ...": what it is to be, whose rules nobody here knows."""
    speech.found.notes.append(RULES)
    return True


MEANINGS = {
    "fine_edges": fine_edges,
    "backdrop_before": backdrop_before,
    "file_kind": file_kind,
    "shadowed": shadowed,
    "centred": centred,
    "backdrop_style": backdrop_style,
    "placed": placed,
    "sized": sized,
    "transparent_anyway": transparent_anyway,
    "nothing_added": nothing_added,
    "occasion": occasion,
    "harmonised": harmonised,
    "seamless": seamless,
    "subject_stays": subject_stays,
    "background_stays": background_stays,
    "sky_before": sky_before,
    "stays_coloured": stays_coloured,
}
