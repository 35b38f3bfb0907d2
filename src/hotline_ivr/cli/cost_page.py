"""`hotline costs page`: a page of costs, reckoned for the service's REST interface."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hotline_ivr.exports.costs import Place
    from hotline_ivr.settings import Settings


def page(
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many rows.")],
    since: Annotated[str | None, typer.Option(help="Of calls from this time on.")] = None,
    until: Annotated[str | None, typer.Option(help="Of calls before this time; default is now.")] = None,
    line: Annotated[str | None, typer.Option(help="Only of this line.")] = None,
    beyond: Annotated[str | None, typer.Option(help="Place of the last row of the page before.")] = None,
    numbers: Annotated[bool, typer.Option("--numbers", help="Dialled numbers in full.")] = False,
    noted: Annotated[str, typer.Option(help="Id of the request that the trail names.")] = "",
) -> None:
    """Print priced connections as JSON, as `GET /api/v1/costs` answers."""
    from hotline_ivr.cli.calls_view import moment_of
    from hotline_ivr.exports.columns import Source
    from hotline_ivr.exports.cost_page import CostsWanted
    from hotline_ivr.launch.cost_pages import plan_of_costs
    from hotline_ivr.routing.disclosure import disclosure
    from hotline_ivr.settings import Settings
    from hotline_ivr.store.streaming import read_at_length
    from hotline_ivr.web.api.cost_body import cost_body

    # Beside a service that answers callers: they come first.
    os.nice(10)
    settings, now = Settings.from_environment(), datetime.now(UTC)
    wanted = CostsWanted(moment_of(since, None), moment_of(until, None), line, limit, _place(beyond), numbers)
    if numbers:
        _note(settings, noted)
    plan, told = plan_of_costs(settings), disclosure(numbers=numbers, visible=settings.visible_digits)
    body = read_at_length(
        settings.database, lambda connection: cost_body(Source(connection, plan), wanted, now, told)
    )
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


def _place(words: str | None) -> Place | None:
    from hotline_ivr.exports.cost_page import place_in

    if words is None:
        return None
    try:
        return place_in(words.split("|"))
    except ValueError:
        raise typer.BadParameter("--beyond is no place of a row") from None


def _note(settings: Settings, noted: str) -> None:
    from hotline_ivr.cli.noted import stands_in_trail
    from hotline_ivr.cli.person import person
    from hotline_ivr.control.audit import AuditEntry, AuditTrail

    if noted and stands_in_trail(settings, noted, "numbers.read", "costs", {}):
        return
    entry = AuditEntry(datetime.now(UTC), person(), "command", "numbers.read", "costs", {})
    AuditTrail(settings.audit_file).note(entry)
