"""Who gives way when something runs out."""

from __future__ import annotations

import pytest

from retouch.service.shares import Full, Share, Shares


class Told:
    """Shares of edits, and who has lost one in the order it happened."""

    def __init__(self, **limits: int) -> None:
        self.shares = Shares(**limits)
        self.lost: list[str] = []

    def take(self, caller: str, name: str = "", *, spare: bool = False, **amounts: int) -> Share:
        share = self.shares.take(caller, **(amounts or {"edits": 1}))
        share.give_way = lambda: self.lost.append(name or caller)
        share.spare = lambda: spare
        return share


def test_a_newcomer_with_fewer_gets_the_place_of_the_largest_holders_newest() -> None:
    told = Told(edits=5)
    told.take("small")
    for name in ("first", "second", "third", "fourth"):
        told.take("large", name)
    told.take("new")
    told.take("small")
    assert told.lost == ["fourth", "third"]
    assert [told.shares.held(caller, "edits") for caller in ("large", "small", "new")] == [2, 2, 1]


def test_whoever_holds_most_cannot_push_others_out() -> None:
    told = Told(edits=3)
    told.take("a")
    told.take("b")
    told.take("b")
    with pytest.raises(Full) as caught:
        told.take("b")
    assert caught.value.resource == "edits"
    assert told.lost == []
    assert len(told.shares) == 3


def test_two_callers_never_push_each_other_out_in_turn() -> None:
    told = Told(edits=4)
    for caller in ("a", "a", "b", "b"):
        told.take(caller)
    for caller in ("a", "b", "a", "b"):
        with pytest.raises(Full):
            told.take(caller)
    with pytest.raises(Full):
        Told(edits=1).take("a") and told.take("a")
    uneven = Told(edits=3)
    for caller in ("a", "a", "b"):
        uneven.take(caller)
    with pytest.raises(Full):
        uneven.take("b")  # as many as the other then has: it would be the other's turn to push
    assert uneven.lost == []
    told.take("c")  # 2, 1, 1: better for the one who has least
    with pytest.raises(Full):
        told.take("d", edits=2)
    assert len(told.lost) == 1


def test_what_nobody_would_miss_goes_first_whoever_asks() -> None:
    told = Told(edits=3)
    told.take("a", "missed")
    told.take("a", "spare", spare=True)
    told.take("b")
    told.take("a")
    assert told.lost == ["spare"]


def test_a_share_that_never_gives_way_is_left_alone() -> None:
    told = Told(edits=2)
    for _ in range(2):
        told.take("large").give_way = None
    with pytest.raises(Full):
        told.take("new")


def test_each_resource_is_bounded_and_shared_by_its_own_amounts() -> None:
    told = Told(edits=10, bytes=100)
    for _ in range(4):
        told.take("many", edits=1, bytes=5)
    told.take("heavy", edits=1, bytes=70)
    told.take("new", edits=1, bytes=30)
    assert told.lost == ["heavy"]
    assert told.shares.total("bytes") == 50


def test_several_give_way_for_one_or_none_does() -> None:
    told = Told(bytes=100)
    for _ in range(4):
        told.take("many", bytes=25)
    with pytest.raises(Full):
        told.take("new", bytes=90)
    assert told.lost == []
    told.take("new", bytes=50)
    assert told.lost == ["many"] * 2


def test_what_is_larger_than_everything_is_let_in_alone() -> None:
    told = Told(bytes=100)
    small = told.take("a", bytes=1)
    with pytest.raises(Full):
        told.take("b", bytes=500)
    small.release()
    told.take("b", bytes=500)
    with pytest.raises(Full):
        told.take("b", bytes=1)


def test_a_share_grows_within_the_limit_and_keeps_what_it_has_when_it_cannot() -> None:
    told = Told(bytes=100)
    one, other = told.take("a", bytes=10), told.take("b", bytes=60)
    one.grow(bytes=30)
    with pytest.raises(Full):
        other.grow(bytes=10)
    assert (one.amounts["bytes"], other.amounts["bytes"]) == (40, 60)
    one.grow(bytes=15)  # even so it has less than the other
    assert told.lost == ["b"]
    other.grow(bytes=1000)  # it is on the way out, and counts no more
    assert told.shares.total("bytes") == 55


def test_released_twice_is_released_once() -> None:
    told = Told(edits=2)
    share = told.take("a")
    share.release()
    share.release()
    assert (len(told.shares), told.shares.total("edits"), told.shares.held("a", "edits")) == (0, 0, 0)
    assert not told.shares._callers


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Shares(edits=0)
