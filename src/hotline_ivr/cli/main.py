"""The command line: arguments in, exit codes out. What a verb does stands elsewhere.

Exit codes: 0 well, 1 findings or a failed check, 2 wrong usage, 3 configuration refused, 4 Asterisk or the
database cannot be reached, 70 a fault of ours, 130 Ctrl-C.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from hotline_ivr import __version__
from hotline_ivr.cli import alerts, backup, blocks, overrides, pin, shifts, token
from hotline_ivr.cli import plan as plan_verbs
from hotline_ivr.cli.balance import balance
from hotline_ivr.cli.calls import app as calls_app
from hotline_ivr.cli.centres import app as centres_app
from hotline_ivr.cli.cost_page import page as cost_page
from hotline_ivr.cli.costs import app as costs_app
from hotline_ivr.cli.db import app as db_app
from hotline_ivr.cli.duty import duty
from hotline_ivr.cli.explain import explain
from hotline_ivr.cli.export import export
from hotline_ivr.cli.hours import hours
from hotline_ivr.cli.ingest import ingest
from hotline_ivr.cli.init import init
from hotline_ivr.cli.operators import app as operators_app
from hotline_ivr.cli.privacy import app as privacy_app
from hotline_ivr.cli.promises import app as promises_app
from hotline_ivr.cli.prompts import app as prompts_app
from hotline_ivr.cli.recordings import app as recordings_app
from hotline_ivr.cli.refold import refold
from hotline_ivr.cli.register import app as register_app
from hotline_ivr.cli.route import route
from hotline_ivr.cli.simulate import simulate
from hotline_ivr.cli.status import status
from hotline_ivr.cli.voicemail import app as voicemail_app
from hotline_ivr.cli.webhooks import app as webhooks_app
from hotline_ivr.errors import (
    ArgumentError,
    AsteriskUnreachable,
    BlocksFileError,
    ConfigError,
    HotlineError,
    OverridesFileError,
    SettingsError,
    StoreError,
)
from hotline_ivr.settings import Settings

EXIT_FINDINGS, EXIT_USAGE, EXIT_CONFIG, EXIT_UNREACHABLE, EXIT_FAULT, EXIT_INTERRUPTED = 1, 2, 3, 4, 70, 130

app = typer.Typer(
    name="hotline",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
    help="A hotline server for Asterisk.",
    epilog="Exit codes: 0 well, 1 findings, 2 usage, 3 configuration refused, 4 unreachable, "
    "70 our fault, 130 Ctrl-C.",
)
app.add_typer(calls_app, name="calls")
app.command()(balance)
app.command()(refold)
app.add_typer(db_app, name="db")
app.command()(ingest)
app.command()(export)
costs_app.command(hidden=True)(cost_page)
app.add_typer(costs_app, name="costs")
app.add_typer(centres_app, name="centres")
overrides.add_to(app)
blocks.add_to(app)
plan_verbs.add_to(app)
backup.add_to(app)
app.add_typer(prompts_app, name="prompts")
app.command()(init)
app.command()(simulate)
app.command()(explain)
app.add_typer(pin.app, name="pin")
app.add_typer(token.app, name="token")
app.command()(hours)
app.add_typer(shifts.app, name="shifts")
app.command()(route)
app.add_typer(operators_app, name="operators")
app.command()(status)
app.add_typer(alerts.app, name="alerts")
app.command()(duty)
app.add_typer(voicemail_app, name="voicemail")
app.add_typer(recordings_app, name="recordings")
app.add_typer(promises_app, name="promises")
app.add_typer(register_app, name="register")
app.add_typer(webhooks_app, name="webhooks")
app.add_typer(privacy_app, name="privacy")

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]


@app.command()
def version(as_json: Json = False) -> None:
    """Show the version."""
    typer.echo(
        json.dumps({"schema": "hotline/version/1", "version": __version__}) if as_json else __version__
    )


@app.command()
def check(
    path: Annotated[
        Path | None, typer.Argument(help="Folder or file; default is HOTLINE_CONFIG or ./config.")
    ] = None,
    as_json: Json = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
) -> None:
    """Check the configuration and name every problem with its place and remedy. Starts nothing."""
    from hotline_ivr.launch.plans import check_on_disk
    from hotline_ivr.views.counted import counted

    settings = Settings.from_environment(config=path)
    result = check_on_disk(settings)
    if as_json:
        typer.echo(
            json.dumps(
                {"schema": "hotline/check/1", "problems": [problem.as_json() for problem in result.problems]}
            )
        )
    elif result.text:
        typer.echo(result.text, err=True)
    if result.plan is None:
        raise typer.Exit(EXIT_CONFIG)
    if not as_json:
        plan = result.plan
        typer.echo(
            f"{settings.config}: good. {counted(len(plan.lines), 'line')},"
            f" {counted(len(plan.queues), 'queue')}, {counted(len(plan.operators), 'operator')}."
        )
    if strict and result.warnings:
        raise typer.Exit(EXIT_CONFIG)


@app.command()
def render(as_json: Json = False) -> None:
    """Write the Asterisk files for the configuration; a running Asterisk of ours loads what has changed."""
    from datetime import UTC, datetime

    from hotline_ivr.launch.overriding import standing_overrides
    from hotline_ivr.launch.plans import plan_on_disk
    from hotline_ivr.launch.preparing import render_for_plan, render_for_program
    from hotline_ivr.setup.asterisk_program import find_asterisk

    settings = Settings.from_environment()
    plan = plan_on_disk(settings)
    now = datetime.now(UTC)
    changed = (
        *render_for_program(settings, find_asterisk(settings)),
        *render_for_plan(settings, plan, now, standing_overrides(settings, now)).changed,
    )
    if as_json:
        typer.echo(
            json.dumps({"schema": "hotline/render/1", "folder": str(settings.etc_dir), "changed": changed})
        )
    else:
        typer.echo(
            f"{settings.etc_dir}: " + (f"{len(changed)} files written" if changed else "nothing has changed")
        )


@app.command()
def serve(
    supervised: Annotated[
        bool, typer.Option("--supervised", hidden=True, help="End when the parent ends.")
    ] = False,
    standby: Annotated[
        bool, typer.Option("--standby", hidden=True, help="Load everything, and wait to be told to begin.")
    ] = False,
) -> None:
    """Run the service: answer Asterisk's asks, keep queues staffed, keep the record."""
    import asyncio
    import gc

    # All that is loaded stays, and a tenth of the time would go into looking whether it does. It is taken up
    # again by run_service.
    gc.disable()
    from hotline_ivr.app import run_service
    from hotline_ivr.launch.standby import stand_by
    from hotline_ivr.logs import configure_logging

    settings = Settings.from_environment()
    configure_logging(settings)
    parent = os.getppid() if supervised else None
    if standby and not stand_by(settings):
        return
    asyncio.run(run_service(settings, parent))


