"""What this machine is like: folders, ports and limits, from environment variables.

The YAML says what the hotline shall do and is the same on every node; the environment says where it runs.
Every variable is `HOTLINE_` plus the field's name in capitals; a value may instead be put in a file that
`HOTLINE_<NAME>_FILE` names (the habit of container secrets). docs/operations.md lists all of them; a test
holds that.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from hotline_ivr.errors import SettingsError
from hotline_ivr.places import Places

PREFIX = "HOTLINE_"


class Settings(Places):
    """Where and how this node runs. Times are in seconds unless a name says otherwise."""

    config: Path = Field(Path("config"), description="Folder of the YAML files.")
    apply: Literal["manual", "auto"] = Field(
        "manual",
        description="`auto` takes a configuration as soon as it is saved and good; else `hotline apply`.",
    )
    node: str = Field(
        "main", pattern=r"^[a-z][a-z0-9]{0,15}$", description="Name of this node; part of every call's id."
    )
    database_url: str = Field(
        "",
        description="SQLAlchemy URL; empty means SQLite in the state folder. DATABASE_URL is honoured too.",
    )
    asterisk: str = Field(
        "auto",
        description="Asterisk program; `auto` takes a system one from 22.9 on, else our own root.",
    )
    asterisk_root: Path | None = Field(
        None, description="Folder of our own Asterisk root; default is asterisk-root in the state folder."
    )
    sounds: Path | None = Field(
        None,
        description="Folder of your own prompts and recordings; default is `prompts` beside the YAML files.",
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="`auto` writes JSON lines unless standard error is a terminal."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged."
    )

    sip_host: str = Field("127.0.0.1", description="Address on which Asterisk takes SIP and RTP.")
    sip_port: int = Field(5060, ge=1, le=65535, description="UDP port for trunks and phones.")
    external_address: str = Field(
        "", description="Address that SIP peers outside must use, where it differs (NAT, containers)."
    )
    rtp_first: int = Field(10000, ge=1024, le=65534, description="First UDP port of the audio range.")
    rtp_last: int = Field(
        10999, ge=1025, le=65535, description="Last UDP port of the audio range; a call takes four."
    )
    agi_host: str = Field(
        "127.0.0.1", description="Address on which the service answers Asterisk's asks (FastAGI)."
    )
    agi_port: int = Field(4573, ge=1, le=65535, description="TCP port of the asks.")
    agi_connect_host: str = Field(
        "", description="Address by which Asterisk reaches the service; an IP literal; default is agi_host."
    )
    agi_deadline: float = Field(
        2.0,
        gt=0,
        le=10,
        description="After so many seconds without a complete answer Asterisk goes on by the fallback.",
    )
    ami_host: str = Field("127.0.0.1", description="Address of Asterisk's manager interface.")
    ami_bind: str = Field("127.0.0.1", description="Address on which Asterisk offers its manager interface.")
    ami_permit: str = Field("127.0.0.1/32", description="Network from which the manager account may log in.")
    ami_port: int = Field(5038, ge=1, le=65535, description="TCP port of the manager interface.")
    http_host: str = Field(
        "127.0.0.1", description="Address of the REST interface, health, readiness and metrics."
    )
    http_port: int = Field(
        8080, ge=1, le=65535, description="TCP port of the REST interface, health, readiness and metrics."
    )
    public_hours: Literal["yes", "no"] = Field(
        "yes", description="`no` takes the opening hours for web sites, which ask for no token, away."
    )

    agi_header_timeout: float = Field(
        5.0, gt=0, description="An ask that has not said what it wants after so many seconds is dropped."
    )
    agi_session_timeout: float = Field(
        5.0, gt=0, description="No ask is held longer than this, whatever happens."
    )
    agi_max_sessions: int = Field(
        12_000,
        ge=1,
        description="More open asks than this are refused at once, so that the fallback answers.",
    )
    ami_timeout: float = Field(5.0, gt=0, description="Deadline of one manager action.")
    ami_ping_interval: float = Field(
        3.0, gt=0, description="Seconds between pings that find a half-open link."
    )
    ami_queue_size: int = Field(
        10_000, ge=10, description="Manager events held before the link is resynchronised."
    )
    queue_wakeup: Literal["yes", "no"] = Field(
        "yes",
        description="`no` leaves delivery to the queue's one-second pace, and the manager account"
        " without the class `call`.",
    )
    queue_wakeup_rate: int = Field(
        5,
        ge=1,
        # Asterisk takes 145 ms for a key, and plays no music while another one waits in line.
        le=5,
        description="Most wake-ups a second of one caller, five at most; who hears an announcement is"
        " tried so often.",
    )
    record_poll: float = Field(
        0.25,
        gt=0,
        description="Longest time between looks at Asterisk's files; a call's end does not wait for it.",
    )
    record_refresh: float = Field(
        10.0, gt=0, description="How often the row of a call that is under way is brought up to date."
    )
    record_calls_held: int = Field(
        5_000,
        ge=100,
        description="Calls held in memory while they last, about 10 KiB each; others are read again.",
    )
    balance_at: str = Field(
        "04:30",
        pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|never)$",
        description="When the balance of the day before is proved, on the organisation's clock, or `never`.",
    )
    purge_at: str = Field(
        "03:45",
        pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|never)$",
        description="When what was kept long enough is taken away, on the organisation's clock, or `never`.",
    )
    visible_digits: int = Field(
        3, ge=0, le=4, description="Last digits of a caller's number that stay visible where it is masked."
    )
    log_file_size: int = Field(
        67_108_864,
        ge=0,
        description="Bytes at which an Asterisk log is rotated; some 12,000 calls. 0 leaves it to logrotate.",
    )
    disk_least_free: int = Field(
        67_108_864,
        ge=0,
        description="Bytes that must be free where the record is written, else an alarm of the kind `disk`;"
        " on a small disk a twentieth of it.",
    )
    drain_timeout: float = Field(10.0, gt=0, description="On stop, seconds given to what is under way.")
    standby: Literal["yes", "no"] = Field(
        "yes",
        description="`hotline up` keeps a second service loaded, which takes over at once where the first"
        " dies; `no` saves its memory, some 90 MiB.",
    )
    test_clock: Path | None = Field(
        None,
        description="For tests only: a JSON file of callers' numbers and the moment at which each one rings.",
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
        """Read the settings; `overrides` (from the command line) win.

        Raises SettingsError naming the variable.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, object] = {}
        if environ.get("DATABASE_URL"):
            values["database_url"] = environ["DATABASE_URL"]
        for name in cls.model_fields:
            variable = PREFIX + name.upper()
            if environ.get(variable):
                values[name] = environ[variable]
            elif file := environ.get(variable + "_FILE"):
                values[name] = _read_value(variable + "_FILE", Path(file))
        values.update({name: value for name, value in overrides.items() if value is not None})
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            lines = [
                f"{PREFIX}{str(problem['loc'][0]).upper()}={problem['input']!r}: {problem['msg']}"
                for problem in error.errors()
            ]
            raise SettingsError("\n".join(lines)) from None

    @property
    def balance_time(self) -> time | None:
        """None is never."""
        return None if self.balance_at == "never" else time.fromisoformat(self.balance_at)

    @property
    def purge_time(self) -> time | None:
        """None is never."""
        return None if self.purge_at == "never" else time.fromisoformat(self.purge_at)

    @property
    def own_sounds(self) -> Path:
        """The organisation's own prompts, which win over the shipped ones; the folder need not exist."""
        folder = self.config.parent if self.config.is_file() else self.config
        return (self.sounds or folder / "prompts").absolute()

    @property
    def root_dir(self) -> Path:
        """Our own Asterisk root, where no fit system Asterisk is installed."""
        return (self.asterisk_root or self.state_dir / "asterisk-root").absolute()

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.state_dir / 'hotline.db'}"

    @property
    def agi_address(self) -> str:
        """host:port as Asterisk dials it."""
        return f"{self.agi_connect_host or self.agi_host}:{self.agi_port}"


def _read_value(variable: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{variable}={file}: cannot be read ({error.strerror})") from None
