"""Results in a directory of this machine."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

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
        """Delete what has expired, and parts of writes that never ended; returns how many files went."""
        if not self._directory.is_dir():
            return 0
        now = time.time()
        gone = 0
        for path in self._directory.iterdir():
            match = _NAME.match(path.name)
            if durable.is_stale_part(path) or (match is not None and int(match["expires"]) <= now):
                path.unlink(missing_ok=True)
                gone += 1
        return gone
