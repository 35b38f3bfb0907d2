"""`hotline token create | list | revoke`: who may use the REST interface."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from hotline_ivr.cli.expiry import end_of, iso, shown

if TYPE_CHECKING:
    from hotline_ivr.control.tokens import Token
    from hotline_ivr.settings import Settings

app = typer.Typer(help="Who may use the REST interface.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]
Name = Annotated[str, typer.Argument(help="What it is for; stands in the trail beside what it does.")]


class RoleName(StrEnum):
    """What a token may do; each role may do all that those before it may."""

    READ = "read"
    CONTROL = "control"
    ADMIN = "admin"


@app.command()
def create(
    name: Name,
    *,
    role: Annotated[
        RoleName,
        typer.Option(
            help="read looks; control also closes and opens, and sees numbers; admin sees the trail."
        ),
    ],
    expires: Annotated[
        str, typer.Option(help="90d, 12h, 26w, 2027-01-31 (when that day begins here), or never.")
    ] = "90d",
    as_json: Json = False,
) -> None:
    """Make a token. Its secret is printed once, alone on standard output, and is nowhere else."""
    from hotline_ivr.control.tokens import Role, TokensFile
    from hotline_ivr.settings import Settings

    settings = Settings.from_environment()
    now = datetime.now(UTC)
    end = end_of(expires, now)
    secret = TokensFile(settings.tokens_file).make(name, Role[role.name], now, end)
    if as_json:
        told = {"name": name, "role": role.value, "expires": iso(end), "secret": secret}
        typer.echo(json.dumps({"schema": "hotline/token/1", **told}))
    else:
        typer.echo(secret)
    typer.echo(f"{name}: role {role.value}, expires {shown(end)}. The secret is shown only now.", err=True)
    details = {"role": role.value, "expires": iso(end) or "never"}
    _note(settings, now, "token.create", name, details)


@app.command(name="list")
def list_(*, as_json: Json = False) -> None:
    """List the tokens. Secrets are not kept, so none can be shown."""
    from hotline_ivr.control.tokens import TokensFile
    from hotline_ivr.settings import Settings

    now = datetime.now(UTC)
    tokens = TokensFile(Settings.from_environment().tokens_file).all()
    if as_json:
        told = [_as_json(token, now) for token in tokens]
        typer.echo(json.dumps({"schema": "hotline/tokens/1", "tokens": told}))
    elif not tokens:
        typer.echo("no tokens: `hotline token create NAME --role read` makes one")
    else:
        width = max(len(token.name) for token in tokens)
        for token in tokens:
            end = "expires" if token.is_good_at(now) else "expired"
            typer.echo(
                f"{token.name:{width}}  {token.role.word:7}  made {shown(token.created)}, "
                f"{end} {shown(token.expires)}"
            )


@app.command()
def revoke(name: Name) -> None:
    """End a token at once, also in a service that runs."""
    from hotline_ivr.control.tokens import TokensFile
    from hotline_ivr.settings import Settings

    settings = Settings.from_environment()
    TokensFile(settings.tokens_file).revoke(name)
    typer.echo(f"{name}: is no longer good")
    _note(settings, datetime.now(UTC), "token.revoke", name, {})


def _note(settings: Settings, now: datetime, action: str, name: str, details: dict[str, str]) -> None:
    from hotline_ivr.cli.person import person
    from hotline_ivr.control.audit import AuditEntry, AuditTrail
    from hotline_ivr.errors import TokenError

    try:
        AuditTrail(settings.audit_file).note(AuditEntry(now, person(), "command", action, name, details))
    except OSError as error:
        reason = f"{settings.audit_file}: cannot be written ({error.strerror})"
        raise TokenError(f"{reason}. It is done, but does not stand in the trail.") from None


def _as_json(token: Token, now: datetime) -> dict[str, object]:
    return {
        "name": token.name,
        "role": token.role.word,
        "created": iso(token.created),
        "expires": iso(token.expires),
        "good": token.is_good_at(now),
    }
