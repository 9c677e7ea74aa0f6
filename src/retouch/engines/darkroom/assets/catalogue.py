"""Which things there are, what they are called, and how they take their place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType

from retouch.engines.darkroom.assets import folder
from retouch.engines.darkroom.assets.pack import unpack

_LEADING = re.compile(r"^(?:(?:a|an|the|some|one|another|my|our|your|his|her|their) )+")
_HEAD = re.compile(r"^(.*?)( (?:of|with|on|in|behind|showing) .*)?$")
_IRREGULAR = {
    "mouse": "mice", "goose": "geese", "ox": "oxen", "wolf": "wolves", "leaf": "leaves", "loaf": "loaves",
    "knife": "knives", "die": "dice", "cactus": "cacti", "scarf": "scarves", "fish": "fish", "sheep": "sheep",
    "deer": "deer", "moose": "moose", "bison": "bison", "foot": "feet", "man": "men", "piano": "pianos",
    "volcano": "volcanoes", "potato": "potatoes", "tomato": "tomatoes", "mango": "mangoes", "octopus": "octopuses",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Thing:
    """``name``: its id. ``place``: "heavens" (only ever far up in the sky), "air" or "ground". ``size``:
    "small" (fits a hand), "medium" (as big as a dog or a chair) or "large" (taller than a person).
    ``own``: it is a cut-out out of the user's own folder."""

    name: str
    place: str = "ground"
    size: str = "medium"
    own: bool = False


@cache
def _bundled() -> tuple[Mapping[str, Thing], Mapping[str, str]]:
    """The things by name, and the names by what they may be called."""
    text = (resources.files("retouch.engines.darkroom") / "assets" / "things.toml").read_text("utf-8")
    things: dict[str, Thing] = {}
    called: dict[str, str] = {}
    plural: dict[str, str] = {}
    for kind, lines in tomllib.loads(text).items():
        place = kind if kind in ("heavens", "air") else "ground"
        for line in lines:
            forms = line.split("|")
            name = forms[0].replace(" ", "-")
            things[name] = Thing(name, place, kind if place == "ground" else "medium")
            for form in forms:
                called.setdefault(_plain(form), name)
                for several in _plurals(_plain(form)):
                    plural.setdefault(several, name)
    return MappingProxyType(things), MappingProxyType({**plural, **called})


@lru_cache(maxsize=4096)
def _plain(phrase: str) -> str:
    phrase = " ".join(re.sub(r"[-_’']", " ", phrase.lower()).split())
    return _LEADING.sub("", phrase)


def _plurals(form: str) -> Iterator[str]:
    """ "cup of coffee" to "cups of coffee"."""
    match = _HEAD.match(form)
    assert match is not None
    before, _, noun = match[1].rpartition(" ")
    lead, rest = before + " " if before else "", match[2] or ""
    if noun in _IRREGULAR:
        yield lead + _IRREGULAR[noun] + rest
    elif noun.endswith("y") and noun[-2:-1] not in "aeiou":
        yield lead + noun[:-1] + "ies" + rest
    elif noun.endswith(("s", "x", "z", "ch", "sh")):
        yield lead + noun + "es" + rest
    else:
        yield lead + noun + "s" + rest


def plural(name: str) -> str:
    """Several of a thing in words: "party-popper" gives "party poppers"; what is several already stays."""
    words = name.replace("-", " ")
    return words if re.search(r"[^s]s$", words) else next(_plurals(words))


def find(phrase: str) -> str | None:
    """The id of the thing that ``phrase`` names: "car", "the two cups of coffee" without its number, "gifts";
    a name of the user's own comes first. None for anything else; there is no guessing."""
    plain = _plain(phrase)
    return folder.find(plain) or _bundled()[1].get(plain)


def names() -> tuple[str, ...]:
    """All ids: the user's own ones, then the bundled ones in order of their names."""
    return (*folder.names(), *sorted(_bundled()[0]))


def phrases() -> Mapping[str, str]:
    """Every phrase that `find` understands, in lower case and without hyphens, with its thing's id."""
    return MappingProxyType({**_bundled()[1], **folder.phrases()})


def thing(name: str) -> Thing:
    """The thing of that id. Raises KeyError if there is none."""
    if folder.has(name):
        return Thing(name, own=True)
    return _bundled()[0][name]


def load(name: str) -> str:
    """The bundled drawing of that id as a whole SVG of 32 by 32 units. Raises KeyError if there is none."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 32 32" width="32" height="32">{unpack(_bundled()[0][name].name)}</svg>'
    )
