"""Taking a changed configuration into use, and going back to an earlier one."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from dataclasses import dataclass
from datetime import datetime

from hotline_ivr.config.models import Plan
from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.errors import AsteriskUnreachable, HotlineError, StoreError
from hotline_ivr.files import copy
from hotline_ivr.launch.locking import holder
from hotline_ivr.launch.plan_history import Used, files_of
from hotline_ivr.launch.plans import history, plan_on_disk, running_plan
from hotline_ivr.routing.plan_diff import Difference, plan_diff
from hotline_ivr.settings import Settings
from hotline_ivr.store.counting import count_arrivals
from hotline_ivr.store.reading import read_once

# How long (seconds) a service may take to use a plan: reading, rendering, Asterisk's reload, and a margin.
APPLY_TIMEOUT = 30.0
_POLL = 0.2


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would change. `touched`: last year's callers by difference; None where nobody can tell."""

    running: Plan
    proposed: Plan
    differences: tuple[Difference, ...]
    touched: tuple[int | None, ...]


async def propose(settings: Settings, now: datetime, running: Plan | None = None) -> Proposal:
    """The configuration on disk against the one in use, which the service gives as `running`.

    Raises ConfigError if the one on disk is wrong.
    """
    proposed = await asyncio.to_thread(plan_on_disk, settings)
    if running is None:
        running = await asyncio.to_thread(running_plan, settings)
    differences = await asyncio.to_thread(plan_diff, running, proposed, now)
    return Proposal(running, proposed, differences, await _touched(settings, differences, now))


async def _touched(
    settings: Settings, differences: tuple[Difference, ...], now: datetime
) -> tuple[int | None, ...]:
    wanted = [(each.line, [span for span in each.last_year if span[1] <= now]) for each in differences]
    try:
        counts = await read_once(
            settings.database,
            lambda connection: [count_arrivals(connection, line, spans) for line, spans in wanted],
        )
    except StoreError:
        # A record that is away keeps nobody from changing the hours.
        return (None,) * len(differences)
    return tuple(count if spans else None for count, (_, spans) in zip(counts, wanted, strict=True))


async def apply(settings: Settings, by: str, now: datetime) -> Plan:
    """Have the running service take the configuration on disk, and wait until it has.

    Raises ConfigError if that is wrong, AsteriskUnreachable if no service runs or it does not take the plan.
    """
    plan = await asyncio.to_thread(plan_on_disk, settings)
    pid = _service_pid(settings)
    details = {"version": plan.version}
    AuditTrail(settings.audit_file).note(
        AuditEntry(now, by, "command", "configuration.apply", "configuration", details)
    )
    os.kill(pid, signal.SIGHUP)
    try:
        async with asyncio.timeout(APPLY_TIMEOUT):
            while not settings.in_use_file.exists() or _in_use(settings) != plan.version:
                await asyncio.sleep(_POLL)
    except TimeoutError:
        raise AsteriskUnreachable(
            f"the service has not taken the configuration within {APPLY_TIMEOUT:g} s: its log says why"
        ) from None
    return plan


def undo(settings: Settings, version: str | None, by: str, now: datetime) -> Used:
    """Put an earlier configuration back into the folder, over what is there; the files there now are kept.

    `version` None is the one before the present. Raises HotlineError if there is none. Applies nothing.
    """
    earlier = history(settings).find(version)
    if not settings.config.is_dir():
        raise HotlineError(f"{settings.config} is no folder: copy {earlier.folder} by hand")
    replaced = settings.state_dir / "replaced-config" / f"{now:%Y%m%dT%H%M%S%fZ}"
    replaced.mkdir(parents=True)
    for path in files_of(settings.config):
        shutil.copyfile(path, replaced / path.name)
    wanted = files_of(earlier.folder)
    for path in wanted:
        # A service may read the folder at any moment, and somebody else may go back as well.
        copy(path, settings.config / path.name)
    for path in files_of(settings.config):
        if path.name not in {each.name for each in wanted}:
            path.unlink()
    details = {"version": earlier.version, "replaced": str(replaced)}
    AuditTrail(settings.audit_file).note(
        AuditEntry(now, by, "command", "configuration.undo", "configuration", details)
    )
    return earlier


def _service_pid(settings: Settings) -> int:
    if (pid := holder(settings.state_dir / "service.lock")) is None:
        raise AsteriskUnreachable(
            f"no service runs for {settings.state_dir}: start it, and it takes what is on disk"
        )
    return pid


def _in_use(settings: Settings) -> str:
    return settings.in_use_file.read_text(encoding="utf-8").strip()
