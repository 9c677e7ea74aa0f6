"""``retouch models``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.group()
def models() -> None:
    """The models that are served, and those that can be fetched."""


@models.command("list")
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="A TOML file of settings.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_models(config: Path | None, as_json: bool) -> None:
    """List the models that are served, with the rules each follows and the engines behind it, and the presets:
    generative models known by name, with licence and memory."""
    import json

    from rich.console import Console
    from rich.table import Column, Table

    from retouch.app import create_catalogue
    from retouch.cli import weights
    from retouch.cli.options import read_settings
    from retouch.engines.diffusers.presets import presets

    settings = read_settings(config, {})
    catalogue = create_catalogue(settings)
    rows: list[dict[str, Any]] = []
    for name in catalogue.names():
        chain = list(settings.service.chain_of(name))
        profile = catalogue.get(name)
        default = name == settings.contract.default_model
        rows.append({"model": name, "profile": profile.family, "engines": chain, "default": default})
    known = [weights.row(one) for one in presets().values()]
    if as_json:
        click.echo(json.dumps({"served": rows, "presets": known}, indent=2))
        return
    table = Table("model", "rules of", "engines", "default")
    for row in rows:
        table.add_row(row["model"], row["profile"], " → ".join(row["engines"]), "yes" if row["default"] else "")
    console = Console()
    console.print(table)
    # A name that is cut short could not be typed.
    preset = Column("preset", no_wrap=True, min_width=max(len(one["name"]) for one in known))
    table = Table(preset, "licence", "commercial use", "GB: bf16 / 8 bit / 4 bit", "pulled")
    for one in known:
        allowed = {True: "yes", False: "no", None: "not known"}[one["commercial"]]
        sizes = " / ".join("–" if value is None else f"{value:g}" for value in one["memory"].values())
        table.add_row(one["name"], one["licence"] or "not known", allowed, sizes, "yes" if one["pulled"] else "")
    console.print(table)
    click.echo("The weights alone; a picture takes 2 to 4 GB more. `retouch models pull PRESET` fetches one.")


@models.command("pull")
@click.argument("name")
@click.option("--revision", help="A branch, tag or commit of the hub.")
def pull_model(name: str, revision: str | None) -> None:
    """Fetch a model: a preset's NAME or a hub id (owner/name).

    It can be interrupted and goes on where it stopped. HF_HOME says where models lie, HF_TOKEN is for gated ones.
    """
    from retouch.cli import weights

    weights.pull(name, revision)
