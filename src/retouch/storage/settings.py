"""Where results and uploaded files lie, and how long they live."""

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
    total_bytes: int = Field(default=20 << 30, ge=1024, description="bytes of all results that are kept")
    sweep_every: float = Field(
        default=60.0, gt=0, description="seconds between two sweeps of what has expired, files too"
    )


class FileSettings(BaseModel):
    """Files that clients upload, to name them in edits."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool | None = Field(
        default=None,
        description="serve /v1/files; unset: unless the server can be reached from other machines without a key",
    )
    directory: Path = Field(
        default_factory=lambda: state_directory() / "files", description="where files are kept"
    )
    lifetime: int | None = Field(
        default=30 * 24 * 3600,
        ge=1,
        description="seconds a file is kept if its upload does not say; null keeps it until it is deleted",
    )
    max_bytes: int = Field(default=1 << 30, ge=1024, description="bytes of all files of one caller")
    max_count: int = Field(default=1000, ge=1, description="files of one caller")
    total_bytes: int = Field(default=20 << 30, ge=1024, description="bytes of all files of all callers")
