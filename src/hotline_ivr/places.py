"""Where things are. Asterisk and the service agree on these because both read the same settings."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

# sockaddr_un.sun_path on Linux holds 108 bytes with the closing NUL.
_SOCKET_PATH_LIMIT = 107


class Places(BaseModel):
    """Folders and files below the state folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Path = Field(
        Path("state"), description="Folder of everything that is written: database, spool, secrets."
    )

    @property
    def state_dir(self) -> Path:
        return self.state.absolute()

    @property
    def secrets_file(self) -> Path:
        return self.state_dir / "secrets.yaml"

    @property
    def presence_file(self) -> Path:
        """Where operators stand."""
        return self.state_dir / "operators.json"

    @property
    def devices_file(self) -> Path:
        """At which of their devices operators have signed in."""
        return self.state_dir / "devices.json"

    @property
    def breaks_file(self) -> Path:
        """What is kept of the shifts that run: breaks had and asked for."""
        return self.state_dir / "breaks.json"

    @property
    def door_file(self) -> Path:
        """The unix socket at which the service answers the command line."""
        return self.state_dir / "service.sock"

    @property
    def overrides_file(self) -> Path:
        """What people have closed and opened by hand."""
        return self.state_dir / "overrides.json"

    @property
    def blocks_file(self) -> Path:
        """Callers whom people have blocked by hand."""
        return self.state_dir / "blocks.json"

    @property
    def invoices_dir(self) -> Path:
        """What came of carriers' lists that were compared."""
        return self.state_dir / "invoices"

    @property
    def tokens_file(self) -> Path:
        """Who may use the REST interface; only hashes of the tokens."""
        return self.state_dir / "tokens.json"

    @property
    def pins_file(self) -> Path:
        """Who may use the control number; only slow hashes of the PINs."""
        return self.state_dir / "pins.json"

    @property
    def pin_guard_file(self) -> Path:
        """Wrong PINs, by caller."""
        return self.state_dir / "pin-tries.json"

    @property
    def prompt_numbers_file(self) -> Path:
        """The number of each prompt in the manuscript."""
        return self.state_dir / "prompt-numbers.json"

    @property
    def audit_file(self) -> Path:
        """Who changed what and when, one line each."""
        return self.state_dir / "audit.jsonl"

    @property
    def number_key_file(self) -> Path:
        """The key of the pseudonyms that take the place of numbers."""
        return self.state_dir / "number.key"

    @property
    def erasures_file(self) -> Path:
        """Who was erased, by pseudonym."""
        return self.state_dir / "erasures.jsonl"

    @property
    def redacted_file(self) -> Path:
        """Up to where Asterisk's logs are without numbers."""
        return self.state_dir / "redacted-logs.json"

    @property
    def privacy_lock(self) -> Path:
        """Held by whoever purges or erases."""
        return self.state_dir / "privacy.lock"

    @property
    def restore_file(self) -> Path:
        """There while a restore is under way: what it moves where."""
        return self.state_dir / "restore.json"

    @property
    def backup_lock(self) -> Path:
        """Held by whoever makes a backup."""
        return self.state_dir / "backup.lock"

    @property
    def exports_dir(self) -> Path:
        """Where exports that cannot be streamed are made."""
        return self.state_dir / "exports"

    @property
    def backups_file(self) -> Path:
        """Backups that were made, and where."""
        return self.state_dir / "backups.json"

    @property
    def alerts_dir(self) -> Path:
        """Alerts on their way, and the newest of those that are done."""
        return self.state_dir / "alerts"

    @property
    def alarms_file(self) -> Path:
        """What is wrong, and whether somebody has been told."""
        return self.state_dir / "alarms.json"

    @property
    def history_dir(self) -> Path:
        """Every configuration that has been in use, one folder each."""
        return self.state_dir / "config-history"

    @property
    def in_use_file(self) -> Path:
        """The version of the configuration that the service goes by, written when it has taken it."""
        return self.state_dir / "config-in-use"

    @property
    def asterisk_dir(self) -> Path:
        """Everything that belongs to our Asterisk instance."""
        return self.state_dir / "asterisk"

    @property
    def etc_dir(self) -> Path:
        """Rendered Asterisk configuration (astetcdir)."""
        return self.asterisk_dir / "etc"

    @property
    def astdb_file(self) -> Path:
        """Asterisk's own database: members and pauses of queues."""
        return self.asterisk_dir / "lib" / "astdb.sqlite3"

    @property
    def run_dir(self) -> Path:
        """Folder of Asterisk's control socket (astrundir), whose path may have 107 characters at most."""
        folder = self.asterisk_dir / "run"
        if len(os.fsencode(folder / "asterisk.ctl")) <= _SOCKET_PATH_LIMIT:
            return folder
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"hotline-{os.getuid()}-{digest}"

    @property
    def log_dir(self) -> Path:
        """Asterisk's own log files (astlogdir): queue_log and, in cel-custom/, the call events."""
        return self.asterisk_dir / "log"

    @property
    def cel_file(self) -> Path:
        return self.log_dir / "cel-custom" / "hotline.json"

    @property
    def queue_log_file(self) -> Path:
        return self.log_dir / "queue_log"

    @property
    def fallback_dir(self) -> Path:
        """What Asterisk reads when the service does not answer; see dialplans/hotline-fallback.conf."""
        return self.asterisk_dir / "fallback"

    @property
    def fallback_lock(self) -> Path:
        """Held by whoever reads what was decided by hand and writes it into the fallback."""
        return self.state_dir / "fallback.lock"

    @property
    def voicemail_dir(self) -> Path:
        """Messages that callers have left, one folder a box."""
        return self.asterisk_dir / "voicemail"

    @property
    def recordings_dir(self) -> Path:
        """Conversations as they are kept: encrypted, unless the plan says otherwise."""
        return self.asterisk_dir / "recordings"

    @property
    def plain_recordings_dir(self) -> Path:
        """Conversations while they last, as Asterisk writes them; best a file system in memory."""
        return self.recordings_dir / "plain"

    @property
    def control_dir(self) -> Path:
        """Recordings by telephone, until they are kept or left."""
        return self.asterisk_dir / "control"

    @property
    def sounds_dir(self) -> Path:
        """Built prompts, one folder a language (nb, en)."""
        return self.asterisk_dir / "sounds"

    @property
    def music_dir(self) -> Path:
        return self.asterisk_dir / "moh"
