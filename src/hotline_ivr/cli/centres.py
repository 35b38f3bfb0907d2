"""`hotline centres settle`: what a centre has had in a month, beside its invoice."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotline_ivr.cli.overrides import Json

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from hotline_ivr.routing.settlement import Invoice, Settlement

app = typer.Typer(help="Call centres outside.", no_args_is_help=True)


@app.callback()
def centres() -> None:
    """Call centres outside."""


@app.command()
def settle(
    centre: Annotated[str, typer.Argument(metavar="CENTRE", help="Id of the centre.")],
    *,
    month: Annotated[str, typer.Option(help="Which month: 2026-11.")],
    invoice: Annotated[
        Path | None, typer.Option(help="The centre's invoice: CSV with a column `minutes` or `seconds`.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Sum up what a centre has had in a month, and compare it with what it asks money for."""
    from hotline_ivr.cli.calls_view import read_store
    from hotline_ivr.errors import ArgumentError
    from hotline_ivr.launch.plans import running_plan
    from hotline_ivr.routing.settlement import REPEAT_WITHIN, read_invoice
    from hotline_ivr.routing.settlement import settle as sum_up
    from hotline_ivr.routing.wall import zone_of
    from hotline_ivr.settings import Settings
    from hotline_ivr.store.outside import arrivals_of, handed_over

    settings = Settings.from_environment()
    plan = running_plan(settings)
    if centre not in plan.centres:
        known = ", ".join(sorted(plan.centres)) or "none"
        raise ArgumentError(f"there is no centre '{centre[:60]}'. Centres are: {known}")
    since, until = _bounds(month, zone_of(next(iter(plan.lines.values())).time_zone))
    handed = read_store(settings, lambda connection: handed_over(connection, centre, since, until))
    arrivals = read_store(settings, lambda connection: arrivals_of(connection, since, until + REPEAT_WITHIN))
    found = sum_up(handed, arrivals)
    try:
        asked = None if invoice is None else read_invoice(invoice.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError(f"{invoice}: cannot be read ({error})") from None
    if as_json:
        typer.echo(json.dumps(_data(centre, month, found, asked)))
    else:
        typer.echo(_words(centre, month, found, asked))


def _bounds(month: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    from hotline_ivr.errors import ArgumentError

    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month, re.ASCII):
        raise ArgumentError(f"'{month[:40]}' is no month: write 2026-11")
    first = datetime(int(month[:4]), int(month[5:]), 1, tzinfo=zone)
    following = (first + timedelta(days=32)).replace(day=1)
    return first.astimezone(UTC), following.astimezone(UTC)


def _data(centre: str, month: str, found: Settlement, asked: Invoice | None) -> dict[str, object]:
    return {
        "schema": "hotline/settlement/1",
        "centre": centre,
        "month": month,
        "handed_over": found.handed_over,
        "answered": found.answered,
        "lost": found.lost,
        "ring_s": round(found.ring_s, 1),
        "talk_minutes": round(found.talk_minutes, 2),
        "started_minutes": found.started_minutes,
        "repeats_within_24h": found.repeats,
        "invoice": None if asked is None else {"calls": asked.calls, "minutes": round(asked.minutes, 2)},
    }


def _words(centre: str, month: str, found: Settlement, asked: Invoice | None) -> str:
    lines = [
        f"centre {centre}, {month}",
        f"  handed over       {found.handed_over}",
        f"  answered there    {found.answered}",
        f"  lost there        {found.lost}",
        f"  ringing           {found.ring_s / 60:.1f} min",
        f"  conversation      {found.talk_minutes:.1f} min ({found.started_minutes} minutes begun)",
        f"  rang again in 24h {found.repeats}",
    ]
    if asked is not None:
        lines += [
            f"  invoice, calls    {asked.calls} ({asked.calls - found.answered:+d} beside our record)",
            f"  invoice, minutes  {asked.minutes:.1f} ({asked.minutes - found.talk_minutes:+.1f})",
        ]
    return "\n".join(lines)
