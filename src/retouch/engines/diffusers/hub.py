"""Models from the hub: what is to be fetched and how large it is, and fetching it so that it can be interrupted.

The hub's own library keeps the cache, and everything is found there by whatever else uses it. Large files are
fetched by `blobs` first, since that goes on with what an interrupted pull has left; the library then finds them. A
branch's name points to a snapshot only when that is whole.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from retouch.engines.diffusers.additions import hub_file
from retouch.engines.diffusers.blobs import complete, is_digest, patiently, size_so_far
from retouch.engines.diffusers.checkpoint import checkpoint, is_hub_id
from retouch.engines.diffusers.families import with_mask
from retouch.engines.diffusers.options import Lora
from retouch.engines.diffusers.presets import Preset, preset
from retouch.engines.diffusers.refusals import PullError, explained
from retouch.engines.diffusers.selection import INDEXES, adapters, coded, elsewhere, pickled, wanted
from retouch.engines.diffusers.signature import DiffusersMissing

_LARGE = 4 << 20
_MAIN = "main"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_DENOISERS = ("unet/config.json", "transformer/config.json")


@dataclass(frozen=True)
class File:
    """``path`` in its repository, ``size`` in bytes, ``left``: how many of them are still to come."""

    path: str
    size: int
    left: int


@dataclass(frozen=True)
class Part:
    """What is needed of one repository. ``revision``: as named; ``commit``: what that is now. ``folder``: where it
    will lie. ``licence``: as its own page has it, None where that is silent."""

    repository: str
    revision: str
    commit: str
    folder: Path
    files: tuple[File, ...]
    licence: str | None = None


@dataclass(frozen=True)
class Order:
    """What a model needs: its own repository first, then others' parts and adapters. ``cache``: where it goes."""

    model: str
    parts: tuple[Part, ...]
    cache: Path

    @property
    def size(self) -> int:
        """Bytes of it all."""
        return sum(file.size for part in self.parts for file in part.files)

    @property
    def left(self) -> int:
        """Bytes that are still to come."""
        return sum(file.left for part in self.parts for file in part.files)

    @property
    def free(self) -> int:
        """Bytes that the disk has."""
        place = self.cache
        while not place.exists():
            place = place.parent
        return shutil.disk_usage(place).free


