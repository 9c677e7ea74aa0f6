"""Where results lie and how long their links live."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


def state_directory() -> Path:
    """``$XDG_STATE_HOME/retouch``, by the XDG base directory specification."""
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "retouch"


class StorageSettings(BaseModel):
    """Results that are answered as URLs."""

    model_config = ConfigDict(extra="forbid")

    directory: Path = Field(
        default_factory=lambda: state_directory() / "results", description="where results are kept"
    )
    lifetime: int = Field(default=3600, ge=1, description="seconds a link is valid; the result is then deleted")
    sweep_every: float = Field(default=60.0, gt=0, description="seconds between two sweeps of expired results")