@app.command()
def up() -> None:
    """Set up what is missing, then run Asterisk and the service in the foreground until Ctrl-C."""
    import asyncio

    from hotline_ivr.launch.plans import plan_on_disk
    from hotline_ivr.launch.up import run_up
    from hotline_ivr.launch.welcome import welcome
    from hotline_ivr.logs import configure_logging
    from hotline_ivr.setup.machine import ensure_asterisk, ready_sounds

    settings = Settings.from_environment()
    configure_logging(settings)
    plan = plan_on_disk(settings)
    program = ensure_asterisk(settings)
    typer.echo(ready_sounds(settings), err=True)
    typer.echo(welcome(settings, plan, program.version), err=True)
    asyncio.run(run_up(settings, plan, program))


@app.command()
def asterisk() -> None:
    """Run Asterisk alone, beside a service in another container, until it is told to stop."""
    import asyncio

    from hotline_ivr.launch.up import run_asterisk
    from hotline_ivr.logs import configure_logging
    from hotline_ivr.setup.asterisk_program import find_asterisk

    settings = Settings.from_environment()
    configure_logging(settings)
    asyncio.run(run_asterisk(settings, find_asterisk(settings)))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Look at everything a call needs, and name the remedy of what is wrong."""
    import asyncio

    from hotline_ivr.cli.doctor import show
    from hotline_ivr.launch.doctor import examine

    findings = asyncio.run(examine(Settings.from_environment()))
    typer.echo(show(findings, as_json=as_json))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(EXIT_FINDINGS)


@app.command()
def health(
    ready: Annotated[bool, typer.Option("--ready", help="Ask for readiness instead of liveness.")] = False,
    as_json: Json = False,
) -> None:
    """Ask the running service how it is; for health checks of containers."""
    import asyncio

    from hotline_ivr.launch.health import ask_health

    answer = asyncio.run(ask_health(Settings.from_environment(), "/readyz" if ready else "/healthz"))
    typer.echo(json.dumps(answer.body) if as_json else answer.text)
    if not answer.ok:
        raise typer.Exit(EXIT_FINDINGS)


def main() -> None:
    """Run a verb and turn what it raises into a message and an exit code, never into a traceback."""
    try:
        app()
    except ConfigError as error:
        _fail(str(error), EXIT_CONFIG)
    except (OverridesFileError, BlocksFileError) as error:
        _fail(str(error), EXIT_FINDINGS)
    except (SettingsError, ArgumentError) as error:
        _fail(str(error), EXIT_USAGE)
    except (AsteriskUnreachable, StoreError) as error:
        _fail(str(error), EXIT_UNREACHABLE)
    except HotlineError as error:
        _fail(str(error), EXIT_FINDINGS)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except Exception as error:
        if os.environ.get("HOTLINE_DEBUG"):
            raise
        if isinstance(error, OSError) and error.filename:
            # A folder that is not there or not ours: the machine's matter, and no fault of the program.
            _fail(f"{error.filename}: {error.strerror}", EXIT_FINDINGS)
        _fail(f"a fault of hotline-ivr itself: {error!r}\nSet HOTLINE_DEBUG=1 to see where.", EXIT_FAULT)


def _fail(message: str, code: int) -> None:
    print(message, file=sys.stderr)
    sys.exit(code)
