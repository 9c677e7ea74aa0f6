"""Requests that come at a given pace, whether or not the earlier ones are answered, and what is said to them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
from collections import Counter

from benchmarks.mixture import Mixture
from benchmarks.sites import WORKERS, Site, Vitals
from benchmarks.traffic import EDITS, Answer, Ask, Connection, Lost, Tally, exchange

LOST = frozenset({"500 worker_lost", "stream worker_lost"})
NO_WORKER = "503 not_ready"
"""What an edit may be told instead of a 429 while not a single worker is alive."""

WARM = 2.0
"""Seconds before anything is measured."""

BETWEEN_KILLS = 5.0
"""Seconds on average."""

FEWEST = 12
"""Answers that tell how much a server can do."""

OUT = 500
"""Requests that are under way at most, so that the client stays the smaller one."""

PATIENCE = 300.0
"""Seconds for which a request whose worker was lost is sent again: some only find room when the load ends."""


class Overload:
    """One run, of so many ``seconds``. ``kill``: workers too, now and then.

    ``times``: seconds of the edits that succeeded in that time. ``skipped``: requests not sent. ``again``: what
    the retries of those said whose worker was lost.
    """

    def __init__(self, it: Site, mixture: Mixture, seconds: float, *, kill: bool) -> None:
        self._site = it
        self._mixture = mixture
        self.seconds = seconds
        self._kill = kill
        self.tally = Tally()
        self.out: set[asyncio.Task[None]] = set()
        self.samples: list[Vitals] = []
        self.times: list[float] = []
        self._end = 0.0
        self.skipped = 0
        self.kills = 0
        self.again: Counter[str] = Counter()

    async def calibrate(self, seconds: float) -> tuple[float, float]:
        """(requests, successes) a second with as many clients as keep it busy; for longer if it is slow."""
        began = time.monotonic() + min(WARM, seconds / 2)
        answers: list[str] = []
        last = began

        async def client() -> None:
            nonlocal last
            while time.monotonic() < began + seconds or len(answers) < FEWEST:
                ask = self._mixture.edit()
                answer = await exchange(self._site.port, ask.message())
                if began < (now := time.monotonic()):
                    answers.append(answer.said)
                    last = now

        await asyncio.gather(*(client() for _ in range(3 * WORKERS)))
        return len(answers) / (last - began), answers.count("200") / (last - began)

    async def faults(self) -> None:
        """Each of them once, in peace."""
        for ask in self._mixture.faults():
            await self._ask(ask)

    async def run(self, pace: float) -> None:
        """``pace``: requests a second, from clients that do as they like."""
        sampling = asyncio.ensure_future(self._sample())
        killing = asyncio.ensure_future(self._killing()) if self._kill else None
        self._end = end = time.monotonic() + self.seconds
        following = time.monotonic()
        while (now := time.monotonic()) < end:
            following += self._mixture.pause(1 / pace)
            await asyncio.sleep(max(0.0, following - now))
            if len(self.out) >= OUT:
                self.skipped += 1
                continue
            task = asyncio.ensure_future(self._visit())
            self.out.add(task)
            task.add_done_callback(self.out.discard)
        if killing is not None:
            killing.cancel()
        sampling.cancel()
        while self.out:
            done, _ = await asyncio.wait(set(self.out))
            for task in done:
                task.result()

    async def _sample(self) -> None:
        while True:
            self.samples.append(await asyncio.to_thread(self._site.vitals))
            await asyncio.sleep(max(0.5, self.seconds / 300))

    async def _killing(self) -> None:
        while True:
            await asyncio.sleep(min(self.seconds / 2, 0.5 + self._mixture.pause(BETWEEN_KILLS)))
            if pids := self._site.workers():
                self._site.signal(signal.SIGKILL, self._mixture.one_of(pids))
                self.kills += 1

    async def _visit(self) -> None:
        kinds = (
            (0.66, self._edit),
            (0.76, self._fault),
            (0.80, self._linked),
            (0.84, self._filed),
            (0.88, self._leave_sending),
            (0.93, self._leave_waiting),
            (0.96, self._leave_reading),
            (1.00, self._come_back),
        )
        chance = self._mixture.chance()
        await next(visit for share, visit in kinds if chance < share)()

    async def _edit(self) -> None:
        await self._ask(self._mixture.edit())

    async def _fault(self) -> None:
        await self._ask(self._mixture.fault())

    async def _ask(self, ask: Ask, message: bytes | None = None) -> Answer | None:
        """The answer, or None if there is none."""
        began = time.monotonic()
        try:
            answer = await exchange(self._site.port, message or ask.message())
        except (OSError, Lost) as error:
            self.tally.unanswered(ask, error)
            return None
        self.tally.answered(ask, answer, allowed=LOST | {NO_WORKER} if self._kill else frozenset())
        if answer.said == "200" and ask.path == EDITS and time.monotonic() < self._end:
            self.times.append(time.monotonic() - began)
        if answer.said in LOST:
            await self._again(ask)
        elif answer.status == 429 and message is None and self._mixture.chance() < 0.2:
            await asyncio.sleep(min(3.0, int(answer.headers.get("retry-after-ms", "0")) / 1000))
            await self._ask(ask, ask.again())
        return answer

    async def _again(self, ask: Ask) -> None:
        """After its worker was lost: until something else is said than that there is no room."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                answer = await exchange(self._site.port, ask.again())
            except (OSError, Lost) as error:
                self.tally.unanswered(ask, error)
                return
            if answer.said in LOST:
                self.tally.count(ask.name, answer.said)
            elif answer.status not in (429, 503):
                self.again["as it should" if answer.said in ask.wanted else answer.said] += 1
                return
            await asyncio.sleep(min(2.0, int(answer.headers.get("retry-after-ms", "1000")) / 1000))
        self.again["still no room"] += 1

    async def _linked(self) -> None:
        answer = await self._ask(self._mixture.linked())
        if answer is None or answer.said != "200":
            return
        for item in json.loads(answer.body)["data"]:
            path = item["url"].split("/", 3)[3]
            await self._ask(Ask("by URL: get", None, method="GET", path=f"/{path}"))

    async def _filed(self) -> None:
        upload = self._mixture.upload()
        answer = await self._ask(upload)
        if answer is None or answer.said != "200":
            return
        name = json.loads(answer.body)["id"]
        await self._ask(self._mixture.by_file(upload.key, name))
        await self._ask(Ask("file: delete", upload.key, method="DELETE", path=f"/v1/files/{name}"))

    async def _leave_sending(self) -> None:
        message = self._mixture.edit().message()
        with contextlib.suppress(OSError):
            connection = await Connection.open(self._site.port)
            await connection.send(message[: int(len(message) * self._mixture.chance())])
            await asyncio.sleep(self._mixture.chance() / 5)
            connection.close()
            self.tally.count("leaves", "sending")

    async def _leave_waiting(self) -> None:
        with contextlib.suppress(OSError):
            connection = await Connection.open(self._site.port)
            await connection.send(self._mixture.slow(self._mixture.chance()).message())
            await asyncio.sleep(self._mixture.chance())
            connection.close()
            self.tally.count("leaves", "waiting")

    async def _leave_reading(self) -> None:
        with contextlib.suppress(OSError):
            connection = await Connection.open(self._site.port, receive=4096)
            await connection.send(self._mixture.edit().message(x_retouch_grace="0.5"))
            await connection.some(1000)
            connection.close()
            self.tally.count("leaves", "reading")

    async def _come_back(self) -> None:
        ask = self._mixture.edit()
        with contextlib.suppress(OSError):
            connection = await Connection.open(self._site.port)
            await connection.send(ask.message())
            await asyncio.sleep(self._mixture.chance())
            connection.close()
            await asyncio.sleep(self._mixture.chance())
            await self._ask(Ask("comes back", ask.key, ask.body, ask.content_type), ask.again())
