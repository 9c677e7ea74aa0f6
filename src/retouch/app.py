"""The composition root: read it and you have the map."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import cast

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from retouch.contract.catalogue import Catalogue
from retouch.engines import registry
from retouch.engines.base import AsyncEngine
from retouch.server.access import Access
from retouch.server.bodies import Bodies
from retouch.server.budgets import HEADERS, Budgets
from retouch.server.context import RequestContext, refuse_route
from retouch.server.edits import Edits
from retouch.server.fetching.fetcher import Fetcher
from retouch.server.files import Files
from retouch.server.gathering import Gathering
from retouch.server.gauges import Gauges
from retouch.server.hosts import HostGuard
from retouch.server.intake import Intake
from retouch.server.keyring import Keyring
from retouch.server.metrics import Metrics
from retouch.server.outcome import Outcome
from retouch.server.routes import RESULTS, Routes
from retouch.server.telemetry import Telemetry
from retouch.server.witness import Witness
from retouch.service.editor import Device, Editor
from retouch.service.local import LocalPool
from retouch.service.replay import Replays
from retouch.service.settings import ServiceSettings
from retouch.service.task import EngineSpec, WorkerConfig
from retouch.service.tracebacks import where
from retouch.settings import Settings
from retouch.storage.files import FileStore
from retouch.storage.local import LocalResults

EXPOSED = (
    "x-request-id",
    "openai-processing-ms",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    *HEADERS,
)
"""The headers of an answer that a page of an allowed origin may read."""

log = structlog.get_logger("retouch")


def create_app(settings: Settings) -> Starlette:
    """The server as an ASGI application; it starts and ends its workers with the lifespan.

    Raises ValueError for settings that do not fit together, such as an engine nobody knows.
    """
    editor = create_editor(settings.service)
    catalogue = create_catalogue(settings)
    keyring = Keyring(settings.server)
    access = Access(settings.server, keyring)
    bodies = Bodies(settings.server)
    budgets = Budgets(settings.server)
    results = LocalResults(settings.storage)
    store = FileStore(settings.files) if settings.keeps_files else None
    gathering = Gathering(store, create_fetcher(settings))
    replays: Replays[Outcome] = Replays(
        seconds=settings.service.replay_seconds,
        edits=settings.service.replay_edits,
        budget=settings.service.replay_bytes,
    )
    telemetry = Telemetry.from_environment() if settings.server.telemetry else None
    witness = Witness(Metrics(Gauges(editor, bodies, replays)), telemetry)
    edits = Edits(
        settings.server,
        Intake(settings.server, bodies, gathering, catalogue, strict=settings.contract.strict),
        editor,
        replays,
        access,
        budgets,
        results,
        witness,
        results_path=RESULTS,
        grace=settings.service.grace,
    )

    files = None
    if store is not None:
        files = Files(settings.server, bodies, access, budgets, store, lifetime=settings.files.lifetime)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        measuring = asyncio.ensure_future(witness.metrics.watch_loop())
        watching = asyncio.ensure_future(keyring.watch())
        sweeping = asyncio.ensure_future(_sweep([results, store], settings.storage.sweep_every))
        try:
            await editor.start()
            yield
        finally:
            sweeping.cancel()
            watching.cancel()
            measuring.cancel()
            await editor.stop()
            await budgets.close()
            if telemetry is not None:
                await telemetry.close()

    async def drain(seconds: float) -> None:
        bodies.close()
        await editor.drain(seconds)

    middleware = []
    if settings.server.cors_origins:
        # Outermost, so that a page can read errors too.
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.server.cors_origins,
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=["*"],
                expose_headers=EXPOSED,
            )
        )
    middleware.append(Middleware(RequestContext, settings=settings.server, witness=witness))
    middleware.append(Middleware(HostGuard, settings=settings.server))
    app = Starlette(
        exception_handlers={404: refuse_route, 405: refuse_route},
        routes=Routes(
            edits,
            editor,
            catalogue,
            access,
            budgets,
            results,
            witness.metrics if settings.server.metrics else None,
            files,
            sources=gathering.sources,
            metrics_open=settings.server.metrics_open,
            url=settings.server.public_url,
            strict=settings.contract.strict,
        ).all(),
        middleware=middleware,
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.editor = editor
    app.state.witness = witness
    app.state.drain = drain
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
    log_level = logging.getLogger("retouch").getEffectiveLevel()
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
            log_level=log_level,
        ),
        count=settings.workers,
        deadline=settings.deadline,
    )
    on_devices: dict[str, list[EngineSpec]] = {}
    loops: dict[str, AsyncEngine] = {}
    for spec in specs:
        place = registry.place(spec.kind)
        if place == "device":
            on_devices.setdefault(registry.device(spec.kind, spec.options), []).append(spec)
        elif place == "loop":
            loops[spec.name] = cast(AsyncEngine, registry.build(spec.kind, spec.options))
    devices = []
    for name, group in on_devices.items():
        painting = LocalPool(
            WorkerConfig(engines=tuple(group), device=name, log_level=log_level),
            count=1,
            deadline=settings.device_deadline,
            heed=settings.device_heed,
            start=settings.device_start,
            loads=True,
        )
        devices.append(Device(name, painting, tuple(spec.name for spec in group)))
    return Editor(settings, pool, devices, loops)


def create_fetcher(settings: Settings) -> Fetcher | None:
    """What fetches pictures, if anything does."""
    if not settings.fetches:
        return None
    return Fetcher(
        settings.fetching,
        directory=settings.server.upload_directory,
        max_file_bytes=settings.server.max_file_bytes,
    )


async def _sweep(stores: Sequence[LocalResults | FileStore | None], every: float) -> None:
    while True:
        for store in stores:
            try:
                if store is not None:
                    await asyncio.to_thread(store.sweep)
            except OSError as error:
                log.error("sweep_failed", error=where(error))
        await asyncio.sleep(every)
