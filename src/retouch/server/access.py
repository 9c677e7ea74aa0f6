"""API keys."""

from __future__ import annotations

import hmac

from starlette.requests import Request

from retouch.errors import Unauthorized
from retouch.server.settings import ServerSettings
from retouch.service.caller import Caller


class Access:
    """Lets in whoever has one of the configured keys; everyone when none is configured."""

    def __init__(self, settings: ServerSettings) -> None:
        self._keys = [key.get_secret_value().encode() for key in settings.api_keys]

    def check(self, request: Request) -> Caller:
        """Who asks, by the Authorization header. Raises `Unauthorized` with the recorded texts."""
        if not self._keys:
            return Caller(request.client.host if request.client else "local")
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            raise Unauthorized(
                "You didn't provide an API key. You need to provide your API key in an Authorization header"
                " using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
            )
        # Every key is compared, so that the time says nothing about which one was near.
        known = [hmac.compare_digest(key.encode(), one) for one in self._keys]
        if not any(known):
            raise Unauthorized(f"Incorrect API key provided: {_redacted(key)}.", code="invalid_api_key")
        return Caller(f"setting {known.index(True)}")


def _redacted(key: str) -> str:
    return f"{key[:3]}…{key[-4:]}" if len(key) > 12 else "***"
