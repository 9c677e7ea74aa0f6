"""Many thousand hostile cases for whatever reads what strangers send, and a count of those that were answered with
anything but a result or a refusal.

Targets: multipart, pictures, masks, sizes, instructions; all of them if none is named. ``guided`` cases are
mutations that coverage leads (Atheris, from `retouch[fuzz]`), ``generated`` ones are made by Hypothesis from what
a case looks like. What finds something is kept in tests/security/corpus, where the tests run it again. Ends with 1
if something was found.
Usage: python -m tests.security.fuzz [TARGET ...] [--cases 100000] [--seed 1] [--how guided]
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.security.tally import Tally
from tests.security.targets import NAMES
from tests.security.watch import keep

CORPUS = Path(__file__).parent / "corpus"
_MODULES = "tests.security."
_STARTING = 60.0
"""Seconds that a process may take for its first case."""


@dataclass
class Lane:
    """One process after the other, each begun anew where the one before it crashed or hung."""

    target: str
    how: str
    cases: int
    seed: int
    patience: float
    folder: Path
    corpus: Path
    crashes: int = 0
    hangs: int = 0
    died: bool = False
    process: subprocess.Popen[bytes] | None = None
    tally: Tally = field(init=False)
    _seen: int = 0
    _since: float = 0.0
    _worked: float = 0.0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.tally = Tally(self.folder / "tally")

    def go_on(self) -> bool:
        """Look after the process; whether there is more to do."""
        now = time.monotonic()
        if self.process is None:
            if self.died or self.tally.look().cases >= self.cases:
                return False
            self._start(now)
        elif (code := self.process.poll()) is not None:
            self.process = None
            case = self.tally.look().case
            if case is not None:
                self.crashes += 1
                self._found(case, f"ended with {code}")
            elif self.tally.cases < self.cases:
                self.died = True
                self._tell(f"ended with {code} between two cases")
        elif self.tally.look().progress != self._seen:
            self._look(now)
        elif self._hangs(now):
            self.process.kill()
            self.process.wait()
            self.process = None
            case = self.tally.look().case
            self.hangs += 1
            self._found(case or b"", f"took longer than {self.patience:g} s")
        return True

    def _start(self, now: float) -> None:
        left = self.cases - self.tally.cases
        seed = self.seed + 1000 * (self.crashes + self.hangs)
        arguments = [self.target, str(left), str(seed), str(self.folder), str(self.corpus)]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", _MODULES + self.how, *arguments],
                stdout=log,
                stderr=log,
                env=os.environ | {"TMPDIR": str(self.folder)},
            )
        self._look(now)

    def _look(self, now: float) -> None:
        assert self.process is not None
        self._seen, self._since, self._worked = self.tally.progress, now, _worked(self.process.pid)

    def _hangs(self, now: float) -> bool:
        """Whether nothing has happened for too long, measured by the processor's time: others may be using it."""
        assert self.process is not None
        patience = self.patience if self.tally.case is not None else _STARTING
        return _worked(self.process.pid) - self._worked > patience or now - self._since > 10 * patience

    def _found(self, case: bytes, what: str) -> None:
        self.tally.end(0, taken=False, error=False)
        self._tell(f"{keep(case, self.corpus)} {what}")

    def _tell(self, what: str) -> None:
        print(f"{self.target}: {what}", *self.said(20), sep="\n  ", flush=True)

    def said(self, lines: int) -> list[str]:
        """The last ``lines`` that the process has written of itself."""
        log = (self.folder / "log").read_text(errors="replace").splitlines()
        return [line for line in log if not line.startswith(("INFO: ", "WARNING: Failed to find"))][-lines:]


def _worked(pid: int) -> float:
    """Seconds that a process has had the processor."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(target: str, how: str, *, cases: int, seed: int, processes: int, patience: float, corpus: Path) -> int:
    """Run one target and print what came of it; how many cases found something."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        shares = [cases // processes + (lane < cases % processes) for lane in range(processes)]
        lanes = [
            Lane(target, how, share, seed * 100 + number, patience, Path(scratch, str(number)), corpus / target)
            for number, share in enumerate(shares)
        ]
        try:
            while sum(lane.go_on() for lane in lanes):
                time.sleep(0.05)
        finally:
            for lane in lanes:
                if lane.process is not None:
                    lane.process.kill()
                    lane.process.wait()
        seconds = time.monotonic() - began
        done = sum(lane.tally.cases for lane in lanes)
        taken = sum(lane.tally.taken for lane in lanes)
        errors = sum(lane.tally.errors for lane in lanes)
        crashes, hangs = sum(lane.crashes for lane in lanes), sum(lane.hangs for lane in lanes)
        slowest = max(lane.tally.slowest for lane in lanes)
        print(
            f"{target:12} {how:9} {done:7} cases in {seconds:5.0f} s ({done / seconds:5.0f}/s): {taken} taken,"
            f" {done - taken - errors - crashes - hangs} refused,"
            f" {errors} errors, {crashes} crashes, {hangs} hangs; slowest {slowest:.2f} s",
            flush=True,
        )
        if errors:
            for lane in lanes:
                print(*(line for line in lane.said(60)), sep="\n")
        died = sum(lane.died for lane in lanes)
    return errors + crashes + hangs + died


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.security.fuzz", description=(__doc__ or "").partition("\n\n")[0]
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)}; all by default")
    parser.add_argument("--cases", type=int, default=100_000, help="of each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--how", choices=["guided", "generated"], default="guided")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--patience", type=float, default=10.0, help="seconds of the processor that a case may take"
    )
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="where to keep what finds something")
    given = parser.parse_args(arguments)
    if unknown := set(given.targets) - {*NAMES}:
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    if given.how == "guided" and importlib.util.find_spec("atheris") is None:
        parser.error("guided cases need Atheris: pip install 'retouch[fuzz]'")
    found = 0
    for target in given.targets or NAMES:
        found += run(
            target,
            given.how,
            cases=given.cases,
            seed=given.seed,
            processes=given.processes,
            patience=given.patience,
            corpus=given.corpus.absolute(),
        )
    return 1 if found else 0


if __name__ == "__main__":
    # Told to end, it ends its processes too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    sys.exit(main())
