from __future__ import annotations

import asyncio

import pytest

from retouch.service.turn import Turn


def test_it_lasts_from_its_first_stage_on_and_not_from_the_last() -> None:
    async def main() -> None:
        told: list[str] = []
        turn = Turn(1.0, lambda: told.append("begun"), lambda: told.append("postponed"))
        assert turn.ends is None
        ends = turn.begin()
        await asyncio.sleep(0.02)
        assert turn.begin() == turn.ends == ends
        turn.postpone()
        assert turn.ends is None
        assert turn.begin() > ends
        assert told == ["begun", "postponed", "begun"]

    asyncio.run(main())


def test_it_can_be_given_anew_what_it_may_take() -> None:
    async def main() -> None:
        told: list[str] = []
        turn = Turn(1.0, lambda: told.append("begun"))
        turn.begin()
        await asyncio.sleep(0.02)
        before = turn.began
        turn.renew(60.0)
        assert turn.ends == turn.begin() == pytest.approx(asyncio.get_running_loop().time() + 60, abs=1)
        assert turn.began == before
        turn.renew(10.0)
        assert turn.ends == pytest.approx(asyncio.get_running_loop().time() + 10, abs=1)
        assert told == ["begun"]

    asyncio.run(main())
