"""What the server asks of a worker, and what a worker needs to know once.

Both travel as pickles on a socket between a server and the processes it started itself; nothing a client
sends is ever unpickled.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from retouch.contract.parameters import EditRequest
from retouch.service.journal import Journal

Stage = Literal["edit", "paint", "finish"]
"""``edit``: prepare, and if the engine paints in the worker, paint and finish too. ``paint``: a prepared edit
in a device's process. ``finish``: one painted picture."""

T = TypeVar("T")


@dataclass(frozen=True)
class EngineSpec:
    """An engine by the name operators and clients use, its kind in the registry, and its options."""

    name: str
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class WorkerConfig:
    """What a worker is told at start.

    ``memory``: its address space in bytes, None for no limit. ``pixels``: `PixelLimits` as keywords.
    ``max_output_side`` and ``max_output_pixels`` bound the sizes that instructions imply.
    ``warm``: load what the first edit will need while nobody waits. ``device``: which device's process it is, None
    for a CPU worker. ``log_level``: of `logging`.
    """

    engines: tuple[EngineSpec, ...]
    memory: int | None = None
    pixels: Mapping[str, int] = field(default_factory=dict)
    max_output_side: int = 3840
    max_output_pixels: int = 8_294_400
    warm: bool = True
    device: str | None = None
    log_level: int = logging.INFO


@dataclass(frozen=True)
class Task:
    """One stage of one edit.

    ``request``: its files are not in it; they come as descriptors, images first, then the mask, then markup.
    ``chain``: engine names, asked in turn. ``seeds``: one a picture. ``base64``: how finished pictures are
    wanted. ``caller`` and ``request_id``: whose it is, for fairness and logs. ``plan``: for ``paint``, what was
    planned, as `dataclasses.asdict`. ``index`` and ``encoded``: for ``finish``, which of the n pictures it is, and
    whether it comes as a file rather than as an array. ``journal``: how it goes, kept by the server.
    """

    stage: Stage
    request: EditRequest
    chain: tuple[str, ...]
    seeds: tuple[int, ...]
    base64: bool = True
    caller: str = ""
    request_id: str = ""
    plan: Mapping[str, Any] | None = None
    encoded: bool = False
    index: int = 0
    journal: Journal = field(default_factory=Journal, compare=False)


def dump(value: Task | WorkerConfig) -> bytes:
    if isinstance(value, Task):
        request = value.request
        bare = replace(
            request,
            images=tuple(replace(part, blob=None) for part in request.images),
            mask=replace(request.mask, blob=None) if request.mask else None,
            markup=replace(request.markup, blob=None) if request.markup else None,
            extras=dict(request.extras),  # a read-only view cannot be pickled
        )
        value = replace(value, request=bare, journal=Journal())
    return pickle.dumps(value, protocol=5)


def parse(data: bytes | bytearray | memoryview, kind: type[T]) -> T:
    value = pickle.loads(data)  # noqa: S301 - written by `dump` in the process that started this one
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value
