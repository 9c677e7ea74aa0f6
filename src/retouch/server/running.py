"""Running the application: in the foreground until a signal, or behind a program that goes on."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn
from starlette.applications import Starlette

from retouch.server.descriptors import for_connections, raise_limit
from retouch.server.protocol import protocol
from retouch.server.settings import ServerSettings

SPARE = 5
"""Seconds that answers get to leave once no edit runs any more."""


class _Server(uvicorn.Server):
    """Drains the application before its connections are cut: running edits are finished, or refused in a shape
    that clients try again."""

    def __init__(self, config: uvicorn.Config, app: Starlette, patience: float) -> None:
        super().__init__(config)
        self._app = app
        self._patience = patience

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        draining = asyncio.ensure_future(self._app.state.drain(self._patience))
        await super().shutdown(sockets)
        if self.force_exit:
            draining.cancel()  # told twice (Ctrl-C): whatever still runs is not waited for
        else:
            await draining


def make_server(app: Starlette, settings: ServerSettings, **where: Any) -> uvicorn.Server:
    """A uvicorn server for ``app``; ``where`` says what it listens to (``host`` and ``port``, or ``uds``).

    ``app.state.drain(seconds)`` is awaited when the server is told to stop, and ``app.state.witness`` is told of
    connections.
    """
    raise_limit()
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        http=protocol(settings, for_connections(settings.max_connections), app.state.witness),
        ws="none",
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=round(settings.shutdown) + SPARE,
        **where,
    )
    return _Server(config, app, settings.shutdown)


class BackgroundServer:
    """A server in a thread, ready when the ``with`` block is entered and gone when it is left.

    It listens to the UNIX socket ``path``, or else to a free port of the loopback address, see `url`.
    """

    def __init__(self, app: Starlette, settings: ServerSettings, *, path: Path | None = None) -> None:
        self._socket: socket.socket | None = None
        if path is not None:
            self._server = make_server(app, settings, uds=str(path))
            self.url = "http://localhost"
        else:
            self._socket = socket.socket()
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(("127.0.0.1", 0))
            self._server = make_server(app, settings)
            self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, name="retouch-server", daemon=True)
        self._failure: BaseException | None = None

    def __enter__(self) -> BackgroundServer:
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.01)
            if not self._thread.is_alive():
                self._close()
                raise RuntimeError("the server did not start") from self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._close()

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket] if self._socket is not None else None)
        except BaseException as error:
            # uvicorn leaves by SystemExit when the application's start failed.
            self._failure = error
