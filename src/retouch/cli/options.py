"""Settings from the command line: what several commands share."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError
from pydantic_settings import SettingsError

from retouch.server.settings import ServerSettings
from retouch.service.settings import ServiceSettings
from retouch.settings import Settings, load


def read_settings(file: Path | None, flags: Mapping[str, Any]) -> Settings:
    """The settings, or a usage error that names the wrong one. ``flags``: dotted names; None is "not given"."""
    nested: dict[str, Any] = {}
    for name, value in flags.items():
        if value is not None:
            *parts, last = name.split(".")
            place = nested
            for part in parts:
                place = place.setdefault(part, {})
            place[last] = value
    try:
        return load(file, **nested)
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise click.UsageError("these settings are not right:\n" + "\n".join(lines)) from error
    except SettingsError as error:
        raise click.UsageError(f"{error}; a list or a table in the environment is written as JSON") from None
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise click.UsageError(f"cannot read {file}: {error}") from error


def unguard(server: ServerSettings) -> None:
    """For a server that this process alone can reach: neither keys nor budgets."""
    server.api_keys = []
    server.keys_file = server.requests_per_minute = server.images_per_minute = None


def with_models(
    flags: dict[str, Any], models: Sequence[str], service: ServiceSettings, *, last: bool
) -> dict[str, Any]:
    """``flags`` for serving generative ``models`` (presets, hub ids, folders or names of engines of the settings)
    beside what ``service`` has: each under a name of its own, and the first under every name, before the present
    chain or, ``last``, after it.

    Before it, as whoever names a model wants to see it paint; what the model cannot take (a sheet of ten pictures,
    markup) still goes to the darkroom.
    """
    engines = {name: engine.model_dump() for name, engine in service.engines.items()}
    names = []
    for model in models:
        name = model
        if model not in engines:
            folder = Path(model).expanduser()
            name = folder.resolve().name if folder.is_dir() else model
            if name in engines:
                raise click.UsageError(f"two models would be called {name!r}")
            engines[name] = {"kind": "diffusers", "options": {"model": model}}
        names.append(name)
    rest = [name for name in service.chain if name not in names]
    chain = [*rest, names[0]] if last else [names[0], *rest]
    return {**flags, "service.engines": engines, "service.chain": chain}


def with_engine(flags: dict[str, Any], engine: str | None) -> dict[str, Any]:
    """``flags`` for serving every model by one engine of that kind."""
    if engine is None:
        return flags
    return {**flags, "service.engines": {engine: {"kind": engine}}, "service.chain": [engine]}
