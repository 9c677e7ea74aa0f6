"""Cases that Hypothesis makes of what a target says that they look like. Started by `tests.security.fuzz`."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.security.tally import Tally
from tests.security.targets import load
from tests.security.watch import Watch

_BATCH = 1000
"""Hypothesis remembers what it has made, and gets slow over it."""


def main(name: str, cases: int, first: int, folder: Path, corpus: Path) -> None:
    target = load(name)
    tally = Tally(folder / "tally")
    watch = Watch(target, tally, corpus)
    last = tally.cases + cases
    for number in count(first << 20):
        if tally.cases >= last:
            return

        @seed(number)
        @settings(
            max_examples=min(_BATCH, last - tally.cases),
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(target.cases)
        def batch(case: bytes) -> None:
            watch(case)

        batch()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), Path(sys.argv[5]))
