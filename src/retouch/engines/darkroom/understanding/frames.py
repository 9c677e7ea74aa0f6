"""Sentences about a picture's frame: "crop to 16:9", "rotate it by 90 degrees", "extend it to the left"."""

from __future__ import annotations

from dataclasses import replace

from retouch.engines.darkroom.understanding import enlarging, hues
from retouch.engines.darkroom.understanding.nouns import listed, meant
from retouch.engines.darkroom.understanding.speech import Speech

_SHARES = {"tenth": 0.1, "fifth": 0.2, "quarter": 0.25, "third": 1 / 3, "half": 0.5, "two thirds": 2 / 3}
_SHARES |= {"three quarters": 0.75, "bit": 0.1, "little": 0.1, "some": 0.12, "slightly": 0.08}
_OPPOSITE = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}
_BOTH = {"sides": {"direction": "sideways"}, "ends": {"direction": "upright"}, "all": {}}
_SLIGHTLY = frozenset({"bit", "little", "slightly", "touch", "somewhat"})
_CLOSELY = frozenset({"much", "lot", "way"})
WIDEST = 4.0
"""No picture is cropped or extended to a shape longer than that."""

MOST_PIXELS = 1000

FARTHEST = 1.0
"""How much of a side may be added to one side."""

_CROPPING = frozenset({"crop", "cut", "trim", "format", "orientation", "ratio", "reframe", "cropping"})
_SHAPES = ("square", "portrait", "landscape", "vertical", "horizontal", "widescreen")
"""What a picture may be made without a word of cropping."""

_NOT_FOR = frozenset(
    {"by", "with", "without", "and", "but", "not", "extending", "adding", "filling", "bars", "keep"}
)
_GROWING = frozenset({"widen", "wider", "broader", "taller", "higher"})
_KEEPING = ("keep", "leave", "show")
_BARS = frozenset({"bars", "bar", "letterbox", "padding", "pad", "strips", "stripes", "borders", "border"})
NO_OUTLINES = "frames whole pictures, and draws no outline of what is in one"


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
    if not _NOT_FOR.isdisjoint(said["place"].split()):
        return False  # "For stories by extending the top"
    if said["ratio"]:
        return _shaped(speech, "crop", said["ratio"])
    if "." in said["n1"] + said["n2"] or not (said["n1"].isdigit() and said["n2"].isdigit()):
        return False
    return _shaped(speech, "crop", f"{said['n1']}:{said['n2']}")


def crop_part(speech: Speech) -> bool:
    """ "Cut off the bottom third", "keep only the left half"."""
    side = meant("sides").get(speech.said["place"]) or meant("positions").get(speech.said["place"])
    if side not in _OPPOSITE or not _is_picture(speech):
        return False
    share = float(speech.said["n"]) / 100 if speech.said["n"] else _spoken_share(speech)
    if not 0.02 <= share <= 0.95:
        return speech.refuse("cuts off 2 to 95 % of a side", speech.said["n"])
    if (
        speech.clause.words[0] in _KEEPING
        or "only" in speech.clause.words
        or speech.clause.words[:2] == ["crop", "to"]
    ):
        return speech.do("crop", params={"side": side, "share": round(share, 4)})
    return speech.do("crop", params={"side": _OPPOSITE[side], "share": round(1 - share, 4)})


def crop_square(speech: Speech) -> bool:
    """ "Square, please"."""
    return speech.do("crop", params={"ratio": "1:1"})


def circle_cropped(speech: Speech) -> bool:
    """ "A round avatar crop"."""
    return speech.do("circle_crop")


def _spoken_share(speech: Speech) -> float:
    text = " ".join(speech.clause.words)
    return next(share for name, share in sorted(_SHARES.items(), key=lambda one: -len(one[0])) if name in text)


def crop_closer(speech: Speech) -> bool:
    """ "A bit tighter", "crop in by 10 %"."""
    target = speech.target()
    if target is None or (target.kind != "picture" and target.region not in ("subject", "face")):
        return False
    words = set(speech.clause.words)
    if "put" in words and words & {"a", "an", "some"}:
        return False  # "Put a cat in the middle": there is none yet.
    if target.name:
        speech.found.call([target.name])
    if speech.said["n"]:
        sides = 2 if words & {"each", "every"} else 1
        share = 1 - sides * float(speech.said["n"]) / 100
        if not 0.05 <= share < 1:
            return speech.refuse("crops to a part of the picture", speech.said["n"])
        return speech.do("crop", params={"share": round(share, 4)})
    kept = 0.85 if words & _SLIGHTLY else 0.55 if words & _CLOSELY else None
    return speech.do("crop", params={} if kept is None else {"share": kept})


def crop_shape(speech: Speech) -> bool:
    """ "Crop it to a square"."""
    ratio = meant("shapes").get(speech.said["place"].removeprefix("for "))
    if ratio is None or not _is_picture(speech):
        return False
    words = set(speech.clause.words)
    if words.isdisjoint(_CROPPING) and "out" not in words and speech.said["place"] not in _SHAPES:
        return False
    return speech.do("crop", params={"ratio": ratio})


