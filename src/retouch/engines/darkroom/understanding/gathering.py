"""Sentences about several pictures: "put the cat from image 2 into image 1", "make a collage of these"."""

from __future__ import annotations

from retouch.engines.darkroom.understanding.nouns import listed, meant
from retouch.engines.darkroom.understanding.reading import ONE_SUBJECT
from retouch.engines.darkroom.understanding.speech import Speech
from retouch.engines.darkroom.understanding.targets import Target, target_of

NO_FITTING = "puts nothing from one picture on a person of another: it lays a whole subject into a scene"
NO_PLACING = "lays a subject into a scene, but cannot place it by other things in it"
NO_MERGING = (
    "cannot tell how the pictures should go together: say 'make a collage of these', 'use image 2 as the "
    "background' or 'put the person from image 1 into image 2'"
)
NO_STYLE = (
    "cannot copy a style from a picture, only its colours: say 'match the colours of image 2', or name a style"
)
_SIZES = {
    "small": "small",
    "smaller": "small",
    "tiny": "small",
    "little": "small",
    "big": "large",
    "bigger": "large",
    "large": "large",
    "larger": "large",
}
_FRONT = frozenset({"foreground", "front", "on", "at", "in", "to", "side", "edge", "area", "part", "and"})
"""Beside a side of the picture they say nothing of where something goes."""
_SIDES = frozenset({"left", "right", "top", "bottom", "upper", "lower", "corner"})
_PICTURES = ("picture", "image", "photo", "photograph", "shot")
COLOURS_ONLY = "Of the other picture's look the colours and the tones were taken over, and nothing else."


def collage(speech: Speech) -> bool:
    """ "Make a collage of these": every picture, as it is."""
    if speech.found.sources == 1:
        return speech.refuse("needs several pictures for a collage, and was sent one")
    pictures = [speech.image(slot) for slot in ("image", "image2") if speech.said[slot]]
    if 0 in pictures:
        return True
    if "left" in speech.clause.words and pictures != sorted(pictures, key=lambda number: number or 0):
        return speech.refuse("lays pictures out in the order in which they are sent")
    if pictures and sorted(number or 0 for number in pictures) != list(range(1, speech.found.sources + 1)):
        return speech.refuse("lays out all the pictures that it is sent: send only those that belong on the sheet")
    speech.found.each = speech.found.collage = True
    if colour := speech.colour():
        widths = [meant("widths")[word] for word in speech.clause.words if word in meant("widths")]
        return speech.do("border", params={"colour": colour, **({"width": widths[0]} if widths else {})})
    return True


def paste(speech: Speech) -> bool:
    """ "Put the cat from image 2 into image 1, on the left"."""
    taken = speech.image("image")
    onto = speech.image("image2") if speech.said["image2"] else 1
    if not speech.said["image2"] and taken == 1:
        return False
    if not speech.said["image2"] and speech.found.sources > 2 and speech.clause.words[-1] in _PICTURES:
        return False  # "Onto the beach picture": which one is that?
    return _paste(speech, taken, onto)


def paste_into(speech: Speech) -> bool:
    """ "Put me into image 2": who is in the first picture."""
    onto, taken = speech.image("image"), _lift(speech)
    return (taken is not None or onto != 1) and _paste(speech, taken or 1, onto)


def lifted(speech: Speech) -> bool:
    """ "Cut me out of image 1": its subject."""
    number, target = speech.image("image"), speech.target()
    if number is None or target is None or target.colour or target.is_body or target.is_worn:
        return False
    if target.kind == "area" or target.region in ("background", "sky", "face"):
        return False
    if number > 1:
        speech.found.turn_to(number)
    return not number or speech.do("remove_background", about=Target(target.kind, name=target.name))


def _lift(speech: Speech) -> int | None:
    """The picture whose subject has been cut out in the clause before this one, which is part of laying it into
    another; None if none has."""
    found = speech.found
    match [step.op for step in found.steps]:
        case ["remove_background"]:
            found.steps.clear()
            return 1
        case ["take", "remove_background"]:
            number = int(found.steps[0].params["image"])
            found.steps.clear()
            found.picture = 1
            return number
    return None


