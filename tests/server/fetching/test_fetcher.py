"""Fetching from a server on this machine, which an operator's setting allows; and from nowhere else."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

from retouch.contract.catalogue import Catalogue
from retouch.contract.references import Reference
from retouch.errors import InvalidRequest, PayloadTooLarge, RateLimited, RetouchError, StorageFull
from retouch.server.fetching.addresses import Reach
from retouch.server.fetching.dialler import Dialler
from retouch.server.fetching.fetcher import Fetcher
from retouch.server.fetching.settings import FetchingSettings
from retouch.server.fetching.unreachable import Unreachable
from tests.server.fetching.conftest import Elsewhere, Fetch, Names, Page
from tests.server.fetching.test_addresses import EVERY

MakeFetcher = Callable[..., Fetcher]

FAILED = ("Error while downloading file.", "invalid_request_error", "url", "invalid_value")


def told(error: RetouchError) -> tuple[str, str, str | None, str | None]:
    assert error.status == 400
    return error.message, error.type, error.param, error.code


@pytest.fixture
def refusal(fetch: Fetch) -> Callable[..., tuple[str, str, str | None, str | None]]:
    def refuse(fetcher: Fetcher, *addresses: str, **options: Any) -> tuple[str, str, str | None, str | None]:
        with pytest.raises(InvalidRequest) as caught:
            fetch(fetcher, *addresses, **options)
        return told(caught.value)

    return refuse


def nothing_left(directory: Path) -> bool:
    return list(directory.iterdir()) == []


def test_what_is_there_comes_back(elsewhere: Elsewhere, make_fetcher: MakeFetcher, fetch: Fetch) -> None:
    elsewhere.pages |= {"/a?b=1": Page(body=b"a" * 100_000), "/c": Page(body=b"c", pieces=3, length=False)}
    base = f"http://pictures.example:{elsewhere.port}"
    assert fetch(make_fetcher(elsewhere.port), f"{base}/a?b=1#x", f"{base}/c") == [b"a" * 100_000, b"ccc"]


def test_a_request_says_nothing_of_whom_it_is_for(
    elsewhere: Elsewhere, make_fetcher: MakeFetcher, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    elsewhere.pages |= {
        "/a": Page(302, {"location": "/b", "set-cookie": "id=1; Path=/"}),
        "/b": Page(body=b"b"),
    }
    assert fetch(make_fetcher(elsewhere.port), f"http://pictures.example:{elsewhere.port}/a") == [b"b"]
    for _, headers in elsewhere.seen:
        assert headers.keys() == {"host", "accept", "accept-encoding", "connection", "user-agent"}
        assert headers["host"] == f"pictures.example:{elsewhere.port}"
        assert headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", [204, 206, 304, 400, 401, 403, 404, 410, 429, 500, 503])
@pytest.mark.rule("3.2/json-url-404")
def test_another_status_is_told(
    elsewhere: Elsewhere, make_fetcher: MakeFetcher, refusal: Callable[..., Any], tmp_path: Path, status: int
) -> None:
    elsewhere.pages["/a"] = Page(status, body=b"" if status in (204, 304) else b"secret")
    found = refusal(make_fetcher(elsewhere.port), f"http://pictures.example:{elsewhere.port}/a")
    assert found == (f"Error while downloading file. Upstream status code: {status}.", *FAILED[1:])
    assert nothing_left(tmp_path)


def test_tls_is_verified_for_the_name_that_was_asked_for(
    secure_elsewhere: Elsewhere, make_fetcher: MakeFetcher, fetch: Fetch, refusal: Callable[..., Any], names: Names
) -> None:
    names.answers["other.example"] = [["127.0.0.1"]]
    secure_elsewhere.pages["/a"] = Page(body=b"a")
    port = secure_elsewhere.port
    assert fetch(make_fetcher(port), f"https://pictures.example:{port}/a") == [b"a"]
    assert secure_elsewhere.seen[0][1]["host"] == f"pictures.example:{port}"
    assert refusal(make_fetcher(port), f"https://other.example:{port}/a") == FAILED
    assert refusal(make_fetcher(port), f"https://127.0.0.1:{port}/a") == FAILED
    assert len(secure_elsewhere.seen) == 1


def test_a_host_is_looked_up_once_and_that_answer_is_connected_to(
    elsewhere: Elsewhere, make_fetcher: MakeFetcher, fetch: Fetch, names: Names
) -> None:
    names.answers["rebind.example"] = [["127.0.0.1"], ["10.0.0.1"]]
    elsewhere.pages["/a"] = Page(body=b"a")
    assert fetch(make_fetcher(elsewhere.port), f"http://rebind.example:{elsewhere.port}/a") == [b"a"]
    assert names.asked == ["rebind.example"]


def test_a_redirect_is_looked_up_and_judged_anew(
    elsewhere: Elsewhere, make_fetcher: MakeFetcher, refusal: Callable[..., Any], names: Names
) -> None:
    names.answers["rebind.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    elsewhere.pages["/a"] = Page(302, {"location": "/b"})
    assert refusal(make_fetcher(elsewhere.port), f"http://rebind.example:{elsewhere.port}/a") == FAILED
    assert names.asked == ["rebind.example"] * 2
    assert [path for path, _ in elsewhere.seen] == ["/a"]


@pytest.mark.parametrize("rule", ["ports", "allowed_hosts"])
def test_a_redirect_goes_only_where_an_address_may(
    elsewhere: Elsewhere,
    make_fetcher: MakeFetcher,
    fetch: Fetch,
    refusal: Callable[..., Any],
    names: Names,
    rule: str,
) -> None:
    further = Elsewhere()
    try:
        names.answers["further.example"] = [["127.0.0.1"]]
        elsewhere.pages["/a"] = Page(302, {"location": f"http://further.example:{further.port}/b"})
        further.pages["/b"] = Page(body=b"b")
        ports, url = [elsewhere.port, further.port], f"http://pictures.example:{elsewhere.port}/a"
        assert fetch(make_fetcher(elsewhere.port, ports=ports), url) == [b"b"]
        only: dict[str, Any] = {"ports": ports[:1]}
        if rule == "allowed_hosts":
            only = {"ports": ports, "allowed_hosts": ["pictures.example"]}
        assert refusal(make_fetcher(elsewhere.port, **only), url) == FAILED
        assert [path for path, _ in further.seen] == ["/b"]
    finally:
        further.close()


@pytest.fixture
def isolated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fails whatever connects but to 127.0.0.1; gives the addresses that were connected to."""
    reached: list[str] = []
    connect = Dialler(None, Reach())._network.connect_tcp  # type: ignore[arg-type]

    async def spy(self: object, host: str, port: int, **options: Any) -> Any:
        reached.append(host)
        assert host == "127.0.0.1", "connected to what must not be reached"
        return await connect(host, port, **options)

    monkeypatch.setattr(type(Dialler(None, Reach())._network), "connect_tcp", spy)  # type: ignore[arg-type]
    return reached


