"""Engines by name. Nothing of an engine is imported before it is built."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from retouch.engines.base import AsyncEngine, Engine, Place

_ENGINES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "darkroom": ("retouch.engines.darkroom.engine:DarkroomEngine", {}),
    "diffusers": ("retouch.engines.diffusers.engine:DiffusersEngine", {}),
    "echo": ("retouch.engines.echo:EchoEngine", {}),
    "echo-device": ("retouch.engines.echo:EchoEngine", {"place": "device"}),
    "echo-loop": ("retouch.engines.echo:LoopEcho", {}),
}
"""Where each engine's class is, and the options that its name settles."""


_ELSEWHERE: Mapping[str, Place] = {"diffusers": "device", "echo-device": "device", "echo-loop": "loop"}
"""Engines that do not paint in the CPU worker; the server has to know before anything is built."""


def names() -> tuple[str, ...]:
    return tuple(_ENGINES)


def place(name: str) -> Place:
    """Where the engine of that name paints. Raises `ValueError` for a name that isn't known."""
    if name not in _ENGINES:
        raise _unknown(name)
    return _ELSEWHERE.get(name, "worker")


def device(name: str, options: Mapping[str, Any]) -> str:
    """The device on which an engine with these options paints, as its ``device`` says: "auto", "cpu", "cuda:0", …

    Engines of one device share its process, so what torch takes for the same has to have the same name."""
    path = str(options.get("device", "auto")).lower()
    return "cuda:0" if path == "cuda" else path


def build(name: str, options: Mapping[str, Any] | None = None) -> Engine | AsyncEngine:
    """The engine of that name; ``options`` are its constructor's keyword arguments.

    Raises `ValueError` for a name that isn't known and for options that the engine doesn't take.
    """
    if name not in _ENGINES:
        raise _unknown(name)
    path, settled = _ENGINES[name]
    module, _, attribute = path.partition(":")
    cls = getattr(importlib.import_module(module), attribute)
    try:
        engine: Engine | AsyncEngine = cls(**{**settled, **(options or {})})
    except TypeError as error:
        raise ValueError(f"the engine {name!r} cannot be built with {dict(options or {})}: {error}") from error
    return engine


def _unknown(name: str) -> ValueError:
    return ValueError(f"there is no engine {name!r}; known engines: {', '.join(_ENGINES)}")
