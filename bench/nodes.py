"""The two arms: the whole product, and the same Asterisk with a dialplan such as anybody writes.

Both are rendered from one configuration by the product itself, so that modules, endpoints, queues, codecs
and prompts are the same; the pure arm then gets its own dialplan, fixed queue members and cdr_csv, and loses
the event log and the manager interface.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import subprocess
import time
import wave
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from bench.processes import cpu_seconds, descendants, parent
from hotline_ivr.asterisk.secrets import Secrets
from hotline_ivr.config.models import Plan
from hotline_ivr.errors import AsteriskUnreachable
from hotline_ivr.launch.asterisk_process import STOP_TIMEOUT
from hotline_ivr.launch.control import AsteriskControl
from hotline_ivr.launch.plans import plan_on_disk
from hotline_ivr.launch.preparing import render_for_plan, render_for_program
from hotline_ivr.settings import Settings
from hotline_ivr.setup.asterisk_program import find_asterisk
from hotline_ivr.testing.ports import free_port, free_range
from hotline_ivr.testing.stack import HotlineStack

RTP_PORTS = 2400
"""Audio ports of an arm: 600 calls of four."""

GREETING_S = 0.2

_READY_S = 60.0
_LOOK_EVERY_S = 0.2

# Two arms hold no port while they are made, so each looks for its range from a place of its own.
_RTP_STARTS = itertools.count(11_000, RTP_PORTS + 600)

_ALPHABET = "abcdefghijkmnpqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Cpu:
    """CPU seconds since the processes started."""

    asterisk: float
    ours: float


class Node(Protocol):
    """One arm while it runs."""

    @property
    def sip_port(self) -> int: ...

    def cpu(self) -> Cpu: ...

    def console(self, command: str) -> str: ...

    def restart(self) -> None:
        """Begin anew, with everything that was written; returns when every operator serves its queue."""
        ...


def member_names(count: int) -> list[str]:
    """Ids whose first characters differ: app_queue hashes five characters of an interface's name."""
    size = len(_ALPHABET)
    return [f"{_ALPHABET[n % size]}{_ALPHABET[n // size % size]}{n:03d}" for n in range(count)]


def configuration(operators: int, queues: int, phone_port: int) -> dict[str, object]:
    """Many operators, evenly over queues, and a line for each queue; open the whole week by its hours."""
    names = member_names(operators)
    ids = [f"q{n:02d}" for n in range(queues)]
    return {
        "organisation": {"name": "Bench", "country": "NO"},
        "trunks": {"carrier": {"hosts": ["127.0.0.1"], "codecs": ["alaw", "ulaw"]}},
        "operators": {
            name: {"name": name, "sip_contact": f"sip:{name}@127.0.0.1:{phone_port}"} for name in names
        },
        "queues": {
            queue: {"operators": names[n::queues], "strategy": "leastrecent", "ring_time": "15s"}
            for n, queue in enumerate(ids)
        },
        "lines": {
            f"line-{queue}": {
                "name": f"Line {queue}",
                "numbers": [number],
                "time_zone": "Europe/Oslo",
                "language": "en",
                "hours": {"mon-sun": "00:00-24:00"},
                "queue": queue,
                "max_wait": "60s",
            }
            for queue, number in zip(ids, numbers(queues), strict=True)
        },
    }


def numbers(queues: int) -> list[str]:
    return [f"+472285{n:04d}" for n in range(1000, 1000 + queues)]


def shorten_greeting(sounds: Path) -> None:
    """Let the greeting last GREETING_S: the bench measures calls, not patience."""
    for ending, silence in {"ulaw": b"\xff", "alaw": b"\xd5"}.items():
        (sounds / "en" / f"greeting.{ending}").write_bytes(silence * int(GREETING_S * 8000))
    for ending, rate in {"wav": 8000, "wav16": 16000}.items():
        with wave.open(str(sounds / "en" / f"greeting.{ending}"), "wb") as file:
            file.setparams((1, 2, rate, 0, "NONE", ""))
            file.writeframes(bytes(2 * int(GREETING_S * rate)))


class Product:
    """The whole product as `hotline up` runs it: Asterisk, the service, the supervisor."""

    def __init__(
        self, folder: Path, config: Mapping[str, object], root: Path, prepared: Path, members: int
    ) -> None:
        self._members = members
        self.stack = HotlineStack(
            folder,
            config,
            sounds=prepared,
            asterisk_root=root,
            # What stands by is loaded once, at some moment that would be counted as an arm's.
            variables={**_audio_ports(), "HOTLINE_STANDBY": "no"},
        )
        shorten_greeting(self.stack.settings.sounds_dir)

    def __enter__(self) -> Self:
        """Returns when every operator serves its queue."""
        with ExitStack() as undo:
            undo.enter_context(self.stack)
            self._start()
            undo.pop_all()
        return self

    def _start(self) -> None:
        self.stack.start_up()
        wait_members(self.console, self._members)

    def restart(self) -> None:
        self.stack.stop()
        self._start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stack.stop()

    @property
    def sip_port(self) -> int:
        return self.stack.settings.sip_port

    def answered_calls(self) -> int:
        """Calls with an operator in the record."""
        return sum(1 for call in self.stack.calls() if call["outcome"] == "answered")

    def cpu(self) -> Cpu:
        asterisk = _pid(self.stack.settings)
        ours = [pid for pid in descendants(parent(asterisk)) if pid != asterisk]
        return Cpu(cpu_seconds(asterisk), sum(cpu_seconds(pid) for pid in ours))

    def console(self, command: str) -> str:
        try:
            return self.stack.console(command)
        except subprocess.TimeoutExpired:
            # An overloaded Asterisk does not answer its console either.
            return ""


