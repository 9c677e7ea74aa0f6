"""The command line. Each command's module is loaded when it is called, so that help is instant."""

from __future__ import annotations

import importlib
from typing import Any

import click

from retouch import __version__

_COMMANDS = {
    "serve": ("retouch.cli.serve", "Serve POST /v1/images/edits."),
    "images": ("retouch.cli.images", "Edit images without writing code."),
    "models": ("retouch.cli.models", "The models that are served."),
    "keys": ("retouch.cli.keys", "Make, list and revoke API keys."),
    "doctor": ("retouch.cli.doctor", "Check that everything an edit needs is there and works."),
}


class _Lazy(click.Group):
    """A group that imports a command when it is called; its help needs only the names."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(_COMMANDS[cmd_name][0]), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="retouch")
def main(**_: Any) -> None:
    """Retouch: the image-edit API on your own machine."""
