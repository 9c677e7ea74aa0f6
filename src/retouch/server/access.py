"""Who asks: whoever has a key, or anybody where no key is asked for."""

from __future__ import annotations

import ipaddress

from starlette.requests import Request

from retouch.errors import Unauthorized
from retouch.server.keyring import Keyring
from retouch.server.settings import ServerSettings
from retouch.service.caller import Caller

_NETWORK = 64
"""Bits of an IPv6 address that say whose it is: the rest is free to choose for whoever has them."""


class Access:
    """Lets in whoever has a key of ``keyring``; everyone when the settings ask for none."""

    def __init__(self, settings: ServerSettings, keyring: Keyring) -> None:
        self._settings = settings
        self._keyring = keyring

    def check(self, request: Request) -> Caller:
        """Who asks, by the Authorization header. Raises `Unauthorized` with the recorded texts."""
        if not self._settings.asks_for_keys:
            return Caller(
                _place(request.client.host if request.client else ""),
                requests_per_minute=self._settings.requests_per_minute,
                images_per_minute=self._settings.images_per_minute,
            )
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            raise Unauthorized(
                "You didn't provide an API key. You need to provide your API key in an Authorization header"
                " using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
            )
        caller = self._keyring.find(key)
        if caller is None:
            raise Unauthorized(f"Incorrect API key provided: {_redacted(key)}.", code="invalid_api_key")
        return caller


def _redacted(key: str) -> str:
    return f"{key[:3]}…{key[-4:]}" if len(key) > 12 else "***"


def _place(host: str) -> str:
    """Where somebody is: an address, of which those of one IPv6 network are one; "local" for a socket's file."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host or "local"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    if address.is_loopback or address.is_link_local:
        return str(address)
    return str(ipaddress.ip_network((address, _NETWORK), strict=False))
