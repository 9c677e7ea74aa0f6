"""Steps in words for people: every parameter, the place, what stays, and how much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retouch.engines.darkroom.assets import plural
from retouch.engines.darkroom.recipe import Step
from retouch.engines.darkroom.understanding import hues
from retouch.engines.darkroom.understanding.vocabulary import Vocabulary

_NAMES = {
    "background": "the background",
    "sky": "the sky",
    "subject": "the subject",
    "face": "the face",
    "left": "the left half",
    "right": "the right half",
    "top": "the upper half",
    "bottom": "the lower half",
}
_SKIES = {
    "blue": "a clear blue sky",
    "cloudy": "a blue sky with clouds",
    "storm": "a stormy sky",
    "sunset": "a sky at sunset",
    "night": "a night sky",
    "pink": "a pink sky",
    "overcast": "an overcast sky",
}
_SIDES = {"left": "to the left", "right": "to the right", "top": "upwards", "bottom": "downwards"}
_SIDES |= {"sides": "to the left and right", "ends": "upwards and downwards", "all": "on every side"}


def name_of(region: str) -> str:
    """The region for people: "the sky", "the red parts"."""
    colour = region.removeprefix("colour:")
    return f"the {hues.say(colour)} parts" if colour != region else _NAMES[region]


def say(step: Step, lexicon: Vocabulary) -> str:
    """The step in the imperative."""
    target = name_of(step.region) if step.region else "the picture"
    if step.keep:
        target += " except " + " and ".join(name_of(region) for region in step.keep)
    says = _SENTENCES.get(step.op, lexicon.operations[step.op].says)
    choices = " ".join(str(value) for _, value in sorted(step.params.items()) if isinstance(value, str))
    told = {name: _word(name, value) for name, value in step.params.items() if name != "target"}
    told |= _phrases(step.op, step.params, target) | {"choices": choices}
    says = says.format_map(_Filled({"target": target} | told))
    if step.op in _PLACED and (step.region or step.keep):
        says += f" in {target}"
    if (stops := step.params.get("exposure")) is not None:
        says += f" by {abs(2.0**stops - 1):.0%} ({stops:+.2f} stops)"
    if step.amount != 1:
        says += f" (strength {step.amount:.0%})"
    return " ".join(says.split())


class _Filled(dict[str, str]):
    """Parameters left out say nothing."""

    def __missing__(self, key: str) -> str:
        return ""


_SENTENCES = {
    "recolour": "{recolour}",
    "tint": "tint {target} {colour}",
    "fill_colour": "paint {target} {colour}",
    "replace_background": "put {behind} behind the subject",
    "replace_sky": "replace the sky with {above}",
    "take": "take image {image}",
    "paste": "put the subject of image {image} into the picture {position}",
    "match_colours": "match the colours of {target} to those of image {image}",
    "crop": "crop to {shape}",
    "rotate": "rotate the picture by {turn}",
    "flip": "mirror the picture {axis}",
    "border": "add {rim}",
    "upscale": "enlarge the picture {factor} times",
    "extend_frame": "extend the picture {outwards} beyond its edges",
    "remove_subject": "remove the subject and continue the background over it",
}
_PLACED = ("replace_sky",)


def _word(name: str, value: Any) -> str:
    if name == "colour":
        return hues.say(str(value))
    return str(value)


def _phrases(op: str, params: Mapping[str, Any], target: str) -> dict[str, str]:
    """The parts of an operation's sentence that depend on its parameters."""
    match op:
        case "recolour":
            source = params.get("source")
            what = f"the {hues.say(str(source))} parts" + ("" if target == "the picture" else f" of {target}")
            if source == params["target"]:
                return {"recolour": f"make {what} more {hues.say(source)}"}
            return {"recolour": f"recolour {what if source else target} to {hues.say(params['target'])}"}
        case "replace_background":
            return {"behind": _behind(params)}
        case "replace_sky":
            kind = params.get("kind")
            return {"above": _SKIES[kind] if kind else f"that of image {params.get('image')}"}
        case "paste":
            position = params.get("position")
            size = params.get("size")
            told = f"{size:.0%} of its size" if isinstance(size, float) else size
            said = ", ".join(str(part) for part in (told, position) if part)
            return {"position": f"({said})" if said else ""}
        case "duotone" if "colours" in params:
            return {"inks": " and ".join(hues.say(colour) for colour in params["colours"])}
        case "crop":
            return {"shape": _shape(params)}
        case "rotate":
            degrees = int(params.get("degrees", 90))
            return {"turn": f"{abs(degrees)} degrees {'counter' if degrees < 0 else ''}clockwise"}
        case "border" if "shape" in params:
            return {"rim": f"{hues.say(params['colour'])} bars beside it, to the shape {params['shape']}"}
        case "border":
            width, colour = params.get("width", ""), hues.say(params["colour"]) if "colour" in params else ""
            told = f"{width:.1%}".replace(".0%", "%") if isinstance(width, float) else width
            return {"rim": " ".join(f"a {told} {colour} border".split())}
        case "flip":
            return {"axis": "top to bottom" if params.get("axis") == "vertical" else "left to right"}
        case "insert":
            return {"things": _things(params), "where": _place(params)}
        case "text":
            return {"set": _writing(params)}
        case "upscale":
            return {"factor": str(params.get("factor", 2))}
        case "extend_frame":
            share = params.get("share")
            to = f"to {params['ratio']}" if "ratio" in params else _SIDES[params["side"]]
            return {"outwards": f"{to} by {share:.0%}" if share else to}
    return {}


