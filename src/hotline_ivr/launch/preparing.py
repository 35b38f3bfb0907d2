"""Everything that has to stand before Asterisk and the service start: files, secrets, tables, prompts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hotline_ivr.asterisk.home import link_program, prepare_home
from hotline_ivr.asterisk.render import PlanInput, render_instance, render_plan
from hotline_ivr.asterisk.render.fallback import FALLBACK_DAYS, fallback_files
from hotline_ivr.asterisk.secrets import Secrets, ensure_secrets
from hotline_ivr.config.models import Plan
from hotline_ivr.files import write
from hotline_ivr.launch.blocking import write_callers
from hotline_ivr.routing.devices import all_phones
from hotline_ivr.routing.foreseen import foresee
from hotline_ivr.routing.overrides import Override
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.settings import Settings
from hotline_ivr.setup.asterisk_program import AsteriskProgram
from hotline_ivr.setup.share import dialplans_source


@dataclass(frozen=True, slots=True)
class Rendered:
    """Names of the files that changed, and the secrets that went into them."""

    changed: tuple[str, ...]
    secrets: Secrets


def render_for_plan(
    settings: Settings, plan: Plan, now: datetime, overrides: Iterable[Override] = ()
) -> Rendered:
    """Write what the service has to write; files that would not change are not touched.

    Raises SetupError if a folder cannot be written.
    """
    prepare_home(settings)
    secrets = ensure_secrets(settings.secrets_file, all_phones(plan))
    write_callers(settings, plan, now)
    changed = write(settings.etc_dir, render_plan(PlanInput(plan, settings, secrets, dialplans_source())))
    return Rendered(
        (*changed, *write_fallback(settings.fallback_dir, Rulebook(plan, overrides), now)), secrets
    )


def render_for_program(settings: Settings, program: AsteriskProgram) -> tuple[str, ...]:
    """Write what whoever runs Asterisk has to write. Raises SetupError if a folder cannot be written."""
    prepare_home(settings)
    link_program(settings, program.data_dir)
    return write(settings.etc_dir, render_instance(settings, program.modules_dir))


_ABOUT_FALLBACK = """\
Made by hotline-ivr from {source}: the answers by which Asterisk goes on with calls while the service is dead.
Changes made here are lost: they are written anew every hour, and when a line is closed or opened by hand.
"""


def write_fallback(folder: Path, book: Rulebook, now: datetime) -> tuple[str, ...]:
    """Leave behind what Asterisk needs to go on without us; what is gone from the plan loses its files."""
    # From midnight on, so that the files of a day are the same however often they are rendered.
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    files: dict[str, str] = {}
    for line_id in book.plan.lines:
        files |= fallback_files(line_id, foresee(book, line_id, start, FALLBACK_DAYS, now))
    changed = write(folder, files)
    # The files themselves are read by Asterisk word by word, and can hold no remark.
    write(folder, {"README": _ABOUT_FALLBACK.format(source=book.plan.source or "the YAML")})
    for stale in folder.glob("*.txt"):
        if stale.name not in files:
            stale.unlink(missing_ok=True)
    return changed
