"""Sentences that turn a picture: "rotate it by 90 degrees", "mirror it", "straighten the horizon"."""

from __future__ import annotations

from dataclasses import replace

from retouch.engines.darkroom.understanding.speech import Speech

_LEFTWARDS = frozenset({"counterclockwise", "counter", "anticlockwise", "anti", "left", "ccw"})


def _is_picture(speech: Speech) -> bool:
    target = speech.target()
    return target is not None and target.kind == "picture"


def rotate(speech: Speech) -> bool:
    """ "Rotate it 90 degrees to the left"."""
    if not _is_picture(speech):
        return False
    number = float(speech.said["n"])
    degrees = round(number)
    if degrees != number:
        return speech.refuse("turns pictures by whole degrees", speech.said["n"])
    if not _LEFTWARDS.isdisjoint(speech.clause.words):
        degrees = -degrees
    if degrees % 360 == 0:
        return speech.refuse("would change nothing by a whole turn", speech.said["n"])
    return speech.do("rotate", params={"degrees": degrees})


def rotate_way(speech: Speech) -> bool:
    """ "Turn it upside down", "rotate left"."""
    if not _is_picture(speech):
        return False
    words = set(speech.clause.words)
    if (little := speech.said.amount) is not None:
        speech.said = replace(speech.said, amount=None)
        tilt = 2 if little < 1 else 10
        return speech.do("rotate", params={"degrees": -tilt if words & _LEFTWARDS else tilt})
    if words & {"upside", "head", "around", "half"}:
        return speech.do("rotate", params={"degrees": 180})
    return speech.do("rotate", params={"degrees": -90 if words & _LEFTWARDS else 90})


def flip(speech: Speech) -> bool:
    """ "Mirror it": left for right, if nothing else is said."""
    if not _is_picture(speech):
        return False
    words = set(speech.clause.words)
    upright = words & ({"horizontal"} if "axis" in words else {"vertically", "vertical", "up", "upside", "bottom"})
    return speech.do("flip", params={"axis": "vertical" if upright else "horizontal"})


def straighten(speech: Speech) -> bool:
    """ "Straighten the horizon"."""
    if speech.said["thing"] not in ("horizon", "skyline") and not _is_picture(speech):
        return False
    return speech.do("straighten")


def crooked(speech: Speech) -> bool:
    """ "The horizon slopes to the right": all that can be done about it is to straighten the picture."""
    return speech.do("straighten")


MEANINGS = {
    "rotate": rotate,
    "rotate_way": rotate_way,
    "flip": flip,
    "straighten": straighten,
    "crooked": crooked,
}
