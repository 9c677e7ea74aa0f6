"""What `retouch doctor` looks at."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
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
    from retouch.server.running import BackgroundServer

    logs.configure("error")
    settings = settings.model_copy(deep=True)
    settings.service.workers = 1
    settings.server.api_keys = []
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
