"""Clauses that fit a sentence of the lexicon, whole or in parts: "make the car red and the sky pink"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import partial
from itertools import pairwise

from retouch.engines.darkroom.understanding import (
    backdrops,
    colouring,
    frames,
    gathering,
    padding,
    results,
    turning,
)
from retouch.engines.darkroom.understanding.adding import read_adding
from retouch.engines.darkroom.understanding.clauses import Clause, joins
from retouch.engines.darkroom.understanding.edits import read_edit
from retouch.engines.darkroom.understanding.reading import Reading
from retouch.engines.darkroom.understanding.sentences import Said, fitting
from retouch.engines.darkroom.understanding.speech import Speech, number_of
from retouch.engines.darkroom.understanding.vocabulary import Item, Vocabulary
from retouch.engines.darkroom.understanding.wishes import is_number
from retouch.engines.darkroom.understanding.words import SOFT

MEANINGS: Mapping[str, Callable[[Speech], bool]] = {
    **backdrops.MEANINGS,
    **colouring.MEANINGS,
    **gathering.MEANINGS,
    **frames.MEANINGS,
    **turning.MEANINGS,
    **padding.MEANINGS,
    **results.MEANINGS,
}

_AROUND = ("replace_background", "replace_sky")
_LOCAL = ("recolour", "fill_colour", "paste", "replace_background", "replace_sky")
MOST_PARTS = 6
_ADD = Item("add", {"verb.apply": ""})
MOST_CLAUSES = 40
"""Clauses behind that are left to the phrase tables: nobody asks for so much."""

_NOT_AHEAD = ("like", "as", "from", "with", "match", "than", "into", "style", "same", "behind")


def read_sentence(clause: Clause, found: Reading, lexicon: Vocabulary) -> bool:
    """Whether ``clause`` fits a sentence that makes sense; what it means has been added to ``found`` then."""
    found.clauses += 1
    if found.clauses > MOST_CLAUSES:
        return False
    readers = (_whole, _parts, _elsewhere, _everywhere)
    return _best(found, (partial(reader, clause, lexicon=lexicon) for reader in readers))


def _best(found: Reading, attempts: Iterable[Callable[[Reading], bool]]) -> bool:
    """Keep of ``attempts`` the first that succeeds and can be done; else the first that says why not."""
    refused: Reading | None = None
    for attempt in attempts:
        trial = deepcopy(found)
        if attempt(trial):
            if len(trial.reasons) == len(found.reasons):
                vars(found).update(vars(trial))
                return True
            refused = refused or trial
    if refused is not None:
        vars(found).update(vars(refused))
    return refused is not None


def _whole(clause: Clause, found: Reading, lexicon: Vocabulary) -> bool:
    """The first sentence that fits and can be done; else the first that says why not."""

    def meant(said: Said, trial: Reading) -> bool:
        return MEANINGS[said.means](Speech(said, clause, trial, lexicon))

    return _best(found, (partial(meant, said) for said in fitting(clause)))


def _parts(clause: Clause, found: Reading, lexicon: Vocabulary) -> bool:
    """A clause with several objects to one verb: the first part fits a sentence, and so must the others, each
    with that verb if it has none."""
    cuts = [at for at, item in enumerate(clause.items) if joins(item) and 0 < at < len(clause.items) - 1]
    if not 0 < len(cuts) < MOST_PARTS:
        return False
    edges = [-1, *cuts, len(clause.items)]
    cut = [(start, clause.items[start + 1 : end]) for start, end in pairwise(edges)]
    cut = [(start, part) for start, part in cut if not all("polite" in item for item in part)]
    parts = [part for _, part in cut]
    paused = [start >= 0 and clause.items[start].text == SOFT for start, _ in cut]
    if not parts:
        return False
    verb = [] if is_number(parts[0][0].text) else parts[0][:1]
    trial = deepcopy(found)
    structured = False
    for at, part in enumerate(parts):
        one = _clause(part)
        if _whole(one, trial, lexicon) or (at and _whole(_clause([*verb, *part]), trial, lexicon)):
            structured = True
            continue
        # "Make the red car blue and warmer": the car, and that is no place that the tables know.
        loose = structured and one.verbal is False and not one.places and trial.last
        if loose and trial.last[0].op in _LOCAL and not (paused[at] and trial.last[0].op in _AROUND):
            return False
        if at and _adds(parts[0], lexicon) and read_adding(_clause([_ADD, *part]), trial, lexicon):
            structured = True  # "Party hats for everyone and some balloons"
        elif not any(_plain(_clause([*said, *part]), trial, lexicon) for said in ((verb, []) if at else ([],))):
            return False
    if structured:
        vars(found).update(vars(trial))
    return structured


def _adds(part: list[Item], lexicon: Vocabulary) -> bool:
    """Whether the part puts something on somebody, so that what is named behind it may be added, too."""
    names = [item.senses[form] for item in part for form in ("op.looks", "op.verbs") if form in item]
    return any(lexicon.operations[name].thing for name in names)


def _clause(items: list[Item]) -> Clause:
    clause = Clause()
    for item in items:
        clause.add(item)
    return clause


def _plain(clause: Clause, found: Reading, lexicon: Vocabulary) -> bool:
    """Whether the phrase tables know all of ``clause``, and a step in it."""
    if clause.kind != "edit" or not clause.started:
        return False
    trial = deepcopy(found)
    read_edit(clause, trial, lexicon)
    doubts = (len(trial.unknown), len(trial.reasons)) != (len(found.unknown), len(found.reasons))
    if doubts or len(trial.steps) == len(found.steps):
        return False
    vars(found).update(vars(trial))
    return True


def _elsewhere(clause: Clause, found: Reading, lexicon: Vocabulary) -> bool:
    """ "Make the second picture black and white": an edit of another picture than the first."""
    at = next((at for at, item in enumerate(clause.items) if "other" in item or _is_first(item)), None)
    if at is None or sum("other" in item or _is_first(item) for item in clause.items) > 1:
        return False
    said = clause.items[at].text
    ahead = [item.text for item in clause.items[:at] if "definite" not in item]
    taken_from = bool(ahead) and ahead[-1] == "from" and "verb.remove" in clause.items[0]
    if (
        ahead
        and not taken_from
        and (ahead[-1] in _NOT_AHEAD or (ahead[-1] == "to" and "verb.apply" not in clause.items[0]))
    ):
        return False
    trial = deepcopy(found)
    number = number_of(said, trial)
    if not number:
        return False
    items = [*clause.items]
    items[at] = Item("picture", {"image": ""})
    trial.turn_to(number)
    one = _clause(items)
    if not (_whole(one, trial, lexicon) or _parts(one, trial, lexicon) or _plain(one, trial, lexicon)):
        return False
    vars(found).update(vars(trial))
    return True


def _everywhere(clause: Clause, found: Reading, lexicon: Vocabulary) -> bool:
    """ "White background on all three": an edit of every picture."""
    at = next((at for at, item in enumerate(clause.items) if "images" in item and at), None)
    if at is None or found.sources == 1:
        return False
    items = [*clause.items]
    start = at
    while start and ("definite" in items[start - 1] or items[start - 1].text in ("on", "in", "of", "for", "to")):
        start -= 1
    one = _clause([*items[:start], *items[at + 1 :]])
    trial = deepcopy(found)
    trial.each = True
    if start == at or not (_whole(one, trial, lexicon) or _parts(one, trial, lexicon)):
        return False
    vars(found).update(vars(trial))
    return True


def _is_first(item: Item) -> bool:
    return "image" in item and any(word in ("1", "one", "first") for word in item.text.split())
