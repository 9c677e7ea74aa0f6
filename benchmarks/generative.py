"""What the diffusers engine costs beside the model: the answer over HTTP less the bare call of the pipeline.

Both sides are measured in turn, in the same run: a client's whole request (a 1024² PNG, with a mask or without,
answered by a PNG in base64) and ``pipeline(...)`` with the very arguments that the engine calls it with, in a
process like the device's (`benchmarks.bare`). Over the bare call are therefore HTTP, decoding, judging, laying out
the canvas, cutting out what is worked at, the clone and the hooks of a request, putting the edit back with its
seam, the exact composite, encoding, and three processes' handing pictures to each other. The pipeline is lean, and
a call of it can be stretched by steps that sleep; every process has one thread, so that neither side gains by the
other's idling core. The processor's time, the server's and its workers', is shown beside: it hardly depends on
what else the machine does, and counts twice what two cores do at once.

Wanted: at most 80 ms over a bare call, and of a call of three seconds or more at most 1.03 times as long.

Usage: python -m benchmarks.generative [--pairs 25] [--short] [--untimed]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bare import CASES, OPTIONS, PROMPT, SIDE, Case
from benchmarks.photos import photograph
from benchmarks.servers import Client, Running, multipart, serving
from benchmarks.verdicts import Verdicts
from retouch.imaging.encode import encode

OVER, STRETCHED = 0.08, 1.03
SEVERAL = 4
PREVIEWS = 3
MODEL = "lean"
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
    "PYTHONPATH": str(Path(__file__).parent / "stretched"),
    # As the server's own processes have it.
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
}


class Bare:
    """A process that calls the pipeline and nothing else."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.bare", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **ENVIRONMENT},
            text=True,
        )
        self._read()

    def run(self, name: str) -> tuple[float, float]:
        """Seconds of one call of that case, and the processor's."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{name}\n")
        self._process.stdin.flush()
        wall, busy = map(float, self._read().split())
        return wall, busy

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the bare pipeline's process ended with {self._process.wait()}")
        return line


def asking(port: int, picture: bytes, case: Case, **fields: str) -> Client:
    """A client that asks for that edit, always the same."""
    told = {"prompt": PROMPT, "model": MODEL, "size": f"{SIDE}x{SIDE}", "seed": "1", **fields}
    if case.steps is not None:
        told["num_inference_steps"] = str(case.steps)
    files = {"image": picture}
    if (mask := case.mask()) is not None:
        files["mask"] = mask
    return Client(port, *multipart(told, files))


def timed(client: Client) -> float:
    started = time.perf_counter()
    client.post()
    took = time.perf_counter() - started
    client.close()
    return took


@dataclass(frozen=True)
class Pair:
    """Seconds of a bare call and of a request, and of the processor for each."""

    bare: float
    request: float
    bare_busy: float
    busy: float


def paired(bare: Bare, server: Running, name: str, client: Client, count: int) -> list[Pair]:
    """``count`` pairs; which of the two goes first alternates."""
    bare.run(name)
    timed(client)
    found = []
    for number in range(count):
        alone = bare.run(name) if number % 2 == 0 else None
        before = server.busy()
        request = timed(client)
        busy = server.busy() - before
        wall, own = alone or bare.run(name)
        found.append(Pair(wall, request, own, busy))
    return found


def several(port: int, picture: bytes, verdicts: Verdicts, pairs: int) -> None:
    """What several pictures of one request cost against as many requests, and what previews do."""
    case = CASES["masked half"]
    one, many = (asking(port, picture, case, n=str(n)) for n in (1, SEVERAL))
    watched = asking(port, picture, case, stream="true", partial_images=str(PREVIEWS), num_inference_steps="8")
    alone = asking(port, picture, case, stream="true", num_inference_steps="8")
    ratios, dearer = [], []
    for _ in range(pairs):
        ratios.append(timed(many) / sum(timed(one) for _ in range(SEVERAL)))
        dearer.append(timed(watched) - timed(alone))
    verdicts.show(f"n = {SEVERAL} against {SEVERAL} requests, in turn", f"{statistics.median(ratios):.2f} ×")
    each = statistics.median(dearer) / PREVIEWS
    verdicts.show("a preview, its decoding by the VAE included", f"{each * 1000:.0f} ms each")


@contextlib.contextmanager
def both() -> Iterator[tuple[Bare, Running]]:
    """The bare pipeline's process, and a server of the same pipeline."""
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        folder = Path(directory) / MODEL
        bare = Bare(folder)
        stack.callback(bare.close)
        engine = {"kind": "diffusers", "options": {"model": str(folder), **OPTIONS}}
        settings = {
            "RETOUCH_SERVICE__ENGINES": json.dumps({MODEL: engine}),
            "RETOUCH_SERVICE__CHAIN": json.dumps([MODEL]),
            "RETOUCH_SERVICE__WORKERS": "2",
        }
        yield bare, stack.enter_context(serving(**ENVIRONMENT, **settings))


def judge(verdicts: Verdicts, name: str, pairs: Sequence[Pair], *, stretched: bool) -> None:
    alone, whole = (statistics.median(side) for side in zip(*((p.bare, p.request) for p in pairs), strict=True))
    # Of each pair, as what else the machine does weighs on both of its sides alike.
    over = statistics.median(pair.request - pair.bare for pair in pairs)
    ratio = statistics.median(pair.request / pair.bare for pair in pairs)
    busy = statistics.fmean(pair.busy - pair.bare_busy for pair in pairs)
    measured = (
        f"{over * 1000:.0f} ms over {alone * 1000:.0f} (request {whole * 1000:.0f}), {ratio:.3f} ×;"
        f" {busy * 1000:.0f} ms of the processor"
    )
    wanted = f"≤ {STRETCHED} ×" if stretched else f"≤ {OVER * 1000:.0f} ms"
    met = ratio <= STRETCHED if stretched else over <= OVER
    verdicts.judge(name, wanted, measured, met, timed=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=25, help="of each kind; a fifth as many of the stretched")
    parser.add_argument("--short", action="store_true", help="one pair of one kind")
    parser.add_argument("--untimed", action="store_true", help="do not judge what depends on the machine")
    options = parser.parse_args(arguments)
    count = 1 if options.short else options.pairs
    picture = encode(photograph(SIDE, SIDE), "png")
    verdicts = Verdicts(f"Over the bare pipeline call, {SIDE}² PNG, {count} pairs", untimed=options.untimed)
    chosen: Mapping[str, Case] = CASES if not options.short else {"masked half": CASES["masked half"]}
    with both() as (bare, server):
        for name, case in chosen.items():
            stretched = case.steps is not None
            client = asking(server.port, picture, case)
            pairs = paired(bare, server, name, client, -(-count // 5) if stretched else count)
            judge(verdicts, name, pairs, stretched=stretched)
        if not options.short:
            several(server.port, picture, verdicts, -(-count // 5))
    return verdicts.end()


if __name__ == "__main__":
    sys.exit(main())
