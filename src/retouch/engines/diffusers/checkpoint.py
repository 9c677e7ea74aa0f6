"""A model's folder, looked at without loading anything of it, and where that folder is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from retouch.engines.diffusers.presets import preset
from retouch.engines.diffusers.selection import INDEX, INDEXES, MODULAR_INDEX, lacking
from retouch.engines.diffusers.signature import DiffusersMissing, UnknownPipeline

_MAX_BYTES = 4 << 20
"""No index or configuration is near this size; a larger file is something else."""


class ModelMissing(ValueError):
    """The model is not on this machine, or not all of it. ``pullable``: its name is one that could be fetched."""

    def __init__(self, name: str, *, pullable: bool = True) -> None:
        self.name = name
        self.pullable = pullable
        super().__init__(
            f"the model {name!r} is not on this machine, or not all of it; download it with:"
            f" retouch models pull {name}"
            if pullable
            else f"{name!r} is neither a preset's name nor a hub id (owner/name), and there is no such folder;"
            " `retouch models list` has the presets"
        )


@dataclass(frozen=True)
class Checkpoint:
    """What a model's folder says of itself.

    ``pipeline``: the class it was saved as. ``modular``: whether it is assembled of blocks. ``distilled``: whether
    it says that its guidance is baked in and few steps are enough (None: it does not say). ``components``: the
    class of each part by its name, without the empty ones. ``inputs`` and ``outputs``: channels of latents that
    the denoiser reads and writes, None where it doesn't say; more in than out means that it reads a picture, and
    perhaps a mask, beside the noise.
    """

    folder: Path
    pipeline: str
    modular: bool = False
    distilled: bool | None = None
    components: Mapping[str, str] = field(default_factory=dict)
    inputs: int | None = None
    outputs: int | None = None


def checkpoint(folder: Path) -> Checkpoint:
    """Read the folder's index.

    Raises `UnknownPipeline` where there is none that can be used, or where the pipeline's code would come with the
    model: what a stranger's folder brings along is never run.
    """
    for name in INDEXES:
        if (folder / name).is_file():
            return _read(folder, _mapping(folder / name), modular=name == MODULAR_INDEX)
    raise UnknownPipeline(f"{folder} holds no {INDEX} and is therefore no model in the diffusers format")


def locate(model: str, revision: str | None = None) -> Path:
    """The folder of a model: of a preset by its name, of a local folder by its path, of a hub's model by its id
    "owner/name" (the hub's cache is looked into, never the network). ``revision`` stands above the preset's own.

    Raises `ModelMissing`, and `ValueError` for a preset whose place nobody has told us.
    """
    known = preset(model)
    if known is None or model != known.name:
        folder = Path(model).expanduser()
        if folder.is_dir():
            return folder.resolve()
        if not is_hub_id(model):
            raise ModelMissing(model, pullable=False)
    repository, revision = (model, revision) if known is None else (known.repo, revision or known.revision)
    if repository is None:
        raise ValueError(
            f"where the model {model!r} can be had is not known to this version; name its hub id or a local folder"
        )
    found = cached(repository, revision)
    if found is None or not _whole(found):
        raise ModelMissing(model)
    return found


def cached(repository: str, revision: str | None = None) -> Path | None:
    """The folder of what the hub's cache has of a repository, which may be a part of it. Raises
    `DiffusersMissing`."""
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, IncompleteSnapshotError, LocalEntryNotFoundError
    except ModuleNotFoundError as error:
        raise DiffusersMissing from error
    try:
        return Path(snapshot_download(repository, revision=revision, local_files_only=True))
    except IncompleteSnapshotError as error:
        # It knows of files that nobody needs here, such as copies of weights in other programs' formats.
        return Path(error.snapshot_path)
    except (LocalEntryNotFoundError, HFValidationError):
        return None


def is_hub_id(text: str) -> bool:
    """Whether ``text`` has the form "owner/name"."""
    owner, slash, name = text.partition("/")
    return bool(owner and slash and name) and "/" not in name and not text.startswith((".", "~", "-"))


def _whole(folder: Path) -> bool:
    """Whether the parts of the model in a folder of the hub's cache are there; whatever filled it may have been
    interrupted, or have wanted something else of it."""
    name = next((name for name in INDEXES if (folder / name).is_file()), None)
    if name is None:
        return False
    paths = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}

    def shards(path: str) -> set[str]:
        weights = _mapping(folder / path).get("weight_map")
        return {str(file) for file in weights.values()} if isinstance(weights, dict) else set()

    return not lacking(paths, _mapping(folder / name), shards)


def _read(folder: Path, index: Mapping[str, Any], *, modular: bool) -> Checkpoint:
    name = index.get("_class_name")
    if not isinstance(name, str) or not name.isidentifier():
        raise UnknownPipeline(f"{folder.name} names no pipeline of the library, or brings code of its own")
    components: dict[str, str] = {}
    for part, value in index.items():
        if part.startswith("_") or not isinstance(value, list) or len(value) < 2:
            continue
        kind = value[1]
        if kind is None and len(value) > 2 and isinstance(value[2], dict):
            # A part of a modular model that is fetched from elsewhere is described, not stored.
            hint = value[2].get("type_hint")
            kind = hint[1] if isinstance(hint, list) and len(hint) == 2 else None
        if isinstance(kind, str):
            components[part] = kind
    distilled = index.get("is_distilled")
    inputs, outputs = _channels(folder)
    return Checkpoint(
        folder=folder,
        pipeline=name,
        modular=modular,
        distilled=distilled if isinstance(distilled, bool) else None,
        components=MappingProxyType(components),
        inputs=inputs,
        outputs=outputs,
    )


def _channels(folder: Path) -> tuple[int | None, int | None]:
    for part in ("unet", "transformer"):
        path = folder / part / "config.json"
        if path.is_file():
            configuration = _mapping(path)
            inputs, outputs = configuration.get("in_channels"), configuration.get("out_channels")
            # A transformer that leaves its outputs open writes as many channels as it reads.
            outputs = inputs if outputs is None else outputs
            if isinstance(inputs, int) and isinstance(outputs, int):
                return inputs, outputs
    return None, None


def _mapping(path: Path) -> Mapping[str, Any]:
    if path.stat().st_size > _MAX_BYTES:
        raise UnknownPipeline(f"{path.name} is too large to be a model's index")
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UnknownPipeline(f"{path.name} cannot be read as JSON") from error
    if not isinstance(read, dict):
        raise UnknownPipeline(f"{path.name} holds no table")
    return read
