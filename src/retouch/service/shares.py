"""What callers hold of something bounded, and who gives way when there is no more of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping


class Full(Exception):
    """There is no room. ``resource``: of what."""

    def __init__(self, resource: str) -> None:
        super().__init__(resource)
        self.resource = resource


class Share:
    """What one request of ``caller`` holds, until `release`.

    ``give_way``: called when it has been taken away for somebody else's sake; None for a share that is never
    taken. ``spare``: whether nobody would miss it.
    """

    def __init__(self, shares: Shares, caller: str, amounts: Mapping[str, int]) -> None:
        self._shares = shares
        self.caller = caller
        self.amounts = Counter(amounts)
        self.give_way: Callable[[], object] | None = None
        self.spare: Callable[[], bool] = lambda: False

    def grow(self, **amounts: int) -> None:
        """Hold so much more. Raises `Full`; it then holds what it held."""
        self._shares.widen(self, amounts)

    def release(self) -> None:
        """Hold nothing any more; again does nothing."""
        self._shares.drop(self)


class Shares:
    """Amounts of several resources, each bounded by ``limits``.

    When one runs out, shares are taken away for a newcomer: those that nobody would miss first, then the newest
    of the caller that holds most, as long as the newcomer's caller holds less than that one even with what is
    asked for. So the largest holding only ever shrinks, and two callers never push each other out in turn. What is
    larger than a whole limit is let in when nothing else is there.
    """

    def __init__(self, **limits: int) -> None:
        if any(limit < 1 for limit in limits.values()):
            raise ValueError("limits must be at least 1")
        self.limits = limits
        self._held: dict[Share, None] = {}
        self._totals: Counter[str] = Counter()
        self._callers: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def __len__(self) -> int:
        return len(self._held)

    def total(self, resource: str) -> int:
        """How much of it is held."""
        return self._totals[resource]

    def held(self, caller: str, resource: str) -> int:
        """How much of it this caller holds."""
        return self._callers[caller][resource] if caller in self._callers else 0

    def take(self, caller: str, **amounts: int) -> Share:
        """A share of these amounts, 0 or more. Raises `Full`, and then nobody has given way."""
        share = Share(self, caller, {})
        self._held[share] = None
        try:
            self.widen(share, amounts)
        except Full:
            self.drop(share)
            raise
        return share

    def widen(self, share: Share, amounts: Mapping[str, int]) -> None:
        """See `Share.grow`."""
        if share not in self._held:
            return  # taken away; whoever held it is on the way out
        for victim in self._victims(share, amounts):
            give_way = victim.give_way
            self.drop(victim)
            if give_way is not None:
                give_way()
        share.amounts.update(amounts)
        self._totals.update(amounts)
        self._callers[share.caller].update(amounts)

    def drop(self, share: Share) -> None:
        """See `Share.release`."""
        if share not in self._held:
            return
        del self._held[share]
        self._totals.subtract(share.amounts)
        mine = self._callers[share.caller]
        mine.subtract(share.amounts)
        if not any(mine.values()):
            del self._callers[share.caller]

    def _victims(self, share: Share, amounts: Mapping[str, int]) -> list[Share]:
        victims: list[Share] = []
        for resource, limit in self.limits.items():
            more = amounts.get(resource, 0)
            while more:
                total = self._totals[resource] - sum(one.amounts[resource] for one in victims)
                if total + more <= limit or total == share.amounts[resource]:
                    break
                victim = self._victim(share, resource, more, victims)
                if victim is None:
                    raise Full(resource)
                victims.append(victim)
        return victims

    def _victim(self, share: Share, resource: str, more: int, victims: list[Share]) -> Share | None:
        holdings = {caller: held[resource] for caller, held in self._callers.items()}
        for victim in victims:
            holdings[victim.caller] -= victim.amounts[resource]
        own = holdings.get(share.caller, 0) + more
        yielding = [
            one
            for one in self._held
            if one.give_way is not None and one.amounts[resource] and one is not share and one not in victims
        ]
        spare = next((one for one in reversed(yielding) if one.spare()), None)
        if spare is not None or not yielding:
            return spare
        # Reversed, so that the newest of the largest holder is found.
        largest = max(reversed(yielding), key=lambda one: holdings[one.caller])
        return largest if own < holdings[largest.caller] else None
