"""What has been read of an instruction so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from retouch.engines.darkroom.recipe import Step
from retouch.engines.darkroom.understanding.complaints import Finding
from retouch.engines.darkroom.understanding.hearing import Heard
from retouch.engines.darkroom.understanding.vocabulary import Item

MOST_STEPS = 12
"""More steps than that are refused: each can cost a second."""

NO_MASK = "needs a mask that marks it: send one whose transparent pixels are the ones to change"
NOT_INVENTED = "cannot turn one thing into another or invent new ones"
ONE_SUBJECT = "finds one subject in a picture, and cannot tell one person or thing from another"
NO_PARTS = "crops, turns, frames and extends whole pictures, and no part of one"
ONE_PICTURE = (
    "edits one picture at a time, and takes from another one its subject, its sky, its background or its colours"
)
NO_BACKDROP = (
    "puts a colour behind a subject, or into the sky, where that is said by itself: say 'make the background blue'"
)
NO_REST = "cannot tell what 'the rest' leaves out: name it, as in 'make the rest darker but keep the face'"


@dataclass
class Reading:
    """``has_mask`` and ``sources``: what came with the instruction.

    ``steps`` are what it asks for and ``keep`` the regions that those from that number on leave alone;
    ``begun``: how many there were when the last edit began; ``each``: it speaks of several pictures;
    ``sole``: the regions beside which nothing may change.
    ``unknown``: words that nothing explains, of them ``strange`` those the lexicon doesn't have and ``lost``
    those that name a place; ``reasons``: why some of it cannot be done. ``verb``: the kind of the last verb of
    an edit and ``last`` its steps, for a clause that goes on with them.
    ``named``: the regions spoken of, in order; ``topic``: the region that a complaint was about;
    ``complaints``: what is said to be wrong, and ``mending`` whether that shall be mended: "fix", "remove" or "",
    and ``part`` how much of that is wished, 1 as designed;
    ``denied``:
    operations that were said not to be meant; ``rest``: "the rest" was said before anything it leaves out;
    ``notes``: what people are told of what is done otherwise than they may expect; ``collage``: a sheet of the
    pictures is wanted even if nothing is done to them; ``picture``: the number of the one that the steps are done
    to; ``clauses``: how many there have been.
    """

    has_mask: bool
    sources: int
    steps: list[Step] = field(default_factory=list)
    keep: dict[str, int] = field(default_factory=dict)
    begun: int = 0
    each: bool = False
    sole: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    verb: str | None = None
    last: list[Step] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    topic: str | None = None
    denied: list[tuple[str, Item]] = field(default_factory=list)
    complaints: list[Finding] = field(default_factory=list)
    mending: str = ""
    part: float = 1.0
    rest: bool = False
    notes: list[str] = field(default_factory=list)
    collage: bool = False
    picture: int = 1
    clauses: int = 0
    _people: list[set[str]] = field(default_factory=list)

    def hear(self, heard: Heard) -> None:
        """Note what was said around the orders that are read."""
        self.complaints = heard.findings
        self.mending = heard.mending
        regions = list(dict.fromkeys(finding.region for finding in heard.findings))
        self.name(region for region in regions if region)
        self.topic = regions[0] if len(regions) == 1 else None
        for names in heard.names:
            self.call(names)
        if heard.asides:
            self.notes.append(heard.note)

    def add(
        self,
        op: str,
        *,
        params: Mapping[str, Any] | None = None,
        region: str | None = None,
        keep: Iterable[str] = (),
        amount: float = 1.0,
    ) -> None:
        if op in ("blur", "blur_background") and region == "background":
            op, region = "blur_background", None  # Which leaves no halo of the subject in it.
        step = Step(op, params=params or {}, region=region, keep=tuple(keep), amount=amount)
        if step in self.steps:
            return
        if len(self.steps) == MOST_STEPS:
            self.doubt(f"does at most {MOST_STEPS} steps in one edit")
            return
        self.steps.append(step)

    def turn_to(self, number: int) -> None:
        """Have the steps from here on done to the picture of that number; one picture is edited at a time."""
        if number == self.picture:
            return
        if self.steps:
            self.doubt("edits one picture at a time: ask for the other one in a second request")
            self.unknown.append(f"image {number}")
            return
        self.picture = number
        self.add("take", params={"image": number})

    def name(self, regions: Iterable[str]) -> None:
        """Note that a clause has spoken of ``regions``."""
        self.named += [region for region in dict.fromkeys(regions) if region not in self.named]

    def call(self, names: Iterable[str], *, also: bool = False) -> None:
        """Note by which names a clause calls the subject: two clauses with different ones mean two subjects,
        which would be taken for one. ``also``: it goes on with the names of the clause before it."""
        called = set(names)
        if not called:
            return
        if also and self._people:
            self._people[-1] |= called
            return
        if called in self._people:
            self._people.remove(called)  # Nothing new: it is only spoken of again.
        for other in self._people:
            people = all(name.startswith("people/") for name in called | other)
            if called != other and not (people and "people/person" in called | other):
                self.doubt(ONE_SUBJECT)
                self.unknown += [name.partition("/")[2] for name in sorted(called - other)]
        self._people.append(called)

    def doubt(self, reason: str) -> None:
        if reason not in self.reasons:
            self.reasons.append(reason)

    def puzzle(self, item: Item, *, place: bool = False) -> None:
        """Note that nothing explains ``item``; a known refusal explains why. ``place``: it stands where a part
        of the picture would."""
        lost = place and ("refused_place" in item or (not item.senses and item.text.isalpha()))
        if lost:
            self.lost.append(item.text)
        elif (reason := item.senses.get("refusal")) and not ("colour" in item and self.reasons):
            self.doubt(reason)
        elif item.senses.get("name", "").startswith("things/"):
            self.doubt(NOT_INVENTED)
        self.unknown.append(item.text)
        if not item.senses:
            self.strange.append(item.text)
