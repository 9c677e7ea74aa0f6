"""The words the darkroom understands, read from ``lexicon/*.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from retouch.engines.darkroom import palette
from retouch.engines.darkroom.understanding.tree import Tree
from retouch.engines.darkroom.understanding.words import words

_WORD = re.compile("[a-z]{4,}")
_NAMING = ("op.looks", "op.verbs", "op.whole", "slider")
_BESIDE = ("around.", "choice.")


@dataclass(frozen=True, slots=True)
class Operation:
    """What the lexicon says of an operation; see ``lexicon/operations/README.md`` for the fields."""

    name: str
    says: str
    example: str
    family: str = ""
    steady: bool = False
    even: bool = False
    thing: bool = False
    against: tuple[str, ...] = ()
    drowns: tuple[str, ...] = ()
    stops: int = 0
    reframes: bool = False
    unvarying: bool = False
    sources: int = 1
    masked: bool = False
    slid: bool = False
    less: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """The longest known phrase at one place of an instruction, or a single unknown word.

    ``text``: its words. ``senses``: what it can mean, a kind and that kind's value; what it does mean, its
    neighbours decide. Empty for an unknown word.
    """

    text: str
    senses: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, kind: str) -> bool:
        return kind in self.senses


_REFUSED = {"thing": "refused_thing", "place": "refused_place", "colour": "colour", "style": "refused_style"}


class Vocabulary:
    """The lexicon, ready to read instructions with.

    ``operations`` by name; ``lowering`` those that take a setting down; ``telling`` are the words that ask for
    something, for "did you mean".
    """

    def __init__(
        self, language: Mapping[str, Any], operations: Mapping[str, Any], refusals: Mapping[str, Any]
    ) -> None:
        self._contractions: dict[str, str] = language["contractions"]
        self._spelling: dict[str, str] = language["spelling"]
        self._root = Tree(self._words)
        self.operations: dict[str, Operation] = {}
        for kind, phrases in language["phrases"].items():
            self._learn(phrases, kind)
        self._people = "|".join(language["names"]["people"])
        self._things = "|".join(language["names"]["things"])
        for region, phrases in language["regions"].items():
            self._learn([self._named_in(pattern) for pattern in phrases], "region", region)
        self._learn_colours(language["parts"])
        for kind in ("people", "things"):
            for pattern in language["names"][kind]:
                self._learn([pattern], "name", f"{kind}/{_slot(pattern)}")
                self._learn([pattern], "region", "subject")
        for value, phrases in language["amounts"].items():
            self._learn(phrases, "amount", value)
        for value, phrases in language["stops"].items():
            self._learn(phrases, "stops", value)
        for value, phrases in language["shares"].items():
            self._learn(phrases, "share", value)
        self._learn(language["amount"]["around"], "strength")
        self.lowering = frozenset(
            entry.get("less", next(iter(entry.get("against", ())), ""))
            for entry in operations.values()
            if "slider" in entry
        )
        for name, entry in operations.items():
            self._learn_operation(name, entry)
        for refusal in refusals["refusal"]:
            self._learn(refusal["phrases"], "refusal", refusal["reason"])
            for mark, sense in _REFUSED.items():
                if refusal.get(mark):
                    self._learn(refusal["phrases"], sense)

        asking = [table.get(form, ()) for table in operations.values() for form in ("looks", "verbs")]
        asking += [*language["regions"].values()]
        patterns = (pattern for phrases in asking for pattern in phrases)
        self.telling = sorted({word for pattern in patterns for word in _WORD.findall(pattern)})

    def _learn_colours(self, patterns: Sequence[str]) -> None:
        """The phrases for what is of a colour, as regions: "the red parts"."""
        for name, colour in palette.names().items():
            for pattern in patterns:
                self._learn([pattern.replace("{colour}", name)], "region", f"colour:{colour}")

    def _learn_operation(self, name: str, entry: Mapping[str, Any]) -> None:
        for form in ("looks", "verbs", "whole"):
            patterns = [self._named_in(pattern) for pattern in entry.get(form, ())]
            self._learn(patterns, f"op.{form}", name)
        for sense in ("part", "stops"):
            for value, phrases in entry.get(f"{sense}_of", {}).items():
                self._learn(phrases, sense, value)
        if "part" in entry:
            self._learn([*entry.get("looks", ()), *entry.get("verbs", ())], "part", str(entry["part"]))
        self._learn(entry.get("slider", ()), "slider", name)
        self._learn(entry.get("around", ()), f"around.{name}")
        for parameter, options in entry.get("choices", {}).items():
            for option, phrases in options.items():
                self._learn(phrases, f"choice.{name}", f"{parameter}={option}")
        self.operations[name] = Operation(
            name,
            says=entry["says"],
            example=entry["example"],
            family=entry.get("family", ""),
            steady=entry.get("steady", False),
            even=entry.get("even", False),
            thing=entry.get("thing", False),
            against=tuple(entry.get("against", ())),
            drowns=tuple(entry.get("drowns", ())),
            stops=entry.get("stops", 0),
            reframes=entry.get("reframes", False),
            unvarying=entry.get("unvarying", False),
            sources=entry.get("sources", 1),
            masked=entry.get("masked", False),
            slid="part" in entry,
            less=entry.get("less", next(iter(entry.get("against", ())), "")),
        )

    def _named_in(self, pattern: str) -> str:
        """``pattern`` with the names that "{people}" and "{things}" in it stand for."""
        return pattern.replace("{things}", self._things).replace("{people}", self._people)

    def _learn(self, patterns: Sequence[str], kind: str, value: str = "") -> None:
        for pattern in patterns:
            self._root.learn(pattern, kind, value)

    def _words(self, phrase: str) -> list[str]:
        return words(phrase, self._contractions, self._spelling)[:-1]

    def read(self, text: str) -> list[Item]:
        """``text`` as items, its punctuation among them; linear in its length.

        The words that mean something only beside an operation count where it is named: "to the" of "rotate it to
        the left" is no phrase of "add sunglasses to the man".
        """
        sequence = words(text, self._contractions, self._spelling)
        named = self._named(sequence)
        items: list[Item] = []
        at = 0
        while at < len(sequence):
            node, end, senses = self._root, at, None
            for ahead in range(at, len(sequence)):
                branch = node.branch(sequence[ahead])
                if branch is None:
                    break
                node = branch
                if _speaks(node, named):
                    end, senses = ahead + 1, node.senses
            if senses is None:
                items.append(Item(sequence[at]))
                at += 1
            else:
                items.append(Item(" ".join(sequence[at:end]), senses))
                at = end
        return items

    def _named(self, sequence: Sequence[str]) -> set[str]:
        """The operations that any phrase of ``sequence`` may name."""
        named: set[str] = set()
        for start in range(len(sequence)):
            node = self._root
            for ahead in range(start, len(sequence)):
                branch = node.branch(sequence[ahead])
                if branch is None:
                    break
                node = branch
                named |= {value for sense, value in node.senses.items() if sense in _NAMING}
        return named


def _slot(pattern: str) -> str:
    """What a name's pattern begins with: the one name of all its forms."""
    return pattern.strip("(").split("|")[0]


def _speaks(node: Tree, named: Collection[str]) -> bool:
    """Whether what ends at ``node`` means anything where the operations ``named`` are spoken of."""
    return any(not sense.startswith(_BESIDE) or sense.partition(".")[2] in named for sense in node.senses)


@cache
def vocabulary() -> Vocabulary:
    """The darkroom's own lexicon, read once."""
    folder = resources.files("retouch.engines.darkroom") / "lexicon"

    def read(name: str) -> dict[str, Any]:
        return tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))

    operations: dict[str, Any] = {}
    for file in sorted((folder / "operations").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            family = {"family": file.name.removesuffix(".toml")}
            operations |= {name: family | entry for name, entry in tomllib.loads(file.read_text("utf-8")).items()}
    return Vocabulary(read("language"), operations, read("refusals"))
