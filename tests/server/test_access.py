from __future__ import annotations

import pytest
from starlette.datastructures import Headers
from starlette.requests import Request

from retouch.errors import Unauthorized
from retouch.server.access import Access
from retouch.server.keyring import Keyring
from retouch.server.settings import ServerSettings
from retouch.service.caller import Caller


def check(headers: dict[str, str], *keys: str, host: str = "192.0.2.7", **settings: object) -> Caller:
    scope = {"type": "http", "headers": Headers(headers).raw, "client": (host, 4711) if host else None}
    chosen = ServerSettings.model_validate({"api_keys": list(keys), **settings})
    return Access(chosen, Keyring(chosen)).check(Request(scope))


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer anything"}, {"authorization": "nonsense"}])
def test_without_keys_everyone_is_let_in_and_known_by_their_address(headers: dict[str, str]) -> None:
    assert check(headers).id == "192.0.2.7"


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::1", "::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("", "local"),
        ("testclient", "testclient"),
    ],
)
def test_whoever_has_a_whole_network_of_addresses_is_one_caller(host: str, place: str) -> None:
    assert check({}, host=host).id == place


def test_the_settings_bound_every_address() -> None:
    caller = check({}, requests_per_minute=3, images_per_minute=4)
    assert (caller.requests_per_minute, caller.images_per_minute, caller.models) == (3, 4, None)


@pytest.mark.parametrize("key", ["sk-one", "sk-two"])
def test_each_key_is_let_in(key: str) -> None:
    caller = check({"authorization": f"Bearer {key}"}, "sk-one", "sk-two")
    assert key not in caller.id


@pytest.mark.rule("3.2/401-no-key")
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic sk-one"])
def test_no_key_is_told_how_to_give_one(header: str | None) -> None:
    with pytest.raises(Unauthorized, match="You didn't provide an API key") as caught:
        check({} if header is None else {"authorization": header}, "sk-one")
    assert caught.value.code is None


@pytest.mark.rule("3.2/401-bad-key")
@pytest.mark.parametrize("key", ["sk-on", "sk-onee", "SK-ONE", "ключ"])
def test_a_wrong_key_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(Unauthorized, match="Incorrect API key provided") as caught:
        check({"authorization": f"Bearer {key.encode().decode('latin-1')}"}, "sk-one")
    assert caught.value.code == "invalid_api_key"
    assert key not in caught.value.message
