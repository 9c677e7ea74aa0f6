"""Back-pressure: a bounded number of edits is let in, and one more is refused at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from retouch.errors import RateLimited
from retouch.service.shares import Full, Share, Shares
from retouch.service.weight import Weight

_LONGEST = 60.0
"""Seconds: clients take advice to wait longer as none."""


class Place:
    """An edit's place, until `release`. It can be taken away as long as the edit waits."""

    def __init__(self, admission: Admission, share: Share, patience: float) -> None:
        self._admission = admission
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

    def release(self) -> None:
        self._share.release()
        self._stop_timer()

    def _give_way(self) -> None:
        self._stop_timer()
        self._refuse(self._admission.gave_way())

    def _overdue(self) -> None:
        self._share.release()
        self._refuse(self._admission.waited(self._patience))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Admission:
    """Lets in ``running + waiting`` edits, of at most ``max_bytes`` and ``max_pixels`` together; an edit that has
    more by itself is let in when there is no other. Without room, edits that wait give way as `Shares` says.

    ``running``: how many run at a time (at least 1). ``waiting``: how many more may wait (0 or more).
    ``patience``: seconds that an edit may wait.
    """

    def __init__(
        self,
        *,
        running: int,
        waiting: int,
        max_bytes: int = 1 << 62,
        max_pixels: int = 1 << 62,
        patience: float = 60.0,
    ) -> None:
        if running < 1 or waiting < 0:
            raise ValueError("running must be at least 1 and waiting at least 0")
        self._running = running
        self._waiting = waiting
        self._shares = Shares(edits=running + waiting, bytes=max_bytes, pixels=max_pixels)
        self._patience = patience
        self._seconds = 1.0

    @property
    def inside(self) -> int:
        """How many edits have a place."""
        return len(self._shares)

    def enter(self, caller: str = "", weight: Weight | None = None) -> Place:
        """A place. Raises `RateLimited`, with the time until one is likely to be free, if there is no room."""
        weight = weight or Weight()
        try:
            share = self._shares.take(caller, edits=1, bytes=weight.bytes, pixels=weight.pixels)
        except Full as full:
            raise self._refusal(full.resource) from None
        return Place(self, share, self._patience)

    def took(self, seconds: float) -> None:
        """Learn how long an edit takes once it runs, for the next refusal's advice."""
        self._seconds += 0.2 * (seconds - self._seconds)

    def gave_way(self) -> RateLimited:
        """What an edit is told that has lost its place."""
        return self._limited("and edits of those who have fewer here go first", "fairness")

    def waited(self, seconds: float) -> RateLimited:
        """What an edit is told whose turn has not come for ``seconds``."""
        return self._limited(f"and this edit has waited {seconds:g} seconds for its turn", "wait")

    def _refusal(self, resource: str) -> RateLimited:
        if resource == "edits":
            return self._limited(f"{self._running} edits are running and {self._waiting} are waiting", "queue")
        return self._limited(f"the edits here hold as many {resource} of pictures as it takes", resource)

    def _limited(self, why: str, reason: str) -> RateLimited:
        turns = (self.inside + 1) / self._running
        separator = ", " if why.startswith("and ") else ": "
        return RateLimited(
            f"The server is busy{separator}{why}. Please try again shortly.",
            retry_after=min(_LONGEST, max(1.0, self._seconds * turns)),
            reason=reason,
        )
