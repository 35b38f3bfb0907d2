"""`hotline costs`: what calls cost under the contracts that are written, from the record.

Prices are reckoned when they are asked for, never stored: a contract that was written wrong is put right, and
all its months with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hotline_ivr.errors import ArgumentError
from hotline_ivr.settings import Settings

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from hotline_ivr.config.contracts import Contract
    from hotline_ivr.config.models import Plan
    from hotline_ivr.routing.accounts import Accounts, Priced
    from hotline_ivr.routing.comparison import Compared
    from hotline_ivr.routing.invoice_check import Difference
    from hotline_ivr.routing.usage import RecordedCall, Usage

EXIT_FINDINGS = 1

app = typer.Typer(help="What calls cost, by the contracts with carriers.", invoke_without_command=True)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]
Numbers = Annotated[
    bool, typer.Option("--numbers", help="Show dialled numbers in full, which stands in the trail.")
]
Month = Annotated[
    str | None, typer.Option(help="Which month: 2026-09; default is the present one by the contract's clock.")
]


@app.callback()
def costs(
    context: typer.Context,
    *,
    month: Month = None,
    line: Annotated[str | None, typer.Option(help="Only what the calls of this line cost.")] = None,
    contract: Annotated[str | None, typer.Option(help="Only this contract.")] = None,
    as_json: Json = False,
) -> None:
    """Show a month: fees, calls, discounts and total of each contract, and what the whole month will cost."""
    if context.invoked_subcommand is not None:
        return
    from hotline_ivr.cli import costs_view as view

    settings, plan, now = _house()
    known_contracts(plan, [contract] if contract else [])
    if line is not None and line not in plan.lines:
        raise ArgumentError(f"there is no line '{line[:60]}'. Lines are: {', '.join(plan.lines)}")
    accounts = _accounts(settings, plan, _month(month, now, _zone(plan, contract)))
    found = [each for each in accounts.statements(now) if contract in {None, each.contract}]
    if as_json:
        from dataclasses import asdict

        body = {
            "contracts": [asdict(each) for each in found],
            **_left_out(accounts),
        }
        typer.echo(_json("hotline/costs/1", body))
        return
    shown = [view.statement_text(each, plan, line) for each in found] or ["no contract holds in this month"]
    typer.echo("\n\n".join(shown))
    for text in view.left_out_text(accounts):
        typer.echo(text)


@app.command()
def compare(
    contracts: Annotated[list[str], typer.Argument(metavar="CONTRACT...", help="Contracts or offers.")],
    *,
    instead_of: Annotated[
        list[str] | None,
        typer.Option(
            help="Contract in whose place they would come; again for more. Others stay as they are."
        ),
    ] = None,
    month: Month = None,
    as_json: Json = False,
) -> None:
    """Price the calls of a month under other contracts: what the same month would have cost.

    Without --instead-of each comes in the place of the contracts with its numbers or trunks, or else of all.
    """
    from hotline_ivr.cli import costs_view as view

    settings, plan, now = _house()
    known_contracts(plan, [*contracts, *(instead_of or [])])
    accounts = _accounts(settings, plan, _month(month, now, _zone(plan)), contracts, instead_of or [])
    present, others = list(accounts.statements(now)), list(accounts.compared(now))
    if as_json:
        from dataclasses import asdict

        body = {
            "now": [asdict(each) for each in present],
            "compared": [{**asdict(each.statement), **_beside(each)} for each in others],
            **_left_out(accounts),
        }
        typer.echo(_json("hotline/costs-compare/1", body))
        return
    typer.echo(view.compared_text(present, others))
    for text in view.left_out_text(accounts):
        typer.echo(text)


@app.command()
def explain(
    call_id: Annotated[str, typer.Argument(metavar="CALL_ID", help="Id of a call, as in `hotline calls`.")],
    *,
    numbers: Numbers = False,
    as_json: Json = False,
) -> None:
    """Show how the price of a call comes about, included minutes used by earlier calls taken off."""
    from hotline_ivr.cli import costs_view as view
    from hotline_ivr.cli.calls_view import note_numbers
    from hotline_ivr.routing.caller import clean_text

    settings, plan, _ = _house()
    if numbers:
        note_numbers(settings, clean_text(call_id, 80))
    found = _call_prices(settings, plan, call_id)
    if found is None:
        typer.echo(f"no call {clean_text(call_id, 80)} in the record", err=True)
        raise typer.Exit(EXIT_FINDINGS)
    if not numbers:
        found = [_masked(each, settings) for each in found]
    typer.echo(
        _json("hotline/call-cost/1", {"call": call_id, "connections": view.call_data(found)})
        if as_json
        else view.call_text(found)
    )


@app.command()
def channels(*, month: Month = None, as_json: Json = False) -> None:
    """Show how many calls there were at once, and how many channels that needs against those bought."""
    from hotline_ivr.cli import costs_view as view
    from hotline_ivr.cli.calls_view import read_store
    from hotline_ivr.routing.channels import ChannelWatch
    from hotline_ivr.store.limit_met import limits_met

    settings, plan, now = _house()
    watch = ChannelWatch(plan.contracts)
    zone = _zone(plan)
    year, number = _month(month, now, zone)
    start = datetime(year, number, 1, tzinfo=zone).astimezone(UTC)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone).astimezone(UTC)
    _each_call(settings, start, end, watch.add)
    found = list(watch.report())
    met = read_store(settings, lambda connection: limits_met(connection, plan.contracts, start, end))
    if as_json:
        typer.echo(_json("hotline/channels/1", {"channels": view.channels_data(found, met)}))
    else:
        typer.echo(view.channels_text(found, met) if found else "no call arrived in this month")


@app.command()
def notice(
    *,
    leaving: Annotated[
        str | None, typer.Option(help="Last day, for what leaving early costs; default is today.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show until when each contract binds, the last day to give notice, and what leaving early costs."""
    from hotline_ivr.cli import costs_view as view

    _, plan, now = _house()
    rows = view.notice_rows(plan, now, _day(leaving))
    typer.echo(_json("hotline/notice/1", {"contracts": rows}) if as_json else view.notice_text(rows))


