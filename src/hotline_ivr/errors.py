"""Every error this project raises on purpose.

HotlineError
├── ConfigError          the admin's YAML is wrong; holds all problems at once
├── SettingsError        an environment variable is wrong
├── SetupError           this machine lacks something; the message names the remedy
├── AsteriskError        Asterisk, or what is between us and it
│   ├── AsteriskUnreachable   nobody answers, or too late
│   ├── AsteriskRefused       it answered, and said no (a missing right, a call that is over)
│   │   └── LoginRefused          it does not take our account, and is well itself
│   └── RemoteProtocolError   it sent what the protocol does not allow
├── LocalProtocolError   we were about to send what the protocol does not allow: our fault
├── StoreError           the database cannot be used
├── ArgumentError        what somebody asked for makes no sense; the message says what would
├── OverrideError        an override cannot be set, read or kept
│   └── OverridesFileError    the file of overrides cannot be read or written
├── BlockError           a caller cannot be blocked or unblocked
│   └── BlocksFileError       the file of blocked callers cannot be read or written
├── RecordingError       a recording cannot be encrypted, opened or kept
└── TokenError           a token cannot be made, read or kept
"""


class HotlineError(Exception):
    """Something went wrong that the message explains, with a remedy."""


class ConfigError(HotlineError):
    """The configuration was refused whole; the text lists every problem with its place."""


class SettingsError(HotlineError):
    """An environment variable has a value that cannot be used."""


class SetupError(HotlineError):
    """This machine lacks something; the message says what and how to get it."""


class AsteriskError(HotlineError):
    """Asterisk could not do what was asked."""


class AsteriskUnreachable(AsteriskError):
    """Asterisk did not answer in time, or the link to it was lost."""


class AsteriskRefused(AsteriskError):
    """Asterisk answered with an error."""


class LoginRefused(AsteriskRefused):
    """Asterisk looked at our account and does not take it: no other try would end otherwise."""


class RemoteProtocolError(AsteriskError):
    """The other side sent bytes that the protocol does not allow."""


class LocalProtocolError(HotlineError):
    """A value of ours may not be sent: it would change the meaning of the message."""


class StoreError(HotlineError):
    """The database cannot be opened, or has the wrong schema."""


class ArgumentError(HotlineError):
    """What somebody asked for makes no sense here; the message says what would."""


class OverrideError(ArgumentError):
    """An override cannot be set, read or kept; the message says why and what to do."""


class OverridesFileError(OverrideError):
    """The file of overrides cannot be read or written: nobody's wish is to blame."""


class BlockError(ArgumentError):
    """A caller cannot be blocked or unblocked; the message says why and what to do."""


class BlocksFileError(BlockError):
    """The file of blocked callers cannot be read or written: nobody's wish is to blame."""


class RecordingError(HotlineError):
    """A recording cannot be encrypted, opened or kept; the message says why and what to do."""


class PinError(HotlineError):
    """A PIN cannot be set, read or kept; the message says why and what to do."""


class TokenError(HotlineError):
    """A token cannot be made, read or kept; the message says why and what to do."""


class PresenceRefused(ArgumentError):
    """An operator cannot stand so now; the message says why, without the operator's name."""


class PresenceFileError(HotlineError):
    """The file that tells where operators stand, or of their breaks, cannot be read or written."""


class OutputError(HotlineError):
    """What is exported cannot be written, by no fault of the database; `cause` is the system's word."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(f"the export cannot be written: {cause.strerror or cause}")
        self.cause = cause


class ExportBusy(HotlineError):
    """More exports are asked for than are made at once."""


class ExportBroken(HotlineError):
    """An export broke off after some of it had left; the message says why."""


class AlertError(HotlineError):
    """An alert cannot be kept or sent; the message says why and what to do."""
