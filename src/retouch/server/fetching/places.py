"""How many requests may be fetched for at once."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator

from retouch.errors import RateLimited


class Places:
    """``total`` places, of which one caller has at most ``each``."""

    def __init__(self, total: int, each: int) -> None:
        self._total = total
        self._each = each
        self._taken: Counter[str] = Counter()

    @contextlib.contextmanager
    def take(self, caller: str) -> Iterator[None]:
        """Holds a place. Raises `RateLimited` at once when there is none."""
        if self._taken[caller] >= self._each or self._taken.total() >= self._total:
            raise RateLimited(
                "Too many images are being downloaded at the moment. Please try again shortly.", reason="fetching"
            )
        self._taken[caller] += 1
        try:
            yield
        finally:
            self._taken[caller] -= 1
            if not self._taken[caller]:
                del self._taken[caller]
