"""Where a model goes and in what shape, from the memory that is free.

`place` is a pure function. It tries ways of holding the model, the most faithful and fastest first, and takes the
one that fits; what the operator has settled narrows the ways.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from retouch.engines.diffusers.weights import Quantise, Weight

GIB = 1 << 30

Dtype = Literal["bfloat16", "float16", "float32"]
Offload = Literal["none", "model", "group"]

DENOISERS = ("transformer", "unet", "transformer_2")
"""The names under which pipelines keep what is called at every step."""

_TILED_ABOVE = 2 << 20
_TILED_ABOVE_WHEN_TIGHT = 3 << 18


class TooLarge(ValueError):
    """The model fits no way that is left."""


@dataclass(frozen=True)
class Machine:
    """A device and its memory.

    ``device``: torch's name ("cpu", "cuda:0", "mps"). ``total``, ``free``: bytes of its memory. ``bf16``: it
    multiplies bfloat16 matrices in hardware. ``host``: free bytes of main memory, where offloaded parts rest.
    ``quantises``: what the installed libraries can do there.
    """

    device: str
    total: int
    free: int
    bf16: bool
    host: int = 0
    quantises: frozenset[Quantise] = frozenset({"fp8"})


@dataclass(frozen=True)
class Placement:
    """How a model is held.

    ``need``: bytes of the device that its weights take at once. ``channels_last``: convolutions of the VAE keep
    channels innermost, 2.4 times faster in bfloat16 on a CPU. ``tiled_above``: pixels above which the VAE
    works tile by tile.
    """

    device: str
    dtype: Dtype
    quantise: Quantise
    offload: Offload
    need: int
    channels_last: bool
    tiled_above: int

    def describe(self) -> str:
        """For the log: `cuda:0, bfloat16, 4bit, 5.1 GiB`."""
        words = [self.device, self.dtype]
        words += [self.quantise] if self.quantise != "none" else []
        words += [f"{self.offload} offload"] if self.offload != "none" else []
        return ", ".join([*words, f"{self.need / GIB:.1f} GiB"])


def place(
    machine: Machine,
    parts: Mapping[str, Weight],
    *,
    dtype: Dtype | Literal["auto"] = "auto",
    quantise: Quantise | Literal["auto"] = "auto",
    offload: Offload | Literal["auto"] = "auto",
) -> Placement:
    """The best way to hold a model of ``parts``, by name, on ``machine``.

    An operator who has settled both quantisation and offload is obeyed, whether it fits or not. Raises
    `TooLarge`, and `ValueError` for an offload that the device has not.
    """
    if offload in ("model", "group") and machine.device == "cpu":
        raise ValueError(f"offload is {offload!r} but the device is the cpu: there is nothing to offload to")
    ways = [way for way in _ways(machine, dtype) if quantise in ("auto", way[1]) and offload in ("auto", way[2])]
    settled = quantise != "auto" and offload != "auto"
    if not ways:
        ways = [
            (
                dtype if dtype != "auto" else _native(machine),
                quantise if quantise != "auto" else "none",
                offload if offload != "auto" else "none",
            )
        ]
    tried = [_need(machine, parts, *way) for way in ways]
    for way, need in zip(ways, tried, strict=True):
        if settled or need.fits:
            spare = machine.free - need.device
            return Placement(
                device=machine.device,
                dtype=way[0],
                quantise=way[1],
                offload=way[2],
                need=need.weights,
                channels_last=machine.device == "cpu",
                tiled_above=_TILED_ABOVE if spare > GIB else _TILED_ABOVE_WHEN_TIGHT,
            )
    least = min(need.device for need in tried)
    raise TooLarge(
        f"the model needs at least {least / GIB:.1f} GiB of {machine.device}, where {machine.free / GIB:.1f} GiB"
        f" are free{_advice(machine)}"
    )


def machine(device: str = "auto", memory: int | None = None, *, taken: int = 0) -> Machine:
    """The machine as it is now, ``memory`` the bytes that models may take, of which they have ``taken`` already.
    Needs torch.

    Raises `ValueError` for a device that isn't there.
    """
    import torch

    host_total, host = _main_memory()
    name = device
    if device == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, index = name.partition(":")
    total, free, bf16 = host_total, host, _cpu_bf16()
    if kind == "cuda":
        if not torch.cuda.is_available() or int(index or 0) >= torch.cuda.device_count():
            raise ValueError(
                f"the device {device!r} is not there: this torch sees {_seen(torch.cuda.device_count())}"
            )
        name = f"cuda:{int(index or 0)}"
        free, total = torch.cuda.mem_get_info(int(index or 0))
        bf16 = torch.cuda.get_device_capability(int(index or 0)) >= (8, 0)
    elif kind == "mps":
        if not torch.backends.mps.is_available():
            raise ValueError("the device 'mps' is not there: it is Apple's, and needs a torch built for it")
        bf16 = True
    elif name != "cpu":
        raise ValueError(f"the device {device!r} is not known: auto, cpu, cuda, cuda:1, mps")
    free = free if memory is None else min(free, max(0, memory - taken))
    return Machine(device=name, total=total, free=free, bf16=bf16, host=host, quantises=_quantises(kind))


def _ways(machine: Machine, dtype: Dtype | Literal["auto"]) -> Iterator[tuple[Dtype, Quantise, Offload]]:
    # Exact ways first; then those that need no copying at every request; then what still works at all.
    native = _native(machine) if dtype == "auto" else dtype
    yield native, "none", "none"
    if machine.device == "cpu":
        narrow: Dtype = "bfloat16" if dtype == "auto" else dtype
        if narrow != native:
            yield narrow, "none", "none"
        for way in ("8bit", "fp8", "4bit"):
            if way in machine.quantises:
                yield narrow, way, "none"
        return
    if machine.device != "mps":  # its memory is the main memory: moving parts there and back frees nothing
        yield native, "none", "model"
    for quantised, offload in _QUANTISED_WAYS:
        if quantised in machine.quantises and (offload == "none" or machine.device != "mps"):
            yield native, quantised, offload
    if machine.device != "mps":
        yield native, "none", "group"


_QUANTISED_WAYS: tuple[tuple[Quantise, Offload], ...] = (
    ("8bit", "none"),
    ("fp8", "none"),
    ("4bit", "none"),
    ("fp8", "model"),
    ("4bit", "model"),
)


def _native(machine: Machine) -> Dtype:
    if machine.bf16:
        return "bfloat16"
    return "float32" if machine.device == "cpu" else "float16"


@dataclass(frozen=True)
class _Need:
    weights: int
    device: int
    fits: bool


def _need(
    machine: Machine, parts: Mapping[str, Weight], dtype: Dtype, quantise: Quantise, offload: Offload
) -> _Need:
    wide = dtype == "float32"
    held = {name: weight.held(_way(name, quantise), wide=wide) for name, weight in parts.items()}
    whole = sum(held.values())
    # Activations at a megapixel grow with the width of the network: 1.25 to 3 GiB for the presets' models.
    largest = max((weight.size for weight in parts.values()), default=0)
    room = round(min(3 * GIB, max(1.25 * GIB, largest / 4)))
    if offload == "none":
        weights = whole
    elif offload == "model":
        weights = max(held.values(), default=0)
    else:
        weights = _staged(parts, held)
    device = weights + room
    return _Need(weights, device, device <= machine.free and (offload == "none" or whole <= machine.host))


def _way(name: str, quantise: Quantise) -> Quantise:
    fits = name in DENOISERS if quantise == "fp8" else quantisable(name)
    return quantise if fits else "none"


def _staged(parts: Mapping[str, Weight], held: Mapping[str, int]) -> int:
    """What is on the device at once when blocks come one by one, each while the one before is at work."""
    most = 0
    for name, weight in parts.items():
        if name == "vae":
            continue
        once = weight.rest + 2 * weight.block if name in DENOISERS else 2 * weight.tensor
        most = max(most, round(once / weight.size * held[name]))
    return held.get("vae", 0) + most


def quantisable(name: str) -> bool:
    """Whether a part of that name is made of wide linear layers, which 8 and 4 bits serve well."""
    return name in DENOISERS or name.startswith(("text_encoder", "prompt_upsampler", "vision_language_encoder"))


def _quantises(kind: str) -> frozenset[Quantise]:
    if kind == "mps":
        return frozenset()
    found: set[Quantise] = {"fp8"}
    bitsandbytes = importlib.util.find_spec("bitsandbytes") is not None
    if bitsandbytes:
        found.add("4bit")
    if importlib.util.find_spec("torchao") is not None or (bitsandbytes and kind == "cuda"):
        found.add("8bit")
    return frozenset(found)


def _advice(machine: Machine) -> str:
    if machine.device != "mps" and "4bit" not in machine.quantises:
        return ": `pip install bitsandbytes` lets it be held in 4 bits, or choose a smaller model"
    return ": choose a smaller model, or free some memory"


def _seen(count: int) -> str:
    return "no CUDA device at all" if not count else f"{count} CUDA device{'s' * (count > 1)}, counted from 0"


def _main_memory() -> tuple[int, int]:
    """(total, free) bytes of main memory, as the container allows."""
    total = free = 1 << 62
    if sys.platform.startswith("linux"):
        lines = Path("/proc/meminfo").read_text().splitlines()
        kib = {line.partition(":")[0]: int(line.partition(":")[2].split()[0]) for line in lines}
        total, free = kib["MemTotal"] << 10, kib["MemAvailable"] << 10
        try:
            limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
            used = int(Path("/sys/fs/cgroup/memory.current").read_text())
        except OSError:
            limit, used = "max", 0
        if limit != "max":
            total, free = min(total, int(limit)), min(free, int(limit) - used)
    else:
        import psutil

        memory = psutil.virtual_memory()
        total, free = memory.total, memory.available
    return total, max(0, free)


def _cpu_bf16() -> bool:
    """Whether the processor multiplies bfloat16 (x86: AVX512-BF16 or AMX; Arm: BF16), by Linux's account of it."""
    try:
        told = Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return sys.platform == "darwin"
    return not {"amx_bf16", "avx512_bf16", "bf16"}.isdisjoint(told)
