"""Uploaded files on disk."""

from __future__ import annotations

import errno
import hashlib
import tempfile
from pathlib import Path
from typing import BinaryIO, cast

from retouch.errors import StorageFull


class Blob:
    """An uploaded file without a name on disk: it is gone when it is closed, or when the process dies.

    ``size``: bytes written.
    """

    def __init__(self, directory: Path | None) -> None:
        self._file = cast(BinaryIO, tempfile.TemporaryFile(dir=directory, buffering=0))  # noqa: SIM115 - see close
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes | bytearray) -> None:
        """Raises `StorageFull` when the disk is."""
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull("There is no room left on the server for the upload.") from error
            raise
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
        self._file.close()