def literal(address: str) -> str:
    return f"[{address}]" if ":" in address else address


TABLE = [one for one in EVERY if "%" not in one[1] and one[1] != "127.0.0.1"]


@pytest.mark.rule("2.5/address")
@pytest.mark.parametrize(("kind", "address"), TABLE)
def test_no_special_address_is_reached(
    kind: str,
    address: str,
    elsewhere: Elsewhere,
    make_fetcher: MakeFetcher,
    refusal: Callable[..., Any],
    names: Names,
    isolated: list[str],
) -> None:
    """As a literal, as the answer for a name, beside an allowed one in an answer, and at the end of a redirect."""
    port = elsewhere.port
    names.answers |= {"bad.example": [[address]], "both.example": [["127.0.0.1", address]]}
    elsewhere.pages |= {
        "/literal": Page(302, {"location": f"http://{literal(address)}:{port}/x"}),
        "/name": Page(307, {"location": f"//bad.example:{port}/x"}),
    }
    for url in (
        f"http://{literal(address)}:{port}/",
        f"http://bad.example:{port}/",
        f"http://both.example:{port}/",
        f"http://pictures.example:{port}/literal",
        f"http://pictures.example:{port}/name",
    ):
        assert refusal(make_fetcher(port), url) == FAILED, url
    assert isolated == ["127.0.0.1"] * 2
    assert [path for path, _ in elsewhere.seen] == ["/literal", "/name"]


