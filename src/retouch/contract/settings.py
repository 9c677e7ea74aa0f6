"""Which models are served, and how closely the vendor's refusals are followed."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ContractSettings(BaseModel):
    """Models and strictness."""

    model_config = ConfigDict(extra="forbid")

    strict: bool = Field(
        default=False, description="refuse what the vendor refuses, also where we could honour it"
    )
    default_model: str = Field(
        default="gpt-image-1.5",
        description="the model when a request names none; 'by-parameters' is the older rule: dall-e-2 unless a"
        " parameter of the GPT image models is used",
    )
    refused_models: list[str] = Field(default_factory=list, description="model names that do not exist here")
