"""Many callers, and the phones of many operators, by SIPp (Debian: sip-tester).

The scenarios lie in scenarios/; each call's line in the injected file says who calls and how long it stays.
SIPp flushes each line of its log, so the ledger can be read, and waited on, while the calls are under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Self

from hotline_ivr.testing.ledger import LedgerRow, fold, read_entry
from hotline_ivr.testing.ports import free_port, free_range, is_taken

SCENARIOS = Path(__file__).parent / "scenarios"

REFUSALS = (403, 404, 480, 486, 488, 500, 503, 603)
"""Final answers that a caller takes as a refusal; another one fails the call in SIPp's own count."""

_START_DEADLINE_S = 10.0
_STARTS = 3
_NEVER_BEGAN = frozenset({254, 255})
"""SIPp's exit codes for a port that it cannot bind, and for other fatal errors (its manual, "Exit codes")."""

_LOOK_EVERY = 0.01
"""Seconds between looks at SIPp's log: below the 50 ms to which the record is held."""

_BEFORE_OTHERS = os.SCHED_RR, 1
"""How who writes down moments to the millisecond gets the processor: before everybody (sched(7)).

A higher priority (nice) is one among the processes of a session only, where the kernel shares by session.
"""

_PORTS_A_CALL = 4
"""SIPp counts media ports by 2 a stream, and may open RTP and RTCP."""

