"""How long callers wait in a queue that is in a steady state, by the two formulas of the field.

Erlang C (A. K. Erlang, 1917): M/M/n, nobody gives up. Erlang A (C. Palm, 1946): M/M/n+M, callers give up
after a patience that is exponential, like the time between arrivals and the length of a conversation. Rates
are per second and times in seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hotline_ivr.routing.erlang import blocking

# States and steps that weigh less than this are left out of the sums.
_NEGLIGIBLE = 1e-12


@dataclass(frozen=True, slots=True)
class ErlangC:
    """A queue in which everybody waits as long as it takes. Raises ValueError if it would grow for ever."""

    arrivals_a_second: float
    service_s: float
    operators: int

    def __post_init__(self) -> None:
        if self.arrivals_a_second <= 0 or self.service_s <= 0 or self.operators < 1:
            raise ValueError("arrivals, service and operators must be above zero")
        if self.load >= self.operators:
            raise ValueError(
                f"{self.load:.1f} erlangs are more than {self.operators} operators can ever serve"
            )

    @property
    def load(self) -> float:
        """Erlangs offered."""
        return self.arrivals_a_second * self.service_s

    @property
    def waiting(self) -> float:
        """Share of callers who wait at all."""
        lost = blocking(self.load, self.operators)
        return lost / (1 - self.load / self.operators * (1 - lost))

    @property
    def mean_wait_s(self) -> float:
        """Over all callers, also those who do not wait."""
        return self.waiting * self.service_s / (self.operators - self.load)

    @property
    def occupancy(self) -> float:
        return self.load / self.operators

    def answered_within(self, seconds: float) -> float:
        """Share of callers answered within so many seconds."""
        return 1 - self.waiting * math.exp(-(self.operators - self.load) * seconds / self.service_s)


@dataclass(frozen=True, slots=True)
class ErlangA:
    """A queue whose callers give up after `patience_s` seconds on average."""

    arrivals_a_second: float
    service_s: float
    operators: int
    patience_s: float

    def __post_init__(self) -> None:
        if min(self.arrivals_a_second, self.service_s, self.patience_s) <= 0 or self.operators < 1:
            raise ValueError("arrivals, service, patience and operators must be above zero")

    @property
    def waiting(self) -> float:
        """Share of callers who find nobody free (PASTA: they see the queue as it is over time)."""
        return sum(self._shares()[self.operators :])

    @property
    def mean_wait_s(self) -> float:
        """Over all callers, those who give up with the time until they do (Little's law)."""
        queued = sum(index * share for index, share in enumerate(self._shares()[self.operators :]))
        return queued / self.arrivals_a_second

    @property
    def abandoned(self) -> float:
        """Share of callers who give up."""
        return self.mean_wait_s / self.patience_s

    def answered_within(self, seconds: float) -> float:
        """Share of all callers, those who give up included, who are answered within so many seconds."""
        shares = self._shares()
        at_once = sum(shares[: self.operators])
        waiting = shares[self.operators :]
        served = self._served_within(seconds, len(waiting))
        return at_once + sum(share * chance for share, chance in zip(waiting, served, strict=True))

    def _shares(self) -> list[float]:
        """Share of time with so many callers there, in conversation or waiting: a birth-death chain."""
        weights = [1.0]
        total = 1.0
        while len(weights) <= self.operators or weights[-1] > _NEGLIGIBLE * total:
            there = len(weights)
            leaving = min(there, self.operators) / self.service_s
            leaving += max(0, there - self.operators) / self.patience_s
            weights.append(weights[-1] * self.arrivals_a_second / leaving)
            total += weights[-1]
        return [weight / total for weight in weights]

    def _served_within(self, seconds: float, places: int) -> list[float]:
        """For a caller with 0, 1, 2 ... ahead: the chance of being answered within so many seconds.

        A chain of pure departures, brought to steps of one rate (uniformisation): the chance after m steps,
        weighed by how likely it is that m steps fall into that time (Poisson).
        """
        serving, giving_up = self.operators / self.service_s, 1 / self.patience_s
        rate = serving + places * giving_up
        expected = rate * seconds
        chance = [0.0] * places
        found = [0.0] * places
        steps = int(expected + 12 * math.sqrt(expected) + 30)
        for step in range(steps):
            weight = (
                math.exp(step * math.log(expected) - expected - math.lgamma(step + 1)) if expected else 0.0
            )
            for place in range(places):
                found[place] += weight * chance[place]
            before = chance
            chance = []
            for place in range(places):
                forward = serving + place * giving_up
                ahead = before[place - 1] * forward if place else serving
                stays = rate - forward - giving_up
                chance.append((ahead + stays * before[place]) / rate)
        return found
