"""Settings as a raw converter has them: "contrast +20, shadows -30, exposure +0.5"."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from retouch.engines.darkroom.understanding.clauses import Clause, joins
from retouch.engines.darkroom.understanding.reading import Reading
from retouch.engines.darkroom.understanding.vocabulary import Item, Operation, Vocabulary
from retouch.engines.darkroom.understanding.wishes import LEAST_STOPS, MOST_STOPS

_SIGNED = re.compile(r"[+-]\d+(?:\.\d+)?")
_IDLE = ("polite", "glue", "definite", "into", "verb.make", "verb.apply")
_LARGEST_STOPS = 5.0
"""Numbers up to that are meant in stops where it is an exposure; above, they are shares."""


def read_sliders(clause: Clause, found: Reading, lexicon: Vocabulary) -> bool:
    """Whether ``clause`` is nothing but settings: each a name and a number with its sign."""
    settings: list[tuple[Item, float]] = []
    name: Item | None = None
    for at, item in enumerate(clause.items):
        if name is None and _SIGNED.fullmatch(item.text) and _measures_light(clause.items, at + 1):
            name = lexicon.read("exposure")[0]  # "+1 EV"
        if "slider" in item and name is None:
            name = item
        elif name is not None and _SIGNED.fullmatch(item.text):
            settings.append((name, float(item.text)))
            name = None
        elif not (joins(item) or any(sense in item for sense in _IDLE)) and not (
            settings and (item.text in ("%", "percent") or "stop" in item)
        ):
            return False
    if name is not None or not settings:
        return False
    found.begun = len(found.steps)
    for slider, value in settings:
        if value:
            _set(slider, value, found, lexicon)
    found.last = found.steps[found.begun :]
    found.verb = None
    return True


def _measures_light(items: Sequence[Item], at: int) -> bool:
    return at < len(items) and "stop" in items[at]


def _set(slider: Item, value: float, found: Reading, lexicon: Vocabulary) -> None:
    up = lexicon.operations[slider.senses["slider"]]
    operation = up if value > 0 else lexicon.operations[up.less]
    if operation.stops:
        _expose(slider, operation, value, found)
    elif abs(value) > 100:
        found.doubt("takes such settings from -100 to +100")
        found.unknown.append(f"{slider.text} {value:+g}")
    else:
        # Colours and tones have their slider's end at 1, warmth has what is designed in the middle.
        end = 1.0 if operation.slid else 2.0
        found.add(operation.name, amount=round(end * abs(value) / 100, 4))


def _expose(slider: Item, operation: Operation, value: float, found: Reading) -> None:
    light = 1 + value / 100
    stops = value if slider.text == "exposure" and abs(value) <= _LARGEST_STOPS else math.log2(max(light, 0.01))
    if not LEAST_STOPS <= abs(stops) <= MOST_STOPS:
        found.doubt("makes a picture up to 8 times as bright, or darker by up to 87 %")
        found.unknown.append(f"{slider.text} {value:+g}")
        return
    found.add(operation.name, params={"exposure": round(stops, 4)})
