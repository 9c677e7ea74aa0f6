"""What is laid over a model or put in place of a part of it: adapters, and a denoiser from a file of its own.

Each is a file here, or one of the hub's, which is looked for in its cache and never on the network.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from retouch.engines.diffusers.checkpoint import cached, is_hub_id
from retouch.engines.diffusers.options import Lora, Options
from retouch.engines.diffusers.presets import preset
from retouch.engines.diffusers.selection import adapters

SUFFIXES = (".gguf", ".safetensors")
"""Of files that hold a denoiser. Neither can bring code along."""


class AdditionMissing(ValueError):
    """A file that the options or the preset name is not on this machine. The message says which."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is not on this machine")


def loras(options: Options) -> tuple[Lora, ...]:
    """The adapters that the options name, or else those of the preset."""
    if options.loras is not None:
        return options.loras
    known = preset(options.model)
    return known.loras if known is not None else ()


def require(options: Options) -> None:
    """Raise `AdditionMissing` unless all that the options, or the preset, add to the model is here."""
    for lora in loras(options):
        lora_file(lora)
    if options.denoiser is not None:
        denoiser_file(options.denoiser)


def lora_file(lora: Lora) -> Path:
    """Where the adapter lies.

    Raises `AdditionMissing`, and `ValueError` where ``source`` holds several and none is named.
    """
    place = Path(lora.source).expanduser()
    if place.is_file():
        return place.resolve()
    hub = cached(lora.source) if is_hub_id(lora.source) else None
    folder = place if place.is_dir() else hub
    if folder is None:
        raise AdditionMissing(lora.source)
    found = adapters([str(file.relative_to(folder)) for file in folder.rglob("*.safetensors")], lora.weight_name)
    if not found:
        raise AdditionMissing(f"{lora.source}/{lora.weight_name or '*.safetensors'}")
    if len(found) > 1:
        raise ValueError(f"{lora.source} holds several adapters, and weight_name says which: {', '.join(found)}")
    return (folder / found[0]).absolute()


def lay_over(pipeline: Any, adapters: Iterable[Lora], *, fuse: bool) -> None:
    """Lay the adapters over the pipeline's parts, in order. ``fuse``: add them to the weights, which costs nothing
    afterwards; into narrowed weights they would be rounded away, and are kept beside them."""
    scales: dict[str, float] = {}
    for number, lora in enumerate(adapters):
        file = lora_file(lora)
        name = f"lora_{number}"
        pipeline.load_lora_weights(
            str(file.parent),
            weight_name=file.name,
            adapter_name=name,
            local_files_only=True,
            use_safetensors=True,
        )
        scales[name] = lora.scale
    if scales:
        pipeline.set_adapters(list(scales), list(scales.values()))
    if scales and fuse:
        pipeline.fuse_lora(adapter_names=list(scales))
        pipeline.unload_lora_weights()


def denoiser_file(source: str) -> Path:
    """Where the denoiser's file lies: ``source`` is its path, or "owner/name/file" of the hub.

    Raises `AdditionMissing`, and `ValueError` for a file of another kind.
    """
    if not source.endswith(SUFFIXES):
        raise ValueError(f"the denoiser {source!r} is neither a GGUF nor a safetensors file")
    place = Path(source).expanduser()
    if place.is_file():
        return place.absolute()
    repository, path = hub_file(source)
    folder = cached(repository) if repository else None
    if folder is None or not (folder / path).is_file():
        raise AdditionMissing(source)
    return folder / path


def hub_file(source: str) -> tuple[str, str]:
    """The repository and the path in it of "owner/name/file"; two empty texts where it has not that form."""
    owner, _, rest = source.partition("/")
    name, _, path = rest.partition("/")
    if not path or not owner or not name or owner[0] in ".~" or ".." in path.split("/"):
        return "", ""
    return f"{owner}/{name}", path
