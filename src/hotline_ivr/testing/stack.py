"""The whole product in a folder of its own, with ports of its own: Asterisk and the service.

The parts are separate processes, so that the service can be killed, stopped or replaced by a fake while
Asterisk and its calls go on. Everything is told by the same HOTLINE_ variables that a user has.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from ruamel.yaml import YAML

from hotline_ivr.settings import Settings
from hotline_ivr.setup.asterisk_program import find_asterisk
from hotline_ivr.testing.ports import free_port, free_range
from hotline_ivr.testing.verbs import run_verb

RTP_PORTS = 1200
"""Audio ports of a stack: three hundred calls of four."""

_READY_DEADLINE_S = 40.0
_STOP_DEADLINE_S = 40.0
_LOOK_EVERY_S = 0.05

Record = dict[str, Any]


class HotlineStack:
    """One node under test. Use as a context manager: leaving it ends every process that it started."""

    def __init__(
        self,
        folder: Path,
        config: Mapping[str, object],
        *,
        sounds: Path | None = None,
        asterisk_root: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """`sounds` is the asterisk folder of a state folder whose prompts and music are made already."""
        self.folder = folder
        rtp = free_range(RTP_PORTS)
        self.variables = {
            "HOTLINE_CONFIG": str(folder / "config"),
            "HOTLINE_STATE": str(folder / "state"),
            "HOTLINE_NODE": "test",
            "HOTLINE_SIP_PORT": str(free_port()),
            "HOTLINE_RTP_FIRST": str(rtp),
            "HOTLINE_RTP_LAST": str(rtp + RTP_PORTS - 1),
            "HOTLINE_AGI_PORT": str(free_port(socket.SOCK_STREAM)),
            "HOTLINE_AMI_PORT": str(free_port(socket.SOCK_STREAM)),
            "HOTLINE_HTTP_PORT": str(free_port(socket.SOCK_STREAM)),
            "HOTLINE_LOG_FORMAT": "json",
            **({"HOTLINE_ASTERISK_ROOT": str(asterisk_root)} if asterisk_root else {}),
            **(variables or {}),
        }
        self.settings = Settings.from_environment(self.variables)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.write_config(config)
        if sounds is not None:
            for name in ("sounds", "moh"):
                shutil.copytree(sounds / name, self.settings.asterisk_dir / name, dirs_exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Processes.

    def start(self) -> None:
        """Asterisk and the service as two processes; returns when the node is ready."""
        self.start_service()
        self.start_part("asterisk")
        self.wait_ready()

    def start_up(self) -> None:
        """The one command, `hotline up`; returns when the node is ready."""
        self.start_part("up")
        self.wait_ready()

    def start_service(self) -> None:
        self.start_part("serve")

    def start_part(self, verb: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if verb in self._processes:
            # What was killed before has to be reaped.
            self._processes[verb].wait(_STOP_DEADLINE_S)
        with (self.log_of(verb)).open("ab") as log:
            self._processes[verb] = subprocess.Popen(
                [sys.executable, "-m", "hotline_ivr", verb],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def log_of(self, verb: str) -> Path:
        """Where a part's standard output and error go."""
        return self.folder / f"{verb}.log"

    def signal_service(self, number: signal.Signals) -> None:
        """Send the service a signal. After SIGKILL it is gone when this returns."""
        process = self._processes["serve"]
        process.send_signal(number)
        if number == signal.SIGKILL:
            process.wait(10)

    def pid(self, verb: str) -> int:
        """Process id of a part that was started."""
        return self._processes[verb].pid

    def ended(self, verb: str, deadline: float) -> int:
        """The exit code of a part that ends of itself."""
        return self._processes[verb].wait(deadline)

    @property
    def environment(self) -> dict[str, str]:
        """What its processes are told: our environment and the node's variables."""
        return {**_inherited(), **self.variables}

    def stop_service(self) -> None:
        self.stop_part("serve")

    def stop_part(self, verb: str) -> None:
        self._stop(verb)

    def stop(self) -> None:
        """End the service first, Asterisk last. Whatever does not end in time is killed."""
        for verb in ("serve", "asterisk", "up"):
            self._stop(verb)
        # Where the supervisor itself had to be killed, its Asterisk is still there.
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.settings.run_dir / "asterisk.pid").read_text(encoding="ascii"))
            if str(self.settings.etc_dir) in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8"):
                os.kill(pid, signal.SIGKILL)

    def _stop(self, verb: str) -> None:
        process = self._processes.pop(verb, None)
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(_STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def wait_ready(self, deadline: float = _READY_DEADLINE_S) -> None:
        """Raises TimeoutError after `deadline` seconds, or when a part has ended, with the end of its log."""
        self._wait(self.is_ready, deadline)

    def wait_alive(self, deadline: float = _READY_DEADLINE_S) -> None:
        """Until the service's loop turns, whatever state its parts are in; else as `wait_ready`."""
        self._wait(lambda: self.get("/healthz")[0] == 200, deadline)

    def _wait(self, condition: Callable[[], bool], deadline: float) -> None:
        end = time.monotonic() + deadline
        while not condition():
            dead = [verb for verb, process in self._processes.items() if process.poll() is not None]
            if dead or time.monotonic() > end:
                raise TimeoutError(f"not ready after {deadline} s; ended: {dead}\n{self._logs()}")
            time.sleep(_LOOK_EVERY_S)

    def is_ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of one of the service's pages; status 0 when nobody answers."""
        url = f"http://127.0.0.1:{self.settings.http_port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def _logs(self) -> str:
        paths = (*sorted(self.folder.glob("*.log")), self.settings.log_dir / "console.log")
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in paths if path.exists()
        )

    # What an admin writes, and what was written.

    def write_config(self, config: Mapping[str, object]) -> None:
        """Replace the whole configuration."""
        write_config(self.settings.config, config)

    def accounts(self) -> dict[str, tuple[str, str]]:
        """Account and secret of each operator's phone, by operator id."""
        data = YAML(typ="safe").load(self.settings.secrets_file.read_text(encoding="utf-8"))
        return {name: (entry["account"], entry["secret"]) for name, entry in data["operators"].items()}

    def ami_secret(self) -> str:
        data = YAML(typ="safe").load(self.settings.secrets_file.read_text(encoding="utf-8"))
        return str(data["ami"]["secret"])

    def hotline(self, *arguments: str, deadline: float = 30) -> subprocess.CompletedProcess[str]:
        """Run a verb of the command line on this node. Raises subprocess.TimeoutExpired."""
        return run_verb(arguments, self.environment, deadline)

    def calls(self) -> list[Record]:
        """Every call of the record, oldest first, with callers' numbers in full."""
        done = self.hotline("calls", "--json", "--numbers", "--limit", "100000")
        if done.returncode != 0:
            raise RuntimeError(f"hotline calls: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
        records: list[Record] = json.loads(done.stdout)["calls"]
        return sorted(records, key=lambda record: str(record["arrived_at"]))

    async def wait_calls(
        self, condition: Callable[[list[Record]], bool], deadline: float, what: str = "the record"
    ) -> list[Record]:
        """The record, once `condition` holds for it. Raises TimeoutError after `deadline` seconds."""
        end = time.monotonic() + deadline
        while not condition(records := await asyncio.to_thread(self.calls)):
            if time.monotonic() > end:
                raise TimeoutError(f"waited {deadline} s for {what}: {records}")
            await asyncio.sleep(_LOOK_EVERY_S)
        return records

    async def wait_call(self, caller: str, deadline: float = 10) -> Record:
        """The one finished call of a caller's number."""

        def there(records: list[Record]) -> bool:
            return any(record["caller"] == caller and record["finished"] for record in records)

        records = await self.wait_calls(there, deadline, f"a finished call of {caller}")
        own = [record for record in records if record["caller"] == caller]
        if len(own) != 1:
            raise AssertionError(f"{caller} has {len(own)} records: {own}")
        return own[0]

    # Asterisk itself.

    @cached_property
    def _asterisk(self) -> tuple[str, ...]:
        return find_asterisk(self.settings).command

    def console(self, command: str) -> str:
        """What Asterisk's console says to a command."""
        done = subprocess.run(
            [*self._asterisk, "-C", str(self.settings.etc_dir / "asterisk.conf"), "-rx", command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=15,
            check=False,
        )
        return done.stdout + done.stderr

    async def wait_console(
        self, command: str, condition: Callable[[str], bool], deadline: float
    ) -> tuple[str, float]:
        """What the console says once `condition` holds, and after how many seconds that was."""
        begun = time.monotonic()
        while not condition(said := await asyncio.to_thread(self.console, command)):
            if time.monotonic() - begun > deadline:
                raise TimeoutError(f"waited {deadline} s on `{command}`:\n{said}")
            await asyncio.sleep(_LOOK_EVERY_S)
        return said, time.monotonic() - begun


class MakeStack(Protocol):
    """Makes a node for a configuration; whoever hands this out also ends what was made."""

    def __call__(self, config: Mapping[str, object], *, shipped_prompts: bool = False) -> HotlineStack:
        """Not started yet. Its prompts are short and made already, unless the package's are asked for."""


def write_config(folder: Path, config: Mapping[str, object]) -> None:
    """Write a configuration as one YAML file."""
    folder.mkdir(parents=True, exist_ok=True)
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    with (folder / "hotline.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(dict(config), file)


def _inherited() -> dict[str, str]:
    """Our environment without settings of a hotline that the user may run beside the tests."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HOTLINE_") and name != "DATABASE_URL"
    }
