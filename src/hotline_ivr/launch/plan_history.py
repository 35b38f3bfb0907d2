"""Configurations that have been in use: each one whole, with who wrote it and when it was taken.

They lie in the state folder, one folder each, so that `hotline undo` needs nothing else. Where the
configuration is a git repository, author and subject of its last commit go along.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from hotline_ivr.errors import HotlineError

KEPT = 200
"""So many are kept; with a change a day, more than half a year."""

PATTERNS = ("*.yaml", "*.ics")
"""Files that belong to a configuration; whatever else lies beside them is left alone."""

_GIT_TIMEOUT = 5.0  # seconds; a folder on a dead network drive must not keep a start waiting
_STAMP = "%Y%m%dT%H%M%S%fZ"


@dataclass(frozen=True, slots=True)
class Authorship:
    """Who wrote a configuration, as git tells it; all empty where there is no repository."""

    author: str = ""
    subject: str = ""
    commit: str = ""
    #: Files differ from the last commit, so its author may not be the one.
    uncommitted: bool = False

    @property
    def words(self) -> str:
        if not self.commit:
            return ""
        text = f'{self.author}, "{self.subject}" ({self.commit[:10]})'
        return f"changed after {text}" if self.uncommitted else text


@dataclass(frozen=True, slots=True)
class Used:
    """A configuration that has been in use from `taken_at` (aware, UTC) on."""

    version: str
    taken_at: datetime
    authorship: Authorship
    folder: Path


class PlanHistory:
    """The configurations of one node, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, source: Path, version: str, now: datetime) -> None:
        """Keep the configuration at `source`, unless it is the newest already. Raises OSError."""
        newest = next(self.entries(), None)
        if newest is not None and newest.version == version:
            return
        now = now.astimezone(UTC)
        name = f"{now.strftime(_STAMP)}-{version}"
        making = self._folder / f".{name}"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        for path in files_of(source):
            shutil.copyfile(path, making / path.name)
        about = {
            "version": version,
            "taken_at": now.isoformat(),
            "authorship": asdict(authorship(source)),
        }
        (making / "about.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        making.rename(self._folder / name)
        for old in list(self.entries())[KEPT:]:
            shutil.rmtree(old.folder, ignore_errors=True)

    def entries(self) -> Iterator[Used]:
        """Newest first; a folder that is not ours, or spoilt, is passed over."""
        for folder in sorted(self._folder.glob("[0-9]*"), reverse=True):
            try:
                about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
                yield Used(
                    about["version"],
                    datetime.fromisoformat(about["taken_at"]),
                    Authorship(**about["authorship"]),
                    folder,
                )
            except (OSError, ValueError, KeyError, TypeError):
                continue

    def find(self, version: str | None) -> Used:
        """The newest of this version (or its beginning); None means the one before the present one.

        Raises HotlineError if there is none.
        """
        entries = list(self.entries())
        if version is None:
            if len(entries) < 2:
                raise HotlineError("there is no earlier configuration to go back to")
            return entries[1]
        found = [entry for entry in entries if version and entry.version.startswith(version)]
        if not found:
            raise HotlineError(
                f"no configuration {version[:40]!r} has been in use: `hotline history` lists them"
            )
        return found[0]


def files_of(source: Path) -> list[Path]:
    """The files of a configuration folder; or the one file that it is, with the calendars beside it."""
    if source.is_file():
        return [source, *sorted(file for file in source.parent.glob("*.ics") if file.is_file())]
    # A folder or a pipe of such a name is no file of the configuration, and copying it would fail or hang.
    return sorted(path for pattern in PATTERNS for path in source.glob(pattern) if path.is_file())


def authorship(source: Path) -> Authorship:
    """Who wrote what stands in `source`, if it is in a git repository that we may read."""
    folder = source if source.is_dir() else source.parent

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GIT_TIMEOUT,
            check=True,
        )
        return done.stdout

    try:
        commit, author, subject = git("log", "-1", "--format=%H%x00%an%x00%s", "--", ".").strip().split("\0")
        uncommitted = bool(git("status", "--porcelain", "--", ".").strip())
    except (OSError, ValueError, subprocess.SubprocessError):
        return Authorship()
    return Authorship(author[:120], subject[:200], commit, uncommitted)