def test_loopback_is_not_reached_unless_a_setting_says_so(
    elsewhere: Elsewhere, make_fetcher: MakeFetcher, refusal: Callable[..., Any], names: Names
) -> None:
    names.answers["localhost"] = [["127.0.0.1"], ["::1"]]
    port = elsewhere.port
    for host in ("127.0.0.1", "localhost", "pictures.example", "[::1]", "127.0.0.1#@pictures.example"):
        assert refusal(make_fetcher(port, allowed_networks=[]), f"http://{host}:{port}/") == FAILED
    assert elsewhere.seen == []


def test_a_public_address_of_this_machine_is_not_reached(
    elsewhere: Elsewhere, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach = Reach()
    monkeypatch.setattr(reach, "allows", lambda address: True)

    async def story() -> None:
        await Dialler(names, reach).connect_tcp("pictures.example", elsewhere.port, timeout=2)

    with pytest.raises(Unreachable, match="refused"):
        asyncio.run(story())
    assert elsewhere.seen == []


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://pictures.example/",
        "gopher://pictures.example/",
        "http://user:secret@pictures.example:{port}/b",
        "http://2130706433:{port}/b",
        "http://0177.0.0.1:{port}/b",
        "http://pictures.example:22/b",
        "http://[::1",
        "\\\\pictures.example\\b",
        "http://unknown.example:{port}/b",
    ],
)
def test_a_redirect_to_an_odd_place_reads_like_any_failure(
    elsewhere: Elsewhere, make_fetcher: MakeFetcher, refusal: Callable[..., Any], location: str
) -> None:
    elsewhere.pages |= {"/a": Page(302, {"location": location.format(port=elsewhere.port)})}
    assert refusal(make_fetcher(elsewhere.port), f"http://pictures.example:{elsewhere.port}/a") == FAILED
    assert [path for path, _ in elsewhere.seen if path == "/b"] == []


def test_redirects_are_followed_until_there_are_too_many(
    elsewhere: Elsewhere, make_fetcher: MakeFetcher, fetch: Fetch, refusal: Callable[..., Any]
) -> None:
    base = f"http://pictures.example:{elsewhere.port}"
    for number, status in enumerate((301, 302, 303, 307, 308)):
        elsewhere.pages[f"/{number}"] = Page(status, {"location": f"{number + 1}"}, body=b"moved")
    elsewhere.pages["/5"] = Page(body=b"here")
    elsewhere.pages["/loop"] = Page(302, {"location": "/loop"})
    assert fetch(make_fetcher(elsewhere.port), f"{base}/0") == [b"here"]
    assert refusal(make_fetcher(elsewhere.port, max_redirects=4), f"{base}/0") == FAILED
    elsewhere.seen.clear()
    assert refusal(make_fetcher(elsewhere.port), f"{base}/loop") == FAILED
    assert len(elsewhere.seen) == 6


