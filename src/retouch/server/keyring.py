"""The keys that are let in: those of the settings and those of a file that may change at any time."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from retouch.server.settings import ServerSettings
from retouch.service.caller import Caller
from retouch.storage.keys import Key, KeyFile, id_of, matches

log = structlog.get_logger("retouch.keys")


class Keyring:
    """Knows a caller by the text of a key. ``clock``: now.

    Raises ValueError for a file of keys that cannot be read; one that is not there yet holds none.
    """

    def __init__(
        self, settings: ServerSettings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._plain = {_name(text): text for key in settings.api_keys if (text := key.get_secret_value().encode())}
        self._file = KeyFile(settings.keys_file) if settings.keys_file is not None else None
        self._stamp = self._file.stamp() if self._file is not None else None
        self._keys: dict[str, Key] = {}
        if self._file is not None:
            try:
                self._keys = _by_id(self._file)
            except FileNotFoundError:
                log.warning("keys_missing")
            except OSError as error:
                raise ValueError(f"cannot read the file of keys {self._file.path}: {error.strerror}") from error

    def find(self, text: str) -> Caller | None:
        """Whose key that is; None for one that is unknown, expired or revoked."""
        key = self._keys.get(id_of(text))
        if matches(key, text) and key is not None and key.state(self._clock()) == "active":
            return self._caller(key)
        # Every key is compared, so that the time says nothing about which one was near.
        known = [name for name, one in self._plain.items() if hmac.compare_digest(text.encode(), one)]
        return self._bounded(known[0]) if known else None

    def refresh(self) -> None:
        """Read the file again if it has changed. One that is broken or gone changes nothing but the log: a slip of
        an editor must neither lock everybody out nor let a revoked key back in."""
        if self._file is None or (stamp := self._file.stamp()) == self._stamp:
            return
        self._stamp = stamp  # also of a broken file: it is told once
        try:
            self._keys = _by_id(self._file)
        except (OSError, ValueError) as error:
            # Not what the error says: it may quote what is in the file. `retouch doctor` tells it.
            log.error("keys_unreadable", reason=_reason(error), kept=len(self._keys))
        else:
            log.info("keys_read", keys=len(self._keys))

    async def watch(self) -> None:
        """`refresh` for ever, beside the event loop: a file may lie on a disk that hangs."""
        while self._file is not None:
            await asyncio.sleep(self._settings.keys_reload)
            await asyncio.to_thread(self.refresh)

    def _caller(self, key: Key) -> Caller:
        return Caller(
            key.id,
            models=frozenset(key.models) if key.models is not None else None,
            requests_per_minute=key.requests_per_minute or self._settings.requests_per_minute,
            images_per_minute=key.images_per_minute or self._settings.images_per_minute,
        )

    def _bounded(self, name: str) -> Caller:
        settings = self._settings
        return Caller(
            name,
            requests_per_minute=settings.requests_per_minute,
            images_per_minute=settings.images_per_minute,
        )


def _by_id(file: KeyFile) -> dict[str, Key]:
    return {key.id: key for key in file.read()}


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "missing"
    return "unreadable" if isinstance(error, OSError) else "broken"


def _name(text: bytes) -> str:
    """What a key of the settings is called: the same after a restart and in any order of keys, since files and
    budgets belong to it. The key may be a poor one and the name is in logs, so trying keys against it is dear."""
    return f"setting_{hashlib.scrypt(text, salt=b'retouch caller', n=2**13, r=8, p=1, dklen=6).hex()}"