class PureAsterisk:
    """The same Asterisk with the usual dialplan, and nothing of ours running."""

    def __init__(self, folder: Path, config_dir: Path, root: Path, prepared: Path, members: int) -> None:
        self._members = members
        self._settings = Settings.from_environment({
            **_audio_ports(),
            "HOTLINE_CONFIG": str(config_dir),
            "HOTLINE_STATE": str(folder),
            "HOTLINE_NODE": "pure",
            "HOTLINE_ASTERISK_ROOT": str(root),
            "HOTLINE_SIP_PORT": str(free_port()),
        })  # fmt: skip
        self._program = find_asterisk(self._settings)
        self._control = AsteriskControl(self._settings, self._program)
        self._process: subprocess.Popen[bytes] | None = None
        self._write(prepared)

    def _write(self, prepared: Path) -> None:
        settings = self._settings
        plan = plan_on_disk(settings)
        render_for_program(settings, self._program)
        rendered = render_for_plan(settings, plan, datetime.now(UTC))
        for name in ("sounds", "moh"):
            shutil.copytree(prepared / name, settings.asterisk_dir / name, dirs_exist_ok=True)
        shorten_greeting(settings.sounds_dir)
        (settings.log_dir / "cdr-csv").mkdir(parents=True, exist_ok=True)
        etc = settings.etc_dir
        queues, modules = (
            (etc / name).read_text(encoding="utf-8") for name in ("queues.conf", "modules.conf")
        )
        files = {
            "extensions.conf": pure_dialplan(plan, settings.sounds_dir),
            "queues.conf": queues + fixed_members(plan, rendered.secrets),
            "modules.conf": modules.replace("cel_custom.so", "cdr_csv.so"),
            "cdr.conf": "[general]\nenable=yes\n[csv]\nloguniqueid=yes\n",
            "cel.conf": "[general]\nenable=no\n",
            "manager.conf": "[general]\nenabled=no\n",
        }  # fmt: skip
        for name, text in files.items():
            (etc / name).write_text(text, encoding="utf-8")

    def __enter__(self) -> Self:
        self._start()
        return self

    def restart(self) -> None:
        self.stop()
        self._start()

    def _start(self) -> None:
        with (self._settings.log_dir / "console.log").open("ab") as out:
            self._process = subprocess.Popen(
                self._control.start_command(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        with ExitStack() as undo:
            undo.callback(self.stop)
            wait_members(self.console, self._members)
            undo.pop_all()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    @property
    def sip_port(self) -> int:
        return self._settings.sip_port

    def cpu(self) -> Cpu:
        return Cpu(cpu_seconds(_pid(self._settings)), 0.0)

    def console(self, command: str) -> str:
        try:
            return asyncio.run(self._control.command(command))
        except AsteriskUnreachable:
            return ""


def pure_dialplan(plan: Plan, sounds: Path) -> str:
    """What the product's calls do, as one would write it by hand."""
    lines = ["[hotline-numbers]"]
    for line in plan.lines.values():
        for number in line.numbers:
            lines += [
                f"exten => {number},1,GotoIfTime(00:00-23:59,mon-sun,*,*?open)",
                " same => n,Hangup()",
                " same => n(open),Answer()",
                f" same => n,Playback({sounds}/{line.language}/{line.greeting})",
                f" same => n,Queue({line.queue},,,,{line.max_wait})",
                " same => n,Hangup()",
            ]
    return "\n".join([*lines, "", "[hotline-phones]", "include => hotline-numbers", ""])


def fixed_members(plan: Plan, secrets: Secrets) -> str:
    """The queues' members as an admin would write them; the product sets them while running."""
    lines = []
    for queue_id, queue in plan.queues.items():
        lines.append(f"[{queue_id}](+)")
        lines += [f"member => PJSIP/{secrets.phone(name).account},0,{name}" for name in queue.operators]
    return "\n".join([*lines, ""])


def _audio_ports() -> dict[str, str]:
    first = free_range(RTP_PORTS, next(_RTP_STARTS))
    return {"HOTLINE_RTP_FIRST": str(first), "HOTLINE_RTP_LAST": str(first + RTP_PORTS - 1)}


def _pid(settings: Settings) -> int:
    return int((settings.run_dir / "asterisk.pid").read_text(encoding="ascii"))


def wait_members(console: Callable[[str], str], count: int) -> None:
    """Until so many operators are free in their queues. Raises TimeoutError."""
    _wait(lambda: console("queue show").count("Not in use") >= count, "queue members")


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _READY_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {_READY_S:g} s for {what}")
        time.sleep(_LOOK_EVERY_S)
