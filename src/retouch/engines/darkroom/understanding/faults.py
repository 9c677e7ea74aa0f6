"""What can be wrong with a picture, as ``lexicon/complaints.toml`` tells it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from retouch.engines.darkroom.understanding.phrases import Phrases


@dataclass(frozen=True)
class Fault:
    """Something that can be wrong: an entry of the lexicon, whose fields are told there."""

    remedies: tuple[str, ...]
    params: Mapping[str, Any]
    about: frozenset[str]
    places: bool
    casts: bool
    only: bool
    not_places: frozenset[str]
    never: bool
    alone: bool
    beside: bool
    hint: str
    verbs: Phrases
    words: Phrases
    """Every way of saying it, and how: "fault", "too", "noun"."""
    of_picture: Phrases


@cache
def _table() -> Mapping[str, Any]:
    folder = resources.files("retouch.engines.darkroom") / "lexicon"
    return tomllib.loads((folder / "complaints.toml").read_text("utf-8"))


@cache
def words_for(name: str) -> Phrases:
    """A list of the lexicon."""
    return Phrases({"": _table()[name]})


@cache
def verbs() -> Phrases:
    """What asks for any fault to be mended: "fix", or only for one that can be taken out: "remove"."""
    return Phrases({"fix": _table()["mending"], "remove": _table()["removing"]})


@cache
def abouts() -> frozenset[str]:
    """Everything that a fault is told of by name, beside the picture and its parts."""
    return frozenset().union(*(fault.about for fault in faults()))


@cache
def faults() -> tuple[Fault, ...]:
    """Every fault, in the order of the lexicon."""
    return tuple(_entries())


def _entries() -> Iterator[Fault]:
    for entry in _table()["complaint"]:
        said, too, nouns = (entry.get(kind, ()) for kind in ("faults", "too", "nouns"))
        yield Fault(
            remedies=tuple(entry["remedies"]),
            params=entry.get("params", {}),
            about=frozenset(entry.get("about", ())),
            places=entry.get("places", False),
            casts="skin tone" in entry.get("about", ()) and "white" in entry["about"],
            only=entry.get("only", False),
            not_places=frozenset(entry.get("not_places", ())),
            never=entry.get("never", False),
            alone=entry.get("alone", False),
            beside=entry.get("beside", False),
            hint=entry.get("hint", ""),
            verbs=Phrases({"fix": entry.get("verbs", ())}),
            words=Phrases({"fault": said, "too": too, "noun": nouns}),
            of_picture=Phrases({"fault": entry.get("picture_faults", said), "too": entry.get("picture_too", too)}),
        )
