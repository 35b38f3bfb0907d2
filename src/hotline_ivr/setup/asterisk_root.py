"""Making our own Asterisk root: a small Debian system in a folder, with Asterisk in it.

It is made once and kept. The work happens in a folder of another name beside it, renamed when whole, so an
interrupted root is never used; nothing in the root is started at any other time than while it is made.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from hotline_ivr.errors import SetupError
from hotline_ivr.setup.asterisk_program import AsteriskProgram, asterisk_in_root, is_fit
from hotline_ivr.setup.tools import exclusive, last_lines, make_folder, require

SUITE = "forky"
"""The first Debian release with an Asterisk that is new enough."""

PACKAGES = ("asterisk", "asterisk-core-sounds-en-wav")

MAKING_TIMEOUT = 1800.0
"""Deadline (in seconds) of the whole work. It takes about one minute; a slow line needs more for 120 MB."""

_SCRIPTS = Path("/usr/share/debootstrap/scripts")
# Nothing of these is read when Asterisk runs; licences (usr/share/doc/*/copyright) stay.
_UNNEEDED = (
    "var/cache/apt/archives",
    "var/lib/apt/lists",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
)


def ensure_root(root: Path, *, euid: int | None = None) -> AsteriskProgram:
    """The Asterisk in `root`, which is made first where it is not there yet; `euid` is who makes it.

    Raises SetupError, with the remedy, when this machine or this user cannot make it.
    """
    if not _is_made(root):
        make_folder(root.parent)
        with exclusive(_beside(root, "lock"), timeout=MAKING_TIMEOUT, what=str(root)):
            # Somebody else may have made it while we waited.
            if not _is_made(root):
                _make(root, os.geteuid() if euid is None else euid)
    return asterisk_in_root(root)


def _is_made(root: Path) -> bool:
    if not root.exists() or not any(root.iterdir()):
        return False
    if not (root / "usr").is_dir():
        raise SetupError(
            f"{root} holds something else than an Asterisk root. Empty it, or set HOTLINE_ASTERISK_ROOT."
        )
    return True


def debootstrap_command(debootstrap: str, target: Path, scripts: Path = _SCRIPTS) -> list[str]:
    """The command that fills `target`.

    The empty argument leaves the mirror to debootstrap's own choice. A debootstrap that is older than the
    release does not know its name; every release has been made by the script of sid so far.
    """
    command = [debootstrap, "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(target), ""]
    if not (scripts / SUITE).exists():
        command.append(str(scripts / "sid"))
    return command


def _make(root: Path, euid: int) -> None:
    if euid != 0:
        raise SetupError(_needs_root(root))
    debootstrap = require("debootstrap", package="debootstrap")
    making = _beside(root, "making")
    _discard(making)
    log = _beside(root, "log")
    _run_logged([*_own_mounts(), *debootstrap_command(debootstrap, making)], log)
    trim(making)
    relink(making)
    made = asterisk_in_root(making)
    if not is_fit(made.version):
        raise SetupError(f"Debian {SUITE} gave Asterisk {made.version}, which is too old. See {log}")
    making.rename(root)


def _needs_root(root: Path) -> str:
    command = [
        "sudo",
        "env",
        f"HOTLINE_ASTERISK_ROOT={root}",
        sys.executable,
        "-m",
        "hotline_ivr.setup",
        "asterisk",
    ]
    return (
        "Making an Asterisk root is the one step that needs root's rights: it unpacks a Debian system."
        f" Run it once:\n  {shlex.join(command)}\n"
        "or install Asterisk 22.9 or newer. Everything else runs as an ordinary user."
    )


def _run_logged(command: list[str], log: Path) -> None:
    # A fixed locale, because package scripts complain about one that the small system does not have.
    env = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    with log.open("w") as out:
        # A session of its own, so that it ends whole: Ctrl-C would reach only some of its processes.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=env,
            start_new_session=True,
        )
    try:
        code = process.wait(MAKING_TIMEOUT)
    except subprocess.TimeoutExpired:
        raise SetupError(
            f"debootstrap was stopped: not finished after {MAKING_TIMEOUT:g} s. See {log}"
        ) from None
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if code != 0:
        words = last_lines(log.read_text(errors="replace"))
        raise SetupError(f"debootstrap failed (exit code {code}); the end of {log}:\n{words}")


def _own_mounts() -> list[str]:
    """Words that start a program with mounts of its own, where the kernel lets us.

    Then nothing stays mounted when it is killed.
    """
    unshare = shutil.which("unshare")
    if unshare is None:
        return []
    prefix = [unshare, "--mount", "--propagation", "private"]
    works = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    return prefix if works else []


def _discard(making: Path) -> None:
    """Remove what an interrupted run left. Raises SetupError rather than reach into a mounted /proc."""
    if not making.exists():
        return
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    if inside := [mount for mount in mounts if Path(mount).is_relative_to(making)]:
        raise SetupError(
            f"An interrupted set-up left something mounted. Run: sudo umount {' '.join(reversed(inside))}"
        )
    shutil.rmtree(making)


def trim(root: Path) -> None:
    """Take out what is only there for people or for installing more; about a third of the space."""
    for name in _UNNEEDED:
        for entry in (root / name).glob("*"):
            _remove(entry)
    for entry in (root / "usr/share/doc").glob("*/*"):
        if entry.name != "copyright":
            _remove(entry)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def relink(root: Path) -> None:
    """Make absolute links below usr/share/asterisk and usr/lib relative, so that they hold without chroot.

    Debian's core sounds, for one, are reached through /etc/alternatives.
    """
    for top in ("usr/share/asterisk", "usr/lib"):
        for folder, folders, files in os.walk(root / top):
            for name in (*folders, *files):
                link = Path(folder, name)
                if link.is_symlink() and link.readlink().is_absolute():
                    target = _resolve(root, link)
                    link.unlink()
                    link.symlink_to(os.path.relpath(target, link.parent))


def _resolve(root: Path, link: Path, *, limit: int = 10) -> Path:
    """Where `link` ends when `root` is taken as /; the last of `limit` hops when it goes in a circle."""
    for _ in range(limit):
        if not link.is_symlink():
            break
        target = link.readlink()
        link = root / target.relative_to("/") if target.is_absolute() else link.parent / target
    return link


def _beside(root: Path, ending: str) -> Path:
    return root.with_name(f"{root.name}.{ending}")
