"""`hotline doctor`: everything a call needs, looked at one by one, each failure with its remedy."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from hotline_ivr.config.prompt_uses import prompt_uses
from hotline_ivr.errors import HotlineError
from hotline_ivr.launch.control import AsteriskControl
from hotline_ivr.launch.doctor_alerts import alerts_seen
from hotline_ivr.launch.doctor_ami import ami_login, ami_rights
from hotline_ivr.launch.doctor_machine import clock, disk, is_serving, own_name, ports
from hotline_ivr.launch.finding import Finding
from hotline_ivr.launch.left_behind import left_behind
from hotline_ivr.launch.plans import check_on_disk
from hotline_ivr.settings import Settings
from hotline_ivr.setup.asterisk_program import AsteriskProgram, find_asterisk
from hotline_ivr.setup.prompt_sources import prompt_folders, read_sources
from hotline_ivr.store.migrate import describe_schema
from hotline_ivr.views.counted import counted

# How long (seconds) Asterisk may take to carry a test channel to the service and back.
PROBE_TIMEOUT = 8.0

Look = Callable[[], Awaitable[Finding]]


async def examine(settings: Settings) -> list[Finding]:
    """All findings. Never raises: what goes wrong is a finding."""
    found: list[Finding] = [
        await _guarded("configuration", lambda: _configuration(settings), "hotline check"),
        await _guarded("prompts", lambda: _prompts(settings), "hotline prompts list"),
        await _guarded("own name", own_name),
        await _guarded("clock", lambda: clock(settings)),
        await _guarded("disk", lambda: disk(settings)),
        await _guarded(
            "database", lambda: _database(settings), "start the service, which makes it: hotline up"
        ),
        await _guarded("alerts", lambda: _alerts(settings), "hotline check"),
        await _guarded("left behind", lambda: left_behind(settings)),
    ]
    try:
        program = await asyncio.to_thread(find_asterisk, settings)
    except HotlineError as error:
        return [*found, Finding("asterisk", ok=False, seen=str(error), remedy="make setup")]
    found.append(Finding("asterisk", ok=True, seen=f"{program.version} at {program.command[-1]}"))
    return found + await _with_asterisk(settings, program)


async def _with_asterisk(settings: Settings, program: AsteriskProgram) -> list[Finding]:
    control = AsteriskControl(settings, program)
    if not await control.running():
        remedy = "start it: make up (or hotline up)"
        return [
            await ports(settings, asterisk=True, service=not await is_serving(settings)),
            Finding(
                "asterisk runs", ok=False, seen="no Asterisk of this state folder answers", remedy=remedy
            ),
        ]
    found = [Finding("asterisk runs", ok=True, seen="fully booted")]
    found.append(
        await _guarded(
            "manager login", lambda: _ami(settings), f"restart Asterisk; {settings.log_dir} tells more"
        )
    )
    found.append(await _guarded("manager rights", lambda: _rights(settings), "as for the manager login"))
    async with _counting(settings.cel_file) as grew:
        found.append(await _guarded("asks", lambda: _asks(settings, control)))
        found.append(await _guarded("event log", lambda: _event_log(settings, grew)))
    if not await is_serving(settings):
        found.append(await ports(settings, asterisk=False, service=True))
    return found


async def _guarded(
    name: str, look: Look, remedy: str = "docs/operations.md tells what belongs there"
) -> Finding:
    try:
        return await look()
    except (HotlineError, OSError, TimeoutError) as error:
        return Finding(name, ok=False, seen=str(error) or "no answer in time", remedy=remedy)


async def _configuration(settings: Settings) -> Finding:
    result = await asyncio.to_thread(check_on_disk, settings)
    if result.plan is None:
        seen = f"{counted(len(result.errors), 'error')} in {settings.config}"
        return Finding("configuration", ok=False, seen=seen, remedy="hotline check")
    seen = f"{settings.config}: {counted(len(result.plan.lines), 'line')}"
    if not result.warnings:
        return Finding("configuration", ok=True, seen=seen)
    warned = f"{seen}, {counted(len(result.warnings), 'warning')}"
    return Finding("configuration", ok=True, seen=warned, remedy="hotline check tells them")


async def _prompts(settings: Settings) -> Finding:
    """Whether callers hear what is played: in every language, also in menus and at the control number."""
    return await asyncio.to_thread(_look_at_prompts, settings)


def _look_at_prompts(settings: Settings) -> Finding:
    sources = read_sources(*prompt_folders(settings))
    plan = check_on_disk(settings).plan
    uses = prompt_uses(plan) if plan else {}
    wanted = {
        f"{language}/{prompt}"
        for prompt, found in uses.items()
        for use in found
        for language in use.languages
    }
    if unwritten := sorted(wanted - sources.keys()):
        seen = f"nobody has written {_some(unwritten)}"
        return Finding(
            "prompts", ok=False, seen=seen, remedy="hotline prompts missing tells where they are heard"
        )
    unmade = sorted(name for name in sources if not (settings.sounds_dir / f"{name}.wav").exists())
    if unmade:
        seen = f"not made: {_some(unmade)}"
        return Finding("prompts", ok=False, seen=seen, remedy="hotline prompts generate")
    return Finding("prompts", ok=True, seen=f"{len(sources)} in {settings.sounds_dir}, {len(wanted)} in use")


def _some(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


async def _database(settings: Settings) -> Finding:
    described = await describe_schema(settings.database)
    return Finding(
        "database",
        ok=described.ok,
        seen=described.text,
        remedy="" if described.ok else "hotline serve migrates it",
    )


async def _alerts(settings: Settings) -> Finding:
    plan = (await asyncio.to_thread(check_on_disk, settings)).plan
    if plan is None:
        return Finding("alerts", ok=False, seen="the configuration is refused", remedy="hotline check")
    looked = await alerts_seen(plan.alerts, plan.webhooks)
    remedy = "" if looked.ok else "mend it, then `hotline alerts test`; see docs/alerts.md"
    return Finding("alerts", ok=looked.ok, seen=looked.text, remedy=remedy)


async def _ami(settings: Settings) -> Finding:
    return Finding("manager login", ok=True, seen=await ami_login(settings))


async def _rights(settings: Settings) -> Finding:
    too_many = await ami_rights(settings)
    remedy = "" if not too_many else "manager.conf is not ours: run hotline render"
    seen = "least rights" if not too_many else f"the account may also: {', '.join(too_many)}"
    return Finding("manager rights", ok=not too_many, seen=seen, remedy=remedy)


async def _asks(settings: Settings, control: AsteriskControl) -> Finding:
    started = int(time.time())
    await control.command("channel originate Local/s@hotline-doctor/n application Wait 1")
    answer: str | None = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PROBE_TIMEOUT):
            while (answer := _probe_answer(await control.command("dialplan show globals"), started)) is None:
                await asyncio.sleep(0.2)
    if answer == "well":
        return Finding("asks", ok=True, seen=f"Asterisk reaches the service at {settings.agi_address}")
    remedy = "start the service (hotline serve); callers go by the fallback until then"
    return Finding(
        "asks",
        ok=False,
        seen=f"Asterisk asked {settings.agi_address}: {answer or 'no answer'}",
        remedy=remedy,
    )


def _probe_answer(variables: str, since: int) -> str | None:
    for line in variables.splitlines():
        name, _, value = line.strip().partition("=")
        moment, _, answer = value.partition(":")
        if name == "HOTLINE_DOCTOR" and moment.isdigit() and int(moment) >= since:
            return answer
    return None


async def _event_log(settings: Settings, grew: Callable[[], bool]) -> Finding:
    try:
        async with asyncio.timeout(PROBE_TIMEOUT):
            while not grew():
                await asyncio.sleep(0.2)
    except TimeoutError:
        seen = f"a test channel is not in {settings.cel_file}: calls would be missing in the record"
        remedy = "run hotline render, and see that Asterisk's user may write there"
        return Finding("event log", ok=False, seen=seen, remedy=remedy)
    return Finding("event log", ok=True, seen=f"a test channel is in {settings.cel_file}")


@asynccontextmanager
async def _counting(path: Path) -> AsyncIterator[Callable[[], bool]]:
    before = path.stat().st_size if path.exists() else 0
    yield lambda: path.exists() and path.stat().st_size > before
