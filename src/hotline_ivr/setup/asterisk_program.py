"""Which Asterisk is started: a given one, the system's when it is new enough, else the one in our own root.

Our own root is an unpacked Debian system in a folder (asterisk_root.py makes it). Its Asterisk runs without
chroot and without root's rights, started by the root's own dynamic loader with the root's own libraries: so
every path is the same inside and outside, and the machine's libraries may be older than Asterisk needs.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from hotline_ivr.errors import SetupError
from hotline_ivr.settings import Settings
from hotline_ivr.setup.tools import run

MINIMUM = (22, 9)
"""app_queue of 22.9.0 repaired a stall of waiting callers and sets QUEUEWAIT after Queue()."""

_VERSION = re.compile(r"^Asterisk (?:certified/)?((\d+)\.(\d+)[^\s]*)", re.MULTILINE)
_SYSTEM_PLACES = ("/usr/sbin/asterisk", "/usr/local/sbin/asterisk")


@dataclass(frozen=True, slots=True)
class AsteriskProgram:
    """An Asterisk that can be started: `command` plus arguments, such as `-C <asterisk.conf> -f`."""

    command: tuple[str, ...]
    """First words of the command line."""
    modules_dir: Path
    """Folder of its modules (astmoddir)."""
    data_dir: Path
    """Folder of its documentation and core sounds (astdatadir of the package); read only."""
    version: str
    """As Asterisk says it, such as 22.10.1~dfsg."""


def find_asterisk(settings: Settings) -> AsteriskProgram:
    """The Asterisk that `settings.asterisk` asks for. Raises SetupError when there is none that fits."""
    if settings.asterisk != "auto":
        return _fit(_installed(Path(settings.asterisk)), "Unset HOTLINE_ASTERISK to let set-up bring one.")
    if (system := find_system_asterisk()) is not None and is_fit(system.version):
        return system
    root = settings.root_dir
    return _fit(asterisk_in_root(root), f"Remove {root} and run `make setup` again.")


def find_system_asterisk() -> AsteriskProgram | None:
    """The machine's own Asterisk, whatever its version; None when there is none that can say it."""
    for place in (shutil.which("asterisk"), *_SYSTEM_PLACES):
        if place is not None and Path(place).is_file():
            try:
                return _installed(Path(place))
            except SetupError:
                continue
    return None


def asterisk_in_root(root: Path) -> AsteriskProgram:
    """The Asterisk of a root folder. Raises SetupError when it is not there or does not start."""
    program = root / "usr/sbin/asterisk"
    if not program.is_file():
        raise SetupError(
            f"No Asterisk {_said(MINIMUM)} or newer is installed, and {root} holds none yet."
            " Make it with: make setup (or python -m hotline_ivr.setup)"
        )
    modules = _modules_below(root / "usr")
    libraries = modules.parent.parent
    command = (str(_loader(root, libraries)), "--library-path", str(libraries), str(program))
    return AsteriskProgram(command, modules, root / "usr/share/asterisk", _version(command))


def is_fit(version: str) -> bool:
    """Whether an Asterisk of this version carries what the dialplan and the queues rely on."""
    major, minor = re.findall(r"\d+", version)[:2]
    return (int(major), int(minor)) >= MINIMUM


def parse_version(text: str) -> str:
    """The version in the answer to `asterisk -V`. Raises SetupError when it is something else."""
    if match := _VERSION.search(text):
        return match[1]
    raise SetupError(f"`asterisk -V` did not name its version but said: {text.strip()[:200]!r}")


def _installed(program: Path) -> AsteriskProgram:
    if not program.is_file():
        raise SetupError(f"HOTLINE_ASTERISK={program}: there is no such program")
    program = program.absolute()
    prefix = program.parent.parent
    data = next(
        (d for d in (prefix / "share/asterisk", Path("/var/lib/asterisk")) if d.is_dir()),
        prefix / "share/asterisk",
    )
    command = (str(program),)
    version = _version(command)
    return AsteriskProgram(command, _modules_below(prefix), data, version)


def _fit(program: AsteriskProgram, remedy: str) -> AsteriskProgram:
    if is_fit(program.version):
        return program
    found = f"Asterisk {program.version} ({program.command[-1]})"
    raise SetupError(f"{found} is too old; {_said(MINIMUM)} or newer is needed. {remedy}")


def _version(command: tuple[str, ...]) -> str:
    return parse_version(run([*command, "-V"]).stdout)


def _modules_below(prefix: Path) -> Path:
    """Debian puts the modules into a folder of the architecture's triplet, a build of one's own does not."""
    places = (prefix / "lib/asterisk/modules", prefix / "lib64/asterisk/modules")
    for place in (*sorted(prefix.glob("lib/*-linux-gnu*/asterisk/modules")), *places):
        if place.is_dir():
            return place
    raise SetupError(f"Asterisk's modules were not found below {prefix} (looked for lib/*/asterisk/modules)")


def _loader(root: Path, libraries: Path) -> Path:
    """The dynamic loader beside the C library: ld-linux-x86-64.so.2, ld-linux-aarch64.so.1, ld64.so.2 ..."""
    for pattern in ("ld-linux*.so.*", "ld64.so.*", "ld.so.*"):
        for loader in sorted(libraries.glob(pattern)):
            return loader
    raise SetupError(
        f"{root} is not whole: no dynamic loader in {libraries}. Remove it and run `make setup` again."
    )


def _said(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
