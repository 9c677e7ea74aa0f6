"""What `retouch doctor` looks at."""

from __future__ import annotations

import asyncio
import io
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from importlib import metadata, resources
from pathlib import Path

from retouch.settings import Settings


def checks(settings: Settings) -> Iterator[tuple[str, Callable[[], str]]]:
    """Each check with its name; it returns what it found or raises what is wrong."""
    yield "libraries", _libraries
    yield "codecs", _codecs
    yield "upload directory", lambda: _writable(settings.server.upload_directory or Path(tempfile.gettempdir()))
    yield "results directory", lambda: _writable(settings.storage.directory)
    if settings.keeps_files:
        yield "files directory", lambda: _writable(settings.files.directory)
    if settings.server.keys_file is not None:
        yield "keys file", partial(_keys, settings, settings.server.keys_file)
    if settings.server.limits_storage is not None:
        yield "limits storage", lambda: _limits(settings)
    for name, engine in settings.service.engines.items():
        yield f"engine {name}", partial(_engine, engine.kind, engine.options)
    yield "an edit through a worker", lambda: _edit(settings)


def _libraries() -> str:
    names = ("numpy", "opencv-python-headless", "pillow", "starlette", "uvicorn", "pypatchmatch")
    return ", ".join(f"{name} {metadata.version(name)}" for name in names)


def _codecs() -> str:
    from retouch.imaging.decode import decode
    from retouch.imaging.encode import encode
    from retouch.imaging.limits import PixelLimits

    raster = decode(io.BytesIO(_sample()), limits=PixelLimits(), position=1)
    sizes = []
    for name in ("png", "jpeg", "webp"):
        data = encode(raster, name, 100)
        if decode(io.BytesIO(data), limits=PixelLimits(), position=1).size != raster.size:
            raise ValueError(f"{name} does not survive a round trip")
        sizes.append(f"{name} {len(data) // 1024} kB")
    return ", ".join(sizes)


def _writable(directory: Path) -> str:
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=directory) as file:
        file.write(b"retouch")
    return f"{directory}, {shutil.disk_usage(directory).free >> 20} MiB free"


def _keys(settings: Settings, path: Path) -> str:
    from retouch.app import create_catalogue
    from retouch.storage.keys import KeyFile

    file = KeyFile(path)
    keys = file.read()
    if mode := file.path.stat().st_mode & 0o077:
        raise PermissionError(f"{file.path} is open to others (mode {mode:03o}); chmod 600 closes it")
    known = set(create_catalogue(settings).names())
    if unknown := {name for key in keys for name in key.models or ()} - known:
        raise ValueError(f"{file.path} names models that are not served: {', '.join(sorted(unknown))}")
    states = Counter(key.state(datetime.now(UTC)) for key in keys)
    counted = [f"{states[state]} {state}" for state in ("active", "expired", "revoked") if states[state]]
    return f"{file.path}, {', '.join(counted) or 'no key yet: `retouch keys create`'}"


def _limits(settings: Settings) -> str:
    from retouch.server.counts import Counts

    async def ask() -> str:
        counts = Counts(settings.server)
        try:
            return await counts.check()
        finally:
            await counts.close()

    return asyncio.run(ask())


def _engine(kind: str, options: dict[str, object]) -> str:
    from retouch.engines import registry

    if registry.place(kind) == "loop":
        return f"{kind}, in the event loop"
    engine = registry.build(kind, options)
    able = engine.capabilities
    return f"{kind}, {able.licence}, in a {able.place} process"


def _edit(settings: Settings) -> str:
    from retouch.app import create_app
    from retouch.cli import logs
    from retouch.cli.client import Call, Kept
    from retouch.cli.options import unguard
    from retouch.server.running import BackgroundServer

    logs.configure("error")
    settings = settings.model_copy(deep=True)
    settings.service.workers = 1
    unguard(settings.server)
    with tempfile.TemporaryDirectory(prefix="retouch-") as directory:
        photo = Path(directory) / "sample.jpg"
        photo.write_bytes(_sample())
        path = Path(directory) / "socket"
        with BackgroundServer(create_app(settings), settings.server, path=path) as server:
            kept = Kept()
            Call(f"{server.url}/v1", None, path).edit({"prompt": "make it warmer"}, [photo], None, kept)
    return f"one picture of {len(kept.pictures[0]) // 1024} kB"


def _sample() -> bytes:
    return (resources.files("retouch.samples") / "coffee.jpg").read_bytes()
