"""`hotline` in a process of its own, and the most memory that it ever held."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_OWN = """
import atexit, os, sys
def tell():
    status = open("/proc/self/status").read()
    used = os.times()
    os.write(int(sys.argv[0]), f"{status}\\nCpu: {used.user + used.system}\\n".encode())
atexit.register(tell)
from hotline_ivr.cli.main import main
main()
"""


@dataclass(frozen=True, slots=True)
class Used:
    """What the process has used: seconds of CPU, and MiB."""

    cpu_s: float
    peak_mib: float


def hotline_used(arguments: Sequence[str], environment: Mapping[str, str]) -> Used:
    """Run it to its end. Raises CalledProcessError.

    The process tells of itself: what the system counts for a child begins with the memory of whoever started
    it.
    """
    reader, writer = os.pipe()
    with open(reader, encoding="ascii") as told:  # noqa: PTH123 - a descriptor
        script = [sys.executable, "-c", f"import sys; sys.argv = ['{writer}', *sys.argv[1:]]\n{_OWN}"]
        try:
            subprocess.run(
                [*script, *arguments],
                env={**os.environ, **environment},
                pass_fds=[writer],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                check=True,
            )
        finally:
            os.close(writer)
        status = told.read()
    found = {
        name: float(value) for name, value in re.findall(r"^(VmHWM|Cpu):\s+([0-9.]+)", status, re.MULTILINE)
    }
    return Used(found["Cpu"], found["VmHWM"] / 1024)
