"""The parts of set-up that a command runs.

Each does nothing when there is nothing to do, and says in a line what it did.
"""

from __future__ import annotations

import sys

from hotline_ivr.routing.speech import is_part
from hotline_ivr.settings import Settings
from hotline_ivr.setup.asterisk_program import AsteriskProgram, find_asterisk, find_system_asterisk, is_fit
from hotline_ivr.setup.asterisk_root import ensure_root
from hotline_ivr.setup.music import build_music
from hotline_ivr.setup.prompt_sources import prompt_folders
from hotline_ivr.setup.prompts import build_prompts


def ensure_asterisk(settings: Settings) -> AsteriskProgram:
    """The Asterisk to start, made first where it has to be. Raises SetupError with the remedy."""
    if settings.asterisk == "auto":
        system = find_system_asterisk()
        if system is None or not is_fit(system.version):
            if not settings.root_dir.exists():
                # Somebody waits before a terminal, and this is the one part that takes long.
                sys.stderr.write(
                    f"Making an Asterisk root in {settings.root_dir}; this takes a minute or two ...\n"
                )
            ensure_root(settings.root_dir)
    return find_asterisk(settings)


def ready_asterisk(settings: Settings) -> str:
    program = ensure_asterisk(settings)
    return f"Asterisk {program.version}: {program.command[-1]}"


def ready_sounds(settings: Settings) -> str:
    report = build_prompts(settings, *prompt_folders(settings))
    music = "made" if build_music(settings) else "kept"
    messages = [name for name in report.placeholders if not is_part(name.partition("/")[2])]
    return (
        f"Prompts: {len(report.built)} made, {len(report.kept)} kept, {len(report.removed)} removed;"
        f" {len(messages)} messages speak with the placeholder voice. Music on hold: {music}."
    )
