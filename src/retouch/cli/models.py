"""``retouch models``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.group()
def models() -> None:
    """The models that are served."""


@models.command("list")
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="A TOML file of settings.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_models(config: Path | None, as_json: bool) -> None:
    """List the models, the rules each follows, and the engines behind it."""
    import json

    from rich.console import Console
    from rich.table import Table

    from retouch.app import create_catalogue
    from retouch.cli.options import read_settings

    settings = read_settings(config, {})
    catalogue = create_catalogue(settings)
    rows: list[dict[str, Any]] = []
    for name in catalogue.names():
        chain = list(settings.service.chain_of(name))
        profile = catalogue.get(name)
        default = name == settings.contract.default_model
        rows.append({"model": name, "profile": profile.family, "engines": chain, "default": default})
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    table = Table("model", "rules of", "engines", "default")
    for row in rows:
        table.add_row(row["model"], row["profile"], " → ".join(row["engines"]), "yes" if row["default"] else "")
    Console().print(table)
