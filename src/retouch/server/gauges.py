"""How the server is now, for Prometheus."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from retouch.server.bodies import Bodies
from retouch.service.editor import Editor
from retouch.service.replay import Replays

_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class _Pool:
    name: str
    size: int
    alive: int
    waiting: int
    replaced: int
    pids: tuple[int, ...]


class Gauges(Collector):
    """Over ``editor``, its pools, the ``bodies`` being read and the answers kept in ``replays``.

    They are as `look` saw them last. That is for the event loop; what it saw is collected in any thread.
    """

    def __init__(self, editor: Editor, bodies: Bodies, replays: Replays[Any]) -> None:
        self._editor = editor
        self._bodies = bodies
        self._replays = replays
        self._ready = False
        self._in_flight = 0
        self._uploads = 0
        self._upload_bytes = 0
        self._replay_bytes = 0
        self._pools: list[_Pool] = []

    def look(self) -> None:
        editor = self._editor
        self._ready = editor.ready
        self._in_flight = editor.in_flight
        self._uploads = self._bodies.count
        self._upload_bytes = self._bodies.came
        self._replay_bytes = self._replays.bytes
        waiting = editor.waiting
        self._pools = [
            _Pool(name, pool.size, pool.alive, waiting[name], pool.replaced, tuple(pool.pids))
            for name, pool in editor.pools.items()
        ]

    def collect(self) -> Iterator[Metric]:
        pools = self._pools
        yield _gauge("ready", "1 if an edit sent now would run.", int(self._ready))
        yield _gauge("edits_in_flight", "Edits that run or wait.", self._in_flight)
        yield _gauge("uploads_in_flight", "Bodies being read.", self._uploads)
        yield _gauge("uploads_in_flight_bytes", "Bytes of them that have come.", self._upload_bytes)
        yield _gauge("replay_bytes", "Bytes of pictures kept for clients that ask again.", self._replay_bytes)
        yield _by_pool("workers", "Worker processes there should be.", {one.name: one.size for one in pools})
        yield _by_pool("workers_alive", "Worker processes that work.", {one.name: one.alive for one in pools})
        yield _by_pool("queue_depth", "Tasks that wait for a worker.", {one.name: one.waiting for one in pools})
        yield _by_pool(
            "workers_resident_bytes",
            "Memory of the workers together.",
            {one.name: _resident(one.pids) for one in pools},
        )
        restarts = CounterMetricFamily("retouch_worker_restarts", "Workers that were replaced.", labels=["pool"])
        for one in pools:
            restarts.add_metric([one.name], one.replaced)
        yield restarts


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(f"retouch_{name}", what, value=value)


def _by_pool(name: str, what: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(f"retouch_{name}", what, labels=["pool"])
    for pool, value in values.items():
        family.add_metric([pool], value)
    return family


def _resident(pids: Iterable[int]) -> int:
    """Bytes of memory that these processes hold; one that has just ended holds none."""
    pages = 0
    for pid in pids:
        try:
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
    return pages * _PAGE
