from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from retouch.server.fetching.addresses import Reach, is_public

PUBLIC = ["1.1.1.1", "93.184.215.14", "172.15.0.1", "172.32.0.1", "100.63.0.1", "2606:4700::1111", "2a00:1450::5"]

REFUSED = {
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12:3456::1"],
    "link-local": ["169.254.0.1", "fe80::1", "fe80::1%1", "febf::1"],
    "metadata": ["169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16"],
    "metadata, IPv6": ["fd00:ec2::254", "fd20:ce::254"],
    "shared": ["100.64.0.1", "100.127.255.255"],
    "protocols": ["192.0.0.1", "2001::1", "2001:1::1", "2001:20::1", "192.88.99.1"],
    "benchmarks": ["198.18.0.1", "198.19.255.255", "2001:2::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "255.255.255.255", "4000::1", "5f00::1", "fec0::1", "100::1"],
    "mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:1.1.1.1"],
    "translated": ["::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1"],
    "compatible": ["::127.0.0.1", "::10.0.0.1", "::1.1.1.1"],
    "6to4": ["2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::1"],
    "Teredo": ["2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001::7f00:1"],
}
EVERY = [(kind, one) for kind, addresses in REFUSED.items() for one in addresses]


@pytest.mark.parametrize("address", PUBLIC)
def test_what_the_whole_world_can_reach_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(("kind", "address"), EVERY)
def test_what_means_something_else_here_is_not_public(kind: str, address: str) -> None:
    assert not is_public(ip_address(address)), kind


def test_an_operator_can_allow_a_network_and_nothing_beside_it() -> None:
    reach = Reach([ip_network("10.1.2.0/24"), ip_network("fd12::/64")])
    assert reach.allows(ip_address("10.1.2.3"))
    assert reach.allows(ip_address("fd12::5"))
    assert reach.allows(ip_address("1.1.1.1"))
    for beside in ("10.1.3.1", "127.0.0.1", "fd13::5", "::ffff:10.1.2.3"):
        assert not reach.allows(ip_address(beside))
