"""``retouch images edit``: the official command line's flags, with or without a server."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click


@click.group()
def images() -> None:
    """Edit images without writing code."""


@images.command()
@click.option(
    "--image",
    "image",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The picture to edit; repeat it for more than one.",
)
@click.option("--prompt", required=True, help="What should happen, in words.")
@click.option("--background", help="transparent, opaque or auto.")
@click.option("--input-fidelity", help="high or low.")
@click.option(
    "--mask",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A PNG whose transparent areas say where to edit.",
)
@click.option("--model", help="The model's name.")
@click.option("--n", help="How many pictures, 1 to 10.")
@click.option("--output-compression", help="0 to 100, for jpeg and webp.")
@click.option("--output-format", help="png, jpeg or webp.")
@click.option("--partial-images", help="0 to 3 previews, when streaming.")
@click.option("--quality", help="low, medium, high or auto.")
@click.option("--response-format", help="url or b64_json, for dall-e-2.")
@click.option("--size", help="WIDTHxHEIGHT or auto.")
@click.option("--stream", help="true prints events as they come.")
@click.option("--user", help="Who this is for.")
@click.option("--max-items", type=int, default=-1, help="Print at most so many events; -1 for all.")
@click.option(
    "--output", type=click.Path(path_type=Path), help="A file or directory for the pictures, instead of JSON."
)
@click.option("--base-url", envvar="RETOUCH_BASE_URL", help="A server's address, ending in /v1; none is needed.")
@click.option("--api-key", envvar=["RETOUCH_API_KEY", "OPENAI_API_KEY"], help="The key for --base-url.")
@click.option("--engine", help="Without --base-url: the engine to use.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Without --base-url: a TOML file of settings.",
)
def edit(
    image: tuple[Path, ...],
    prompt: str,
    mask: Path | None,
    max_items: int,
    output: Path | None,
    base_url: str | None,
    api_key: str | None,
    engine: str | None,
    config: Path | None,
    **given: str | None,
) -> None:
    """Edit pictures, and print the answer's JSON, or save the pictures with --output."""
    from retouch.cli.client import Call, Failed, Printer, Saver

    fields = {"prompt": prompt} | {name: value for name, value in given.items() if value is not None}
    if base_url is not None and (engine or config):
        raise click.UsageError("--engine and --config are for editing without --base-url.")
    if output is not None and max_items != -1:
        raise click.UsageError("--max-items is for printing events, not for --output.")
    try:
        sink = Printer(max_items) if output is None else Saver(output, fields)
    except (OSError, ValueError) as error:
        raise click.UsageError(f"cannot save to {output}: {error}") from error
    with contextlib.ExitStack() as held:
        path = None
        if base_url is None:
            try:
                base_url, path = held.enter_context(_in_process(config, engine))
            except (OSError, ValueError, RuntimeError) as error:
                raise click.UsageError(f"cannot edit without a server: {error}") from error
        call = Call(base_url, api_key, path)
        try:
            with _progress():
                call.edit(fields, image, mask, sink)
        except Failed as failure:
            click.echo(failure.text, err=True)
            sys.exit(1)
    sink.finish()


@contextlib.contextmanager
def _in_process(config: Path | None, engine: str | None) -> Iterator[tuple[str, Path]]:
    """A server of our own behind a socket that only this user can open."""
    from retouch.app import create_app
    from retouch.cli import logs
    from retouch.cli.options import read_settings, unguard, with_engine
    from retouch.server.running import BackgroundServer

    flags: dict[str, Any] = {"service.workers": 1}
    settings = read_settings(config, with_engine(flags, engine))
    unguard(settings.server)
    if settings.server.public_url is None:
        # Results by URL outlive this process: a server started later on the usual port answers them.
        settings.server.public_url = f"http://{settings.server.host}:{settings.server.port}"
    logs.configure("error")
    with tempfile.TemporaryDirectory(prefix="retouch-") as directory:
        path = Path(directory) / "socket"
        with BackgroundServer(create_app(settings), settings.server, path=path) as server:
            yield f"{server.url}/v1", path


@contextlib.contextmanager
def _progress() -> Iterator[None]:
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status("Editing…"):
        yield
