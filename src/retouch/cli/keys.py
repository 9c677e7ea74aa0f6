"""``retouch keys``: make, list and end API keys."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from retouch.settings import Settings
    from retouch.storage.keys import KeyFile

T = TypeVar("T")
Command = Callable[..., Any]

_KINDS = ("requests", "images")
_SPANS = {"h": "hours", "d": "days", "w": "weeks"}


def _place(command: Command) -> Command:
    """The options that say which file is meant."""
    file = click.option(
        "--file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The file of keys, if not that of --config.",
    )
    config = click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        help="A TOML file of settings, whose server.keys_file is meant.",
    )
    return file(config(command))


class _Moment(click.ParamType[datetime]):
    """A date, a moment, or a span from now."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        span = re.fullmatch(r"([1-9]\d{0,4})([hdw])", value)
        try:
            if span:
                return datetime.now(UTC).replace(microsecond=0) + timedelta(**{_SPANS[span[2]]: int(span[1])})
            moment = datetime.fromisoformat(value)
        except (ValueError, OverflowError):
            self.fail("expected 12h, 30d, 8w, 2027-01-31 or 2027-01-31T12:00:00Z.", param, ctx)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


@click.group()
def keys() -> None:
    """Make, list and revoke API keys; a running server heeds a change within a second or so."""


@keys.command()
@click.argument("name")
@click.option("--model", "models", multiple=True, help="A model it may use; repeat it. Without: every model.")
@click.option(
    "--requests-per-minute", type=click.IntRange(1), help="Edits a minute. Without: the server's setting."
)
@click.option("--images-per-minute", type=click.IntRange(1), help="Pictures sent a minute, likewise.")
@click.option("--expires", type=_Moment(), help="When it ends: 12h, 30d, 8w, a date or a moment (UTC).")
@_place
def create(
    name: str,
    models: tuple[str, ...],
    requests_per_minute: int | None,
    images_per_minute: int | None,
    expires: datetime | None,
    file: Path | None,
    config: Path | None,
) -> None:
    """Make a key for NAME and print it: this once, since only its digest is kept."""
    if expires is not None and expires <= datetime.now(UTC):
        raise click.BadParameter("that is over.", param_hint="--expires")
    settings, kept = _open(file, config)
    if models:
        _check_models(settings, models)
    key, text = _try(
        lambda: kept.add(
            name,
            expires=expires,
            models=models,
            requests_per_minute=requests_per_minute,
            images_per_minute=images_per_minute,
        )
    )
    # The key alone goes to standard output, so that it can be piped on.
    click.echo(f"{key.id} for {name!r} is in {kept.path}. This is the key; it is not shown again:", err=True)
    click.echo(text)
    if settings.server.keys_file is None:
        click.echo(f"A server asks for it when started with --keys-file {kept.path}", err=True)


@keys.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@_place
def list_keys(as_json: bool, file: Path | None, config: Path | None) -> None:
    """The keys, with what each may do, and never a key itself."""
    from retouch.storage.keys import summary

    _, kept = _open(file, config)
    now = datetime.now(UTC)
    rows = [summary(key, now) for key in _try(kept.read)]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    # An id is there to be copied: it is not cut where there is little room.
    table = Table(Column("id", no_wrap=True, min_width=16), "name", "state", "models", "a minute")
    for row in rows:
        until = f" until {row['expires'][:10]}" if row["expires"] and row["state"] == "active" else ""
        models = ", ".join(row["models"]) if row["models"] else "all"
        budgets = [f"{row[f'{kind}_per_minute']} {kind}" for kind in _KINDS if row[f"{kind}_per_minute"]]
        table.add_row(
            row["id"], escape(row["name"]), row["state"] + until, escape(models), ", ".join(budgets) or "as set"
        )
    Console().print(table)


@keys.command()
@click.argument("key")
@_place
def revoke(key: str, file: Path | None, config: Path | None) -> None:
    """End KEY, an id or a name that only one active key has, for good."""
    _, kept = _open(file, config)
    ended = _try(lambda: kept.revoke(key))
    click.echo(f"{ended.id} for {ended.name!r} is revoked.")


def _open(file: Path | None, config: Path | None) -> tuple[Settings, KeyFile]:
    from retouch.cli.options import read_settings
    from retouch.storage.keys import KeyFile

    settings = read_settings(config, {})
    path = file or settings.server.keys_file
    if path is None:
        raise click.UsageError("which file of keys? Give --file, or --config with a server.keys_file.")
    return settings, KeyFile(path)


def _check_models(settings: Settings, models: tuple[str, ...]) -> None:
    from retouch.app import create_catalogue

    known = create_catalogue(settings).names()
    if unknown := [name for name in models if name not in known]:
        raise click.BadParameter(
            f"no such model: {', '.join(unknown)}. `retouch models list` shows them.", param_hint="--model"
        )


def _try(work: Callable[[], T]) -> T:
    try:
        return work()
    except LookupError as error:
        click.echo(f"Error: {error.args[0]}", err=True)
    except OSError as error:
        click.echo(f"Error: {error.filename}: {error.strerror}", err=True)
    except ValueError as error:
        click.echo(f"Error: {error}", err=True)
    sys.exit(1)
