from __future__ import annotations

import asyncio
import threading

import pytest

from retouch.server.threads import to_its_end


def test_a_result_and_an_error_come_through() -> None:
    assert asyncio.run(to_its_end(divmod, 7, 2)) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(to_its_end(divmod, 7, 0))


@pytest.mark.parametrize("fails", [False, True])
def test_who_is_cancelled_even_twice_waits_for_the_end(fails: bool) -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait()
        ended.set()
        if fails:
            raise OSError("too late to matter")

    async def story() -> None:
        task = asyncio.ensure_future(to_its_end(work))
        await asyncio.to_thread(begun.wait)
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0.01)
            assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()

    asyncio.run(story())
