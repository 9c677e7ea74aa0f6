"""Mixed load at twice what the server can do, for as long as one likes.

First a few seconds of as many clients as it can serve tell what it can do; then requests come at twice that pace,
whether or not the earlier ones are answered: forms and JSON, three formats, masks, several pictures, streams,
answers by URL, fetched pictures, uploaded files, faults of every kind, and clients that leave while they send,
wait, or read, some of which come back. Everybody has a key; one has a small budget. With ``--kill`` workers are
killed at random times.

Wanted: nobody is told anything but success, 429 with a time to come back, and the refusal that a fault deserves;
memory, descriptors and files of the last third are those of the first; nothing is left. With ``--kill``: a killed
worker costs at most one request, which is told `worker_lost` and succeeds when it is sent again.

The server keeps finished answers and results for a tenth of the time, so that they come and go in any run. How
flat memory is says nothing in less than two minutes, and is then shown only.

Usage: python -m benchmarks.endurance [--minutes 30] [--kill] [--short] [--untimed] [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import sys
import time
from collections.abc import Sequence

from benchmarks.mixture import Mixture
from benchmarks.overload import LOST, Overload
from benchmarks.sites import WORKERS, Site, free_port, site
from benchmarks.traffic import HOST
from benchmarks.verdicts import Verdicts, percentile

MEBI = 1 << 20
LONG = 120.0
"""Seconds from which on it can be told whether memory is flat."""


def judge_answers(run: Overload, verdicts: Verdicts, *, kill: bool) -> None:
    """What the clients say."""
    tally = run.tally
    verdicts.none("answers but success, 429 and deserved refusals", tally.wrong.total(), tally.faults())
    verdicts.none("of them no answer at all", tally.silent)
    full = tally.total("429 rate_limit_exceeded")
    verdicts.judge("429: there was more than it could do", "some", str(full), full > 0, timed=True)
    verdicts.none("429 that does not say when to come back", tally.hasty)
    if kill:
        lost = sum(map(tally.total, LOST))
        verdicts.judge(
            "requests lost with the killed workers", f"at most {run.kills}", str(lost), lost <= run.kills
        )
        bad = run.again.total() - run.again["as it should"]
        verdicts.none("of them not mended by a retry", bad, str(dict(run.again)))


def judge_samples(run: Overload, verdicts: Verdicts) -> None:
    """Whether what it takes stays the same."""
    third = max(1, len(run.samples) // 3)
    first, last = run.samples[:third], run.samples[-third:]
    for what, name, unit, slack in (
        ("server's memory", "server", MEBI, 16),
        ("workers' memory", "workers", MEBI, 48),
        ("descriptors", "descriptors", 1, 40),
        ("results and files", "kept", 1, 40),
    ):
        before, after = (statistics.median(getattr(one, name) for one in part) / unit for part in (first, last))
        wanted = f"at most 1.1 × + {slack}{' MiB' if unit == MEBI else ''}"
        flat, measured = after <= 1.1 * before + slack, f"{before:.0f}, {after:.0f}"
        if run.seconds >= LONG:
            verdicts.judge(f"{what}, first and last third", wanted, measured, flat)
        else:
            verdicts.show(f"{what}, first and last third", measured)


async def elsewhere(picture: bytes, port: int) -> asyncio.Server:
    """A server of one picture, to be fetched from."""

    async def give(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(picture) + picture)
            await writer.drain()
        writer.close()

    return await asyncio.start_server(give, HOST, port)


async def measure(
    it: Site, mixture: Mixture, port: int, seconds: float, verdicts: Verdicts, *, kill: bool
) -> None:
    picture = await elsewhere(mixture.fetched, port)
    run = Overload(it, mixture, seconds, kill=kill)
    requests, successes = await run.calibrate(max(1.5, min(30.0, seconds / 3)))
    await asyncio.to_thread(it.quiet, 20)
    before = it.vitals()
    await run.faults()
    await asyncio.to_thread(it.quiet, 20)
    await run.run(2 * requests)
    succeeded = len(run.times) / seconds
    verdicts.show("it can do, a second", f"{requests:.1f} requests, {successes:.1f} of them successes")
    verdicts.show("it was sent, a second", f"{2 * requests:.1f} requests and what follows from them")
    verdicts.show(
        "it did, a second", f"{succeeded:.1f} successes, after {percentile(run.times, 0.95):.2f} s (p95)"
    )
    if run.skipped:
        verdicts.show("not sent, as too many were under way", str(run.skipped))
    run.tally.show()
    if kill:
        verdicts.judge("workers killed", "some", str(run.kills), run.kills > 0)
    judge_answers(run, verdicts, kill=kill)
    judge_samples(run, verdicts)
    quiet = await asyncio.to_thread(it.quiet, 30)
    verdicts.judge("no edit runs once the clients have gone", "yes", "yes" if quiet else "no", quiet)
    whole = await asyncio.to_thread(_whole, it)
    verdicts.judge("the workers are all there, and ready", str(WORKERS), str(len(it.workers())), whole)
    await asyncio.to_thread(it.swept, 2 * keeping(seconds) + 5)
    after = it.vitals()
    spare = after.descriptors - before.descriptors
    verdicts.judge("descriptors more than before", "at most 2", str(spare), spare <= 2)
    verdicts.none("results and files after their time", after.kept)
    verdicts.none("temporary files", after.temporary)
    picture.close()
    await picture.wait_closed()


def _whole(it: Site) -> bool:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if it.ask("/readyz")[0] == 200 and len(it.workers()) == WORKERS:
            return True
        time.sleep(0.1)
    return False


def keeping(seconds: float) -> int:
    """Seconds that answers, results and files are kept."""
    return max(2, min(600, round(seconds / 10)))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--kill", action="store_true", help="kill workers at random")
    parser.add_argument("--short", action="store_true", help="three seconds")
    parser.add_argument("--untimed", action="store_true", help="do not judge what depends on the machine")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    seconds = 3.0 if options.short else 60 * options.minutes
    kept, port = keeping(seconds), free_port()
    killing = ", workers killed at random" if options.kill else ""
    verdicts = Verdicts(f"{seconds / 60:g} minutes at twice the capacity{killing}", untimed=options.untimed)
    with site(
        service={"waiting": 4 if options.short else 64, "replay_seconds": kept, "grace": min(12.0, kept)},
        storage={"lifetime": kept, "sweep_every": kept / 4},
        fetching={"allowed_networks": [f"{HOST}/32"], "ports": [80, 443, port]},
    ) as it:
        mixture = Mixture(it, f"http://{HOST}:{port}/picture", options.seed)
        it.start()
        asyncio.run(measure(it, mixture, port, seconds, verdicts, kill=options.kill))
        it.terminate()
        ended = it.wait(45)
        verdicts.judge(
            "it ends when told to", "yes", "no" if ended is None else f"after {ended:.1f} s", bool(ended)
        )
        processes, files = it.left()
        verdicts.none("processes left", processes)
        verdicts.none("temporary files left", files)
        verdicts.none("kinds of its own failures in its log", it.errors(), it.log())
    return verdicts.end()


if __name__ == "__main__":
    sys.exit(main())
