"""One edit in flight: what happens to it, and how others follow it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Planned:
    """The engine has accepted: from here on a stream may be promised.

    ``size``: (width, height) of the answer. ``source_sizes``: of the pictures sent, upright.
    """

    engine: str
    size: tuple[int, int]
    revised_prompt: str
    prompt_tokens: int
    source_sizes: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, meta: Any) -> Planned:
        width, height = meta["size"]
        return cls(
            engine=meta["engine"],
            size=(width, height),
            revised_prompt=meta["revised_prompt"],
            prompt_tokens=meta["prompt_tokens"],
            source_sizes=tuple((w, h) for w, h in meta["source_sizes"]),
        )


@dataclass(frozen=True)
class Encoded:
    """A picture in the wanted format: base64 or bytes, as the task asked. ``index`` among the n."""

    data: memoryview
    index: int
    size: tuple[int, int]
    background: str


@dataclass(frozen=True)
class PreviewReady(Encoded):
    """A partial picture."""


@dataclass(frozen=True)
class PictureReady(Encoded):
    """A finished picture."""


Event = Planned | PreviewReady | PictureReady


class Edit:
    """An edit that runs on its own: readers may come, leave and come back, and each sees every event."""

    def __init__(self, source: AsyncIterator[Event], cancel: asyncio.Event) -> None:
        self._events: list[Event] = []
        self._changed = asyncio.Event()
        self._error: BaseException | None = None
        self._cancel = cancel
        self._leaving: asyncio.TimerHandle | None = None
        self._ended = False
        self._task = asyncio.ensure_future(self._follow(source))

    @property
    def done(self) -> bool:
        return self._task.done()

    async def events(self) -> AsyncIterator[Event]:
        """Every event from the first to the last. Raises what the edit failed with."""
        position = 0
        while True:
            changed = self._changed
            while position < len(self._events):
                yield self._events[position]
                position += 1
            if self._ended:
                if self._error is not None:
                    raise self._error
                return
            if position == len(self._events):
                await changed.wait()

    def cancel(self) -> None:
        """Stop at the next step."""
        self._cancel.set()

    def leave(self, grace: float) -> None:
        """The client has gone: cancel in ``grace`` seconds unless it comes back."""
        if self._leaving is None and not self.done:
            self._leaving = asyncio.get_running_loop().call_later(grace, self.cancel)

    def on_done(self, callback: Callable[[Edit], object]) -> None:
        """Call ``callback`` with this edit when nothing of it runs any more."""
        self._task.add_done_callback(lambda _: callback(self))

    async def finished(self) -> None:
        """Wait until nothing of it runs any more; never raises what it failed with."""
        await asyncio.wait({self._task})

    async def _follow(self, source: AsyncIterator[Event]) -> None:
        try:
            async for event in source:
                self._events.append(event)
                self._wake()
        except BaseException as error:
            self._error = error
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            if self._leaving is not None:
                self._leaving.cancel()
            self._ended = True
            self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
