"""Where in the picture an operation is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from retouch.engines.darkroom.understanding.clauses import Clause
from retouch.engines.darkroom.understanding.nouns import listed
from retouch.engines.darkroom.understanding.reading import NO_MASK, NO_PARTS, NO_REST, Reading
from retouch.engines.darkroom.understanding.vocabulary import Operation

WORN = ("props", "headwear")
"""The families of what is put on people: in their faces, and on heads, which animals have, too."""

_THINGS = "things/"

Place = tuple[str | None, tuple[str, ...]]
"""A region (None: everywhere) and the regions that are left alone in it."""


def _is_lifeless(name: str) -> bool:
    return name.startswith(_THINGS) and name.removeprefix(_THINGS) not in listed("animals") | listed("stuffed")


def places(
    found: Reading,
    clause: Clause,
    operation: Operation,
    regions: Sequence[str],
    names: Sequence[str],
    *,
    rest: bool,
    it: bool,
) -> list[Place]:
    """The places for ``operation`` in a ``clause`` that spoke of ``regions``, called by ``names``; what cannot
    be done there is noted in ``found``. ``rest``: it spoke of what the instruction has not named so far;
    ``it``: of "it", which is what was complained of before, if that was a region."""
    if rest:
        if operation.steady or regions:
            found.doubt(NO_REST)
        found.rest = found.rest or not found.named
        return [(None, tuple(found.named))]
    if operation.reframes:
        # A crop looks for its subject by itself.
        if set(regions) - ({"subject", "face"} if operation.name == "crop" else set()):
            found.doubt(NO_PARTS)
            found.unknown.append(clause.text)
        return [(None, ())]
    if operation.family in WORN:
        if set(regions) - {"subject", "face"}:
            found.doubt("cannot choose between people or things by where they are: give it a mask")
        if operation.family == "props" and any(name.startswith(_THINGS) for name in names):
            found.doubt(f"puts {operation.name.replace('_', ' ')} on people's faces only")
        if operation.family == "headwear" and any(map(_is_lifeless, names)):
            found.doubt("puts hats and the like on people and animals only")
        return [(None, ())]
    match operation.name:
        case "fill" if not found.has_mask:
            found.doubt(NO_MASK)
        case "remove_background":
            if set(regions) - {"subject", "face"}:
                found.doubt("cannot choose between people or things by where they are: give it a mask")
            return [(None, ())]
        case "extend":
            if regions:
                found.doubt(
                    "extends whole pictures: to one side, sideways, vertically, or to a shape such as 16:9"
                )
                found.unknown.append(clause.text)
            return [(None, ())]
    if not regions and it and found.topic:
        return [(found.topic, ())]
    return [(region, ()) for region in regions] or [(None, ())]
