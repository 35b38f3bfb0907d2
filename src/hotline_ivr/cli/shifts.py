"""`hotline shifts show|check|coverage|import|export`: arguments in. What they do stands elsewhere."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotline_ivr.settings import Settings

if TYPE_CHECKING:
    from hotline_ivr.config.models import Plan
    from hotline_ivr.routing.remark import Remark
    from hotline_ivr.routing.shifts import ShiftBook

EXIT_USAGE, EXIT_CONFIG = 2, 3
MOST_DAYS = 366
_SECTIONS = ("shifts", "shift_plans", "shift_changes", "break_kinds")

app = typer.Typer(
    name="shifts", no_args_is_help=True, help="Shift plans: who works when, and whether that is enough."
)
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]
Strict = Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")]
Week = Annotated[str | None, typer.Option(help="A day of the week, 2026-12-24, or its number, 2026-W52.")]
Operator = Annotated[str | None, typer.Option(help="Id of one operator.")]
First = Annotated[str | None, typer.Option("--from", help="First day, such as 2026-12-24; else today.")]


@app.command()
def show(*, week: Week = None, operator: Operator = None, as_json: Json = False) -> None:
    """Show who works when in a week; of one operator also the breaks."""
    from hotline_ivr.views import shifts_text

    book = _book()
    operators = _operators(book, operator)
    day = _day(week) or _today(book)
    monday = day - timedelta(days=day.weekday())
    if as_json:
        typer.echo(json.dumps(shifts_text.shifts_json(book, operators, monday, 7)))
    elif operator is not None:
        typer.echo(shifts_text.operator_table(book, operator, monday))
    else:
        typer.echo(shifts_text.week_table(book, operators, monday))


@app.command()
def check(*, as_json: Json = False, strict: Strict = False) -> None:
    """Check the shift plans alone: mistakes, open hours nobody staffs, breaks that leave nobody."""
    from hotline_ivr.config.check import check as check_configuration
    from hotline_ivr.config.problems import count_line, render
    from hotline_ivr.launch.plans import known_prompts
    from hotline_ivr.routing.rulebook import Rulebook
    from hotline_ivr.routing.shift_review import shift_review

    settings, told = Settings.from_environment(), set[str]()

    def looked_at(plan: Plan) -> list[Remark]:
        found = list(shift_review(Rulebook(plan), datetime.now(UTC).date()))
        told.update(remark.message for remark in found)
        return found

    result = check_configuration(settings.config, known_prompts(settings), looked_at)
    problems = [
        problem
        for problem in result.problems
        # With any error there is no plan to look at, so the errors are what to mend first.
        if problem.severity == "error" or problem.message in told or problem.path.startswith(_SECTIONS)
    ]
    if as_json:
        shown = [problem.as_json() for problem in problems]
        typer.echo(json.dumps({"schema": "hotline/check/1", "problems": shown}))
    else:
        for problem in problems:
            typer.echo(render(problem), err=True)
        typer.echo(count_line(problems))
    if result.plan is None or (strict and problems):
        raise typer.Exit(EXIT_CONFIG)


@app.command()
def coverage(
    queue: Annotated[str | None, typer.Argument(help="Id of a queue; without it all queues.")] = None,
    *,
    first: First = None,
    days: Annotated[int, typer.Option(min=1, max=62, help="So many days.")] = 1,
    as_json: Json = False,
) -> None:
    """Show by half-hours how many operators are there, and how many are needed (`minimum_ready`)."""
    from hotline_ivr.routing.rulebook import Rulebook
    from hotline_ivr.routing.staffing import Staffing
    from hotline_ivr.views import shifts_text

    book = _book()
    if queue is not None and queue not in book.plan.queues:
        raise typer.BadParameter(f"there is no queue {queue!r}; queues are {', '.join(book.plan.queues)}")
    staffing = Staffing(Rulebook(book.plan), book)
    start = _day(first) or _today(book)
    shown = []
    for name in [queue] if queue else book.plan.queues:
        if not staffing.is_planned(name):
            free = [each for each in book.plan.queues[name].operators if each not in book.planned]
            typer.echo(f"{name}: {', '.join(free)} may sign in at any time and are not counted", err=True)
        for day in (start + timedelta(days=step) for step in range(days)):
            midnights = book.midnight(day), book.midnight(day + timedelta(days=1))
            found = list(staffing.half_hours(name, *midnights))
            if as_json:
                shown.append(shifts_text.coverage_json(book.zone, name, found))
            else:
                typer.echo(shifts_text.coverage_table(book.zone, name, day, found) + "\n")
    if as_json:
        typer.echo(json.dumps({"schema": shifts_text.COVERAGE_SCHEMA, "days": shown}))


@app.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="File to write; without it standard output.")] = None,
    *,
    first: First = None,
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="So many days.")] = 28,
    operator: Operator = None,
) -> None:
    """Write shifts as a spreadsheet (CSV): a row for each operator and shift, as `import` reads them."""
    from hotline_ivr.views.shifts_text import shifts_csv

    book = _book()
    chosen = [each for each in _operators(book, operator) if each in book.planned]
    text = shifts_csv(book, chosen, _day(first) or _today(book), days)
    if file is None:
        sys.stdout.write(text)
    else:
        file.write_text(text, encoding="utf-8", newline="")
        typer.echo(f"written: {file}")


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="Spreadsheet (CSV) with operator, date, shift, from, until.")],
    *,
    into: Annotated[str | None, typer.Option(help="Name of the file in the configuration.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Take shifts from a spreadsheet into a file of the configuration; shows it first, and checks it."""
    from hotline_ivr.config.shift_file import FILE_NAME
    from hotline_ivr.launch.plans import known_prompts, plan_on_disk
    from hotline_ivr.launch.shift_import import propose_import, write_import

    settings = Settings.from_environment()
    plan = plan_on_disk(settings)
    found = propose_import(file, plan, settings.config, into or FILE_NAME, known_prompts(settings))
    typer.echo(found.text)
    kept = f", {found.kept} days of earlier imports stay" if found.kept else ""
    typer.echo(f"{found.path}: {found.days} days of operators{kept}", err=True)
    if not yes:
        if not sys.stdin.isatty():
            typer.echo("nobody is there to be asked: say --yes", err=True)
            raise typer.Exit(EXIT_USAGE)
        typer.confirm("Write it?", abort=True)
    write_import(found)
    typer.echo("written; `hotline plan` says what it changes, `hotline apply` takes it into use", err=True)


def _book() -> ShiftBook:
    from hotline_ivr.launch.plans import plan_on_disk
    from hotline_ivr.routing.rulebook import Rulebook
    from hotline_ivr.routing.shifts import ShiftBook

    return ShiftBook(Rulebook(plan_on_disk(Settings.from_environment())))


def _operators(book: ShiftBook, operator: str | None) -> list[str]:
    known = book.plan.operators
    if operator is not None and operator not in known:
        raise typer.BadParameter(f"there is no operator {operator!r}; operators are {', '.join(known)}")
    return [operator] if operator is not None else list(known)


def _today(book: ShiftBook) -> date:
    return book.local_day(datetime.now(UTC))


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day; write 2026-12-24 or 2026-W52") from None
