"""Sentences about colours: "turn the yellow flower purple", "give it a blue tint"."""

from __future__ import annotations

from retouch.engines.darkroom.understanding import hues
from retouch.engines.darkroom.understanding.speech import Speech
from retouch.engines.darkroom.understanding.targets import Target, target_of
from retouch.engines.darkroom.understanding.wishes import LEAST_STOPS, MOST_STOPS

NO_COLOUR = (
    "does not know what to recolour there: name the thing with its colour, as in 'the red car', or send a mask"
)
NO_PEOPLE = "does not recolour people, their faces or their hair: mark what you mean with a mask"
_ALL = ("everything", "all", "all of it", "whole image", "whole picture", "whole photo")
_PAIRS = (
    *("blue-orange", "purple-yellow", "purple-pink", "blue-pink", "red-cream", "teal-pink", "green-cream"),
    *("black-red", "blue-white", "blue-green", "blue-yellow", "black-yellow"),
)
"""What `duotone` has inks of its own for."""
_SKIES = {"blue": "blue", "sky_blue": "blue", "pink": "pink", "grey": "overcast"}


def recolour(speech: Speech) -> bool:
    """ "Make the red car blue"."""
    target, colour = speech.target(), speech.colour()
    if target is None or colour is None:
        return False
    if speech.said["thing2"] and speech.said["thing2"] != target.noun:
        return False  # "Turn the car into a red truck"
    return _recolour(speech, target, target.colour, colour)


def recolour_from(speech: Speech) -> bool:
    """ "Change the colour of the shirt from red to green"."""
    source, colour = _base(speech, "colour1"), speech.colour("colour2" if speech.said["colour2"] else "colour1")
    if source is None or colour is None:
        return False
    if not speech.said["thing"]:
        return _recolour(speech, Target("colour", colour=source), source, colour)
    target = speech.target()
    if target is None or (target.colour not in (None, source) and target.kind != "colour"):
        return False
    return _recolour(speech, target, source, colour)


def _base(speech: Speech, slot: str) -> str | None:
    """A colour of now: its shade is left to the light."""
    said = speech.said[slot]
    if said.strip().startswith("#") and (code := hues.colour_of(said)):
        return hues.nearest(code)
    target = target_of(said, speech.lexicon)
    return target.colour if target is not None and target.kind == "colour" else None


def _recolour(speech: Speech, target: Target, source: str | None, colour: str) -> bool:
    if source == colour and target.kind == "colour":  # "Make the grass green"
        return speech.do("more_of", params={"colour": colour}, region=f"colour:{colour}")
    if target.region == "background":
        return speech.do("replace_background", params={"colour": colour})
    if target.region == "sky":
        kind = _SKIES.get(colour)
        return (
            speech.do("replace_sky", params={"kind": kind})
            if kind
            else speech.do("recolour", params={"target": colour}, region="sky")
        )
    if target.kind == "area" or (speech.has_mask and not (source or target.kind in ("region", "colour"))):
        return speech.do("recolour", params={"target": colour})
    if target.noun == "it" and source is None and (steps := speech.found.steps) and steps[-1].region:
        target = Target("region", "it", region=steps[-1].region)  # "Darken the sky and make it pink"
        return _recolour(speech, target, None, colour)
    if target.noun == "it" and source is None and speech.found.topic == "sky":
        return _recolour(speech, Target("region", "it", region="sky"), None, colour)
    if target.noun in _ALL and not source:
        return speech.do("tint", params={"colour": colour})
    if target.kind == "picture" and source is None:
        return speech.refuse(f"{NO_COLOUR}; for all of the picture say 'a {hues.say(colour)} tint'")
    if target.kind == "people" or target.is_body:
        return speech.refuse(NO_PEOPLE, target.noun)
    if target.kind == "region":
        if target.region != "subject":
            return speech.refuse(NO_PEOPLE if target.region == "face" else NO_COLOUR, target.noun)
        return speech.do("recolour", params={"target": colour, **_source(source)}, region="subject")
    if source is None:
        if target.kind == "thing":
            return _on(speech, target, colour, None)
        return speech.refuse(
            f"cannot find '{target.noun}' by name: say what colour it has now, as in 'the red {target.noun}', or "
            "send a mask that marks it",
            target.noun,
        )
    if source in hues.GREYS and target.kind in ("thing", "unknown") and not speech.has_mask:
        # A black dress has black hair beside it, a white shirt little else that is white.
        if target.kind == "thing" or (target.is_worn and source == "white"):
            return _on(speech, target, colour, source)
        return speech.refuse(
            f"cannot tell '{source} {target.noun}' from all the rest that is {source}: send a mask that marks it",
            target.noun,
        )
    return speech.do("recolour", params={"source": source, "target": colour})


