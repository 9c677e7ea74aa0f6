"""What the server listens to, lets in and takes."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

_SENDABLE = re.compile(r"[!-~]+")


def _sendable(key: SecretStr) -> SecretStr:
    """A key that a header can carry: an empty one, as from an unset variable, would let nobody in."""
    if not _SENDABLE.fullmatch(key.get_secret_value()):
        raise ValueError("a key is one or more printable ASCII characters without spaces")
    return key


class ServerSettings(BaseModel):
    """HTTP: addresses, access, limits."""

    model_config = ConfigDict(extra="forbid")

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    api_keys: list[Annotated[SecretStr, AfterValidator(_sendable)]] = Field(
        default_factory=list,
        description="keys that are let in; without any, and without `keys_file`, any key or no key is",
    )
    keys_file: Path | None = Field(
        default=None,
        description="a file of keys, see `retouch keys`; with one, even an empty one, a key is asked for",
    )
    keys_reload: float = Field(
        default=1.0, gt=0, description="seconds between two looks whether the file of keys has changed"
    )
    requests_per_minute: int | None = Field(
        default=None,
        ge=1,
        description="edits and uploads to /v1/files a minute, for a key without such a budget of its own, or for"
        " an address where no key is asked for",
    )
    images_per_minute: int | None = Field(default=None, ge=1, description="pictures sent a minute, likewise")
    limits_storage: SecretStr | None = Field(
        default=None,
        description="redis://HOST:PORT/DB where several servers count budgets together; unset: in memory",
    )
    limits_timeout: float = Field(default=0.5, gt=0, description="seconds to wait for Redis")
    limits_pause: float = Field(
        default=5.0, ge=0, description="seconds until Redis is asked again after it has failed"
    )
    limits_unavailable: Literal["open", "closed"] = Field(
        default="open",
        description="while Redis fails: `open` lets each server count by itself, `closed` answers 503",
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
        default_factory=list,
        description="addresses of proxies whose X-Forwarded-Proto and -For are believed; with '*' a client"
        " can claim any address",
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
    head_seconds: float = Field(default=15.0, gt=0, description="seconds a request's headers may take to come")
    max_connections: int = Field(
        default=2048, ge=1, description="open connections; never more than a quarter of the file descriptors"
    )
    max_uploads: int = Field(default=512, ge=1, description="bodies being read; one more is answered 429")
    max_upload_bytes: int = Field(default=2 << 30, ge=1024, description="bytes of all bodies being read")
    max_json_bytes_in_flight: int = Field(
        default=256 << 20, ge=1024, description="bytes of all JSON bodies being read, which are kept in memory"
    )
    body_slack: float = Field(default=10.0, gt=0, description="seconds until a body has to keep `body_rate`")
    body_rate: float = Field(default=1024.0, gt=0, description="bytes a second that a body has to come at")
    body_idle: float = Field(default=30.0, gt=0, description="seconds to wait for the next piece of a body")
    body_total: float = Field(default=600.0, gt=0, description="seconds to wait for a whole body")
    drain_bytes: int = Field(default=64 << 20, ge=0, description="bytes read on after an early refusal")
    drain_seconds: float = Field(default=5.0, ge=0, description="seconds read on after an early refusal")
    send_idle: float = Field(
        default=60.0, gt=0, description="seconds in which a client may take nothing of its answer"
    )
    send_rate: float = Field(default=1024.0, gt=0, description="bytes a second that an answer has to be taken at")
    max_answer_bytes: int = Field(
        default=1 << 30, ge=1024, description="bytes of all answers on their way to their clients"
    )
    heartbeat: float = Field(default=10.0, gt=0, description="seconds between comments on a silent stream")
    shutdown: float = Field(default=30.0, ge=0, description="seconds running edits get when the server stops")
    metrics: bool = Field(default=True, description="serve figures for Prometheus at /metrics")
    metrics_open: bool = Field(
        default=False, description="let /metrics be read without a key where keys are asked for"
    )
    telemetry: bool = Field(
        default=False,
        description="make OpenTelemetry traces, as the standard OTEL_* variables say; needs `retouch[otel]`",
    )
    upload_directory: Path | None = Field(
        default=None, description="where uploads are spooled; the system's temporary directory if unset"
    )

    @property
    def asks_for_keys(self) -> bool:
        """Whether a caller needs a key."""
        return bool(self.api_keys) or self.keys_file is not None

    @property
    def is_open(self) -> bool:
        """Whether anybody on other machines may use it: it listens beyond this one and asks for no key."""
        return not (self.asks_for_keys or is_loopback(self.host))


def is_loopback(host: str) -> bool:
    """Whether only this machine's own programs can reach ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
