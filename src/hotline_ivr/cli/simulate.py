"""`hotline simulate`: a line walked through in the terminal, by the same decisions as live calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from hotline_ivr.routing.floor_state import FloorState
from hotline_ivr.settings import Settings

_WIDEST = 400

Keys = Callable[[str], str | None]


def simulate(
    line: Annotated[str, typer.Argument(help="The line's id.")],
    *,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", help="When it comes: 2026-10-03 13:55, 13:55 today, or sat 13:55, on the line's clock."
        ),
    ] = None,
    caller: Annotated[str, typer.Option("--from", help="The caller's number; empty is withheld.")] = "",
    keys: Annotated[
        str | None,
        typer.Option(
            "--keys",
            help='What the caller does, one word a question: "1 2 timeout *"; digits: "4711". In a queue: '
            "timeout, full, empty or answered; at a centre: taken, nobody or full; elsewhere outside: "
            "answered, timeout or busy; at voicemail: kept or failed. Without it you are asked.",
        ),
    ] = None,
    state: Annotated[
        FloorState | None,
        typer.Option(help="How it is in the queues; without it rules about that do not apply."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Machine-readable output on standard output.")
    ] = False,
) -> None:
    """Walk a line in the terminal: every step, prompt and outcome, without Asterisk."""
    from hotline_ivr.launch.plans import plan_on_disk
    from hotline_ivr.routing.asking import line_of, moment_of
    from hotline_ivr.routing.caller import clean_text
    from hotline_ivr.routing.explain import supposed_floor
    from hotline_ivr.routing.rulebook import Rulebook
    from hotline_ivr.routing.simulation import Scene, Simulation
    from hotline_ivr.routing.steps import Call
    from hotline_ivr.routing.surroundings import NOTHING_SEEN, Surroundings
    from hotline_ivr.routing.wall import zone_of
    from hotline_ivr.setup.prompt_sources import prompt_folders, read_sources

    settings = Settings.from_environment()
    plan = plan_on_disk(settings)
    line_of(plan, line, None)
    moment = moment_of(at, zone_of(plan.lines[line].time_zone), datetime.now(UTC))
    texts = {name: _text(source) for name, source in read_sources(*prompt_folders(settings)).items()}
    call = Call(line, plan.lines[line].numbers[0], caller, plan.version)
    answers = _scripted(keys) if keys is not None else _interactive
    happened: list[Scene] = []

    def show(scene: Scene) -> None:
        happened.append(scene)
        if not as_json:
            typer.echo(clean_text(_shown(scene.step, texts, scene.text), _WIDEST))

    seen = NOTHING_SEEN if state is None else Surroundings(supposed_floor(plan, line, state))
    walk = Simulation(
        Rulebook(plan), call, moment, tell=answers, show=show, surroundings=seen, patient=keys is None
    )
    outcome = walk.play()
    if as_json:
        shown = {
            "schema": "hotline/simulation/1",
            "line": line,
            "at": moment.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "outcome": outcome,
            "steps": [asdict(scene) for scene in happened],
        }
        typer.echo(json.dumps(shown, ensure_ascii=False))
    else:
        typer.echo(f"outcome    {outcome}")


def _text(source: object) -> str:
    return str(getattr(source, "text", "") or "")


def _shown(step: str, texts: dict[str, str], text: str) -> str:
    words = " ".join(f"“{texts[name]}”" for name in text.split() if texts.get(name))
    return f"{step:<10} {text}" + (f"  {words}" if words else "")


def _scripted(keys: str) -> Keys:
    words: Iterator[str] = iter(keys.split())
    return lambda _question: next(words, None)


def _interactive(question: str) -> str | None:
    """What somebody at the terminal types; nothing is a hang-up."""
    return typer.prompt(question, default="", show_default=False).strip() or None
