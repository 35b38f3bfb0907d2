"""`hotline init`: a first configuration by questions, or at once by options."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from hotline_ivr.errors import ArgumentError

TemplateName = Literal["university", "isp", "municipal", "charity"]

QUESTIONS = {
    "name": ("Name of the organisation", "Example University"),
    "number": ("Number that people call", "+47 22 85 12 34"),
    "time_zone": ("Time zone", "Europe/Oslo"),
    "language": ("Language of the prompts, nb or en", "nb"),
}
"""What is asked where an option is missing, and what Enter gives."""


def init(
    folder: Annotated[Path, typer.Argument(help="Folder to write; it must hold no configuration yet.")],
    *,
    template: Annotated[TemplateName | None, typer.Option(help="Kind of hotline to begin with.")] = None,
    name: Annotated[str | None, typer.Option(help="The organisation's name.")] = None,
    number: Annotated[str | None, typer.Option(help="Number that people call: +47 22 85 12 34.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Such as Europe/Oslo.")] = None,
    language: Annotated[str | None, typer.Option(help="nb or en.")] = None,
    country: Annotated[str | None, typer.Option(help="Two letters; else the number's own.")] = None,
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day of a hotline for one evening; else in two weeks."),
    ] = None,
) -> None:
    """Write a commented configuration to begin with; asks for what no option says."""
    from hotline_ivr.setup import starting

    today = datetime.now(UTC).date()
    evening = _evening(day.date(), today) if day else today + timedelta(days=14)
    if country is not None:
        _said("country", country)
    given = {"name": name, "number": number, "time_zone": time_zone, "language": language}
    chosen = template or _ask_template()
    said = {what: _answer(what, text, country) for what, text in given.items()}
    answers = starting.answers(**said, country=country, day=evening)
    written = starting.write_configuration(folder, chosen, answers, today)
    for path in written:
        typer.echo(path)
    typer.echo(
        f"\nNext: read the files, put your carrier's addresses and your operators in, then\n"
        f"  hotline check {folder}\n"
        f"  HOTLINE_CONFIG={folder} hotline up",
        err=True,
    )


def _ask_template() -> str:
    """Let a person choose among the examples."""
    from hotline_ivr.setup.starting import TEMPLATES

    if not sys.stdin.isatty():
        raise typer.BadParameter(f"say --template {'|'.join(TEMPLATES)}")
    for name, one in TEMPLATES.items():
        typer.echo(f"  {name:<12} {one.about}")
    while True:
        answer = str(typer.prompt("Which comes closest?", default="university")).strip()
        if answer in TEMPLATES:
            return answer
        typer.echo(f"Write one of {', '.join(TEMPLATES)}.", err=True)


def _answer(what: str, text: str | None, country: str | None) -> str:
    """The option's text, or what a person answers; asked again until it can be used."""
    from hotline_ivr.setup.starting import EXAMPLE_COUNTRY, checked

    if text is not None:
        return _said(what, text, country)
    question, default = QUESTIONS[what]
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            f"say --{what.replace('_', '-')}, such as --{what.replace('_', '-')} {default!r}"
        )
    while True:
        answer = str(typer.prompt(question, default=default))
        try:
            checked(what, answer, country or EXAMPLE_COUNTRY)
        except ArgumentError as error:
            typer.echo(str(error), err=True)
        else:
            return answer


def _said(what: str, text: str, country: str | None = None) -> str:
    """An option's text, if it can be used. Raises ArgumentError that names the option."""
    from hotline_ivr.setup.starting import EXAMPLE_COUNTRY, checked

    try:
        checked(what, text, country or EXAMPLE_COUNTRY)
    except ArgumentError as error:
        raise ArgumentError(f"--{what.replace('_', '-')}: {error}") from None
    return text


def _evening(day: date, today: date) -> date:
    """The day of a hotline that is open once. Raises ArgumentError for one that no check would let pass."""
    from hotline_ivr.routing.review import LOOKED_AHEAD

    last = today + timedelta(days=LOOKED_AHEAD - 1)
    if not today <= day <= last:
        raise ArgumentError(
            f"--day: {day} is {'past' if day < today else 'far away'}; write a day until {last}"
        )
    return day