_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_PLACES = {"centre": "in the middle", "left": "at the left", "right": "at the right"}


def _place(params: Mapping[str, Any]) -> str:
    """Where it goes: "at the top right", "in the sky"; empty if that is left to the picture."""
    position, where = params.get("position"), params.get("place")
    told = [_PLACES.get(position, f"at the {position.replace('-', ' ')}")] if position else []
    told += [{"sky": "in the sky", "ground": "on the ground"}[where]] if where else []
    return " ".join(told)


def _things(params: Mapping[str, Any]) -> str:
    """What is put in: "a red balloon", "two small dogs"."""
    name = str(params["name"]).rpartition("/")[2].replace("-", " ")
    count = int(params.get("count", 1))
    noun = plural(name) if count > 1 else name
    words = [str(params.get("size", "")), hues.say(str(params["colour"])) if "colour" in params else "", noun]
    said = " ".join(word for word in words if word)
    if count > 1:
        return f"{_COUNTS[count] if count < len(_COUNTS) else count} {said}"
    if noun == plural(noun):
        return said
    return f"{'an' if said[:1] in 'aeiou' else 'a'} {said}"


def _writing(params: Mapping[str, Any]) -> str:
    """How a text is set: "in large red letters at the top", "in letters that read against the picture"."""
    size = params.get("size", "medium")
    colour = f"{hues.say(str(params['colour']))} " if "colour" in params else ""
    kind = f"{'' if size == 'medium' else f'{size} '}{colour}"
    letters = f"in {kind}letters" if kind else ""
    where = _place({"position": params.get("position")}) or "where there is room"
    return f"{letters} {where}".strip()


def _behind(params: Mapping[str, Any]) -> str:
    if colours := params.get("gradient"):
        return f"a gradient from {hues.say(colours[0])} to {hues.say(colours[1])}"
    if image := params.get("image"):
        return f"image {image}"
    if params.get("studio"):
        return "a studio backdrop"
    return f"plain {hues.say(params['colour'])}"


def _shape(params: Mapping[str, Any]) -> str:
    parts = [f"the shape {params['ratio']}"] if params.get("ratio") else []
    if side := params.get("side"):
        parts.append(f"its {side} part")
    if share := params.get("share"):
        parts.append(f"{float(share):.0%} of its sides")
    return " and ".join(parts) or "what matters in it"
