from __future__ import annotations

import asyncio
import contextlib
import json
import pickle
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from retouch.service.journal import Journal
from retouch.service.task import Task, dump, parse
from tests.service.test_local import request


def test_a_stage_is_written_down_even_if_it_fails() -> None:
    journal = Journal()
    before = time.time()
    with contextlib.suppress(ValueError), journal.measure("decode"):
        time.sleep(0.01)
        raise ValueError
    (span,) = journal.spans
    assert span.stage == "decode"
    assert before <= span.start <= time.time()
    assert 0.01 <= span.seconds <= time.time() - before + 0.001


def test_what_a_source_does_for_each_item_is_counted_and_what_is_done_with_the_items_is_not() -> None:
    def source() -> Iterator[int]:
        for number in range(3):
            time.sleep(0.02)
            yield number

    journal = Journal()
    for _ in journal.each("engine", source()):
        time.sleep(0.2)
    assert 0.06 <= journal.seconds()["engine"] < 0.5
    assert len(journal.spans) == 3


def test_the_time_until_a_source_fails_is_counted_too() -> None:
    def source() -> Iterator[int]:
        time.sleep(0.02)
        raise ValueError("no")
        yield 1

    journal = Journal()
    with pytest.raises(ValueError, match="no"):
        list(journal.each("engine", source()))
    assert journal.seconds()["engine"] >= 0.02


def test_an_asynchronous_source_is_counted_likewise() -> None:
    async def source() -> AsyncIterator[int]:
        for number in range(3):
            await asyncio.sleep(0.02)
            yield number

    async def main() -> list[int]:
        return [item async for item in journal.awaited("engine", source())]

    journal = Journal()
    assert asyncio.run(main()) == [0, 1, 2]
    assert journal.seconds()["engine"] >= 0.05


def test_spans_survive_the_way_through_json_and_are_sent_once() -> None:
    theirs, ours = Journal(), Journal()
    with theirs.measure("encode"):
        pass
    written = list(theirs.spans)
    ours.extend(json.loads(json.dumps(theirs.taken())))
    assert ours.spans == written
    assert theirs.taken() == []


def test_totals_come_in_the_order_of_the_stages() -> None:
    journal = Journal()
    journal.extend([("encode", 3.0, 0.5), ("queue", 1.0, 0.25), ("encode", 4.0, 0.5)])
    assert list(journal.seconds().items()) == [("queue", 0.25), ("encode", 1.0)]


def test_the_servers_journal_does_not_travel_to_the_worker() -> None:
    task = Task("edit", request("as it is"), ("echo",), (0,), journal=Journal())
    with task.journal.measure("queue"):
        pass
    there = parse(dump(task), Task)
    assert there.journal.spans == []
    assert pickle.loads(pickle.dumps(task.journal)).spans == task.journal.spans


def test_a_span_that_began_elsewhere_ends_now_and_is_never_negative() -> None:
    journal = Journal()
    journal.since("queue", time.time() - 2)
    journal.since("queue", time.time() + 60)
    assert 2 <= journal.spans[0].seconds < 30
    assert journal.spans[1].seconds == 0
