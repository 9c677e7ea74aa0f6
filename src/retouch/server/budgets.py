"""Budgets: how much a caller may ask for in a minute."""

from __future__ import annotations

import contextlib
import math

from retouch.errors import ImagesLimited, NotReady, RateLimited
from retouch.server.counts import Count, Counts
from retouch.server.settings import ServerSettings
from retouch.service.caller import Caller

HEADERS = tuple(
    f"x-ratelimit-{word}-{kind}"
    for kind in ("requests", "input-images")
    for word in ("limit", "remaining", "reset")
)
"""What answers to callers with a budget carry."""


class Budgets:
    """Every caller's. Where no caller can have one, nothing is counted and nothing loaded for it.

    Raises ValueError for a storage that cannot be used.
    """

    def __init__(self, settings: ServerSettings) -> None:
        possible = settings.requests_per_minute or settings.images_per_minute or settings.keys_file is not None
        self._counts = Counts(settings) if possible else None

    def open(self, caller: Caller) -> Account:
        return Account(self._counts, caller)

    async def failing(self) -> bool:
        """Whether nobody with a budget is let in, since budgets cannot be looked up."""
        return self._counts is not None and await self._counts.failing()

    async def close(self) -> None:
        if self._counts is not None:
            await self._counts.close()


class Account:
    """What one request costs its caller; as a context it gives that back when the server had no room for it.
    ``headers``: what its answer tells of the budgets, filled as they are asked."""

    def __init__(self, counts: Counts | None, caller: Caller) -> None:
        self.headers: dict[str, str] = {}
        self._counts = counts
        self._caller = caller
        self._paid = False
        self._waived = False
        self._taken: list[tuple[str, int, int]] = []

    async def look(self) -> None:
        """Tell the budgets without using them."""
        for kind, limit in (
            ("requests", self._caller.requests_per_minute),
            ("input-images", self._caller.images_per_minute),
        ):
            if self._counts is not None and limit is not None:
                self._tell(kind, limit, await self._counts.look(self._name(kind)))

    async def request(self) -> None:
        """Pay for the request, once. Raises `RateLimited` if that is more than is left, and `NotReady`."""
        limit = self._caller.requests_per_minute
        if limit is None or self._paid:
            return
        if (refused := await self._take("requests", limit, 1)) is not None:
            raise RateLimited(
                f"Rate limit reached on requests per min (RPM): {_state(limit, refused, 1)}",
                retry_after=refused.seconds,
                reason="requests",
            )
        self._paid = True

    async def images(self, count: int, model: str) -> None:
        """Pay for ``count`` pictures sent for an edit by ``model``. Raises `ImagesLimited` if those are more than
        are left, and `NotReady`; the request stays paid for, or a flood of refused uploads would be free."""
        limit = self._caller.images_per_minute
        if limit is None:
            return
        if count > limit:
            error = ImagesLimited(
                f"Request too large for {model} on input-images per min: Limit {limit}, Requested {count}. Please"
                " send fewer images.",
                reason="images",
            )
            error.headers.clear()
            error.retry = False  # no minute has room for it
            self._taken.clear()
            raise error
        if (refused := await self._take("input-images", limit, count)) is not None:
            self._taken.clear()
            raise ImagesLimited(
                f"Rate limit reached for {model} on input-images per min: {_state(limit, refused, count)}",
                retry_after=refused.seconds,
                reason="images",
            )

    def waive(self) -> None:
        """The request has turned out to repeat one that came just before it: what it cost is given back."""
        self._waived = True

    async def __aenter__(self) -> Account:
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._waived or isinstance(error, RateLimited | NotReady):
            await self._refund()

    async def _refund(self) -> None:
        while self._taken and self._counts is not None:
            kind, limit, amount = self._taken.pop()
            with contextlib.suppress(NotReady):
                self._tell(kind, limit, await self._counts.add(self._name(kind), -amount))

    async def _take(self, kind: str, limit: int, amount: int) -> Count | None:
        """Use ``amount`` of a budget; what is used of it without them, if they are too many."""
        if self._counts is None:
            return None
        count = await self._counts.add(self._name(kind), amount)
        if count.used > limit:
            count = await self._counts.add(self._name(kind), -amount)
            self._tell(kind, limit, count)
            return count
        self._taken.append((kind, limit, amount))
        self._tell(kind, limit, count)
        return None

    def _tell(self, kind: str, limit: int, count: Count) -> None:
        self.headers[f"x-ratelimit-limit-{kind}"] = str(limit)
        self.headers[f"x-ratelimit-remaining-{kind}"] = str(max(0, limit - count.used))
        self.headers[f"x-ratelimit-reset-{kind}"] = _duration(count.seconds if count.used > 0 else 0)

    def _name(self, kind: str) -> str:
        # Without the limit: a caller whose budget is changed does not get it anew.
        return f"{kind}/{self._caller.id}"


def _state(limit: int, count: Count, requested: int) -> str:
    again = _duration(count.seconds)
    used = min(limit, count.used)  # others may just be asking for too much as well
    return f"Limit {limit}, Used {used}, Requested {requested}. Please try again in {again}."


def _duration(seconds: float) -> str:
    """As the vendor writes it, and never too short: "0s", "250ms", "12s", "1m0s"."""
    if 0 < seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    whole = math.ceil(seconds)
    return f"{whole // 60}m{whole % 60}s" if whole >= 60 else f"{whole}s"