def test_refused_unreachable_and_unknown_read_the_same(
    elsewhere: Elsewhere, make_fetcher: MakeFetcher, refusal: Callable[..., Any], names: Names
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
        found = {
            refusal(make_fetcher(elsewhere.port), f"http://nobody.example:{elsewhere.port}/"),
            refusal(make_fetcher(closed), f"http://pictures.example:{closed}/"),
            refusal(make_fetcher(elsewhere.port), f"http://10.0.0.1:{elsewhere.port}/"),
            refusal(make_fetcher(elsewhere.port), "http://pictures.example:22/"),
            refusal(make_fetcher(elsewhere.port), f"https://pictures.example:{elsewhere.port}/"),
            refusal(
                make_fetcher(elsewhere.port, allowed_hosts=["a.example"]),
                f"http://pictures.example:{elsewhere.port}/",
            ),
        }
    assert found == {FAILED}


@pytest.mark.parametrize(
    "page",
    [
        Page(body=b"x", pieces=1000, pause=0.1),
        Page(pause=30, body=b"x"),
        Page(body=b"x", pieces=99, pause=0.1, length=False),
    ],
    ids=["slow", "silent", "endless"],
)
def test_a_picture_that_takes_too_long_is_given_up(
    elsewhere: Elsewhere, make_fetcher: MakeFetcher, refusal: Callable[..., Any], page: Page, tmp_path: Path
) -> None:
    elsewhere.pages["/a"] = page
    started = time.monotonic()
    fetcher = make_fetcher(elsewhere.port, seconds=0.5, idle=0.3)
    assert refusal(fetcher, f"http://pictures.example:{elsewhere.port}/a") == FAILED
    assert time.monotonic() - started < 5
    assert nothing_left(tmp_path)


def test_a_name_server_that_never_answers_holds_up_its_own_request_only(make_fetcher: MakeFetcher) -> None:
    async def silent(host: str, port: int) -> list[Any]:
        await asyncio.sleep(60)
        return []

    fetcher = Fetcher(FetchingSettings(idle=0.2), directory=None, max_file_bytes=1000, resolve=silent)

    async def story() -> None:
        await fetcher.fetch(
            [Reference("image_url", "http://a.example/", "mask")], Catalogue().get("gpt-image-2"), "x"
        )

    with pytest.raises(InvalidRequest) as caught:
        asyncio.run(story())
    assert told(caught.value) == FAILED


@pytest.mark.parametrize("length", [True, False], ids=["announced", "sent"])
def test_a_file_over_the_limit_is_refused_by_its_name(
    elsewhere: Elsewhere, make_fetcher: MakeFetcher, refusal: Callable[..., Any], tmp_path: Path, length: bool
) -> None:
    elsewhere.pages["/a"] = Page(body=b"x" * 4096, pieces=1024, length=length)
    base = f"http://pictures.example:{elsewhere.port}"
    found = refusal(make_fetcher(elsewhere.port, max_file_bytes=1 << 20), f"{base}/a")
    got = "4194304 bytes" if length else "more"
    assert found == (
        f"Invalid file 'images[0]': file too large. Expected a file smaller than 1 MB, but got {got} instead.",
        "invalid_request_error",
        "images[0]",
        "file_too_large",
    )
    found = refusal(make_fetcher(elsewhere.port, max_file_bytes=50 << 20), f"{base}/a", model="dall-e-2")
    assert found[0] == "Uploaded image must be a PNG and less than 4 MB."
    assert nothing_left(tmp_path)


def test_files_over_the_limit_together_are_refused(
    elsewhere: Elsewhere, make_fetcher: MakeFetcher, fetch: Fetch, tmp_path: Path
) -> None:
    elsewhere.pages |= {"/a": Page(body=b"x" * 40_000), "/b": Page(body=b"x" * 400, pieces=100, length=False)}
    base = f"http://pictures.example:{elsewhere.port}"
    fetcher = make_fetcher(elsewhere.port, max_bytes=100_000)
    assert len(fetch(fetcher, f"{base}/a", f"{base}/b")) == 2
    for third in ("a", "b"):
        with pytest.raises(PayloadTooLarge, match="Expected at most 100000 bytes"):
            fetch(fetcher, f"{base}/a", f"{base}/b", f"{base}/{third}")
    assert nothing_left(tmp_path)


def test_a_body_in_crumbs_is_given_up_and_holds_up_nobody(
    elsewhere: Elsewhere, make_fetcher: MakeFetcher, fetch: Fetch, refusal: Callable[..., Any]
) -> None:
    crumbs = b"1\r\nx\r\n"
    elsewhere.pages |= {
        "/crumbs": Page(200, {"transfer-encoding": "chunked"}, crumbs * 50_000, length=False),
        "/some": Page(200, {"transfer-encoding": "chunked"}, crumbs * 900 + b"0\r\n\r\n", length=False),
    }
    base = f"http://pictures.example:{elsewhere.port}"
    assert refusal(make_fetcher(elsewhere.port), f"{base}/crumbs") == FAILED
    assert fetch(make_fetcher(elsewhere.port), f"{base}/some") == [b"x" * 900]


def test_nothing_is_unpacked(elsewhere: Elsewhere, make_fetcher: MakeFetcher, fetch: Fetch) -> None:
    packed = gzip.compress(bytes(1 << 20))
    elsewhere.pages["/a"] = Page(200, {"content-encoding": "gzip"}, body=packed)
    assert fetch(make_fetcher(elsewhere.port), f"http://pictures.example:{elsewhere.port}/a") == [packed]


def test_a_bad_address_costs_a_good_one_no_visit(
    elsewhere: Elsewhere, make_fetcher: MakeFetcher, refusal: Callable[..., Any], names: Names
) -> None:
    elsewhere.pages["/a"] = Page(body=b"a")
    good = f"http://pictures.example:{elsewhere.port}/a"
    assert refusal(make_fetcher(elsewhere.port), good, "http://127.1/") == FAILED
    assert (elsewhere.seen, names.asked) == ([], [])


def test_the_first_failure_ends_the_other_visits(
    elsewhere: Elsewhere, make_fetcher: MakeFetcher, refusal: Callable[..., Any], tmp_path: Path
) -> None:
    elsewhere.pages["/slow"] = Page(body=b"x", pieces=100, pause=0.1)
    base = f"http://pictures.example:{elsewhere.port}"
    started = time.monotonic()
    assert "404" in refusal(make_fetcher(elsewhere.port), f"{base}/slow", f"{base}/missing")[0]
    assert time.monotonic() - started < 4
    assert nothing_left(tmp_path)


def test_visits_of_one_request_are_made_at_once_but_not_all(
    elsewhere: Elsewhere, make_fetcher: MakeFetcher, fetch: Fetch, names: Names
) -> None:
    now, most = 0, 0
    answer = names.__call__

    async def counted(host: str, port: int) -> Any:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.02)
        now -= 1
        return await answer(host, port)

    fetcher = make_fetcher(elsewhere.port, concurrent=3)
    fetcher._dialler._resolve = counted
    elsewhere.pages["/a"] = Page(body=b"a")
    assert len(fetch(fetcher, *[f"http://pictures.example:{elsewhere.port}/a"] * 8)) == 8
    assert most == 3


