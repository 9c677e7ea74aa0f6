"""Results in a directory of this machine."""

from __future__ import annotations

import errno
import os
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from retouch.errors import StorageFull
from retouch.storage.links import load_secret, sign, verify
from retouch.storage.settings import StorageSettings

MEDIA_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
_NAME = re.compile(r"(?P<expires>\d{1,12})-[0-9a-f]{32}\.(?P<format>png|jpeg|webp)\Z")


@dataclass(frozen=True)
class Result:
    """A stored result that may be read now."""

    path: Path
    media_type: str


class LocalResults:
    """Keeps results until they expire. A result's name says when that is, so nothing else need be kept."""

    def __init__(self, settings: StorageSettings) -> None:
        self._directory = settings.directory
        self._lifetime = settings.lifetime
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._secret = load_secret(self._directory / "secret")

    def put(self, data: bytes | memoryview, format: str) -> str:
        """Keep ``data`` (of ``format`` png, jpeg or webp); returns the link's path and query below the
        results' route. Raises `StorageFull`."""
        name = f"{int(time.time()) + self._lifetime}-{secrets.token_hex(16)}.{format}"
        path = self._directory / name
        # A reader must never see half a file, so it gets its name when it is whole.
        partial = self._directory / f"{name}.part"
        try:
            with partial.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise StorageFull("There is no room left on the server for the result.") from error
            raise
        return f"{name}?sig={sign(self._secret, name)}"

    def get(self, name: str, signature: str) -> Result | None:
        """The result of that name, None if the link is wrong, expired or swept."""
        match = _NAME.match(name)
        if match is None or not verify(self._secret, name, signature):
            return None
        if int(match["expires"]) <= time.time():
            return None
        path = self._directory / name
        return Result(path, MEDIA_TYPES[match["format"]]) if path.is_file() else None

    def sweep(self) -> int:
        """Delete what has expired, and parts of writes that never ended; returns how many files went."""
        now = time.time()
        gone = 0
        for path in self._directory.iterdir():
            match = _NAME.match(path.name.removesuffix(".part"))
            if match is None:
                continue
            # A part is only left by a crash: a write takes seconds, a lifetime is long over.
            if int(match["expires"]) <= now:
                path.unlink(missing_ok=True)
                gone += 1
        return gone
