"""Readers of instructions with parameters, tried before the phrase tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from retouch.engines.darkroom.understanding.adding import read_adding
from retouch.engines.darkroom.understanding.clauses import Clause
from retouch.engines.darkroom.understanding.reading import Reading
from retouch.engines.darkroom.understanding.sliders import read_sliders
from retouch.engines.darkroom.understanding.structured import read_sentence
from retouch.engines.darkroom.understanding.vocabulary import Item, Vocabulary
from retouch.engines.darkroom.understanding.writing import read_text

PromptReader = Callable[[Sequence[Item], Reading, Vocabulary], bool]
ClauseReader = Callable[[Clause, Reading, Vocabulary], bool]

PROMPT_READERS: tuple[PromptReader, ...] = ()
"""Each is given everything that was said. True: it has read it all, and no clause is looked at."""

CLAUSE_READERS: tuple[ClauseReader, ...] = (read_text, read_sliders, read_sentence, read_adding)
"""Each is given a clause of any kind, in this order. True: it has read the whole clause, adding steps, or doubts
about them, to the reading. False: it has added nothing, and the next one has its turn, at last the phrase tables.
"""


def read_prompt(items: Sequence[Item], found: Reading, lexicon: Vocabulary) -> bool:
    """Whether a reader has read the whole of ``items``."""
    return any(reader(items, found, lexicon) for reader in PROMPT_READERS)


def read_clause(clause: Clause, found: Reading, lexicon: Vocabulary) -> bool:
    """Whether a reader has read all of ``clause``."""
    return any(reader(clause, found, lexicon) for reader in CLAUSE_READERS)
