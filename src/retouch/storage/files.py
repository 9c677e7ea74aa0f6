"""Uploaded files in a directory of this machine, each owner's apart.

A file is its bytes under its id, and beside them a record. The record is written last and deleted first, so that a
file is there exactly as long as its record is. An id says when its file ends, so that sweeping reads names only.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import threading
import time
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from retouch.errors import InvalidRequest, StorageFull
from retouch.storage import durable
from retouch.storage.settings import FileSettings

_ID = re.compile(r"file-(?P<expires>[0-9a-f]{10})[0-9a-f]{22}\Z")
_OWNER = re.compile(r"[0-9a-f]{32}\Z")
_RECORD = ".json"
_PIECE = 1 << 20
# What the smallest file takes on most disks; else files of one byte would be free.
_BLOCK = 4096


@dataclass(frozen=True)
class StoredFile:
    """A file that can be used. ``size``: bytes. ``created`` and ``expires``: Unix time in seconds; None for a file
    that is kept until it is deleted. ``path``: where its bytes are."""

    id: str
    size: int
    created: float
    expires: int | None
    filename: str
    purpose: str
    path: Path


class FileStore:
    """Keeps files until they expire or are deleted. Every method may wait for the disk."""

    def __init__(self, settings: FileSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        # The room of each file that is being written.
        self._writing: dict[Path, int] = {}
        # What all others take; None before it is counted.
        self._total: int | None = None

    def put(
        self, owner: str, source: BinaryIO | int, size: int, *, filename: str, purpose: str, lifetime: int | None
    ) -> StoredFile:
        """Keep ``size`` bytes read from the start of the descriptor ``source``. ``lifetime``: seconds; None keeps
        the file until it is deleted.

        Raises `InvalidRequest` for an owner who has too many files or bytes, and `StorageFull`; nothing is left
        then.
        """
        directory = self._directory(owner)
        created = time.time()
        expires = None if lifetime is None else int(created) + lifetime
        path = directory / f"file-{expires or 0:010x}{secrets.token_hex(11)}"
        record = {"filename": filename, "purpose": purpose, "created": created}
        with self._room(path, size):
            with durable.told_as_full("file"):
                durable.make_directory(directory)
            durable.write(path, _pieces(source, size), "file")
            try:
                durable.write(_record(path), [json.dumps(record).encode()], "file")
            except BaseException:
                path.unlink(missing_ok=True)
                raise
        return StoredFile(path.name, size, created, expires, filename, purpose, path)

    def get(self, owner: str, id: str) -> StoredFile | None:
        """The owner's file of that id; None if there is none, or it has expired."""
        if _ID.match(id) is None:
            return None
        return _read(self._directory(owner) / id)

    def open(self, owner: str, id: str) -> BinaryIO | None:
        """The bytes of that file, to be read and closed by the caller, who has them even if it is deleted
        meanwhile."""
        found = self.get(owner, id)
        try:
            return cast(BinaryIO, found.path.open("rb", buffering=0)) if found is not None else None
        except FileNotFoundError:
            return None

    def list(self, owner: str) -> list[StoredFile]:
        """All of the owner's files, the oldest first."""
        found = [_read(path) for path in _files(self._directory(owner))]
        return sorted((one for one in found if one is not None), key=lambda one: (one.created, one.id))

    def delete(self, owner: str, id: str) -> bool:
        """Delete the owner's file of that id; returns whether there was one."""
        found = self.get(owner, id)
        if found is None:
            return False
        with self._lock:
            try:
                _record(found.path).unlink()
            except FileNotFoundError:
                return False
            found.path.unlink(missing_ok=True)
            if self._total is not None:
                self._total -= _charged(found.size)
        durable.sync(found.path.parent)
        return True

    def sweep(self) -> int:
        """Delete what has expired and what writes that never ended have left; returns how many files went.
        What is not named as this store names its own is let be."""
        gone = 0
        for directory in _owners(self._settings.directory):
            paths = _entries(directory)
            names = {path.name for path in paths}
            for path in paths:
                if _is_over(path) or (_is_ours(path) and durable.is_stale_part(path)):
                    # The record goes first, or it would promise what is not there.
                    _record(path).unlink(missing_ok=True)
                    path.unlink(missing_ok=True)
                    gone += 1
                elif _is_alone(path, names) and durable.is_old(path):
                    path.unlink(missing_ok=True)
                    gone += 1
            with self._lock:
                if all(path.parent != directory for path in self._writing):
                    with contextlib.suppress(OSError):  # it is not empty
                        directory.rmdir()
        with self._lock:
            self._total = None
        return gone

    def _directory(self, owner: str) -> Path:
        """Named by a digest, for an owner's name may hold anything."""
        return self._settings.directory / hashlib.sha256(owner.encode()).hexdigest()[:32]

    @contextlib.contextmanager
    def _room(self, path: Path, size: int) -> Iterator[None]:
        """Holds room for the file ``path`` while it is written."""
        settings = self._settings
        cost = _charged(size)
        with self._lock:
            # What is being written may be there already, and is not to count twice.
            mine = {one: _size(one) for one in _files(path.parent)}
            mine |= {one: cost for one, cost in self._writing.items() if one.parent == path.parent}
            if len(mine) >= settings.max_count:
                raise _quota(f"{settings.max_count} files")
            if sum(mine.values()) + cost > settings.max_bytes:
                raise _quota(f"{settings.max_bytes} bytes of files")
            if self._total is None:
                self._total = self._count()
            if self._total + sum(self._writing.values()) + cost > settings.total_bytes:
                raise StorageFull("There is no room left on the server for the file.")
            self._writing[path] = cost
        written = False
        try:
            yield
            written = True
        finally:
            with self._lock:
                del self._writing[path]
                if written and self._total is not None:
                    self._total += cost

    def _count(self) -> int:
        paths = [path for directory in _owners(self._settings.directory) for path in _files(directory)]
        return sum(_size(path) for path in paths if path not in self._writing)


