"""Things to put into the picture, in words: "three red balloons in the sky"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from retouch.engines.darkroom import assets
from retouch.engines.darkroom.understanding.nouns import listed
from retouch.engines.darkroom.understanding.phrases import Phrases
from retouch.engines.darkroom.understanding.placing import Positions, colours, positions, sizes, tables, words_of
from retouch.engines.darkroom.understanding.vocabulary import Item

LONGEST = 5
"""Words of a thing's name."""

MOST = 12
"""Things of one kind at once."""

SEVERAL = 3
"""How many are meant by a plural alone."""

EVERYWHERE = 8
"""How many are meant by "everywhere"."""

_FURTHEST = 6
"""Words for the place of a thing; more than that tell a story."""

_ARTICLES = words_of("insert", "articles")
_DRAWN = words_of("insert", "drawn")
_CARRIED = "puts things beside people and animals, not on them or into their hands"
_KINDS = ("senseless", "everywhere", "over", "vague", "never")
_AREA = ("area", "image", "images")
_CLOTHES = words_of("insert", "clothes")
_WEATHER = "cannot bring such weather: it makes snow, rain, a storm and fog"
_SCENES = words_of("insert", "scenes")
_PART_OF = re.compile("^(?:.*(?:corner|side|middle|centre|end|back) of )?(?:(?:the|a|an|my|our|this) )*")
_VAGUE = frozenset(
    {"few", "some", "several", "many", "lots", "bunch", "handful", "various", "multiple", "numerous"}
)
_ALOFT = ("flying", "floating", "hovering", "high")
_WITHIN = ("in", "to", "into", "at")
_WATERS = {"lake", "sea", "water", "river", "pond", "pool", "ocean"}
_UPON = ("on", "onto", "on top of")
_ON = ("on", "onto", "on top of", "to", "in")


@dataclass
class Insertion:
    """``params``: of the operation `insert`, "name" among them once a thing has been named. ``called``: how.
    ``spot``: words for a place that is not found by name, ``near`` whether that is beside who the picture is of,
    or all that one sees, ``sided`` whether it is one side of it, and ``upon`` whether it lies on it; ``worn``:
    somebody in the picture would wear it, as in "add a tie", but not in "a tie at the top left". ``strange``:
    words that nothing explains; ``reasons``: why it cannot be done; ``marked``: the place is what the mask marks.
    ``used``: the numbers of the words that are understood; ``own``: it is said how many by themselves there are:
    "a blue balloon"; ``some``: the count is a guess."""

    params: dict[str, Any] = field(default_factory=dict)
    called: str = ""
    spot: str = ""
    near: bool = False
    sided: bool = False
    upon: bool = False
    worn: bool = False
    strange: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    marked: bool = False
    used: set[int] = field(default_factory=set)
    own: bool = False
    some: bool = False


@cache
def _words() -> dict[str, Phrases]:
    table = tables()
    kinds = {
        kind: Phrases({kind: table["insert"][kind]})
        for kind in ("vague", "over", "never", "everywhere", "senseless", "add")
    }
    return kinds | {"count": Phrases(table["count"]), "place": Phrases(table["place"])}


def after_verb(words: Sequence[str]) -> int:
    """Behind the verb that adds something at the beginning of ``words``; 0 if none does."""
    match = _words()["add"].match(words, 0)
    return match[1] if match else 0


def thing_at(words: Sequence[str], at: int) -> tuple[str, int] | None:
    """The id of the thing with the longest name that begins at ``at``, and where that ends."""
    if at < len(words) and words[at] in _ARTICLES:
        return None
    for end in range(min(len(words), at + LONGEST), at, -1):
        if name := assets.find(" ".join(words[at:end])):
            return name, end
    return None


def read_insertion(items: Sequence[Item]) -> Insertion:
    """What ``items`` say of a thing to be put into the picture, and of where."""
    return _InsertionReader(items).read()