@app.command()
def invoice(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The carrier's list of calls.")],
    *,
    contract: Annotated[str, typer.Option(help="Contract whose calls it bills.")],
    from_: Annotated[
        str | None, typer.Option("--from", help="First day that it bills, on the contract's clock.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", help="Last day that it bills.")] = None,
    numbers: Numbers = False,
    as_json: Json = False,
) -> None:
    """Compare a carrier's list of calls with the record, line by line; differences end with code 1.

    Without --from and --to it is the whole billing months of which the file has calls.
    """
    import asyncio
    from dataclasses import replace

    from hotline_ivr.cli import costs_view as view
    from hotline_ivr.cli.calls_view import note_numbers
    from hotline_ivr.launch.invoicing import compare_invoice
    from hotline_ivr.routing.billing_period import Period

    settings, plan, _ = _house()
    known_contracts(plan, [contract])
    first, last = _day(from_), _day(to)
    if (first is None) != (last is None):
        raise ArgumentError("a time has two ends: give --from and --to")
    period = Period(first, last) if first is not None and last is not None else None
    if numbers:
        note_numbers(settings, "costs", invoice=file, contract=contract)
    found = asyncio.run(compare_invoice(settings, plan, contract, file, period))
    if not numbers:
        masked = [masked_difference(each, plan.contracts[contract], settings) for each in found.differences]
        found = replace(found, differences=masked)
    if as_json:
        typer.echo(_json("hotline/invoice/1", view.invoice_data(found)))
    else:
        typer.echo(view.invoice_text(found))
    if found.differences:
        raise typer.Exit(EXIT_FINDINGS)


