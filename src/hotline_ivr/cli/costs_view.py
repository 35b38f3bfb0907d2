"""How costs look on a terminal, and as JSON. Amounts in JSON are texts: a number would become a float."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.accounts import Priced
from hotline_ivr.routing.caller import clean_text, mask
from hotline_ivr.routing.channels import ChannelUse
from hotline_ivr.routing.invoices import Difference, InvoiceCheck
from hotline_ivr.routing.notice import exit_cost, notice
from hotline_ivr.routing.statements import Statement
from hotline_ivr.routing.usage import Usage
from hotline_ivr.settings import Settings

_AMOUNT_WIDTH = 14
_TEXT_WIDTH = 60
_WIDEST = 80


def plain(value: Any) -> Any:
    """A value of ours as JSON has it."""
    match value:
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case _:
            return value


def statement_text(found: Statement, plan: Plan, line: str | None) -> str:
    """A month; of one line only what its calls cost."""
    title = f"{found.contract} ({plan.contracts[found.contract].carrier}), {found.year}-{found.month:02}"
    if line is not None:
        rows = [
            (f"line {name}: {calls} calls", amount) for name, calls, amount in found.by_line if name == line
        ]
        return "\n".join([title, *(_row(text, amount, found.currency) for text, amount in rows)])
    shown = [title, *(_row(each.text, each.amount, found.currency) for each in found.lines)]
    shown.append(_row("total", found.total, found.currency))
    if found.projected is not None:
        shown.append(_row("expected by the end of the month", found.projected, found.currency))
    shown += [_row(f"  of calls, line {name}", amount, found.currency) for name, _, amount in found.by_line]
    if found.unpriced:
        shown.append(f"  {found.unpriced} connections for which this contract has no price")
    return "\n".join(shown)


def _row(text: str, amount: Decimal, currency: str) -> str:
    return f"  {clean_text(text, _WIDEST):<{_TEXT_WIDTH}}{f'{amount:f}':>{_AMOUNT_WIDTH}} {currency}"


def left_out_text(without: Counter[str], under_way: int) -> list[str]:
    """What has no price at all, said plainly."""
    shown = [
        f"no contract for {clean_text(name, _WIDEST)}: {count} connections without a price"
        for name, count in sorted(without.items())
    ]
    return shown + ([f"{under_way} calls are not over and not counted"] if under_way else [])


def compared_text(now: Iterable[Statement], others: Iterable[Statement]) -> str:
    """The same month under other contracts, beside what it costs now."""
    now = list(now)
    shown = [
        f"{each.year}-{each.month:02} costs {each.total:f} {each.currency} with {each.contract}"
        for each in now
    ]
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for each in now:
        sums[each.currency] += each.total
    for other in others:
        text = f"the same month with {other.contract} would have cost {other.total:f} {other.currency}"
        if other.currency in sums:
            less = sums[other.currency] - other.total
            text += f", {abs(less):f} {'less' if less >= 0 else 'more'}"
        text += f"; {other.unpriced} connections have no price there" if other.unpriced else ""
        shown.append(text)
    return "\n".join(shown)


def call_text(found: Sequence[Priced]) -> str:
    """The connections of a call with their formulas."""
    shown = []
    for usage, contract, cost in found:
        number = _number(usage)
        what = f"dialled {number} by {usage.trunk}" if usage.outgoing else f"incoming on {number}"
        head = f"{clean_text(what, _WIDEST)}, {usage.seconds} s"
        if contract is None:
            shown.append(f"{head}: no contract for this number")
        elif cost is None:
            shown.append(f"{head}: contract {contract} has no price for it")
        else:
            shown.append(f"{head} ({cost.kind}, contract {contract}):\n  {cost.formula}")
    return "\n".join(shown) or "nothing of this call costs anything: nobody was connected"


def call_data(found: Sequence[Priced]) -> list[dict[str, Any]]:
    return [
        {
            "number": _number(usage),
            "outgoing": usage.outgoing,
            "seconds": usage.seconds,
            "contract": contract,
            "class": cost.kind if cost else None,
            "billed": cost.billed if cost else None,
            "included": cost.included if cost else None,
            "amount": plain(cost.amount) if cost else None,
            "currency": cost.currency if cost else None,
            "formula": cost.formula if cost else None,
        }
        for usage, contract, cost in found
    ]


def _number(usage: Usage) -> str:
    """Ours as it is; one that was dialled may be a person's, who was called back."""
    if not usage.outgoing:
        return usage.number
    return mask(usage.number, Settings.from_environment().visible_digits)


def channels_text(found: Sequence[ChannelUse]) -> str:
    """Peak and need, by number, trunk and contract."""
    shown = [f"{'':<30}{'calls':>8}{'peak':>6}{'erlangs':>9}{'needed':>8}{'bought':>8}  all busy"]
    for each in found:
        name = clean_text(f"{each.kind} {each.name}", 29)
        bought = str(each.bought) if each.bought else "-"
        busy = "-" if each.blocked is None else f"{each.blocked * 100:.2f} %"
        row = (
            f"{name:<30}{each.calls:>8}{each.peak:>6}{each.erlangs:>9.2f}{each.needed:>8}{bought:>8}  {busy}"
        )
        shown.append(f"{row}  (peak {each.peak_at:%Y-%m-%d %H:%M} UTC)")
    note = "needed: channels of which 1 % of callers find all busy in the busiest hour (Erlang B)"
    return "\n".join([*shown, note])


def notice_rows(plan: Plan, today: date, leaving: date) -> list[dict[str, Any]]:
    """Terms and dates of every contract, and what leaving on a day costs."""
    return [
        {"contract": name, **asdict(notice(contract, today)), "exit": asdict(exit_cost(contract, leaving))}
        for name, contract in plan.contracts.items()
        if not contract.offer
    ]


def notice_text(rows: Sequence[dict[str, Any]], leaving: date) -> str:
    shown = [
        f"{row['contract']}: {row['words']}\n  leaving on {leaving}: {row['exit']['formula']}" for row in rows
    ]
    return "\n".join(shown) or "no contract is written: add one under contracts"


def invoice_text(check: InvoiceCheck, counts: Counter[str], shown: Sequence[Difference]) -> str:
    """Differences, the first of them, and the sums."""
    lines = []
    for each in shown:
        where = f"row {each.row}" if each.row is not None else f"call {clean_text(each.call or '', _WIDEST)}"
        head = f"{each.kind:<8}{each.at:%Y-%m-%d %H:%M:%S %Z}  {each.number}"
        lines.append(f"{head}  ours {each.ours or '-'}, theirs {each.theirs or '-'}  ({where})")
    hidden = sum(counts.values()) - len(shown)
    lines += [f"... and {hidden} more"] * (hidden > 0)
    difference = check.billed - check.expected
    lines.append(
        f"{check.lines} lines of the invoice, {check.matched} matched; "
        + (", ".join(f"{kind}: {count}" for kind, count in sorted(counts.items())) or "no difference")
    )
    lines.append(f"billed {check.billed:f}, by our record {check.expected:f}, difference {difference:f}")
    return "\n".join(lines)
