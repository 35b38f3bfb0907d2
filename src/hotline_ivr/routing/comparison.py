"""What a month would have cost with an offer in the place of contracts that hold now, like with like.

The offer prices exactly the connections of the contracts in whose place it comes: not those that no contract
has, and not those of contracts that stay. It pays for as many numbers and, where it names no channels of its
own, for as many channels as those contracts do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hotline_ivr.config.contracts import Contract
from hotline_ivr.config.models import Plan
from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.channels import ChannelWatch
from hotline_ivr.routing.costs import month_bounds
from hotline_ivr.routing.statements import MonthOfCalls, Statement
from hotline_ivr.routing.usage import RecordedCall, Usage


@dataclass(frozen=True, slots=True)
class Compared:
    """`difference` is the offer less what it replaces, negative where it is cheaper; None: not comparable.

    `why` says then what is in the way. `channels` are those that are paid for, 0 where none are counted.
    """

    statement: Statement
    instead_of: tuple[str, ...]
    replaced: Decimal
    stays: tuple[str, ...]
    difference: Decimal | None
    why: str
    channels: int
    #: Of which 1 % of callers would have found all busy in the month's busiest hour.
    channels_needed: int
    warning: str


class Comparison:
    """One offer: takes the calls of the month, in order, beside the accounts."""

    def __init__(self, plan: Plan, year: int, month: int, offer: str, instead_of: Sequence[str]) -> None:
        self.offer, contract = offer, plan.contracts[offer]
        held = {
            name: each
            for name, each in plan.contracts.items()
            if not each.offer and MonthOfCalls(name, each, year, month).in_force
        }
        # A contract that holds already and is compared takes the calls of others beside its own.
        own = (offer,) if offer in held else ()
        self.instead_of = tuple(dict.fromkeys((*(instead_of or _meant(contract, held)), *own)))
        for name in self.instead_of:
            if name not in held:
                raise ArgumentError(
                    f"contract '{name}' does not hold in {year}-{month:02}: nothing can come in its place"
                )
        replaced = [held[name] for name in self.instead_of]
        self._stays = tuple(name for name in held if name not in self.instead_of)
        numbers = {number for each in replaced for number in each.numbers}
        self._channels = contract.channels or sum(each.channels for each in replaced)
        self._made = MonthOfCalls(
            offer,
            contract,
            year,
            month,
            numbers=len(numbers),
            channels=self._channels,
            as_if=True,
            ordinary=bool(contract.numbers) or all(each.inbound is None for each in replaced),
        )
        self._start, self._end = month_bounds(contract, year, month)
        self._watch = ChannelWatch({offer: _together(contract, replaced)} if replaced else {})

    def add_call(self, call: RecordedCall) -> None:
        """See how many channels it takes."""
        if self._start <= call.arrived_at < self._end:
            self._watch.add(call)

    def add(self, usage: Usage, contract: str) -> None:
        """Price a connection that `contract` prices now."""
        if contract in self.instead_of and self._made.covers(usage.start):
            self._made.add(usage)

    def compared(self, statements: Sequence[Statement]) -> Compared:
        """The outcome, beside the statements of all contracts that hold."""
        found = self._made.statement()
        replaced = [each for each in statements if each.contract in self.instead_of]
        total = sum((each.total for each in replaced), Decimal(0))
        why = "; ".join(_in_the_way(found, replaced))
        needed = max(
            (
                each.needed
                for each in self._watch.report()
                if (each.kind, each.name) == ("contract", self.offer)
            ),
            default=0,
        )
        return Compared(
            statement=found,
            instead_of=self.instead_of,
            replaced=total,
            stays=self._stays,
            difference=None if why else found.total - total,
            why=why,
            channels=self._channels,
            channels_needed=needed,
            warning=_too_few(self.offer, self._channels, needed),
        )


def _meant(offer: Contract, held: dict[str, Contract]) -> list[str]:
    """Where nobody says it: in the place of what has its numbers or trunks, else of all."""
    shared = [
        name
        for name, each in held.items()
        if set(each.numbers) & set(offer.numbers) or set(each.trunks) & set(offer.trunks)
    ]
    return shared or list(held)


def _together(offer: Contract, replaced: Sequence[Contract]) -> Contract:
    """The contracts that are replaced as one, for the channels that their calls took together."""
    return offer.model_copy(
        update={
            "offer": False,
            "from_": min(each.from_ for each in replaced),
            "until": None,
            "numbers": tuple({number for each in replaced for number in each.numbers}),
            "trunks": tuple({trunk for each in replaced for trunk in each.trunks}),
            "channels": sum(each.channels for each in replaced),
        }
    )


def _in_the_way(offer: Statement, replaced: Sequence[Statement]) -> list[str]:
    """Why the two sums are not of the same things."""
    if not replaced:
        return ["no contract holds in whose place it could come"]
    why = [
        f"{each.unpriced} connections have no price with {each.contract}"
        for each in (*replaced, offer)
        if each.unpriced
    ]
    currencies = {each.currency for each in replaced} - {offer.currency}
    if currencies:
        why.append(f"{', '.join(sorted(currencies))} is not converted to {offer.currency}")
    return why


def _too_few(offer: str, channels: int, needed: int) -> str:
    if not needed or channels >= needed:
        return ""
    if not channels:
        return f"{offer} names no channels: {needed} were needed, and no fee for them is in its sum"
    return (
        f"{offer} has too few channels: {channels}, and {needed} were needed for all but 1 % of callers"
        " in the busiest hour"
    )
