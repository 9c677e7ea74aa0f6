from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from retouch.contract.openapi.answers import BUDGET_HEADERS
from retouch.errors import ImagesLimited, NotReady, RateLimited
from retouch.server.budgets import HEADERS, Account, Budgets
from retouch.server.settings import ServerSettings
from retouch.service.caller import Caller
from tests.awaiting import awaited

CALLER = Caller("key_1", requests_per_minute=2, images_per_minute=5)


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """``pass_time(30)``: it is half a minute later."""
    now = time.time()

    def later(seconds: float) -> None:
        nonlocal now
        now += seconds
        monkeypatch.setattr(time, "time", lambda: now)

    later(0)
    return later


def budgets() -> Budgets:
    return Budgets(ServerSettings(requests_per_minute=1))


async def edit(all: Budgets, images: int = 1, caller: Caller = CALLER) -> Account:
    async with all.open(caller) as account:
        await account.request()
        await account.images(images, "gpt-image-2")
    return account


@awaited
async def test_requests_are_let_in_until_the_budget_is_spent_and_again_a_minute_after_the_first(
    pass_time: Callable[[float], None],
) -> None:
    all = budgets()
    await edit(all)
    pass_time(20)
    await edit(all)
    pass_time(28)
    with pytest.raises(RateLimited) as caught:
        await edit(all)
    error = caught.value
    assert error.message == (
        "Rate limit reached on requests per min (RPM): Limit 2, Used 2, Requested 1. Please try again in 12s."
    )
    assert (error.status, error.type, error.code, error.param) == (429, "requests", "rate_limit_exceeded", None)
    assert error.headers == {"retry-after": "12", "retry-after-ms": "12000"}
    pass_time(12)
    await edit(all)


@pytest.mark.rule("3.2/429-images")
@awaited
async def test_pictures_have_a_budget_of_their_own_with_the_recorded_text(
    pass_time: Callable[[float], None],
) -> None:
    all = budgets()
    await edit(all, images=4)
    pass_time(48)
    with pytest.raises(ImagesLimited) as caught:
        await edit(all, images=2)
    error = caught.value
    assert error.message == (
        "Rate limit reached for gpt-image-2 on input-images per min: Limit 5, Used 4, Requested 2. Please try"
        " again in 12s."
    )
    assert (error.status, error.type, error.code, error.param) == (
        429,
        "input-images",
        "rate_limit_exceeded",
        None,
    )
    assert error.retry is None


@awaited
async def test_what_was_refused_uses_up_no_pictures(pass_time: Callable[[float], None]) -> None:
    all = budgets()
    await edit(all, images=4)
    with pytest.raises(ImagesLimited):
        await edit(all, images=2)
    async with all.open(CALLER) as account:
        await account.images(1, "gpt-image-2")
    assert account.headers["x-ratelimit-remaining-input-images"] == "0"


@awaited
async def test_more_pictures_than_any_minute_has_are_not_to_be_sent_again() -> None:
    with pytest.raises(ImagesLimited, match="Limit 5, Requested 6") as caught:
        await edit(budgets(), images=6)
    assert caught.value.retry is False
    assert caught.value.headers == {}


@awaited
async def test_answers_tell_what_is_left(pass_time: Callable[[float], None]) -> None:
    all = budgets()
    account = await edit(all, images=3)
    assert account.headers == {
        "x-ratelimit-limit-requests": "2",
        "x-ratelimit-remaining-requests": "1",
        "x-ratelimit-reset-requests": "1m0s",
        "x-ratelimit-limit-input-images": "5",
        "x-ratelimit-remaining-input-images": "2",
        "x-ratelimit-reset-input-images": "1m0s",
    }
    assert set(account.headers) == set(HEADERS)
    pass_time(59.75)
    async with all.open(CALLER) as looking:
        await looking.look()
    assert looking.headers == account.headers | {
        "x-ratelimit-reset-requests": "250ms",
        "x-ratelimit-reset-input-images": "250ms",
    }
    pass_time(1)
    async with all.open(CALLER) as later:
        await later.look()
    assert later.headers["x-ratelimit-remaining-requests"] == "2"
    assert later.headers["x-ratelimit-reset-requests"] == "0s"


def test_the_document_of_the_api_names_the_headers() -> None:
    assert tuple(BUDGET_HEADERS) == HEADERS


@awaited
async def test_callers_have_each_their_own_budget() -> None:
    all = budgets()
    other = Caller("key_2", requests_per_minute=2)
    for _ in range(2):
        await edit(all)
        await edit(all, caller=other)
    with pytest.raises(RateLimited):
        await edit(all, caller=other)


@awaited
async def test_a_changed_budget_is_no_new_one() -> None:
    all = budgets()
    await edit(all)
    with pytest.raises(RateLimited):
        await edit(all, caller=Caller("key_1", requests_per_minute=1))


@awaited
async def test_without_budgets_nothing_is_counted_or_told() -> None:
    for settings in (ServerSettings(), ServerSettings(requests_per_minute=1)):
        account = await edit(Budgets(settings), images=16, caller=Caller("key_3"))
        assert account.headers == {}


@pytest.mark.parametrize("busy", [RateLimited("The server is busy."), NotReady()], ids=["429", "503"])
@awaited
async def test_what_the_server_had_no_room_for_costs_nothing(busy: Exception) -> None:
    all = budgets()

    async def refused() -> None:
        async with all.open(CALLER) as account:
            await account.request()
            await account.images(5, "gpt-image-2")
            raise busy

    for _ in range(5):
        with pytest.raises(type(busy)):
            await refused()
    account = await edit(all, images=5)
    assert account.headers["x-ratelimit-remaining-requests"] == "1"


@awaited
async def test_what_joins_an_edit_that_began_while_it_paid_costs_nothing() -> None:
    all = budgets()
    async with all.open(CALLER) as account:
        await account.request()
        await account.images(5, "gpt-image-2")
        account.waive()
    assert (await edit(all, images=5)).headers["x-ratelimit-remaining-requests"] == "1"


@awaited
async def test_a_flood_of_refused_uploads_is_not_free() -> None:
    all = budgets()
    await edit(all, images=5)
    with pytest.raises(ImagesLimited):
        await edit(all, images=5)
    with pytest.raises(RateLimited, match="requests per min"):
        await edit(all, images=5)


@awaited
async def test_a_request_is_paid_for_once() -> None:
    async with budgets().open(CALLER) as account:
        for _ in range(5):
            await account.request()
    assert account.headers["x-ratelimit-remaining-requests"] == "1"


@awaited
async def test_many_at_once_get_no_more_than_there_is() -> None:
    all = budgets()
    caller = Caller("key_1", requests_per_minute=10)
    outcomes = await asyncio.gather(*(edit(all, caller=caller) for _ in range(50)), return_exceptions=True)
    assert sum(isinstance(one, Account) for one in outcomes) == 10
