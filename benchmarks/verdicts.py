"""One table of what was measured and what was wanted, and whether all of it was met."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class _Row:
    what: str
    wanted: str
    measured: str
    met: bool | None


class Verdicts:
    """A table that grows. ``untimed``: figures that depend on how busy the machine is are shown, not judged."""

    def __init__(self, title: str, *, untimed: bool = False) -> None:
        self._title = title
        self._untimed = untimed
        self._rows: list[_Row] = []

    def show(self, what: str, measured: str) -> None:
        """Something nobody has asked for."""
        self._rows.append(_Row(what, "", measured, None))

    def judge(self, what: str, wanted: str, measured: str, met: bool, *, timed: bool = False) -> None:
        self._rows.append(_Row(what, wanted, measured, None if timed and self._untimed else met))

    def none(self, what: str, found: int, of: str = "") -> None:
        """There should be none of it. ``of``: what was found, in words."""
        self.judge(what, "none", f"{found or 'none'}{f' ({of})' if found and of else ''}", not found)

    def end(self) -> int:
        """Print it. 0 if everything was met, otherwise 1: what a program ends with."""
        widths = [max(len(row.what) for row in self._rows), max(len(row.wanted) for row in self._rows)]
        print(f"\n{self._title}")
        for row in self._rows:
            mark = {True: "  met", False: "  MISSED", None: ""}[row.met]
            print(f"  {row.what:{widths[0]}}   {row.wanted:{widths[1]}}   {row.measured}{mark}")
        return int(any(row.met is False for row in self._rows))


def percentile(seconds: list[float], share: float) -> float:
    """The value that ``share`` of them do not exceed; 0 of none."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
