"""Which files of a model's repository an engine can make use of.

Repositories often hold the same weights several times: for other programs in one file at the top, as pickles
beside safetensors, in half precision beside full. Only what the pipeline's own loader reads is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

INDEX = "model_index.json"
MODULAR_INDEX = "modular_model_index.json"
INDEXES = (INDEX, MODULAR_INDEX)

_SAFE = ".safetensors"
_PICKLES = frozenset({".bin", ".pt", ".pth", ".ckpt"})
_FOREIGN = frozenset({".msgpack", ".h5", ".onnx", ".onnx_data", ".pb", ".tflite", ".gguf", ".engine", ".plan"})
_PAPERS = re.compile(r"(?i)(licen[cs]e|notice|readme|use.?policy)[^/]*")
_VARIANT = re.compile(r"[^.]+\.(?!safetensors|bin)[a-z0-9_]+(-\d+-of-\d+)?\.(safetensors|bin)")
_REPOSITORY = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_WEIGHTLESS = re.compile(r"(Tokenizer|Processor|Scheduler|FeatureExtractor|Guid)")
_SHARDS = ".safetensors.index.json"


def wanted(paths: Iterable[str], index: Mapping[str, Any], *, only: Collection[str] = ()) -> list[str]:
    """The paths that a pipeline with this ``index`` needs, in order. ``only``: of some folders instead of all."""
    folders = set(only) or {place for name, _, folder in _parts(index) for place in (name, folder)}
    by_folder: dict[str, list[PurePosixPath]] = {}
    chosen = []
    for path in sorted(map(PurePosixPath, paths)):
        if len(path.parts) == 1:
            if path.suffix == ".json" or _PAPERS.fullmatch(path.name):
                chosen.append(path)
        elif path.parts[0] in folders:
            by_folder.setdefault(str(path.parent), []).append(path)
    for members in by_folder.values():
        chosen += _without_copies(members)
    return sorted(map(str, chosen))


def adapters(paths: Iterable[str], weight_name: str | None) -> list[str]:
    """The paths of a repository of adapters: the one named, or every safetensors file at the top."""
    names = list(paths)
    if weight_name is not None:
        return [name for name in names if name == weight_name]
    return sorted(name for name in names if "/" not in name and name.endswith(_SAFE))


def pickled(paths: Iterable[str], index: Mapping[str, Any]) -> list[str]:
    """The parts whose weights are among ``paths`` as pickles and not as safetensors."""
    suffixes: dict[str, set[str]] = {}
    for path in map(PurePosixPath, paths):
        suffixes.setdefault(path.parts[0], set()).add(path.suffix)
    own = {folder for _, repository, folder in _parts(index) if repository is None}
    return sorted(name for name in own if suffixes.get(name, set()) & _PICKLES and _SAFE not in suffixes[name])


def coded(paths: Collection[str], index: Mapping[str, Any]) -> list[str]:
    """The parts whose class is in a file of the repository's own."""
    return [name for name, _, _ in _parts(index) if f"{name}/{index[name][0]}.py" in paths]


def lacking(
    paths: Collection[str], index: Mapping[str, Any], shards: Callable[[str], Collection[str]]
) -> list[str]:
    """The parts of which something is not among ``paths``, as far as that can be told without the whole list: a
    model without any file or without weights, a weight that was split and is not all there. ``shards``: the files
    that one of ``paths``, the table of a split weight, names."""
    found = []
    for name, repository, folder in _parts(index):
        if repository is not None:
            continue
        own = {path for path in paths if path.startswith(f"{folder}/")}
        names = {path.removeprefix(f"{folder}/") for path in own}
        model = not _WEIGHTLESS.search(str(index[name][1:2]))
        # A modular model's index describes in its third field what needs no file.
        bare = not own and model and len(index[name]) < 3
        weights = any(PurePosixPath(path).suffix in {_SAFE, ".gguf", *_PICKLES} for path in own)
        split = [shard for path in own if path.endswith(_SHARDS) for shard in shards(path)]
        if bare or (model and "config.json" in names and not weights) or not names.issuperset(split):
            found.append(name)
    return found


def elsewhere(index: Mapping[str, Any], repository: str) -> dict[str, set[str]]:
    """The parts of a modular model that lie in other repositories than its own: their folders by repository."""
    found: dict[str, set[str]] = {}
    for _, other, folder in _parts(index):
        if other is not None and other != repository and _REPOSITORY.fullmatch(other):
            found.setdefault(other, set()).add(folder)
    return found


def _parts(index: Mapping[str, Any]) -> list[tuple[str, str | None, str]]:
    """(name, repository if it is said, folder) of each part that is not empty."""
    found: list[tuple[str, str | None, str]] = []
    for name, value in index.items():
        if name.startswith("_") or not isinstance(value, list) or not value:
            continue
        where = value[2] if len(value) > 2 and isinstance(value[2], dict) else {}
        repository = where.get("pretrained_model_name_or_path") or where.get("repo")
        if value[0] is None and repository is None:
            continue
        folder = where.get("subfolder") or name
        found.append((name, repository if isinstance(repository, str) else None, str(folder)))
    return found


def _without_copies(members: Collection[PurePosixPath]) -> list[PurePosixPath]:
    """The files of one folder without weights in other programs' formats, and each weight once."""
    useful = [path for path in members if path.suffix not in _FOREIGN and path.suffix != ".py"]
    if any(path.suffix == _SAFE for path in useful):
        useful = [path for path in useful if path.suffix not in _PICKLES]
    weights = [path for path in useful if path.suffix == _SAFE or path.suffix in _PICKLES]
    variants = {path for path in weights if _VARIANT.fullmatch(path.name)}
    if len(variants) < len(weights):
        useful = [path for path in useful if path not in variants]
    return useful
