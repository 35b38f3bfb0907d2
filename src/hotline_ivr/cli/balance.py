"""`hotline balance`: every arrival has one outcome, and the record says what Asterisk wrote."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hotline_ivr.errors import ArgumentError
from hotline_ivr.settings import Settings

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from hotline_ivr.launch.balancing import Span

EXIT_FINDINGS = 1
WIDEST = 120

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]
Time = Annotated[str | None, typer.Option(help="2026-11-27 or 2026-11-27T09:30[+01:00].")]


def balance(
    *,
    day: Annotated[str | None, typer.Option(help="A day on the organisation's clock; default today.")] = None,
    since: Time = None,
    until: Time = None,
    files: Annotated[bool, typer.Option(help="Compare with what Asterisk wrote to its files.")] = True,
    invoice: Annotated[Path | None, typer.Option(help="Also compare this list of a carrier's.")] = None,
    contract: Annotated[str | None, typer.Option(help="Contract whose calls the list bills.")] = None,
    past: Annotated[bool, typer.Option("--past", help="Show what the nights before have found.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="With --past: so many nights.")] = 30,
    as_json: Json = False,
    keep: Annotated[bool, typer.Option("--keep", hidden=True, help="As the nightly proof does.")] = False,
) -> None:
    """Prove that every arrival has exactly one outcome; name each call that breaks it, with code 1."""
    import asyncio

    settings = Settings.from_environment()
    if past:
        _past(settings, limit, as_json=as_json)
        return
    if (invoice is None) != (contract is None):
        raise ArgumentError(
            "--invoice needs the contract that it bills, and --contract an invoice: give both"
        )
    from hotline_ivr.launch.balancing import organisation_zone, prove, prove_and_keep
    from hotline_ivr.routing.balance_report import report_data

    zone = organisation_zone(settings)
    if keep:
        # Beside a service that answers callers: they come first.
        os.nice(10)
        night = asyncio.run(prove_and_keep(settings, _day(day, zone), zone))
        typer.echo(night.report)
        raise typer.Exit(0 if night.even else EXIT_FINDINGS)
    span = _span(day, since, until, zone)
    data = report_data(asyncio.run(prove(settings, span, files=files)))
    if invoice is not None and contract is not None:
        data["invoice"] = _invoice(settings, contract, invoice, span)
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/balance/1", **data}, ensure_ascii=False))
    else:
        typer.echo(balance_text(data, zone))
    if not data["even"] or data.get("invoice", {}).get("differences"):
        raise typer.Exit(EXIT_FINDINGS)


def balance_text(data: Mapping[str, Any], zone: ZoneInfo | None) -> str:
    """Sums by line, then the calls that break the balance."""
    shown = [f"{_clock(data['since'], zone)} to {_clock(data['until'], zone)}, node {data['node']}"]
    for each in data["lines"]:
        outcomes = ", ".join(f"{name} {count}" for name, count in each["outcomes"].items())
        way = f", under way {each['under_way']}" if each["under_way"] else ""
        shown.append(
            f"{each['line'] or '(no line)'}: {_calls(each['arrivals'])} arrived: {outcomes or '-'}{way}"
        )
    shown.append(
        f"in all {data['arrivals']} arrived, under way {data['under_way']};"
        f" {_calls(data['callbacks'])} back by the service, which are no arrivals"
    )
    shown.append(_files_text(data, zone))
    shown += _differences(data["shown"], data["differences"])
    if "invoice" in data:
        bill = data["invoice"]
        shown.append(
            f"invoice: {bill['lines']} lines, {bill['matched']} matched, {bill['differences']} differences"
        )
        shown += [
            f"  {each['kind']}: {each['call'] or 'row ' + str(each['row'])}, ours {each['ours'] or '-'},"
            f" theirs {each['theirs'] or '-'}"
            for each in bill["shown"]
        ]
    shown.append("the balance is even" if data["even"] else "THE BALANCE IS NOT EVEN")
    return "\n".join(shown)


def _files_text(data: Mapping[str, Any], zone: ZoneInfo | None) -> str:
    if data["files_since"] is None:
        return "not compared with Asterisk's files: there are none here, or they were not to be read"
    text = f"compared with {data['files']} of Asterisk's files, which reach back to"
    text += f" {_clock(data['files_since'], zone)}"
    if data["unreadable_lines"]:
        text += f"; {data['unreadable_lines']} lines there are no records"
    if data["files_since"] > data["since"]:
        text += "; what arrived earlier is not compared"
    return text


def _differences(found: Sequence[Mapping[str, str]], count: int) -> list[str]:
    from hotline_ivr.routing.caller import clean_text

    lines = [
        f"  {clean_text(': '.join((each['call'], each['reason'], each['text'])), WIDEST)}" for each in found
    ]
    return lines + ([f"  ... and {count - len(found)} more"] if count > len(found) else [])


def _past(settings: Settings, limit: int, *, as_json: bool) -> None:
    import asyncio

    from hotline_ivr.store.balance import nights
    from hotline_ivr.store.reading import read_once

    found = asyncio.run(read_once(settings.database, lambda connection: nights(connection, None, limit)))
    if as_json:
        reports = [{"day": each.day, **json.loads(each.report)} for each in found]
        typer.echo(json.dumps({"schema": "hotline/balance-nights/1", "nights": reports}, ensure_ascii=False))
        return
    for each in found:
        said = "even" if each.even else f"NOT EVEN, {each.differences} differences"
        typer.echo(f"{each.day} {each.node}: {_calls(each.arrivals)} arrived, {said}")
        for line in _differences(json.loads(each.report)["shown"][:10], min(each.differences, 10)):
            typer.echo(line)
    if not found:
        typer.echo("no night has been looked at yet")


# What was asked for.


def _day(text: str | None, zone: ZoneInfo | None) -> date:
    if text is None:
        return datetime.now(UTC).astimezone(zone).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentError(f"'{text[:40]}' is no day: write 2026-11-27") from None


def _span(day: str | None, since: str | None, until: str | None, zone: ZoneInfo | None) -> Span:
    from hotline_ivr.cli.calls_view import moment_of
    from hotline_ivr.launch.balancing import Span, span_of_day

    if day is not None and (since is not None or until is not None):
        raise ArgumentError("--day is a time of its own: give it, or --since and --until")
    if since is None and until is None:
        return span_of_day(_day(day, zone), zone)
    first = moment_of(since, zone)
    last = moment_of(until, zone) or datetime.now(UTC)
    if first is None:
        raise ArgumentError("--until needs the beginning too: give --since")
    if first >= last:
        raise ArgumentError("--since is not before --until")
    return Span(first, last)


def _invoice(settings: Settings, contract: str, file: Path, span: Span) -> dict[str, Any]:
    """The carrier's list against the record, for the calls of this time."""
    import asyncio
    from dataclasses import asdict

    from hotline_ivr.cli.costs import known_contracts, masked_difference
    from hotline_ivr.cli.costs_view import SHOWN_DIFFERENCES, plain
    from hotline_ivr.launch.invoicing import compare_invoice
    from hotline_ivr.launch.plans import plan_on_disk

    plan = plan_on_disk(settings)
    known_contracts(plan, [contract])
    compared = asyncio.run(compare_invoice(settings, plan, contract, file))
    found = [each for each in compared.differences if span.since <= each.at < span.until]
    body = {
        "lines": compared.check.lines,
        "matched": compared.check.matched,
        "differences": len(found),
        "shown": [
            asdict(masked_difference(each, plan.contracts[contract], settings))
            for each in found[:SHOWN_DIFFERENCES]
        ],
    }
    shown: dict[str, Any] = plain(body)
    return shown


def _clock(text: str, zone: ZoneInfo | None) -> str:
    return datetime.fromisoformat(text).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %z")


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count} calls"
