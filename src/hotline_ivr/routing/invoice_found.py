"""What came of a carrier's list that was compared by night, and the words in which it is told. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from hotline_ivr.routing.alert_words import BALANCE
from hotline_ivr.routing.alerts import Alert, AlertState
from hotline_ivr.routing.caller import clean_text
from hotline_ivr.routing.invoice_check import Difference
from hotline_ivr.routing.on_duty import OnDuty

NAMED = 10
"""Differences that are kept of a list, and told; `hotline costs invoice` shows the rest."""

_WIDEST = 300


@dataclass(frozen=True, slots=True)
class InvoiceFound:
    """A list: `content` is the SHA-256 of its file, `day` the one whose night compared it (ISO), empty for
    one that was compared by command.

    `shown` are the first differences, by call id or row; `error` says why it could not be compared, `form`
    by which description of its columns (SHA-256).
    """

    contract: str
    file: str
    content: str
    form: str
    day: str
    differences: int = 0
    shown: tuple[tuple[str, str], ...] = ()
    error: str = ""
    told: bool = False

    @property
    def wrong(self) -> int:
        """Its differences; 1 for a list that could not be compared."""
        return 1 if self.error else self.differences


def shown_differences(found: Sequence[Difference]) -> tuple[tuple[str, str], ...]:
    """The first of them, without any number of a person."""
    return tuple(
        (
            each.call or (f"row {each.row}" if each.row is not None else each.kind),
            f"{each.kind}, ours {each.ours or '-'}, theirs {each.theirs or '-'}",
        )
        for each in found[:NAMED]
    )


def invoices_told(
    node: str,
    found: Sequence[InvoiceFound],
    now: datetime,
    duty: OnDuty | None,
    *,
    night: Alert | None = None,
) -> Alert:
    """The alert of lists that differ or cannot be read; of an uneven `night` too, where there is one."""
    text = "\n".join(line for each in found for line in invoice_lines(each))
    details = {
        "invoices": " ".join(each.file for each in found),
        "invoice_differences": str(sum(each.wrong for each in found)),
    }
    calls = [name for each in found for name, _ in each.shown if not name.startswith("row ")]
    if night is not None:
        both = " ".join(filter(None, (night.details.get("calls", ""), *calls)))
        return replace(
            night, text=f"{night.text}\n{text}", details={**night.details, **details, "calls": both}
        )
    who = f"On duty: {duty.text}." if duty else "Nobody is on duty by the rota."
    on_duty = {"on_duty": duty.name, "on_duty_mail": duty.mail} if duty else {}
    # The same for the same lists, however often they are told.
    digest = hashlib.sha256(" ".join(each.content for each in found).encode()).hexdigest()[:16]
    names = ", ".join(dict.fromkeys(each.contract for each in found))
    return Alert(
        f"{BALANCE}-{node}-invoices-{digest}",
        BALANCE,
        AlertState.TOLD,
        node,
        now,
        f"The invoice and the record differ: {names}",
        f"{text}\n{who}",
        {**details, "node": node, "calls": " ".join(calls), **on_duty},
    )


def invoices_failed(node: str, day: date, why: str, now: datetime, duty: OnDuty | None) -> Alert:
    """Nobody knows whether new lists agree."""
    who = f"On duty: {duty.text}." if duty else "Nobody is on duty by the rota."
    text = f"New invoices could not be compared, node {node}: {why}. It is tried again tomorrow night.\n{who}"
    ident, title = f"{BALANCE}-{node}-{day}-invoices-failed", "New invoices could not be compared"
    details = {"day": day.isoformat(), "node": node, "why": why}
    return Alert(ident, BALANCE, AlertState.TOLD, node, now, title, text, details)


def invoice_lines(found: InvoiceFound) -> Iterable[str]:
    """What is to be said of one list, in lines."""
    name = f"{found.file} of {found.contract}"
    if found.error:
        yield clean_text(f"{name} could not be compared: {found.error}", _WIDEST)
        return
    many = "1 difference" if found.differences == 1 else f"{found.differences or 'no'} differences"
    yield clean_text(f"{name} against the record: {many}", _WIDEST)
    for what, text in found.shown:
        yield clean_text(f"- {what}: {text}", _WIDEST)
    if found.differences > len(found.shown):
        rest = found.differences - len(found.shown)
        yield f"... and {rest} more: hotline costs invoice FILE --contract {found.contract}"