class _InsertionReader:
    def __init__(self, items: Sequence[Item]) -> None:
        pairs = [(word, item) for item in items for word in item.text.split()]
        self.words = [word for word, _ in pairs]
        self.items = [item for _, item in pairs]
        self.result = Insertion()

    def read(self) -> Insertion:
        at = 0
        while at < len(self.words):
            end = self._thing(at) or self._how_many(at) or self._said(at)
            if end:
                self.result.used |= set(range(at, end))
            else:
                self.result.strange.append(self.words[at])
            at = end or at + 1
        if self.result.called in tables()["insert"]["weather"] and not set(self.words) & _DRAWN:
            self.result.reasons.append(_WEATHER)
            self.result.strange.append(self.result.called)
        elsewhere = self.result.params.keys() & {"position", "place"} or self.result.spot
        worn = self.result.params.get("name") in _CLOTHES and not elsewhere
        self.result.worn = worn and not set(self.words) & _DRAWN
        return self.result

    @property
    def named(self) -> bool:
        return "name" in self.result.params

    def _thing(self, at: int) -> int:
        found = None if self.named else thing_at(self.words, at)
        if found is None:
            return 0
        name, end = found
        self.result.own = self._single(at) or "count" in self.result.params
        colour = colours().match(self.words, at)
        if colour and colour[1] == end and thing_at(self.words, end):
            return 0  # "an orange balloon"
        self.result.called = " ".join(self.words[at:end])
        self.result.params["name"] = name
        if "count" not in self.result.params and not self._single(at) and _is_plural(self.result.called, name):
            self.result.params["count"] = SEVERAL
        return end

    def _single(self, at: int) -> bool:
        return any(word in ("a", "an", "one", "single", "another") for word in self.words[:at])

    def _how_many(self, at: int) -> int:
        match = None if self.named else _words()["count"].match(self.words, at)
        if match is None and not self.named and self.words[at].isdecimal() and self.words[at].isascii():
            match = (self.words[at][:4], at + 1)
        if match is None:
            return 0
        count = int(match[0])
        self.result.some = not _VAGUE.isdisjoint(self.words[at : match[1]])
        if count > MOST:
            self.result.reasons.append(f"puts at most {MOST} things of a kind into a picture")
        elif count > 1 and self.result.params.setdefault("count", count) != count:
            self.result.strange.append(self.words[at])
        return match[1]

    def _said(self, at: int) -> int:
        readers: dict[str, Phrases | Positions] = {
            "position": positions(),
            "size": sizes(),
            "colour": colours(),
            "place": _words()["place"],
            **{kind: _words()[kind] for kind in _KINDS},
        }
        matches = [(kind, *match) for kind, table in readers.items() if (match := table.match(self.words, at))]
        if "images" in self.items[at] and not self.named and thing_at(self.words, at + 1):
            return 0  # "Put both dogs in image 1"
        if any(sense in self.items[at] for sense in _AREA):
            end = at + len(self.items[at].text.split())
            matches.append(("area" if "area" in self.items[at] else "senseless", "", end))
        if self.words[at].startswith("#"):
            matches.append(("colour", self.words[at], at + 1))
        if not matches:
            return 0
        kind, value, end = max(matches, key=lambda match: match[2])
        if not self.named and kind in ("vague", "never", "over"):
            return 0
        return self._note(kind, value, at, end)

    def _note(self, kind: str, value: str, at: int, end: int) -> int:
        result = self.result
        match kind:
            case "position" | "size" | "colour" | "place":
                if kind == "colour" and self.named:
                    return 0
                if result.params.setdefault(kind, value) != value:
                    result.reasons.append(f"takes one {kind} for a thing: either {result.params[kind]} or {value}")
            case "everywhere":
                if result.params.get("count", SEVERAL) == SEVERAL:
                    result.params["count"] = EVERYWHERE
            case "over":
                result.params.setdefault("place", "sky")
                return self._somewhere(at, end)
            case "vague":
                return self._somewhere(at, end)
            case "area":
                result.marked = True
            case "never" if end == len(self.words) and self.words[at] == "around":
                return self._note("everywhere", value, at, end)  # "sprinkle some stars around"
            case "never":
                said = " ".join(self.words[at:end])
                owned = said.split()[-1] in tables()["insert"]["carriers"]
                result.reasons.append(_CARRIED if owned else f"cannot put a thing '{said}' something else")
                result.strange.append(" ".join(self.words[at:]))
                return len(self.words)
        return end

    def _somewhere(self, at: int, end: int) -> int:
        """Read the name of a place that begins at ``end``, behind its preposition at ``at``."""
        last = end
        while last < len(self.words) and not self._turns(last):
            last += 1
        spot = self.words[end:last]
        if not spot or len(spot) > _FURTHEST or "other" in self.items[end]:
            return 0
        nouns = [item for item in self.items[end:last] if item.text not in _ARTICLES]
        if nouns and all("area" in item for item in nouns):
            self.result.marked = True
            return last
        if nouns and all("image" in item for item in nouns):
            return last
        preposition = " ".join(self.words[at:end])
        for side in ("left", "right"):
            if side in preposition.split():
                self.result.sided = True
                self.result.params.setdefault("position", side)
        someone = set(spot) & set(tables()["insert"]["carriers"]) or any(map(_is_someone, self.items[end:last]))
        if someone and preposition in _ON:
            self.result.reasons.append(_CARRIED)
            self.result.strange.append(" ".join(spot))
        inside = self.result.sided or preposition in _WITHIN
        part = _PART_OF.sub("", " ".join(spot))
        scene = inside and part in _SCENES
        near = scene or preposition.startswith(_ALOFT) or any(map(_is_subject, self.items[end:last]))
        if not (self.result.spot and near):  # "On the table in front of me": the table has to be found.
            self.result.spot, self.result.near = " ".join(spot), near
            self.result.upon = preposition in _UPON and part not in _SCENES | _WATERS
        return last

    def _turns(self, at: int) -> bool:
        """Whether other words about the place begin at ``at``."""
        kinds = [_words()[kind] for kind in ("vague", "never", "place")]
        return any(kind.match(self.words, at) for kind in kinds) or self.words[at] == "with"


def _is_someone(item: Item) -> bool:
    name = item.senses.get("name", "")
    return name.startswith("people/") or (not name and item.senses.get("region") in ("subject", "face"))


def _is_subject(item: Item) -> bool:
    """Whether the item can but name who the picture is of, so that a thing may stand beside them: "the dog"."""
    name = item.senses.get("name", "")
    region = item.senses.get("region") in ("subject", "face")
    return region and (not name or name.startswith("people/") or name.removeprefix("things/") in listed("animals"))


def _is_plural(called: str, name: str) -> bool:
    if called == name.replace("-", " "):
        return False  # "fireworks"
    singular = [
        called[: -len(ending)] + instead
        for ending, instead in (("ies", "y"), ("es", ""), ("s", ""))
        if called.endswith(ending)
    ]
    return any(assets.find(one) == name for one in singular)