_REPEATED = re.compile(r"[ ]*<!-- for each (\w+) -->\n(.*?)[ ]*<!-- end -->\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls which number, and how long after the answer it stays unless the far end hangs up first.

    `after_ms` lets it pause before it calls, for arrivals that are not evenly spread. A `key` is pressed
    `press_ms` after the answer, and the stay begins then.
    """

    number: str
    called: str
    stay_ms: int = 120_000
    after_ms: int = 0
    key: str = ""
    press_ms: int = 1000

    def __post_init__(self) -> None:
        _limits(self.stay_ms, self.press_ms)

    def line(self) -> str:
        """As caller.xml reads it."""
        press = f"{self.press_ms if self.key else 0};{self.key or '-'}"
        return f"{self.number};{self.called};{self.stay_ms};{self.after_ms};{press}"


class Deed(IntEnum):
    """What else an operator does with a call. The numbers stand in operator.xml."""

    NOTHING = 0
    DECLINES = 1
    HOLDS = 2
    # By REFER; refused or not taken in time, the operator goes on talking, or hangs up.
    HANDS_ON = 3


@dataclass(frozen=True, slots=True)
class Turn:
    """What the operators' phones do with one call: ring, then talk until one side hangs up.

    Who hands the caller on does so to the SIP address `to`, such as `21@127.0.0.1:5060`.
    """

    ring_ms: int
    talk_ms: int = 120_000
    deed: Deed = Deed.NOTHING
    to: str = "-"

    def __post_init__(self) -> None:
        _limits(self.ring_ms, self.talk_ms)

    def line(self) -> str:
        """As operator.xml reads it."""
        return f"{self.ring_ms};{self.talk_ms};{int(self.deed)};{self.to}"


def _limits(*milliseconds: int) -> None:
    if min(milliseconds) < 1:
        raise ValueError("at least 1 ms: SIPp takes 0 for no limit at all")


def expand(template: str, values: Mapping[str, Iterable[object]], **fixed: object) -> str:
    """A scenario with each `for each` block repeated once for each distinct value of its name."""

    def repeat(block: re.Match[str]) -> str:
        name, text = block[1], block[2]
        return "".join(text.replace(name.upper(), str(value)) for value in dict.fromkeys(values[name]))

    text = _REPEATED.sub(repeat, template)
    for name, value in fixed.items():
        text = text.replace(name.upper(), str(value))
    return text


@dataclass
class SippRun:
    """One SIPp process. Use as an async context manager: leaving it ends the process."""

    name: str
    folder: Path
    scenario: str
    lines: Sequence[str]
    arguments: Sequence[str]
    port: int = field(default_factory=free_port)
    _control: int = field(default_factory=free_port, init=False)
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        files = {".xml": self.scenario, ".csv": "\n".join(["SEQUENTIAL", *self.lines, ""])}
        for suffix, text in files.items():
            (self.folder / (self.name + suffix)).write_text(text, encoding="utf-8")
        self._log.write_bytes(b"")
        # A port that was free when it was chosen may be taken by the time SIPp comes to it.
        for _ in range(_STARTS):
            self._process = await self._start()
            async with asyncio.timeout(_START_DEADLINE_S):
                while not is_taken(self.port) and self._process.returncode is None:  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_EVERY)
            if self._process.returncode not in _NEVER_BEGAN:
                return self
        raise OSError(f"{self.name}: SIPp does not start\n{self._said()[-1500:]}")

    async def _start(self) -> asyncio.subprocess.Process:
        media = free_range(min(_PORTS_A_CALL * len(self.lines) + 4, 400), 32_000 + self.port % 1000 * 20)
        with (self.folder / f"{self.name}.out").open("wb") as out:
            return await asyncio.create_subprocess_exec(
                "sipp", *self.arguments,
                "-sf", f"{self.name}.xml", "-inf", f"{self.name}.csv",
                "-i", "127.0.0.1", "-p", str(self.port), "-mi", "127.0.0.1", "-mp", str(media),
                "-cp", str(self._control), "-trace_logs", "-log_file", self._log.name, "-nostdin",
                "-trace_err", "-error_file", f"{self.name}.errors",
                cwd=self.folder, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip

    def go_first(self) -> bool:
        """Have the processor before others do, so that moments are written down when they happen.

        False where this user may not have that.
        """
        if self._process is None:
            raise RuntimeError(f"{self.name} is not running")
        policy, priority = _BEFORE_OTHERS
        try:
            os.sched_setscheduler(self._process.pid, policy, os.sched_param(priority))
        except PermissionError:
            return False
        return True

    def _said(self) -> str:
        return (self.folder / f"{self.name}.out").read_text(encoding="utf-8", errors="replace")

    async def __aexit__(self, *exc: object) -> None:
        if self._process is not None and self._process.returncode is None:
            # Only SIGKILL ends SIPp at once while calls are up.
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    @property
    def _log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def rows(self) -> list[LedgerRow]:
        """The calls so far, in the order in which they began."""
        text = self._log.read_text(encoding="utf-8", errors="replace")
        entries = (read_entry(line) for line in text.splitlines())
        return fold(entry for entry in entries if entry is not None)

    async def wait_for(
        self, condition: Callable[[list[LedgerRow]], bool], deadline: float, what: str = "the calls"
    ) -> list[LedgerRow]:
        """The rows, once `condition` holds for them.

        Raises TimeoutError after `deadline` seconds, with what SIPp said and how far the calls had come.
        """
        try:
            async with asyncio.timeout(deadline):
                # The other side is a file, which has no event to wait on.
                while not condition(rows := self.rows()):  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_EVERY)
        except TimeoutError:
            raise TimeoutError(
                f"{self.name}: waited {deadline} s for {what}: {self.rows()}\n{self._said()[-1500:]}"
            ) from None
        return rows

    def call_no_more(self) -> None:
        """Begin no further calls; those that are up go on to their end, and then SIPp leaves."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            # Keys of SIPp's screen, sent from elsewhere (its manual, "Controlling SIPp").
            control.sendto(b"q", ("127.0.0.1", self._control))

    async def wait_ended(self, deadline: float) -> list[LedgerRow]:
        """The rows, once SIPp has made all its calls and left."""
        if self._process is None:
            raise RuntimeError("not started")
        async with asyncio.timeout(deadline):
            await self._process.wait()
        return self.rows()


def callers(
    folder: Path,
    host: str,
    sip_port: int,
    calls: Sequence[Caller],
    *,
    per_second: int = 20,
    at_once: int | None = None,
    ring_ms: int = 20_000,
    name: str = "callers",
    ears: Mapping[str, int] | None = None,
) -> SippRun:
    """Each call once, begun `per_second` a second, no more than `at_once` together.

    A call is given up after `ring_ms` without an answer. `ears` are the ports at which each number listens
    (ears.py); without them nobody does.
    """
    template = (SCENARIOS / "caller.xml").read_text(encoding="utf-8")
    if ears is not None:
        template = template.replace("[media_port]", "[field6]")
    scenario = expand(template, {"code": REFUSALS}, ring_ms=ring_ms)
    count = str(len(calls))
    return SippRun(
        name, folder, scenario,
        [f"{call.line()};{ears[call.number]}" if ears is not None else call.line() for call in calls],
        [f"{host}:{sip_port}", "-r", str(per_second), "-m", count, "-l", str(at_once or len(calls))],
    )  # fmt: skip


def operator_phones(folder: Path, turns: Sequence[Turn], *, port: int, name: str = "operators") -> SippRun:
    """Phones that do not register, all on one port, told apart by the user part of their contact.

    Calls take the turns in the order in which they arrive, beginning anew after the last.
    """
    scenario = (SCENARIOS / "operator.xml").read_text(encoding="utf-8")
    return SippRun(name, folder, scenario, [turn.line() for turn in turns], [], port)
