"""Sentences about a picture's frame: "crop to 16:9", "rotate it by 90 degrees", "extend it to the left"."""

from __future__ import annotations

from retouch.engines.darkroom.understanding.nouns import meant
from retouch.engines.darkroom.understanding.speech import Speech

MOST_TIMES = 4.0
WIDEST = 4.0
"""No picture is cropped or extended to a shape longer than that."""

FARTHEST = 1.0
"""How much of a side may be added to one side."""

_LEFTWARDS = frozenset({"counterclockwise", "counter", "anticlockwise", "anti", "left", "ccw"})
_CROPPING = frozenset({"crop", "cut", "trim", "format", "orientation", "ratio", "reframe", "cropping"})
_SHAPES = ("square", "portrait", "landscape", "vertical", "horizontal", "widescreen")
"""What a picture may be made without a word of cropping."""


def _is_picture(speech: Speech) -> bool:
    target = speech.target()
    return target is not None and target.kind == "picture"


def _ratio(text: str) -> tuple[str, float]:
    wide, high = (int(part) for part in text.split(":"))
    return text, wide / high if wide and high else 0.0


def _shaped(speech: Speech, op: str, text: str) -> bool:
    ratio, shape = _ratio(text)
    if not 1 / WIDEST <= shape <= WIDEST:
        return speech.refuse("makes pictures up to four times as long as they are wide", ratio)
    if max(int(part) for part in text.split(":")) > 100:
        return speech.refuse("takes sizes in pixels from the size parameter, and shapes as '16:9'", ratio)
    return speech.do(op, params={"ratio": ratio})


def crop_ratio(speech: Speech) -> bool:
    """ "Crop to 16:9"."""
    if not _is_picture(speech):
        return False
    said = speech.said
    if said["ratio"]:
        return _shaped(speech, "crop", said["ratio"])
    if "." in said["n1"] + said["n2"] or not (said["n1"].isdigit() and said["n2"].isdigit()):
        return False
    return _shaped(speech, "crop", f"{said['n1']}:{said['n2']}")


def crop_shape(speech: Speech) -> bool:
    """ "Crop it to a square"."""
    ratio = meant("shapes").get(speech.said["place"].removeprefix("for "))
    if ratio is None or not _is_picture(speech):
        return False
    words = set(speech.clause.words)
    if words.isdisjoint(_CROPPING) and "out" not in words and speech.said["place"] not in _SHAPES:
        return False
    return speech.do("crop", params={"ratio": ratio})


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


def border(speech: Speech) -> bool:
    """ "Add a thick white border"."""
    if not _is_picture(speech):
        return False
    params = {"colour": speech.colour() or "white"}
    for word in speech.clause.words:
        if width := meant("widths").get(word):
            params["width"] = width
    return speech.do("border", params=params)


def polaroid(speech: Speech) -> bool:
    """ "Make it a polaroid"."""
    return _is_picture(speech) and speech.do("polaroid_frame")


def round_corners(speech: Speech) -> bool:
    """ "Round the corners"."""
    return _is_picture(speech) and speech.do("round_corners")


def upscale(speech: Speech) -> bool:
    """ "Upscale 2x", "double the size"."""
    if not _is_picture(speech):
        return False
    times = meant("times")
    number = speech.said["n"] or next((times[word] for word in speech.clause.words if word in times), "2")
    factor = float(number)
    if not 1 < factor <= MOST_TIMES:
        return speech.refuse(f"enlarges a picture by up to {MOST_TIMES:.0f} times", speech.said["n"] or None)
    return speech.do("upscale", params={"factor": int(factor) if factor == int(factor) else factor})


def extend_side(speech: Speech) -> bool:
    """ "Extend the image to the left"."""
    if not _is_picture(speech):
        return False
    words, sides = speech.clause.words, meant("sides")
    side = sides.get(speech.said["place"]) or meant("positions").get(speech.said["place"])
    if not speech.said["place"]:
        side = next((sides[word] for word in words if word in sides), "top")
    if side not in ("left", "right", "top", "bottom"):
        return False
    if not speech.said["n"]:
        return speech.do("extend_frame", params={"side": side})
    share = float(speech.said["n"]) / 100
    if not 0.02 <= share <= FARTHEST:
        return speech.refuse("extends a side by 2 to 100 %", speech.said["n"])
    return speech.do("extend_frame", params={"side": side, "share": round(share, 4)})


def extend_ratio(speech: Speech) -> bool:
    """ "Extend it to 16:9"."""
    if not _is_picture(speech):
        return False
    text = speech.said["ratio"] or meant("shapes").get(speech.said["place"], "")
    return _shaped(speech, "extend_frame", text) if text else False


MEANINGS = {
    "crop_ratio": crop_ratio,
    "crop_shape": crop_shape,
    "rotate": rotate,
    "rotate_way": rotate_way,
    "flip": flip,
    "straighten": straighten,
    "border": border,
    "polaroid": polaroid,
    "round_corners": round_corners,
    "upscale": upscale,
    "extend_side": extend_side,
    "extend_ratio": extend_ratio,
}
