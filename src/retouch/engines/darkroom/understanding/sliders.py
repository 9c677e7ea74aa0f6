"""Settings as a raw converter has them: "contrast +20, shadows -30, exposure +0.5"."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from retouch.engines.darkroom.understanding.clauses import Clause, joins
from retouch.engines.darkroom.understanding.reading import Reading
from retouch.engines.darkroom.understanding.vocabulary import Item, Operation, Vocabulary
from retouch.engines.darkroom.understanding.wishes import LEAST_STOPS, MOST_STOPS, is_number

_SIGNED = re.compile(r"[+-]\d+(?:\.\d+)?")
_IDLE = ("polite", "glue", "definite", "into", "verb.make", "verb.apply")
_LARGEST_STOPS = 5.0
"""Numbers up to that are meant in stops where it is an exposure; above, they are shares."""


def read_sliders(clause: Clause, found: Reading, lexicon: Vocabulary) -> bool:
    """Whether ``clause`` is nothing but settings: each a name and a number with its sign."""
    settings: list[tuple[Item, float]] = []
    name: Item | None = None
    ahead: str | None = None
    for at, item in enumerate(clause.items):
        if name is None and _SIGNED.fullmatch(item.text) and _measures_light(clause.items, at + 1):
            name = lexicon.read("exposure")[0]  # "+1 EV"
        if "slider" in item and name is None and not (settings and "stop" in item):
            if ahead is None:
                name = item
            else:
                settings.append((item, float(ahead)))  # "+15 clarity"
                ahead = None
        elif name is not None and (_SIGNED.fullmatch(item.text) or _is_plain(name, clause.items, at)):
            settings.append((name, float(item.text)))
            name = None
        elif name is None and ahead is None and _leads(clause.items, at):
            ahead = item.text
        elif not (joins(item) or any(sense in item for sense in _IDLE)) and not (
            settings and (item.text in ("%", "percent") or "stop" in item)
        ):
            return False
    if name is not None or ahead is not None or not settings:
        return False
    found.begun = len(found.steps)
    for slider, value in settings:
        if value:
            _set(slider, value, found, lexicon)
    found.last = found.steps[found.begun :]
    found.verb = None
    return True


def _is_plain(name: Item, items: Sequence[Item], at: int) -> bool:
    """Whether the number has no sign and needs none: "exposure 0.7", which names no look either."""
    alone = at + 1 == len(items) or joins(items[at + 1]) or "stop" in items[at + 1]
    return is_number(items[at].text) and alone and not any(sense.startswith("op.") for sense in name.senses)


def _leads(items: Sequence[Item], at: int) -> bool:
    """Whether the number stands before what it sets: "+15 clarity", "-10 on saturation", "add 20 contrast"."""
    if not (_SIGNED.fullmatch(items[at].text) or is_number(items[at].text)):
        return False
    behind = at + 1
    while behind < len(items) and (
        items[behind].text in ("on", "of", "to", "in", "for") or "definite" in items[behind]
    ):
        behind += 1
    return behind < len(items) and "slider" in items[behind]


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
    stops = value if slider.text != "brightness" and abs(value) <= _LARGEST_STOPS else math.log2(max(light, 0.01))
    if not LEAST_STOPS <= abs(stops) <= MOST_STOPS:
        found.doubt("makes a picture up to 8 times as bright, or darker by up to 87 %")
        found.unknown.append(f"{slider.text} {value:+g}")
        return
    found.add(operation.name, params={"exposure": round(stops, 4)})
