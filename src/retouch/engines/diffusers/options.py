"""What the operator settles for an engine of open-weight models, checked when the engine is built."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

DEFAULT_MODEL = "flux2-klein"


class Lora(BaseModel):
    """A low-rank adapter laid over the model. ``source``: hub id "owner/name", or a local file or folder.
    ``weight_name``: the file within it, where it holds several. ``scale``: its strength."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(min_length=1)
    weight_name: str | None = None
    scale: float = Field(default=1.0, ge=-10.0, le=10.0, allow_inf_nan=False)


class Options(BaseModel):
    """The engine's options. Where one is None, the preset decides, and where that is silent, the model's family.

    Raises `pydantic.ValidationError` (a `ValueError`) for a name or a value that isn't known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(
        default=DEFAULT_MODEL, min_length=1, description="a preset's name, a hub id (owner/name) or a local folder"
    )
    revision: str | None = Field(default=None, min_length=1, description="the hub's branch, tag or commit")
    device: str = Field(default="auto", pattern=r"^(auto|cpu|mps|cuda(:\d{1,3})?)$", description="where it runs")
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = Field(
        default="auto", description="the type of the weights"
    )
    quantise: Literal["auto", "none", "8bit", "4bit", "fp8"] = Field(
        default="auto", description="how the weights are made smaller"
    )
    offload: Literal["auto", "none", "model", "group"] = Field(
        default="auto", description="what waits in main memory until it is needed"
    )
    attention: str | None = Field(default=None, min_length=1, description="a diffusers attention backend")
    compile: bool = Field(default=False, description="compile the denoiser's blocks at the first edit")
    steps: int | None = Field(default=None, ge=1, le=1000, description="denoising steps at medium quality")
    guidance: float | None = Field(
        default=None, ge=0.0, le=100.0, allow_inf_nan=False, description="how strictly the prompt is followed"
    )
    strength: float | None = Field(
        default=None, gt=0.0, le=1.0, description="how much of the picture is painted anew, where the model has it"
    )
    denoiser: str | None = Field(
        default=None,
        min_length=1,
        description="a file for the denoiser's weights, GGUF or safetensors: a path or owner/name/file",
    )
    rewrite: bool = Field(default=False, description="a model's own writer, where it brings one, enlarges prompts")
    loras: tuple[Lora, ...] | None = Field(default=None, description="adapters laid over the model, in order")
    area: int | None = Field(
        default=None, ge=64 * 64, le=16_777_216, description="working pixels; smaller is faster, coarser"
    )
    crop: bool = Field(default=True, description="work at the masked part with context, not at the whole picture")
    memory: int | None = Field(
        default=None, ge=1 << 20, description="bytes of the device that models may take; none: what is free"
    )
    calls: Mapping[str, Any] = Field(
        default_factory=dict, description="further arguments of the pipeline's call, by its author's names"
    )

    @field_validator("calls")
    @classmethod
    def _sealed(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        for name in value:
            if not name.isidentifier():
                raise ValueError(f"{name!r} cannot be the name of an argument")
        return MappingProxyType(dict(value))
