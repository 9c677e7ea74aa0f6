"""What the server listens to, lets in and takes."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class ServerSettings(BaseModel):
    """HTTP: addresses, access, limits."""

    model_config = ConfigDict(extra="forbid")

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    api_keys: list[SecretStr] = Field(
        default_factory=list, description="keys that are let in; none: any key or no key is"
    )
    allow_public_without_keys: bool = Field(
        default=False, description="listen beyond this machine although anyone may then use it"
    )
    allowed_hosts: list[str] = Field(
        default_factory=list,
        description="Host names answered beside the loopback ones and `host`; '*' answers every name",
    )
    cors_origins: list[str] = Field(
        default_factory=list, description="web origins whose pages may call the API; '*' for every one"
    )
    trusted_proxies: list[str] = Field(
        default_factory=list, description="addresses of proxies whose X-Forwarded-Proto and -For are believed"
    )
    public_url: str | None = Field(
        default=None, description="base of result URLs, e.g. https://images.example.com"
    )
    max_request_bytes: int = Field(default=900 << 20, ge=1024, description="bytes of a whole request body")
    max_json_bytes: int = Field(default=96 << 20, ge=1024, description="bytes of a JSON request body")
    max_file_bytes: int = Field(default=50 << 20, ge=1024, description="bytes of one uploaded file")
    max_field_bytes: int = Field(default=256 << 10, ge=1024, description="bytes of one text field")
    max_parts: int = Field(default=64, ge=1, description="parts of a multipart body")
    max_part_header_bytes: int = Field(default=4096, ge=256, description="bytes of one header line of a part")
    max_head_bytes: int = Field(default=64 << 10, ge=1024, description="bytes of a request's headers")
    body_idle: float = Field(default=30.0, gt=0, description="seconds to wait for the next piece of a body")
    body_total: float = Field(default=600.0, gt=0, description="seconds to wait for a whole body")
    drain_bytes: int = Field(default=64 << 20, ge=0, description="bytes read on after an early refusal")
    drain_seconds: float = Field(default=5.0, ge=0, description="seconds read on after an early refusal")
    heartbeat: float = Field(default=10.0, gt=0, description="seconds between comments on a silent stream")
    shutdown: float = Field(default=30.0, ge=0, description="seconds running edits get when the server stops")
    upload_directory: Path | None = Field(
        default=None, description="where uploads are spooled; the system's temporary directory if unset"
    )
