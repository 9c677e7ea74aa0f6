"""One case after the other, counted, and kept if something is wrong with it."""

from __future__ import annotations

import hashlib
import sys
import time
import traceback
from pathlib import Path

from tests.security.tally import Tally
from tests.security.targets.target import Target


class Watch:
    """Runs cases of ``target``, those that find something into ``corpus``: one for each place that fails."""

    def __init__(self, target: Target, tally: Tally, corpus: Path) -> None:
        self._target = target
        self._tally = tally
        self._corpus = corpus
        target.run(target.seeds()[0])  # what is loaded on first use is no case's fault
        self._known: set[tuple[str, str, int | None]] = set()

    def __call__(self, case: bytes) -> None:
        self._tally.begin(case)
        began = time.perf_counter()
        taken = error = False
        try:
            taken = self._target.run(case)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as raised:
            error = True
            self._keep(case, raised)
        self._tally.end(time.perf_counter() - began, taken=taken, error=error)

    def _keep(self, case: bytes, raised: BaseException) -> None:
        last = traceback.extract_tb(raised.__traceback__)[-1]
        place = (type(raised).__name__, last.filename, last.lineno)
        if place in self._known:
            return
        self._known.add(place)
        path = keep(case, self._corpus)
        print(f"{path}: {''.join(traceback.format_exception(raised, limit=-4))}", file=sys.stderr, flush=True)


def keep(case: bytes, corpus: Path) -> Path:
    """Write ``case`` into ``corpus``, under a name made of what is in it."""
    corpus.mkdir(parents=True, exist_ok=True)
    path = corpus / hashlib.sha256(case).hexdigest()[:16]
    path.write_bytes(case)
    return path
