"""Several models in one process: loaded when they are first asked for, the longest unused put away when another
needs the room.

A shelf belongs to the one thread that paints.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from retouch.engines.diffusers.placement import TooLarge


class Model(Protocol):
    """What a shelf holds. ``nbytes``: the device's memory that it takes while it is not used."""

    @property
    def nbytes(self) -> int: ...

    def close(self) -> None:
        """Give all of it back."""
        ...


Held = TypeVar("Held", bound=Model)


class Shelf(Generic[Held]):
    """Models by name."""

    def __init__(self) -> None:
        self._known: dict[str, Callable[[int], Held]] = {}
        self._held: OrderedDict[str, Held] = OrderedDict()  # the longest unused first
        self._users: dict[str, int] = {}

    def add(self, name: str, load: Callable[[int], Held]) -> None:
        """Make a model known; nothing is loaded. ``load`` is told the bytes that others take which could be put
        away, and raises `TooLarge` if it would rather have some of them.

        Raises `ValueError` if the name is taken.
        """
        if name in self._known:
            raise ValueError(f"there is a model {name!r} on the shelf already")
        self._known[name] = load

    def remove(self, name: str) -> None:
        """Put the model away, if it is loaded, and know it no more. Raises `ValueError` while it is in use."""
        self.put_away(name)
        self._known.pop(name, None)

    @contextmanager
    def take(self, name: str) -> Iterator[Held]:
        """The model of that name, loaded if it is not; until the block ends nothing puts it away.

        Raises `KeyError` for a name that was not added, `TooLarge` if there is no room for it beside what is in
        use, and what its loading raises; then it can be asked for again.
        """
        while name not in self._held:
            try:
                self._held[name] = self._known[name](sum(self._held[other].nbytes for other in self._idle()))
            except TooLarge:
                if not self._idle():
                    raise
            if name not in self._held:  # outside of the handler, whose traceback holds on to what was half loaded
                self.put_away(self._idle()[0])
        self._held.move_to_end(name)
        self._users[name] = self._users.get(name, 0) + 1
        try:
            yield self._held[name]
        finally:
            self._users[name] -= 1

    def put_away(self, name: str) -> None:
        """Close what was loaded under that name, if anything was. Raises `ValueError` while it is in use."""
        if self._users.get(name):
            raise ValueError(f"the model {name!r} is in use")
        held = self._held.pop(name, None)
        if held is not None:
            held.close()

    def clear(self) -> bool:
        """Put away all that is not in use; whether there was anything."""
        idle = self._idle()
        for name in idle:
            self.put_away(name)
        return bool(idle)

    def sizes(self) -> Mapping[str, int]:
        """The bytes that each loaded model takes, the longest unused first."""
        return {name: held.nbytes for name, held in self._held.items()}

    def _idle(self) -> list[str]:
        return [name for name in self._held if not self._users.get(name)]
