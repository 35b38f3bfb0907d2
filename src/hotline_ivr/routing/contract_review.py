"""What the days to come say of contracts: over, soon to be renewed, numbers without one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from hotline_ivr.config.contracts import Contract
from hotline_ivr.config.models import Plan
from hotline_ivr.routing.notice import notice

Remarked = tuple[tuple[str | int, ...], str, str]
"""Path, message and remedy."""


def contract_remarks(plan: Plan, today: date) -> Iterator[Remarked]:
    """Yield what an admin should know; nothing where nobody has written contracts."""
    for contract_id, contract in plan.contracts.items():
        if contract.offer:
            continue
        if contract.until is not None and contract.until < today:
            if not _successor(plan, contract):
                message = f"this contract ended on {contract.until}, and none has taken its place"
                yield ("contracts", contract_id, "until"), message, "write the new contract beside it"
        else:
            yield from _notice(contract_id, contract, today)
    if plan.contracts:
        yield from _gaps(plan, today)


def _successor(plan: Plan, contract: Contract) -> bool:
    """Whether every number and trunk of a contract is in a later one."""
    later = [each for each in plan.contracts.values() if not each.offer and each.from_ > contract.from_]
    numbers = {number for each in later for number in each.numbers}
    trunks = {trunk for each in later for trunk in each.trunks}
    return set(contract.numbers) <= numbers and set(contract.trunks) <= trunks


def _notice(contract_id: str, contract: Contract, today: date) -> Iterator[Remarked]:
    last = notice(contract, today).last_day
    if last is not None and today >= last - timedelta(days=contract.terms.remind_days):
        message = f"{notice(contract, today).words} ({(last - today).days} days left)"
        remedy = "compare offers with `hotline costs compare`; see `hotline costs notice`"
        yield ("contracts", contract_id, "terms"), message, remedy


def _gaps(plan: Plan, today: date) -> Iterator[Remarked]:
    """Numbers that no contract of today prices."""
    priced = {
        number
        for contract in plan.contracts.values()
        if not contract.offer
        and contract.from_ <= today
        and (contract.until is None or today <= contract.until)
        for number in contract.numbers
    }
    for line_id, line in plan.lines.items():
        for index, number in enumerate(line.numbers):
            if number not in priced:
                message = f"no contract that is in force on {today} has {number}: its calls have no price"
                yield ("lines", line_id, "numbers", index), message, "add it to a contract's numbers"
