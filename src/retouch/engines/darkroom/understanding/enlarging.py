"""Sentences about a picture's size: "upscale 2x", "make it bigger, 4x", "double the resolution"."""

from __future__ import annotations

from retouch.engines.darkroom.recipe import Step
from retouch.engines.darkroom.understanding.nouns import meant
from retouch.engines.darkroom.understanding.speech import Speech
from retouch.engines.darkroom.understanding.vocabulary import vocabulary

MOST_TIMES = 4.0


def _is_local(step: Step) -> bool:
    return step.op in ("insert", "text", "paste") or vocabulary().operations[step.op].thing


_CUT = ("remove_background", "replace_background")


def upscale(speech: Speech) -> bool:
    """ "Upscale 2x", "double the size"; said twice it is one wish, and the number counts."""
    target = speech.target()
    if target is None or target.kind != "picture":
        return False
    steps, words, said = speech.found.steps, speech.clause.words, speech.said["n"]
    if not said and "it" in words and any(map(_is_local, steps)):
        return False  # "Add a heart and make it bigger"
    times = meant("times")
    number = said or next((times[word] for word in words if word in times), "")
    factor = float(number or "2")
    if {"%", "percent"} & set(words):
        grows = "by" in words or ("to" not in words and factor <= 100 and "of" not in words)
        factor = factor / 100 + grows  # "Enlarge it by 50 %", but "upscale 200 %"
    before = next((step for step in steps if step.op == "upscale"), None)
    if before is not None:
        if not number:
            return True  # "4x, so much bigger"
        if before.params["factor"] not in (2, factor):
            return speech.refuse("cannot enlarge a picture by two factors at once", number)
        steps.remove(before)  # "Make it bigger, 4x"
    if not 1 < factor <= MOST_TIMES:
        return speech.refuse(f"enlarges a picture by up to {MOST_TIMES:.0f} times", said or None)
    if "cutout" in words and not any(step.op in _CUT for step in steps):
        speech.do("remove_background")
    return speech.do("upscale", params={"factor": int(factor) if factor == int(factor) else factor})