def _on(speech: Speech, target: Target, colour: str, source: str | None) -> bool:
    if target.name:
        speech.found.call([target.name])
    return speech.do("recolour", params={"target": colour, **_source(source)}, region="subject")


def _source(colour: str | None) -> dict[str, str]:
    return {} if colour is None else {"source": colour}


def comparative(speech: Speech) -> bool:
    """ "Make the grass greener": what is of a colour becomes more of it."""
    target = speech.target()
    word = next((word for word in speech.clause.words if word in hues.COMPARATIVES), "")
    colour = hues.COMPARATIVES.get(word)
    if target is None or colour is None:
        return False
    if target.kind == "picture" and not speech.has_mask:
        return speech.do("more_of", params={"colour": colour})
    if target.region in ("sky", "background", "left", "right", "top", "bottom"):
        return speech.do("more_of", params={"colour": colour}, region=target.region)
    if target.kind == "colour" and target.colour == colour:
        return speech.do("more_of", params={"colour": colour}, region=f"colour:{colour}")
    if target.kind == "colour":
        return speech.do("recolour", params={"source": target.colour, "target": colour})
    return _recolour(speech, target, target.colour, colour)


def fill_colour(speech: Speech) -> bool:
    """ "Fill the masked area with red"."""
    target, colour = speech.target(), speech.colour()
    if target is None or colour is None:
        return False
    if target.region == "background":
        return speech.do("replace_background", params={"colour": colour})
    if target.kind == "area" or speech.has_mask:
        return speech.do("fill_colour", params={"colour": colour})
    if target.region is not None and target.region not in ("face",) and target.kind != "people":
        return speech.do("fill_colour", params={"colour": colour}, about=target)
    if target.kind == "colour":
        return speech.do("fill_colour", params={"colour": colour}, region=f"colour:{target.colour}")
    return speech.refuse("paints in one colour only what is marked: send a mask that marks it")


def tint(speech: Speech) -> bool:
    """ "Give it a blue tint", "a bit more green"."""
    colour = speech.colour()
    target = speech.target("thing" if speech.said["thing"] else "place")
    if colour is None or target is None:
        return False
    more = any(word in speech.clause.words for word in ("more", "increase", "raise", "boost"))
    op = "more_of" if more else "tint"
    if target.kind in ("picture", "area") or speech.has_mask:
        return speech.do(op, params={"colour": colour})
    if target.region is not None:
        return speech.do(op, params={"colour": colour}, about=target)
    if target.kind == "colour" and not more:
        return speech.do("tint", params={"colour": colour}, region=f"colour:{target.colour}")
    if target.kind == "colour":
        return speech.do("more_of", params={"colour": colour}, region=f"colour:{target.colour}")
    return speech.refuse("tints the whole picture, the background, the sky, the subject, or what a mask marks")


def duotone(speech: Speech) -> bool:
    """ "A duotone in purple and orange"."""
    one, two = speech.colour("colour1"), speech.colour("colour2")
    target = speech.target()
    if one is None or two is None or target is None or target.kind not in ("picture", "area", "region"):
        return False
    if one == two:
        return False
    pair = next((pair for pair in (f"{one}-{two}", f"{two}-{one}") if pair in _PAIRS), None)
    return speech.do("duotone", params={"pair": pair} if pair else {"colours": [one, two]}, about=target)


