"""How costs look on a terminal, and as JSON. Amounts in JSON are texts: a number would become a float."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.accounts import Accounts, Priced
from hotline_ivr.routing.caller import clean_text
from hotline_ivr.routing.channels import ChannelUse
from hotline_ivr.routing.comparison import Compared
from hotline_ivr.routing.notice import exit_cost, notice
from hotline_ivr.routing.statements import Statement
from hotline_ivr.routing.wall import zone_of

if TYPE_CHECKING:
    from hotline_ivr.launch.invoicing import Compared as Invoiced
    from hotline_ivr.store.limit_met import LimitMet

_AMOUNT_WIDTH = 14
_TEXT_WIDTH = 60
_WIDEST = 80

_PROJECTED = {
    "open-hours": "by open hours",
    "hours": "by all hours",
    "both": "by open hours where there are",
}
_CHANNELS_NOTE = (
    "needed: channels of which 1 % of callers find all busy in the busiest hour (Erlang B)",
    "met limit, share: callers whom a limit of ours turned away, and their part of those who arrived;",
    "  whom the carrier itself refused is not known here",
    "by theory: share that finds the bought channels busy in the busiest hour (Erlang B)",
)

SHOWN_DIFFERENCES = 200
"""More differences than this have one cause; the sums tell the rest."""


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
    if found.projected is not None and found.projected_by is not None:
        text = f"expected by the end of the month, {_PROJECTED[found.projected_by]}"
        shown.append(_row(text, found.projected, found.currency))
    shown += [_row(f"  of calls, line {name}", amount, found.currency) for name, _, amount in found.by_line]
    if found.unpriced:
        shown.append(f"  {found.unpriced} connections for which this contract has no price")
    return "\n".join(shown)


def _row(text: str, amount: Decimal, currency: str) -> str:
    return f"  {clean_text(text, _WIDEST):<{_TEXT_WIDTH}}{f'{amount:f}':>{_AMOUNT_WIDTH}} {currency}"


def left_out_text(accounts: Accounts) -> list[str]:
    """What has no price at all, said plainly."""
    shown = [
        f"no contract for {clean_text(name, _WIDEST)}: {count} connections without a price"
        for name, count in sorted(accounts.without_contract.items())
    ]
    if accounts.under_way:
        shown.append(f"{accounts.under_way} calls are not over and not counted")
    return shown


def compared_text(now: Iterable[Statement], others: Iterable[Compared]) -> str:
    """The same month under other contracts, beside what it costs now."""
    shown = [
        f"{each.year}-{each.month:02} costs {each.total:f} {each.currency} with {each.contract}"
        for each in now
    ]
    for other in others:
        found = other.statement
        instead = ", ".join(other.instead_of) or "nothing"
        text = (
            f"with {found.contract} instead of {instead} it would have cost {found.total:f} {found.currency}"
        )
        if other.difference is None:
            text += f"; that is neither more nor less: {other.why}"
        else:
            text += f", {abs(other.difference):f} {'less' if other.difference <= 0 else 'more'}"
        shown.append(text)
        shown += [f"  beside it stays: {', '.join(other.stays)}"] * bool(other.stays)
        shown += [f"  warning: {other.warning}"] * bool(other.warning)
    return "\n".join(shown)


def call_text(found: Sequence[Priced]) -> str:
    """The connections of a call with their formulas."""
    shown = []
    for usage, contract, cost in found:
        number = usage.number
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
            "number": usage.number,
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


def channels_data(
    found: Sequence[ChannelUse], met: Mapping[tuple[str, str], LimitMet]
) -> list[dict[str, Any]]:
    """As JSON has it; without `arrivals` where nothing is counted, as for trunks."""
    rows = []
    for each in found:
        counted = met.get((each.kind, each.name))
        beside = (
            {"arrivals": None, "met_limit": None}
            if counted is None
            else {"arrivals": counted.arrivals, "met_limit": counted.met}
        )
        rows.append({**asdict(each), **beside})
    return rows


def channels_text(found: Sequence[ChannelUse], met: Mapping[tuple[str, str], LimitMet]) -> str:
    """Peak and need, by number, trunk and contract, and who met a limit."""
    head = f"{'':<30}{'calls':>8}{'peak':>6}{'erlangs':>9}{'needed':>8}{'bought':>8}"
    shown = [f"{head}{'met limit':>11}{'share':>9}{'by theory':>11}"]
    for each in found:
        name = clean_text(f"{each.kind} {each.name}", 29)
        bought = str(each.bought) if each.bought else "-"
        theory = "-" if each.blocked is None else f"{each.blocked * 100:.2f} %"
        counted = met.get((each.kind, each.name))
        over, share = ("-", "-") if counted is None else (str(counted.met), _share(counted))
        row = (
            f"{name:<30}{each.calls:>8}{each.peak:>6}{each.erlangs:>9.2f}{each.needed:>8}{bought:>8}"
            f"{over:>11}{share:>9}{theory:>11}"
        )
        shown.append(f"{row}  (peak {each.peak_at:%Y-%m-%d %H:%M} UTC)")
    return "\n".join([*shown, *_CHANNELS_NOTE])


def _share(counted: LimitMet) -> str:
    return f"{100 * counted.met / counted.arrivals:.2f} %" if counted.arrivals else "-"


def notice_rows(plan: Plan, now: datetime, leaving: date | None) -> list[dict[str, Any]]:
    """Terms and dates of every contract on its own clock, and what leaving costs; without a day, today."""
    rows = []
    for name, contract in plan.contracts.items():
        if not contract.offer:
            today = now.astimezone(zone_of(contract.time_zone)).date()
            day = leaving or today
            ends, exit_ = asdict(notice(contract, today)), asdict(exit_cost(contract, day))
            rows.append({"contract": name, **ends, "leaving": day, "exit": exit_})
    return rows


def notice_text(rows: Sequence[dict[str, Any]]) -> str:
    shown = [
        f"{row['contract']}: {row['words']}\n  leaving on {row['leaving']}: {row['exit']['formula']}"
        for row in rows
    ]
    return "\n".join(shown) or "no contract is written: add one under contracts"


def invoice_data(found: Invoiced) -> dict[str, Any]:
    """The comparison as JSON has it; the first differences only."""
    check, period = found.check, found.period
    return {
        "from": period.first if period else None,
        "to": period.last if period else None,
        "lines": check.lines,
        "outside": check.outside,
        "matched": check.matched,
        "billed": check.billed,
        "expected": check.expected,
        "fees_compared": found.fees,
        "counts": found.counts,
        "differences": [asdict(each) for each in found.differences[:SHOWN_DIFFERENCES]],
    }


def invoice_text(found: Invoiced) -> str:
    """Differences, the first of them, and the sums."""
    check, counts, shown = found.check, found.counts, found.differences[:SHOWN_DIFFERENCES]
    lines = []
    for each in shown:
        where = f"row {each.row}" if each.row is not None else f"call {clean_text(each.call or '', _WIDEST)}"
        head = f"{each.kind:<8}{each.at:%Y-%m-%d %H:%M:%S %Z}  {each.number}"
        place = f"  ({where})" if each.row is not None or each.call else ""
        lines.append(f"{head}  ours {each.ours or '-'}, theirs {each.theirs or '-'}{place}")
    hidden = len(found.differences) - len(shown)
    lines += [f"... and {hidden} more"] * (hidden > 0)
    difference = check.billed - check.expected
    lines.append(
        f"{check.lines} lines of the invoice, {check.matched} matched; "
        + (", ".join(f"{kind}: {count}" for kind, count in sorted(counts.items())) or "no difference")
    )
    if found.period is not None:
        outside = f"; {check.outside} lines lie outside of that" if check.outside else ""
        lines.append(f"compared from {found.period.first} to {found.period.last}{outside}")
    if check.fees and not found.fees:
        lines.append(f"{len(check.fees)} rows without a number were not compared")
    lines.append(f"billed {check.billed:f}, by our record {check.expected:f}, difference {difference:f}")
    return "\n".join(lines)
