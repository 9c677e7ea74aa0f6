"""Clients beside 200 that hold the server up: bodies and headers of a byte a second, answers that nobody takes.

Two well-behaved clients ask for one small edit after another, in rounds: without the slow ones, with them, and so
on. Whoever of the slow ones is cut comes back at once. Wanted: the p95 of the well-behaved with them is at most
1.5 × that without; none of them is refused; and each slow one is cut, with a 408 or without a word, as soon as its
limit says.

Usage: python -m benchmarks.slow_senders [--short] [--untimed]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field

from benchmarks.photos import photograph
from benchmarks.servers import multipart
from benchmarks.sites import ECHO, Site, site
from benchmarks.traffic import Answer, Ask, Connection, Lost, Tally, exchange
from benchmarks.verdicts import Verdicts, percentile
from retouch.imaging.encode import encode

SLOW = {"body": 80, "head": 70, "answer": 50}
"""How many do what slowly."""

NORMAL = 2
BYTE = 1.0
"""Seconds between two bytes."""

SPARE = 3.0
"""Seconds that a cut may come late: the limits are looked at from time to time."""


Way = Callable[[], Coroutine[object, object, tuple[str, float]]]
"""Holds the server up; says how that ended, and when."""


@dataclass(frozen=True)
class Plan:
    """``pairs`` of rounds of ``seconds``. ``slow``: how many do what; ``limit``: for how many seconds they may."""

    slow: dict[str, int]
    pairs: int
    seconds: float
    limit: dict[str, float]


@dataclass
class Ends:
    """How the slow ones of one kind ended. ``late``: beyond their limit. ``longest``: in seconds."""

    how: Counter[str] = field(default_factory=Counter)
    late: int = 0
    longest: float = 0.0


class Slow:
    """The slow ones of a round."""

    def __init__(self, it: Site, ask: Ask, link: str, plan: Plan) -> None:
        self._port = it.port
        self._message = ask.message()
        self._link = f"GET {link} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()
        self._plan = plan
        self.ends = {kind: Ends() for kind in SLOW}
        self.stopping = False

    async def run(self) -> None:
        """Until `stopping`, and then until the last is cut."""
        ways: dict[str, Way] = {
            "body": self._body,
            "head": self._head,
            "answer": self._answer,
        }
        await asyncio.gather(
            *(self._hold(kind, ways[kind]) for kind, count in self._plan.slow.items() for _ in range(count))
        )

    async def _hold(self, kind: str, way: Way) -> None:
        ends = self.ends[kind]
        while not self.stopping:
            began = time.monotonic()
            try:
                how, ended = await way()
            except OSError as error:
                how, ended = type(error).__name__, time.monotonic()
            took = ended - began
            ends.how[how] += 1
            ends.longest = max(ends.longest, took)
            ends.late += took > self._plan.limit[kind] + SPARE

    async def _body(self) -> tuple[str, float]:
        head = self._message.index(b"\r\n\r\n") + 4
        return await self._drip(self._message[:head], self._message[head:])

    async def _head(self) -> tuple[str, float]:
        return await self._drip(self._message[:17], self._message[17:])

    async def _drip(self, first: bytes, rest: bytes) -> tuple[str, float]:
        connection = await Connection.open(self._port)
        try:
            await connection.send(first)
            answering = asyncio.ensure_future(connection.answer())
            for byte in rest:
                await asyncio.wait({answering}, timeout=BYTE)
                if answering.done():
                    break
                await connection.send(bytes([byte]))
            try:
                return (await answering).said, time.monotonic()
            except Lost:
                return "closed", time.monotonic()
        finally:
            connection.close()

    async def _answer(self) -> tuple[str, float]:
        """Ask for much and take none of it for as long as it may last. Whether it was cut shows in what is left:
        closing a connection whose other end takes nothing says nothing to that end."""
        end = time.monotonic() + self._plan.limit["answer"] + SPARE / 2
        connection = await Connection.open(self._port, receive=4096)
        try:
            await connection.send(self._link)
            while time.monotonic() < end and not connection.reset:
                await asyncio.sleep(0.2)
            ended = time.monotonic()
            connection.widen()
            try:
                return (await connection.answer()).said, ended
            except Lost:
                return "closed", ended
        finally:
            connection.close()


async def normal(it: Site, ask: Ask, seconds: float, tally: Tally) -> list[float]:
    """What each edit of the well-behaved took."""
    end = time.monotonic() + seconds
    times: list[float] = []

    async def client() -> None:
        while time.monotonic() < end:
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

    await asyncio.gather(*(client() for _ in range(NORMAL)))
    return times


async def measure(it: Site, plan: Plan, verdicts: Verdicts) -> None:
    picture = encode(photograph(512, 512), "jpeg", 90)
    content_type, body = multipart({"prompt": "echo", "model": "echo"}, {"image": picture})
    ask = Ask("normal", it.keys["normal"], body, content_type)
    slow_ask = Ask("slow", it.keys["slow"], body, content_type)
    link = await large_result(it, picture)
    tally = Tally()
    await normal(it, ask, 1.0, Tally())
    without: list[list[float]] = []
    beside: list[list[float]] = []
    ends = {kind: Ends() for kind in SLOW}
    for _ in range(plan.pairs):
        without.append(await normal(it, ask, plan.seconds, tally))
        slow = Slow(it, slow_ask, link, plan)
        running = asyncio.ensure_future(slow.run())
        await asyncio.sleep(1.5)  # so that all are there
        beside.append(await normal(it, ask, plan.seconds, tally))
        slow.stopping = True
        await running
        for kind, found in slow.ends.items():
            ends[kind].how += found.how
            ends[kind].late += found.late
            ends[kind].longest = max(ends[kind].longest, found.longest)
    alone, crowded = (percentile([one for part in rounds for one in part], 0.95) for rounds in (without, beside))
    pairs = [percentile(b, 0.95) / percentile(a, 0.95) for a, b in zip(without, beside, strict=True) if a and b]
    verdicts.show("edits of the well-behaved", f"{sum(map(len, without))} without, {sum(map(len, beside))} with")
    verdicts.show("p95 without and with", f"{alone * 1000:.0f} ms, {crowded * 1000:.0f} ms")
    ratio = crowded / alone if alone else float("inf")
    verdicts.judge(
        "p95 with, × without",
        "at most 1.50",
        f"{ratio:.2f} (median of pairs {statistics.median(pairs or [0]):.2f})",
        ratio <= 1.5,
        timed=True,
    )
    verdicts.none("well-behaved without a success", tally.wrong.total(), tally.faults())
    for kind, found in ends.items():
        cut = sum(found.how[how] for how in ("408", "closed", "429 rate_limit_exceeded"))
        told = ", ".join(f"{how}: {count}" for how, count in found.how.items())
        verdicts.judge(f"slow {kind}: cut", "all", told, cut == found.how.total() > 0)
        limit = plan.limit[kind]
        verdicts.judge(
            f"slow {kind}: longest held",
            f"at most {limit:g} + {SPARE:g} s",
            f"{found.longest:.1f} s",
            not found.late,
            timed=True,
        )


async def large_result(it: Site, picture: bytes) -> str:
    """The path of a large result."""
    fields = {"prompt": "echo", "model": "echo", "response_format": "url", "size": "3840x2160"}
    content_type, body = multipart(fields, {"image": picture})
    answer: Answer = await exchange(it.port, Ask("", it.keys["normal"], body, content_type).message())
    if answer.status != 200:
        raise RuntimeError(answer.said)
    return "/" + str(json.loads(answer.body)["data"][0]["url"]).split("/", 3)[3]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="forty of them, for seconds, with short limits")
    parser.add_argument("--untimed", action="store_true", help="do not judge what depends on the machine")
    options = parser.parse_args(arguments)
    if options.short:
        limits = {"head_seconds": 1.0, "body_slack": 1.0, "send_idle": 1.0, "drain_seconds": 0.5}
        slow, pairs, seconds = {kind: count // 5 for kind, count in SLOW.items()}, 1, 1.5
    else:
        limits = {
            "head_seconds": 15.0,
            "body_slack": 10.0,
            "body_idle": 30.0,
            "send_idle": 60.0,
            "drain_seconds": 5.0,
        }
        slow, pairs, seconds = SLOW, 5, 40.0
    # After its 408, what a slow body goes on sending is read for a while.
    plan = Plan(
        slow,
        pairs,
        seconds,
        {
            "body": limits["body_slack"] + limits["drain_seconds"],
            "head": limits["head_seconds"],
            # The last look may come just before the limit, and the next a quarter of it later.
            "answer": 1.25 * limits["send_idle"],
        },
    )
    verdicts = Verdicts(f"{sum(slow.values())} slow senders, {NORMAL} other clients", untimed=options.untimed)
    with site(server=limits, service=ECHO) as it:
        for name in ("normal", "slow"):
            it.key(name)
        it.start()
        before = it.vitals()
        asyncio.run(measure(it, plan, verdicts))
        time.sleep(1)
        after = it.vitals()
        spare = after.descriptors - before.descriptors
        verdicts.judge("descriptors more than before", "at most 2", str(spare), spare <= 2)
        verdicts.none("kinds of its own failures in its log", it.errors(), it.log())
    return verdicts.end()


if __name__ == "__main__":
    sys.exit(main())
