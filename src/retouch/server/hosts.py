"""Who may reach a server that asks for no key: this machine's own programs, not a web page."""

from __future__ import annotations

import ipaddress
import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from retouch.errors import Forbidden
from retouch.server.settings import ServerSettings

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class HostGuard:
    """ASGI middleware that refuses unknown Host names (DNS rebinding: a page's own name resolved to this
    machine) and requests from web origins that are neither ours nor allowed (a page posting a form)."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._origins = frozenset(settings.cors_origins)
        self._hosts = LOOPBACK | {settings.host.lower()} | {host.lower() for host in settings.allowed_hosts}
        # With keys, a page of another origin has nothing to send; every name is then answered.
        self._any = "*" in settings.allowed_hosts or settings.asks_for_keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.check(Headers(scope=scope))
        await self._app(scope, receive, send)

    def check(self, headers: Headers) -> None:
        """Raises `Forbidden`."""
        host = headers.get("host", "").lower()
        name = _name(host)
        # An address cannot be pointed at us by somebody's name server.
        if not self._any and name not in self._hosts and not _is_address(name):
            raise Forbidden(
                f"This server does not answer to the host name '{name[:100]}'. An operator can allow it with"
                " the setting server.allowed_hosts.",
                code="host_not_allowed",
            )
        origin = headers.get("origin")
        if origin is None or "*" in self._origins or origin in self._origins:
            return
        if origin.lower().partition("://")[2] != host:
            raise Forbidden(
                "Requests from this web origin are not allowed. An operator can allow it with the setting"
                " server.cors_origins.",
                code="origin_not_allowed",
            )


_HOST = re.compile(r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::[0-9]{1,5})?", re.ASCII)


def _name(host: str) -> str:
    """The name in a Host header, without port and brackets; empty if it is none."""
    match = _HOST.fullmatch(host)
    return (match["six"] or match["name"]) if match else ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
