"""What an address in a request, or in a redirect, asks to be connected to."""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import httpx2

from retouch.server.fetching.unreachable import Unreachable

_LONGEST = 8192
_PORTS = {"http": 80, "https": 443}
_AUTHORITY = re.compile(r"https?://(?P<authority>[^/?#]*)", re.IGNORECASE)
_ODD = re.compile(r"[\x00-\x20\x7f\\]")
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*\.?\Z", re.ASCII)
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z", re.ASCII)


class Destination:
    """An address that may be looked up. Whether what is found there may be reached is another's to judge.

    ``url``: normalised; the same parser made it that the connection is made by, so that both mean one host.
    """

    def __init__(self, address: str, *, ports: Collection[int], hosts: Collection[str]) -> None:
        """``ports``: the only ones; ``hosts``: the only ones if there are any, ".example.com" for all below it.

        Raises `Unreachable` for what is no http or https address or is written to be misread: with a user in it, a
        host in numbers of an odd form, blanks.
        """
        match = _AUTHORITY.match(address)
        if match is None or len(address) > _LONGEST or _ODD.search(address):
            raise Unreachable("address")
        if any(character in match["authority"] for character in "@%"):
            raise Unreachable("address")
        try:
            self.url = httpx2.URL(address)
        except (httpx2.InvalidURL, UnicodeError):
            raise Unreachable("address") from None
        port = self.url.port or _PORTS[self.url.scheme]
        host = self.url.raw_host.decode("ascii")
        if port not in ports or not _is_host(host) or not _is_among(host, hosts):
            raise Unreachable("address")

    def redirected(self, location: str) -> str:
        """The address that a Location header leads to. Raises `Unreachable`."""
        try:
            return str(self.url.join(location))
        except (httpx2.InvalidURL, UnicodeError):
            raise Unreachable("redirect") from None


def _is_host(host: str) -> bool:
    """Whether ``host`` is a name, or an address in its one usual form: others are read differently by different
    programs (0177.0.0.1, 2130706433, 0x7f.1)."""
    if ":" in host:
        try:
            return IPv6Address(host).scope_id is None
        except AddressValueError:
            return False
    if _NAME.match(host) is None:
        return False
    if _NUMBER.match(host.rstrip(".").rpartition(".")[2]):
        try:
            return str(IPv4Address(host)) == host
        except AddressValueError:
            return False
    return True


def _is_among(host: str, hosts: Collection[str]) -> bool:
    name = host.rstrip(".")
    wanted = [one.lower().rstrip(".") for one in hosts]
    return not wanted or any(name.endswith(one) if one.startswith(".") else name == one for one in wanted)
