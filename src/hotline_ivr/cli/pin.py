"""`hotline pin set | list | revoke | locked | unlock`: who may close, open and record by telephone."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from hotline_ivr.cli.expiry import end_of, iso, shown
from hotline_ivr.cli.token import RoleName
from hotline_ivr.settings import Settings

if TYPE_CHECKING:
    from hotline_ivr.control.pin_guard import PinGuard

app = typer.Typer(help="Who may close, open and record by telephone.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]
Person = Annotated[str, typer.Argument(metavar="PERSON", help="Who it is; stands in the trail.")]


@app.command(name="set")
def set_(
    person: Person,
    *,
    role: Annotated[
        RoleName,
        typer.Option(help="read hears how lines stand; control also closes and opens; admin also records."),
    ] = RoleName.CONTROL,
    expires: Annotated[
        str, typer.Option(help="90d, 12h, 26w, 2027-01-31 (when that day begins here), or never.")
    ] = "365d",
    ask: Annotated[
        bool, typer.Option("--ask", help="Read the PIN from standard input; else one is made up.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Give a person a PIN, in place of the one before. It is printed once and is nowhere else."""
    from hotline_ivr.control.pins import PinsFile
    from hotline_ivr.control.tokens import Role

    settings = Settings.from_environment()
    now = datetime.now(UTC)
    end = end_of(expires, now)
    # Never an argument: those stand in the list of processes and in the shell's history.
    chosen = _typed() if ask else None
    pin = PinsFile(settings.pins_file).set(person, Role[role.name], now, end, chosen)
    if as_json:
        told = {"person": person, "role": role.value, "expires": iso(end), "pin": None if ask else pin}
        typer.echo(json.dumps({"schema": "hotline/pin/1", **told}))
    elif not ask:
        typer.echo(pin)
    typer.echo(f"{person}: role {role.value}, expires {shown(end)}. The PIN is shown only now.", err=True)
    _note(settings, now, "pin.set", person, {"role": role.value, "expires": iso(end) or "never"})


@app.command(name="list")
def list_(*, as_json: Json = False) -> None:
    """List who has a PIN. The PINs are not kept, so none can be shown."""
    from hotline_ivr.control.pins import PinsFile

    now = datetime.now(UTC)
    pins = PinsFile(Settings.from_environment().pins_file).all()
    if as_json:
        told = [
            {
                "person": each.person,
                "role": each.role.word,
                "created": iso(each.created),
                "expires": iso(each.expires),
                "good": each.is_good_at(now),
            }
            for each in pins
        ]
        typer.echo(json.dumps({"schema": "hotline/pins/1", "pins": told}))
    elif not pins:
        typer.echo("no PINs: `hotline pin set PERSON` makes one")
    else:
        width = max(len(each.person) for each in pins)
        for each in pins:
            end = "expires" if each.is_good_at(now) else "expired"
            typer.echo(
                f"{each.person:{width}}  {each.role.word:7}  made {shown(each.created)},"
                f" {end} {shown(each.expires)}"
            )


@app.command()
def revoke(person: Person) -> None:
    """End a PIN at once, also for who is on the telephone with it."""
    from hotline_ivr.control.pins import PinsFile

    settings = Settings.from_environment()
    PinsFile(settings.pins_file).revoke(person)
    typer.echo(f"{person}: has no PIN any more")
    _note(settings, datetime.now(UTC), "pin.revoke", person, {})


@app.command(name="locked")
def locked_(*, as_json: Json = False) -> None:
    """List who is locked out by wrong PINs, and until when."""
    guard = _guard(Settings.from_environment())
    callers, outside = guard.locked_out(), guard.outside_locked_until()
    if as_json:
        told = [
            {"caller": name, "wrong": each.wrong, "until": iso(each.locked_until())}
            for name, each in callers.items()
        ]
        data = {"schema": "hotline/pin-lockouts/1", "callers": told, "all_outside_until": iso(outside)}
        typer.echo(json.dumps(data))
        return
    for name, each in callers.items():
        typer.echo(f"{name}  {each.wrong} wrong PINs, until {shown(each.locked_until())}")
    if outside is not None:
        typer.echo(f"all outside, after too many wrong PINs of all together, until {shown(outside)}")
    if not callers and outside is None:
        typer.echo("nobody is locked out")


@app.command()
def unlock(
    caller: Annotated[
        str | None,
        typer.Argument(metavar="[CALLER]", help="As `hotline pin locked` shows: a number, or an own phone."),
    ] = None,
    *,
    everybody: Annotated[bool, typer.Option("--all", help="All callers, and all outside together.")] = False,
) -> None:
    """Let somebody in again who is locked out by wrong PINs. A running service heeds it at once."""
    from hotline_ivr.control.trail_names import named_in_trail
    from hotline_ivr.errors import PinError

    if (caller is None) != everybody:
        raise typer.BadParameter("say whom: a CALLER as `hotline pin locked` shows, or --all")
    settings = Settings.from_environment()
    guard = _guard(settings)
    if caller is None:
        guard.unlock_all()
        typer.echo("nobody is locked out any more")
    else:
        caller = caller if caller.startswith("phone ") else re.sub(r"[ ()/-]", "", caller)
        names = (caller, f"phone {caller}")
        unlocked = next((name for name in names if guard.unlock(name)), None)
        if unlocked is None:
            known = ", ".join(guard.locked_out()) or "nobody"
            raise PinError(f"'{caller[:60]}' has no wrong PINs; locked out: {known}")
        typer.echo(f"{unlocked}: may try again")
        caller = unlocked
    # Who tried stands in the file in E.164, or as an own phone.
    whom = "all" if caller is None else named_in_trail(settings.number_key_file, caller, None)
    _note(settings, datetime.now(UTC), "pin.unlock", whom, {})


def _guard(settings: Settings) -> PinGuard:
    from hotline_ivr.control.pin_guard import PinGuard

    return PinGuard(settings.pin_guard_file, lambda: datetime.now(UTC))


def _typed() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("PIN", hide_input=True, confirmation_prompt=True)).strip()
    return sys.stdin.readline().strip()


def _note(settings: Settings, now: datetime, action: str, person: str, details: dict[str, str]) -> None:
    from hotline_ivr.cli.person import person as at_the_terminal
    from hotline_ivr.control.audit import AuditEntry, AuditTrail
    from hotline_ivr.errors import PinError

    entry = AuditEntry(now, at_the_terminal(), "command", action, person, details)
    try:
        AuditTrail(settings.audit_file).note(entry)
    except OSError as error:
        reason = f"{settings.audit_file}: cannot be written ({error.strerror})"
        raise PinError(f"{reason}. It is done, but does not stand in the trail.") from None
