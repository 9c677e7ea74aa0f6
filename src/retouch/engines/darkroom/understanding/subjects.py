"""What a complaint is about: "the sky", "my son's face", "it"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from retouch.engines.darkroom.understanding.faults import abouts
from retouch.engines.darkroom.understanding.remarks import named
from retouch.engines.darkroom.understanding.vocabulary import Vocabulary

_ARTICLES = frozenset(
    ("the", "this", "my", "our", "your", "his", "her", "their", "a", "an", "whole", "entire", "all", "of")
)


@dataclass(frozen=True)
class Subject:
    """``noun``: how it is called; ``region``: one of `recipe.REGIONS`; ``name``: what the subject is called, for
    `Reading.call`; ``picture``: whether it is the picture itself."""

    noun: str
    region: str | None = None
    name: str | None = None
    picture: bool = False


def subject_of(words: Sequence[str], lexicon: Vocabulary) -> Subject | None:
    """What is complained of: the picture if nothing is named."""
    rest = [word for word in words if word not in _ARTICLES]
    if not rest and (not words or words[0] in ("this", "all")):
        return Subject("", picture=True)
    if noun_of_us := [word for word in rest if word in ("we", "i")]:
        return Subject("we", region="subject", name="people/person") if noun_of_us == rest else None
    if list(words) in (["its"], ["her"]):
        return Subject("", picture=True) if words[0] == "its" else None
    noun = " ".join(rest)
    if noun in abouts():
        items = lexicon.read(noun)[:-1]
        region = items[0].senses.get("region", "") if len(items) == 1 else ""
        # The blacks are a tone, and no things of a colour.
        return Subject(noun, region=None if not region or region.startswith("colour:") else region)
    items = [
        item
        for item in lexicon.read(" ".join(words))[:-1]
        if item.text not in _ARTICLES and "definite" not in item
    ]
    if len(items) > 1 and "image" in items[-1] and all(item.text in named("uses") for item in items[:-1]):
        return Subject(noun, picture=True)  # "The listing photo"
    senses = [item.senses for item in items]
    if len(items) == 1 and ("image" in items[0] or noun in ("camera image", "result", "pictures", "scan")):
        return Subject(noun, picture=True)
    regions = list(dict.fromkeys(sense["region"] for sense in senses if "region" in sense))
    if len(senses) == 2 and regions == ["subject", "face"]:
        regions = ["face"]  # "My son's face"
    elif len(senses) != 1:
        return None
    if len(regions) != 1 or regions[0].startswith("colour:"):
        return None
    return Subject(
        noun, region=regions[0], name=next((sense["name"] for sense in senses if "name" in sense), None)
    )
