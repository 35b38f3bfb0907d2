"""`hotline prompts`: what callers hear, whether it is recorded, and the way of a recording to their ears."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hotline_ivr.cli.player import played
from hotline_ivr.settings import Settings

if TYPE_CHECKING:
    from hotline_ivr.setup.prompt_library import Prompt

EXIT_FINDINGS = 1

Language = Literal["nb", "en"]

app = typer.Typer(help="What callers hear: list it, record it, bring it in.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]
Parts = Annotated[bool, typer.Option("--parts", help="Also the words of which sentences are put together.")]
OneLanguage = Annotated[Language | None, typer.Option("--language", help="Only this language.")]


@app.command(name="list")
def list_prompts(language: OneLanguage = None, *, parts: Parts = False, as_json: Json = False) -> None:
    """List every prompt: recorded, placeholder or missing; its length, its loudness, and who uses it."""
    from hotline_ivr.setup.prompt_library import heard

    settings = Settings.from_environment()
    rows = [
        (one, heard(settings.sounds_dir / f"{one.name}.wav"))
        for one in _chosen(settings, language, parts=parts)
    ]
    if as_json:
        shown = [
            {
                **_as_json(one),
                "length_s": round(sound.length_s, 2) if sound else None,
                "rms_dbfs": round(sound.rms_db, 1) if sound and sound.rms_db > float("-inf") else None,
            }
            for one, sound in rows
        ]
        typer.echo(json.dumps({"schema": "hotline/prompts/1", "prompts": shown}))
        return
    for one, sound in rows:
        size = f"{sound.length_s:5.1f} s {sound.rms_db:6.1f} dBFS" if sound else "not made".rjust(19)
        typer.echo(f"{one.name:<24} {one.state:<11} {size}  {', '.join(one.used_by) or '-'}")


@app.command()
def missing(
    *,
    recordings: Annotated[bool, typer.Option("--recordings", help="Placeholders are missing too.")] = False,
    as_json: Json = False,
) -> None:
    """Name the prompts that a line needs in its language and that nobody has written or recorded."""
    from hotline_ivr.setup.prompt_library import missing as find

    settings = Settings.from_environment()
    found = find(_chosen(settings, None, parts=False, must_read=True), recordings=recordings)
    if as_json:
        typer.echo(
            json.dumps({"schema": "hotline/prompts-missing/1", "prompts": [_as_json(one) for one in found]})
        )
    else:
        for one in found:
            typer.echo(f"{one.name:<24} {one.state:<11} {', '.join(one.used_by)}")
        if not found:
            typer.echo("Nothing is missing.")
        elif any(one.state == "missing" for one in found):
            typer.echo(
                f"Write their words into {settings.own_sounds / 'prompts.yaml'}, or bring recordings in:"
                " hotline prompts import FILE",
                err=True,
            )
    if found:
        raise typer.Exit(EXIT_FINDINGS)


@app.command()
def generate(
    *,
    again: Annotated[bool, typer.Option("--again", help="Make all of them anew.")] = False,
    as_json: Json = False,
) -> None:
    """Make what callers hear from recordings and texts; only what changed."""
    from hotline_ivr.setup.prompt_sources import prompt_folders
    from hotline_ivr.setup.prompts import build_prompts

    settings = Settings.from_environment()
    report = build_prompts(settings, *prompt_folders(settings), again=again)
    if as_json:
        done = {"built": report.built, "kept": report.kept, "removed": report.removed}
        typer.echo(json.dumps({"schema": "hotline/prompts-generate/1", **done}))
    else:
        counts = f"{len(report.built)} made, {len(report.kept)} kept, {len(report.removed)} removed"
        typer.echo(f"{settings.sounds_dir}: {counts}")


@app.command(name="import")
def import_prompts(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Recordings of any form sox reads.")],
    *,
    language: Annotated[Language | None, typer.Option("--language", help="Language of the files.")] = None,
    prompt: Annotated[str | None, typer.Option("--as", help="Id of the prompt, for one file.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Take also what is judged bad.")] = False,
) -> None:
    """Check recordings, cut and level them, and put them into the folder of your own prompts."""
    from hotline_ivr.errors import SetupError
    from hotline_ivr.setup.prompt_import import name_of, take
    from hotline_ivr.setup.prompt_sources import prompt_folders
    from hotline_ivr.setup.prompts import build_prompts

    if prompt is not None and len(files) > 1:
        raise typer.BadParameter("--as names one prompt; give one file with it")
    settings = Settings.from_environment()
    known = {one.name: one for one in _chosen(settings, None, parts=True)}
    refused = 0
    for file in files:
        try:
            name = name_of(file, known, language=language, prompt=prompt)
            text = known[name].text if name in known else ""
            taken = take(file, name, text, settings.own_sounds, force=force)
        except SetupError as error:
            typer.echo(f"{error}", err=True)
            refused += 1
            continue
        refused += taken.target is None
        typer.echo(f"{file}: " + (f"taken as {taken.target}" if taken.target else f"refused as {name}"))
        for one in taken.verdicts:
            remedy = f": {one.remedy}" if one.remedy else ""
            typer.echo(f"    {'✗' if one.bad else '·'} {one.message}{remedy}")
    if refused < len(files):
        build_prompts(settings, *prompt_folders(settings))
    if refused:
        typer.echo(f"{refused} of {len(files)} refused; --force takes what is judged bad.", err=True)
        raise typer.Exit(EXIT_FINDINGS)


@app.command()
def script(
    language: OneLanguage = None,
    *,
    form: Annotated[Literal["text", "markdown", "csv"], typer.Option("--format", help="How.")] = "text",
    parts: Parts = False,
    everything: Annotated[bool, typer.Option("--all", help="Also what is recorded or unused.")] = False,
) -> None:
    """Print the manuscript for the voice talent: what to say, its number, the file's name, its length."""
    from hotline_ivr.setup.manuscript import manuscript
    from hotline_ivr.setup.prompt_numbers import prompt_numbers

    settings = Settings.from_environment()
    numbers = prompt_numbers(
        settings.prompt_numbers_file, (one.prompt for one in _chosen(settings, None, parts=True))
    )
    chosen = _chosen(settings, language, parts=parts)
    open_ones = (one for one in chosen if one.state != "recorded" and (one.used_by or one.is_part))
    typer.echo(manuscript(chosen if everything else open_ones, form, numbers), nl=False)


