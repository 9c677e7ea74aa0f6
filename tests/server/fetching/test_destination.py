from __future__ import annotations

import re
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retouch.server.fetching.destination import Destination
from retouch.server.fetching.unreachable import Unreachable

PORTS = (80, 443, 8080)


def host(address: str, hosts: tuple[str, ...] = ()) -> str:
    return Destination(address, ports=PORTS, hosts=hosts).url.raw_host.decode()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://example.com/a.png", "example.com"),
        ("HTTPS://EXAMPLE.COM", "example.com"),
        ("http://example.com:8080/a?b=c@d#e", "example.com"),
        ("http://a_b.example.com./x", "a_b.example.com."),
        ("https://bücher.example/ü.png", "xn--bcher-kva.example"),
        ("http://93.184.215.14/", "93.184.215.14"),
        ("http://[2606:4700::1111]/", "2606:4700::1111"),
        ("https://7up.example/", "7up.example"),
        ("https://example.com/%00?x=%0d%0a", "example.com"),
    ],
)
def test_a_usual_address_is_taken(address: str, expected: str) -> None:
    assert host(address) == expected


ODD = [
    "",
    "example.com/a.png",
    "//example.com/a.png",
    "ftp://example.com/a.png",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_x",
    "http:/example.com",
    "http:example.com",
    "http://",
    "http:///a.png",
    "http://?a",
    "http://:80/",
    "http://user@example.com/",
    "http://user:secret@example.com/",
    "http://@example.com/",
    "http://example.com@127.0.0.1/",
    "http://127.0.0.1\\@example.com/",
    "http://example.com\\.evil.example/",
    "http://exam ple.com/",
    "http://example.com/a b",
    " http://example.com/",
    "http://example.com/\r\nHost: x",
    "http://example.com/\x00",
    "http://example%2ecom/",
    "http://127.0.0.1%2f/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[::1",
    "http://[v1.x]/",
    "http://[127.0.0.1]/",
    "http://example.com:22/",
    "http://example.com:99999/",
    "http://example.com:x/",
    "http://example.com:-80/",
    "http://exa$mple.com/",
    "http://exam*ple.com/",
    "http://.example.com/",
    "http://example..com/",
    "http://" + "a" * 64 + ".com/",
    "http://" + "a." * 127 + "com/",
    "http://example.com/" + "x" * 8200,
    # Numbers that are an address to some.
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0X7F.1/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://127.0.0.1./",
    "http://127.00.0.1/",
    "http://127.0.0.256/",
    "http://1.2.3.4.5/",
    "http://0/",
    "http://0x/",
    "http://example.0x7f/",
    "http://example.1/",
    "http://4294967296/",
    # Letters that look like others.
    "http://①②⑦.0.0.1/",
    "http://１２７.0.0.1/",
    "http://ⓔxample.com/",
    "http://exa\u200bmple.com/",
    "http://exa\u00admple.com/",
    "http://ℓocalhost/",
    "http://example\uff0f.evil.example/",
]


@pytest.mark.parametrize("address", ODD)
def test_an_odd_address_is_refused(address: str) -> None:
    with pytest.raises(Unreachable):
        host(address)


@given(
    st.one_of(
        st.text(max_size=60).map(lambda text: f"http://{text}"),
        st.from_regex(r"https?://[a-zA-Z0-9.:@%\[\]_\\/#?\-ａ。１]{0,40}", fullmatch=True),
        st.text(max_size=60),
    )
)
@settings(max_examples=500, deadline=None, database=None, derandomize=True)
def test_whatever_is_asked_for_is_a_plain_host_or_refused(address: str) -> None:
    try:
        found = host(address)
    except Unreachable:
        return
    assert re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:.]+", found)
    number = re.fullmatch(r"(.*\.)?([0-9]+|0x[0-9a-f]*)\.?", found)
    assert number is None or str(ip_address(found)) == found


def test_ideographic_dots_make_the_same_host_to_judge_and_to_connect_to() -> None:
    assert host("http://127。0。0。1/") == "127.0.0.1"


def test_a_list_of_hosts_lets_no_other_through() -> None:
    hosts = ("Pictures.example", ".cdn.example")
    assert host("https://pictures.example/a", hosts) == "pictures.example"
    assert host("https://PICTURES.example./a", hosts) == "pictures.example."
    assert host("https://a.b.cdn.example/a", hosts) == "a.b.cdn.example"
    for other in ("example", "xpictures.example", "pictures.example.org", "cdn.example", "xcdn.example"):
        with pytest.raises(Unreachable):
            host(f"https://{other}/a", hosts)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/b.png", "https://example.com/b.png"),
        ("b.png", "https://example.com/x/b.png"),
        ("//other.example/b", "https://other.example/b"),
        ("http://10.0.0.1/", "http://10.0.0.1/"),
        ("?b", "https://example.com/x/a?b"),
    ],
)
def test_a_redirect_leads_where_it_says(location: str, expected: str) -> None:
    assert Destination("https://example.com/x/a", ports=PORTS, hosts=()).redirected(location) == expected


@pytest.mark.parametrize("location", ["http://[::1", "http://a\x00b/", "http://" + "x" * 70_000])
def test_a_redirect_to_nonsense_is_refused(location: str) -> None:
    with pytest.raises(Unreachable):
        Destination("https://example.com/x/a", ports=PORTS, hosts=()).redirected(location)