def _paste(speech: Speech, taken: int | None, onto: int | None) -> bool:
    said, target = speech.said, speech.target()
    if taken is None or onto is None or target is None:
        return False
    if not taken or not onto:
        return True
    if target.region in ("background", "sky", "face") or target.kind in ("colour", "area"):
        return target.region == "face" and speech.refuse(NO_FITTING, target.noun)
    if target.kind == "unknown" and not listed("choosing").isdisjoint(target.noun.split()):
        return speech.refuse(ONE_SUBJECT, target.noun)
    if taken == onto:
        return speech.refuse(
            "finds the subject of a picture in that picture already: say into which one it should go"
        )
    place, ground = " ".join(word for word in said["place"].split() if word not in _SIZES), None
    placing = [word for word in place.split() if word not in _FRONT] or place.split()
    position = meant("positions").get(" ".join(placing))
    if position is None and not _SIDES.isdisjoint(place.split()):
        return False  # "To the left, with its shadow"
    scenery = position is not None or (bool(place) and set(place.split()) <= listed("scenery"))
    if place and not scenery and _is_beside(speech):
        beside = target_of(place, speech.lexicon)
        someone = beside is not None and beside.region in ("subject", "face")
        if not someone or (beside and beside.kind == "thing" and beside.noun not in listed("animals")):
            return speech.refuse(NO_PLACING, place)
        speech.found.notes.append(
            f"The darkroom does not look for '{place}': it places the subject where it fits."
        )
        place = ""
    if place and not scenery:
        where = target_of(place, speech.lexicon)
        if where is not None and (where.colour or where.region == "background"):
            return False
        if where is None or where.region is not None or where.is_body or where.is_worn:
            return speech.refuse(NO_FITTING if target.is_worn else NO_PLACING, place)
        ground = place
    if target.is_body or (target.is_worn and not place):
        return speech.refuse(NO_FITTING, target.noun)
    if said["thing2"]:
        return speech.refuse(NO_PLACING, said["thing2"])
    if onto > 1:
        speech.found.turn_to(onto)
    params: dict[str, str | float] = {"position": position} if position else {}
    if (size := size_of(speech)) is not None:
        params["size"] = size
    if ground:
        speech.found.notes.append(
            f"The darkroom does not look for '{ground}': it places the subject where it fits."
        )
    if target.kind == "unknown" and target.noun not in listed("ourselves"):
        speech.found.notes.append(f"It takes the subject of image {taken} for '{target.noun}'.")
    return speech.do("paste", params={"image": taken, **params})


def size_of(speech: Speech) -> str | float | None:
    """How large it shall be: a share of the picture, or in words; None if nobody says."""
    words = speech.clause.words
    if speech.said["n"]:
        return min(1.0, max(0.05, float(speech.said["n"]) / 100))
    shares = {"fifth": 0.2, "quarter": 0.25, "third": 0.33, "half": 0.5}
    if share := next((shares[word] for word in words if word in shares), None):
        return share if "half" not in words or not {"upper", "lower", "left", "right"} & set(words) else None
    return next((_SIZES[word] for word in words if word in _SIZES), None)


def _is_beside(speech: Speech) -> bool:
    """Whether it is to stand beside somebody or something: where that is, nobody has to know."""
    text = speech.clause.text
    return any(f" {word} " in text for word in ("next to", "beside", "near", "close to", "by the side of"))


def match_colours(speech: Speech) -> bool:
    """ "Use the colours of image 2"."""
    like = speech.image("image")
    changed = (
        speech.image("image2") if speech.said["image2"] else (2 if like == 1 and speech.found.sources == 2 else 1)
    )
    if like is None or changed is None:
        return False
    if not like or not changed:
        return True
    if like == changed:
        return speech.refuse("would match a picture with itself: say whose colours go to which picture")
    if changed > 1:
        speech.found.turn_to(changed)
    return speech.do("match_colours", params={"image": like})


def match_look(speech: Speech) -> bool:
    """ "Match the lighting of the second photo": as far as its colours are it."""
    before = len(speech.found.steps)
    done = match_colours(speech)
    if done and len(speech.found.steps) > before:
        speech.found.notes.append(COLOURS_ONLY)
    return done


def match_style(speech: Speech) -> bool:
    """ "Use the style of image 2"."""
    like = speech.image("image")
    if like is None:
        return False
    return speech.refuse(NO_STYLE) if like else True


def combine(speech: Speech) -> bool:
    """ "Combine these": how, nobody has said."""
    return speech.refuse(NO_MERGING)


def remove_subject(speech: Speech) -> bool:
    """ "Remove the person": only who can but be the subject, and is not marked by a mask."""
    if speech.has_mask:
        return False
    target = speech.target()
    if target is None or target.colour or target.kind == "picture" or speech.said["thing"].startswith("all "):
        return False
    if target.name is not None and not target.name.startswith("people/") and target.noun not in listed("animals"):
        return False
    if target.region != "subject" or target.noun in listed("vague"):
        return False
    return speech.do("remove_subject", about=Target("people", name=target.name))


def painted_out(speech: Speech) -> bool:
    """ "Paint it out", under a mask."""
    return _is_marked(speech) and speech.do("fill")


def unreadable(speech: Speech) -> bool:
    """ "Make the number plate unreadable", under a mask."""
    return _is_marked(speech) and speech.do("pixelate")


def _is_marked(speech: Speech) -> bool:
    """Whether the mask says what is meant, whatever it is called."""
    target = speech.target() if speech.has_mask else None
    return target is not None and (target.kind in ("picture", "area", "unknown", "thing", "people"))


def marked(speech: Speech) -> bool:
    """ "There is a scratch here, where I marked it": says what is under the mask, and asks for nothing yet."""
    if "only" in speech.clause.words:
        target = speech.target()
        return speech.has_mask and target is not None and target.kind == "area"
    return speech.has_mask


MEANINGS = {
    "collage": collage,
    "paste": paste,
    "lifted": lifted,
    "painted_out": painted_out,
    "unreadable": unreadable,
    "paste_into": paste_into,
    "match_colours": match_colours,
    "match_look": match_look,
    "match_style": match_style,
    "combine": combine,
    "remove_subject": remove_subject,
    "marked": marked,
}