@app.command()
def play(
    prompt: Annotated[str, typer.Argument(metavar="ID", help="Id of the prompt.")],
    language: Annotated[Language, typer.Option("--language", help="In this language.")] = "nb",
) -> None:
    """Play a prompt as callers hear it, or say where it lies if this machine plays no sound."""
    file = Settings.from_environment().sounds_dir / language / f"{prompt}.wav"
    if not file.is_file():
        typer.echo(f"{file} has not been made; see `hotline prompts list` and `generate`", err=True)
        raise typer.Exit(EXIT_FINDINGS)
    if not played(file):
        typer.echo(file)


def _chosen(
    settings: Settings, language: str | None, *, parts: bool, must_read: bool = False
) -> list[Prompt]:
    """The prompts asked for. A configuration that cannot be read names none, unless it `must_read`."""
    from hotline_ivr.config.check import check
    from hotline_ivr.config.prompt_uses import prompt_uses
    from hotline_ivr.errors import ConfigError
    from hotline_ivr.setup.prompt_library import library
    from hotline_ivr.setup.prompt_sources import prompt_folders, read_sources

    result = check(settings.config)
    if result.plan is None and must_read:
        raise ConfigError(result.text)
    uses = prompt_uses(result.plan) if result.plan else {}
    found = library(read_sources(*prompt_folders(settings)), uses)
    return [one for one in found if language in {None, one.language} and (parts or not one.is_part)]


def _as_json(one: Prompt) -> dict[str, object]:
    return {
        "prompt": one.prompt,
        "language": one.language,
        "state": one.state,
        "text": one.text,
        "used_by": list(one.used_by),
        "recording": str(one.recording) if one.recording else None,
    }
