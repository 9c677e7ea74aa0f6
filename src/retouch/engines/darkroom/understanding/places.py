"""Where in the picture an operation is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from retouch.engines.darkroom.understanding.clauses import Clause
from retouch.engines.darkroom.understanding.reading import NO_MASK, NO_REST, Reading
from retouch.engines.darkroom.understanding.vocabulary import Operation

Place = tuple[str | None, tuple[str, ...]]
"""A region (None: everywhere) and the regions that are left alone in it."""


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
    match operation.name:
        case "fill" if not found.has_mask:
            found.doubt(NO_MASK)
        case "sunglasses" | "remove_background":
            if set(regions) - {"subject", "face"}:
                found.doubt("cannot choose between people or things by where they are: give it a mask")
            if operation.thing and any(name.startswith("things/") for name in names):
                found.doubt("puts sunglasses on people's faces only")
            return [(None, ())]
        case "extend":
            if regions:
                found.doubt("extends whole pictures by as much on either side: say sideways or vertically")
                found.unknown.append(clause.text)
            return [(None, ())]
    if not regions and it and found.topic:
        return [(found.topic, ())]
    return [(region, ()) for region in regions] or [(None, ())]
