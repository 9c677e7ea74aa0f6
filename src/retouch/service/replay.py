"""Requests that come again: which edit, running or finished, answers them."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from retouch.errors import Cancelled, InvalidRequest, RateLimited, RetouchError
from retouch.service.edit import Edit

OWED = 1000
"""How many failures are remembered, so that a flood of them cannot fill the memory."""

T = TypeVar("T")


@dataclass(frozen=True)
class Identity:
    """What makes two requests the same one.

    ``fingerprint``: a digest of who asks and what for. ``key``: a digest of who asks and the name that the
    client gave the request, None if it gave none. ``retried``: the client says that it has sent it before.
    ``sender``: a digest of who asks.
    """

    fingerprint: bytes
    key: bytes | None = None
    retried: bool = False
    sender: bytes = b""

    @property
    def name(self) -> bytes:
        """What it is found by."""
        return self.key or self.fingerprint


@dataclass(frozen=True, eq=False)
class _Entry(Generic[T]):
    identity: Identity
    edit: Edit
    answer: T


class Replays(Generic[T]):
    """Remembers every edit that runs, and those that have finished for ``seconds`` as long as they are at most
    ``edits`` and their pictures together have at most ``budget`` bytes; the one that finished first goes first.
    ``T`` is whatever the edit is answered with.

    A request with a key is the one of that key. Without a key only a retry can be the same, since two equal
    requests may well want two pictures. For that reason too a retry takes an edit that nobody is waiting for
    before any other; and if an equal request has just failed, the retry is that one's and runs anew, rather
    than share an edit with a client that has its own.
    """

    def __init__(
        self, *, seconds: float, edits: int, budget: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if seconds < 0 or edits < 0 or budget < 0:
            raise ValueError("seconds, edits and budget must be 0 or more")
        self._seconds = seconds
        self._edits = edits
        self._budget = budget
        self._clock = clock
        self._entries: dict[bytes, list[_Entry[T]]] = {}
        self._finished: OrderedDict[_Entry[T], float] = OrderedDict()
        self._owed: deque[tuple[float, bytes]] = deque(maxlen=OWED)
        self._unread: deque[tuple[float, bytes]] = deque(maxlen=OWED)
        self.bytes = 0

    def knows(self, identity: Identity) -> bool:
        """Whether `find` would find an answer now; it changes nothing. Raises what `find` does."""
        self._expire()
        self._check(identity)
        found = [
            entry
            for entry in self._entries.get(identity.name, [])
            if entry.edit.joinable and entry.identity.fingerprint == identity.fingerprint
        ]
        if identity.key is not None or not found:
            return bool(found)
        return identity.retried and (not self._is_owed(identity) or any(_is_lost(entry) for entry in found))

    def find(self, identity: Identity) -> T | None:
        """The answer of the edit that this request is a repetition of; None if it wants one of its own.

        Raises `InvalidRequest` if its key names a request that was another.
        """
        self._expire()
        entries = self._entries.get(identity.name, [])
        entries = [entry for entry in entries if entry.edit.joinable]
        if identity.key is not None:
            self._check(identity)
        elif not identity.retried:
            return None
        else:
            lost = [entry for entry in entries if _is_lost(entry)]
            if not lost and self._settle_debt(identity):
                return None
            # Somebody seems to wait for those that are left, but a connection can be dead for a while unseen.
            entries = lost or [entry for entry in entries if not entry.edit.delivered] or entries
        return entries[-1].answer if entries else None

    def keep(self, identity: Identity, edit: Edit, answer: T) -> None:
        """Remember an edit that has begun."""
        entry = _Entry(identity, edit, answer)
        self._entries.setdefault(identity.name, []).append(entry)
        edit.on_done(lambda _: self._done(entry))

    def owe(self, identity: Identity) -> None:
        """This request has failed in a way after which clients send it again."""
        if identity.key is None:
            self._owed.append((self._clock(), identity.fingerprint))

    def owe_still(self, identity: Identity) -> None:
        """The same of a request that was refused before anything was looked for: a retry is owed no more than
        before."""
        if not (identity.retried and self._is_owed(identity)):
            self.owe(identity)

    def owe_unread(self, sender: bytes, *, retried: bool) -> None:
        """A request of ``sender`` was refused before it was read, so that it is not known which one it was: a
        retry of theirs that nobody waits for is then taken for its."""
        if not (retried and any(debt[1] == sender for debt in self._unread)):
            self._unread.append((self._clock(), sender))

    def _check(self, identity: Identity) -> None:
        """Raises `InvalidRequest` if its key names a request that was another."""
        if identity.key is not None and any(
            entry.edit.joinable and entry.identity.fingerprint != identity.fingerprint
            for entry in self._entries.get(identity.name, [])
        ):
            raise _reused()

    def _done(self, entry: _Entry[T]) -> None:
        if entry.edit.error is not None:
            self._drop(entry)
            if _is_sent_again(entry.edit.error):
                self.owe(entry.identity)
            return
        self._finished[entry] = self._clock()
        self.bytes += entry.edit.size
        if entry.edit.size > self._budget:
            self._drop(entry)
        while self.bytes > self._budget or len(self._finished) > self._edits:
            self._drop(next(iter(self._finished)))
        # So that the memory is also given back when nothing more is asked for.
        asyncio.get_running_loop().call_later(self._seconds, self._expire)

    def _settle_debt(self, identity: Identity) -> bool:
        """Whether an equal request has failed that no retry has come for yet; now one has."""
        for debts, whose in ((self._owed, identity.fingerprint), (self._unread, identity.sender)):
            for debt in debts:
                if debt[1] == whose:
                    debts.remove(debt)
                    return True
        return False

    def _is_owed(self, identity: Identity) -> bool:
        """What `_settle_debt` would say."""
        return any(debt[1] == identity.fingerprint for debt in self._owed) or any(
            debt[1] == identity.sender for debt in self._unread
        )

    def _expire(self) -> None:
        until = self._clock() - self._seconds
        for debts in (self._owed, self._unread):
            while debts and debts[0][0] <= until:
                debts.popleft()
        while self._finished and self._finished[oldest := next(iter(self._finished))] <= until:
            self._drop(oldest)

    def _drop(self, entry: _Entry[T]) -> None:
        if self._finished.pop(entry, None) is not None:
            self.bytes -= entry.edit.size
        entries = self._entries[entry.identity.name]
        entries.remove(entry)
        if not entries:
            del self._entries[entry.identity.name]


def _is_lost(entry: _Entry[T]) -> bool:
    """Whether nobody waits for it or has had it."""
    return not entry.edit.followed and not entry.edit.delivered


def _is_sent_again(error: BaseException) -> bool:
    if isinstance(error, RateLimited):
        return True
    if isinstance(error, RetouchError):
        return error.status >= 500 and error.retry is not False
    return isinstance(error, Cancelled)  # its client may only have been slow to come back


def _reused() -> InvalidRequest:
    return InvalidRequest(
        "Invalid header 'Idempotency-Key': this key was used before for a request with other parameters. Please"
        " use a new key for a new request.",
        param="idempotency-key",
        code="idempotency_key_reused",
    )