def one_ink(speech: Speech) -> bool:
    """ "Monochrome blue"."""
    colour, target = speech.colour(), speech.target()
    if colour is None or target is None or target.kind not in ("picture", "area"):
        return False
    return speech.do("monotone", params={"colour": colour})


def less_colour(speech: Speech) -> bool:
    """ "Less yellow", "remove the blue cast"."""
    colour, target = speech.colour(), speech.target()
    if colour is None or colour in hues.GREYS or target is None:
        return False
    if target.kind == "colour":
        return speech.do("less_of", params={"colour": colour}, region=f"colour:{target.colour}")
    if target.kind not in ("picture", "area", "region"):
        return False
    return speech.do("less_of", params={"colour": colour}, region=target.region)


def selective(speech: Speech) -> bool:
    """ "Keep the red car in colour and make the rest black and white"."""
    if speech.said["colour1"]:
        colour = _base(speech, "colour1")
        return colour is not None and _drain(speech, f"colour:{colour}")
    if not speech.said["thing"]:
        return speech.refuse("needs to be told which colour to keep, as in 'keep only the red in colour'")
    target = speech.target()
    if target is None:
        return False
    if target.kind == "colour" or (target.colour and target.colour not in hues.GREYS):
        return _drain(speech, f"colour:{target.colour}")
    if target.region:
        if target.name:
            speech.found.call([target.name])
        return _drain(speech, target.region)
    return False


def keep_colour(speech: Speech) -> bool:
    """ "Keep the red car as it is": what is of that colour stays."""
    words = set(speech.clause.words)
    if words & {"just", "only"} and words & {"colour", "coloured"}:
        return selective(speech)
    if speech.said["colour1"]:
        if "and" in speech.said["thing"].split():
            return False  # "Keep it black and white"
        colour = _base(speech, "colour1")
    else:
        target = speech.target()
        colour = None if target is None or target.kind == "picture" else target.colour
        if colour in hues.GREYS:
            return False
    if colour is None:
        return False
    region, found = f"colour:{colour}", speech.found
    alone = speech.clause.words[0] in ("everything", "everywhere", "all")
    found.keep[region] = (len(found.steps) if speech.clause.leads else found.begun) if alone else 0
    found.name([region])
    return True


def stops(speech: Speech) -> bool:
    """ "+1 stop"."""
    number = float(speech.said["n"])
    signed = speech.said["n"][0] in "+-"
    if not signed or not LEAST_STOPS <= abs(number) <= MOST_STOPS:
        return speech.refuse(f"changes the light by up to {MOST_STOPS:.0f} stops, as in '+1 stop' or '-0.5 stops'")
    return speech.do("brighter" if number > 0 else "darker", params={"exposure": number})


def stops_up(speech: Speech) -> bool:
    """ "Increase the exposure by 0.5"."""
    return _expose(speech, 1)


def stops_down(speech: Speech) -> bool:
    """ "Pull the exposure down by 0.5"."""
    return _expose(speech, -1)


def _expose(speech: Speech, way: int) -> bool:
    number = float(speech.said["n"])
    if not LEAST_STOPS <= number <= MOST_STOPS:
        return speech.refuse("makes a picture up to 8 times as bright, or darker by up to 87 %")
    return speech.do("brighter" if way > 0 else "darker", params={"exposure": way * number})


def _drain(speech: Speech, keep: str) -> bool:
    speech.found.name([keep])
    return speech.do("black_and_white", keep=[keep])


def greyed(speech: Speech) -> bool:
    """ "Everything grey apart from the blue"."""
    return speech.do("black_and_white", region="background" if "background" in speech.clause.words else None)


def neutral(speech: Speech) -> bool:
    """ "Make white look white again"."""
    return speech.do("white_balance")


MEANINGS = {
    "recolour": recolour,
    "recolour_from": recolour_from,
    "comparative": comparative,
    "fill_colour": fill_colour,
    "tint": tint,
    "duotone": duotone,
    "one_ink": one_ink,
    "less_colour": less_colour,
    "selective": selective,
    "stops": stops,
    "stops_up": stops_up,
    "stops_down": stops_down,
    "neutral": neutral,
    "greyed": greyed,
    "keep_colour": keep_colour,
}
