"""The hotline in its two containers, seen from outside: what scripts/docker-test brought up."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

_DEADLINE_S = 60.0
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class ComposeNode:
    """Where it answers, and its containers' ids. The fields are those of the script's line."""

    sip_address: str
    sip_port: int
    http_port: int
    gateway: str
    """Address from which this machine's calls seem to come."""
    docker_host: str
    asterisk: str
    hotline: str

    def docker(self, *arguments: str) -> bytes:
        """What a docker command answers. Raises RuntimeError with its words."""
        host = {"DOCKER_HOST": self.docker_host} if self.docker_host else {}
        done = subprocess.run(
            ["docker", *arguments],
            env={**os.environ, **host},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_DEADLINE_S,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"docker {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def run(self, container: str, *command: str) -> str:
        """What a command inside a container answers."""
        return self.docker("exec", container, *command).decode(errors="replace")

    def inspect(self, container: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = json.loads(self.docker("inspect", container))
        return found[0]

    def accounts(self) -> dict[str, tuple[str, str]]:
        """Account and secret of each operator's phone, by operator id."""
        data = YAML(typ="safe").load(self.run(self.hotline, "cat", "/state/secrets.yaml"))
        return {name: (entry["account"], entry["secret"]) for name, entry in data["operators"].items()}

    def fetch_prompt(self, name: str, folder: Path) -> Path:
        """A copy of the prompt `<language>/<prompt>` as this node plays it, waiting until it is made."""
        path = f"/state/asterisk/sounds/{name}.wav"
        self.run(self.hotline, "timeout", "60", "sh", "-c", f"until [ -e {path} ]; do sleep 0.2; done")
        copy = folder / f"{name.replace('/', '-')}.wav"
        copy.write_bytes(self.docker("exec", self.hotline, "cat", path))
        return copy

    def calls(self) -> list[dict[str, Any]]:
        """Every call of the record, with callers' numbers in full."""
        text = self.run(self.hotline, "hotline", "calls", "--json", "--numbers", "--limit", "1000")
        records: list[dict[str, Any]] = json.loads(text)["calls"]
        return records

    def wait_call(self, caller: str, deadline: float = 15) -> dict[str, Any]:
        """The one finished call of a caller's number. Raises TimeoutError after `deadline` seconds."""
        end = time.monotonic() + deadline
        while True:
            own = [record for record in self.calls() if record["caller"] == caller]
            if len(own) == 1 and own[0]["finished"]:
                return own[0]
            if time.monotonic() > end:
                raise TimeoutError(f"waited {deadline} s for one finished call of {caller}: {own}")
            time.sleep(_LOOK_EVERY_S)
