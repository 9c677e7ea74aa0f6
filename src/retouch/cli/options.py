"""Settings from the command line: what several commands share."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError
from pydantic_settings import SettingsError

from retouch.server.settings import ServerSettings
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


def with_engine(flags: dict[str, Any], engine: str | None) -> dict[str, Any]:
    """``flags`` for serving every model by one engine of that kind."""
    if engine is None:
        return flags
    return {**flags, "service.engines": {engine: {"kind": engine}}, "service.chain": [engine]}
