from __future__ import annotations

import re
import tomllib
from importlib import resources

import pytest

from retouch.engines.darkroom.understanding.languages.language import LANGUAGES, Language, languages
from retouch.engines.darkroom.understanding.languages.patterns import Node, Patterns, say
from retouch.engines.darkroom.understanding.languages.tokens import fold, tokens

FOLDER = resources.files("retouch.engines.darkroom") / "lexicon" / "languages"


def words(text: str) -> tuple[str, ...]:
    return tuple(token.text for token in tokens(text, {}, {}))


def expand(pattern: str, endings: dict[str, list[str]]) -> set[tuple[str, ...]]:
    """All sequences of words and slots that lead to the end of ``pattern``."""
    root = Node()
    Patterns(endings, words).grow(root, pattern, "X")
    found: set[tuple[str, ...]] = set()
    paths: list[tuple[Node, tuple[str, ...]]] = [(root, ())]
    for node, path in paths:
        if node.says:
            found.add(path)
        paths += [(on, (*path, word)) for word, branches in node.words.items() for on in branches]
        paths += [(on, (*path, f"{{{slot}}}")) for slot, branches in node.slots.items() for on in branches]
    return found


def language(**clauses: str) -> Language:
    table = {english.replace("_", " "): patterns.split("/") for english, patterns in clauses.items()}
    return Language(
        "test", [{"idle": {"": ["please"]}, "join": {"": ["and"]}, "clause": table, "tail": {"but T": ["t"]}}]
    )


def test_all_seven_languages_are_read() -> None:
    found = [read.name for spaced in (True, False) for read in languages(spaced=spaced)]
    assert found == list(LANGUAGES.values())
    assert all(read.spaced is spaced for spaced in (True, False) for read in languages(spaced=spaced))


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_slot_of_a_grammar_is_a_kind_before_it(code: str) -> None:
    grammar = tomllib.loads((FOLDER / f"{code}.toml").read_text("utf-8"))
    known = {"number", "ratio", "quoted", "any", "own"}
    for kind, table in grammar.items():
        if kind in ("settings", "endings", "spelling"):
            continue
        for patterns in table.values():
            for pattern in patterns:
                assert set(re.findall(r"\{(\w+)\}", pattern)) <= known, pattern
        known.add(kind)


def test_a_pattern_has_choices_options_and_endings() -> None:
    endings = {"o": ["o", "a"]}
    assert expand("a|b c", endings) == {("a", "c"), ("b", "c")}
    assert expand("(a b|c) d", endings) == {("a", "b", "d"), ("c", "d")}
    assert expand("[a b|c] {d}", endings) == {("{d}",), ("a", "b", "{d}"), ("c", "{d}")}
    assert expand("roj~o", endings) == {("rojo",), ("roja",)}
    assert expand("变成", endings) == {("变", "成")}


def test_a_slot_that_captured_nothing_takes_its_default() -> None:
    assert say("make {place|it} {quality} {amount}", [("quality", "warmer")]) == "make it warmer"
    assert say("from {colour} to {colour2}", [("colour", "red"), ("colour", "blue")]) == "from red to blue"


def test_words_are_folded_but_kana_are_not() -> None:
    assert fold("Más ŒUVRE Straße ＡＢ") == "mas oeuvre strasse ab"
    assert fold("がをプ") == "がをプ"


def test_tokens_are_words_characters_numbers_and_quotes() -> None:
    assert words("L'image à 16 : 9, 30 %!") == ("l", "image", "a", "16:9", ",", "30", "%", ".")
    assert words("写真をHDR風に") == ("写", "真", "を", "hdr", "風", "に")
    assert [word for word in words("1. uno\n2) dos") if word != "."] == ["uno", "dos"]
    assert [token.text for token in tokens('„Ä b“ "C"', {}, {}) if token.kind == "quoted"] == ["Ä b", "C"]


def test_idle_words_may_stand_anywhere() -> None:
    assert language(X="a b").parse("please a please b please").clauses == ["X"]


def test_what_is_left_over_is_told_as_it_was_written() -> None:
    parse = language(X="a b").parse("A b and Ünknown-Word, b")
    assert (parse.clauses, parse.unknown, parse.strange) == (["X"], ["Ünknown-Word", "b"], ["Ünknown-Word"])


def test_a_clause_that_goes_on_is_joined_and_a_tail_may_stand_anywhere() -> None:
    found = Language(
        "test", [{"join": {"": ["and"]}, "clause": {"X": ["x"], "& Y": ["y"]}, "tail": {"but T": ["t"]}}]
    )
    assert found.parse("x and y").english == "X and Y"
    assert found.parse("x t").english == "X but T"
    assert found.parse("t x").english == "T. X"
    assert found.parse("x x").unknown


def test_what_stands_between_two_marks_goes_to_the_end_of_the_clause() -> None:
    moved = Language("test", [{"join": {}, "clause": {"make it ^but keep S^ warm": ["w"]}, "tail": {}}])
    assert moved.parse("w").english == "make it warm but keep S"


def test_words_that_the_language_lacks_can_say_what_for_but_only_where_a_pattern_has_them() -> None:
    grammar = {
        "settings": {"owning": ["my"]},
        "idle": {"": ["my|the"]},
        "join": {"": ["and"]},
        "clause": {"A": ["a"], "RED": ["red"]},
        "tail": {"": ["it is for {any}", "for {own}"]},
    }
    tongue = Language("test", [grammar])
    assert tongue.parse("a, it is for the village fete").unknown == []
    assert tongue.parse("a for my shop window").unknown == []
    assert tongue.parse("a for the curtains").unknown == ["for the curtains"]
    assert tongue.parse("a my curtains").unknown == ["curtains"]
    assert tongue.parse("it is for red").unknown != []
