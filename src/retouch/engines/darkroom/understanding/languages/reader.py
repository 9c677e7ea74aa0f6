"""Which language an instruction is in, and what it asks for.

English comes first: what it understands is never read as anything else. Otherwise the words themselves tell: each
language's grammar explains a share of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from retouch.engines.darkroom.recipe import Recipe
from retouch.engines.darkroom.understanding.languages.language import LONGEST, Language, Parse, languages
from retouch.engines.darkroom.understanding.languages.tokens import stand_apart
from retouch.engines.darkroom.understanding.vocabulary import Vocabulary
from retouch.errors import UnsupportedInstruction

_SHOWN = 4
_TEXT = 72
_ENOUGH = {True: 0.5, False: 0.2}
"""The share of an instruction's words that a language must have to be taken for the one it is in, by whether its
words stand apart: where they don't, its script tells more."""

Read = Callable[[str], Recipe]
Parses = Sequence[tuple[Language, Parse]]


def read_in_any_language(prompt: str, read: Read, lexicon: Vocabulary) -> Recipe:
    """What ``prompt`` asks for, told by ``read``, which understands English.

    Raises `UnsupportedInstruction` where neither English nor exactly one reading in another language explains all
    of it; the message quotes the words that are left over as they were written.
    """
    try:
        recipe = read(prompt)
    except UnsupportedInstruction:
        if (parses := _better(prompt, lexicon)) is None:
            raise
        return _in_other_words(prompt, parses, read)
    # A description of a picture may leave words out, with a note: those of another language it must not.
    if recipe.notes and (parses := _better(prompt, lexicon)):
        return _in_other_words(prompt, parses, read)
    return recipe


def _better(prompt: str, lexicon: Vocabulary) -> Parses | None:
    """The readings in other languages, if one of them has more of the prompt's words than English."""
    known, foreign = _in_english(prompt, lexicon)
    if not foreign:
        return None
    parses = [(language, language.parse(prompt)) for language in languages(spaced=stand_apart(prompt))]
    language, best = max(parses, key=lambda pair: pair[1].share)
    if not (best.clauses or len(prompt.split()) > 1 or not language.spaced):
        return None
    if language.spaced and not any(map(language.tells, foreign)):
        return None
    return parses if best.share > known and best.share >= _ENOUGH[language.spaced] else None


def _in_other_words(prompt: str, parses: Parses, read: Read) -> Recipe:
    whole = [(language, parse) for language, parse in parses if parse.clauses and not parse.unknown]
    if whole and len(prompt) <= LONGEST:
        return _agreed(prompt, whole, read)
    language, parse = max(parses, key=lambda pair: (pair[1].share, -sum(map(len, pair[1].unknown))))
    raise _half(language, parse, long=len(prompt) > LONGEST)


def _in_english(prompt: str, lexicon: Vocabulary) -> tuple[float, list[str]]:
    """The share of the prompt's words that the English lexicon has, and those that it hasn't."""
    known = 0
    foreign: list[str] = []
    for item in lexicon.read(prompt):
        words = [word for word in item.text.split() if any(map(str.isalpha, word))]
        if item.senses:
            known += len(words)
        else:
            foreign += words
    return known / (known + len(foreign)) if foreign else 1.0, foreign


def _agreed(prompt: str, whole: Parses, read: Read) -> Recipe:
    """The recipe that all readings in other languages come to."""
    recipes = {parse.english: (language, _try(parse.english, read)) for language, parse in whole}
    (english, (language, found)), *others = recipes.items()
    for reading, (other, differing) in others:
        if differing != found:
            raise UnsupportedInstruction(
                f"The darkroom can read {_quoted([prompt])} as {language.name}, {_quoted([english])}, and as "
                f"{other.name}, {_quoted([reading])}: say it in English, or in more words."
            )
    if isinstance(found, Recipe):
        return found
    raise UnsupportedInstruction(f"Read as {language.name}, {_quoted([prompt])} is {_quoted([english])}. {found}")


def _try(english: str, read: Read) -> Recipe | str:
    """The recipe for ``english``, or why there is none."""
    try:
        return read(english)
    except UnsupportedInstruction as error:
        return error.message


def _half(language: Language, parse: Parse, *, long: bool) -> UnsupportedInstruction:
    if long:
        return UnsupportedInstruction(
            f"The darkroom reads instructions in {language.name} of up to {LONGEST} characters."
        )
    puzzling = _quoted(parse.strange or parse.unknown)
    if parse.clauses:
        understood = [clause.replace("^", "").removeprefix("& ").removeprefix("but ") for clause in parse.clauses]
        said = f"understood {_quoted(understood)}, but not {puzzling}"
    else:
        said = f"did not understand {puzzling}"
    return UnsupportedInstruction(f"The darkroom, reading {language.name}, {said}.")


def _quoted(texts: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(" ".join(text.split()) for text in texts))
    shown = [f"'{text if len(text) <= _TEXT else text[:_TEXT] + '…'}'" for text in distinct[:_SHOWN]]
    if len(distinct) > _SHOWN:
        shown.append(f"{len(distinct) - _SHOWN} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
