"""One caller's flood beside another's single requests.

Every edit takes the same time, of which the processor needs little, so that what is measured is the waiting. One
caller sends one edit after the other: first alone, then while a hundred clients of another caller keep sending,
each at once again when it is refused. Wanted: each of the single requests succeeds, and its p95 is at most 3 ×
that without the flood; first come, first served would make it about 30 ×.

Usage: python -m benchmarks.fairness [--short] [--untimed]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.photos import photograph
from benchmarks.servers import multipart
from benchmarks.sites import ECHO, WORKERS, Site, site
from benchmarks.traffic import Ask, Lost, Tally, exchange, warm
from benchmarks.verdicts import Verdicts, percentile
from retouch.imaging.encode import encode

TAKES = 0.2
"""Seconds of an edit."""

WAITING = 64
FLOOD = 100
"""Clients of the other caller."""

RATIO = 3.0


@dataclass(frozen=True)
class Plan:
    """``rounds`` of ``singles`` requests, alone and beside ``flood`` clients. ``waiting``: edits that may wait."""

    rounds: int
    singles: int
    flood: int
    waiting: int


class Flood:
    """``clients`` that never stop."""

    def __init__(self, it: Site, ask: Ask, clients: int) -> None:
        self._port = it.port
        self._ask = ask
        self._clients = clients
        self.tally = Tally()
        self.stopping = False

    async def run(self) -> None:
        await asyncio.gather(*(self._client() for _ in range(self._clients)))

    async def _client(self) -> None:
        while not self.stopping:
            try:
                answer = await exchange(self._port, self._ask.message())
            except (OSError, Lost) as error:
                self.tally.unanswered(self._ask, error)
                continue
            self.tally.answered(self._ask, answer)
            if answer.status == 429:
                # Sooner than it was told to; not so soon that this program is what is measured.
                await asyncio.sleep(0.2)


async def singles(it: Site, ask: Ask, count: int, tally: Tally) -> list[float]:
    """Seconds of each, one after the other; those that are refused count too, as what they are."""
    times = []
    for _ in range(count):
        began = time.monotonic()
        try:
            answer = await exchange(it.port, ask.message())
        except (OSError, Lost) as error:
            tally.unanswered(ask, error)
        else:
            tally.answered(ask, answer)
            if answer.status == 429:
                tally.wrong[answer.said] += 1
        times.append(time.monotonic() - began)
        await asyncio.sleep(0.05)
    return times


async def measure(it: Site, plan: Plan, verdicts: Verdicts) -> None:
    picture = encode(photograph(128, 128), "jpeg", 90)
    content_type, body = multipart({"prompt": f"[sleep {TAKES}]", "model": "echo"}, {"image": picture})
    single, flooding = (Ask(name, it.keys[name], body, content_type) for name in ("single", "flood"))
    tally, floods = Tally(), Tally()
    await warm(it.port, single)
    alone: list[float] = []
    beside: list[float] = []
    for _ in range(plan.rounds):
        alone += await singles(it, single, plan.singles, tally)
        flood = Flood(it, flooding, plan.flood)
        running = asyncio.ensure_future(flood.run())
        while await asyncio.to_thread(in_flight, it) < WORKERS + plan.waiting:
            await asyncio.sleep(0.1)
        beside += await singles(it, single, plan.singles, tally)
        flood.stopping = True
        await running
        floods.said["flood"] += flood.tally.said["flood"]
        floods.wrong += flood.tally.wrong
        floods.hasty += flood.tally.hasty
    floods.show()
    ratio = percentile(beside, 0.95) / percentile(alone, 0.95)
    verdicts.show("single requests", f"{len(alone)} alone, {len(beside)} beside the flood")
    told = f"{percentile(alone, 0.95):.2f} s, {percentile(beside, 0.95):.2f} s"
    verdicts.show("their p95 alone, beside the flood", told)
    verdicts.judge("beside the flood, × alone", f"at most {RATIO:g}", f"{ratio:.2f}", ratio <= RATIO, timed=True)
    verdicts.none("single requests without a success", tally.wrong.total(), tally.faults())
    verdicts.none("what the flood was told but success and 429", floods.wrong.total(), floods.faults())
    verdicts.none("429 that does not say when to come back", floods.hasty)
    refused = floods.total("429 rate_limit_exceeded")
    verdicts.judge("refused of the flood", "some", str(refused), refused > 0)


def in_flight(it: Site) -> int:
    return int(it.ask("/readyz")[1].get("in_flight", 0))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a few requests, and few clients")
    parser.add_argument("--untimed", action="store_true", help="do not judge what depends on the machine")
    options = parser.parse_args(arguments)
    plan = Plan(1, 5, 20, 10) if options.short else Plan(3, 60, FLOOD, WAITING)
    title = f"One caller's single requests beside {plan.flood} clients of another"
    verdicts = Verdicts(title, untimed=options.untimed)
    with site(service=ECHO | {"waiting": plan.waiting}) as it:
        for name in ("single", "flood"):
            it.key(name)
        it.start()
        asyncio.run(measure(it, plan, verdicts))
        verdicts.none("kinds of its own failures in its log", it.errors(), it.log())
    return verdicts.end()


if __name__ == "__main__":
    sys.exit(main())
