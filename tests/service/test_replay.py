"""Which edit answers a request that comes again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from retouch.errors import (
    Cancelled,
    InternalError,
    InvalidRequest,
    RetouchError,
    UnsupportedInstruction,
    WorkerLost,
)
from retouch.service.edit import Edit, Event, PictureReady
from retouch.service.replay import OWED, Identity, Replays

FIRST = Identity(b"the request")
RETRY = Identity(b"the request", retried=True)


class Store:
    """Replays of edits that have a name, with a clock that stands still."""

    def __init__(self, *, seconds: float = 600.0, edits: int = 100, budget: int = 1000) -> None:
        self.now = 0.0
        self.replays: Replays[str] = Replays(seconds=seconds, edits=edits, budget=budget, clock=lambda: self.now)

    def find(self, identity: Identity) -> str | None:
        known = self.replays.knows(identity)  # asked before, and changes nothing
        found = self.replays.find(identity)
        assert known == (found is not None)
        return found

    def begin(self, name: str, identity: Identity = FIRST) -> Run:
        run = Run()
        self.replays.keep(identity, run.edit, name)
        return run


class Run:
    """An edit that ends when it is told to."""

    def __init__(self) -> None:
        self._end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.edit = Edit(self._source(), asyncio.Event())
        self.follower = self.edit.follow()

    async def finish(self, size: int = 100, *, delivered: bool = True) -> None:
        self._end.set_result(size)
        await self._settled()
        self.edit.delivered = delivered
        self.follower.leave(0)

    async def fail(self, error: Exception) -> None:
        self._end.set_exception(error)
        await self._settled()

    def lose(self) -> None:
        """The client goes."""
        self.follower.leave(60)

    async def _settled(self) -> None:
        await self.edit.finished()
        await asyncio.sleep(0)

    async def _source(self) -> AsyncIterator[Event]:
        size = await self._end
        yield PictureReady(memoryview(bytes(size)), 0, (1, 1), "opaque")


def play(story: Callable[[Store], Awaitable[None]], store: Store | None = None) -> None:
    async def main() -> None:
        await story(store or Store())

    asyncio.run(main())


@pytest.mark.rule("7/join", "7/replay")
def test_a_retry_joins_what_runs_and_replays_what_has_finished() -> None:
    async def story(store: Store) -> None:
        run = store.begin("a")
        assert store.find(RETRY) == "a"
        await run.finish()
        assert store.find(RETRY) == "a"

    play(story)


@pytest.mark.rule("7/deliberate")
def test_equal_requests_that_are_no_retries_are_two() -> None:
    async def story(store: Store) -> None:
        run = store.begin("a")
        assert store.find(FIRST) is None
        await run.finish()
        assert store.find(FIRST) is None

    play(story)


def test_a_retry_of_another_request_is_another() -> None:
    async def story(store: Store) -> None:
        store.begin("a")
        assert store.find(Identity(b"another request", retried=True)) is None

    play(story)


@pytest.mark.rule("7/key")
def test_a_key_names_its_request_whatever_the_retry_count_says() -> None:
    async def story(store: Store) -> None:
        keyed = Identity(b"the request", key=b"k")
        run = store.begin("a", keyed)
        assert store.find(keyed) == "a"
        await run.finish()
        assert store.find(keyed) == "a"
        assert store.find(Identity(b"the request", key=b"other", retried=True)) is None
        assert store.find(RETRY) is None

    play(story)


@pytest.mark.rule("7/key")
def test_a_key_cannot_name_two_requests() -> None:
    async def story(store: Store) -> None:
        run = store.begin("a", Identity(b"the request", key=b"k"))
        for _ in range(2):
            with pytest.raises(InvalidRequest) as caught:
                store.find(Identity(b"another request", key=b"k"))
            assert (caught.value.code, caught.value.param) == ("idempotency_key_reused", "idempotency-key")
            if not run.edit.delivered:
                await run.finish()

    play(story)


@pytest.mark.parametrize("error", [WorkerLost(), UnsupportedInstruction("no"), RuntimeError()])
def test_a_key_is_free_again_when_its_request_has_failed(error: Exception) -> None:
    async def story(store: Store) -> None:
        run = store.begin("a", Identity(b"the request", key=b"k"))
        await run.fail(error)
        assert store.find(Identity(b"another request", key=b"k")) is None

    play(story)


@pytest.mark.rule("7/no-5xx")
@pytest.mark.parametrize("error", [WorkerLost(), InternalError(), Cancelled()])
def test_a_failure_is_never_replayed(error: Exception) -> None:
    async def story(store: Store) -> None:
        run = store.begin("a")
        await run.fail(error)
        assert store.find(RETRY) is None

    play(story)


def test_an_edit_that_is_being_cancelled_is_not_joined() -> None:
    async def story(store: Store) -> None:
        run = store.begin("a")
        run.edit.cancel()
        assert store.find(RETRY) is None

    play(story)


def test_a_retry_takes_the_edit_that_nobody_waits_for() -> None:
    async def story(store: Store) -> None:
        first, second, third = store.begin("a"), store.begin("b"), store.begin("c")
        second.lose()
        assert store.find(RETRY) == "b"
        await first.finish(delivered=True)
        await third.finish(delivered=True)
        assert store.find(RETRY) == "b"
        await second.finish(delivered=False)
        assert store.find(RETRY) == "b"

    play(story)


def test_a_retry_takes_an_edit_that_still_runs_before_one_that_was_delivered() -> None:
    async def story(store: Store) -> None:
        store.begin("a")
        await store.begin("b").finish()
        assert store.find(RETRY) == "a"

    play(story)


@pytest.mark.parametrize("error", [WorkerLost(), Cancelled(), None])
def test_the_retry_of_a_request_that_failed_takes_no_edit_of_an_equal_one(error: Exception | None) -> None:
    async def story(store: Store) -> None:
        store.begin("a")
        if error is None:
            store.replays.owe(FIRST)  # it was refused at the door
        else:
            await store.begin("b").fail(error)
        assert store.find(RETRY) is None
        assert store.find(RETRY) == "a"

    play(story)


@pytest.mark.parametrize("error", [UnsupportedInstruction("no"), InternalError()])
def test_what_clients_do_not_send_again_is_not_waited_for(error: RetouchError) -> None:
    async def story(store: Store) -> None:
        store.begin("a")
        await store.begin("b").fail(error)
        assert store.find(RETRY) == "a"

    play(story)


def test_a_retry_of_what_was_refused_unread_runs_anew_unless_somebody_has_lost_an_equal_edit() -> None:
    async def story(store: Store) -> None:
        mine = Identity(b"the request", sender=b"me")
        again = replace(mine, retried=True)
        run = store.begin("a", mine)
        store.replays.owe_unread(b"somebody else", retried=False)
        assert store.replays.knows(again)
        store.replays.owe_unread(b"me", retried=False)
        store.replays.owe_unread(b"me", retried=True)
        assert store.find(again) is None
        assert store.find(again) == "a"
        store.replays.owe_unread(b"me", retried=False)
        run.lose()
        assert store.find(again) == "a"
        store.now = 600.0
        run.follower = run.edit.follow()
        assert store.find(again) == "a"

    play(story)


def test_a_retry_that_is_refused_again_is_owed_no_more_than_before() -> None:
    async def story(store: Store) -> None:
        store.begin("a")
        store.replays.owe_still(FIRST)
        store.replays.owe_still(RETRY)
        assert store.find(RETRY) is None
        assert store.find(RETRY) == "a"
        store.replays.owe_still(FIRST)
        store.replays.owe_still(FIRST)
        assert [store.find(RETRY) for _ in range(3)] == [None, None, "a"]

    play(story)


def test_failures_are_forgotten_after_a_time_and_a_flood() -> None:
    async def story(store: Store) -> None:
        store.begin("a")
        store.replays.owe(FIRST)
        store.now = 600.0
        assert store.find(RETRY) == "a"
        store.replays.owe(FIRST)
        for _ in range(OWED):
            store.replays.owe(Identity(b"another request"))
        assert store.find(RETRY) == "a"

    play(story)


@pytest.mark.rule("7/replay")
def test_an_answer_is_kept_for_ten_minutes_from_its_end() -> None:
    async def story(store: Store) -> None:
        run = store.begin("a")
        store.now = 1000.0
        await run.finish()
        store.now = 1599.9
        assert store.find(RETRY) == "a"
        store.now = 1600.0
        assert store.find(RETRY) is None
        assert store.replays.bytes == 0

    play(story)


def test_memory_is_given_back_though_nobody_asks() -> None:
    async def main() -> None:
        replays: Replays[str] = Replays(seconds=0.05, edits=10, budget=1000)
        run = Run()
        replays.keep(FIRST, run.edit, "a")
        await run.finish()
        assert replays.bytes == 100
        async with asyncio.timeout(5):
            while replays.bytes:
                await asyncio.sleep(0.01)

    asyncio.run(main())


@pytest.mark.rule("7/replay")
def test_the_answer_that_finished_first_makes_room() -> None:
    async def story(store: Store) -> None:
        names = ["a", "b", "c"]
        runs = {name: store.begin(name, Identity(name.encode())) for name in names}
        for name in ("b", "c", "a"):
            await runs[name].finish(400)
        found = [store.find(Identity(name.encode(), retried=True)) for name in names]
        assert found == ["a", None, "c"]
        assert store.replays.bytes == 800

    play(story)


def test_an_answer_beyond_the_whole_budget_is_not_kept_and_costs_no_other() -> None:
    async def story(store: Store) -> None:
        await store.begin("small", Identity(b"small")).finish(100)
        await store.begin("large").finish(1001)
        assert store.find(RETRY) is None
        assert store.find(Identity(b"small", retried=True)) == "small"
        assert store.replays.bytes == 100

    play(story)


def test_without_time_or_room_what_runs_is_still_joined() -> None:
    async def story(store: Store) -> None:
        run = store.begin("a")
        assert store.find(RETRY) == "a"
        await run.finish()
        assert store.find(RETRY) is None

    play(story, Store(seconds=0))
    play(story, Store(edits=0))
    play(story, Store(budget=0))


@pytest.mark.parametrize(("seconds", "edits", "budget"), [(-1, 0, 0), (0, -1, 0), (0, 0, -1)])
def test_negative_limits_are_refused(seconds: float, edits: int, budget: int) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        Replays(seconds=seconds, edits=edits, budget=budget)


def test_only_so_many_edits_are_remembered_however_small() -> None:
    async def main() -> None:
        store = Store(edits=2)
        for name in "abc":
            await store.begin(name, Identity(name.encode(), key=name.encode())).finish(1)
        found = [store.find(Identity(name.encode(), key=name.encode())) for name in "abc"]
        assert found == [None, "b", "c"]
        assert store.replays.bytes == 2

    asyncio.run(main())
