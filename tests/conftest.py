"""What every test may use: real photographs, a running server, the official client."""

from __future__ import annotations

import gc
import io
import logging
import os
import resource
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import structlog
from openai import OpenAI
from PIL import Image

from retouch.app import create_app
from retouch.imaging.raster import Raster
from retouch.server.running import BackgroundServer
from retouch.service.logs import Lines
from retouch.settings import Settings, load

# No test fetches a model. The hub's client reads this once, when it is imported.
os.environ["HF_HUB_OFFLINE"] = "1"

PHOTOS = Path(__file__).parent / "data" / "photos"
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "rule(*ids): the test shows these rules of tests/data/rules.toml")


def pytest_collection_finish() -> None:
    # Thousands of tests and whole libraries stay to the end, and are the most of what each collection of garbage
    # would look through.
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """What a command settles for the process that it usually has to itself must not reach the next test."""
    loggers = [logging.getLogger(), logging.getLogger("retouch")]
    levels = [logger.level for logger in loggers]
    hooks = warnings.showwarning, sys.excepthook, threading.excepthook
    settled = structlog.get_config()
    yield
    loggers[0].handlers[:] = [one for one in loggers[0].handlers if not isinstance(one.formatter, Lines)]
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    warnings.showwarning, sys.excepthook, threading.excepthook = hooks
    structlog.configure(**settled)


ENGINES = {
    "echo": {"kind": "echo"},
    "echo-device": {"kind": "echo-device"},
    "echo-loop": {"kind": "echo-loop"},
}


@pytest.fixture(scope="session")
def photo() -> Callable[..., Raster]:
    """``photo("china")`` is that photograph; ``photo("china", 256)`` brings its longer side to 256 pixels."""

    def load(name: str, side: int | None = None) -> Raster:
        with Image.open(PHOTOS / f"{name}.jpg") as image:
            if side is not None:
                scale = side / max(image.size)
                size = (round(image.width * scale), round(image.height * scale))
                image = image.resize(size, Image.Resampling.LANCZOS)  # type: ignore[assignment]
            return Raster(np.array(image.convert("RGB")))

    return load


@pytest.fixture(scope="session")
def photo_file() -> Callable[[str], bytes]:
    """``photo_file("china")`` is that photograph's JPEG file."""
    return lambda name: (PHOTOS / f"{name}.jpg").read_bytes()


@pytest.fixture(scope="session")
def picture_file() -> Callable[..., bytes]:
    """``picture_file(image)`` is a Pillow image as a file, a PNG unless another format is named."""

    def save(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
        file = io.BytesIO()
        image.save(file, format, **options)
        return file.getvalue()

    return save


def settings_for(directory: Path, **parts: dict[str, object]) -> Settings:
    """Settings of a test server: every echo, two workers, nothing outside ``directory``. The darkroom, which takes
    seconds to be ready, is on a server only where its edits are what is tested."""
    service: dict[str, object] = {"engines": ENGINES, "chain": ["echo"], "workers": 2, "seed": 1}
    return load(
        None,
        service=service | parts.get("service", {}),
        storage={"directory": str(directory / "results")} | parts.get("storage", {}),
        files={"directory": str(directory / "files")} | parts.get("files", {}),
        fetching=parts.get("fetching", {}),
        server={"upload_directory": str(directory)} | parts.get("server", {}),
        contract=parts.get("contract", {}),
    )


@pytest.fixture(scope="session")
def echo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundServer]:
    """A server whose models of the contract are served by the echo; the engines' own names work too."""
    settings = settings_for(tmp_path_factory.mktemp("echo"))
    with BackgroundServer(create_app(settings), settings.server) as server:
        yield server


@pytest.fixture(scope="session")
def strict_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundServer]:
    """The echo server in strict mode."""
    settings = settings_for(tmp_path_factory.mktemp("strict"), contract={"strict": True})
    with BackgroundServer(create_app(settings), settings.server) as server:
        yield server


@pytest.fixture(scope="session")
def darkroom_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundServer]:
    """A server as people start it: the darkroom behind every model."""
    service: dict[str, object] = {"engines": {"darkroom": {"kind": "darkroom"}, **ENGINES}, "chain": ["darkroom"]}
    settings = settings_for(tmp_path_factory.mktemp("darkroom"), service=service)
    with BackgroundServer(create_app(settings), settings.server) as server:
        yield server


@pytest.fixture(scope="session")
def connect() -> Iterator[Callable[..., OpenAI]]:
    """``connect(server)`` is the official client of that server, without retries unless asked."""
    opened: list[OpenAI] = []

    def make(server: BackgroundServer, **options: object) -> OpenAI:
        settings = {"base_url": f"{server.url}/v1", "api_key": "sk-test", "max_retries": 0} | options
        opened.append(OpenAI(**settings))  # type: ignore[arg-type]
        return opened[-1]

    yield make
    for client in opened:
        client.close()


@pytest.fixture(scope="session")
def client(echo_server: BackgroundServer, connect: Callable[..., OpenAI]) -> OpenAI:
    """The official client of the echo server."""
    return connect(echo_server)


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file of this process can grow beyond 64 KiB: a write is then refused as on a full disk, after a part of
    it was written."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
