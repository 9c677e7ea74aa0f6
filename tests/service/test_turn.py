from __future__ import annotations

import asyncio

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
