"""Clauses that say what must stay: "but keep the face", "without changing the background"."""

from __future__ import annotations

from retouch.engines.darkroom.clauses import Clause, joins
from retouch.engines.darkroom.reading import Reading

_SENSELESS = ("keep", "definite", "glue", "kept", "polite", "as_if", "from")


def read_keep(clause: Clause, found: Reading) -> None:
    """Add the regions that ``clause`` names to ``found.keep``."""
    regions: list[str] = []
    anyway = False
    picture = False
    for item in clause.items:
        if "region" in item:
            regions.append(item.senses["region"])
        elif "kept_anyway" in item:
            anyway = True
        elif "image" in item or "images" in item:
            picture = True
        elif "area" in item and found.has_mask:
            found.doubt("changes what the mask marks: leave out of the mask what should stay")
        elif not (joins(item) or any(sense in item for sense in _SENSELESS)):
            found.puzzle(item)
    if regions == ["subject", "face"]:
        regions = ["face"]  # "the person's face"
    if (not (regions or anyway) and not found.unknown) or (picture and not (regions or anyway)):
        found.unknown.append(clause.text)
    found.keep += [region for region in dict.fromkeys(regions) if region not in found.keep]
