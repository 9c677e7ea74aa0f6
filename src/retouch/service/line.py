"""Callers in line for something that is given out one at a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Generic, TypeVar

from retouch.errors import Cancelled

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Items in an order that is fair between callers: one of each in turn, whoever has more; each caller's own in
    the order they came. What is put ``first`` comes before all of it."""

    def __init__(self) -> None:
        self._first: deque[T] = deque()
        self._callers: OrderedDict[str, deque[T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._first) + sum(len(items) for items in self._callers.values())

    def put(self, caller: str, item: T, *, first: bool = False) -> None:
        if first:
            self._first.append(item)
        else:
            self._callers.setdefault(caller, deque()).append(item)

    def take(self) -> T:
        """The next item. Raises IndexError when there is none."""
        if self._first:
            return self._first.popleft()
        if not self._callers:
            raise IndexError("nobody is in line")
        caller, items = self._callers.popitem(last=False)
        item = items.popleft()
        if items:
            self._callers[caller] = items
        return item

    def discard(self, caller: str, item: T) -> None:
        """Take ``item`` of ``caller`` out, if it is there."""
        if item in self._first:
            self._first.remove(item)
        elif item in (items := self._callers.get(caller, deque())):
            items.remove(item)
            if not items:
                del self._callers[caller]


class Line(Generic[T]):
    """Those who wait, served as `FairQueue` says. ``back`` takes what was given to somebody who had just stopped
    waiting."""

    def __init__(self, back: Callable[[T], object]) -> None:
        self._back = back
        self._queue: FairQueue[asyncio.Future[T]] = FairQueue()

    def __len__(self) -> int:
        return len(self._queue)

    async def wait(
        self, caller: str, cancel: asyncio.Event, *, first: bool = False, until: float | None = None
    ) -> T:
        """What `give` gives when it is this one's turn.

        ``first``: go before everybody who does not say so. ``until``: the event loop's time to give up at. Raises
        `Cancelled` when ``cancel`` is set, TimeoutError, and what `fail` was told.
        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[T] = loop.create_future()
        self._queue.put(caller, waiter, first=first)
        cancelling = asyncio.ensure_future(cancel.wait())
        either: set[asyncio.Future[object]] = {waiter, cancelling}  # type: ignore[arg-type]
        taken = False
        try:
            left = None if until is None else max(0.0, until - loop.time())
            await asyncio.wait(either, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if cancel.is_set():
                raise Cancelled
            if not waiter.done():
                raise TimeoutError
            taken = True
            return waiter.result()
        finally:
            cancelling.cancel()
            if not waiter.done():
                waiter.cancel()
                self._queue.discard(caller, waiter)
            elif not taken and waiter.exception() is None:
                self._back(waiter.result())

    def give(self, thing: T) -> bool:
        """Give ``thing`` to the next in line; False if nobody is."""
        if not len(self._queue):
            return False
        self._queue.take().set_result(thing)
        return True

    def fail(self, error: Exception) -> None:
        """Send everybody away with ``error``."""
        while len(self._queue):
            self._queue.take().set_exception(error)
