"""``retouch doctor``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import click


@click.command()
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="A TOML file of settings.")
def doctor(config: Path | None) -> None:
    """Check that everything an edit needs is there and works."""
    from retouch.cli.checks import checks
    from retouch.cli.options import read_settings

    settings = read_settings(config, {})
    failed = 0
    for name, check in checks(settings):
        failed += not _passes(name, check)
    if failed:
        sys.exit(1)


def _passes(name: str, check: Callable[[], str]) -> bool:
    started = time.perf_counter()
    try:
        found = check()
    except Exception as error:  # whatever is wrong is what people want to read here
        click.echo(f"  ✗ {name}: {type(error).__name__}: {error}")
        return False
    click.echo(f"  ✓ {name}: {found} ({(time.perf_counter() - started) * 1000:.0f} ms)")
    return True
