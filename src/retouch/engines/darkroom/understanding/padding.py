"""Sentences that have bars bring a picture to a shape: "make it square with white bars", "letterbox to 16:9"."""

from __future__ import annotations

from retouch.engines.darkroom.understanding.nouns import meant
from retouch.engines.darkroom.understanding.speech import Speech

LONGEST = 4.0
NO_SHAPE = "needs to know the shape that the bars shall give the picture, as in 'add white bars to make it square'"


def bars(speech: Speech) -> bool:
    """ "Make it square with white bars": nothing of it is lost. Bars are white, those of a letterbox black."""
    target, words, said = speech.target(), set(speech.clause.words), speech.said
    if target is None or target.kind != "picture":
        return False
    text = f" {' '.join(speech.clause.words)} "
    spoken = sorted((name for name in meant("shapes") if f" {name} " in text), key=len)
    ratio = said["ratio"] or (meant("shapes")[spoken[-1]] if spoken else "")
    if not ratio:
        return speech.refuse(NO_SHAPE)
    wide, high = map(int, ratio.split(":"))
    if not (wide and high and 1 / LONGEST <= wide / high <= LONGEST and max(wide, high) <= 100):
        return speech.refuse("makes pictures up to four times as long as they are wide", ratio)
    default = "black" if words & {"letterbox", "letterboxed", "letterboxing", "pillarbox"} else "white"
    return speech.do("border", params={"colour": speech.colour() or default, "shape": ratio})


def bars_again(speech: Speech) -> bool:
    """ "... with white bars", after "make it square without cropping"."""
    steps = speech.found.steps
    if not steps or steps[-1].op not in ("crop", "extend_frame") or set(steps[-1].params) != {"ratio"}:
        return speech.refuse(NO_SHAPE)
    return speech.do("border", params={"colour": speech.colour() or "white", "shape": steps.pop().params["ratio"]})


MEANINGS = {"bars": bars, "bars_again": bars_again}
