"""Who may reach a server that asks for no key: this machine's own programs, not a web page."""

from __future__ import annotations

from urllib.parse import urlsplit

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
        self._any = "*" in settings.allowed_hosts or bool(settings.api_keys)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.check(Headers(scope=scope))
        await self._app(scope, receive, send)

    def check(self, headers: Headers) -> None:
        """Raises `Forbidden`."""
        host = headers.get("host", "")
        name = _name(host)
        if not self._any and name not in self._hosts:
            raise Forbidden(
                f"This server does not answer to the host name '{name[:100]}'. An operator can allow it with"
                " the setting server.allowed_hosts.",
                code="host_not_allowed",
            )
        origin = headers.get("origin")
        if origin is None or "*" in self._origins or origin in self._origins:
            return
        if urlsplit(origin).netloc.lower() != host.lower():
            raise Forbidden(
                "Requests from this web origin are not allowed. An operator can allow it with the setting"
                " server.cors_origins.",
                code="origin_not_allowed",
            )


def _name(host: str) -> str:
    """The name in a Host header, without port and brackets, in lower case."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rsplit(":", 1)[0] if host.count(":") == 1 else host
