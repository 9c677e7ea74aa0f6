"""The composition root: read it and you have the map."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import AsyncIterator
from typing import cast

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from retouch.contract.catalogue import Catalogue
from retouch.engines import registry
from retouch.engines.base import AsyncEngine
from retouch.server.access import Access
from retouch.server.context import RequestContext, refuse_route
from retouch.server.edits import Edits
from retouch.server.hosts import HostGuard
from retouch.server.intake import Intake
from retouch.server.outcome import Outcome
from retouch.server.routes import RESULTS, Routes
from retouch.service.editor import Editor
from retouch.service.local import LocalPool
from retouch.service.replay import Replays
from retouch.service.settings import ServiceSettings
from retouch.service.task import EngineSpec, WorkerConfig
from retouch.settings import Settings
from retouch.storage.local import LocalResults

EXPOSED = ("x-request-id", "openai-processing-ms", "retry-after", "retry-after-ms", "x-should-retry")
"""The headers of an answer that a page of an allowed origin may read."""

log = structlog.get_logger("retouch")


def create_app(settings: Settings) -> Starlette:
    """The server as an ASGI application; it starts and ends its workers with the lifespan.

    Raises ValueError for settings that do not fit together, such as an engine nobody knows.
    """
    editor = create_editor(settings.service)
    catalogue = create_catalogue(settings)
    access = Access(settings.server)
    results = LocalResults(settings.storage)
    replays: Replays[Outcome] = Replays(
        seconds=settings.service.replay_seconds, budget=settings.service.replay_bytes
    )
    edits = Edits(
        settings.server,
        Intake(settings.server, catalogue, strict=settings.contract.strict),
        editor,
        replays,
        access,
        results,
        results_path=RESULTS,
        grace=settings.service.grace,
    )

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        sweeping = asyncio.ensure_future(_sweep(results, settings.storage.sweep_every))
        try:
            await editor.start()
            yield
        finally:
            sweeping.cancel()
            await editor.stop()

    middleware = []
    if settings.server.cors_origins:
        # Outermost, so that a page can read errors too.
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.server.cors_origins,
                allow_methods=["GET", "POST"],
                allow_headers=["*"],
                expose_headers=EXPOSED,
            )
        )
    middleware.append(Middleware(RequestContext, settings=settings.server))
    middleware.append(Middleware(HostGuard, settings=settings.server))
    app = Starlette(
        exception_handlers={404: refuse_route, 405: refuse_route},
        routes=Routes(
            edits,
            editor,
            catalogue,
            access,
            results,
            url=settings.server.public_url,
            strict=settings.contract.strict,
        ).all(),
        middleware=middleware,
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.editor = editor
    app.state.drain = editor.drain
    app.state.replays = replays
    return app


def create_catalogue(settings: Settings) -> Catalogue:
    """The models that are served. Raises ValueError for settings that contradict each other."""
    return Catalogue(
        native=settings.service.engines,
        default_model=settings.contract.default_model,
        refused=settings.contract.refused_models,
        max_edge=settings.service.max_output_side,
        max_pixels=settings.service.max_output_pixels,
    )


def create_editor(settings: ServiceSettings) -> Editor:
    """The workers and devices that the engines of ``settings`` need."""
    specs = tuple(EngineSpec(name, engine.kind, engine.options) for name, engine in settings.engines.items())
    pool = LocalPool(
        WorkerConfig(
            engines=specs,
            memory=settings.worker_memory,
            pixels={
                "max_picture_pixels": settings.max_picture_pixels,
                "max_request_pixels": settings.max_request_pixels,
                "max_side": settings.max_side,
                "max_frames": settings.max_frames,
            },
            max_output_side=settings.max_output_side,
            max_output_pixels=settings.max_output_pixels,
        ),
        count=settings.workers,
        deadline=settings.deadline,
    )
    devices: dict[str, LocalPool] = {}
    loops: dict[str, AsyncEngine] = {}
    for spec in specs:
        place = registry.place(spec.kind)
        if place == "device":
            config = WorkerConfig(engines=(spec,), warm=False)
            devices[spec.name] = LocalPool(config, count=1, deadline=settings.deadline)
        elif place == "loop":
            loops[spec.name] = cast(AsyncEngine, registry.build(spec.kind, spec.options))
    return Editor(settings, pool, devices, loops)


async def _sweep(results: LocalResults, every: float) -> None:
    while True:
        try:
            await asyncio.to_thread(results.sweep)
        except OSError:
            log.error("sweep_failed", traceback=traceback.format_exc())
        await asyncio.sleep(every)
