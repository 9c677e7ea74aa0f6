"""An edit's turn: whether it has come, and how long it lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Turn:
    """Begins when a worker takes the edit's first stage, and ends ``seconds`` later, however many stages follow.

    ``on_begin`` and ``on_postpone``: called whenever that happens.
    """

    def __init__(
        self,
        seconds: float,
        on_begin: Callable[[], object] | None = None,
        on_postpone: Callable[[], object] | None = None,
    ) -> None:
        self._seconds = seconds
        self._on_begin = on_begin
        self._on_postpone = on_postpone
        self.began: float | None = None

    @property
    def ends(self) -> float | None:
        """The event loop's time at which it is over; None before it begins."""
        return None if self.began is None else self.began + self._seconds

    def begin(self) -> float:
        """Begin, unless it has begun; when it ends."""
        if self.began is None:
            self.began = asyncio.get_running_loop().time()
            if self._on_begin is not None:
                self._on_begin()
        return self.began + self._seconds

    def renew(self, seconds: float) -> None:
        """Begin, unless it has begun; and end in ``seconds`` from now, whenever it would have."""
        now = asyncio.get_running_loop().time()
        self._seconds += now + seconds - self.begin()

    def postpone(self) -> None:
        """Not begun after all: the edit goes back among those that wait."""
        self.began = None
        if self._on_postpone is not None:
            self._on_postpone()
