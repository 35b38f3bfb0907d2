"""`hotline up` and `hotline asterisk`: the processes of a node, kept up together."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from datetime import UTC, datetime

import structlog

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import SetupError
from hotline_ivr.launch.asterisk_process import asterisk_child, stop_leftover
from hotline_ivr.launch.control import AsteriskControl
from hotline_ivr.launch.locking import only_one
from hotline_ivr.launch.overriding import standing_overrides
from hotline_ivr.launch.plans import keep
from hotline_ivr.launch.ports import check_ports
from hotline_ivr.launch.preparing import render_for_plan, render_for_program
from hotline_ivr.launch.reloading import Reloader
from hotline_ivr.launch.rotating import Rotation, rotated_logs
from hotline_ivr.launch.supervisor import Child, Supervisor
from hotline_ivr.settings import Settings
from hotline_ivr.setup.asterisk_program import AsteriskProgram

log = structlog.get_logger()

# How long (seconds) `hotline asterisk` waits for the service to have rendered its files for the first time.
RENDER_TIMEOUT = 120.0
# A service gets its drain time and a little more (seconds) before it is killed.
STOP_MARGIN = 5.0


async def run_up(settings: Settings, plan: Plan, program: AsteriskProgram) -> None:
    """Run Asterisk and the service until SIGINT or SIGTERM. Raises SetupError if they cannot be started."""
    control = AsteriskControl(settings, program)
    with only_one(settings.state_dir / "asterisk.lock", "A supervisor"):
        await _clear(settings, control)
        check_ports(settings, asterisk=True, service=True)
        render_for_program(settings, program)
        now = datetime.now(UTC)
        render_for_plan(settings, plan, now, standing_overrides(settings, now))
        keep(settings, settings.config, plan)
        serve = (sys.executable, "-m", "hotline_ivr", "serve", "--supervised")
        standby = (*serve, "--standby") if settings.standby == "yes" else ()
        service = Child("service", serve, settings.drain_timeout + STOP_MARGIN, standby=standby)
        await _until_stopped(settings, control, [asterisk_child(settings, control), service])


async def run_asterisk(settings: Settings, program: AsteriskProgram) -> None:
    """Run Asterisk alone, as in a container of its own, until SIGINT or SIGTERM."""
    control = AsteriskControl(settings, program)
    with only_one(settings.state_dir / "asterisk.lock", "A supervisor"):
        await _clear(settings, control)
        check_ports(settings, asterisk=True, service=False)
        render_for_program(settings, program)
        await _rendered(settings)
        await _until_stopped(settings, control, [asterisk_child(settings, control)])


async def _clear(settings: Settings, control: AsteriskControl) -> None:
    if (settings.etc_dir / "asterisk.conf").exists() and await stop_leftover(settings, control):
        log.warning("an Asterisk of an earlier run was still there and has been stopped")


async def _rendered(settings: Settings) -> None:
    try:
        async with asyncio.timeout(RENDER_TIMEOUT):
            while not (settings.etc_dir / "extensions.conf").exists():
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise SetupError(
            f"no extensions.conf in {settings.etc_dir} after {RENDER_TIMEOUT:g} s: start `hotline serve`,"
            " which writes it, with the same state folder"
        ) from None


async def _until_stopped(settings: Settings, control: AsteriskControl, children: list[Child]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    rotation = Rotation(rotated_logs(settings), control, limit=settings.log_file_size)
    work = [
        asyncio.create_task(Supervisor(children).run(), name="supervisor"),
        asyncio.create_task(Reloader(settings.etc_dir, control).run(), name="reloader"),
        asyncio.create_task(rotation.run(), name="rotation"),
    ]
    stopped = asyncio.create_task(stop.wait(), name="stop")
    done, _ = await asyncio.wait([*work, stopped], return_when=asyncio.FIRST_COMPLETED)
    for task in [*work, stopped]:
        task.cancel()
    for task in work:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    for task in done - {stopped}:
        task.result()