def _pieces(source: BinaryIO | int, size: int) -> Iterator[bytes]:
    fd = source if isinstance(source, int) else source.fileno()
    at = 0
    while at < size:
        piece = os.pread(fd, min(_PIECE, size - at), at)
        if not piece:
            raise EOFError("the file is shorter than it was")
        at += len(piece)
        yield piece


def _record(path: Path) -> Path:
    return path.with_name(path.name + _RECORD)


def _read(path: Path) -> StoredFile | None:
    """What ``path`` (named by an id) and its record say; None if it has expired, is not there, or its record is
    damaged."""
    match = _ID.match(path.name)
    assert match is not None
    expires = int(match["expires"], 16) or None
    if expires is not None and expires <= time.time():
        return None
    try:
        record = json.loads(_record(path).read_bytes())
        return StoredFile(
            path.name, path.stat().st_size, record["created"], expires, record["filename"], record["purpose"], path
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _entries(directory: Path) -> list[Path]:
    try:
        return list(directory.iterdir())
    except (FileNotFoundError, NotADirectoryError):  # a file that somebody else has left there is not ours
        return []


def _owners(directory: Path) -> list[Path]:
    """Everybody's directories, and nothing else that may lie beside them, such as a disk's lost+found."""
    return [path for path in _entries(directory) if _OWNER.match(path.name)]


def _files(directory: Path) -> list[Path]:
    """Bytes, with or without their records, that have not expired."""
    return [path for path in _entries(directory) if _ID.match(path.name) and not _is_over(path)]


def _size(path: Path) -> int:
    try:
        return _charged(path.stat().st_size)
    except FileNotFoundError:
        return 0


def _charged(size: int) -> int:
    """The room that so many bytes take."""
    return -(-max(size, 1) // _BLOCK) * _BLOCK


def _is_ours(path: Path) -> bool:
    """Whether it is named as a file, a record, or a part of one."""
    return _ID.match(path.name.removesuffix(durable.PART).removesuffix(_RECORD)) is not None


def _is_over(path: Path) -> bool:
    match = _ID.match(path.name.removesuffix(_RECORD))
    return match is not None and 0 < int(match["expires"], 16) <= time.time()


def _is_alone(path: Path, names: Container[str]) -> bool:
    """Whether these are bytes whose record was never written, or a record whose bytes somebody took away."""
    name = path.name.removesuffix(_RECORD)
    if _ID.match(name) is None:
        return False
    return (name if path.name.endswith(_RECORD) else name + _RECORD) not in names


def _quota(what: str) -> InvalidRequest:
    return InvalidRequest(
        f"You have reached this server's limit of {what}. Delete some, or wait until they expire.",
        param="file",
        code="file_quota_exceeded",
    )
