"""The folders in which our Asterisk instance lives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hotline_ivr.errors import SetupError
from hotline_ivr.settings import Settings

# Calls that Asterisk is to make are written in the first, moved into the second, and archived in the third.
CALL_FOLDERS = ("drafts", "outgoing", "outgoing_done")


def prepare_home(settings: Settings) -> None:
    """Make every folder that Asterisk and the service expect to find.

    Asterisk makes none of them itself and says so only in its log: without cel-custom, every call event is
    lost in silence. Raises SetupError if a folder cannot be made.
    """
    home = settings.asterisk_dir
    folders = [
        settings.etc_dir,
        settings.cel_file.parent,
        settings.fallback_dir,
        settings.sounds_dir,
        settings.music_dir,
        settings.plain_recordings_dir,
    ]
    folders += [home / "spool" / name for name in CALL_FOLDERS]
    folders += [home / name for name in ("lib/keys", "spool", "cache", "share/agi-bin", "share/firmware")]
    with _said():
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        # Whoever may look into it hears conversations.
        settings.recordings_dir.chmod(0o700)
        settings.run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)


def link_program(settings: Settings, data_dir: Path) -> None:
    """Show Asterisk its own documentation and sounds; `data_dir` is the program's astdatadir.

    It refuses to load modules whose XML documentation it does not find there. Raises SetupError.
    """
    with _said():
        for name in ("documentation", "sounds"):
            _link(settings.asterisk_dir / "share" / name, data_dir / name)


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SetupError(
            f"{error.filename}: {error.strerror}; HOTLINE_STATE must name a folder that this user may write"
        ) from error


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(target)