@app.command()
def invoices(
    *,
    night: Annotated[
        str | None, typer.Option(hidden=True, help="As the nightly proof of this day does: it tells.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare the carriers' lists that are new where contracts say `files`; differences end with code 1."""
    import asyncio
    import os
    from dataclasses import asdict, replace

    from hotline_ivr.launch.invoice_files import InvoiceMemory, compare_new, new_invoices
    from hotline_ivr.routing.invoice_found import invoice_lines

    if night is not None:
        # Beside a service that answers callers: they come first.
        os.nice(10)
    settings, plan, now = _house()
    memory, found = InvoiceMemory(settings.invoices_dir), []
    day = "" if night is None else str(_day(night))
    for new in new_invoices(settings, plan, memory, now):
        each = asyncio.run(compare_new(settings, plan, new, day))
        # Who asked is told here and now.
        memory.keep(replace(each, told=night is None))
        found.append(each)
    if as_json:
        typer.echo(_json("hotline/invoices/1", {"invoices": [asdict(each) for each in found]}))
    else:
        lines = [line for each in found for line in invoice_lines(each)]
        typer.echo("\n".join(lines) or "no list is new")
    if any(each.wrong for each in found):
        raise typer.Exit(EXIT_FINDINGS)


# What they have in common.


def _house() -> tuple[Settings, Plan, datetime]:
    from hotline_ivr.launch.plans import plan_on_disk

    settings = Settings.from_environment()
    return settings, plan_on_disk(settings), datetime.now(UTC)


def _masked(priced: Priced, settings: Settings) -> Priced:
    """Whom we dialled may be a caller who was called back; our own number is nobody's secret."""
    from hotline_ivr.routing.caller import mask

    usage = priced.usage
    if not usage.outgoing:
        return priced
    return priced._replace(usage=usage._replace(number=mask(usage.number, settings.visible_digits)))


def masked_difference(found: Difference, contract: Contract, settings: Settings) -> Difference:
    """The same for a line of an invoice; whose number a line has that is none of ours, nobody knows."""
    from dataclasses import replace

    from hotline_ivr.routing.caller import mask

    if found.number in contract.numbers:
        return found
    return replace(found, number=mask(found.number, settings.visible_digits))


def known_contracts(plan: Plan, names: Sequence[str]) -> None:
    for name in names:
        if name not in plan.contracts:
            known = ", ".join(plan.contracts) or "none; write them under contracts"
            raise ArgumentError(f"there is no contract '{name[:60]}'. Contracts are: {known}")


def _zone(plan: Plan, contract_id: str | None = None) -> ZoneInfo:
    """The clock of a contract, else of the first one that is no offer, else the organisation's."""
    from hotline_ivr.routing.shifts import shift_zone
    from hotline_ivr.routing.wall import zone_of

    if contract_id is not None:
        return zone_of(plan.contracts[contract_id].time_zone)
    zones = [each.time_zone for each in plan.contracts.values() if not each.offer]
    return zone_of(zones[0] if zones else shift_zone(plan))


def _month(text: str | None, now: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """Year and month; without a text the present one of a clock. Raises ArgumentError."""
    if text is None:
        local = now.astimezone(zone)
        return local.year, local.month
    found = re.fullmatch(r"(20[0-9]{2})-(0[1-9]|1[0-2])", text.strip(), re.ASCII)
    if found is None:
        raise ArgumentError(f"'{text[:40]}' is no month: write 2026-09")
    return int(found[1]), int(found[2])


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ArgumentError(f"'{(text or '')[:40]}' is no day: write 2026-12-31") from None


def _json(schema: str, body: dict[str, Any]) -> str:
    from hotline_ivr.cli.costs_view import plain

    return json.dumps({"schema": schema, **plain(body)}, ensure_ascii=False)


def _each_call(
    settings: Settings, since: datetime, until: datetime, take: Callable[[RecordedCall], object]
) -> None:
    """Hand over the calls of a time one by one, in order. Raises StoreError."""
    from sqlalchemy import Connection

    from hotline_ivr.cli.calls_view import read_store
    from hotline_ivr.store.costing import recorded_calls

    def read(connection: Connection) -> None:
        for call in recorded_calls(connection, since, until):
            take(call)

    read_store(settings, read)


def _left_out(accounts: Accounts) -> dict[str, Any]:
    return {"without_contract": dict(accounts.without_contract), "under_way": accounts.under_way}


def _beside(compared: Compared) -> dict[str, Any]:
    """What stands beside the statement of a contract that is compared."""
    from dataclasses import asdict

    return {name: value for name, value in asdict(compared).items() if name != "statement"}


def _accounts(
    settings: Settings,
    plan: Plan,
    month: tuple[int, int],
    compared: Sequence[str] = (),
    instead_of: Sequence[str] = (),
) -> Accounts:
    from hotline_ivr.routing.accounts import Accounts, span_of

    accounts = Accounts(plan, *month, compared=compared, instead_of=instead_of)
    if plan.contracts:
        _each_call(settings, *span_of(plan, *month), accounts.add)
    return accounts


def _call_prices(settings: Settings, plan: Plan, call_id: str) -> list[Priced] | None:
    """The prices of a call's connections, each within its month; None for a call that is not there."""
    from hotline_ivr.cli.calls_view import read_store
    from hotline_ivr.routing.accounts import Accounts, Priced, months_of, span_of
    from hotline_ivr.routing.usage import usages
    from hotline_ivr.store.costing import recorded_call

    call = read_store(settings, lambda connection: recorded_call(connection, call_id))
    if call is None:
        return None
    prices: dict[Usage, Priced] = {}
    for month in months_of(plan, call):
        accounts = Accounts(plan, *month)

        def take(each: RecordedCall, accounts: Accounts = accounts) -> None:
            priced = accounts.add(each)
            if each.id == call_id:
                prices.update({found.usage: found for found in priced})

        _each_call(settings, *span_of(plan, *month), take)
    return [prices.get(usage, Priced(usage, None, None)) for usage in usages(call)]
