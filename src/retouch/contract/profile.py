"""A model's profile: the rules, defaults and usage formula that go with its name.

Profiles are dated data (`profiles/*.toml`, one file a family), so that the next model, or the next change of
an old one, is an edit of data. A file lists under ``[[models]]`` the names that share its rules. Where a field
of `Profile` is None, the model has no such parameter.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache, cached_property
from importlib import resources
from types import MappingProxyType
from typing import Literal

from pydantic import model_validator

from retouch.contract.rules import Choice, Data, Extra, ImageRule, SizeRule, UsageRule, Whole

NATIVE = "native"
"""The name in the data of the profile that every native model gets."""

_OPTIONAL = (
    "quality",
    "background",
    "input_fidelity",
    "output_format",
    "output_compression",
    "response_format",
    "partial_images",
    "moderation",
    "complexity",
    "safety_identifier",
)
"""Fields of `Profile` that stand for a parameter of the same name."""


class Profile(Data):
    """One model. ``as_of``: the day on which its rules were true. ``default_quality``: what the quality
    "auto" becomes. ``tolerated``: parameters that the model does not have, with the values (as text) that
    mean nothing to it and are accepted unless strict."""

    name: str
    family: Literal["dall-e", "gpt", "native"]
    as_of: date
    released: date | None = None
    retired: date | None = None
    prompt_max_length: int
    default_quality: str
    images: ImageRule
    mask_max_bytes: int
    n: Whole
    size: SizeRule
    quality: Choice | None = None
    background: Choice | None = None
    input_fidelity: Choice | None = None
    output_format: Choice | None = None
    output_compression: Whole | None = None
    response_format: Choice | None = None
    partial_images: Whole | None = None
    moderation: Choice | None = None
    complexity: Choice | None = None
    markup: bool = False
    safety_identifier: bool = False
    extras: Mapping[str, Extra] = {}
    tolerated: Mapping[str, tuple[str, ...]] = {}
    usage: UsageRule | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Profile:
        if self.usage is not None and self.quality is not None:
            paintable = {self.default_quality, *self.quality.values, *self.quality.aliases.values()} - {"auto"}
            if missing := paintable - set(self.usage.factors):
                raise ValueError(f"no usage factor for the qualities {sorted(missing)}")
        if self.size.default not in self.size.values and self.size.default != "auto":
            raise ValueError("the default size is not among the sizes")
        return self

    @property
    def streams(self) -> bool:
        return self.partial_images is not None

    @property
    def has_auto_size(self) -> bool:
        return self.size.kind == "free" or "auto" in self.size.values

    @property
    def created(self) -> int:
        """Its Unix time in lists of models: midnight UTC of the release, or of ``as_of`` if that is unknown."""
        day = self.released or self.as_of
        return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The names of the model's own parameters, files and extras left out."""
        optional = {name for name in _OPTIONAL if getattr(self, name)}
        streaming = {"stream"} if self.streams else set()
        return frozenset({"model", "prompt", "n", "size", "user"} | optional | streaming)


@cache
def profiles() -> Mapping[str, Profile]:
    """Every profile of the data, by name; `NATIVE` is a pattern for names of our own and no model itself."""
    found: dict[str, Profile] = {}
    folder = resources.files("retouch.contract") / "profiles"
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not entry.name.endswith(".toml"):
            continue
        data = tomllib.loads(entry.read_text("utf-8"))
        for model in data.pop("models"):
            profile = Profile.model_validate(data | model)
            if profile.name in found:
                raise ValueError(f"two profiles of the name {profile.name}")
            found[profile.name] = profile
    return MappingProxyType(found)