def test_one_caller_cannot_take_every_place(make_fetcher: MakeFetcher, names: Names) -> None:
    fetcher = make_fetcher(80, requests=3, requests_per_caller=2)
    reference = [Reference("image_url", "http://pictures.example/", "mask")]
    go_on = asyncio.Event()

    async def wait(host: str, port: int) -> Any:
        await go_on.wait()
        raise OSError

    fetcher._dialler._resolve = wait

    async def story() -> dict[str, list[type[BaseException]]]:
        profile = Catalogue().get("gpt-image-2")

        async def ask(caller: str) -> None:
            await fetcher.fetch(reference, profile, caller)

        asked = [
            (who, asyncio.ensure_future(ask(who))) for who in ("greedy", "greedy", "greedy", "modest", "late")
        ]
        while sum(task.done() for _, task in asked) != 2:
            await asyncio.sleep(0.01)
        go_on.set()
        await asyncio.wait([task for _, task in asked])
        found: dict[str, list[type[BaseException]]] = {}
        for who, task in asked:
            error = task.exception()
            assert error is not None
            found.setdefault(who, []).append(type(error))
        with pytest.raises(InvalidRequest):
            await ask("greedy")  # the places are free again
        return found

    assert asyncio.run(story()) == {
        "greedy": [InvalidRequest, InvalidRequest, RateLimited],
        "modest": [InvalidRequest],
        "late": [RateLimited],
    }


def test_no_address_is_logged(
    elsewhere: Elsewhere,
    make_fetcher: MakeFetcher,
    refusal: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logger = structlog.testing.CapturingLogger()
    monkeypatch.setattr("retouch.server.fetching.fetcher.log", logger)
    for url in (
        f"http://pictures.example:{elsewhere.port}/secret",
        f"http://10.0.0.1:{elsewhere.port}/secret",
        f"http://nobody.example:{elsewhere.port}/secret",
        "ftp://x/secret",
    ):
        refusal(make_fetcher(elsewhere.port), url)
    assert [call.kwargs["reason"] for call in logger.calls] == ["status", "refused", "name", "address"]
    text = repr(logger.calls)
    for word in ("secret", "pictures", "10.0.0.1", "nobody", "127.0.0.1"):
        assert word not in text


def test_a_full_disk_is_told(
    elsewhere: Elsewhere, make_fetcher: MakeFetcher, fetch: Fetch, small_files: None, tmp_path: Path
) -> None:
    elsewhere.pages["/a"] = Page(body=b"a" * 100_000)
    with pytest.raises(StorageFull):
        fetch(make_fetcher(elsewhere.port), f"http://pictures.example:{elsewhere.port}/a")
    assert nothing_left(tmp_path)
