"""Results in a directory of this machine."""

from __future__ import annotations

import contextlib
import re
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from retouch.errors import StorageFull
from retouch.storage import durable
from retouch.storage.links import load_secret, sign, verify
from retouch.storage.settings import StorageSettings

MEDIA_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
SECRET = "secret"  # noqa: S105 - the name of the file that holds it
_NAME = re.compile(r"(?P<expires>\d{1,12})-[0-9a-f]{32}\.(?P<format>png|jpeg|webp)\Z")


@dataclass(frozen=True)
class Result:
    """A stored result that may be read now, and for ``seconds`` more."""

    path: Path
    media_type: str
    seconds: int


class LocalResults:
    """Keeps results until they expire. A result's name says when that is, so nothing else need be kept."""

    def __init__(self, settings: StorageSettings) -> None:
        self._directory = settings.directory
        self._lifetime = settings.lifetime
        self._limit = settings.total_bytes
        self._lock = threading.Lock()
        self._writing = 0
        # What those take that are written; None when it has to be counted anew.
        self._total: int | None = None

    @cached_property
    def _secret(self) -> bytes:
        """Made with the directory when it is first needed: most servers never answer by URL."""
        return load_secret(self._directory / SECRET)

    def put(self, data: bytes | memoryview, format: str) -> str:
        """Keep ``data`` (of ``format`` png, jpeg or webp); returns the link's path and query below the
        results' route. Raises `StorageFull`."""
        secret = self._secret
        name = f"{int(time.time()) + self._lifetime}-{secrets.token_hex(16)}.{format}"
        path = self._directory / name
        with self._room(len(data)):
            durable.write(path, [data], "result")
        return f"{name}?sig={sign(secret, name)}"

    def get(self, name: str, signature: str) -> Result | None:
        """The result of that name, None if the link is wrong, expired or swept."""
        match = _NAME.match(name)
        if match is None or not (self._directory / SECRET).is_file() or not verify(self._secret, name, signature):
            return None
        seconds = int(match["expires"]) - time.time()
        path = self._directory / name
        if seconds <= 0 or not path.is_file():
            return None
        return Result(path, MEDIA_TYPES[match["format"]], int(seconds))

    def sweep(self) -> int:
        """Delete what has expired, and parts of writes that never ended; returns how many files went. What is not
        named as this store names its own is let be."""
        if not self._directory.is_dir():
            return 0
        now = time.time()
        gone = 0
        for path in self._directory.iterdir():
            match = _NAME.match(path.name)
            if (_is_part(path.name) and durable.is_stale_part(path)) or (
                match is not None and int(match["expires"]) <= now
            ):
                path.unlink(missing_ok=True)
                gone += 1
        with self._lock:
            self._total = None
        return gone

    @contextlib.contextmanager
    def _room(self, size: int) -> Iterator[None]:
        """Holds room for a result of so many bytes while it is written."""
        with self._lock:
            if self._total is None:
                self._total = sum(_size(path) for path in self._directory.iterdir() if _NAME.match(path.name))
            if self._total + self._writing + size > self._limit:
                raise StorageFull("There is no room left on the server for the result.")
            self._writing += size
        written = 0
        try:
            yield
            written = size
        finally:
            with self._lock:
                self._writing -= size
                if self._total is not None:
                    self._total += written


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _is_part(name: str) -> bool:
    """Whether it is named as a part of a result or of the secret."""
    return _NAME.match(name.removesuffix(durable.PART)) is not None or name.startswith(f"{SECRET}.")