def border(speech: Speech) -> bool:
    """ "Add a thick white border"; an outline of what is in the picture is no border of it."""
    if not _is_picture(speech):
        return False
    around = speech.said["thing2"].split()[:1]  # "Around it like those posts have"
    if around and around[0] not in listed("pictures"):
        return speech.refuse(NO_OUTLINES, speech.said["thing2"])
    behind = [colour for word in speech.said["thing2"].split()[1:] if (colour := hues.colour_of(word))]
    if len(behind) > 1 or (behind and speech.said["colour1"]):
        return speech.refuse("adds borders of one colour", speech.said["thing2"])
    # "Around the picture, black"
    params: dict[str, str | float] = {"colour": speech.colour() or next(iter(behind), "white")}
    if speech.said["n"]:
        number, words = float(speech.said["n"]), speech.clause.words
        pixels = not {"px", "pixel", "pixels"}.isdisjoint(words)
        if not (1 <= number <= MOST_PIXELS and number == int(number) if pixels else 0.2 <= number <= 50):
            return speech.refuse(f"adds borders of 1 to {MOST_PIXELS} pixels, or up to 50 %", speech.said["n"])
        params["width"] = f"{int(number)}px" if pixels else round(number / 100, 4)
        return speech.do("border", params=params)
    for word in speech.clause.words:
        if width := meant("widths").get(word):
            params["width"] = width
    speech.do("border", params=params)
    return "corners" not in speech.clause.words or speech.do("round_corners")


def polaroid(speech: Speech) -> bool:
    """ "Make it a polaroid"."""
    return _is_picture(speech) and speech.do("polaroid_frame")


def round_corners(speech: Speech) -> bool:
    """ "Round the corners"."""
    return _is_picture(speech) and speech.do("round_corners")


def extend_side(speech: Speech) -> bool:
    """ "Extend the image to the left"."""
    if not _is_picture(speech):
        return False
    words, sides = speech.clause.words, meant("sides")
    side = sides.get(speech.said["place"]) or meant("positions").get(speech.said["place"])
    if not speech.said["place"]:
        side = next((sides[word] for word in words if word in sides), "top")
    if side not in ("left", "right", "top", "bottom", "sides", "ends", "all"):
        return False
    if (little := speech.said.amount) is not None and not speech.said["n"] and side not in _BOTH:
        speech.said = replace(speech.said, amount=None)
        share = 0.12 if little < 1 else 0.4
        return speech.do("extend_frame", params={"side": side, "share": share})
    if (steps := speech.found.steps) and steps[-1].op == "extend" and not steps[-1].params:
        steps.pop()  # "I need it wider, continue the beach on both sides"
    if not speech.said["n"]:
        if side in _BOTH:
            return speech.do("extend", params=_BOTH[side])
        return speech.do("extend_frame", params={"side": side})
    share = float(speech.said["n"]) / 100
    if not 0.02 <= share <= FARTHEST:
        return speech.refuse("extends a side by 2 to 100 %", speech.said["n"])
    return speech.do("extend_frame", params={"side": side, "share": round(share, 4)})


def extend_ratio(speech: Speech) -> bool:
    """ "Extend it to 16:9"."""
    if not _is_picture(speech):
        return False
    if not _BARS.isdisjoint(speech.clause.words):
        return False
    text = speech.said["ratio"] or meant("shapes").get(speech.said["place"], "")
    if not (text or speech.said["place"]):
        last = [word for word in speech.clause.words if word in _SHAPES][-1:]
        text = meant("shapes")[last[0]] if last else ""
    return _shaped(speech, "extend_frame", text) if text else False


def extend_all(speech: Speech) -> bool:
    """ "Outpaint 25 % on each side"."""
    if not _is_picture(speech):
        return False
    share, words = float(speech.said["n"]) / 100, set(speech.clause.words)
    if words & _GROWING and not words & {"each", "every", "both"}:
        share /= 2  # Of the whole width, and two sides grow.
    if not 0.02 <= share <= FARTHEST / 2:
        return speech.refuse("extends every side by 2 to 50 %", speech.said["n"])
    sideways = words & {"widen", "wider", "broader", "width", "sideways", "horizontally", "left", "both", "either"}
    upright = words & {"taller", "higher", "height", "vertically", "above", "top"}
    sides = "sides" if sideways else "ends" if upright else "all"
    return speech.do("extend_frame", params={"side": sides, "share": round(share, 4)})


def uncropped(speech: Speech) -> bool:
    """ "... but don't cut anything off": the shape that was asked for is reached by adding to the picture."""
    found = speech.found
    steps = found.steps
    # The "do" of "do not" is a clause by itself.
    found.unknown[:] = [word for word in found.unknown if word != "do"]
    if not steps or not (steps[-1].op in ("crop", "extend_frame") and steps[-1].params.get("ratio")):
        return False
    if steps[-1].op == "crop" and set(steps[-1].params) == {"ratio"}:
        crop = steps.pop()
        return speech.do("extend_frame", params=crop.params)
    return steps[-1].op == "extend_frame"


MEANINGS = {
    "crop_part": crop_part,
    "crop_square": crop_square,
    "circle_cropped": circle_cropped,
    "crop_closer": crop_closer,
    "extend_all": extend_all,
    "uncropped": uncropped,
    "crop_ratio": crop_ratio,
    "crop_shape": crop_shape,
    "border": border,
    "polaroid": polaroid,
    "round_corners": round_corners,
    "upscale": enlarging.upscale,
    "extend_side": extend_side,
    "extend_ratio": extend_ratio,
}
