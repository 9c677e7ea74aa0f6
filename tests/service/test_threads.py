from __future__ import annotations

import asyncio
import threading

import pytest

from retouch.service.threads import in_thread


def test_it_gives_what_the_work_gives_and_raises_what_it_raises() -> None:
    async def main() -> None:
        assert await in_thread(divmod, 7, 2) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            await in_thread(divmod, 7, 0)
        assert await in_thread(threading.get_ident) != threading.get_ident()

    asyncio.run(main())


@pytest.mark.parametrize("fails", [False, True])
def test_whoever_is_cancelled_waits_until_the_thread_is_done(fails: bool) -> None:
    async def main() -> None:
        go_on, done = threading.Event(), list[bool]()

        def work() -> None:
            go_on.wait(5)
            done.append(True)
            if fails:
                raise OSError

        waiting = asyncio.ensure_future(in_thread(work))
        await asyncio.sleep(0.02)
        for _ in range(2):  # told again, it still waits
            waiting.cancel()
            await asyncio.sleep(0.02)
            assert not waiting.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert done == [True]

    asyncio.run(main())
