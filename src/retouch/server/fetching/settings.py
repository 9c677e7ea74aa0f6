"""Where pictures are fetched from, and how much that may cost."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork


class FetchingSettings(BaseModel):
    """Pictures that a JSON request names by their address (`image_url`)."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool | None = Field(
        default=None,
        description="fetch pictures; unset: unless the server can be reached from other machines without a key",
    )
    allowed_hosts: list[str] = Field(
        default_factory=list,
        description="the only hosts asked, also by redirects; '.example.com' is all below it; none: every host",
    )
    allowed_networks: list[IPvAnyNetwork] = Field(
        default_factory=list,
        description="networks (such as 10.1.2.0/24) that are reached although they are not public",
    )
    ports: list[Annotated[int, Field(ge=1, le=65535)]] = Field(
        default_factory=lambda: [80, 443], description="the only ports connected to"
    )
    max_redirects: int = Field(
        default=5, ge=0, description="redirects followed, each judged like the first address"
    )
    max_head_bytes: int = Field(
        default=16 << 10, ge=1024, description="bytes read of an answer before its body begins"
    )
    max_bytes: int = Field(
        default=256 << 20,
        ge=1024,
        description="bytes fetched for one request; `server.max_file_bytes` is for one file",
    )
    seconds: float = Field(
        default=60.0, gt=0, description="seconds that the pictures of one request may take together"
    )
    idle: float = Field(default=10.0, gt=0, description="seconds to wait for a connection or the next piece")
    concurrent: int = Field(default=4, ge=1, description="pictures fetched at once for one request")
    requests: int = Field(default=32, ge=1, description="requests fetched for at once; one more is answered 429")
    requests_per_caller: int = Field(default=8, ge=1, description="the same for one caller")
    resolving: int = Field(default=16, ge=1, description="host names looked up at once")
