"""`hotline doctor`: everything a call needs, looked at one by one, each failure with its remedy."""

from __future__ import annotations

import asyncio
import shutil
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hotline_ivr.config.check import check
from hotline_ivr.errors import HotlineError
from hotline_ivr.launch.control import AsteriskControl
from hotline_ivr.launch.doctor_alerts import alerts_seen
from hotline_ivr.launch.doctor_ami import ami_login, ami_rights
from hotline_ivr.launch.plans import known_prompts
from hotline_ivr.settings import Settings
from hotline_ivr.setup.asterisk_program import AsteriskProgram, find_asterisk
from hotline_ivr.store.migrate import describe_schema

# Below this (bytes) a busy day of call events may fill the disk.
LEAST_FREE = 500 * 1024 * 1024
# A name that resolves slower than this (seconds) makes every INVITE slow: Asterisk looks its own name up.
SLOW_NAME = 0.5
# A year before this one means that the clock was never set.
LEAST_YEAR = 2026
# How long (seconds) Asterisk may take to carry a test channel to the service and back.
PROBE_TIMEOUT = 8.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One look: what, whether it is well, what was seen, and what to do where it is not."""

    name: str
    ok: bool
    seen: str
    remedy: str = ""


Look = Callable[[], Awaitable[Finding]]


async def examine(settings: Settings) -> list[Finding]:
    """All findings. Never raises: what goes wrong is a finding."""
    found: list[Finding] = [await _guarded("configuration", lambda: _configuration(settings))]
    found.append(await _guarded("prompts", lambda: _prompts(settings)))
    found.append(await _guarded("own name", _own_name))
    found.append(await _guarded("clock", _clock))
    found.append(await _guarded("disk", lambda: _disk(settings)))
    found.append(await _guarded("database", lambda: _database(settings)))
    found.append(await _guarded("alerts", lambda: _alerts(settings)))
    try:
        program = await asyncio.to_thread(find_asterisk, settings)
    except HotlineError as error:
        return [*found, Finding("asterisk", ok=False, seen=str(error), remedy="make setup")]
    found.append(Finding("asterisk", ok=True, seen=f"{program.version} at {program.command[-1]}"))
    return found + await _with_asterisk(settings, program)


async def _with_asterisk(settings: Settings, program: AsteriskProgram) -> list[Finding]:
    control = AsteriskControl(settings, program)
    if not await control.running():
        ports = await _guarded("ports", lambda: _free_ports(settings))
        remedy = "start it: make up (or hotline up)"
        return [
            ports,
            Finding(
                "asterisk runs", ok=False, seen="no Asterisk of this state folder answers", remedy=remedy
            ),
        ]
    found = [Finding("asterisk runs", ok=True, seen="fully booted")]
    found.append(await _guarded("manager login", lambda: _ami(settings)))
    found.append(await _guarded("manager rights", lambda: _rights(settings)))
    async with _counting(settings.cel_file) as grew:
        found.append(await _guarded("asks", lambda: _asks(settings, control)))
        found.append(await _guarded("event log", lambda: _event_log(settings, grew)))
    return found


async def _guarded(name: str, look: Look) -> Finding:
    try:
        return await look()
    except (HotlineError, OSError, TimeoutError) as error:
        return Finding(
            name, ok=False, seen=str(error) or type(error).__name__, remedy="see docs/operations.md"
        )


async def _configuration(settings: Settings) -> Finding:
    result = await asyncio.to_thread(lambda: check(settings.config, known_prompts(settings)))
    if result.plan is None:
        seen = f"{len(result.errors)} errors in {settings.config}"
        return Finding("configuration", ok=False, seen=seen, remedy="hotline check")
    return Finding("configuration", ok=True, seen=f"{settings.config}: {len(result.plan.lines)} lines")


async def _prompts(settings: Settings) -> Finding:
    result = check(settings.config)
    wanted = {
        f"{line.language}/{prompt}"
        for line in (result.plan.lines.values() if result.plan else ())
        for prompt in (line.greeting, line.closed_message, line.sorry_message, "technical")
    }
    missing = sorted(name for name in wanted if not (settings.sounds_dir / f"{name}.wav").exists())
    if missing:
        return Finding("prompts", ok=False, seen=f"missing: {', '.join(missing)}", remedy="make setup")
    return Finding("prompts", ok=True, seen=f"{len(wanted)} in {settings.sounds_dir}")


async def _own_name() -> Finding:
    name = socket.gethostname()
    started = time.monotonic()
    try:
        async with asyncio.timeout(10):
            await asyncio.get_running_loop().getaddrinfo(name, None)
    except (OSError, TimeoutError) as error:
        seen = f"{name} does not resolve ({error})"
        return Finding(
            "own name",
            ok=False,
            seen=seen,
            remedy=f"add `127.0.1.1 {name}` to /etc/hosts: every call waits for it",
        )
    taken = time.monotonic() - started
    remedy = "" if taken < SLOW_NAME else f"add `127.0.1.1 {name}` to /etc/hosts: every call waits this long"
    return Finding(
        "own name", ok=taken < SLOW_NAME, seen=f"{name} resolves in {taken * 1000:.0f} ms", remedy=remedy
    )


async def _clock() -> Finding:
    now = time.gmtime()
    ok = now.tm_year >= LEAST_YEAR
    return Finding(
        "clock", ok=ok, seen=time.strftime("%F %TZ", now), remedy="" if ok else "set the clock, then run NTP"
    )


async def _disk(settings: Settings) -> Finding:
    folder = next(path for path in (settings.state_dir, *settings.state_dir.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    ok = free >= LEAST_FREE
    remedy = "" if ok else "free some space, or move HOTLINE_STATE"
    return Finding("disk", ok=ok, seen=f"{free // 2**20} MiB free at {folder}", remedy=remedy)


async def _database(settings: Settings) -> Finding:
    described = await describe_schema(settings.database)
    return Finding(
        "database",
        ok=described.ok,
        seen=described.text,
        remedy="" if described.ok else "hotline serve migrates it",
    )


async def _alerts(settings: Settings) -> Finding:
    plan = (await asyncio.to_thread(check, settings.config)).plan
    if plan is None:
        return Finding("alerts", ok=False, seen="the configuration is refused", remedy="hotline check")
    looked = await alerts_seen(plan.alerts)
    remedy = "" if looked.ok else "mend it, then `hotline alerts test`; see docs/alerts.md"
    return Finding("alerts", ok=looked.ok, seen=looked.text, remedy=remedy)


async def _free_ports(settings: Settings) -> Finding:
    from hotline_ivr.launch.ports import check_ports  # noqa: PLC0415 - only where Asterisk does not run

    check_ports(settings, asterisk=True, service=False)
    return Finding("ports", ok=True, seen="those of Asterisk are free")


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
    async with asyncio.timeout(PROBE_TIMEOUT):
        while not grew():
            await asyncio.sleep(0.2)
    return Finding("event log", ok=True, seen=f"a test channel is in {settings.cel_file}")


@asynccontextmanager
async def _counting(path: Path) -> AsyncIterator[Callable[[], bool]]:
    before = path.stat().st_size if path.exists() else 0
    yield lambda: path.exists() and path.stat().st_size > before
