"""Back-pressure: a bounded number of edits is let in, and one more is refused at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from retouch.errors import RateLimited
from retouch.service.shares import Full, Share, Shares
from retouch.service.weight import Weight

_LONGEST = 60.0
"""Seconds: clients take advice to wait longer as none."""


class Place:
    """An edit's place, until `release`. It can be taken away as long as the edit waits."""

    def __init__(self, admission: Admission, share: Share, patience: float, engine: str) -> None:
        self._admission = admission
        self._engine = engine
        self._released = False
        admission.comes(engine)
        self._share = share
        self._patience = patience
        self._refuse: Callable[[RateLimited], object] = lambda _: None
        self._timer: asyncio.TimerHandle | None = None

    def yields(self, refuse: Callable[[RateLimited], object], *, spare: Callable[[], bool]) -> None:
        """The edit waits. ``refuse``: called when its place has been taken away, or it has waited too long.
        ``spare``: whether nobody would miss the edit."""
        self._refuse = refuse
        self._share.spare = spare
        self.postpone()

    def begin(self) -> None:
        """The edit runs: nothing takes its place away any more."""
        self._share.give_way = None
        self._stop_timer()

    def postpone(self) -> None:
        """The edit waits, perhaps again."""
        self._share.give_way = self._give_way
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(self._patience, self._overdue)

    def taken_by(self, engine: str) -> None:
        """The edit turns out to be for another engine of its chain."""
        if not self._released:
            self._admission.goes(self._engine)
            self._admission.comes(engine)
        self._engine = engine

    def took(self, seconds: float) -> None:
        """The edit is done, ``seconds`` after its turn began: the next refusal's advice rests on it."""
        self._admission.took(seconds, self._engine)

    def release(self) -> None:
        self._share.release()
        self._stop_timer()
        if not self._released:
            self._released = True
            self._admission.goes(self._engine)

    def _give_way(self) -> None:
        self._stop_timer()
        self._refuse(self._admission.gave_way(self._engine))

    def _overdue(self) -> None:
        refusal = self._admission.waited(self._patience, self._engine)
        self.release()
        self._refuse(refusal)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Admission:
    """Lets in ``running + waiting`` edits, of at most ``max_bytes`` and ``max_pixels`` together; an edit that has
    more by itself is let in when there is no other. Without room, edits that wait give way as `Shares` says.

    ``running``: how many run at a time in the CPU workers (at least 1). ``waiting``: how many more may wait (0 or
    more). ``patience``: seconds that an edit may wait. ``widths``: how many turns an engine has at a time, at
    least 1, where that is not ``running``. ``groups``: engines that share their turns, each with the same width.
    """

    def __init__(
        self,
        *,
        running: int,
        waiting: int,
        max_bytes: int = 1 << 62,
        max_pixels: int = 1 << 62,
        patience: float = 60.0,
        widths: Mapping[str, int] | None = None,
        groups: Iterable[Sequence[str]] = (),
    ) -> None:
        if running < 1 or waiting < 0:
            raise ValueError("running must be at least 1 and waiting at least 0")
        self._running = running
        self._waiting = waiting
        self._shares = Shares(edits=running + waiting, bytes=max_bytes, pixels=max_pixels)
        self._patience = patience
        self._widths = widths or {}
        self._groups = {engine: tuple(group) for group in groups for engine in group}
        self._seconds: dict[str, float] = {}
        self._edits: Counter[str] = Counter()

    @property
    def inside(self) -> int:
        """How many edits have a place."""
        return len(self._shares)

    def enter(self, caller: str = "", weight: Weight | None = None, engine: str = "") -> Place:
        """A place; ``engine``: the one that is asked first.

        Raises `RateLimited`, with the time until one is likely to be free, if there is no room.
        """
        weight = weight or Weight()
        try:
            share = self._shares.take(caller, edits=1, bytes=weight.bytes, pixels=weight.pixels)
        except Full as full:
            raise self._refusal(full.resource, engine) from None
        return Place(self, share, self._patience, engine)

    def comes(self, engine: str) -> None:
        """One more edit here is for ``engine``."""
        self._edits[engine] += 1

    def goes(self, engine: str) -> None:
        """One less is."""
        self._edits[engine] -= 1
        if not self._edits[engine]:
            del self._edits[engine]

    def took(self, seconds: float, engine: str = "") -> None:
        """Learn how long an edit's turn takes with ``engine``, for the next refusal's advice."""
        known = self._turn(engine)
        self._seconds[engine] = known + 0.2 * (seconds - known)

    def gave_way(self, engine: str = "") -> RateLimited:
        """What an edit is told that has lost its place."""
        return self._limited("and edits of those who have fewer here go first", "fairness", engine)

    def waited(self, seconds: float, engine: str = "") -> RateLimited:
        """What an edit is told whose turn has not come for ``seconds``."""
        return self._limited(f"and this edit has waited {seconds:g} seconds for its turn", "wait", engine)

    def _refusal(self, resource: str, engine: str) -> RateLimited:
        if resource == "edits":
            why, reason = f"{self._running} edits are running and {self._waiting} are waiting", "queue"
        else:
            why, reason = f"the edits here hold as many {resource} of pictures as it takes", resource
        return self._limited(why, reason, engine)

    def _turn(self, engine: str) -> float:
        """Seconds that a turn of ``engine`` takes, as far as is known."""
        return self._seconds.get(engine, 1.0)

    def _width(self, engine: str) -> int:
        return self._widths.get(engine, self._running)

    def _wait(self, engine: str) -> float:
        """Seconds until ``engine``, and those that share its turns, have done what they have here and one more;
        but no place is free before any edit here is over, whosever engine is the quickest to get there."""
        own = (self._work(self._group(engine)) + self._turn(engine)) / self._width(engine)
        rate = 0.0
        for group in {self._group(one) for one in self._edits}:
            count = sum(self._edits[one] for one in group)
            rate += min(count, self._width(group[0])) * count / self._work(group)
        return max(own, 1 / rate if rate else 0.0)

    def _group(self, engine: str) -> tuple[str, ...]:
        return self._groups.get(engine, (engine,))

    def _work(self, engines: Iterable[str]) -> float:
        """Seconds that the turns of their edits here take, one after the other."""
        return sum(self._turn(engine) * self._edits[engine] for engine in engines)

    def _limited(self, why: str, reason: str, engine: str) -> RateLimited:
        separator = ", " if why.startswith("and ") else ": "
        return RateLimited(
            f"The server is busy{separator}{why}. Please try again shortly.",
            retry_after=min(_LONGEST, max(1.0, self._wait(engine))),
            reason=reason,
        )
