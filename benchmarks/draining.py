"""SIGTERM under load: whoever has sent a request gets an answer.

In each round a server is loaded with edits that run and wait, streams, uploads under way, clients that use their
connection again and again, and new ones; then it is told to stop, and everybody goes on until no connection is to
be had. Some rounds give running edits enough time, some too little.

Wanted: every request that could be sent is answered: by success, 429, or a 503 (in a stream: an error event) that
says when to come back; the server ends within its limit, and leaves neither a process nor a file.

Usage: python -m benchmarks.draining [--rounds 4] [--short] [--untimed]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks.photos import photograph
from benchmarks.servers import multipart
from benchmarks.sites import ECHO, Site, site
from benchmarks.traffic import Answer, Ask, Connection, Lost, warm
from benchmarks.verdicts import Verdicts
from retouch.imaging.encode import encode

SPARE = 8.0
"""Seconds that the end may take beyond what running edits get: answers get some to leave, and the workers."""

PIECES = 60
"""In which an upload comes; so that it takes longer than anything else."""


@dataclass(frozen=True)
class Round:
    """``shutdown``: seconds running edits get. ``longest``: seconds an edit runs."""

    name: str
    shutdown: int
    longest: float


class Load:
    """The clients of one round."""

    def __init__(self, it: Site, ask: Ask, longest: float) -> None:
        self._port = it.port
        self._ask = ask
        self._longest = longest
        self.said: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.mute = 0
        self.stopped = False

    async def warm(self) -> None:
        await warm(self._port, self._edit(0.0))

    async def run(self) -> None:
        """Until no connection is to be had any more."""
        edits = [self._repeat("edit", self._edit(share)) for share in (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)]
        streams = [self._repeat("stream", self._edit(share, stream="true")) for share in (0.2, 0.4, 0.8, 1.0)]
        uploads = [self._repeat("upload", self._edit(0.0), pieces=PIECES) for _ in range(6)]
        keepers = [self._keep(self._edit(0.02 * number)) for number in range(4)]
        news = [self._repeat("new", self._edit(0.0), pause=0.05) for _ in range(4)]
        await asyncio.gather(*edits, *streams, *uploads, *keepers, *news)

    def _edit(self, share: float, **fields: str) -> Ask:
        """One that runs for a share of the longest time."""
        prompt = f"[sleep {share * self._longest:.2f}]"
        content_type, body = multipart({"prompt": prompt, "model": "echo", **fields}, {"image": self._ask.body})
        return replace(self._ask, body=body, content_type=content_type)

    async def _repeat(self, name: str, ask: Ask, *, pieces: int = 1, pause: float = 0.0) -> None:
        while (connection := await self._connect()) is not None:
            await self._send(name, connection, ask.message(), pieces)
            connection.close()
            await asyncio.sleep(pause)

    async def _keep(self, ask: Ask) -> None:
        """On the same connection as long as that stands."""
        while (connection := await self._connect()) is not None:
            again = True
            while again and not connection.ended:
                again = await self._send("kept", connection, ask.message())
            connection.close()

    async def _connect(self) -> Connection | None:
        while True:
            try:
                return await Connection.open(self._port)
            except OSError as error:
                if self.stopped:
                    self.said[f"no connection ({type(error).__name__})"] += 1
                    return None
                await asyncio.sleep(0.05)

    async def _send(self, name: str, connection: Connection, message: bytes, pieces: int = 1) -> bool:
        """Whether it was answered and the connection may be used again."""
        answering = asyncio.ensure_future(connection.answer())
        size = -(-len(message) // pieces)
        for start in range(0, len(message), size):
            if answering.done():
                break
            await connection.send(message[start : start + size])
            if pieces > 1:
                await asyncio.wait({answering}, timeout=0.1)
        try:
            async with asyncio.timeout(60):
                answer = await answering
        except Lost as error:
            self.lost[f"{name}, {error}"] += 1
            return False
        except TimeoutError:
            self.lost[f"{name}, silent"] += 1
            return False
        self._judge(name, answer)
        return answer.headers.get("connection") != "close"

    def _judge(self, name: str, answer: Answer) -> None:
        said = answer.said
        self.said[f"{name}: {said}"] += 1
        if said in ("503 not_ready", "429 rate_limit_exceeded"):
            self.mute += "retry-after" not in answer.headers or answer.headers.get("x-should-retry") == "false"
        elif said not in ("200", "stream not_ready", "stream rate_limit_exceeded"):
            self.lost[f"{name}, {said}"] += 1


async def drain(it: Site, ask: Ask, one: Round, wait: float) -> tuple[Load, float | None]:
    """The clients, and seconds until the server had ended; None if it had to be killed."""
    load = Load(it, ask, one.longest)
    await load.warm()
    running = asyncio.ensure_future(load.run())
    await asyncio.sleep(wait)
    load.stopped = True
    it.terminate()
    ended = await asyncio.to_thread(it.wait, one.shutdown + SPARE + 20)
    await running
    return load, ended


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=4, help="of each kind")
    parser.add_argument("--short", action="store_true", help="one of each kind, with short times")
    parser.add_argument("--untimed", action="store_true", help="do not judge what depends on the machine")
    options = parser.parse_args(arguments)
    enough, little = (Round("time enough", 15, 2.0), Round("too little time", 3, 20.0))
    if options.short:
        enough, little = Round("time enough", 10, 0.4), Round("too little time", 1, 10.0)
    count = 1 if options.short else options.rounds
    verdicts = Verdicts(f"SIGTERM under load, {count} times with time enough and {count} times without")
    picture = encode(photograph(256, 256), "png", 90)
    for one in (enough, little):
        said: Counter[str] = Counter()
        lost: Counter[str] = Counter()
        mute, processes, files, longest, overdue = 0, 0, 0, 0.0, False
        for number in range(count):
            with site(server={"shutdown": one.shutdown}, service=ECHO | {"waiting": 40}) as it:
                ask = Ask("", it.key("client"), picture)
                it.start()
                # Each time at another moment of what is going on.
                load, ended = asyncio.run(drain(it, ask, one, 1.0 + 0.37 * number))
                said += load.said
                lost += load.lost
                mute += load.mute
                left = it.left()
                processes, files = processes + left[0], files + left[1]
                longest, overdue = max(longest, ended or 0.0), overdue or ended is None
        print(f"{one.name}:")
        for what, times in sorted(said.items()):
            print(f"  {what}: {times}")
        of = "; ".join(f"{what} × {times}" for what, times in lost.most_common(5))
        verdicts.show(f"{one.name}: answers", str(sum(said.values())))
        verdicts.none(f"{one.name}: sent and not answered", lost.total(), of)
        verdicts.none(f"{one.name}: refused without saying when to come back", mute)
        limit = one.shutdown + SPARE
        measured = "had to be killed" if overdue else f"after {longest:.1f} s"
        met = not overdue and (longest <= limit or options.untimed)
        verdicts.judge(f"{one.name}: ended", f"within {one.shutdown} + {SPARE:g} s", measured, met)
        verdicts.none(f"{one.name}: processes left", processes)
        verdicts.none(f"{one.name}: temporary files left", files)
    return verdicts.end()


if __name__ == "__main__":
    sys.exit(main())
