"""Models of open weights on the command line: whether they are here, fetching them, and what is told of them."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from retouch.engines.diffusers.additions import AdditionMissing
from retouch.engines.diffusers.additions import require as require_additions
from retouch.engines.diffusers.checkpoint import ModelMissing, checkpoint, locate
from retouch.engines.diffusers.families import with_mask
from retouch.engines.diffusers.hub import Hub, Order, gigabytes
from retouch.engines.diffusers.options import Lora, Options
from retouch.engines.diffusers.presets import Preset, preset
from retouch.engines.diffusers.refusals import PullError
from retouch.settings import Settings

KIND = "diffusers"
LIBRARIES = ("torch", "diffusers", "transformers", "accelerate", "huggingface_hub")
"""What the extra brings; none is imported to look for it."""

INSTALL = "Generative models need an extra that is not installed: pip install 'retouch[diffusers]'"


def require() -> None:
    """Raise `click.ClickException` unless the extra is installed."""
    if not all(importlib.util.find_spec(name) for name in LIBRARIES):
        raise click.ClickException(INSTALL)


def is_here(model: str, revision: str | None = None) -> bool:
    """Whether a model, with what its preset adds to it, can be loaded without a network."""
    try:
        locate(model, revision)
        require_additions(Options(model=model))
    except ValueError:
        return False
    return True


def prepare(settings: Settings, *, offline: bool) -> None:
    """Have every model of the settings' engines here, and tell what its licence forbids.

    Raises `click.ClickException` if the extra is missing, or a model is and cannot be fetched, or takes no picture
    to edit, and for wrong options.
    """
    engines = {name: one.options for name, one in settings.service.engines.items() if one.kind == KIND}
    if not engines:
        return
    require()
    for name, given in engines.items():
        try:
            options = Options.model_validate(given)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise click.UsageError(f"the options of the engine {name!r} are not right: {wrong}") from None
        try:
            with_mask(checkpoint(_located(options, offline=offline)))
        except ValueError as error:
            raise click.ClickException(f"{error}.") from None
        told = caution(options.model)
        if told is not None:
            click.secho(f"  {told[0].upper()}{told[1:]}.", fg="yellow")


def caution(model: str) -> str | None:
    """What an operator must be told of a model at the start, whether it is named as a preset or by its hub id."""
    known = preset(model)
    if known is not None:
        return known.caution
    if Path(model).expanduser().is_dir():
        return None
    return f"whether {model} may be used commercially is not known to us; read its licence before you do"


def _located(options: Options, *, offline: bool) -> Path:
    """The model's folder, fetched if need be. Raises ValueError if it cannot be had."""
    try:
        folder = locate(options.model, options.revision)
        require_additions(options)
        return folder
    except ModelMissing as error:
        if offline or not error.pullable:
            raise
    except AdditionMissing:
        if offline or Path(options.model).expanduser().is_dir():
            raise
    click.echo(f"  {options.model} is not on this machine yet, or not all of it: fetching it.")
    return pull(options.model, options.revision, loras=options.loras, denoiser=options.denoiser)


def pull(
    model: str,
    revision: str | None = None,
    *,
    loras: Iterable[Lora] | None = None,
    denoiser: str | None = None,
) -> Path:
    """Fetch a model, with what is added to it, and show how it goes.

    Raises `click.ClickException` with what to do if it can't be.
    """
    try:
        hub = Hub()
        order = hub.order(model, revision, loras=loras, denoiser=denoiser)
        click.echo(describe(order))
        with _bar(order) as progress:
            folder = hub.pull(order, progress)
    except PullError as error:
        raise click.ClickException(f"{error}.") from None
    click.echo(f"  {folder}")
    return folder


def describe(order: Order) -> str:
    """What a pull is going to do: whose weights, under which licence, how many bytes and to where."""
    lines = [f"  {order.model}: " + ", ".join(part.repository for part in order.parts)]
    known = preset(order.model)
    if known is not None:
        lines.append(f"  licence: {licence(known)}")
        if known.terms is not None:
            lines.append(f"  {known.terms}")
    else:
        stated = order.parts[0].licence
        lines.append(f"  licence: {f'{stated}, as its page on the hub says' if stated else 'its page names none'}")
    here = order.size - order.left
    lines.append(
        f"  {gigabytes(order.size)}" + (f", of which {gigabytes(here)} are here" if here else "") + f", into"
        f" {order.cache} ({gigabytes(order.free)} free)"
    )
    return "\n".join(lines)


def licence(known: Preset) -> str:
    """A preset's licence and whether it allows commercial use."""
    allowed = {True: "commercial use allowed", False: "no commercial use", None: "commercial use: not known to us"}
    return f"{known.licence or 'not known to us'} ({allowed[known.commercial]})"


def row(known: Preset) -> Mapping[str, Any]:
    """A preset as `retouch models list --json` has it."""
    return {
        "name": known.name,
        "repository": known.repo,
        "licence": known.licence,
        "commercial": known.commercial,
        "terms": known.terms,
        "memory": known.memory.model_dump(by_alias=True),
        "steps": known.steps,
        "pulled": known.repo is not None and is_here(known.name),
        "about": known.about,
    }


@contextlib.contextmanager
def _bar(order: Order) -> Iterator[Callable[[int], object]]:
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (TextColumn("  {task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    shown = Progress(*columns, TimeRemainingColumn())
    if not shown.console.is_terminal:
        # Into a log go lines, and few of them; a bar would be drawn there once, at the end.
        yield _Lines(order)
        return
    with shown:
        task = shown.add_task(order.model, total=order.size, completed=order.size - order.left)
        yield lambda count: shown.advance(task, count)


class _Lines:
    """Says how far a pull is at every tenth of it."""

    def __init__(self, order: Order) -> None:
        self._size = order.size
        self._here = order.size - order.left
        self._tenth = self._tenths()

    def __call__(self, count: int) -> None:
        self._here += count
        if self._tenths() != self._tenth:
            self._tenth = self._tenths()
            click.echo(f"  {gigabytes(self._here)} of {gigabytes(self._size)}")

    def _tenths(self) -> int:
        return 10 * self._here // max(1, self._size)
