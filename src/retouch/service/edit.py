"""One edit in flight: what happens to it, and how others follow it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from retouch.errors import Cancelled, InternalError, RetouchError
from retouch.service.journal import Journal


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
    """A partial picture. ``number`` counts the previews of the edit from 0."""

    number: int = 0


@dataclass(frozen=True)
class PictureReady(Encoded):
    """A finished picture."""


Event = Planned | PreviewReady | PictureReady


class Edit:
    """An edit that runs on its own: followers may come, leave and come back.

    ``max_followers``: how many may wait for it. ``request_id``: of the request that it was begun for.
    ``journal``: what its stages took. ``error``: what it failed with. ``delivered``: set once somebody has got
    the whole answer.
    """

    def __init__(
        self,
        source: AsyncIterator[Event],
        cancel: asyncio.Event,
        *,
        max_followers: int = 16,
        request_id: str = "",
        journal: Journal | None = None,
    ) -> None:
        self._max_followers = max_followers
        self._kept: list[Event] = []
        self._previews = 0
        self._followers: set[Follower] = set()
        self._cancel = cancel
        self._leaving: asyncio.TimerHandle | None = None
        self._ended = False
        self._reason: RetouchError | None = None
        self.error: BaseException | None = None
        self.delivered = False
        self.request_id = request_id
        self.journal = journal or Journal()
        self._task = asyncio.ensure_future(self._run(source))

    @property
    def followed(self) -> bool:
        """Whether anybody waits for it."""
        return bool(self._followers)

    @property
    def crowded(self) -> bool:
        """Whether so many wait for it that one more is no retry, but a way to hold connections for nothing."""
        return not self._ended and len(self._followers) >= self._max_followers

    @property
    def joinable(self) -> bool:
        """Whether a follower that comes now gets its pictures, as far as can be known."""
        return self.error is None and not self._cancel.is_set()

    @property
    def ended(self) -> bool:
        """Whether nothing of it is still to come."""
        return self._ended

    @property
    def kept(self) -> Sequence[Event]:
        """The plan and the pictures that are finished so far."""
        return self._kept

    @property
    def size(self) -> int:
        """Bytes of its finished pictures."""
        return sum(event.data.nbytes for event in self._kept if isinstance(event, PictureReady))

    def follow(self) -> Follower:
        """Follow it from where it is; whoever does says `Follower.leave` in the end."""
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        follower = Follower(self)
        for event in self._kept:
            follower.tell(event)
        if self._ended:
            follower.tell(None)
        self._followers.add(follower)
        return follower

    def leave(self, follower: Follower, grace: float) -> None:
        """``follower`` has gone. If nobody is left the edit is cancelled in ``grace`` seconds, unless somebody
        comes in that time."""
        self._followers.discard(follower)
        if not self._followers and not self._ended and self._leaving is None:
            self._leaving = asyncio.get_running_loop().call_later(grace, self.cancel)

    def cancel(self, reason: RetouchError | None = None) -> None:
        """Stop at the next step. ``reason``: what those who still wait for it are told."""
        self._reason = self._reason or reason
        self._cancel.set()

    def on_done(self, callback: Callable[[Edit], object]) -> None:
        """Call ``callback`` with this edit when nothing of it runs any more."""
        self._task.add_done_callback(lambda _: callback(self))

    async def finished(self) -> None:
        """Wait until nothing of it runs any more; never raises what it failed with."""
        await asyncio.wait({self._task})

    async def _run(self, source: AsyncIterator[Event]) -> None:
        try:
            async for event in source:
                if isinstance(event, PreviewReady):
                    # Previews are for whoever is there; only what a later follower needs is kept.
                    event = replace(event, number=self._previews)
                    self._previews += 1
                else:
                    self._kept.append(event)
                self._tell(event)
            if not self.size:
                raise InternalError  # an engine that painted nothing
        except BaseException as error:
            self.error = self._reason if self._reason and isinstance(error, Cancelled) else error
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            if self._leaving is not None:
                self._leaving.cancel()
            self._ended = True
            self._tell(None)

    def _tell(self, event: Event | None) -> None:
        for follower in self._followers:
            follower.tell(event)


class Follower:
    """One reader of an edit. It gets the plan and every finished picture, and the previews made from when it
    came."""

    def __init__(self, edit: Edit) -> None:
        self._edit = edit
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()

    async def events(self) -> AsyncIterator[Event]:
        """Up to the last event, once. Raises what the edit failed with."""
        while (event := await self._queue.get()) is not None:
            yield event
        if self._edit.error is not None:
            raise self._edit.error

    def tell(self, event: Event | None) -> None:
        """The edit's next event; None when there are no more."""
        self._queue.put_nowait(event)

    def leave(self, grace: float) -> None:
        """Be no follower any more; see `Edit.leave`."""
        self._edit.leave(self, grace)
