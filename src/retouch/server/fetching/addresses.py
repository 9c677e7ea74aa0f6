"""Which network addresses may be reached for a client: public ones, and what an operator has allowed."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# The IANA registries of special-purpose addresses, and multicast. Listed here rather than asked of `ipaddress`,
# whose idea of a global address has changed between versions of Python.
_SPECIAL = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by customers of a provider; clouds keep metadata here
        "127.0.0.0/8",
        "168.63.129.16/32",  # looks public, but is how a cloud's machines reach their host
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays from 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",  # protocols: Teredo, ORCHID, benchmarks
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",
    )
)
# All other IPv6 is not routed in public, or another address in disguise: mapped, compatible, translated (NAT64).
_UNICAST = IPv6Network("2000::/3")


def is_public(address: Address) -> bool:
    """Whether the whole world can reach ``address``, and means the same by it."""
    if isinstance(address, IPv6Address) and (address not in _UNICAST or address.scope_id is not None):
        return False
    return not any(address in network for network in _SPECIAL)


class Reach:
    """Public addresses, and those in ``networks``."""

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._networks = tuple(networks)

    def allows(self, address: Address) -> bool:
        return is_public(address) or self.names(address)

    def names(self, address: Address) -> bool:
        """Whether ``address`` is allowed by name: it may then be this very machine."""
        return any(address in network for network in self._networks)
