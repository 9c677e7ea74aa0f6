"""How an edit went: which stages it passed, and what each of them took."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

STAGES = ("parse", "fetch", "queue", "decode", "plan", "engine", "encode", "send")
"""Reading and judging the request, getting the pictures that it names, waiting for a worker, pictures from their
files, asking the engines and laying out the canvas, painting, compositing and encoding, and handing the answer to
the connection."""

T = TypeVar("T")


class Span(NamedTuple):
    """One passage of a stage. ``start``: Unix time in seconds. ``seconds``: how long it took, 0 or more."""

    stage: str
    start: float
    seconds: float


class Journal:
    """The spans of one edit. A worker writes one for each task and sends it along with the frames; the server
    writes what happens on its side and adds what the workers send."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """What happens in the ``with`` block is a span of ``stage``, also when it fails."""
        start, began = time.time(), time.perf_counter()
        try:
            yield
        finally:
            self.spans.append(Span(stage, start, time.perf_counter() - began))

    def since(self, stage: str, start: float) -> None:
        """A span of ``stage`` from the Unix time ``start`` until now."""
        self.spans.append(Span(stage, start, max(0.0, time.time() - start)))

    def each(self, stage: str, source: Iterator[T]) -> Iterator[T]:
        """``source``, whose work for each item is a span of ``stage``."""
        while True:
            try:
                with self.measure(stage):
                    item = next(source)
            except StopIteration:
                self.spans.pop()  # there was nothing left to do
                return
            yield item

    async def awaited(self, stage: str, source: AsyncIterator[T]) -> AsyncGenerator[T, None]:
        """The same for an asynchronous source; whoever made ``source`` closes it."""
        while True:
            try:
                with self.measure(stage):
                    item = await anext(source)
            except StopAsyncIteration:
                self.spans.pop()
                return
            yield item

    def taken(self) -> list[Span]:
        """The spans since the last time this was asked; JSON-serialisable."""
        taken, self.spans = self.spans, []
        return taken

    def extend(self, spans: Iterable[Iterable[object]]) -> None:
        """Add what `taken` gave at the other end of a socket."""
        self.spans.extend(Span(*span) for span in spans)  # type: ignore[arg-type]

    def seconds(self) -> dict[str, float]:
        """What each stage took together, in the order of `STAGES`; stages that were not reached are left out."""
        totals: dict[str, float] = {}
        for span in self.spans:
            totals[span.stage] = totals.get(span.stage, 0.0) + span.seconds
        return {stage: totals[stage] for stage in STAGES if stage in totals}
