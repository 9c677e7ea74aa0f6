"""Uploaded files on disk."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import tempfile
from pathlib import Path
from typing import BinaryIO, cast

from retouch.errors import RateLimited
from retouch.server.descriptors import leave_last_quarter
from retouch.storage.durable import told_as_full

_MUCH = 8 << 20
"""Bytes that a file system does not take back at once."""


class Blob:
    """An uploaded file without a name on disk: it is gone when it is closed, or when the process dies.

    ``size``: bytes written.
    """

    def __init__(self, directory: Path | None) -> None:
        with told_as_full("upload"):
            file = tempfile.TemporaryFile(dir=directory, buffering=0)  # noqa: SIM115 - see close
        self._file = cast(BinaryIO, file)
        try:
            leave_last_quarter(file.fileno())
        except RateLimited:
            file.close()
            raise
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes | bytearray) -> None:
        """Raises `StorageFull` when the disk is."""
        view = memoryview(data)
        with told_as_full("upload"):
            while view:
                view = view[self._file.write(view) :]
        self._hash.update(data)
        self.size += len(data)

    @property
    def digest(self) -> bytes:
        """SHA-256 of what is written."""
        return self._hash.digest()

    def content(self) -> bytes:
        """The whole file; for small ones."""
        self._file.seek(0)
        return self._file.read()

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        """Give its room back; much of it in a thread, since that takes a while."""
        if self.size >= _MUCH:
            with contextlib.suppress(RuntimeError):  # there is no event loop here, or it is ending
                asyncio.get_running_loop().run_in_executor(None, self._file.close)
                return
        self._file.close()
