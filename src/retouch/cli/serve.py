"""``retouch serve``."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path
from typing import Any

import click


@click.command()
@click.option("--host", help="Address to listen on (default 127.0.0.1).")
@click.option("--port", type=int, help="Port to listen on (default 8000).")
@click.option("--engine", help="Serve every model by this engine: darkroom (the default), echo.")
@click.option(
    "--model",
    "models",
    multiple=True,
    help="A generative model that serves every name, and its own: a preset, a hub id or a folder; may be repeated,"
    " the first is asked for other names.",
)
@click.option(
    "--darkroom-first", is_flag=True, help="With --model: ask the model only where the darkroom refuses."
)
@click.option("--offline", is_flag=True, help="Fetch no model; one that is not here is an error.")
@click.option("--workers", type=int, help="CPU worker processes (default: one a core).")
@click.option("--strict/--friendly", default=None, help="Refuse what the vendor refuses, or honour it if we can.")
@click.option("--api-key", "api_keys", multiple=True, help="A key that is let in; may be repeated.")
@click.option(
    "--keys-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file of keys that are let in, see `retouch keys`.",
)
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="A TOML file of settings.")
@click.option(
    "--allow-public-without-keys", is_flag=True, default=None, help="Listen beyond this machine without keys."
)
@click.option(
    "--demo",
    type=click.Path(path_type=Path, file_okay=False),
    help="Edit a sample photograph once the server is up, into this directory.",
)
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info", show_default=True
)
def serve(
    host: str | None,
    port: int | None,
    engine: str | None,
    models: tuple[str, ...],
    darkroom_first: bool,
    offline: bool,
    workers: int | None,
    strict: bool | None,
    api_keys: tuple[str, ...],
    keys_file: Path | None,
    config: Path | None,
    allow_public_without_keys: bool | None,
    demo: Path | None,
    log_level: str,
) -> None:
    """Serve POST /v1/images/edits.

    Point any official client at http://HOST:PORT/v1.
    """
    from pydantic import SecretStr

    from retouch.app import create_app
    from retouch.cli import logs
    from retouch.cli.options import read_settings, with_engine, with_models
    from retouch.cli.welcome import Welcome
    from retouch.server.running import make_server

    flags: dict[str, Any] = {
        "server.host": host,
        "server.port": port,
        "server.api_keys": list(api_keys) or None,
        "server.keys_file": keys_file,
        "server.allow_public_without_keys": allow_public_without_keys,
        "service.workers": workers,
        "contract.strict": strict,
    }
    flags = with_engine(flags, engine)
    settings = read_settings(config, flags)
    if models:
        flags = with_models(flags, models, settings.service, last=darkroom_first)
        settings = read_settings(config, flags)
    if any(one.kind == "diffusers" for one in settings.service.engines.values()):
        from retouch.cli import weights

        weights.prepare(settings, offline=offline)
    server = settings.server
    if server.is_open and not server.allow_public_without_keys:
        raise click.UsageError(
            f"{server.host} can be reached from other machines and no API key is set. Give --api-key or"
            " --keys-file, or --allow-public-without-keys if anyone may use this server."
        )
    if demo is not None and server.asks_for_keys and not server.api_keys:
        # The demonstration needs a key, and those of the file are not to be had: one for this run.
        server.api_keys.append(SecretStr(secrets.token_urlsafe(32)))
    logs.configure(log_level)
    try:
        app = create_app(settings)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    running = make_server(app, server, host=server.host, port=server.port)
    Welcome(running, app.state.editor, settings, demo).start()
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how it is told to stop
        running.run()
