"""What a fuzzing process has done so far, in memory that outlives it: only its parent can tell of a crash."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

_HEAD = struct.Struct("<6Q")
_ROOM = 64 << 10


class Tally:
    """Figures and the case at hand, shared through the file at ``path``.

    ``cases``: how many were run; ``taken``: of them, those that were not refused; ``errors``: those that were
    answered wrongly; ``slowest``: seconds of the longest.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_HEAD.size + _ROOM))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), 0)
        self._begun, self.cases, self.taken, self.errors, microseconds, self._length = self._read()
        self.slowest = microseconds / 1e6

    def _read(self) -> tuple[int, ...]:
        return _HEAD.unpack_from(self._shared)

    def look(self) -> Tally:
        """Bring the figures up to date with what another process has written."""
        self._begun, self.cases, self.taken, self.errors, microseconds, self._length = self._read()
        self.slowest = microseconds / 1e6
        return self

    def begin(self, case: bytes) -> None:
        case = case[:_ROOM]
        self._begun += 1
        self._length = len(case)
        self._shared[_HEAD.size : _HEAD.size + len(case)] = case
        self._write()

    def end(self, seconds: float, *, taken: bool, error: bool) -> None:
        self.cases += 1
        self.taken += taken
        self.errors += error
        self.slowest = max(self.slowest, seconds)
        self._length = 0
        self._write()

    @property
    def case(self) -> bytes | None:
        """The case that is being run."""
        return self._shared[_HEAD.size : _HEAD.size + self._length] if self._begun > self.cases else None

    @property
    def progress(self) -> int:
        """Another number whenever a case begins or ends."""
        return self._begun + self.cases

    def _write(self) -> None:
        figures = (self._begun, self.cases, self.taken, self.errors, int(self.slowest * 1e6), self._length)
        _HEAD.pack_into(self._shared, 0, *figures)
