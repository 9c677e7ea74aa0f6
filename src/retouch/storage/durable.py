"""Files that are whole or not there, whenever the machine stops."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from retouch.errors import StorageFull

PART = ".part"
"""What the name of a file that is being written ends with."""

STALE = 3600.0
"""Seconds after which a part is of a write that never ended: each piece of a write makes it young again."""

# The disk, a quota, a limit on the size of files.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def write(path: Path, pieces: Iterable[bytes | memoryview], what: str) -> None:
    """Make ``pieces`` the content of a new file, readable by its owner only; ``what`` it is for, in the error.

    When this returns, the file outlives a power cut. When it raises (`StorageFull`, `OSError`, or what ``pieces``
    does), nothing is left; when the machine stops in between, at most a part is, see `is_stale_part`.
    """
    part = path.with_name(path.name + PART)
    with told_as_full(what):
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                for piece in pieces:
                    view = memoryview(piece)
                    while view:
                        view = view[file.write(view) :]
                os.fsync(file.fileno())
            part.rename(path)
            sync(path.parent)
        except BaseException:
            part.unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            raise


def replace(path: Path, data: bytes) -> None:
    """Make ``data`` the content of ``path``, which keeps its owner, or of a new file for whoever asks, readable by
    its owner only. Callers see to it that there is one at a time.

    A reader sees what was there or what is there now. When this raises `OSError` before the new name is given,
    nothing has changed and nothing is left.
    """
    part = path.with_name(path.name + PART)
    part.unlink(missing_ok=True)  # of a change in whose middle the machine stopped
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            _keep_owner(path, file.fileno())
            os.fsync(file.fileno())
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    sync(path.parent)


@contextlib.contextmanager
def told_as_full(what: str) -> Iterator[None]:
    """Turns the errors of a full disk into `StorageFull`; ``what`` there is no room for."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(f"There is no room left on the server for the {what}.") from error
        raise


def make_directory(path: Path) -> None:
    """Make ``path`` and what is missing above it, for its owner only, to outlive a power cut."""
    if path.is_dir():
        return
    if path.parent != path:
        make_directory(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync(path.parent)


def sync(directory: Path) -> None:
    """Have the names in ``directory`` outlive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot sync a directory, and need not.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def is_stale_part(path: Path) -> bool:
    """Whether ``path`` is a part that nobody writes any more."""
    return path.name.endswith(PART) and is_old(path)


def is_old(path: Path) -> bool:
    """Whether nothing was written to ``path`` for so long that no write can be under way."""
    try:
        return path.stat().st_mtime < time.time() - STALE
    except FileNotFoundError:
        return False


def _keep_owner(path: Path, descriptor: int) -> None:
    """An administrator's change must not take a file away from the account that reads it."""
    with contextlib.suppress(FileNotFoundError, PermissionError):
        owner = path.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