class Hub:
    """``endpoint`` and ``cache``: the hub's address and the folder of its cache, unless given those that its
    library takes from the environment (``HF_ENDPOINT``, ``HF_HUB_CACHE``, ``HF_HOME``). The token, too, is taken
    from there (``HF_TOKEN``).

    Every method raises `PullError`.
    """

    def __init__(self, endpoint: str | None = None, cache: Path | None = None) -> None:
        try:
            from huggingface_hub import constants
        except ModuleNotFoundError as error:
            raise PullError("models come with an extra: pip install 'retouch[diffusers]'") from error
        self._endpoint = endpoint or constants.ENDPOINT
        self._cache = cache or Path(constants.HF_HUB_CACHE)

    def order(
        self,
        model: str,
        revision: str | None = None,
        *,
        loras: Iterable[Lora] | None = None,
        denoiser: str | None = None,
    ) -> Order:
        """What ``model``, a preset's name or a hub id, needs. Of weights nothing is fetched yet, and nothing will
        be of a model that could not be used: its index, and what its denoiser says of itself, are judged.
        ``loras``: the adapters that go with it, None for those of its preset. ``denoiser``: "owner/name/file".
        """
        known = preset(model)
        if loras is None:
            loras = known.loras if known else ()
        repository = _repository(model, known)
        main, index = self._model(repository, revision or (known.revision if known else None))
        parts = [main]
        for other, folders in elsewhere(index, repository).items():
            parts.append(self._part(other, None, partial(_some, folders)))
        parts += [
            self._part(lora.source, None, partial(_adapters, lora.weight_name))
            for lora in loras
            if not Path(lora.source).expanduser().exists()
        ]
        if denoiser is not None and not Path(denoiser).expanduser().exists():
            other, path = hub_file(denoiser)
            if not other:
                raise PullError(
                    f"there is no file {denoiser}, and it is none of the hub's (owner/name/file) either"
                )
            parts.append(self._part(other, None, partial(_adapters, path)))
        return Order(model, tuple(parts), self._cache)

    def pull(self, order: Order, progress: Callable[[int], object] = lambda _: None) -> Path:
        """Fetch what is left and return the model's folder. ``progress`` is told of bytes as they come (fewer than
        0 where a file has to begin anew).

        Whatever interrupts it leaves what has come, and the next pull goes on from there. Raises `PullError` at
        once where the disk has too little room.
        """
        if order.left > order.free:
            raise PullError(
                f"{order.model} needs {gigabytes(order.left)} more and the disk of {order.cache} has"
                f" {gigabytes(order.free)} free; HF_HOME names another place"
            )
        for part in order.parts:
            with explained(part.repository, self._endpoint):
                for file in part.files:
                    self._fetch(part, file, progress)
                self._name(part)
        return order.parts[0].folder

    def _model(self, repository: str, revision: str | None) -> tuple[Part, dict[str, Any]]:
        index: dict[str, Any] = {}

        def choose(paths: list[str], commit: str) -> list[str]:
            name = next((name for name in INDEXES if name in paths), None)
            if name is None:
                raise PullError(
                    f"{repository} holds no {INDEXES[0]} and is therefore no model in the diffusers format"
                )
            for path in (name, *(path for path in _DENOISERS if path in paths)):
                self._small(repository, path, commit)
            folder = self._storage(repository) / "snapshots" / commit
            # Nobody waits for gigabytes to be told that there is no pipeline that edits with them.
            found = checkpoint(folder)
            with suppress(DiffusersMissing):
                with_mask(found)
            index.update(json.loads((folder / name).read_text("utf-8")))
            chosen = wanted(paths, index)
            if own := coded(paths, index):
                raise PullError(f"{repository} brings program code of its own for {_and(own)}, which is never run")
            if unsafe := pickled(chosen, index):
                raise PullError(
                    f"{repository} has {_and(unsafe)} as pickles only, which may run any code as they load: choose"
                    " a model that has safetensors"
                )
            return chosen

        return self._part(repository, revision, choose), index

    def _part(self, repository: str, revision: str | None, choose: Callable[[list[str], str], list[str]]) -> Part:
        """``choose``: picks from all paths; it is told the commit, too."""
        from huggingface_hub import HfApi

        revision = revision or _MAIN
        with explained(repository, self._endpoint):
            ask = partial(HfApi(endpoint=self._endpoint).model_info, files_metadata=True)
            info = patiently(partial(ask, repository, revision=revision))
            siblings = {one.rfilename: one for one in info.siblings or ()}
            if not _COMMIT.fullmatch(info.sha or "") or not all(map(_is_inside, siblings)):
                raise PullError(
                    f"{self._endpoint} lists {repository} in a way that no hub does; nothing is fetched"
                )
            commit = str(info.sha)
            paths = choose(list(siblings), commit)
        folder = self._storage(repository) / "snapshots" / commit
        files = []
        for path in paths:
            one = siblings[path]
            size = one.size or 0
            left = 0 if (folder / path).is_file() else size
            if left and one.lfs is not None and is_digest(one.lfs.sha256):
                left -= self._have(repository, one.lfs.sha256)
            files.append(File(path, size, left))
        licence = next((tag[8:] for tag in info.tags or () if tag.startswith("license:")), None)
        return Part(repository, revision, commit, folder, tuple(files), licence)

    def _fetch(self, part: Part, file: File, progress: Callable[[int], object]) -> None:
        if (part.folder / file.path).is_file():
            return
        if file.size < _LARGE:
            self._small(part.repository, file.path, part.commit)
            progress(file.left)
            return
        from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url

        url = hf_hub_url(part.repository, file.path, revision=part.commit, endpoint=self._endpoint)
        found = get_hf_file_metadata(url, endpoint=self._endpoint, retry_on_errors=True)
        # Larger ones the hub does not hand out but by a protocol of its own, which the library speaks.
        plain = file.size <= constants.MAX_HTTP_DOWNLOAD_SIZE
        if found.etag is not None and is_digest(found.etag) and plain:
            blob = self._storage(part.repository) / "blobs" / found.etag
            if not blob.is_file():
                try:
                    complete(url, blob, found.size or file.size, progress)
                except (BlockingIOError, ValueError) as error:
                    raise PullError(f"{file.path}: {error}") from error
            self._small(part.repository, file.path, part.commit)
        else:
            self._small(part.repository, file.path, part.commit)
            progress(file.left)

    def _small(self, repository: str, path: str, commit: str) -> Path:
        """The file in the cache; the library fetches it unless its blob is there."""
        from huggingface_hub import hf_hub_download
        from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

        disable_progress_bars()
        ask = partial(hf_hub_download, cache_dir=self._cache, endpoint=self._endpoint, etag_timeout=30)
        return Path(patiently(partial(ask, repository, path, revision=commit)))

    def _name(self, part: Part) -> None:
        """Let the revision's name point to the snapshot, now that it is whole."""
        if part.revision == part.commit:
            return
        path = self._storage(part.repository) / "refs" / part.revision
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.write_text(part.commit)
        fresh.replace(path)

    def _storage(self, repository: str) -> Path:
        return self._cache / f"models--{repository.replace('/', '--')}"

    def _have(self, repository: str, etag: str) -> int:
        """Bytes of a blob that are here, perhaps all."""
        blob = self._storage(repository) / "blobs" / etag
        return size_so_far(blob)


def gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 10**8 else f"{size / 1e6:.1f} MB"


def _repository(model: str, known: Preset | None) -> str:
    if known is None:
        if not is_hub_id(model) or Path(model).expanduser().exists():
            raise PullError(
                f"{model!r} is neither a preset's name nor a hub id (owner/name); `retouch models list` has the"
                " presets"
            )
        return model
    if known.repo is None:
        raise PullError(
            f"where {model} can be had is not known to this version; name its hub id or a local folder"
        )
    return known.repo


def _is_inside(path: str) -> bool:
    return not path.startswith("/") and not {"..", ""} & set(path.replace("\\", "/").split("/"))


def _and(names: list[str]) -> str:
    return " and ".join(names)


def _some(folders: set[str], paths: list[str], commit: str) -> list[str]:
    return wanted(paths, {}, only=folders)


def _adapters(weight_name: str | None, paths: list[str], commit: str) -> list[str]:
    if not (found := adapters(paths, weight_name)):
        raise ValueError(f"it holds no {weight_name or 'safetensors file'}")
    return found
