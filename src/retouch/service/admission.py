"""Back-pressure: a bounded number of edits is let in, and the next one is refused at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from retouch.errors import RateLimited


class Admission:
    """Lets in ``running + waiting`` edits.

    ``running``: how many run at a time (at least 1). ``waiting``: how many more may wait (0 or more).
    """

    def __init__(self, *, running: int, waiting: int) -> None:
        if running < 1 or waiting < 0:
            raise ValueError("running must be at least 1 and waiting at least 0")
        self._running = running
        self._limit = running + waiting
        self._seconds = 1.0
        self.inside = 0

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Hold a place. Raises `RateLimited`, with the time until one is likely to be free, if all are taken."""
        if self.inside >= self._limit:
            waiting = self._limit - self._running + 1
            raise RateLimited(
                f"The server is busy: {self._running} edits are running and"
                f" {self._limit - self._running} are waiting. Please try again shortly.",
                retry_after=min(60.0, max(1.0, self._seconds * waiting / self._running)),
            )
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    def took(self, seconds: float) -> None:
        """Learn how long an edit takes, for the next refusal's advice."""
        self._seconds += 0.2 * (seconds - self._seconds)
