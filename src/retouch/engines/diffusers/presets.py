"""Models known by name: where they are, what their licences allow, and how they are meant to be run.

The data are in `presets.toml`; a field that is not there is one that nobody has established.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from retouch.engines.diffusers.options import Lora


class Memory(BaseModel):
    """The weights of denoiser and text encoder in GB (10^9 bytes), by how they are kept; a picture of a megapixel
    needs 2 to 4 GB more. None where it was not worked out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bf16: float | None = Field(default=None, gt=0)
    eight_bit: float | None = Field(default=None, gt=0, alias="8bit")
    four_bit: float | None = Field(default=None, gt=0, alias="4bit")

    def of(self, quantise: str) -> float | None:
        """The figure for "none", "8bit", "fp8" or "4bit"."""
        return {"none": self.bf16, "8bit": self.eight_bit, "fp8": self.eight_bit, "4bit": self.four_bit}[quantise]


class Preset(BaseModel):
    """A model known by name.

    ``repo``: its hub id, None where it was not established. ``revision``: branch, tag or commit; None is the hub's
    main one. ``commercial``: whether its licence allows commercial use, None where that was not established;
    ``terms`` says in a few words what the licence attaches to it. ``steps``, ``guidance``, ``loras``: how it is
    meant to be run; None where the family's own are right. ``quantise``: what it is run with unless told
    otherwise. ``pipeline``: the class it is saved as.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    repo: str | None = None
    revision: str | None = None
    licence: str | None = None
    commercial: bool | None = None
    terms: str | None = None
    steps: int | None = Field(default=None, ge=1)
    guidance: float | None = Field(default=None, ge=0)
    loras: tuple[Lora, ...] = ()
    quantise: Literal["auto", "none", "8bit", "4bit", "fp8"] = "auto"
    memory: Memory = Memory()
    pipeline: str
    about: str

    @property
    def caution(self) -> str | None:
        """What an operator must be told at the start, None where there is nothing to tell."""
        if self.commercial:
            return None
        if self.commercial is False:
            return f"the licence of {self.name} ({self.licence}) forbids commercial use"
        return f"whether {self.name} may be used commercially is not known to us; read its licence before you do"


@cache
def presets() -> Mapping[str, Preset]:
    """All presets by name, the default first."""
    text = (resources.files(__package__) / "presets.toml").read_text(encoding="utf-8")
    return MappingProxyType({name: Preset(name=name, **row) for name, row in tomllib.loads(text).items()})


def preset(name: str) -> Preset | None:
    """The preset of that name, if there is one, or the first for the model of that hub id: what is known of a
    model holds however it is called."""
    return presets().get(name) or next((one for one in presets().values() if one.repo == name), None)
