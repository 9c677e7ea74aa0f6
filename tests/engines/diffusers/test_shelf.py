"""Several models within one memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from retouch.engines.diffusers.placement import TooLarge
from retouch.engines.diffusers.shelf import Shelf


@dataclass(eq=False)
class _Model:
    name: str
    closed: list[str]
    nbytes: int = 40

    def close(self) -> None:
        self.closed.append(self.name)


@dataclass
class _Room:
    """A shelf of four models of 40 bytes, of which ``room`` bytes hold so many, and what happened to them."""

    room: int
    loaded: list[str] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    shelf: Shelf[_Model] = field(default_factory=Shelf)

    def __post_init__(self) -> None:
        for name in "abcd":
            self.shelf.add(name, lambda reclaimable, name=name: self._load(name, reclaimable))  # type: ignore[misc]

    def use(self, *names: str) -> None:
        for name in names:
            with self.shelf.take(name) as model:
                assert model.name == name

    def _load(self, name: str, reclaimable: int) -> _Model:
        self.told.append(reclaimable)
        if sum(self.shelf.sizes().values()) + 40 > self.room:
            raise TooLarge("no room")
        self.loaded.append(name)
        return _Model(name, self.closed)


def test_nothing_is_loaded_before_it_is_asked_for_and_then_once() -> None:
    room = _Room(100)
    assert room.loaded == []
    room.use("a", "a", "b", "a")
    assert room.loaded == ["a", "b"]
    assert room.shelf.sizes() == {"b": 40, "a": 40}


def test_the_longest_unused_makes_room_and_only_as_much_as_is_needed() -> None:
    room = _Room(100)
    room.use("a", "b", "a", "c")
    assert list(room.shelf.sizes()) == ["a", "c"]
    assert room.closed == ["b"]


def test_a_load_is_told_what_could_be_had_by_putting_others_away() -> None:
    room = _Room(100)
    room.use("a", "b")
    with room.shelf.take("b"):
        room.use("c")
    assert room.told == [0, 40, 40, 0]  # a alone, b beside a, c beside a while b is in use, then without a


def test_what_is_in_use_is_never_put_away() -> None:
    room = _Room(100)
    with room.shelf.take("a"):
        room.use("b", "c", "d")
        assert list(room.shelf.sizes()) == ["a", "d"]
        with pytest.raises(ValueError, match="'a' is in use"):
            room.shelf.put_away("a")
        with room.shelf.take("d"), pytest.raises(TooLarge):
            room.use("b")
        assert room.shelf.clear()
        assert list(room.shelf.sizes()) == ["a"]
        assert not room.shelf.clear()
    room.use("b")
    assert list(room.shelf.sizes()) == ["a", "b"]


def test_a_load_that_fails_leaves_the_shelf_as_it_was_and_may_be_tried_again() -> None:
    attempts: list[int] = []
    room = _Room(200)

    def load(_: int) -> _Model:
        attempts.append(1)
        if len(attempts) == 1:
            raise ValueError("a file is missing")
        return _Model("x", room.closed, 10)

    room.shelf.add("x", load)
    room.use("a")
    with pytest.raises(ValueError, match="a file is missing"), room.shelf.take("x"):
        pass
    assert room.shelf.sizes() == {"a": 40}
    room.use("x")
    assert room.shelf.sizes() == {"a": 40, "x": 10}


def test_a_model_that_finds_no_room_even_alone_is_refused() -> None:
    room = _Room(30)
    with pytest.raises(TooLarge), room.shelf.take("a"):
        pass
    assert room.shelf.sizes() == {}


def test_a_model_that_is_removed_is_closed_and_its_name_free() -> None:
    room = _Room(100)
    room.use("a")
    room.shelf.remove("a")
    assert room.closed == ["a"]
    with pytest.raises(KeyError):
        room.use("a")
    room.shelf.add("a", lambda _: _Model("a", []))
    room.use("a")


def test_a_name_is_given_once() -> None:
    room = _Room(100)
    with pytest.raises(ValueError, match="a model 'a' on the shelf already"):
        room.shelf.add("a", lambda _: _Model("a", []))
