"""How a server ends."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.applications import Starlette

from retouch.server.running import make_server
from retouch.server.settings import ServerSettings
from retouch.server.witness import Witness


@pytest.mark.parametrize("forced", [True, False])
def test_only_a_server_that_is_told_twice_to_stop_does_not_wait_for_what_runs(forced: bool) -> None:
    async def main() -> None:
        let_go = asyncio.Event()

        async def drain(_seconds: float) -> None:
            await let_go.wait()

        app = Starlette()
        app.state.drain, app.state.witness = drain, Witness()
        server = make_server(app, ServerSettings())
        server.servers = []
        server.lifespan = cast(Any, SimpleNamespace(shutdown=_nothing))
        server.force_exit = forced
        ending = asyncio.ensure_future(server.shutdown())
        await asyncio.wait({ending}, timeout=0.5 if not forced else 10)
        assert ending.done() == forced
        let_go.set()
        await ending

    asyncio.run(main())


async def _nothing() -> None: ...
