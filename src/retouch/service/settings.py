"""How edits are run."""

from __future__ import annotations

import os
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class EngineSettings(BaseModel):
    """An engine under a name of its own."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(description="its kind: darkroom, echo, …")
    options: dict[str, Any] = Field(default_factory=dict, description="the engine's own options")


class ServiceSettings(BaseModel):
    """Engines, workers and their limits."""

    model_config = ConfigDict(extra="forbid")

    engines: dict[str, EngineSettings] = Field(
        default_factory=lambda: {"darkroom": EngineSettings(kind="darkroom")},
        description="the engines by name; each name is also a model with the native profile",
    )
    chain: list[str] = Field(
        default=["darkroom"],
        description="the engines that serve a model, asked in turn: where one refuses, the next is asked",
    )
    models: dict[str, list[str]] = Field(
        default_factory=dict, description="a chain of its own for a model, by the model's name"
    )
    workers: int = Field(
        default_factory=lambda: len(os.sched_getaffinity(0)), ge=1, le=256, description="CPU worker processes"
    )
    waiting: int = Field(default=64, ge=0, description="edits that may wait; one more is answered 429")
    max_bytes_in_flight: int = Field(
        default=2 << 30, ge=1024, description="bytes of the uploads of all edits that run or wait"
    )
    max_pixels_in_flight: int = Field(
        default=1_000_000_000, ge=1, description="pixels of the pictures of all edits that run or wait"
    )
    wait: float = Field(
        default=120.0, gt=0, description="seconds an edit may wait for its turn, then it is answered 429"
    )
    deadline: float = Field(default=300.0, gt=0, description="seconds an edit may run, all its stages together")
    device_deadline: float = Field(
        default=1800.0,
        gt=0,
        description="the same from when a device takes the edit to paint it: on a CPU a large model takes minutes",
    )
    device_start: float = Field(
        default=1800.0,
        gt=0,
        description="seconds until a device's process can take edits, its first model loaded; then it is replaced",
    )
    device_heed: float = Field(
        default=180.0,
        gt=0,
        description="seconds a device has to notice that an edit is cancelled or over its deadline, which it does"
        " between two steps and once a model is loaded; then it is replaced, and its models are loaded anew",
    )
    prepared: int = Field(
        default=1, ge=0, description="edits prepared for a device beyond the one it works at; more wait on disk"
    )
    grace: float = Field(
        default=12.0,
        ge=0,
        description="seconds an edit goes on after its client has left",
    )
    followers: int = Field(
        default=16,
        ge=1,
        description="requests that may wait for one edit: a retry, and those before it whose connections are dead"
        " and not known to be",
    )
    replay_seconds: float = Field(
        default=600.0, ge=0, description="seconds a finished edit is kept for a client that asks again"
    )
    replay_edits: int = Field(
        default=2000, ge=0, description="finished edits kept at most; each keeps its prompt too"
    )
    replay_bytes: int = Field(
        default=256 << 20, ge=0, description="bytes of the pictures kept for clients that ask again"
    )
    worker_memory: int | None = Field(
        default=8 << 30, ge=1 << 30, description="address space of a CPU worker in bytes"
    )
    max_picture_pixels: int = Field(default=50_000_000, ge=1, description="pixels of one picture sent")
    max_request_pixels: int = Field(default=200_000_000, ge=1, description="pixels of all pictures of a request")
    max_side: int = Field(default=16_384, ge=1, description="longest side of a picture sent, in pixels")
    max_frames: int = Field(default=1, ge=1, description="frames of a picture sent")
    max_output_side: int = Field(default=3840, ge=16, description="longest side of an answer of a native model")
    max_output_pixels: int = Field(default=8_294_400, ge=256, description="pixels of an answer of a native model")
    seed: int | None = Field(
        default=None, ge=0, lt=2**32, description="the first seed of every request, for repeatable answers"
    )

    @model_validator(mode="after")
    def _chains_name_engines(self) -> ServiceSettings:
        for names in (self.chain, *self.models.values()):
            if unknown := set(names) - set(self.engines):
                raise ValueError(f"no engine of this name is set up: {', '.join(sorted(unknown))}")
            if not names:
                raise ValueError("a chain names at least one engine")
        return self

    def chain_of(self, model: str) -> tuple[str, ...]:
        """The engines that serve ``model``, in the order they are asked."""
        if model in self.models:
            return tuple(self.models[model])
        return (model,) if model in self.engines else tuple(self.chain)
